/*
 * What all files of the programs of the fast path need (the head of
 * fastpath.bpf.c explains them): the maps, headers, keys and notes. Where a
 * packet comes from and goes to is known to the file that includes this in the
 * end, fastpath.bpf.c or fastpath_if.bpf.c. Both programs have the same maps.
 */
#ifndef NAT64D_OS_FASTPATH_BASE_BPF_H
#define NAT64D_OS_FASTPATH_BASE_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "fastpath_abi.h"

/* To the next filter of the device, and at last to the daemon. */
#define PASS TC_ACT_UNSPEC

#define IP4_HLEN 20
#define IP6_HLEN 40
#define IP4_MAX_LEN 65535
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_NO_DF 0xbfff /* fragment offset, MF and the reserved bit */

/* An IPv4 packet of more bytes gets DF = 1 (RFC 7915, 5.1). */
#define DF_ABOVE 1260

/*
 * For so long the packets of a session follow one that went to the daemon, in
 * units of a slot's "passed": a second.
 */
#define PASSED_UNITS 31

#define INLINE static __always_inline

/* The daemon sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, struct fast_slot);
	__uint(max_entries, 1);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, uint32_t);
	__type(value, struct fast_count);
	__uint(max_entries, 1);
} counts SEC(".maps");

/* Mapped into the daemon. Writing of the one does not slow down the other. */
struct fast_settings settings;
uint32_t ids[FAST_NIDS] __attribute__((aligned(64)));

/* The L4 header of a packet, and sizes. */
struct l4 {
	uint32_t len;	 /* from the L4 header to the end of the packet */
	uint32_t wire;	 /* the same of its largest segment */
	uint32_t n_segs; /* 1: no super-packet */
	uint32_t ack;	 /* TCP: acknowledgment number, host order */
	uint16_t sport;
	uint16_t dport;
	uint16_t cksum;
	uint8_t proto;
};

/*
 * What the packets of a flow become. addr_sum: of the addresses that they come
 * with. addr_diff and port_diff: what is to be added to the sum that the
 * checksum covers (RFC 1624, eqn. 3: ~m + m') because of the addresses and of
 * the ports, folded, as it is in memory. Neither is 0, as 0xffff is the same
 * number. For echo messages addr_diff is because of the IPv6 addresses alone,
 * as ICMP has no pseudo header; and it leaves out the rest of that of ICMPv6.
 * slot: where it is in the table, and its state.
 */
struct fast_value6 {
	uint32_t src;
	uint32_t dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t slot;
	uint32_t state;
	uint16_t addr_diff;
	uint16_t port_diff;
	uint16_t addr_sum;
	uint16_t id_counter; /* < FAST_NIDS */
};

struct fast_value4 {
	uint32_t src[4];
	uint32_t dst[4];
	uint16_t sport;
	uint16_t dport;
	uint32_t slot;
	uint32_t state;
	uint16_t addr_diff;
	uint16_t port_diff;
	uint16_t addr_sum;
};

/* How the addresses and ports change a checksum. */
struct sums {
	uint16_t addr_diff;
	uint16_t port_diff;
	uint16_t addr_sum;
};

/* The headers as they are written: IP, and the ports behind it. */
struct head4 {
	struct iphdr ip;
	uint16_t sport;
	uint16_t dport;
};

struct head6 {
	uint32_t first; /* version, traffic class, flow label */
	uint16_t len;
	uint8_t next;
	uint8_t hlim;
	uint32_t src[4];
	uint32_t dst[4];
	uint16_t sport;
	uint16_t dport;
};

/*
 * Make the headers readable through skb->data: those of TCP end at tcp_end and
 * those of UDP before it, at udp_end. Both are constants, because a process
 * without CAP_PERFMON may not load a program that adds variables to pointers.
 */
INLINE void
pull(struct __sk_buff *skb, uint32_t udp_end, uint32_t tcp_end)
{
	const void *data = (void *)(long)skb->data;

	if (data + tcp_end <= (void *)(long)skb->data_end)
		return;
	if (skb->len >= tcp_end)
		(void)bpf_skb_pull_data(skb, tcp_end);
	else if (data + udp_end > (void *)(long)skb->data_end)
		(void)bpf_skb_pull_data(skb, skb->len);
}

