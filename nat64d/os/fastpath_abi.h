/*
 * What the program of the fast path (fastpath.bpf.c) and the daemon
 * (fastpath_linux.c) share: keys and values of the maps, and settings. All
 * addresses and ports are in network order, as they are in a packet.
 */
#ifndef NAT64D_OS_FASTPATH_ABI_H
#define NAT64D_OS_FASTPATH_ABI_H

#include <stdint.h>

/* As IPID_NCOUNTERS of ipid.h. */
#define FAST_NIDS 2048

/* For fast_settings.tos: copy the traffic class. */
#define FAST_TOS_COPY (-1)

/*
 * A stateless translator: how many pairs of addresses are known at a time, each
 * way, and the binary logarithm of the number of notes of flows.
 */
#define FAST_PAIRS 32768
#define FAST_PAIR_SLOT_BITS 12

/* addr_diff and port_diff: there is no difference. */
#define FAST_NO_DIFF 0xffff

/* The most interfaces that have a program of their own. */
#define FAST_MAX_IFS 16

/*
 * The keys: what a packet of the session looks like. Unused bytes are 0,
 * because the kernel compares all of them. proto: IPPROTO_TCP, IPPROTO_UDP, or
 * for echo messages IPPROTO_ICMPV6 and IPPROTO_ICMP; then the identifier is in
 * the place of the IPv6 host's port, and the other port is 0.
 */
struct fast_key6 {
	uint32_t src[4];
	uint32_t dst[4];
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t zero[3];
};

struct fast_key4 {
	uint32_t src;
	uint32_t dst;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t zero[3];
};

/*
 * The values: what it becomes. tag: fast_tag() of the key, see there. addr_sum:
 * of the addresses of the key. addr_diff and port_diff: what is to be added to
 * the sum that the checksum covers (RFC 1624, eqn. 3: ~m + m') because of the
 * addresses and of the ports, folded, as it is in memory. Neither is 0, as
 * 0xffff is the same number. For echo messages addr_diff is because of the IPv6
 * addresses alone, as ICMP has no pseudo header; and it leaves out the rest of
 * that of ICMPv6. slot: index of the notes.
 */
struct fast_value6 {
	uint64_t tag;
	uint32_t src;
	uint32_t dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t slot;
	uint16_t addr_diff;
	uint16_t port_diff;
	uint16_t addr_sum;
	uint16_t id_counter; /* < FAST_NIDS */
};

struct fast_value4 {
	uint64_t tag;
	uint32_t src[4];
	uint32_t dst[4];
	uint16_t sport;
	uint16_t dport;
	uint32_t slot;
	uint16_t addr_diff;
	uint16_t port_diff;
	uint16_t addr_sum;
	uint16_t zero;
};

/*
 * A number that tells the keys apart. The kernel reuses the memory of an entry
 * that was deleted at once, also while the program reads it on another
 * processor. The tag is the first word of a value, so it is the first that is
 * overwritten; the program reads it last, and if it is still that of its key,
 * all that it read before belongs to this key. size: of the key, a multiple of
 * 8.
 */
static inline uint64_t
fast_tag(const void *key, unsigned size)
{
	uint64_t tag = 0, word;
	unsigned i;

	for (i = 0; i < size; i += sizeof(word)) {
		__builtin_memcpy(&word, (const char *)key + i, sizeof(word));
		tag = tag * 0x9e3779b97f4a7c15u + word;
	}
	return (tag);
}

/*
 * The same of the pairs of addresses of a stateless translator
 * (fastpath_pair.bpf.h): nothing but the addresses changes.
 */
struct fast_pair_key6 {
	uint32_t src[4];
	uint32_t dst[4];
	uint8_t proto;
	uint8_t zero[7];
};

struct fast_pair_key4 {
	uint32_t src;
	uint32_t dst;
	uint8_t proto;
	uint8_t zero[7];
};

/* tag: fast_pair_tag(); the others as above. */
struct fast_pair6 {
	uint64_t tag;
	uint32_t src;
	uint32_t dst;
	uint16_t addr_diff;
	uint16_t addr_sum;
	uint16_t id_counter;
	uint16_t zero;
};

struct fast_pair4 {
	uint64_t tag;
	uint32_t src[4];
	uint32_t dst[4];
	uint16_t addr_diff;
	uint16_t addr_sum;
	uint32_t zero;
};

/*
 * The tag of a pair, which tells it from other pairs, and from what it was in
 * an earlier configuration.
 */
static inline uint64_t
fast_pair_tag(const void *key, unsigned size, uint32_t generation)
{
	return (fast_tag(key, size) + generation * 0xd6e8feb86659fd93u);
}

/* As struct fastnotes (fastflow.h), which includes what BPF does not have. */
struct fast_notes {
	int64_t last6;
	int64_t last4;
	uint32_t ack6;
	uint32_t ack4;
	uint32_t passed6; /* of the program alone, see is_for_daemon() */
	uint32_t passed4;
};

/* As struct xlat_conf (xlat.h) has them. */
struct fast_settings {
	uint32_t ifindex; /* of our device, where translated packets arrive */
	uint32_t mtu4;
	uint32_t mtu6;
	uint32_t lowest_mtu6;
	int32_t tos;
	uint32_t tclass_zero;
	uint32_t mss_clamp;
	uint32_t generation; /* stateless: of the addresses that are valid */
	uint32_t ifs[FAST_MAX_IFS]; /* indexes of the interfaces between which
				       packets go directly; the rest is 0 */
};

/* One for each processor. */
struct fast_count {
	uint64_t packets6;
	uint64_t bytes6;
	uint64_t packets4;
	uint64_t bytes4;
	uint64_t failed;
};

#endif
