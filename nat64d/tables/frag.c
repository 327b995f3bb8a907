/*
 * The rules for fragments (RFC 6146, 3.4). Decides what becomes of each
 * fragment; storage and its limits are in frag_store.c.
 *
 * Overlaps. For IPv6 they end the datagram (RFC 5722, 4; RFC 8200, 4.5). For
 * IPv4 the receiver decides as long as fragments pass one by one, but a
 * datagram that we reassemble must not be ambiguous, so an overlap ends a
 * collected one (RFC 1858, 4; RFC 3128). Exact duplicates are dropped,
 * except those of an IPv4 datagram that is passing: the sender may have
 * reused its 16-bit identification.
 */
#include <string.h>

#include "frag_store.h"

void
frag_limits_init(struct frag_limits *l)
{
	memset(l, 0, sizeof(*l));
	l->max_bytes = 4 << 20;
	l->max_datagrams = 4096;
	l->source_datagrams = 64;
	l->source_bytes = 256 << 10;
	l->per_datagram = 256;
	l->timeout_secs = 5;
	l->source6_len = 64;
}

static enum frag_verdict
drop(struct frag_result *r, enum nat64_reason reason)
{
	r->reason = reason;
	return (FRAG_DROP);
}

/* Make the datagram FRAG_DEAD. Returns how many held fragments are lost. */
static unsigned
kill_datagram(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason)
{
	d->state = FRAG_DEAD;
	d->reason = reason;
	return (frag_store_discard(t, d, reason));
}

static enum frag_verdict
drop_all(struct frag_table *t, struct frag_datagram *d, struct frag_result *r,
    enum nat64_reason reason)
{
	r->discarded = kill_datagram(t, d, reason);
	return (drop(r, reason));
}

/*
 * Sizes that make no valid datagram (RFC 8200, 4.5; RFC 1858, 3). An empty
 * fragment is legal but useless, and would take memory for its span.
 */
static enum nat64_reason
check_size(const struct pkt *p)
{
	const uint32_t len = pkt_l4len(p);

	if (len == 0 || p->frag_off + len > UINT16_MAX)
		return (NAT64_FRAG_BAD);
	if (p->more && len % 8 != 0)
		return (NAT64_FRAG_BAD);
	/* RFC 1858, 3.2: it could overwrite the TCP flags of the first. */
	if (p->family == PKT_V4 && p->proto == IPPROTO_TCP && p->frag_off == 8)
		return (NAT64_FRAG_TINY);
	return (NAT64_NONE);
}

/*
 * Does this first fragment need the whole datagram? The ICMPv6 checksum
 * covers the total length, in its pseudo header (RFC 4443, 2.3), and a
 * missing UDP checksum is computed over all bytes (RFC 6146, 3.4).
 */
static bool
needs_whole(const struct pkt *p)
{
	if (p->proto == IPPROTO_UDP && p->family == PKT_V4)
		return (get16(pkt_l4(p) + PKT_UDP_CKSUM) == 0);
	return (pkt_is_icmp(p));
}

/* Copy p and note its span; NAT64_NONE, or the reason to drop it. */
static enum nat64_reason
hold(struct frag_table *t, struct frag_datagram *d, const struct pkt *p,
    const struct frag_span *s)
{
	enum nat64_reason reason;

	if (d->n_spans >= t->limits.per_datagram)
		return (NAT64_FRAG_LIMIT);
	reason = frag_store_hold(t, d, p);
	if (reason == NAT64_NONE)
		frag_store_note(t, d, s, p->more);
	return (reason);
}

static enum frag_verdict
input_waiting(struct frag_table *t, struct frag_datagram *d, struct pkt *p,
    const struct frag_span *s, struct frag_result *r)
{
	enum nat64_reason reason;

	reason = hold(t, d, p, s);
	if (reason == NAT64_NONE)
		return (FRAG_HELD);
	if (d->n_spans == 0)
		frag_store_remove(t, d, reason);
	return (drop(r, reason));
}

/* A fragment, the last one of d->held, was taken: is the datagram whole now? */
static enum frag_verdict
collect(struct frag_table *t, struct frag_datagram *d, struct frag_result *r)
{
	enum nat64_reason reason;

	if (!frag_store_complete(d))
		return (FRAG_HELD);
	reason = frag_collect(t, d);
	/* It belongs to the caller, and is not counted in discarded. */
	d->out = TAILQ_LAST(&d->held, frag_held_list);
	TAILQ_REMOVE(&d->held, d->out, entry);
	r->discarded = frag_store_remove(t, d, reason);
	if (reason != NAT64_NONE)
		return (drop(r, reason));
	r->discarded = 0;
	r->whole = &t->whole;
	return (FRAG_WHOLE);
}

