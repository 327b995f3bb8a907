#include <sys/queue.h>

#include "common/compat.h"

#include <sys/tree.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/net/addr.h"
#include "common/monotime.h"
#include "common/slab.h"

#include "dns64d/cache/packet_cache.h"
#include "dns64d/cache/cache.h"
#include "dns64d/cache/flush_list.h"
#include "dns64d/conf/conf.h"
#include "dns64d/synth/follow.h"
#include "context.h"
#include "dns64d/upstream/fetch.h"
#include "dns64d/base/loop.h"
#include "dns64d/upstream/probe.h"
#include "resolve.h"
#include "dns64d/base/stats.h"
#include "dns64d/upstream/upstream.h"

/* Chains of the cache that a flush searches in one step, within 0.5 ms. */
#define SWEEP_MAX 512

/* How many replies that are larger than MSG_UDP_OURS may be held at a time. */
#define BIG_REPLIES_MAX 256

/*
 * A copy of a reply, which may outlive its fetch or its cache entry. Shared by
 * all lookups that waited for it.
 */
struct resolve_reply {
	unsigned refs;
	bool big;
	struct msg_scan scan; /* of wire */
	uint8_t wire[];
};

/*
 * A question that the upstreams are being asked, in one of four states:
 *
 *	free	in resolver.slab; nothing is valid. start_fetch() makes a new
 *		fetch, to which resolve_ask() adds a lookup (waited), or which
 *		resolve_refresh() makes an orphan.
 *	waited	in fetches; lookups are in waiting, and resolve_ask() may add
 *		more. When the last one stops waiting, add_orphan() leads to
 *		orphan, or to free if the reply cannot be cached. complete()
 *		leads to over.
 *	orphan	in fetches and orphans, waiting is empty: it goes on because
 *		its result can be cached. resolve_ask() leads to waited,
 *		complete() to over, drop_orphan() to free.
 *	over	neither in fetches nor in orphans: complete() gives the result
 *		to the lookups, one after the other, and then makes it free.
 *		No lookup may be added.
 *
 * While it is in fetches, its key must not change: hash, ctx and question.
 * own, first and n_followed are changed by follow() only.
 */
struct resolve_fetch {
	RB_ENTRY(resolve_fetch) node;
	uint64_t hash; /* of the name of question */
	struct context *ctx;
	const struct msg_question *question; /* that of fetch, or own */
	/* Both NULL, or the fetch is for the target of a CNAME: see follow. */
	struct msg_question *own;    /* the question of the lookups */
	struct resolve_reply *first; /* the reply that leads to the target */
	unsigned n_followed;
	TAILQ_ENTRY(resolve_fetch) next; /* in orphans */
	struct resolver *resolver;
	struct fetch fetch;
	struct event deadline;
	TAILQ_HEAD(, resolve) waiting; /* empty: an orphan */
	bool over;		       /* complete() is running */
	struct monotime began;	       /* compared with flushes */
};

RB_HEAD(fetches, resolve_fetch);
TAILQ_HEAD(fetch_list, resolve_fetch);

struct resolver {
	struct event_base *base;
	struct stats *stats;
	struct context *ctx;
	TAILQ_HEAD(, context) old; /* whose caches are being freed */
	struct event freeing;
	struct event sweeping;	   /* of the cache, after a flush */
	struct flush_list flushes; /* the last ones; for store() */
	const struct timeval *deadline;
	struct fetch_env env;
	struct probe probe;
	struct fetches fetches;
	struct fetch_list orphans; /* that no lookup waits for, oldest first */
	struct slab slab;	   /* the memory of all fetches */
	unsigned n_fetches;
	unsigned n_orphans;
	unsigned n_big;
};

static int
compare_names(const struct msg_question *a, const struct msg_question *b)
{
	size_t i;

	if (a->name_len != b->name_len)
		return (a->name_len < b->name_len ? -1 : 1);
	for (i = 0; i < a->name_len; i++)
		if (name_lower(a->name[i]) != name_lower(b->name[i]))
			return (
			    name_lower(a->name[i]) - name_lower(b->name[i]));
	return (0);
}

