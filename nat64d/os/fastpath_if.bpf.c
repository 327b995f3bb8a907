/*
 * Fast path between interfaces
 * ============================
 * The programs on the interfaces that "fastpath on" names. They translate what
 * fastpath.bpf.c would, with the same maps, checks and code
 * (fastpath_xlat.bpf.h), but as packets arrive at this host, and send them at
 * once to the next router or host.
 *
 *	 eth0 --- clsact ingress: filters of others, then fast_enter_*()
 *	                          | tail call
 *	                   fast_if_*(), translate()
 *	          |                               |
 *	 session found, and it is         anything else: unchanged
 *	 routed to eth1: translated               |
 *	          |                       routed as usual, to our tun device and
 *	 bpf_redirect_neigh(): neighbour, its program or the daemon
 *	 egress filters and queueing
 *	 discipline of eth1
 *
 * What a packet passes by
 * -----------------------
 * Everything between the clsact hook of the way in and the output to the
 * neighbour: the ingress hook of netfilter, where flowtables are as well;
 * prerouting, forward and postrouting with connection tracking and NAT, before
 * our device and behind it; reverse path filters; routing to our device;
 * ICMP redirects; the egress hook of netfilter, which the kernel leaves out for
 * what was redirected on arrival; counters of our device, and those of
 * forwarded packets. Kept are filters of tc on both sides, what AF_PACKET sees
 * on both sides, and the queueing discipline.
 *
 * Connection tracking does not see packets that come this way, and takes later
 * ones of the session, which come by way of our device, for invalid or for new
 * connections. The manual says what to do about it.
 *
 * More checks
 * -----------
 * A packet that fails one is passed on, as always.
 *
 * - The frame was sent to this interface: not seen by promiscuous mode, no
 *   broadcast. It has no VLAN tag: the VLAN is an interface of its own, with
 *   its own program if it is named, as the tag is gone when that runs.
 * - Padding of short Ethernet frames is removed first, as the kernel does
 *   before it forwards; otherwise acknowledgments without data, 54 bytes, would
 *   never come this way.
 * - bpf_fib_lookup() finds the way out as if the translation came from our
 *   device: rules for packets from there apply, and a mark is 0. The type of
 *   the route is unicast. A route to this host, a blackhole or none at all is
 *   left to the kernel, which answers if it should.
 * - The translation fits the MTU of the route, and if the path MTU is known,
 *   that as well; of a super-packet, its segments. Otherwise the kernel is to
 *   send the ICMP error on the way out of our device.
 * - The way out is an interface that is named, too. So a packet that arrives at
 *   or leaves by any other interface has been through the firewall.
 *
 * That no neighbour is known yet is no obstacle: bpf_redirect_neigh() asks.
 *
 * TTL and hop limit
 * -----------------
 * Decremented once. By way of our device there are three hops: the kernel
 * forwards the packet to it, the daemon translates it (RFC 7915, 4.1 and 5.1,
 * where translating is the hop of a router), and the kernel forwards the
 * translation. Here all is done in one step, and this host is one router, which
 * no packet can pass more often than its TTL says. So packets of a session
 * differ by two, and traceroute in an established session shows this host once.
 * One that arrives with 1 is passed on, and the kernel sends the ICMP error.
 *
 * Checksums of the hardware
 * -------------------------
 * A network card, or the kernel at the end of a tunnel, may have summed up the
 * packet (CHECKSUM_COMPLETE). That sum is kept right: if the way out is a veth,
 * the other end drops a datagram with a wrong one. All that changes bytes here
 * updates it. Two things are to be evened out, in way_prepare() and way_take():
 *
 * - bpf_l4_csum_replace() leaves the sum as it is when ports change, since the
 *   change of the checksum makes up for it. But we write the ports together
 *   with the IP header, and all that is written there is counted.
 * - When a frame arrives by way of a veth the kernel subtracts its Ethernet
 *   header. So it has to be in the sum, for which bpf_redirect_neigh() adds the
 *   old one; that is set to zero, and the new one added. Where the neighbour is
 *   not known yet, such a packet is passed on.
 *
 * Start and end
 * -------------
 * As on our device: what is attached only calls the translating program, and
 * finds none when the daemon has ended, however that was. The filters go with
 * their interface. When it comes back the daemon has no right to attach
 * another, and it does not keep a privileged process for it: the packets are
 * translated on our device until the next start (nat64d/host/fastifs.h logs
 * it). A privileged helper would be one more thing to attack, for interfaces
 * that seldom go.
 *
 * Tried and left out
 * ------------------
 * To translate on our device and send from there with bpf_redirect_neigh(),
 * past the second half of routing and firewall only. 64-byte datagrams, as a
 * multiple of the kernel's NAT44 (medians of 12 rounds in turn, on a machine
 * with other work; packets as veth has them, as from a wire, without offloads):
 *
 *	on our device				0.87	0.89	0.94
 *	on our device, sent from there		0.86	0.97	0.92
 *	between interfaces			1.14	1.09	1.02
 *
 * The route and the neighbour are looked up either way, and what is saved after
 * that is little.
 *
 * Licence
 * -------
 * bpf_fib_lookup() is reserved to programs that are compatible with the GPL.
 * The text is under the ISC licence, like the other files, which is; the kernel
 * knows it by this name only. It is why these programs are an object of their
 * own.
 */
