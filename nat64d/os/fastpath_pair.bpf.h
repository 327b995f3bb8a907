/*
 * What the programs of the fast path know of a stateless translator, "mode
 * clat" and "mode siit" (nat64d/core/nat64_siit.h): pairs of addresses, instead
 * of sessions.
 *
 * How such a translator changes the addresses of TCP, UDP and echo messages
 * follows from the addresses and the configuration alone, and nothing about it
 * is remembered. So the daemon tells the program what it has made of a pair of
 * addresses, for each direction and protocol by itself, and the program does
 * the same with all plain packets between them, whatever their ports are; SYN,
 * FIN and RST as well. It could find the addresses itself, in tries with the
 * prefixes and mappings. But then the rules about them (RFC 7757, 3.3 and
 * 4.2.1; hairpins; addresses that no host has; the Well-Known Prefix and
 * private addresses; our own addresses) would be written twice, for two
 * machines, and every change of one would have to be proved to be that of the
 * other. This way nothing is decided here, and the lookup takes the same time
 * with one mapping and with ten thousand.
 *
 * Nothing has to be taken back. An entry is true as long as the configuration
 * is: each has the number of it in its tag (fast_pair_tag()), and with the next
 * number, which the daemon writes when addresses change, all of them are void
 * at once, before the daemon handles another packet. Those of which nothing
 * was seen for the longest time give way to new ones (LRU), so the memory is
 * bounded: FAST_PAIRS each way, 112 bytes an entry, allocated at the start. A
 * pair that was driven out is translated by the daemon, which tells of it again
 * (nat64d/core/nat64_pair.h has when).
 *
 * The order of packets is kept as it is for sessions, by is_for_daemon(). As
 * there is no session in the table of flows, a flow has the slot there with the
 * number of its hash, for "passed" alone. Flows with the same number wait for
 * each other's packets, a second at most.
 */
#ifndef NAT64D_OS_FASTPATH_PAIR_BPF_H
#define NAT64D_OS_FASTPATH_PAIR_BPF_H

#include "fastpath_base.bpf.h"

/* No slot has it: nothing is noted of packets. */
#define NO_STATE UINT32_MAX

/* Set before the program is loaded: pairs, or sessions. */
const volatile bool stateless;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct fast_pair_key6);
	__type(value, struct fast_pair6);
	__uint(max_entries, 1);
} pairs6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct fast_pair_key4);
	__type(value, struct fast_pair4);
	__uint(max_entries, 1);
} pairs4 SEC(".maps");

/* Was all that was read by now of this key, and of this configuration? */
INLINE bool
is_of_pair(const uint64_t *tag, const void *key, unsigned size)
{
	barrier();
	return (*(const volatile uint64_t *)tag ==
	    fast_pair_tag(key, size, settings.generation));
}

/*
 * The slot of a flow, less than FAST_PAIR_SLOTS / 2; key: of it. The ports are
 * in the last bytes of a key, so in the lowest bits of the tag.
 */
INLINE uint32_t
pair_slot(const void *key, unsigned size)
{
	return ((uint32_t)(fast_tag(key, size) * 0x9e3779b97f4a7c15u >>
	    (64 - FAST_PAIR_SLOT_BITS)));
}

INLINE bool
find_pair6(const struct fast_key6 *key, struct fast_value6 *v)
{
	const struct fast_pair6 *found;
	struct fast_pair_key6 pair;

	__builtin_memset(&pair, 0, sizeof(pair));
	__builtin_memcpy(pair.src, key->src, sizeof(pair.src));
	__builtin_memcpy(pair.dst, key->dst, sizeof(pair.dst));
	pair.proto = key->proto;
	found = bpf_map_lookup_elem(&pairs6, &pair);
	if (found == NULL)
		return (false);
	v->src = found->src;
	v->dst = found->dst;
	v->addr_diff = found->addr_diff;
	v->addr_sum = found->addr_sum;
	v->id_counter = found->id_counter;
	if (!is_of_pair(&found->tag, &pair, sizeof(pair)))
		return (false);
	v->sport = key->sport;
	v->dport = key->dport;
	v->port_diff = FAST_NO_DIFF;
	v->slot = pair_slot(key, sizeof(*key));
	v->state = NO_STATE;
	return (true);
}

INLINE bool
find_pair4(const struct fast_key4 *key, struct fast_value4 *v)
{
	const struct fast_pair4 *found;
	struct fast_pair_key4 pair;

	__builtin_memset(&pair, 0, sizeof(pair));
	pair.src = key->src;
	pair.dst = key->dst;
	pair.proto = key->proto;
	found = bpf_map_lookup_elem(&pairs4, &pair);
	if (found == NULL)
		return (false);
	__builtin_memcpy(v->src, found->src, sizeof(v->src));
	__builtin_memcpy(v->dst, found->dst, sizeof(v->dst));
	v->addr_diff = found->addr_diff;
	v->addr_sum = found->addr_sum;
	if (!is_of_pair(&found->tag, &pair, sizeof(pair)))
		return (false);
	v->sport = key->sport;
	v->dport = key->dport;
	v->port_diff = FAST_NO_DIFF;
	v->slot = FAST_PAIR_SLOTS / 2 + pair_slot(key, sizeof(*key));
	v->state = NO_STATE;
	return (true);
}

/* What becomes of packets with this key; false: it is not known here. */
INLINE bool
find6(const struct fast_key6 *key, struct fast_value6 *v)
{
	return (stateless ? find_pair6(key, v) : find_flow6(key, v));
}

INLINE bool
find4(const struct fast_key4 *key, struct fast_value4 *v)
{
	return (stateless ? find_pair4(key, v) : find_flow4(key, v));
}

#endif
