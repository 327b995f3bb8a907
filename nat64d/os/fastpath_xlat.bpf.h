/*
 * The translation of a packet by the programs of the fast path: the checks, and
 * TCP and UDP, as the head of fastpath.bpf.c explains them; echo messages are
 * in fastpath_echo.bpf.h.
 */
#ifndef NAT64D_OS_FASTPATH_XLAT_BPF_H
#define NAT64D_OS_FASTPATH_XLAT_BPF_H

#include "fastpath_base.bpf.h"
#include "fastpath_echo.bpf.h"
#include "fastpath_pair.bpf.h"

/* RFC 8200, 4.5. */
struct fragment_header {
	uint8_t next;
	uint8_t reserved;
	uint16_t off; /* and flags */
	uint32_t id;
};
#define FH_FIRST 1 /* offset 0, and more fragments follow */

/* Sizes, when len is known; hlen: bytes of the L4 header. */
INLINE void
measure(const struct __sk_buff *skb, struct l4 *l, uint32_t hlen)
{
	const uint32_t payload = l->len - hlen;
	const uint32_t size = skb->gso_size;

	l->wire = l->len;
	l->n_segs = 1;
	if (size != 0 && payload > size) {
		l->wire = hlen + size;
		l->n_segs = (payload + size - 1) / size;
	}
}

/*
 * Does the daemon have to see the segment? It may change the state of its
 * session (RFC 6146, 3.5.2.2). Where there are none, its MSS may be lowered.
 */
INLINE bool
is_special(const struct tcphdr *tcp)
{
	if (stateless)
		return (tcp->syn && settings.mss_clamp != 0);
	return (!tcp->ack || tcp->syn || tcp->fin || tcp->rst);
}

INLINE bool
plain_tcp(const struct __sk_buff *skb, const void *at, struct l4 *l)
{
	const struct tcphdr *tcp = at;
	uint32_t hlen;

	if ((const void *)(tcp + 1) > (void *)(long)skb->data_end)
		return (false);
	hlen = tcp->doff * 4;
	if (hlen < sizeof(*tcp) || hlen > l->len)
		return (false);
	if (is_special(tcp))
		return (false);
	l->sport = tcp->source;
	l->dport = tcp->dest;
	l->cksum = tcp->check;
	l->ack = bpf_ntohl(tcp->ack_seq);
	measure(skb, l, hlen);
	return (true);
}

INLINE bool
plain_udp(const struct __sk_buff *skb, const void *at, struct l4 *l)
{
	const struct udphdr *udp = at;

	if ((const void *)(udp + 1) > (void *)(long)skb->data_end)
		return (false);
	if (bpf_ntohs(udp->len) != l->len || l->len < sizeof(*udp))
		return (false);
	/* None, or a partial one that nothing can be told of. */
	if (udp->check == 0)
		return (false);
	l->sport = udp->source;
	l->dport = udp->dest;
	l->cksum = udp->check;
	l->ack = 0;
	measure(skb, l, sizeof(*udp));
	return (true);
}

/* Is this a plain packet of a session? l->proto and l->len are set. */
INLINE bool
plain_l4(const struct __sk_buff *skb, const void *at, struct l4 *l)
{
	switch (l->proto) {
	case IPPROTO_TCP:
		return (plain_tcp(skb, at, l));
	case IPPROTO_UDP:
		return (plain_udp(skb, at, l));
	default:
		return (false);
	}
}

/* Bytes from the L4 header to its checksum. */
INLINE uint32_t
cksum_off(uint8_t proto)
{
	return (proto == IPPROTO_UDP ? offsetof(struct udphdr, check) :
				       offsetof(struct tcphdr, check));
}

/*
 * The sum of the pseudo header, which is in the field when the checksum is
 * partial.
 */
INLINE uint16_t
partial_cksum(const struct l4 *l, uint16_t addr_sum)
{
	return (fold((uint32_t)addr_sum + bpf_htons((uint16_t)l->len) +
	    bpf_htons(l->proto)));
}

