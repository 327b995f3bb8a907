/*
 * Fast path
 * =========
 * The program that runs in the kernel and translates plain packets of sessions
 * that the daemon has admitted. It decides nothing: sessions are put into its
 * table and taken out by the daemon (fastpath_linux.c), and whatever it does
 * not like takes the way to the daemon, unchanged. What it writes is the same,
 * bit for bit, as what nat64d/xlat would have written; check_fastpath_diff.c
 * and check_fastpath_tun.c compare them.
 *
 * The way of a packet
 * -------------------
 *	            the kernel routes it to our tun device
 *	                          |
 *	 clsact egress: filters of others, then fast_enter()
 *	                          | tail call
 *	                  fast_translate()
 *	          |                               |
 *	 session found: translated        anything else: unchanged
 *	          |                               |
 *	 bpf_redirect(INGRESS):           the queue of the device,
 *	 arrives from our device,         read by the daemon, which
 *	 as if the daemon had             writes the answer
 *	 written it                               |
 *	          |                               |
 *	          routed, filtered and counted as usual
 *
 * So a packet passes the same chains of the firewall, from the same interface,
 * on either way. Only the queueing discipline of the tun device and a program
 * like tcpdump on it do not see it leave.
 *
 * fast_enter() is all that is attached. When the daemon ends, in whatever way,
 * the kernel closes its descriptors, and empties an array of programs of which
 * no process has a descriptor any more. On a persistent device fast_enter()
 * stays, finds nothing to call and passes every packet on, until the next
 * daemon puts its own in the same place. This takes that no other process has
 * the descriptor: all are closed on exec, and processes that are forked without
 * exec have to be forked before fastpath_new().
 *
 * Maps
 * ----
 * flows	a session is in two slots of this array, by what its packets
 *		look like from either side, with what they become and the time
 *		and acknowledgment number of the last one. A slot is one cache
 *		line. The array is mapped into the daemon, which fills, reads
 *		and empties slots without system calls (fasttable.h): with 1000
 *		sessions 0.4 us for the insertion of one and 0.1 us for its
 *		removal, with a million 2.5 and 1.5 us.
 * pairs6, pairs4	instead of sessions, for a stateless translator;
 *		fastpath_pair.bpf.h has all about it.
 * settings, ids	MTUs and rules; the counters of identifications, which
 *		the daemon increments as well. Both mapped.
 * counts	packets and bytes, for each processor.
 *
 * An array cannot grow, and the kernel takes all of its memory when it is made:
 * 192 bytes for each session, 201 MB for the default limit of 1048576, but not
 * more than a part of the machine's memory (MEMORY_PART); sessions beyond that
 * stay with the daemon. Without CAP_PERFMON the kernel rounds the number of
 * slots up to a power of two.
 *
 * A slot may get another session while it is read. Its state shows it (struct
 * fast_slot). Most processors but x86 may read in another order than the
 * program says, see read_barrier(). A slot that has become empty rests for a
 * while, because a processor that has found the old session may still note its
 * packet there.
 *
 * Checks
 * ------
 * In the order in which they are made; a packet that fails one is passed on.
 *
 * - Ethernet type and version agree; the headers are there.
 * - IPv6: no extension header or fragment. IPv4: no options, MF or offset, and
 *   a right header checksum. They need work that is done elsewhere, or are
 *   dropped and counted there.
 * - The length fields agree with each other and with the packet. Padding is
 *   removed, and a jumbogram refused, by the daemon.
 * - Hop limit or TTL above 1: otherwise an ICMP error is due.
 * - TCP: ACK, without SYN, FIN and RST, which change the session's state, if
 *   there are sessions.
 * - ICMP: an echo request or reply; fastpath_echo.bpf.h has the rest.
 * - UDP: the checksum is not 0. From IPv4 it has to be computed (RFC 6146,
 *   3.4), from IPv6 the packet is dropped.
 * - It fits the other side's MTU; of a super-packet, its segments. Otherwise
 *   an ICMP error or fragments are due.
 * - A super-packet's segments are those of TCP or UDP, and the lengths fit the
 *   headers, see plain_segments(). Others are cut by the kernel before the
 *   daemon reads them.
 * - The session is in the table, or the pair of addresses in the map. Rules
 *   about addresses, hairpins and the like are about these, so they have been
 *   kept before it came there.
 *
 * What is passed on waits in the queue of the device, where later packets of
 * the session would overtake it. It matters where the daemon sends a
 * translation of it, and more of the kind will come: super-packets with other
 * segments, UDP in fragments, and IPv4 datagrams without DF that have to be
 * fragmented. So all that comes after one of these is passed on, too, until
 * there was none for a second, see is_for_daemon(). Without that, a TCP
 * connection whose packets came in lists had 5300 retransmissions in 20 MB, and
 * six of ten datagrams were late when large and small ones came in turn.
 *
 * Then the L4 checksum is updated, which can be undone, and last the IP header
 * changed by bpf_skb_change_proto(), which leaves the packet as it was if it
 * fails. After it nothing should fail; should it, the packet is lost and
 * counted.
 *
 * Time
 * ----
 * What the program takes for a datagram of one session, in a hundred parts
 * (BPF_PROG_TEST_RUN, returning early at each place, less an empty program):
 * the checks 6; the session 15; the clock and whether to wait for the daemon
 * 13; checksum 17; bpf_skb_change_proto() 16; the new header 4, and to write it
 * 10; notes 2; counting and redirecting 15. With packets of a million sessions
 * in random order it takes twice as long, 350 ns more: the slot, and in two of
 * five cases another one that says where it is, are in no cache, nor are their
 * pages in the TLB. With the kernel's hash table and notes in an array of their
 * own it were 800 ns more.
 *
 * Tried and left out: to read the slot from memory in large pages (arrays in an
 * array of maps, each so small that the kernel does not take it from small
 * pages) would save 55 of 240 ns, but such maps cannot be mapped. Slots of both
 * sides at once, of two cache lines, take as long to read and twice the memory.
 * Notes in a second array, even if they are only written, take 180 ns.
 *
 * Licence
 * -------
 * No helper function that is used here is reserved to programs under the GPL,
 * so the licence string is that of the other files, ISC.
 *
 * Privileges: CAP_BPF and CAP_NET_ADMIN to load, and before Linux 6.8 also
 * CAP_PERFMON: without it the kernel refuses a program that keeps a number of
 * 32 bits where it has kept another one ("attempt to corrupt spilled pointer"),
 * as compilers do. Needs Linux 5.19: before 5.14 bpf_skb_change_proto() changed
 * the size of segments, and before 5.19 a process without privileges could not
 * read the counters.
 */
