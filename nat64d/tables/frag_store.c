/*
 * Storage of the fragment table: owns every datagram, source and held copy,
 * and is the only code that allocates, frees and counts them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"

#include "frag_store.h"

static int
datagram_cmp(const struct frag_datagram *a, const struct frag_datagram *b)
{
	return (memcmp(a->key, b->key, sizeof(a->key)));
}

static int
source_cmp(const struct frag_source *a, const struct frag_source *b)
{
	if (a->family != b->family)
		return (a->family < b->family ? -1 : 1);
	return (memcmp(&a->addr, &b->addr, sizeof(a->addr)));
}

RB_GENERATE_STATIC(frag_keys, frag_datagram, node, datagram_cmp)
RB_GENERATE_STATIC(frag_sources, frag_source, node, source_cmp)

/* The part of a limit that one side may use. */
static size_t
half(size_t limit)
{
	return (limit - limit / 2);
}

static struct frag_side *
side_of(struct frag_table *t, enum pkt_family family)
{
	return (&t->sides[family == PKT_V4 ? FRAG_SIDE4 : FRAG_SIDE6]);
}

struct frag_table *
frag_table_new(const struct frag_limits *limits)
{
	struct frag_table *t;
	size_t spans;

	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return (NULL);
	t->limits = *limits;
	RB_INIT(&t->keys);
	RB_INIT(&t->sources);
	TAILQ_INIT(&t->sides[FRAG_SIDE4].fifo);
	TAILQ_INIT(&t->sides[FRAG_SIDE6].fifo);
	spans = limits->per_datagram * sizeof(struct frag_span);
	slab_init(&t->datagram_slab, sizeof(struct frag_datagram) + spans,
	    FRAG_NSIDES * half(limits->max_datagrams));
	slab_init(&t->source_slab, sizeof(struct frag_source),
	    FRAG_NSIDES * half(limits->max_datagrams));
	return (t);
}

void
frag_table_free(struct frag_table *t)
{
	if (t == NULL)
		return;
	frag_flush(t);
	slab_clear(&t->datagram_slab);
	slab_clear(&t->source_slab);
	free(t);
}

void
frag_flush(struct frag_table *t)
{
	struct frag_datagram *d;
	unsigned i;

	for (i = 0; i < FRAG_NSIDES; i++)
		while ((d = TAILQ_FIRST(&t->sides[i].fifo)) != NULL)
			frag_store_remove(t, d, NAT64_NONE);
}

void
frag_keep(struct frag_table *t, frag_keep_fn keep, void *arg)
{
	struct frag_datagram *d, *next;
	unsigned i;

	for (i = 0; i < FRAG_NSIDES; i++)
		TAILQ_FOREACH_SAFE(d, &t->sides[i].fifo, entry, next)
			if (d->state == FRAG_PASSING &&
			    !keep(arg, d->family, &d->target))
				frag_store_remove(t, d, NAT64_NONE);
}

void
frag_table_set_drop(struct frag_table *t, frag_drop_fn drop, void *arg)
{
	t->drop = drop;
	t->drop_arg = arg;
}

size_t
frag_bytes(const struct frag_table *t)
{
	return (t->sides[FRAG_SIDE4].bytes + t->sides[FRAG_SIDE6].bytes);
}

size_t
frag_datagrams(const struct frag_table *t)
{
	return (t->datagram_slab.used);
}

/*
 * The key of IPv4 has the protocol (RFC 791, 3.2), that of IPv6 has not
 * (RFC 8200, 4.5).
 */
static void
make_key(uint8_t key[FRAG_KEYLEN], const struct pkt *p)
{
	memset(key, 0, FRAG_KEYLEN);
	put32(key, p->frag_id);
	key[4] = (uint8_t)p->family;
	if (p->family == PKT_V4) {
		key[5] = p->proto;
		memcpy(key + 6, &p->ip4.src, sizeof(p->ip4.src));
		memcpy(key + 22, &p->ip4.dst, sizeof(p->ip4.dst));
	} else {
		memcpy(key + 6, &p->ip6.src, sizeof(p->ip6.src));
		memcpy(key + 22, &p->ip6.dst, sizeof(p->ip6.dst));
	}
}