/*
 * Does a super-packet consist of its headers and segments of payload, as
 * measure() has it, and does its length fit the header? Other forms do not show
 * in what a program can read:
 *
 * - A list of whole packets (GRO with rx-gro-list), of which we would change
 *   the first one only. Its checksum is complete and has been verified; that of
 *   all others is partial. Only if the network card has summed up TCP segments
 *   (CHECKSUM_COMPLETE) the kernel does not say that they were verified; then
 *   one list of 65536 has, by chance, the checksum of an ordinary packet.
 * - TCP segments in a tunnel over UDP, whose headers measure() does not know.
 *   bpf_skb_change_proto() would change the type of the inner segments, which
 *   the kernel then refuses to make. A call of bpf_skb_adjust_room() without
 *   effect tells them: without BPF_F_ADJ_ROOM_FIXED_GSO it succeeds for TCP
 *   segments only. Pointers to the packet are invalid after it.
 */
INLINE bool
plain_segments(struct __sk_buff *skb, const struct l4 *l, uint16_t addr_sum)
{
	if (skb->gso_size == 0)
		return (true);
	if (IP4_HLEN + l->len > IP4_MAX_LEN ||
	    l->cksum != partial_cksum(l, addr_sum) ||
	    bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) >= 0)
		return (false);
	return (l->proto != IPPROTO_UDP ||
	    bpf_skb_adjust_room(skb, 0, BPF_ADJ_ROOM_NET, 0) != 0);
}

/*
 * Is a packet for the daemon, to which those before it went? may: this one need
 * not go there for what it is. slot: of its flow. (A pointer to the slot is
 * not kept from here to take_note(): clang writes over a part of where
 * it has spilled it to, which the kernel forbids.)
 */
INLINE bool
is_for_daemon(bool may, int64_t now, uint32_t slot)
{
	const uint16_t passed = fast_passed(now);
	struct fast_slot *s = bpf_map_lookup_elem(&flows, &slot);

	if (s == NULL)
		return (true);
	if (!may) {
		s->passed = passed;
		return (true);
	}
	if (s->passed == 0)
		return (false);
	if ((uint16_t)(passed - s->passed) < PASSED_UNITS)
		return (true);
	s->passed = 0;
	return (false);
}

/*
 * Has the checksum at off been updated in the right way? The kernel knows
 * whether it is complete or partial, and does not tell. Of a tunnel that begins
 * on this host the inner one may be partial: then the kernel took ours, which
 * is complete, for partial. This happens with UDP only.
 */
INLINE bool
updated_well(const struct __sk_buff *skb, uint32_t off, const struct l4 *l,
    const struct sums *s)
{
	const uint16_t *now = (void *)(long)skb->data + off;
	uint16_t complete;

	if ((const void *)(now + 1) > (void *)(long)skb->data_end)
		return (false);
	complete =
	    ~fold((uint16_t)~l->cksum + (uint32_t)s->addr_diff + s->port_diff);
	if (complete == 0)
		complete = 0xffff;
	return (*now == complete || l->cksum == partial_cksum(l, s->addr_sum));
}

INLINE long
restore_cksum(struct __sk_buff *skb, uint32_t l4off, const struct l4 *l)
{
	return (bpf_skb_store_bytes(skb, l4off + cksum_off(l->proto),
	    &l->cksum, sizeof(l->cksum), 0));
}

/*
 * Update the L4 checksum, which may be partial: then it covers the addresses
 * only. A UDP checksum of 0 becomes 0xffff (RFC 768). False: it has to be
 * restored.
 */
INLINE bool
update_cksum(struct __sk_buff *skb, uint32_t l4off, const struct l4 *l,
    const struct sums *s)
{
	const bool udp = l->proto == IPPROTO_UDP;
	const uint32_t off = l4off + cksum_off(l->proto);
	const uint64_t flags = udp ? BPF_F_MARK_MANGLED_0 : 0;

	if (bpf_l4_csum_replace(skb, off, 0, s->addr_diff,
		flags | BPF_F_PSEUDO_HDR) != 0)
		return (false);
	if (s->port_diff != 0xffff &&
	    bpf_l4_csum_replace(skb, off, 0, s->port_diff, flags) != 0)
		return (false);
	return (!udp ||
	    updated_well(skb, l4off + offsetof(struct udphdr, check), l, s));
}