static uint64_t
question_bits(const struct msg_question *q)
{
	return ((uint64_t)q->type << 40 | (uint64_t)q->class << 24 |
	    (uint64_t)q->flags << 8 | (uint64_t)q->subnet.len << 1 |
	    q->dnssec_ok);
}

/*
 * Equal: the same question in the same context. The order of others does not
 * matter. The hash is compared first, since two names rarely have the same
 * one. It needs no secret key: names with equal hashes do not make the tree
 * deeper.
 */
static int
compare_fetches(const struct resolve_fetch *a, const struct resolve_fetch *b)
{
	const struct msg_question *qa = a->question, *qb = b->question;
	uint64_t bits_a = question_bits(qa), bits_b = question_bits(qb);
	int diff;

	if (a->hash != b->hash)
		return (a->hash < b->hash ? -1 : 1);
	if (a->ctx != b->ctx)
		return ((uintptr_t)a->ctx < (uintptr_t)b->ctx ? -1 : 1);
	if (bits_a != bits_b)
		return (bits_a < bits_b ? -1 : 1);
	diff = memcmp(qa->subnet.data, qb->subnet.data, qa->subnet.len);
	return (diff != 0 ? diff : compare_names(qa, qb));
}

RB_GENERATE_STATIC(fetches, resolve_fetch, node, compare_fetches)

static void
free_some(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once;
	struct resolver *r = arg;
	struct context *ctx = TAILQ_FIRST(&r->old);

	(void)fd;
	(void)what;
	if (!context_free_some(ctx)) {
		TAILQ_REMOVE(&r->old, ctx, next);
		context_unref(ctx);
	}
	if (!TAILQ_EMPTY(&r->old))
		event_add(&r->freeing, &at_once);
}

static void
sweep_some(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once;
	struct resolver *r = arg;

	(void)fd;
	(void)what;
	if (cache_flush_some(r->ctx->cache, SWEEP_MAX))
		event_add(&r->sweeping, &at_once);
}

struct resolver *
resolver_new(struct event_base *base, struct stats *stats)
{
	struct resolver *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->base = base;
	r->stats = stats;
	RB_INIT(&r->fetches);
	TAILQ_INIT(&r->orphans);
	slab_init(&r->slab, sizeof(struct resolve_fetch), SLAB_NO_MAX);
	TAILQ_INIT(&r->old);
	event_assign(&r->freeing, base, -1, 0, free_some, r);
	event_assign(&r->sweeping, base, -1, 0, sweep_some, r);
	r->deadline = loop_delay(base, RESOLVE_DEADLINE_MS);
	if (r->deadline == NULL ||
	    fetch_env_init(&r->env, base, stats) == -1) {
		free(r);
		return (NULL);
	}
	probe_init(&r->probe, &r->env);
	return (r);
}

static void reply_unref(struct resolver *, struct resolve_reply *);
static void on_fetch_done(void *, const struct msg_scan *);

static void
put_fetch(struct resolve_fetch *f)
{
	fetch_cancel(&f->fetch);
	event_del(&f->deadline);
	reply_unref(f->resolver, f->first);
	free(f->own);
	context_unref(f->ctx);
	slab_put(&f->resolver->slab, f);
}

static void
forget_orphan(struct resolver *r, struct resolve_fetch *f)
{
	TAILQ_REMOVE(&r->orphans, f, next);
	r->n_orphans--;
}

/* No lookup can find it from now on. */
static void
forget_fetch(struct resolve_fetch *f)
{
	struct resolver *r = f->resolver;

	RB_REMOVE(fetches, &r->fetches, f);
	r->n_fetches--;
	if (TAILQ_EMPTY(&f->waiting))
		forget_orphan(r, f);
}

static void
drop_orphan(struct resolver *r)
{
	struct resolve_fetch *f = TAILQ_FIRST(&r->orphans);

	forget_fetch(f);
	put_fetch(f);
}

void
resolver_free(struct resolver *r)
{
	struct context *ctx;

	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->orphans))
		drop_orphan(r);
	probe_stop(&r->probe);
	fetch_env_clear(&r->env);
	context_unref(r->ctx);
	event_del(&r->freeing);
	event_del(&r->sweeping);
	while ((ctx = TAILQ_FIRST(&r->old)) != NULL) {
		TAILQ_REMOVE(&r->old, ctx, next);
		context_unref(ctx);
	}
	slab_clear(&r->slab);
	free(r);
}

