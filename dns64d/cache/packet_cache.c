/*
 * The table is that of lru.h, keyed by SipHash, so that nobody can choose
 * names that collide. The order of use has the accuracy of a second.
 */
#include <stdlib.h>
#include <string.h>

#include "packet_cache.h"
#include "dns64d/wire/wire.h"

#define BYTES_PER_BUCKET 256 /* about the size of an answer */
#define PACKET_CACHE_LEAST 4 /* an answer may take 1/4 of all memory */

/* Bits in the flags of a key, which have no QR and AA. */
#define FLAG_DO MSG_QR
#define FLAG_EDNS MSG_AA

#define TTL_OFFSET 6 /* of the TTL field, before the RDATA */

/* The key without the name; it has no padding, since it is hashed. */
struct fixed_key {
	uint16_t flags;
	uint16_t type;
	uint16_t class;
	uint16_t policy;
};

struct key {
	struct fixed_key fixed;
	uint8_t name[MSG_NAME_MAX]; /* lower case */
	uint8_t name_len;	    /* this and hash are not hashed */
	uint64_t hash;
};

struct answer {
	struct lru_link link; /* first */
	uint32_t hash;
	uint32_t secs;	/* when the TTLs in data were counted down last */
	uint32_t until; /* the second at which it expires */
	struct fixed_key key;
	struct packet_cache_note note;
	uint16_t len;
	uint16_t limit;
	uint16_t epoch; /* when it was kept */
	uint16_t n_ttls;
	uint8_t name_len;
	/* The message, its name in lower case; then two octets for each TTL:
	 * its offset. */
	uint8_t data[];
};

struct packet_cache {
	struct siphash_key key;
	struct lru lru;
	uint16_t epoch; /* counts flushes */
};

static struct answer *
answer_of(struct lru_link *link)
{
	return ((struct answer *)link);
}

static size_t
answer_size(const struct lru_link *link)
{
	const struct answer *e = (const struct answer *)link;

	return (
	    sizeof(*e) + e->len + 2 * (size_t)e->n_ttls + LRU_MALLOC_OVERHEAD);
}

static void
free_answer(struct lru_link *link)
{
	free(link);
}

struct packet_cache *
packet_cache_new(size_t bytes, const struct siphash_key *key)
{
	struct packet_cache *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->key = *key;
	if (lru_init(&a->lru, bytes, BYTES_PER_BUCKET, answer_size,
		free_answer) == -1) {
		free(a);
		return (NULL);
	}
	return (a);
}

void
packet_cache_close(struct packet_cache *a)
{
	a->lru.closed = true;
}

bool
packet_cache_free_some(struct packet_cache *a, unsigned max)
{
	return (lru_free_some(&a->lru, max));
}

void
packet_cache_free(struct packet_cache *a)
{
	if (a == NULL)
		return;
	lru_clear(&a->lru);
	free(a);
}

/* Wraps after 136 years of uptime. */
static uint32_t
secs_of(struct monotime t)
{
	return ((uint32_t)(t.ns / 1000000000));
}

static void
make_key(const struct packet_cache *a, const struct packet_cache_query *q,
    struct key *k)
{
	const struct msg_scan *m = q->scan;
	const uint8_t *name = m->wire + MSG_HEADER_LEN;
	size_t i;

	k->fixed.flags = m->flags & (MSG_RD | MSG_Z | MSG_AD | MSG_CD);
	if (m->dnssec_ok)
		k->fixed.flags |= FLAG_DO;
	if (m->opt != 0)
		k->fixed.flags |= FLAG_EDNS;
	k->fixed.type = m->qtype;
	k->fixed.class = m->qclass;
	k->fixed.policy = q->policy;
	for (i = 0; i < m->qname_len; i++)
		k->name[i] = name_lower(name[i]);
	k->name_len = (uint8_t)m->qname_len;
	k->hash = siphash24(&a->key, k, sizeof(k->fixed) + m->qname_len);
}

static struct answer *
find_answer(const struct packet_cache *a, const struct key *k)
{
	struct answer *e;
	struct lru_link *link;

	LIST_FOREACH(link, lru_bucket(&a->lru, k->hash), chain) {
		e = answer_of(link);
		if (e->hash == (uint32_t)k->hash &&
		    memcmp(&e->key, &k->fixed, sizeof(e->key)) == 0 &&
		    e->name_len == k->name_len &&
		    memcmp(e->data + MSG_HEADER_LEN, k->name, k->name_len) ==
			0)
			return (e);
	}
	return (NULL);
}