static enum frag_verdict
input_collecting(struct frag_table *t, struct frag_datagram *d,
    const struct pkt *p, const struct frag_span *s, struct frag_result *r)
{
	enum nat64_reason reason;

	reason = hold(t, d, p, s);
	if (reason != NAT64_NONE)
		return (drop(r, reason));
	return (collect(t, d, r));
}

/* p is the first fragment, and no other one was seen before. */
static enum frag_verdict
input_first(struct frag_table *t, struct frag_datagram *d, struct pkt *p,
    const struct frag_span *s, struct frag_result *r)
{
	enum nat64_reason reason;

	reason = pkt_parse_l4(p);
	if (reason != NAT64_NONE)
		return (drop_all(t, d, r, reason));
	d->proto = p->proto;
	d->sport = p->sport;
	d->dport = p->dport;
	if (needs_whole(p)) {
		if (d->overlapped)
			return (drop_all(t, d, r, NAT64_FRAG_OVERLAP));
		d->state = FRAG_COLLECTING;
		return (input_collecting(t, d, p, s, r));
	}
	if (!frag_store_note(t, d, s, p->more))
		return (drop(r, NAT64_FRAG_LIMIT));
	r->datagram = d;
	return (FRAG_FIRST);
}

/*
 * A second fragment with offset 0 must have the ports of the first one, for
 * which the binding and the filters were checked (RFC 3128).
 */
static enum nat64_reason
check_second_first(const struct frag_datagram *d, struct pkt *p)
{
	enum nat64_reason reason;

	reason = pkt_parse_l4(p);
	if (reason != NAT64_NONE)
		return (reason);
	if (p->sport != d->sport || p->dport != d->dport)
		return (NAT64_FRAG_OVERLAP);
	return (NAT64_NONE);
}

static enum frag_verdict
input_passing(struct frag_table *t, struct frag_datagram *d, struct pkt *p,
    const struct frag_span *s, bool duplicate, struct frag_result *r)
{
	enum nat64_reason reason = NAT64_NONE;

	p->proto = d->proto;
	if (p->frag_off == 0)
		reason = check_second_first(d, p);
	else if (!duplicate && !frag_store_note(t, d, s, p->more))
		reason = NAT64_FRAG_LIMIT;
	if (reason != NAT64_NONE)
		return (drop(r, reason));
	t->target = d->target;
	r->target = &t->target;
	if (frag_store_complete(d))
		frag_store_remove(t, d, NAT64_NONE);
	return (FRAG_KNOWN);
}

/*
 * A refused datagram is removed when all of it has come: the sender's next
 * datagram with this key is another one. After an overlap the key is kept
 * until its time is over (RFC 8200, 4.5: drop also those still to come).
 */
static enum frag_verdict
input_dead(struct frag_table *t, struct frag_datagram *d, const struct pkt *p,
    const struct frag_span *s, struct frag_result *r)
{
	const enum nat64_reason reason = d->reason;

	if (reason != NAT64_FRAG_OVERLAP &&
	    frag_store_fit(d, s, p->more) == FRAG_NEW &&
	    frag_store_note(t, d, s, p->more) && frag_store_complete(d))
		frag_store_remove(t, d, NAT64_NONE);
	return (drop(r, reason));
}

static enum frag_verdict
input(struct frag_table *t, struct pkt *p, struct monotime now,
    struct frag_result *r)
{
	struct frag_datagram *d;
	struct frag_span s;
	enum frag_fit fit;
	bool passing4;

	r->reason = check_size(p);
	if (r->reason == NAT64_NONE && t->limits.drop_icmp && pkt_is_icmp(p))
		r->reason = NAT64_FRAG_ICMP;
	if (r->reason != NAT64_NONE)
		return (FRAG_DROP);
	d = frag_store_get(t, p, now, &r->reason);
	if (d == NULL)
		return (FRAG_DROP);
	s.off = p->frag_off;
	s.end = (uint16_t)(p->frag_off + pkt_l4len(p));
	if (d->state == FRAG_DEAD)
		return (input_dead(t, d, p, &s, r));