static void
make_source(struct frag_source *s, const struct pkt *p, unsigned len6)
{
	memset(s, 0, sizeof(*s));
	s->family = p->family;
	if (p->family == PKT_V4) {
		memcpy(&s->addr, &p->ip4.src, sizeof(p->ip4.src));
		return;
	}
	s->addr = addr6_prefix(&p->ip6.src, len6);
}

/* May the source have one more datagram? If not, nothing is evicted. */
static bool
source_has_room(struct frag_table *t, struct frag_source *key)
{
	const struct frag_source *s = RB_FIND(frag_sources, &t->sources, key);

	return ((s != NULL ? s->datagrams : 0) < t->limits.source_datagrams);
}

static struct frag_source *
get_source(struct frag_table *t, struct frag_source *key)
{
	struct frag_source *s;

	s = RB_FIND(frag_sources, &t->sources, key);
	if (s != NULL)
		return (s);
	s = slab_get(&t->source_slab);
	if (s == NULL)
		return (NULL);
	*s = *key;
	RB_INSERT(frag_sources, &t->sources, s);
	return (s);
}

static void
put_source(struct frag_table *t, struct frag_source *s)
{
	if (s->datagrams > 0)
		return;
	RB_REMOVE(frag_sources, &t->sources, s);
	slab_put(&t->source_slab, s);
}

/*
 * Remove the oldest datagram of a side except keep (may be NULL). Most are
 * complete within milliseconds, so that an old one is likely to time out.
 * Returns false when there is none.
 */
static bool
evict(struct frag_table *t, struct frag_side *side,
    const struct frag_datagram *keep)
{
	struct frag_datagram *d = TAILQ_FIRST(&side->fifo);

	if (d != NULL && d == keep)
		d = TAILQ_NEXT(d, entry);
	if (d == NULL)
		return (false);
	t->evicted += frag_store_remove(t, d, NAT64_FRAG_LIMIT);
	return (true);
}

static struct frag_datagram *
make_datagram(struct frag_table *t, const struct pkt *p, struct monotime now)
{
	struct frag_side *side = side_of(t, p->family);
	struct frag_datagram *d;
	struct frag_source key, *s;

	make_source(&key, p, t->limits.source6_len);
	if (!source_has_room(t, &key))
		return (NULL);
	if (side->datagrams >= half(t->limits.max_datagrams) &&
	    !evict(t, side, NULL))
		return (NULL);
	s = get_source(t, &key);
	if (s == NULL)
		return (NULL);
	d = slab_get(&t->datagram_slab);
	if (d == NULL) {
		put_source(t, s);
		return (NULL);
	}
	TAILQ_INIT(&d->held);
	d->source = s;
	d->family = p->family;
	d->expires = monotime_add_secs(now, t->limits.timeout_secs);
	make_key(d->key, p);
	s->datagrams++;
	side->datagrams++;
	RB_INSERT(frag_keys, &t->keys, d);
	TAILQ_INSERT_TAIL(&side->fifo, d, entry);
	return (d);
}

struct frag_datagram *
frag_store_get(struct frag_table *t, const struct pkt *p, struct monotime now,
    enum nat64_reason *reason)
{
	struct frag_datagram key, *d;

	make_key(key.key, p);
	d = RB_FIND(frag_keys, &t->keys, &key);
	if (d != NULL && monotime_reached(d->expires, now)) {
		t->late += frag_store_remove(t, d, NAT64_FRAG_TIMEOUT);
		d = NULL;
	}
	if (d == NULL)
		d = make_datagram(t, p, now);
	if (d == NULL)
		*reason = NAT64_FRAG_LIMIT;
	return (d);
}

