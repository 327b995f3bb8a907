/*
 * Devices with and without offloads for the vectors: they give a packet to the
 * translator and take the translated one. Included by one test program, after
 * vectors.h.
 */
#ifndef TESTS_UNIT_VECTORS_DEVICE_H
#define TESTS_UNIT_VECTORS_DEVICE_H

#include "nat64d/wire/cksum.h"

#include "tests/unit/gso_split.h"
#include "tests/unit/vectors.h"

enum device {
	AS_WRITTEN,
	OFFLOAD_ON, /* checksums are partial where they can be */
	OFFLOAD_OFF /* no super-packets, no partial checksums */
};

/* What is put into a translator, and what came of the last packet. */
struct feed {
	struct nat64 *n;
	struct monotime now;
	enum nat64_verdict verdict;
	enum nat64_reason reason;
};

/* A packet in storage of its own. */
static inline void
load(struct pkt *p, uint8_t buf[PKT_BUFSIZE], const uint8_t *bytes, size_t len,
    const uint8_t *vnet)
{
	pkt_init(p, buf, PKT_BUFSIZE);
	p->len = (uint32_t)len;
	memcpy(p->data, bytes, len);
	if (vnet != NULL)
		ck_assert_int_eq(vnet_decode(vnet, &p->ofl), 0);
}

/* Whole packets of TCP and UDP whose checksum is there and right. */
static inline bool
can_be_partial(struct pkt *p)
{
	if (pkt_parse(p) != NAT64_NONE || p->is_frag ||
	    (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP) ||
	    pkt_parse_l4(p) != NAT64_NONE)
		return (false);
	if (p->proto == IPPROTO_UDP && get16(pkt_l4(p) + PKT_UDP_CKSUM) == 0)
		return (false);
	return (true);
}

static inline uint64_t
pseudo_sum(const struct pkt *p)
{
	const size_t at = p->family == PKT_V4 ? 12 : 8;
	const size_t len = p->family == PKT_V4 ? 8 : 32;

	return (
	    cksum_add((uint64_t)p->proto + pkt_l4len(p), p->data + at, len));
}

static inline void
feed_one(struct feed *f, const uint8_t *bytes, size_t len, const uint8_t *vnet)
{
	f->verdict = put_in(f->n, bytes, len, vnet, f->now, &f->reason);
}

/* With a partial checksum, as if the sender were on this machine. */
static inline void
feed_partial(struct feed *f, const uint8_t *bytes, size_t len)
{
	static uint8_t buf[PKT_BUFSIZE];
	uint8_t vnet[VNET_HDRLEN];
	struct pkt p;
	uint64_t sum;

	load(&p, buf, bytes, len, NULL);
	if (!can_be_partial(&p)) {
		feed_one(f, bytes, len, NULL);
		return;
	}
	sum = pseudo_sum(&p);
	if (cksum_finish(cksum_add(sum, pkt_l4(&p), pkt_l4len(&p))) != 0) {
		feed_one(f, bytes, len, NULL);
		return;
	}
	p.ofl.csum_partial = true;
	p.ofl.csum_off =
	    p.proto == IPPROTO_TCP ? PKT_TCP_CKSUM : PKT_UDP_CKSUM;
	put16(pkt_l4(&p) + p.ofl.csum_off, cksum_fold(sum));
	vnet_encode(&p, vnet);
	feed_one(f, p.data, p.len, vnet);
}

static inline void
feed_segment(void *arg, struct pkt *seg)
{
	feed_one(arg, seg->data, seg->len, NULL);
}

/* As the kernel would, without offload. */
static inline void
feed_plain(struct feed *f, const uint8_t *bytes, size_t len,
    const uint8_t *vnet)
{
	static uint8_t buf[PKT_BUFSIZE], seg_buf[PKT_BUFSIZE];
	struct pkt p, seg;

	load(&p, buf, bytes, len, vnet);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	if (p.ofl.seg != PKT_SEG_NONE) {
		pkt_init(&seg, seg_buf, sizeof(seg_buf));
		ck_assert_uint_gt(gso_split(&p, &seg, feed_segment, f), 0);
		return;
	}
	pkt_complete_cksum(&p);
	feed_one(f, p.data, p.len, NULL);
}

static inline void
feed_packet(struct feed *f, enum device device, const uint8_t *bytes,
    size_t len, const uint8_t *vnet)
{
	if (device == OFFLOAD_ON && vnet == NULL)
		feed_partial(f, bytes, len);
	else if (device == OFFLOAD_OFF && vnet != NULL)
		feed_plain(f, bytes, len, vnet);
	else
		feed_one(f, bytes, len, vnet);
}

/* What arrives in the end, when the kernel has cut and summed. */
struct arrived {
	unsigned n;
	size_t len[MAXRECORDED];
	uint8_t bytes[MAXRECORDED][PKT_MAXLEN];
};

/* The last segment may have a DF that it had not alone (GSO-17). */
static inline void
forget_df(uint8_t *ip, size_t len)
{
	if (ip[0] >> 4 != 4 || len > 1260)
		return;
	ip[6] &= 0xbf;
	put16(ip + 10, 0);
	put16(ip + 10, cksum_finish(cksum_add(0, ip, PKT_IP4_HLEN)));
}

static inline void
arrive(void *arg, struct pkt *p)
{
	struct arrived *a = arg;

	ck_assert_uint_lt(a->n, MAXRECORDED);
	memcpy(a->bytes[a->n], p->data, p->len);
	a->len[a->n] = p->len;
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		forget_df(a->bytes[a->n], p->len);
	a->n++;
}

static inline void
arrive_written(struct arrived *a, const uint8_t *bytes, size_t len,
    const uint8_t *vnet)
{
	static uint8_t buf[PKT_BUFSIZE], seg_buf[PKT_BUFSIZE];
	struct pkt p, seg;

	load(&p, buf, bytes, len, vnet);
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	if (p.ofl.seg == PKT_SEG_NONE) {
		pkt_complete_cksum(&p);
		arrive(a, &p);
		return;
	}
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	pkt_init(&seg, seg_buf, sizeof(seg_buf));
	ck_assert_uint_gt(gso_split(&p, &seg, arrive, a), 0);
}

#endif
