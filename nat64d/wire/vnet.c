/*
 * Encoding of struct virtio_net_hdr (virtio 1.2, 5.1.6). On a Linux tun its
 * fields are in host byte order.
 */
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "vnet.h"

/*
 * The <linux/virtio_net.h> of Debian 12 lacks the newer ones, and other
 * systems do not have it.
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

/* Decode gso_type; the ECN flags are valid with TCP only. */
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

/* p: the packet, parsed from its bytes. */
static const char *
segment_fault(const uint8_t hdr[VNET_HDRLEN], const struct pkt *p)
{
	const uint8_t type = hdr[GSO_TYPE] & ~(GSO_ECN | GSO_ACCECN);
	const bool tcp = p->proto == IPPROTO_TCP;

	if (!tcp && type != hdr[GSO_TYPE])
		return ("ECN without TCP");
	if (!(tcp && type == GSO_TCPV4 && p->family == PKT_V4) &&
	    !(tcp && type == GSO_TCPV6 && p->family == PKT_V6) &&
	    !(!tcp && type == GSO_UDP_L4))
		return ("wrong segment type");
	if (get_host16(hdr + HDR_LEN) != p->l4off + p->l4hlen)
		return ("wrong hdr_len");
	if (get_host16(hdr + GSO_SIZE) == 0)
		return ("segment size 0");
	if (get_host16(hdr + GSO_SIZE) > pkt_payload_len(p))
		return ("segment size above that of the packet");
	if (!tcp && (hdr[FLAGS] & F_NEEDS_CSUM) == 0)
		return ("UDP segments with a complete checksum");
	return (NULL);
}

static const char *
csum_fault(const uint8_t hdr[VNET_HDRLEN], const struct pkt *p)
{
	if (get_host16(hdr + CSUM_START) != p->l4off)
		return ("wrong csum_start");
	if (get_host16(hdr + CSUM_OFFSET) !=
	    (p->proto == IPPROTO_TCP ? PKT_TCP_CKSUM : PKT_UDP_CKSUM))
		return ("wrong csum_offset");
	return (NULL);
}

const char *
vnet_fault(const uint8_t hdr[VNET_HDRLEN], uint8_t *data, uint32_t len,
    bool has_header)
{
	const bool partial = (hdr[FLAGS] & F_NEEDS_CSUM) != 0;
	struct pkt p = { .data = data, .len = len };
	const char *fault = NULL;

	if (!partial && hdr[GSO_TYPE] == GSO_NONE)
		return (NULL);
	if (!has_header)
		return ("offload, but the device has none");
	if (pkt_parse(&p) != NAT64_NONE || p.len != len)
		return ("bad IP header");
	if (p.is_frag)
		return ("offload of a fragment");
	if (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP)
		return ("offload of neither TCP nor UDP");
	if (pkt_parse_l4(&p) != NAT64_NONE)
		return ("bad L4 header");
	if (p.proto == IPPROTO_UDP &&
	    get16(pkt_l4(&p) + PKT_UDP_LEN) != pkt_l4len(&p))
		return ("wrong UDP length");
	if (hdr[GSO_TYPE] != GSO_NONE)
		fault = segment_fault(hdr, &p);
	if (fault == NULL && partial)
		fault = csum_fault(hdr, &p);
	return (fault);
}