#include "fastpath_xlat.bpf.h"

/* Slot 0: the translating program, while the daemon lives. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, uint32_t);
	__type(value, uint32_t);
	__uint(max_entries, 1);
} programs SEC(".maps");

/* All packets go to our device. */
INLINE bool
way_find6(struct __sk_buff *skb, const struct fast_value6 *v,
    const struct l4 *l, uint8_t tos, struct way *w)
{
	(void)skb;
	(void)v;
	(void)l;
	(void)tos;
	w->ifindex = settings.ifindex;
	return (true);
}

INLINE bool
way_find4(struct __sk_buff *skb, const struct fast_value4 *v,
    const struct l4 *l, uint8_t tclass, struct way *w)
{
	(void)skb;
	(void)v;
	(void)l;
	(void)tclass;
	w->ifindex = settings.ifindex;
	return (true);
}

INLINE uint64_t
way_prepare(struct __sk_buff *skb, const struct sums *s, struct way *w)
{
	(void)skb;
	(void)s;
	(void)w;
	return (0);
}

/*
 * As if the daemon had written the packet to the device: without mark and
 * priority. An Ethernet header, if there is one, says the protocol as well.
 */
INLINE int
way_take(struct __sk_buff *skb, uint32_t l2, const struct way *w)
{
	const uint16_t type = (uint16_t)skb->protocol;

	if (l2 != 0 &&
	    bpf_skb_store_bytes(skb, l2 - sizeof(type), &type, sizeof(type),
		0) != 0)
		return (lose());
	skb->mark = 0;
	skb->priority = 0;
	return ((int)bpf_redirect(w->ifindex, BPF_F_INGRESS));
}

SEC("tc")
int
fast_translate(struct __sk_buff *skb)
{
	return (translate(skb, 0));
}

/* For packets with an Ethernet header. */
SEC("tc")
int
fast_translate_ether(struct __sk_buff *skb)
{
	return (translate(skb, ETH_HLEN));
}

/* The one that is attached. */
SEC("tc")
int
fast_enter(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &programs, 0);
	return (PASS);
}

char licence[] SEC("license") = "ISC";
