/*
 * Echo requests and replies (RFC 792, RFC 4443) in the programs of the fast
 * path. A session has one identifier on either side, which is in the place of
 * the IPv6 host's port; the port of its peer is 0. Both types of message may
 * come from both sides.
 *
 * The checksum of ICMPv6 covers a pseudo header, that of ICMP none (RFC 7915,
 * 4.2 and 5.2). If it is a partial one, it would have to be completed, which is
 * done by the daemon. Only the kernel knows: bpf_l4_csum_replace() without
 * BPF_F_PSEUDO_HDR updates a complete one, and leaves a partial one alone. A
 * change that is none, one of 65535, tells nothing; such a packet is passed on.
 *
 * Messages in fragments are for the daemon; others of the session do not wait
 * for them, unlike UDP: they are numbered, and their order means nothing.
 */
#ifndef NAT64D_OS_FASTPATH_ECHO_BPF_H
#define NAT64D_OS_FASTPATH_ECHO_BPF_H

#include "fastpath_base.bpf.h"
#include "fastpath_pair.bpf.h"

/* Types, with code 0: the first word of a message. */
#define ECHO4_REQUEST bpf_htons(8 << 8)
#define ECHO4_REPLY bpf_htons(0 << 8)
#define ECHO6_REQUEST bpf_htons(128 << 8)
#define ECHO6_REPLY bpf_htons(129 << 8)

struct echo_header {
	uint16_t type; /* and code */
	uint16_t cksum;
	uint16_t id;
	uint16_t seq;
};

#define ECHO_CKSUM_OFF offsetof(struct echo_header, cksum)

/*
 * The headers as they are written: what are ports there are type and checksum
 * here. The last bytes, of alignment, are not written.
 */
struct echo_head4 {
	struct head4 h;
	uint16_t id;
};
#define ECHO_HEAD4_LEN (offsetof(struct echo_head4, id) + sizeof(uint16_t))

struct echo_head6 {
	struct head6 h;
	uint16_t id;
};
#define ECHO_HEAD6_LEN (offsetof(struct echo_head6, id) + sizeof(uint16_t))

/* An echo message, and what becomes of it. */
struct echo {
	uint16_t old_type;
	uint16_t type;
	uint16_t old_cksum;
	uint16_t cksum;
};

/*
 * Fill in e and the rest of l, whose length is known. type: into which the
 * message is to be translated. False: it is passed on.
 */
INLINE bool
measure_echo(const struct __sk_buff *skb, const struct echo_header *eh,
    uint16_t type, struct echo *e, struct l4 *l)
{
	if (skb->gso_size != 0)
		return (false);
	e->old_type = eh->type;
	e->type = type;
	e->old_cksum = eh->cksum;
	l->wire = l->len;
	l->n_segs = 1;
	l->ack = 0;
	return (true);
}

/*
 * Update the checksum at off, and note it in e. diff: what is to be added to
 * the sum that it covers. False: it is as it was.
 */
INLINE bool
update_echo_cksum(struct __sk_buff *skb, uint32_t off, struct echo *e,
    uint16_t diff)
{
	const uint16_t *now;

	e->cksum = ~fold((uint16_t)~e->old_cksum + (uint32_t)diff);
	if (diff == 0xffff || bpf_l4_csum_replace(skb, off, 0, diff, 0) != 0)
		return (false);
	now = (void *)(long)skb->data + off;
	return ((const void *)(now + 1) <= (void *)(long)skb->data_end &&
	    *now == e->cksum);
}

/* As change_proto() in fastpath_xlat.bpf.h. */
INLINE int
change_echo_proto(struct __sk_buff *skb, uint32_t l4off, struct echo *e,
    uint16_t diff, uint16_t type)
{
	const uint32_t off = l4off + ECHO_CKSUM_OFF;

	if (!update_echo_cksum(skb, off, e, diff))
		return (PASS);
	if (bpf_skb_change_proto(skb, type, 0) == 0)
		return (TC_ACT_OK);
	return (bpf_skb_store_bytes(skb, off, &e->old_cksum,
		    sizeof(e->old_cksum), 0) == 0 ?
		PASS :
		lose());
}