/* Count the TTLs down to secs, which is not e->secs, and note the use. */
static void
age(struct packet_cache *a, struct answer *e, uint32_t secs)
{
	const uint8_t *offsets = e->data + e->len;
	uint32_t by = secs - e->secs;
	uint8_t *ttl;
	unsigned i;

	for (i = 0; i < e->n_ttls; i++) {
		ttl = e->data + get16(offsets + 2 * (size_t)i);
		put32(ttl, get32(ttl) - by);
	}
	e->secs = secs;
	lru_use(&a->lru, &e->link);
}

size_t
packet_cache_find(struct packet_cache *a, const struct packet_cache_query *q,
    struct monotime now, uint8_t *buf, struct packet_cache_note *note)
{
	uint32_t secs = secs_of(now);
	struct answer *e;
	struct key k;

	if (lru_is_off(&a->lru))
		return (0);
	make_key(a, q, &k);
	if ((e = find_answer(a, &k)) == NULL)
		return (0);
	if (secs >= e->until || e->epoch != a->epoch) {
		lru_remove(&a->lru, &e->link);
		return (0);
	}
	if (e->len > q->limit || q->limit > e->limit)
		return (0);
	if (secs != e->secs)
		age(a, e, secs);
	memcpy(buf, e->data, e->len);
	put16(buf, q->scan->id);
	memcpy(buf + MSG_HEADER_LEN, q->scan->wire + MSG_HEADER_LEN,
	    k.name_len);
	*note = e->note;
	return (e->len);
}

/*
 * Count the TTLs and lower *lowest to the lowest. offsets: NULL, or room for
 * the offset of each, in two octets.
 */
static unsigned
list_ttls(const struct msg_scan *m, uint8_t *offsets, uint32_t *lowest)
{
	struct msg_rr rr;
	unsigned section, n = 0;

	for (section = MSG_ANSWER; section < MSG_N_SECTIONS; section++) {
		rr.msg = NULL;
		while (msg_rr_next(m, section, &rr)) {
			if (rr.type == MSG_T_OPT)
				continue;
			if (rr.ttl < *lowest)
				*lowest = rr.ttl;
			if (offsets != NULL)
				put16(offsets + 2 * (size_t)n,
				    (uint16_t)(rr.rdata - TTL_OFFSET));
			n++;
		}
	}
	return (n);
}

/* Allocate an answer. NULL when it is too large, or memory is short. */
static struct answer *
new_answer(const struct packet_cache *a, const struct key *k,
    const struct msg_scan *m, unsigned n_ttls)
{
	struct answer *e;
	size_t size = sizeof(*e) + m->len + 2 * (size_t)n_ttls;

	if (size + LRU_MALLOC_OVERHEAD >
		a->lru.bytes_max / PACKET_CACHE_LEAST ||
	    (e = malloc(size)) == NULL)
		return (NULL);
	e->hash = (uint32_t)k->hash;
	e->key = k->fixed;
	e->name_len = k->name_len;
	e->len = (uint16_t)m->len;
	e->n_ttls = (uint16_t)n_ttls;
	memcpy(e->data, m->wire, m->len);
	memcpy(e->data + MSG_HEADER_LEN, k->name, k->name_len);
	return (e);
}

void
packet_cache_keep(struct packet_cache *a, const struct packet_cache_query *q,
    struct monotime now, struct monotime until, const uint8_t *wire,
    size_t len, const struct packet_cache_note *note)
{
	uint32_t secs = secs_of(now), life = PACKET_CACHE_LIFE_SECS;
	struct answer *e, *old;
	struct msg_scan m;
	struct key k;
	unsigned n;

	if (lru_is_off(&a->lru) || msg_scan(wire, len, &m) != MSG_SCAN_OK ||
	    m.qname_len != q->scan->qname_len || (m.flags & MSG_TC) != 0)
		return;
	n = list_ttls(&m, NULL, &life);
	if (secs_of(until) < secs + life)
		life = until.ns < now.ns ? 0 : secs_of(until) - secs;
	if (life == 0)
		return;
	make_key(a, q, &k);
	if ((old = find_answer(a, &k)) != NULL) {
		/* Keep the one that serves larger limits. */
		if (secs < old->until && old->epoch == a->epoch &&
		    old->limit > q->limit)
			return;
		lru_remove(&a->lru, &old->link);
	}
	if ((e = new_answer(a, &k, &m, n)) == NULL)
		return;
	e->secs = secs;
	e->until = secs + life;
	e->limit = (uint16_t)q->limit;
	e->epoch = a->epoch;
	e->note = *note;
	list_ttls(&m, e->data + len, &life);
	lru_insert(&a->lru, k.hash, &e->link);
}

void
packet_cache_flush(struct packet_cache *a)
{
	a->epoch++;
}

void
packet_cache_count(const struct packet_cache *a, struct lru_counts *out)
{
	*out = a->lru.counts;
}