/*
 * Release a context that gets no new queries. To free its cache may take half
 * a second, and all workers are stopped during a reload, so it is freed in
 * steps, from the event loop.
 */
static void
retire(struct resolver *r, struct context *ctx)
{
	static const struct timeval at_once;

	context_close_caches(ctx);
	TAILQ_INSERT_TAIL(&r->old, ctx, next);
	event_add(&r->freeing, &at_once);
}

void
resolver_use(struct resolver *r, struct context *ctx)
{
	probe_watch(&r->probe, &ctx->ups);
	while (!TAILQ_EMPTY(&r->orphans))
		drop_orphan(r);
	if (r->ctx != NULL)
		retire(r, r->ctx);
	r->ctx = context_ref(ctx);
	sweep_some(-1, 0, r);
}

void
resolver_flush(struct resolver *r, const uint8_t *name, bool below)
{
	const struct monotime now = monotime_now();

	flush_add(&r->flushes, name, below, now);
	cache_flush(r->ctx->cache, name, below, now);
	packet_cache_flush(r->ctx->packet_cache);
	sweep_some(-1, 0, r);
}

/* The last lookup has left it: it goes on only if its result can be cached. */
static void
add_orphan(struct resolve_fetch *f)
{
	struct resolver *r = f->resolver;
	const struct conf *conf = f->ctx->conf;

	TAILQ_INSERT_TAIL(&r->orphans, f, next);
	r->n_orphans++;
	if (f->ctx != r->ctx || conf->cache.bytes == 0 ||
	    (f->question->flags & MSG_RD) == 0) {
		forget_fetch(f);
		put_fetch(f);
	} else if (r->n_orphans > conf->each.queries / RESOLVE_ORPHANS)
		drop_orphan(r);
}

/* NULL if memory is short or too many large replies are held. */
static struct resolve_reply *
reply_new(struct resolver *r, size_t len)
{
	struct resolve_reply *reply;
	bool big = len > MSG_UDP_OURS;

	if ((big && r->n_big == BIG_REPLIES_MAX) ||
	    (reply = malloc(sizeof(*reply) + len)) == NULL)
		return (NULL);
	reply->refs = 1;
	reply->big = big;
	r->n_big += big;
	return (reply);
}

static void
reply_unref(struct resolver *r, struct resolve_reply *reply)
{
	if (reply == NULL || --reply->refs > 0)
		return;
	r->n_big -= reply->big;
	free(reply);
}

static struct resolve_reply *
reply_copy(struct resolver *r, const struct msg_scan *scan)
{
	struct resolve_reply *reply;

	if (scan == NULL || (reply = reply_new(r, scan->len)) == NULL)
		return (NULL);
	memcpy(reply->wire, scan->wire, scan->len);
	reply->scan = *scan;
	reply->scan.wire = reply->wire;
	return (reply);
}

static void
set_result(struct resolve *q, struct resolve_reply *reply,
    enum resolve_source source)
{
	q->held = reply;
	q->reply = reply != NULL ? &reply->scan : NULL;
	q->source = source;
	q->from = NULL;
	q->trouble = 0;
}

static void
count_hit(struct resolver *r, enum resolve_source source)
{
	switch (source) {
	case RESOLVE_UPSTREAM:
		break;
	case RESOLVE_CACHE:
		stats_count(r->stats, STAT_CACHE_HITS);
		break;
	case RESOLVE_STALE:
		stats_count(r->stats, STAT_CACHE_STALE);
		break;
	case RESOLVE_CACHED_FAILURE:
		stats_count(r->stats, STAT_CACHE_FAILURES);
		break;
	}
}

static const enum resolve_source sources[] = {
	[CACHE_FRESH] = RESOLVE_CACHE,
	[CACHE_STALE] = RESOLVE_STALE,
	[CACHE_FAILED] = RESOLVE_CACHED_FAILURE,
};

