/*
 * Fuzz target of the fragment table. Six bytes of input make a fragment, of
 * either family, with few different keys and any size. The limits of the table
 * are small, and the input advances the time.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/frag.h"
#include "nat64d/wire/iphdr.h"

#define STEP 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * in: family, M and first bytes; protocol; key and time; offset; length.
 * Everything behind the header is in[0].
 */
static void
make_fragment(struct pkt *p, uint8_t *buf, const uint8_t *in)
{
	static const uint8_t protos[2][4] = { { IPPROTO_TCP, IPPROTO_UDP,
						  IPPROTO_ICMP, IPPROTO_UDP },
		{ IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_UDP } };
	const uint8_t v6 = in[0] & 1;
	const uint8_t proto = protos[v6][in[1] & 3];
	const uint16_t off = get16(in + 3) & 0xfff8, len = in[5] * 8u;
	const struct iphdr4 h4 = { .tos = in[1] >> 2,
		.ttl = 9,
		.proto = proto,
		.more = in[0] & 2,
		.id = in[2] & 3,
		.frag_off = off,
		.len = PKT_IP4_HLEN + len };
	const struct iphdr6 h6 = { .tclass = in[1] >> 2,
		.hlim = 9,
		.proto = proto,
		.frag = true,
		.more = in[0] & 2,
		.id = in[2] & 3,
		.frag_off = off,
		.len = PKT_FRAG_HLEN + len };
	const uint32_t hlen = v6 ? PKT_IP6_HLEN + PKT_FRAG_HLEN : PKT_IP4_HLEN;

	pkt_init(p, buf, PKT_HEADROOM + hlen + len);
	if (v6)
		iphdr_put6(p->data, &h6);
	else
		iphdr_put4(p->data, &h4);
	/* UDP without a checksum, ICMP and TCP headers that hold. */
	memset(p->data + hlen, in[0] & 4 ? 0 : 0x50, len);
	if (off == 0 && len >= 8)
		put16(p->data + hlen + PKT_UDP_LEN, 0x5050);
	p->len = hlen + len;
}

static void
take(struct frag_table *t, struct pkt *p, struct monotime now, bool refuse,
    bool whole)
{
	const union frag_target target = { .t4.src.port = 1 };
	struct frag_result r;
	struct pkt *held;

	if (frag_input(t, p, now, &r) != FRAG_FIRST)
		return;
	if (whole) {
		frag_want_whole(t, r.datagram, p, &r);
		return;
	}
	if (refuse) {
		frag_refuse(t, r.datagram, NAT64_NO_BINDING);
		return;
	}
	frag_resolve(t, r.datagram, &target);
	while ((held = frag_next_held(t, r.datagram)) != NULL)
		memset(held->data, 0, held->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t
	    buf[PKT_HEADROOM + PKT_IP6_HLEN + PKT_FRAG_HLEN + UINT8_MAX * 8];
	struct frag_limits limits;
	struct frag_table *t;
	struct monotime now = { 0 };
	unsigned discarded = 0;
	struct pkt p;

	frag_limits_init(&limits);
	limits.max_bytes = 16384;
	limits.per_datagram = 8;
	t = frag_table_new(&limits);
	for (; t != NULL && size >= STEP; data += STEP, size -= STEP) {
		make_fragment(&p, buf, data);
		if (pkt_parse(&p) == NAT64_NONE && p.is_frag)
			take(t, &p, now, data[0] & 8, data[0] & 32);
		now = monotime_add_ms(now, (data[2] >> 2) * 40);
		if (data[0] & 16)
			frag_expire(t, now, 1, &discarded);
		if (frag_bytes(t) > limits.max_bytes)
			abort();
	}
	frag_table_free(t);
	return (0);
}