/*
 * Update the L4 checksum, which can be undone, and then change the size of the
 * IP header, which cannot. Returns TC_ACT_OK if the header is to be written
 * now, or else what becomes of the packet.
 */
INLINE int
change_proto(struct __sk_buff *skb, uint32_t l4off, const struct l4 *l,
    const struct sums *s, uint16_t type)
{
	if (update_cksum(skb, l4off, l, s) &&
	    bpf_skb_change_proto(skb, type, 0) == 0)
		return (TC_ACT_OK);
	return (restore_cksum(skb, l4off, l) == 0 ? PASS : lose());
}

/*
 * Of a super-packet that is too large for the length field of its header, which
 * is 0 then (BIG TCP): the bytes from off, the L4 header, on. 0: it is none.
 */
INLINE uint32_t
big_tcp(const struct __sk_buff *skb, uint32_t off)
{
	const uint32_t len = skb->len - off;

	return (skb->gso_size != 0 && len > IP4_MAX_LEN - IP4_HLEN ? len : 0);
}

/*
 * A fragment goes to the daemon. With the first one of a datagram it is known
 * what session has to follow it there.
 */
INLINE int
pass_fragment6(struct __sk_buff *skb, const struct ipv6hdr *ip)
{
	const struct fragment_header *fh = (const void *)(ip + 1);
	const struct udphdr *udp = (const void *)(fh + 1);
	struct fast_value6 v;
	struct fast_key6 key;

	if ((const void *)(udp + 1) > (void *)(long)skb->data_end ||
	    fh->next != IPPROTO_UDP || fh->off != bpf_htons(FH_FIRST))
		return (PASS);
	key = key6_of(ip, IPPROTO_UDP, udp->source, udp->dest);
	if (find6(&key, &v))
		(void)is_for_daemon(false, (int64_t)bpf_ktime_get_coarse_ns(),
		    v.slot);
	return (PASS);
}

INLINE int
pass_fragment4(struct __sk_buff *skb, const struct iphdr *ip)
{
	const struct udphdr *udp = (const void *)(ip + 1);
	struct fast_value4 v;
	struct fast_key4 key;

	if ((const void *)(udp + 1) > (void *)(long)skb->data_end ||
	    ip->protocol != IPPROTO_UDP ||
	    (ip->frag_off & bpf_htons(IP4_NO_DF)) != bpf_htons(IP4_MF))
		return (PASS);
	key = key4_of(ip, IPPROTO_UDP, udp->source, udp->dest);
	if (find4(&key, &v))
		(void)is_for_daemon(false, (int64_t)bpf_ktime_get_coarse_ns(),
		    v.slot);
	return (PASS);
}

/* l2: bytes before the IP header. */
INLINE int
translate6(struct __sk_buff *skb, const uint32_t l2)
{
	const struct ipv6hdr *ip;
	struct fast_value6 v;
	struct fast_key6 key;
	struct head4 h;
	struct sums sums;
	struct l4 l;
	struct way w;
	int64_t now;
	uint8_t tos, hlim;
	int verdict;

	pull(skb, l2 + IP6_HLEN + sizeof(struct udphdr),
	    l2 + IP6_HLEN + sizeof(struct tcphdr));
	ip = (void *)(long)skb->data + l2;
	if ((const void *)(ip + 1) > (void *)(long)skb->data_end)
		return (PASS);
	if (ip->version != 6 || ip->hop_limit <= 1)
		return (PASS);
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return (pass_fragment6(skb, ip));
	l.proto = ip->nexthdr;
	l.len = bpf_ntohs(ip->payload_len);
	if (l.len == 0)
		l.len = big_tcp(skb, l2 + IP6_HLEN);
	if (l2 + IP6_HLEN + l.len != skb->len)
		return (PASS);
	if (l.proto == IPPROTO_ICMPV6)
		return (echo6(skb, l2, ip, &l));
	if (!plain_l4(skb, ip + 1, &l) || !fits4(&l))
		return (PASS);
	tos = tos_of((uint8_t)(ip->priority << 4 | ip->flow_lbl[0] >> 4));
	hlim = ip->hop_limit;

	key = key6_of(ip, l.proto, l.sport, l.dport);
	if (!find6(&key, &v))
		return (PASS);

	now = (int64_t)bpf_ktime_get_coarse_ns();
	if (is_for_daemon(plain_segments(skb, &l, v.addr_sum), now, v.slot) ||
	    !way_find6(skb, &v, &l, tos, &w))
		return (PASS);
	sums = (struct sums){ v.addr_diff, v.port_diff, v.addr_sum };
	verdict =
	    change_proto(skb, l2 + IP6_HLEN, &l, &sums, bpf_htons(ETH_P_IP));
	if (verdict != TC_ACT_OK)
		return (verdict);
	make_head4(&h, &v, &l, tos, hlim);
	take_note(&l, v.slot, v.state, now);
	return (finish(skb, l2, &l, &sums, &h, sizeof(h), true, &w));
}