/* Returns false if the reply cannot be composed; then q has no result. */
static bool
take_hit(struct resolve *q, const struct cache_hit *hit, struct monotime now)
{
	struct resolver *r = q->resolver;
	struct resolve_reply *reply = NULL;

	if (hit->replied) {
		if ((reply = reply_new(r, hit->len)) == NULL)
			return (false);
		if (cache_write(hit, &q->question, now, reply->wire,
			&reply->scan) == -1) {
			reply_unref(r, reply);
			return (false);
		}
	}
	set_result(q, reply, sources[hit->verdict]);
	q->prefetch = hit->prefetch;
	q->steady_until = hit->steady_until;
	count_hit(r, q->source);
	return (true);
}

/* Which entries of the cache may be the result of a lookup. */
enum wanted {
	WANT_USUAL, /* fresh replies and cached failures */
	WANT_ANY,   /* these and expired replies */
	WANT_REPLY  /* fresh and expired replies */
};

static bool
is_wanted(const struct cache_hit *hit, enum wanted wanted)
{
	switch (hit->verdict) {
	case CACHE_MISS:
		break;
	case CACHE_FRESH:
		return (true);
	case CACHE_STALE:
		return (wanted != WANT_USUAL || hit->recheck);
	case CACHE_FAILED:
		return (wanted != WANT_REPLY);
	}
	return (false);
}

/*
 * The question failed because no server answered anything. Whether one has
 * answered some query since.
 */
static bool
has_silence_ended(const struct resolve *q, struct monotime asked_at)
{
	const struct upstreams *ups = &q->ctx->ups;
	const struct upstream_route *route;

	route = upstreams_route(ups, q->question.name);
	return (
	    route != NULL && upstreams_answered_since(ups, route, asked_at));
}

static bool
take_cached(struct resolve *q, enum wanted wanted)
{
	struct monotime now = monotime_now();
	struct cache_hit hit;

	cache_find(q->ctx->cache, &q->question, q->own_type, now, &hit);
	if (hit.silence && has_silence_ended(q, hit.asked_at)) {
		hit.recheck = false;
		if (hit.verdict == CACHE_FAILED)
			return (false);
	}
	return (is_wanted(&hit, wanted) && take_hit(q, &hit, now));
}

/*
 * Whether an expired reply is to be used instead (RFC 8767, 5). Not for
 * SERVFAIL of a validator that found the data bogus.
 */
static bool
has_failed(const struct msg_scan *reply)
{
	return (reply == NULL ||
	    (msg_is_failure(reply) && !msg_has_dnssec_error(reply)));
}

/* Whether a flush, after the fetch has begun, concerns what it has brought. */
static bool
is_flushed(const struct resolve_fetch *f, const struct msg_scan *reply)
{
	struct flush_entry e = { .stored_at = f->began,
		.name = f->question->name };

	if (reply != NULL) {
		e.wire = reply->wire;
		e.len = reply->len;
		e.cut = f->ctx->conf->each.cache.nxdomain_cut &&
		    reply->rcode == MSG_NXDOMAIN;
	}
	return (flush_concerns(&f->resolver->flushes, &e));
}

static void
store(struct resolve_fetch *f, const struct msg_scan *reply)
{
	struct cache *cache = f->ctx->cache;
	struct monotime now = monotime_now(), asked_at;

	if (is_flushed(f, reply))
		return;
	if (reply == NULL && f->first == NULL &&
	    fetch_met_silence(&f->fetch, &asked_at))
		cache_store_silence(cache, f->question, asked_at, now);
	else if (reply == NULL || msg_is_failure(reply))
		cache_store_failure(cache, f->question, reply, now);
	else
		cache_store(cache, f->question, reply, now,
		    &f->resolver->env.rng);
}

/*
 * End a fetch: store its result and give it to all lookups that wait. Any of
 * their done functions may start lookups, or cancel others that wait here.
 */
