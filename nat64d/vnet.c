/*
 * Coding of struct virtio_net_hdr. Knows the layout of virtio 1.2, 5.1.6,
 * and of what Linux's tun makes of it; its fields are in host byte order.
 */
#include <stdint.h>
#include <string.h>

#include "vnet.h"

/*
 * <linux/virtio_net.h> of Debian 12 lacks the newer ones (GSO-03), and other
 * systems have no such header.
 */
#define F_NEEDS_CSUM 1
#define F_DATA_VALID 2

#define GSO_NONE 0
#define GSO_TCPV4 1
#define GSO_TCPV6 4
#define GSO_UDP_L4 5
#define GSO_ACCECN 0x10
#define GSO_ECN 0x80

/* Offsets of the fields. */
#define FLAGS 0
#define GSO_TYPE 1
#define HDR_LEN 2
#define GSO_SIZE 4
#define CSUM_START 6
#define CSUM_OFFSET 8

static uint16_t
get_host16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

static void
put_host16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* The segment type; ECN belongs to TCP alone. */
static int
decode_type(uint8_t type, struct pkt_offload *ofl)
{
	ofl->ecn = (type & GSO_ECN) != 0;
	ofl->accecn = (type & GSO_ACCECN) != 0;
	switch (type & ~(GSO_ECN | GSO_ACCECN)) {
	case GSO_TCPV4:
		ofl->seg = PKT_SEG_TCP;
		ofl->seg_family = PKT_V4;
		return (0);
	case GSO_TCPV6:
		ofl->seg = PKT_SEG_TCP;
		ofl->seg_family = PKT_V6;
		return (0);
	case GSO_UDP_L4:
		ofl->seg = PKT_SEG_UDP;
		return (ofl->ecn || ofl->accecn ? -1 : 0);
	case GSO_NONE:
		return (ofl->ecn || ofl->accecn ? -1 : 0);
	default:
		return (-1);
	}
}

int
vnet_decode(const uint8_t hdr[VNET_HDRLEN], struct pkt_offload *ofl)
{
	memset(ofl, 0, sizeof(*ofl));
	if ((hdr[FLAGS] & ~(F_NEEDS_CSUM | F_DATA_VALID)) != 0 ||
	    decode_type(hdr[GSO_TYPE], ofl) == -1)
		return (-1);
	if (ofl->seg != PKT_SEG_NONE) {
		ofl->seg_size = get_host16(hdr + GSO_SIZE);
		if (ofl->seg_size == 0)
			return (-1);
	}
	if ((hdr[FLAGS] & F_NEEDS_CSUM) != 0) {
		ofl->csum_partial = true;
		ofl->csum_start = get_host16(hdr + CSUM_START);
		ofl->csum_off = get_host16(hdr + CSUM_OFFSET);
	} else
		ofl->csum_valid = (hdr[FLAGS] & F_DATA_VALID) != 0;
	return (0);
}

static uint8_t
encode_type(const struct pkt *p)
{
	uint8_t type;

	if (p->ofl.seg == PKT_SEG_UDP)
		return (GSO_UDP_L4);
	type = p->family == PKT_V4 ? GSO_TCPV4 : GSO_TCPV6;
	if (p->ofl.ecn)
		type |= GSO_ECN;
	if (p->ofl.accecn)
		type |= GSO_ACCECN;
	return (type);
}

void
vnet_encode(const struct pkt *p, uint8_t hdr[VNET_HDRLEN])
{
	memset(hdr, 0, VNET_HDRLEN);
	if (p->ofl.seg != PKT_SEG_NONE) {
		hdr[GSO_TYPE] = encode_type(p);
		put_host16(hdr + HDR_LEN, (uint16_t)(p->l4off + p->l4hlen));
		put_host16(hdr + GSO_SIZE, p->ofl.seg_size);
	}
	if (p->ofl.csum_partial) {
		hdr[FLAGS] = F_NEEDS_CSUM;
		put_host16(hdr + CSUM_START, p->l4off);
		put_host16(hdr + CSUM_OFFSET, p->ofl.csum_off);
	} else if (p->ofl.csum_valid)
		hdr[FLAGS] = F_DATA_VALID;
}