#include "fastpath_xlat.bpf.h"

/* <sys/socket.h> is not for BPF. */
#define AF_INET 2
#define AF_INET6 10

/* While the daemon lives: for packets with Ethernet header, and without. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, uint32_t);
	__type(value, uint32_t);
	__uint(max_entries, 2);
} programs SEC(".maps");

/* May packets leave there? */
INLINE bool
is_one_of_ours(uint32_t ifindex)
{
	uint32_t i;

	for (i = 0; i < FAST_MAX_IFS; i++) {
		if (settings.ifs[i] == ifindex)
			return (true);
		if (settings.ifs[i] == 0)
			return (false);
	}
	return (false);
}

/* CHECKSUM_COMPLETE: bpf_csum_update() fails without a sum. */
INLINE bool
is_summed(struct __sk_buff *skb)
{
	return (bpf_csum_update(skb, 0) >= 0);
}

INLINE bool
look_up(struct __sk_buff *skb, struct bpf_fib_lookup *fib, struct way *w)
{
	long rc;

	fib->ifindex = settings.ifindex;
	rc = bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
	if (rc != BPF_FIB_LKUP_RET_SUCCESS &&
	    (rc != BPF_FIB_LKUP_RET_NO_NEIGH || is_summed(skb)))
		return (false);
	if (!is_one_of_ours(fib->ifindex))
		return (false);
	w->ifindex = fib->ifindex;
	w->next.nh_family = fib->family;
	__builtin_memcpy(w->next.ipv6_nh, fib->ipv6_dst,
	    sizeof(w->next.ipv6_nh));
	__builtin_memcpy(w->macs, fib->dmac, ETH_ALEN);
	__builtin_memcpy(w->macs + ETH_ALEN / 2, fib->smac, ETH_ALEN);
	return (true);
}

INLINE bool
way_find6(struct __sk_buff *skb, const struct fast_value6 *v,
    const struct l4 *l, uint8_t tos, struct way *w)
{
	struct bpf_fib_lookup fib;

	__builtin_memset(&fib, 0, sizeof(fib));
	fib.family = AF_INET;
	fib.l4_protocol = l->proto;
	fib.sport = v->sport;
	fib.dport = v->dport;
	fib.tot_len = (uint16_t)(IP4_HLEN + l->wire);
	fib.tos = tos;
	fib.ipv4_src = v->src;
	fib.ipv4_dst = v->dst;
	return (look_up(skb, &fib, w));
}

