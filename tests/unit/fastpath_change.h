/*
 * For the tests of the fast path: random packets, most of them damaged in some
 * way or changed within what is allowed, for BPF_PROG_TEST_RUN.
 */
#ifndef TESTS_UNIT_FASTPATH_CHANGE_H
#define TESTS_UNIT_FASTPATH_CHANGE_H

#include <net/ethernet.h>

#include "tests/unit/fastpath_util.h"

/* The least for a frame. */
#define MIN_FRAME 60

static inline void
flip_bit(struct pkt *p, uint32_t from, uint32_t to)
{
	uint32_t at;

	if (to > p->len)
		to = p->len;
	if (from >= to)
		return;
	at = from + below(to - from);
	p->data[at] = (uint8_t)(p->data[at] ^ 1 << below(8));
}

static inline void
change_header6(struct pkt *p)
{
	static const uint8_t nexts[] = { 0, 6, 17, 43, 44, 50, 58, 60, 1,
		132 };

	switch (below(4)) {
	case 0:
		p->data[7] = (uint8_t)below(3); /* hop limit */
		break;
	case 1:
		p->data[6] = nexts[below(10)];
		break;
	case 2:
		wire_put16(p->data + 4,
		    (uint16_t)(wire_get16(p->data + 4) + below(5) - 2));
		break;
	default:
		flip_bit(p, 0, 40);
	}
}

static inline void
change_header4(struct pkt *p)
{
	static const uint8_t protos[] = { 1, 2, 6, 17, 50, 58, 132 };

	switch (below(6)) {
	case 0:
		p->data[8] = (uint8_t)below(3); /* TTL */
		break;
	case 1:
		p->data[9] = protos[below(7)];
		break;
	case 2:
		wire_put16(p->data + 2,
		    (uint16_t)(wire_get16(p->data + 2) + below(5) - 2));
		break;
	case 3:
		p->data[0] = (uint8_t)(0x40 | below(16)); /* header length */
		break;
	case 4: /* MF, offset, reserved bit */
		wire_put16(p->data + 6, (uint16_t)(1u << below(16)));
		break;
	default:
		flip_bit(p, 0, 20);
	}
	if (!one_in(8) && (p->data[0] & 15) * 4u <= p->len)
		wire_fix_ip4(p->data);
}

static inline void
change_l4(struct pkt *p, uint32_t off)
{
	uint8_t *l4 = p->data + off;
	const uint8_t proto = p->data[off == 40 ? 6 : 9];
	const bool tcp = proto == IPPROTO_TCP && p->len >= off + 20;

	switch (below(4)) {
	case 0:
		if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
			l4[below(2)] = (uint8_t)random32(); /* type, code */
		else if (tcp)
			l4[13] = (uint8_t)random32(); /* flags */
		else
			wire_put16(l4 + 4, (uint16_t)below(64)); /* length */
		break;
	case 1:
		if (tcp)
			l4[12] = (uint8_t)random32(); /* data offset */
		else
			wire_put16(l4 + 6, 0); /* checksum */
		break;
	case 2:
		flip_bit(p, off, off + 4); /* ports */
		break;
	default:
		flip_bit(p, off, p->len);
	}
}

/* Too few or too many bytes. */
static inline void
change_len(struct pkt *p)
{
	if (one_in(2))
		p->len += 1 + below(20);
	else
		p->len = one_in(2) ? 1 + below(p->len) : p->len - 1;
}

/*
 * A checksum that becomes 0, which is 0xffff in UDP (RFC 768), or one that is
 * wrong.
 */
static inline void
change_cksum(struct pkt *p, const struct fastflow *f, bool from6)
{
	const uint32_t hlen = from6 ? 40 : 20;
	uint8_t *l4 = p->data + hlen, *field = cksum_field(f, l4);
	uint64_t sum4, sum6;
	const uint16_t to = one_in(2) ? 0 : 0xffff;

	if (one_in(2)) {
		wire_put16(field, (uint16_t)random32());
		return;
	}
	sum4 = cksum_add4(cksum_add4(0, f->out4.addr), f->peer4.addr) +
	    f->out4.port;
	sum6 =
	    cksum_add6(cksum_add6(0, &f->in6.addr), &f->peer6) + f->in6.port;
	if (f->proto == L4_ICMP)
		echo_sums(f, l4[0] == (from6 ? 128 : 8), p->len - hlen, &sum6,
		    &sum4);
	wire_put16(field,
	    from6 ? cksum_update(to, sum4, sum6) :
		    cksum_update(to, sum6, sum4));
}

static inline void
change(struct pkt *p, const struct fastflow *f, bool from6)
{
	switch (below(5)) {
	case 0:
		if (from6)
			change_header6(p);
		else
			change_header4(p);
		break;
	case 1:
		change_l4(p, from6 ? 40 : 20);
		break;
	case 2:
		change_len(p);
		break;
	case 3:
		change_cksum(p, f, from6);
		break;
	default:
		flip_bit(p, 0, p->len < 60 ? p->len : 60);
	}
}

/* Sizes near the limits are the most interesting ones. */
static inline uint32_t
random_payload(void)
{
	switch (below(6)) {
	case 0:
		return (below(4));
	case 1:
		return (1180 + below(80));
	case 2:
		return (1400 + below(90));
	case 3:
		return (500 + below(1200));
	default:
		return (below(300));
	}
}

/*
 * The kernel tests no packet that is shorter than its IP header; and no super-
 * packet is as short as a frame that has padding.
 */
static inline void
fix_len(struct pkt *p)
{
	const uint32_t least = p->data[0] >> 4 == 4 ? 20 : 40;

	if (p->len < least)
		p->len = least;
	if (ETHER_HDR_LEN + p->len <= MIN_FRAME)
		memset(&p->ofl, 0, sizeof(p->ofl));
}

/*
 * One super-packet of eight is a list of packets, which is told by its complete
 * checksum. In the field of others is the partial one, and the translator is
 * told what the kernel has been, that it is complete.
 */
static inline void
random_packet(struct pkt *p, uint8_t *buf, size_t size,
    const struct fastflow *f, bool from6)
{
	const bool super = one_in(3);

	pkt_init(p, buf, size);
	build_plain(p, f, from6, random_payload(),
	    super && f->proto != L4_ICMP && !one_in(8));
	p->ofl.csum_partial = false;
	if (super) {
		p->ofl.seg = f->proto == L4_TCP ? PKT_SEG_TCP : PKT_SEG_UDP;
		p->ofl.seg_size = (uint16_t)(1 + below(1500));
	}
	if (one_in(2))
		change(p, f, from6);
	if (one_in(8))
		change(p, f, from6);
	fix_len(p);
}

#endif
