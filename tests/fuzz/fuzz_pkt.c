/*
 * Fuzz target of the wire layer: passes a virtio_net_hdr and a packet, as read
 * from the tun device, through all steps before the tables.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/vnet.h"

#include "tests/unit/gso_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ignore(void *arg, struct pkt *seg)
{
	uint8_t hdr[VNET_HDRLEN];

	(void)arg;
	vnet_encode(seg, hdr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t scratch[PKT_BUFSIZE];
	struct pkt seg = { .buf = scratch, .bufsize = sizeof(scratch) };
	struct pkt p = { .len = 0 };
	uint8_t hdr[VNET_HDRLEN];

	if (size < VNET_HDRLEN || size > VNET_HDRLEN + PKT_MAXLEN ||
	    vnet_decode(data, &p.ofl) == -1)
		return (0);
	/* Memory of exactly its size, so that ASan detects reads beyond it. */
	p.len = (uint32_t)(size - VNET_HDRLEN);
	p.data = malloc(p.len);
	if (p.data == NULL)
		return (0);
	memcpy(p.data, data + VNET_HDRLEN, p.len);
	if (pkt_parse(&p) == NAT64_NONE && pkt_parse_l4(&p) == NAT64_NONE) {
		if (p.ofl.seg != PKT_SEG_NONE)
			gso_split(&p, &seg, ignore, NULL);
		vnet_encode(&p, hdr);
		pkt_complete_cksum(&p);
	}
	free(p.data);
	return (0);
}