INLINE struct fast_count *
count(void)
{
	const uint32_t zero = 0;

	return (bpf_map_lookup_elem(&counts, &zero));
}

/* Where a packet goes when it has been translated. */
struct way {
	uint32_t ifindex;
	/* The rest is only in fastpath_if.bpf.c. */
	struct bpf_redir_neigh next;
	uint16_t macs[ETH_ALEN]; /* of the Ethernet header: to, from */
	bool summed;		 /* see way_prepare() */
};

/*
 * To be defined by the file that includes this. way_find6() and way_find4() are
 * called for a packet from IPv6 or IPv4 that is still as it came, and say where
 * its translation, with this TOS or traffic class, is to go; false: pass the
 * packet on. way_prepare() is called before the IP header and the ports are
 * written, and returns flags of bpf_skb_store_bytes() for that. way_take()
 * sends the translation there. l2: bytes before the IP header.
 */
INLINE bool way_find6(struct __sk_buff *skb, const struct fast_value6 *v,
    const struct l4 *l, uint8_t tos, struct way *w);
INLINE bool way_find4(struct __sk_buff *skb, const struct fast_value4 *v,
    const struct l4 *l, uint8_t tclass, struct way *w);
INLINE uint64_t way_prepare(struct __sk_buff *skb, const struct sums *s,
    struct way *w);
INLINE int way_take(struct __sk_buff *skb, uint32_t l2, const struct way *w);

/* The packet is half translated: nobody can do anything with it. */
INLINE int
lose(void)
{
	struct fast_count *c = count();

	if (c != NULL)
		c->failed++;
	return (TC_ACT_SHOT);
}

INLINE uint16_t
fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return ((uint16_t)((sum >> 16) + sum));
}

INLINE uint32_t
state_of(const struct fast_slot *s)
{
	return (*(const volatile uint32_t *)&s->state);
}

/*
 * Note the packet in its slot, unless that is another session's by now. What
 * has not changed is not written, to spare other processors.
 */
INLINE void
take_note(const struct l4 *l, uint32_t slot, uint32_t state, int64_t now)
{
	const uint32_t last = fast_last(now);
	struct fast_slot *s = bpf_map_lookup_elem(&flows, &slot);

	if (s == NULL || state_of(s) != state)
		return;
	if (s->last != last)
		s->last = last;
	if (s->ack != l->ack)
		s->ack = l->ack;
}

INLINE uint16_t
header_cksum(const struct iphdr *ip)
{
	uint32_t words[IP4_HLEN / 4];
	uint64_t sum;

	__builtin_memcpy(words, ip, sizeof(words));
	sum = (uint64_t)words[0] + words[1] + words[2] + words[3] + words[4];
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ((uint16_t)~sum);
}

INLINE uint8_t
tos_of(uint8_t tclass)
{
	return (
	    settings.tos == FAST_TOS_COPY ? tclass : (uint8_t)settings.tos);
}

INLINE uint8_t
tclass_of(uint8_t tos)
{
	return (settings.tclass_zero != 0 ? 0 : tos);
}

/* RFC 7915, 5.1. */
INLINE void
make_head4(struct head4 *h, const struct fast_value6 *v, const struct l4 *l,
    uint8_t tos, uint8_t hlim)
{
	const uint32_t len = IP4_HLEN + l->wire;
	uint32_t id;

	id = __sync_fetch_and_add(&ids[v->id_counter % FAST_NIDS], l->n_segs);
	h->ip.version = 4;
	h->ip.ihl = IP4_HLEN / 4;
	h->ip.tos = tos;
	h->ip.tot_len = bpf_htons((uint16_t)(IP4_HLEN + l->len));
	h->ip.id = bpf_htons((uint16_t)id);
	h->ip.frag_off = len > DF_ABOVE ? bpf_htons(IP4_DF) : 0;
	h->ip.ttl = hlim - 1;
	h->ip.protocol = l->proto;
	h->ip.check = 0;
	h->ip.saddr = v->src;
	h->ip.daddr = v->dst;
	h->ip.check = header_cksum(&h->ip);
	h->sport = v->sport;
	h->dport = v->dport;
}