INLINE int
translate4(struct __sk_buff *skb, const uint32_t l2)
{
	const struct iphdr *ip;
	struct fast_value4 v;
	struct fast_key4 key;
	struct head6 h;
	struct sums sums;
	struct l4 l;
	struct way w;
	uint32_t total;
	int64_t now;
	uint8_t tclass, ttl;
	bool df, fits;
	int verdict;

	pull(skb, l2 + IP4_HLEN + sizeof(struct udphdr),
	    l2 + IP4_HLEN + sizeof(struct tcphdr));
	ip = (void *)(long)skb->data + l2;
	if ((const void *)(ip + 1) > (void *)(long)skb->data_end)
		return (PASS);
	if (ip->version != 4 || ip->ihl != IP4_HLEN / 4 || ip->ttl <= 1)
		return (PASS);
	if ((ip->frag_off & bpf_htons(IP4_NO_DF)) != 0)
		return (pass_fragment4(skb, ip));
	if (header_cksum(ip) != 0)
		return (PASS);
	total = bpf_ntohs(ip->tot_len);
	if (total == 0)
		total = IP4_HLEN + big_tcp(skb, l2 + IP4_HLEN);
	if (total < IP4_HLEN || l2 + total != skb->len)
		return (PASS);
	l.proto = ip->protocol;
	l.len = total - IP4_HLEN;
	df = (ip->frag_off & bpf_htons(IP4_DF)) != 0;
	if (l.proto == IPPROTO_ICMP)
		return (echo4(skb, l2, ip, df, &l));
	if (!plain_l4(skb, ip + 1, &l))
		return (PASS);
	fits = fits6(&l, df);
	if (df && !fits)
		return (PASS);
	tclass = tclass_of(ip->tos);
	ttl = ip->ttl;

	key = key4_of(ip, l.proto, l.sport, l.dport);
	if (!find4(&key, &v))
		return (PASS);

	now = (int64_t)bpf_ktime_get_coarse_ns();
	if (is_for_daemon(fits && plain_segments(skb, &l, v.addr_sum), now,
		v.slot) ||
	    !way_find4(skb, &v, &l, tclass, &w))
		return (PASS);
	sums = (struct sums){ v.addr_diff, v.port_diff, v.addr_sum };
	verdict =
	    change_proto(skb, l2 + IP4_HLEN, &l, &sums, bpf_htons(ETH_P_IPV6));
	if (verdict != TC_ACT_OK)
		return (verdict);
	make_head6(&h, &v, &l, tclass, ttl);
	take_note(&l, v.slot, v.state, now);
	return (finish(skb, l2, &l, &sums, &h, sizeof(h), false, &w));
}

INLINE int
translate(struct __sk_buff *skb, const uint32_t l2)
{
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IPV6):
		return (translate6(skb, l2));
	case bpf_htons(ETH_P_IP):
		return (translate4(skb, l2));
	default:
		return (PASS);
	}
}

#endif