static void
complete(struct resolve_fetch *f, const struct msg_scan *reply)
{
	struct resolver *r = f->resolver;
	struct resolve_reply *held;
	struct resolve *q;
	bool failed = has_failed(reply);
	const unsigned trouble = f->fetch.trouble;

	store(f, reply);
	forget_fetch(f);
	f->over = true;
	held = reply_copy(r, reply);
	fetch_cancel(&f->fetch);
	while ((q = TAILQ_FIRST(&f->waiting)) != NULL) {
		TAILQ_REMOVE(&f->waiting, q, next);
		q->fetch = NULL;
		if (!failed || !take_cached(q, WANT_REPLY)) {
			if (held != NULL)
				held->refs++;
			set_result(q, held, RESOLVE_UPSTREAM);
			q->from = held != NULL ? f->fetch.from : NULL;
			q->asked_at = f->fetch.began;
			if (held == NULL)
				q->trouble = trouble;
		}
		q->done(q->arg);
	}
	reply_unref(r, held);
	put_fetch(f);
}

/*
 * If the reply ends with a CNAME whose target is in a domain with upstreams of
 * its own, ask these for the target. Returns true if they were asked.
 */
static bool
follow(struct resolve_fetch *f, const struct msg_scan *reply)
{
	const struct upstreams *ups = &f->ctx->ups;
	const struct upstream_route *route;
	struct msg_question target;
	struct resolve_reply *held;

	if (f->n_followed == FOLLOW_MAX ||
	    !follow_target(reply, f->question, &target))
		return (false);
	route = upstreams_route(ups, target.name);
	if (route == NULL ||
	    route == upstreams_route(ups, f->fetch.question.name))
		return (false);
	if (f->own == NULL) {
		if ((f->own = malloc(sizeof(*f->own))) == NULL)
			return (false);
		*f->own = *f->question;
		f->question = f->own;
	}
	if ((held = reply_copy(f->resolver, reply)) == NULL)
		return (false);
	reply_unref(f->resolver, f->first);
	f->first = held;
	f->n_followed++;
	fetch_cancel(&f->fetch);
	f->fetch.question = target;
	fetch_ask_route(&f->fetch, &f->resolver->env, ups, route,
	    on_fetch_done, f);
	return (true);
}

static void
on_fetch_done(void *arg, const struct msg_scan *reply)
{
	struct resolve_fetch *f = arg;
	struct msg_scan joined;
	uint8_t *buf = NULL;
	size_t len;

	if (f->first != NULL && reply != NULL) {
		if ((buf = malloc(MSG_MAX)) == NULL)
			reply = NULL;
		else {
			len = follow_join(&f->first->scan, reply, buf);
			reply = msg_scan(buf, len, &joined) == MSG_SCAN_OK ?
			    &joined :
			    NULL;
		}
	}
	if (reply == NULL || !follow(f, reply))
		complete(f, reply);
	free(buf);
}

/* No reply in time: the fetch has failed. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	complete(arg, NULL);
}

static uint64_t
hash_question(const struct msg_question *question)
{
	return (
	    name_hash(NAME_HASH_FIRST, question->name, question->name_len));
}

/* hash: hash_question(), also below. */
static struct resolve_fetch *
find_fetch(struct resolver *r, const struct msg_question *question,
    uint64_t hash, struct context *ctx)
{
	struct resolve_fetch key;

	key.hash = hash;
	key.ctx = ctx;
	key.question = question;
	return (RB_FIND(fetches, &r->fetches, &key));
}

/*
 * The caller adds a lookup or makes the new fetch an orphan. NULL if memory is
 * short.
 */
static struct resolve_fetch *
start_fetch(struct resolver *r, const struct msg_question *question,
    uint64_t hash, const struct fairness_client *asker, struct context *ctx)
{
	struct resolve_fetch *f;

	if ((f = slab_get_raw(&r->slab)) == NULL)
		return (NULL);
	f->resolver = r;
	f->over = false;
	f->began = monotime_now();
	f->hash = hash;
	f->ctx = context_ref(ctx);
	f->fetch.question = *question;
	f->fetch.asker = *asker;
	f->question = &f->fetch.question;
	f->own = NULL;
	f->first = NULL;
	f->n_followed = 0;
	TAILQ_INIT(&f->waiting);
	event_assign(&f->deadline, r->base, -1, 0, on_deadline, f);
	event_add(&f->deadline, r->deadline);
	RB_INSERT(fetches, &r->fetches, f);
	r->n_fetches++;
	fetch_ask(&f->fetch, &r->env, &ctx->ups, on_fetch_done, f);
	return (f);
}