/* ip: its header, which is there. l: proto and len are set. */
INLINE int
echo6(struct __sk_buff *skb, uint32_t l2, const struct ipv6hdr *ip,
    struct l4 *l)
{
	const struct echo_header *eh = (const void *)(ip + 1);
	const uint8_t tos =
	    tos_of((uint8_t)(ip->priority << 4 | ip->flow_lbl[0] >> 4));
	const uint8_t hlim = ip->hop_limit;
	struct fast_value6 v;
	struct fast_key6 key;
	struct echo_head4 h;
	struct sums sums = { 0 };
	struct echo e;
	struct way w;
	int verdict;

	if ((const void *)(eh + 1) > (void *)(long)skb->data_end ||
	    (eh->type != ECHO6_REQUEST && eh->type != ECHO6_REPLY) ||
	    !measure_echo(skb, eh,
		eh->type == ECHO6_REQUEST ? ECHO4_REQUEST : ECHO4_REPLY, &e,
		l) ||
	    !fits4(l))
		return (PASS);
	key = key6_of(ip, IPPROTO_ICMPV6, eh->id, 0);
	if (!find6(&key, &v))
		return (PASS);

	h.id = v.sport;
	v.sport = 0;
	l->proto = IPPROTO_ICMP;
	if (!way_find6(skb, &v, l, tos, &w))
		return (PASS);
	/* The new ICMP checksum covers no pseudo header: see value6_set(). */
	sums.port_diff = fold((uint32_t)v.addr_diff + v.port_diff +
	    (uint16_t)~bpf_htons((uint16_t)l->len) +
	    (uint16_t)~bpf_htons(IPPROTO_ICMPV6) + (uint16_t)~e.old_type +
	    e.type);
	verdict = change_echo_proto(skb, l2 + IP6_HLEN, &e, sums.port_diff,
	    bpf_htons(ETH_P_IP));
	if (verdict != TC_ACT_OK)
		return (verdict);
	make_head4(&h.h, &v, l, tos, hlim);
	h.h.sport = e.type;
	h.h.dport = e.cksum;
	take_note(l, v.slot, v.state, (int64_t)bpf_ktime_get_coarse_ns());
	return (finish(skb, l2, l, &sums, &h, ECHO_HEAD4_LEN, true, &w));
}

/* df: the packet must not be fragmented. */
INLINE int
echo4(struct __sk_buff *skb, uint32_t l2, const struct iphdr *ip, bool df,
    struct l4 *l)
{
	const struct echo_header *eh = (const void *)(ip + 1);
	const uint8_t tclass = tclass_of(ip->tos), ttl = ip->ttl;
	struct fast_value4 v;
	struct fast_key4 key;
	struct echo_head6 h;
	struct sums sums = { 0 };
	struct echo e;
	struct way w;
	int verdict;

	if ((const void *)(eh + 1) > (void *)(long)skb->data_end ||
	    (eh->type != ECHO4_REQUEST && eh->type != ECHO4_REPLY) ||
	    !measure_echo(skb, eh,
		eh->type == ECHO4_REQUEST ? ECHO6_REQUEST : ECHO6_REPLY, &e,
		l) ||
	    !fits6(l, df))
		return (PASS);
	key = key4_of(ip, IPPROTO_ICMP, 0, eh->id);
	if (!find4(&key, &v))
		return (PASS);

	h.id = v.dport;
	v.dport = 0;
	l->proto = IPPROTO_ICMPV6;
	if (!way_find4(skb, &v, l, tclass, &w))
		return (PASS);
	sums.port_diff = fold((uint32_t)v.addr_diff + v.port_diff +
	    bpf_htons((uint16_t)l->len) + bpf_htons(IPPROTO_ICMPV6) +
	    (uint16_t)~e.old_type + e.type);
	verdict = change_echo_proto(skb, l2 + IP4_HLEN, &e, sums.port_diff,
	    bpf_htons(ETH_P_IPV6));
	if (verdict != TC_ACT_OK)
		return (verdict);
	make_head6(&h.h, &v, l, tclass, ttl);
	h.h.sport = e.type;
	h.h.dport = e.cksum;
	take_note(l, v.slot, v.state, (int64_t)bpf_ktime_get_coarse_ns());
	return (finish(skb, l2, l, &sums, &h, ECHO_HEAD6_LEN, false, &w));
}

#endif