	fit = frag_store_fit(d, &s, p->more);
	passing4 = d->family == PKT_V4 && d->state == FRAG_PASSING;
	if (fit == FRAG_DUPLICATE && !passing4)
		return (drop(r, NAT64_FRAG_OVERLAP));
	if (fit == FRAG_OVERLAPS) {
		if (d->family == PKT_V6 || d->state == FRAG_COLLECTING)
			return (drop_all(t, d, r, NAT64_FRAG_OVERLAP));
		d->overlapped = true;
	}
	switch (d->state) {
	case FRAG_WAITING:
		if (p->frag_off == 0)
			return (input_first(t, d, p, &s, r));
		return (input_waiting(t, d, p, &s, r));
	case FRAG_COLLECTING:
		return (input_collecting(t, d, p, &s, r));
	default:
		return (input_passing(t, d, p, &s, fit == FRAG_DUPLICATE, r));
	}
}

enum frag_verdict
frag_input(struct frag_table *t, struct pkt *p, struct monotime now,
    struct frag_result *r)
{
	enum frag_verdict verdict;

	memset(r, 0, sizeof(*r));
	t->evicted = 0;
	verdict = input(t, p, now, r);
	r->evicted = t->evicted;
	return (verdict);
}

/* The span of p has been noted by input_first(). */
static enum frag_verdict
want_whole(struct frag_table *t, struct frag_datagram *d, const struct pkt *p,
    struct frag_result *r)
{
	enum nat64_reason reason;

	if (d->overlapped)
		return (drop_all(t, d, r, NAT64_FRAG_OVERLAP));
	d->state = FRAG_COLLECTING;
	reason = frag_store_hold(t, d, p);
	if (reason != NAT64_NONE)
		return (drop_all(t, d, r, reason));
	return (collect(t, d, r));
}

enum frag_verdict
frag_want_whole(struct frag_table *t, struct frag_datagram *d,
    const struct pkt *p, struct frag_result *r)
{
	enum frag_verdict verdict;

	memset(r, 0, sizeof(*r));
	t->evicted = 0;
	verdict = want_whole(t, d, p, r);
	r->evicted = t->evicted;
	return (verdict);
}

void
frag_resolve(struct frag_table *t, struct frag_datagram *d,
    const union frag_target *target)
{
	(void)t;
	d->target = *target;
	d->state = FRAG_PASSING;
}

struct pkt *
frag_next_held(struct frag_table *t, struct frag_datagram *d)
{
	frag_store_release_out(t, d);
	d->out = TAILQ_FIRST(&d->held);
	if (d->out != NULL) {
		TAILQ_REMOVE(&d->held, d->out, entry);
		/* RFC 8200, 4.5: the first fragment's Next Header counts. */
		d->out->pkt.proto = d->proto;
		return (&d->out->pkt);
	}
	if (frag_store_complete(d))
		frag_store_remove(t, d, NAT64_NONE);
	return (NULL);
}

unsigned
frag_refuse(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason)
{
	unsigned discarded;

	discarded = kill_datagram(t, d, reason);
	if (frag_store_complete(d))
		frag_store_remove(t, d, NAT64_NONE);
	return (discarded);
}

/* The datagram that times out first, or NULL. */
static struct frag_datagram *
first_to_end(const struct frag_table *t)
{
	struct frag_datagram *d4 = TAILQ_FIRST(&t->sides[FRAG_SIDE4].fifo);
	struct frag_datagram *d6 = TAILQ_FIRST(&t->sides[FRAG_SIDE6].fifo);

	if (d4 == NULL || (d6 != NULL && d6->expires.ns < d4->expires.ns))
		return (d6);
	return (d4);
}

bool
frag_expire(struct frag_table *t, struct monotime now, unsigned max,
    unsigned *discarded)
{
	struct frag_datagram *d;

	*discarded += t->late;
	t->late = 0;
	while ((d = first_to_end(t)) != NULL &&
	    monotime_reached(d->expires, now)) {
		if (max-- == 0)
			return (true);
		*discarded += frag_store_remove(t, d, NAT64_FRAG_TIMEOUT);
	}
	return (false);
}

bool
frag_next_expiry(const struct frag_table *t, struct monotime *when)
{
	const struct frag_datagram *d = first_to_end(t);

	if (d == NULL)
		return (false);
	*when = d->expires;
	return (true);
}