bool
resolve_ask(struct resolver *r, struct resolve *q, struct context *ctx,
    resolve_done_fn *done, void *arg)
{
	struct resolve_fetch *f;
	uint64_t hash;

	q->resolver = r;
	q->ctx = ctx;
	q->done = done;
	q->arg = arg;
	q->fetch = NULL;
	q->prefetch = false;
	set_result(q, NULL, RESOLVE_UPSTREAM);
	if (take_cached(q, q->stale_ok ? WANT_ANY : WANT_USUAL))
		return (true);
	hash = hash_question(&q->question);
	if ((f = find_fetch(r, &q->question, hash, ctx)) != NULL) {
		stats_count(r->stats, STAT_COALESCED);
		if (TAILQ_EMPTY(&f->waiting))
			forget_orphan(r, f);
	} else {
		stats_count(r->stats, STAT_CACHE_MISSES);
		f = start_fetch(r, &q->question, hash, &q->asker, ctx);
		if (f == NULL)
			return (true);
	}
	TAILQ_INSERT_TAIL(&f->waiting, q, next);
	q->fetch = f;
	return (false);
}

static void
stop_waiting(struct resolve *q)
{
	struct resolve_fetch *f = q->fetch;

	if (f == NULL)
		return;
	TAILQ_REMOVE(&f->waiting, q, next);
	q->fetch = NULL;
	if (TAILQ_EMPTY(&f->waiting) && !f->over)
		add_orphan(f);
}

bool
resolve_take_stale(struct resolve *q)
{
	if (q->fetch == NULL || !take_cached(q, WANT_REPLY))
		return (false);
	stop_waiting(q);
	return (true);
}

void
resolve_refresh(struct resolver *r, const struct msg_question *question,
    struct context *ctx)
{
	static const struct fairness_client nobody;
	struct resolve_fetch *f;
	uint64_t hash;

	if (ctx != r->ctx || ctx->conf->cache.bytes == 0)
		return;
	hash = hash_question(question);
	if (find_fetch(r, question, hash, ctx) != NULL ||
	    (f = start_fetch(r, question, hash, &nobody, ctx)) == NULL)
		return;
	stats_count(r->stats, STAT_PREFETCHES);
	add_orphan(f);
}

void
resolve_cancel(struct resolve *q)
{
	if (q->resolver == NULL)
		return;
	stop_waiting(q);
	reply_unref(q->resolver, q->held);
	q->held = NULL;
	q->reply = NULL;
	q->resolver = NULL;
}

static void
print_upstream(const struct upstream *u, struct monotime now, FILE *f)
{
	char buf[SCOPED_ADDR_STRLEN];

	fprintf(f,
	    "upstream %s %s rtt %" PRId64 ".%03" PRId64 " ms edns %s "
	    "sent %" PRIu64 " answered %" PRIu64 " lost %" PRIu64 "\n",
	    scoped_addr_print(&u->addr, buf, sizeof(buf)),
	    upstream_is_down(u) ? "down" : "up", u->srtt_us / 1000,
	    u->srtt_us % 1000, upstream_has_edns(u, now) ? "yes" : "no",
	    u->n_sent, u->n_answered, u->n_lost);
}

void
resolver_print(const struct resolver *r, FILE *f)
{
	struct monotime now = monotime_now();
	struct lru_counts answers;
	struct lru_counts counts;
	size_t i;

	fprintf(f, "questions upstream %u, of them for the cache alone %u\n",
	    r->n_fetches, r->n_orphans);
	cache_count(r->ctx->cache, &counts);
	fprintf(f, "cache entries %zu bytes %zu of %zu evicted %" PRIu64 "\n",
	    counts.entries, counts.bytes, r->ctx->conf->each.cache.bytes,
	    counts.evicted);
	packet_cache_count(r->ctx->packet_cache, &answers);
	fprintf(f, "answers entries %zu bytes %zu evicted %" PRIu64 "\n",
	    answers.entries, answers.bytes, answers.evicted);
	for (i = 0; i < r->ctx->ups.n; i++)
		print_upstream(&r->ctx->ups.v[i], now, f);
}