unsigned
frag_store_remove(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason)
{
	struct frag_side *side = side_of(t, d->family);
	unsigned n;

	frag_store_release_out(t, d);
	n = frag_store_discard(t, d, reason);
	side->datagrams--;
	d->source->datagrams--;
	put_source(t, d->source);
	RB_REMOVE(frag_keys, &t->keys, d);
	TAILQ_REMOVE(&side->fifo, d, entry);
	slab_put(&t->datagram_slab, d);
	return (n);
}

static void
free_held(struct frag_table *t, struct frag_datagram *d, struct frag_held *h)
{
	side_of(t, d->family)->bytes -= h->size;
	d->source->bytes -= h->size;
	free(h);
}

enum nat64_reason
frag_store_hold(struct frag_table *t, struct frag_datagram *d,
    const struct pkt *p)
{
	const size_t size = sizeof(struct frag_held) + PKT_HEADROOM + p->len;
	const size_t max = half(t->limits.max_bytes);
	struct frag_side *side = side_of(t, d->family);
	struct frag_held *h;

	if (size > max || size > t->limits.source_bytes - d->source->bytes)
		return (NAT64_FRAG_LIMIT);
	while (size > max - side->bytes)
		if (!evict(t, side, d))
			return (NAT64_FRAG_LIMIT);
	h = malloc(size);
	if (h == NULL)
		return (NAT64_NO_MEMORY);
	side->bytes += size;
	d->source->bytes += size;
	h->size = size;
	h->pkt = *p;
	h->pkt.buf = h->buf;
	h->pkt.bufsize = PKT_HEADROOM + p->len;
	h->pkt.data = h->buf + PKT_HEADROOM;
	memcpy(h->pkt.data, p->data, p->len);
	TAILQ_INSERT_TAIL(&d->held, h, entry);
	return (NAT64_NONE);
}

unsigned
frag_store_discard(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason)
{
	struct frag_held *h;
	unsigned n = 0;

	while ((h = TAILQ_FIRST(&d->held)) != NULL) {
		TAILQ_REMOVE(&d->held, h, entry);
		if (reason != NAT64_NONE && t->drop != NULL)
			t->drop(t->drop_arg, &h->pkt, reason);
		free_held(t, d, h);
		n++;
	}
	return (n);
}

void
frag_store_release_out(struct frag_table *t, struct frag_datagram *d)
{
	if (d->out != NULL)
		free_held(t, d, d->out);
	d->out = NULL;
}

enum frag_fit
frag_store_fit(const struct frag_datagram *d, const struct frag_span *s,
    bool more)
{
	const struct frag_span *seen;
	bool overlaps;
	unsigned i;

	/* A span beyond the end contradicts the last fragment. */
	overlaps = d->end != 0 && (more ? s->end > d->end : s->end != d->end);
	for (i = 0; i < d->n_spans; i++) {
		seen = &d->spans[i];
		if (seen->off == s->off && seen->end == s->end)
			return (FRAG_DUPLICATE);
		if (seen->off < s->end && s->off < seen->end)
			overlaps = true;
		if (!more && seen->end > s->end)
			overlaps = true;
	}
	return (overlaps ? FRAG_OVERLAPS : FRAG_NEW);
}

bool
frag_store_note(const struct frag_table *t, struct frag_datagram *d,
    const struct frag_span *s, bool more)
{
	unsigned i;

	if (d->n_spans >= t->limits.per_datagram)
		return (false);
	for (i = d->n_spans; i > 0 && d->spans[i - 1].off > s->off; i--)
		d->spans[i] = d->spans[i - 1];
	d->spans[i] = *s;
	d->n_spans++;
	if (!more)
		d->end = s->end;
	return (true);
}

bool
frag_store_complete(const struct frag_datagram *d)
{
	unsigned i, reached = 0;

	if (d->end == 0)
		return (false);
	for (i = 0; i < d->n_spans && d->spans[i].off <= reached; i++)
		if (d->spans[i].end > reached)
			reached = d->spans[i].end;
	return (reached >= d->end);
}