/* RFC 7915, 4.1. */
INLINE void
make_head6(struct head6 *h, const struct fast_value4 *v, const struct l4 *l,
    uint8_t tclass, uint8_t ttl)
{
	h->first = bpf_htonl(6u << 28 | (uint32_t)tclass << 20);
	h->len = bpf_htons((uint16_t)l->len);
	h->next = l->proto;
	h->hlim = ttl - 1;
	__builtin_memcpy(h->src, v->src, sizeof(h->src));
	__builtin_memcpy(h->dst, v->dst, sizeof(h->dst));
	h->sport = v->sport;
	h->dport = v->dport;
}

/*
 * Write the headers, hlen bytes at h, in place of the IP header and what
 * follows it, count the packet, which came from IPv6 or from IPv4, and send it.
 */
INLINE int
finish(struct __sk_buff *skb, uint32_t l2, const struct l4 *l,
    const struct sums *s, const void *h, uint32_t hlen, bool from6,
    struct way *w)
{
	const uint32_t len = l->len;
	const uint64_t flags = way_prepare(skb, s, w);
	struct fast_count *c;

	if (bpf_skb_store_bytes(skb, l2, h, hlen, flags) != 0)
		return (lose());
	c = count();
	if (c != NULL && from6) {
		c->packets6++;
		c->bytes6 += IP6_HLEN + len;
	} else if (c != NULL) {
		c->packets4++;
		c->bytes4 += IP4_HLEN + len;
	}
	return (way_take(skb, l2, w));
}

/* Will it fit the other side (xlat_fit.c)? */
INLINE bool
fits4(const struct l4 *l)
{
	return (IP4_HLEN + l->wire <= settings.mtu4);
}

INLINE bool
fits6(const struct l4 *l, bool df)
{
	const uint32_t len = IP6_HLEN + l->wire;

	return (len <= settings.mtu6 && (df || len <= settings.lowest_mtu6));
}

/* All that was read before this is older than what is read after it. */
INLINE void
read_barrier(void)
{
	uint64_t word = 0;

	barrier();
	/* The kernel makes this an instruction that orders all others. */
	if (settings.weak_order != 0)
		(void)__sync_lock_test_and_set(&word, 1);
	barrier();
}

/* ~m + m' of two sums. */
INLINE uint16_t
diff_of(uint16_t old, uint16_t new)
{
	const uint16_t d = fold((uint16_t)~old + (uint32_t) new);

	return (d == 0 ? 0xffff : d);
}

INLINE uint16_t
sum6_of(const uint32_t a[4], const uint32_t b[4])
{
	uint64_t sum =
	    (uint64_t)a[0] + a[1] + a[2] + a[3] + b[0] + b[1] + b[2] + b[3];

	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (fold((uint32_t)sum));
}

/* What a checksum covers of the IPv4 addresses: of ICMP nothing. */
INLINE uint16_t
sum4_of(uint32_t kind, uint32_t a, uint32_t b)
{
	if (kind == FAST_ICMP)
		return (0);
	return (fold((a >> 16) + (a & 0xffff) + (b >> 16) + (b & 0xffff)));
}

INLINE uint32_t
kind_of(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return (FAST_TCP);
	return (proto == IPPROTO_UDP ? FAST_UDP : FAST_ICMP);
}

INLINE bool
is_addr6(const uint32_t a[4], const uint32_t b[4])
{
	return (((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) |
		    (a[3] ^ b[3])) == 0);
}

/*
 * Is the key in slot i, now that its state is this? What is read of the slot
 * after this is of the key if the state is still the same then.
 */
INLINE bool
is_key6(uint32_t i, const struct fast_key6 *key, uint32_t *state)
{
	const struct fast_slot *s = bpf_map_lookup_elem(&flows, &i);

	if (s == NULL)
		return (false);
	*state = state_of(s);
	read_barrier();
	return (
	    (*state & FAST_KIND_MASK) == (FAST_FROM6 | kind_of(key->proto)) &&
	    is_addr6(s->in6, key->src) && is_addr6(s->peer6, key->dst) &&
	    s->in_port == key->sport && s->peer_port == key->dport);
}

INLINE bool
is_key4(uint32_t i, const struct fast_key4 *key, uint32_t *state)
{
	const struct fast_slot *s = bpf_map_lookup_elem(&flows, &i);

	if (s == NULL)
		return (false);
	*state = state_of(s);
	read_barrier();
	return ((*state & FAST_KIND_MASK) == kind_of(key->proto) &&
	    s->peer4 == key->src && s->out4 == key->dst &&
	    s->peer_port == key->sport && s->out_port == key->dport);
}

