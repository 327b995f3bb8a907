/*
 * What the program of the fast path (fastpath.bpf.c) and the daemon
 * (fastpath_linux.c) share: the table of flows, pairs of addresses, and
 * settings. All
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
 * A stateless translator, each way: how many pairs of addresses are known at a
 * time, and the binary logarithm of the number of slots of their flows.
 */
#define FAST_PAIRS 32768
#define FAST_PAIR_SLOT_BITS 12
#define FAST_PAIR_SLOTS (2u << FAST_PAIR_SLOT_BITS)

/* addr_diff and port_diff: there is no difference. */
#define FAST_NO_DIFF 0xffff

/* The most interfaces that have a program of their own. */
#define FAST_MAX_IFS 16

/*
 * The keys: what a packet of the session looks like. proto: IPPROTO_TCP,
 * IPPROTO_UDP, or for echo messages IPPROTO_ICMPV6 and IPPROTO_ICMP; then the
 * identifier is in the place of the IPv6 host's port, and the other port is 0.
 * Unused bytes are 0, see fast_tag().
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
 * The hash of a key, NH with secret keys multiplied by a secret odd number, as
 * keyhash.h has it: nobody can choose sessions that meet in the same place.
 */
#define FAST_NKEYS 10

struct fast_hash {
	uint64_t spread __attribute__((aligned(8))); /* odd; so on i386, too */
	uint32_t keys[FAST_NKEYS];
	uint32_t n_homes; /* of the table */
};

/*
 * The table of flows: each session is in two slots, one for the packets of
 * either side. A slot is one cache line, and all that a packet reads and notes.
 *
 * A key is in one of the FAST_WINDOW slots from its home on, fast_home6() or
 * fast_home4(). The bytes of "here" of the home, from the lowest on, say how
 * many slots further keys of this home are, plus one; 0: no more
 * (fasttable.h).
 *
 * state: FAST_KIND_MASK says what the key is, 0: the slot is empty; from
 * FAST_ID_SHIFT on, the counter of identifications; the rest is another number
 * for each key that the slot gets. The daemon writes a slot while it is empty,
 * and state last. The program reads state first and last: if it is the same,
 * all that it read in between belongs to one session.
 *
 * Addresses and ports are those of struct fastflow (fastflow.h), in slots of
 * both sides. ack and last: acknowledgment number and time of the last packet
 * of this side, in host order; last is the monotonic time in units of
 * 2^FAST_LAST_SHIFT ns, 0: there was none. passed: when a packet was left to
 * the daemon that later ones have to follow, or when the slot became empty, in
 * units of 2^FAST_PASSED_SHIFT ns; 0: there was none.
 */
struct fast_slot {
	uint32_t state;
	uint32_t here;
	uint32_t ack;
	uint32_t last;
	uint32_t in6[4];
	uint32_t peer6[4];
	uint32_t out4;
	uint32_t peer4;
	uint16_t in_port;
	uint16_t out_port;
	uint16_t peer_port;
	uint16_t passed;
};

#define FAST_LAST_SHIFT 20   /* 1 ms; the 32 bits last for 52 days */
#define FAST_PASSED_SHIFT 25 /* 34 ms; the 16 bits last for 36 minutes */

#define FAST_WINDOW 255
#define FAST_PER_HOME 4 /* keys of a home, at most */

#define FAST_KIND_MASK 7u
#define FAST_FROM6 4u /* the key is that of packets from IPv6 */
#define FAST_TCP 1u
#define FAST_UDP 2u
#define FAST_ICMP 3u
#define FAST_ID_SHIFT 3
#define FAST_SEQ_SHIFT 14

/* One step of NH: words i and i + 1. */
static inline __attribute__((always_inline)) uint64_t
fast_step(const struct fast_hash *h, unsigned i, uint32_t a, uint32_t b)
{
	return ((uint64_t)(a + h->keys[i]) * (uint32_t)(b + h->keys[i + 1]));
}

static inline __attribute__((always_inline)) uint32_t
fast_spread(const struct fast_hash *h, uint64_t sum)
{
	return (
	    (uint32_t)((((sum ^ sum >> 32) * h->spread) >> 32) * h->n_homes >>
		32));
}

static inline __attribute__((always_inline)) uint32_t
fast_home6(const struct fast_hash *h, const struct fast_key6 *k)
{
	return (fast_spread(h,
	    fast_step(h, 0, k->src[0], k->src[1]) +
		fast_step(h, 2, k->src[2], k->src[3]) +
		fast_step(h, 4, k->dst[0], k->dst[1]) +
		fast_step(h, 6, k->dst[2], k->dst[3]) +
		fast_step(h, 8, (uint32_t)k->sport << 16 | k->dport,
		    k->proto)));
}

static inline __attribute__((always_inline)) uint32_t
fast_home4(const struct fast_hash *h, const struct fast_key4 *k)
{
	return (fast_spread(h,
	    fast_step(h, 0, k->src, k->dst) +
		fast_step(h, 2, (uint32_t)k->sport << 16 | k->dport,
		    k->proto)));
}

/* A monotonic time as "last" and "passed" have it; neither is 0. */
static inline __attribute__((always_inline)) uint32_t
fast_last(int64_t now)
{
	const uint32_t units = (uint32_t)((uint64_t)now >> FAST_LAST_SHIFT);

	return (units == 0 ? 1 : units);
}

static inline __attribute__((always_inline)) uint16_t
fast_passed(int64_t now)
{
	const uint16_t units = (uint16_t)((uint64_t)now >> FAST_PASSED_SHIFT);

	return (units == 0 ? 1 : units);
}

/*
 * The pairs of addresses of a stateless translator (fastpath_pair.bpf.h), by
 * what a packet looks like. Unused bytes are 0, because the kernel compares all
 * of them. Nothing but the addresses changes.
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

/* tag: fast_pair_tag(); the others as in struct fast_value6 (fastpath_base). */
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

/* A number that tells keys apart. size: of the key, a multiple of 8. */
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
 * The tag of a pair, which tells it from other pairs, and from what it was in
 * an earlier configuration. The kernel reuses the memory of an entry that was
 * deleted at once, also while the program reads it on another processor. The
 * tag is the first word of a value, so it is the first that is overwritten; the
 * program reads it last, and if it is still that of its key, all that it read
 * before belongs to this key.
 */
static inline uint64_t
fast_pair_tag(const void *key, unsigned size, uint32_t generation)
{
	return (fast_tag(key, size) + generation * 0xd6e8feb86659fd93u);
}

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
	uint32_t weak_order;	    /* this processor may reorder loads */
	struct fast_hash hash;
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
