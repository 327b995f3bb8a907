#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fasttable.h"

/* A slot rests for so long, in units of fast_passed(): 0.13 s. */
#define REST 4

/* More homes than three for two keys: a small table has room for all. */
#define SPARE 4096

_Static_assert(sizeof(struct fast_slot) == 64, "slot: a cache line");
_Static_assert(FAST_WINDOW <= 0xff && FAST_PER_HOME == 4, "here: bytes");

uint32_t
fasttable_n_homes(uint32_t n)
{
	return (n + n / 2 + SPARE);
}

uint32_t
fasttable_n_slots(uint32_t n_homes)
{
	return (n_homes + FAST_WINDOW - 1);
}

uint32_t
fasttable_n_keys(uint64_t bytes)
{
	const uint64_t n_slots = bytes / sizeof(struct fast_slot);
	uint64_t n;

	if (n_slots < FAST_WINDOW + SPARE + 3)
		return (2);
	n = (n_slots - FAST_WINDOW - SPARE) / 3 * 2;
	return (n > FASTTABLE_MAX_KEYS ? FASTTABLE_MAX_KEYS : (uint32_t)n);
}

static uint8_t
proto_of(uint32_t kind)
{
	switch (kind & ~FAST_FROM6) {
	case FAST_TCP:
		return (IPPROTO_TCP);
	case FAST_UDP:
		return (IPPROTO_UDP);
	default:
		return (kind & FAST_FROM6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	}
}

static uint32_t
home_of(const struct fasttable *t, uint32_t kind, const struct fast_slot *s)
{
	struct fast_key6 k6;
	struct fast_key4 k4;

	if ((kind & FAST_FROM6) == 0) {
		k4 = (struct fast_key4){ .src = s->peer4,
			.dst = s->out4,
			.sport = s->peer_port,
			.dport = s->out_port,
			.proto = proto_of(kind) };
		return (fast_home4(t->hash, &k4));
	}
	k6 = (struct fast_key6){ .sport = s->in_port,
		.dport = s->peer_port,
		.proto = proto_of(kind) };
	memcpy(k6.src, s->in6, sizeof(k6.src));
	memcpy(k6.dst, s->peer6, sizeof(k6.dst));
	return (fast_home6(t->hash, &k6));
}

static bool
is_key(uint32_t kind, const struct fast_slot *a, const struct fast_slot *b)
{
	if ((kind & FAST_FROM6) == 0)
		return (a->peer4 == b->peer4 && a->out4 == b->out4 &&
		    a->peer_port == b->peer_port &&
		    a->out_port == b->out_port);
	return (a->in_port == b->in_port && a->peer_port == b->peer_port &&
	    memcmp(a->in6, b->in6, sizeof(a->in6)) == 0 &&
	    memcmp(a->peer6, b->peer6, sizeof(a->peer6)) == 0);
}

uint32_t
fasttable_find(const struct fasttable *t, const struct fasttable_key *k)
{
	const uint32_t home = home_of(t, k->kind, &k->flow);
	const struct fast_slot *s;
	uint32_t list, at;

	for (list = t->slots[home].here; list != 0; list >>= 8) {
		at = home + (list & 0xff) - 1;
		s = &t->slots[at];
		if ((s->state & FAST_KIND_MASK) == k->kind &&
		    is_key(k->kind, s, &k->flow))
			return (at);
	}
	return (FASTTABLE_NONE);
}

/*
 * The first empty slot of a window that has rested, or else that which has
 * rested longest; FASTTABLE_NONE: there is none.
 */
static uint32_t
find_empty(const struct fasttable *t, uint32_t home, uint16_t now)
{
	uint32_t best = FASTTABLE_NONE, i;
	uint16_t longest = 0, rested;

	for (i = home; i < home + FAST_WINDOW; i++) {
		if ((t->slots[i].state & FAST_KIND_MASK) != 0)
			continue;
		rested = (uint16_t)(now - t->slots[i].passed);
		if (rested >= REST)
			return (i);
		if (best == FASTTABLE_NONE || rested > longest) {
			best = i;
			longest = rested;
		}
	}
	return (best);
}

/* Fill an empty slot: state is written when all else has been. */
static void
fill(struct fast_slot *s, const struct fasttable_key *k, uint16_t id_counter)
{
	const struct fast_slot *f = &k->flow;
	const uint32_t seq = (s->state >> FAST_SEQ_SHIFT) + 1;

	s->ack = 0;
	s->last = 0;
	s->passed = 0;
	memcpy(s->in6, f->in6, sizeof(s->in6));
	memcpy(s->peer6, f->peer6, sizeof(s->peer6));
	s->out4 = f->out4;
	s->peer4 = f->peer4;
	s->in_port = f->in_port;
	s->out_port = f->out_port;
	s->peer_port = f->peer_port;
	__atomic_store_n(&s->state,
	    seq << FAST_SEQ_SHIFT | (uint32_t)id_counter << FAST_ID_SHIFT |
		k->kind,
	    __ATOMIC_RELEASE);
}

/* How many keys the home has. */
static unsigned
n_here(const struct fast_slot *home)
{
	unsigned n;

	for (n = 0; n < FAST_PER_HOME && home->here >> 8 * n != 0; n++)
		;
	return (n);
}

/* The programs find it in the list of its home from now on, or not any more. */
static void
list_add(struct fast_slot *home, uint32_t distance)
{
	__atomic_store_n(&home->here,
	    home->here | (distance + 1) << 8 * n_here(home), __ATOMIC_RELEASE);
}

static void
list_remove(struct fast_slot *home, uint32_t distance)
{
	uint32_t list = 0, n = 0, i, byte;

	for (i = 0; i < FAST_PER_HOME; i++) {
		byte = home->here >> 8 * i & 0xff;
		if (byte != distance + 1)
			list |= byte << 8 * n++;
	}
	__atomic_store_n(&home->here, list, __ATOMIC_RELEASE);
}

uint32_t
fasttable_insert(struct fasttable *t, const struct fasttable_key *k,
    uint16_t id_counter, uint16_t now)
{
	const uint32_t home = home_of(t, k->kind, &k->flow);
	struct fast_slot *h = &t->slots[home];
	uint32_t at;

	if (fasttable_find(t, k) != FASTTABLE_NONE) {
		errno = EEXIST;
		return (FASTTABLE_NONE);
	}
	at = n_here(h) == FAST_PER_HOME ? FASTTABLE_NONE :
					  find_empty(t, home, now);
	if (at == FASTTABLE_NONE) {
		errno = ENOSPC;
		return (FASTTABLE_NONE);
	}
	fill(&t->slots[at], k, id_counter);
	list_add(h, at - home);
	return (at);
}

/*
 * A program that has begun to read the slot finds that state has changed: it is
 * written before whatever is written there next.
 */
void
fasttable_remove(struct fasttable *t, uint32_t at, uint16_t now)
{
	struct fast_slot *s = &t->slots[at];
	const uint32_t home = home_of(t, s->state & FAST_KIND_MASK, s);

	list_remove(&t->slots[home], at - home);
	__atomic_store_n(&s->state, s->state & ~FAST_KIND_MASK,
	    __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->passed = now;
}