INLINE bool
way_find4(struct __sk_buff *skb, const struct fast_value4 *v,
    const struct l4 *l, uint8_t tclass, struct way *w)
{
	struct bpf_fib_lookup fib;

	__builtin_memset(&fib, 0, sizeof(fib));
	fib.family = AF_INET6;
	fib.l4_protocol = l->proto;
	fib.sport = v->sport;
	fib.dport = v->dport;
	fib.tot_len = (uint16_t)(IP6_HLEN + l->wire);
	fib.flowinfo = bpf_htonl((uint32_t)tclass << 20);
	__builtin_memcpy(fib.ipv6_src, v->src, sizeof(fib.ipv6_src));
	__builtin_memcpy(fib.ipv6_dst, v->dst, sizeof(fib.ipv6_dst));
	return (look_up(skb, &fib, w));
}

/* Prepare the sum of the packet, if there is one; see "Checksums" above. */
INLINE uint64_t
way_prepare(struct __sk_buff *skb, const struct sums *s, struct way *w)
{
	uint32_t i, sum;

	w->summed = is_summed(skb);
	if (!w->summed)
		return (0);
	sum = (uint16_t)~s->port_diff + (uint16_t)skb->protocol;
	for (i = 0; i < ETH_ALEN; i++)
		sum += w->macs[i];
	(void)bpf_csum_update(skb, sum);
	return (BPF_F_RECOMPUTE_CSUM);
}

INLINE int
way_take(struct __sk_buff *skb, uint32_t l2, const struct way *w)
{
	const uint8_t zero[ETH_HLEN] = { 0 };
	struct bpf_redir_neigh next = w->next;

	/* bpf_redirect_neigh() expects an Ethernet header and removes it. */
	if (l2 == 0 && bpf_skb_change_head(skb, ETH_HLEN, 0) != 0)
		return (lose());
	if (l2 != 0 && w->summed &&
	    bpf_skb_store_bytes(skb, 0, zero, sizeof(zero), 0) != 0)
		return (lose());
	skb->mark = 0;
	skb->priority = 0;
	return ((int)bpf_redirect_neigh(w->ifindex, &next, sizeof(next), 0));
}

/* Of a packet that is addressed to this host, and has no VLAN tag. */
INLINE bool
is_for_us(const struct __sk_buff *skb)
{
	return (skb->pkt_type == PACKET_HOST && skb->vlan_present == 0);
}

/* Remove the padding of a short Ethernet frame, as the kernel would. */
INLINE void
remove_padding(struct __sk_buff *skb)
{
	const struct iphdr *ip;
	uint32_t len;

	if (skb->len > ETH_ZLEN || skb->protocol != bpf_htons(ETH_P_IP))
		return;
	pull(skb, ETH_HLEN + IP4_HLEN, ETH_HLEN + IP4_HLEN);
	ip = (void *)(long)skb->data + ETH_HLEN;
	if ((const void *)(ip + 1) > (void *)(long)skb->data_end ||
	    ip->version != 4)
		return;
	len = ETH_HLEN + bpf_ntohs(ip->tot_len);
	if (len >= ETH_HLEN + IP4_HLEN && len < skb->len)
		(void)bpf_skb_change_tail(skb, len, 0);
}

SEC("tc")
int
fast_if_ether(struct __sk_buff *skb)
{
	if (!is_for_us(skb))
		return (PASS);
	remove_padding(skb);
	return (translate(skb, ETH_HLEN));
}

SEC("tc")
int
fast_if_plain(struct __sk_buff *skb)
{
	return (is_for_us(skb) ? translate(skb, 0) : PASS);
}

/* The ones that are attached. */
SEC("tc")
int
fast_enter_ether(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &programs, 0);
	return (PASS);
}

SEC("tc")
int
fast_enter_plain(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &programs, 1);
	return (PASS);
}

char licence[] SEC("license") = "Dual BSD/GPL";