/* What packets of the key become, which is in slot i. */
INLINE bool
read_flow6(uint32_t i, const struct fast_key6 *key, struct fast_value6 *v)
{
	const struct fast_slot *s = bpf_map_lookup_elem(&flows, &i);

	if (s == NULL)
		return (false);
	v->src = s->out4;
	v->dst = s->peer4;
	v->sport = s->out_port;
	v->dport = s->peer_port;
	v->slot = i;
	v->addr_sum = sum6_of(key->src, key->dst);
	v->addr_diff =
	    diff_of(v->addr_sum, sum4_of(kind_of(key->proto), v->src, v->dst));
	v->port_diff = diff_of(key->sport, v->sport);
	v->id_counter = (v->state >> FAST_ID_SHIFT) % FAST_NIDS;
	read_barrier();
	return (state_of(s) == v->state);
}

INLINE bool
read_flow4(uint32_t i, const struct fast_key4 *key, struct fast_value4 *v)
{
	const struct fast_slot *s = bpf_map_lookup_elem(&flows, &i);

	if (s == NULL)
		return (false);
	__builtin_memcpy(v->src, s->peer6, sizeof(v->src));
	__builtin_memcpy(v->dst, s->in6, sizeof(v->dst));
	v->sport = s->peer_port;
	v->dport = s->in_port;
	v->slot = i;
	v->addr_sum = sum4_of(kind_of(key->proto), key->src, key->dst);
	v->addr_diff = diff_of(v->addr_sum, sum6_of(v->src, v->dst));
	v->port_diff = diff_of(key->dport, v->dport);
	read_barrier();
	return (state_of(s) == v->state);
}

/* Where the keys of a home are. */
INLINE uint32_t
here(uint32_t i)
{
	const struct fast_slot *s = bpf_map_lookup_elem(&flows, &i);

	return (s == NULL ? 0 : *(const volatile uint32_t *)&s->here);
}

/*
 * The slot of a key, a struct fast_key6 or fast_key4, whose home is *i: in *i,
 * with its state. False: there is none.
 */
INLINE bool
find_slot(const void *key, bool from6, uint32_t *i, uint32_t *state)
{
	const uint32_t home = *i;
	uint32_t list = here(home), n;

#pragma unroll
	for (n = 0; n < FAST_PER_HOME; n++, list >>= 8) {
		if ((list & 0xff) == 0)
			return (false);
		*i = home + (list & 0xff) - 1;
		if (from6 ? is_key6(*i, key, state) : is_key4(*i, key, state))
			return (true);
	}
	return (false);
}

/* The flow of a key; false: there is none. */
INLINE bool
find_flow6(const struct fast_key6 *key, struct fast_value6 *v)
{
	uint32_t i = fast_home6(&settings.hash, key);

	return (find_slot(key, true, &i, &v->state) && read_flow6(i, key, v));
}

INLINE bool
find_flow4(const struct fast_key4 *key, struct fast_value4 *v)
{
	uint32_t i = fast_home4(&settings.hash, key);

	return (find_slot(key, false, &i, &v->state) && read_flow4(i, key, v));
}

INLINE struct fast_key6
key6_of(const struct ipv6hdr *ip, uint8_t proto, uint16_t sport,
    uint16_t dport)
{
	struct fast_key6 key;

	__builtin_memcpy(key.src, &ip->saddr, sizeof(key.src));
	__builtin_memcpy(key.dst, &ip->daddr, sizeof(key.dst));
	key.sport = sport;
	key.dport = dport;
	key.proto = proto;
	__builtin_memset(key.zero, 0, sizeof(key.zero));
	return (key);
}

INLINE struct fast_key4
key4_of(const struct iphdr *ip, uint8_t proto, uint16_t sport, uint16_t dport)
{
	struct fast_key4 key;

	key.src = ip->saddr;
	key.dst = ip->daddr;
	key.sport = sport;
	key.dport = dport;
	key.proto = proto;
	__builtin_memset(key.zero, 0, sizeof(key.zero));
	return (key);
}

#endif
