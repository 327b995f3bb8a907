#include <sys/queue.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/rng_os.h"

#include "dns64d/cache/packet_cache.h"
#include "dns64d/policy/balance.h"
#include "dns64d/conf/conf.h"
#include "dns64d/admission/fairness.h"
#include "dns64d/client/frontend.h"
#include "dns64d/admission/admission.h"
#include "context.h"
#include "dns64d/local/local.h"
#include "dns64d/upstream/fetch.h"
#include "dns64d/base/loop.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "query.h"
#include "query_int.h"
#include "querylog.h"
#include "resolve.h"
#include "dns64d/base/stats.h"
#include "dns64d/synth/synth.h"
#include "dns64d/policy/view.h"
#include "dns64d/wire/wire.h"

struct queries *
queries_new(struct stats *stats, const struct siphash_key *cookie_seed)
{
	struct queries *qs;

	if ((qs = calloc(1, sizeof(*qs))) == NULL)
		return (NULL);
	qs->stats = stats;
	qs->rng = rng_os_source(&qs->random);
	qs->admission = admission_new(&qs->rng, cookie_seed);
	qs->fairness = fairness_new(cookie_seed);
	if (qs->admission == NULL || qs->fairness == NULL) {
		admission_free(qs->admission);
		fairness_free(qs->fairness);
		free(qs);
		return (NULL);
	}
	TAILQ_INIT(&qs->open);
	slab_init(&qs->slab, sizeof(struct query), SLAB_NO_MAX);
	return (qs);
}

int
queries_start(struct queries *qs, struct event_base *base)
{
	qs->base = base;
	qs->deadline = loop_delay(base, QUERY_DEADLINE_MS);
	qs->stale_delay = loop_delay(base, RESOLVE_STALE_MS);
	qs->resolver = resolver_new(base, qs->stats);
	qs->log = querylog_new(base);
	return (qs->deadline != NULL && qs->stale_delay != NULL &&
		    qs->resolver != NULL && qs->log != NULL ?
		0 :
		-1);
}

void
queries_use(struct queries *qs, struct context *ctx)
{
	resolver_use(qs->resolver, ctx);
	context_unref(qs->ctx);
	qs->ctx = ctx;
}

struct context *
queries_context(const struct queries *qs)
{
	return (qs->ctx);
}

/* Free a query whose answer has been written. */
static void
end_query(struct query *q)
{
	struct queries *qs = q->qs;
	unsigned i;

	for (i = 0; i < SYNTH_N_LOOKUPS; i++)
		resolve_cancel(&q->lookups[i].resolve);
	event_del(&q->deadline);
	event_del(&q->aaaa_timer);
	event_del(&q->a_timer);
	event_del(&q->stale_timer);
	context_unref(q->ctx);
	fairness_leave(qs->fairness, &q->place);
	TAILQ_REMOVE(&qs->open, q, next);
	slab_put(&qs->slab, q);
	qs->n_open--;
}

static void
end_with_error(struct query *q, unsigned rcode, enum ede_code ede,
    const char *why)
{
	struct client client = q->client;
	uint8_t *room = frontend_room(&client);
	size_t len;

	len = msg_write_error(&q->scan, rcode, room);
	ede_add(&q->pass.ede, ede);
	len = admission_finish(&q->pass, &q->scan, frontend_room_size(&client),
	    NULL, room, len);
	if (query_is_told(q->qs, &client))
		query_tell_error(q, why, rcode);
	end_query(q);
	frontend_send(&client, len);
}

static enum stats_counter
outcome_counter(enum synth_outcome outcome)
{
	switch (outcome) {
	case SYNTH_O_RELAYED:
	case SYNTH_O_FILTERED:
	case SYNTH_O_NODATA:
		break;
	case SYNTH_O_SYNTHESISED:
		return (STAT_SYNTHESISED);
	case SYNTH_O_NXDOMAIN:
		return (STAT_NXDOMAIN_SYNTH);
	case SYNTH_O_PTR:
		return (STAT_PTR);
	case SYNTH_O_LOCAL:
		return (STAT_LOCAL);
	case SYNTH_O_FAILED:
		return (STAT_SERVFAIL);
	}
	return (STAT_PASSED);
}

/*
 * If one of the replies that the answer was made of is to be prefetched,
 * prefetch both, so that they expire together the next time as well.
 */
static void
refresh(struct query *q)
{
	struct resolve *r;
	bool due = false;
	unsigned i;

	for (i = 0; i < SYNTH_N_LOOKUPS; i++)
		due = due ||
		    (q->lookups[i].asked && q->lookups[i].resolve.prefetch);
	for (i = 0; i < SYNTH_N_LOOKUPS && due; i++) {
		r = &q->lookups[i].resolve;
		if (q->lookups[i].asked && r->source == RESOLVE_CACHE)
			resolve_refresh(q->qs->resolver, &r->question, q->ctx);
	}
}

/* Add the extended errors that follow from the lookups (RFC 8914, 4). */
static void
explain(const struct query *q, unsigned rcode, struct ede_set *ede)
{
	const struct resolve *r;
	unsigned i;

	for (i = 0; i < SYNTH_N_LOOKUPS; i++) {
		r = &q->lookups[i].resolve;
		if (!q->lookups[i].asked || q->lookups[i].pending ||
		    (i == SYNTH_A && r->reply != q->synth.upstream))
			continue;
		if (r->source == RESOLVE_STALE)
			ede_add(ede,
			    rcode == MSG_NXDOMAIN ? EDE_STALE_NXDOMAIN :
						    EDE_STALE);
		else if (r->source == RESOLVE_CACHED_FAILURE &&
		    rcode != MSG_NOERROR && rcode != MSG_NXDOMAIN)
			ede_add(ede, EDE_CACHED_ERROR);
		if (r->trouble & FETCH_TROUBLE_NETWORK)
			ede_add(ede, EDE_NETWORK_ERROR);
		if (r->trouble & FETCH_TROUBLE_DATA)
			ede_add(ede, EDE_INVALID_DATA);
	}
}

/* The key of the packet cache does not have the client subnet. */
static bool
may_be_kept(const struct admission_pass *pass)
{
	return (pass->subnet.len == 0);
}

/*
 * Put the answer into the packet cache, if all that it was made of came from
 * the cache: the next client with this query would get the same.
 */
static void
keep_answer(struct query *q, const uint8_t *wire, size_t len, size_t limit)
{
	struct monotime until = { INT64_MAX };
	struct packet_cache_note note = { .outcome = q->synth.outcome };
	const struct packet_cache_query aq = { &q->scan, q->policy_number,
		limit };
	const struct resolve *r;
	unsigned i;

	for (i = 0; i < SYNTH_N_LOOKUPS; i++) {
		r = &q->lookups[i].resolve;
		if (!q->lookups[i].asked)
			continue;
		if (q->lookups[i].pending || r->source != RESOLVE_CACHE)
			return;
		if (r->steady_until.ns < until.ns)
			until = r->steady_until;
		note.n_hits++;
	}
	if (note.n_hits == 0 || !may_be_kept(&q->pass) ||
	    !synth_is_repeatable(&q->synth))
		return;
	note.ede = q->pass.ede;
	packet_cache_keep(q->ctx->packet_cache, &aq, monotime_now(), until,
	    wire, len, &note);
	context_share_memory(q->ctx);
}

/*
 * Which address of an answer comes first. A pseudo-random number: hosts send
 * queries for A and AAAA in pairs, so with a counter the answers to A would
 * have even numbers only, or odd ones.
 */
static uint32_t
next_turn(struct queries *qs)
{
	qs->turn = qs->turn * 1664525 + 1013904223;
	return (qs->turn >> 16);
}

static void
answer(struct query *q)
{
	struct stats *stats = q->qs->stats;
	struct client client = q->client;
	uint8_t *room = frontend_room(&client);
	size_t len, limit, udp_max = frontend_room_size(&client);

	limit = admission_limit(&q->pass, &q->scan, udp_max);
	len = synth_answer(&q->synth, limit, room);
	stats_count(stats, outcome_counter(q->synth.outcome));
	synth_ede(&q->synth, &q->pass.ede);
	explain(q, get16(room + 2) & MSG_RCODE_MASK, &q->pass.ede);
	keep_answer(q, room, len, limit);
	if (client.inside == NULL)
		msg_rotate(room, next_turn(q->qs));
	len = admission_finish(&q->pass, &q->scan, udp_max, q->synth.upstream,
	    room, len);
	if (query_is_told(q->qs, &client))
		query_tell_answer(q, room, len);
	refresh(q);
	if (client_is_udp(&client) && (room[2] & MSG_TC >> 8))
		stats_count(stats, STAT_TRUNCATED);
	end_query(q);
	frontend_send(&client, len);
}

/* Give synth the result of a lookup; returns what is to be done. */
static unsigned
take_result(struct query_lookup *ql)
{
	struct synth *s = &ql->query->synth;

	ql->pending = false;
	if (ql->resolve.reply == NULL)
		return (synth_fail(s, ql->which));
	return (synth_reply(s, ql->which, ql->resolve.reply));
}

static void execute(struct query *, unsigned);

static void
on_lookup_done(void *arg)
{
	struct query_lookup *ql = arg;

	execute(ql->query, take_result(ql));
}

/*
 * The AAAA reply is overdue (RFC 6147, 5.1.3): use an expired one if there is
 * one, or else the A records.
 */
static void
on_aaaa_timer(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;
	struct query_lookup *main_lookup = &q->lookups[SYNTH_MAIN];

	(void)fd;
	(void)what;
	if (main_lookup->pending && resolve_take_stale(&main_lookup->resolve))
		execute(q, take_result(main_lookup));
	else
		execute(q, synth_timer(&q->synth, SYNTH_TIMER_AAAA));
}

static void
on_a_timer(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;

	(void)fd;
	(void)what;
	execute(q, synth_timer(&q->synth, SYNTH_TIMER_A));
}

/* The client response timer: use expired replies now (RFC 8767, 5). */
static void
on_stale_timer(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;
	struct query_lookup *ql;
	unsigned i, todo = SYNTH_WAIT;

	(void)fd;
	(void)what;
	q->stale_ok = true;
	for (i = 0; i < SYNTH_N_LOOKUPS && !(todo & SYNTH_ANSWER); i++) {
		ql = &q->lookups[i];
		if (ql->pending && resolve_take_stale(&ql->resolve))
			todo |= take_result(ql);
	}
	execute(q, todo);
}

/* Treat every lookup that is still pending as failed. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;
	unsigned i, todo = SYNTH_WAIT;

	(void)fd;
	(void)what;
	for (i = 0; i < SYNTH_N_LOOKUPS && !(todo & SYNTH_ANSWER); i++) {
		if (q->lookups[i].pending)
			todo = synth_fail(&q->synth, i);
	}
	if (todo & SYNTH_ANSWER)
		answer(q);
	else {
		stats_count(q->qs->stats, STAT_SERVFAIL);
		end_with_error(q, MSG_SERVFAIL, EDE_NO_REACHABLE_AUTHORITY,
		    "deadline");
	}
}

/* Start the timers, when the first lookup is pending. */
static void
begin_waiting(struct query *q)
{
	if (event_pending(&q->deadline, EV_TIMEOUT, NULL))
		return;
	event_add(&q->deadline, q->qs->deadline);
	if (q->ctx->conf->cache.serve_stale)
		event_add(&q->stale_timer, q->qs->stale_delay);
}

/*
 * Start a lookup. Returns what is to be done if its result is known at once,
 * else SYNTH_WAIT.
 */
static unsigned
ask(struct query *q, enum synth_lookup which)
{
	struct query_lookup *ql = &q->lookups[which];

	synth_question(&q->synth, which, &ql->resolve.question);
	admission_question(&q->pass, &ql->resolve.question);
	ql->resolve.own_type = q->synth.policy->nxdomain_synth;
	ql->resolve.stale_ok = q->stale_ok;
	ql->asked = true;
	if (resolve_ask(q->qs->resolver, &ql->resolve, q->ctx, on_lookup_done,
		ql))
		return (take_result(ql));
	ql->pending = true;
	begin_waiting(q);
	return (SYNTH_WAIT);
}

/* Both timers concern the main lookup: arm them only while it is pending. */
static void
arm(struct query *q, unsigned todo)
{
	if (todo & SYNTH_ARM_AAAA)
		event_add(&q->aaaa_timer, &q->view->aaaa_delay);
	if (todo & SYNTH_ARM_A)
		event_add(&q->a_timer, &q->view->a_delay);
}

/* Do what synth asks for. q may be free afterwards. */
static void
execute(struct query *q, unsigned todo)
{
	unsigned next;

	while (todo != SYNTH_WAIT && !(todo & SYNTH_ANSWER)) {
		next = SYNTH_WAIT;
		if (todo & SYNTH_ASK_MAIN)
			next |= ask(q, SYNTH_MAIN);
		if (q->lookups[SYNTH_MAIN].pending)
			arm(q, todo);
		if ((todo & SYNTH_ASK_A) && !(next & SYNTH_ANSWER))
			next |= ask(q, SYNTH_A);
		todo = next;
	}
	if (todo & SYNTH_ANSWER)
		answer(q);
}

/*
 * Copy what the answer depends on: header, question, and OPT without its
 * options. So every query takes the same memory, however long its message.
 */
static void
keep_query(struct query *q, const struct msg_scan *scan)
{
	size_t len = scan->start[MSG_ANSWER];
	unsigned rcode;

	memcpy(q->wire, scan->wire, len);
	/* ANCOUNT, NSCOUNT, ARCOUNT */
	memset(q->wire + 6, 0, MSG_HEADER_LEN - 6);
	if (scan->opt != 0) {
		q->wire[MSG_HEADER_LEN - 1] = 1;
		memcpy(q->wire + len, scan->wire + scan->opt, OPT_LEN);
		len += OPT_LEN;
		memset(q->wire + len - 2, 0, 2); /* RDLENGTH */
	}
	msg_scan_query(q->wire, len, &q->scan, &rcode);
}

/* End the oldest query of the client with most queries; -1: none is open. */
static int
shed(struct queries *qs)
{
	struct fairness_item *place = fairness_heaviest(qs->fairness);
	struct query *q = TAILQ_FIRST(&qs->open);

	if (q == NULL)
		return (-1);
	if (place != NULL)
		q = (void *)((char *)place - offsetof(struct query, place));
	stats_count(qs->stats, STAT_SHED);
	end_with_error(q, MSG_SERVFAIL, EDE_OTHER, "limit-queries");
	return (0);
}

/* A query that is not initialised; NULL if memory is short. */
static struct query *
get_query(struct queries *qs, const struct fairness_client *client)
{
	struct query *q = NULL;

	if (qs->n_open < qs->ctx->conf->each.queries)
		q = slab_get_raw(&qs->slab);
	if (q == NULL && shed(qs) == 0)
		q = slab_get_raw(&qs->slab);
	if (q == NULL)
		return (NULL);
	/* On failure it is counted for no client; shed() prefers others. */
	fairness_join(qs->fairness, &q->place, client);
	TAILQ_INSERT_TAIL(&qs->open, q, next);
	qs->n_open++;
	return (q);
}

/* Begin synthesis by the policy of the view; returns what is to be done. */
static unsigned
begin_synth(struct query *q)
{
	unsigned todo;

	todo = synth_begin(&q->synth, q->policy, &q->scan);
	balance_begin(&q->pick, &q->view->balance, frontend_peer(&q->client),
	    &q->qs->rng);
	synth_balance(&q->synth, &q->pick);
	if (client_is_udp(&q->client))
		synth_minimise(&q->synth);
	return (todo);
}

static void
begin_query(struct queries *qs, const struct arrival *a)
{
	const struct fairness_client asker =
	    fairness_client_of(frontend_peer(a->client));
	struct query *q;
	unsigned i;

	if ((q = get_query(qs, &asker)) == NULL) {
		if (query_is_told(qs, a->client))
			query_tell_dropped(qs, a, "memory", true);
		frontend_drop(a->client);
		return;
	}
	q->qs = qs;
	q->ctx = context_ref(qs->ctx);
	q->view = a->view;
	q->policy = a->policy;
	q->policy_number = a->policy_number;
	q->client = *a->client;
	q->pass = a->pass;
	q->since = a->since;
	for (i = 0; i < SYNTH_N_LOOKUPS; i++) {
		q->lookups[i].query = q;
		q->lookups[i].which = i;
		q->lookups[i].asked = false;
		q->lookups[i].pending = false;
		resolve_init(&q->lookups[i].resolve);
		q->lookups[i].resolve.asker = asker;
	}
	q->stale_ok = false;
	keep_query(q, &a->scan);
	event_assign(&q->deadline, qs->base, -1, 0, on_deadline, q);
	event_assign(&q->aaaa_timer, qs->base, -1, 0, on_aaaa_timer, q);
	event_assign(&q->a_timer, qs->base, -1, 0, on_a_timer, q);
	event_assign(&q->stale_timer, qs->base, -1, 0, on_stale_timer, q);
	execute(q, begin_synth(q));
}

/*
 * A view has two policies, with and without DNS64 (see view_policy). Each has
 * a number, which is part of the key of the packet cache.
 */
static void
select_policy(const struct queries *qs, struct arrival *a)
{
	const struct sockaddr_storage *peer = frontend_peer(a->client);

	a->view = context_select(qs->ctx, peer, frontend_asked(a->client));
	a->policy = view_policy(a->view->view, peer);
	a->policy_number = (a->view - qs->ctx->views) * 2 +
	    (a->policy != &a->view->view->policy);
}

/* Answer from the packet cache. Returns false if it has no answer. */
static bool
answer_kept(struct queries *qs, struct arrival *a, struct monotime now)
{
	uint8_t *room = frontend_room(a->client);
	size_t len, udp_max = frontend_room_size(a->client);
	const struct packet_cache_query aq = { &a->scan, a->policy_number,
		admission_limit(&a->pass, &a->scan, udp_max) };
	struct packet_cache_note note;

	if (!may_be_kept(&a->pass) ||
	    (len = packet_cache_find(qs->ctx->packet_cache, &aq, now, room,
		 &note)) == 0)
		return (false);
	stats_count(qs->stats, STAT_ANSWER_HITS);
	stats_count(qs->stats, outcome_counter(note.outcome));
	for (; note.n_hits > 0; note.n_hits--)
		stats_count(qs->stats, STAT_CACHE_HITS);
	a->pass.ede = note.ede;
	msg_rotate(room, next_turn(qs));
	len = admission_finish(&a->pass, &a->scan, udp_max, NULL, room, len);
	if (query_is_told(qs, a->client))
		query_tell_at_once(qs, a, note.outcome, "answers", room, len);
	frontend_send(a->client, len);
	return (true);
}

/*
 * The special-use zones that are answered here (RFC 6303, RFC 6761): none for
 * a name whose domain has an upstream of its own.
 */
static enum local_zones
local_zones_for(const struct context *ctx, const uint8_t *name)
{
	const struct upstream_route *route;

	route = upstreams_route(&ctx->ups, name);
	if (route != NULL && route->domain_len > 1)
		return (LOCAL_ZONES_NONE);
	return (
	    ctx->conf->special_zones ? LOCAL_ZONES_ALL : LOCAL_ZONES_NOWHERE);
}

/* Answer a query for a local name. Returns false if it is none. */
static bool
answer_local(struct queries *qs, struct arrival *a)
{
	const struct local_names names = { qs->ctx->conf->hosts,
		qs->ctx->conf->records,
		local_zones_for(qs->ctx, a->scan.wire + MSG_HEADER_LEN) };
	struct balance_pick pick;
	uint8_t *room = frontend_room(a->client);
	size_t len, udp_max = frontend_room_size(a->client);
	unsigned n_synthesised;

	balance_begin(&pick, &a->view->balance, frontend_peer(a->client),
	    &qs->rng);
	len = local_answer(&names, a->policy, &pick, &a->scan,
	    admission_limit(&a->pass, &a->scan, udp_max), room,
	    &n_synthesised);
	if (len == 0)
		return (false);
	stats_count(qs->stats, STAT_LOCAL);
	if (n_synthesised > 0 && a->policy->tell_synthesised)
		ede_add(&a->pass.ede, EDE_SYNTHESIZED);
	len = admission_finish(&a->pass, &a->scan, udp_max, NULL, room, len);
	if (query_is_told(qs, a->client))
		query_tell_at_once(qs, a, SYNTH_O_LOCAL, NULL, room, len);
	frontend_send(a->client, len);
	return (true);
}

static void
reject(struct queries *qs, const struct arrival *a, unsigned rcode,
    bool truncated, bool question)
{
	uint8_t *room = frontend_room(a->client);
	size_t len;

	switch (rcode) {
	case MSG_NOERROR:
		stats_count(qs->stats,
		    truncated ? STAT_RATE_TRUNCATED : STAT_LOCAL);
		break;
	case MSG_BADCOOKIE:
		stats_count(qs->stats, STAT_BADCOOKIE);
		break;
	case MSG_REFUSED:
		stats_count(qs->stats, STAT_REFUSED);
		frontend_refuse(a->client);
		break;
	case MSG_NOTIMP:
		stats_count(qs->stats, STAT_NOTIMP);
		break;
	case MSG_BADVERS:
		stats_count(qs->stats, STAT_BADVERS);
		break;
	default:
		stats_count(qs->stats, STAT_FORMERR);
	}
	len = msg_write_error(&a->scan, rcode, room);
	if (truncated)
		msg_set_tc(room);
	len = admission_finish(&a->pass, &a->scan,
	    frontend_room_size(a->client), NULL, room, len);
	if (query_is_told(qs, a->client))
		query_tell_rejected(qs, a, rcode, truncated, question);
	frontend_send(a->client, len);
}

/* Above three quarters of "limit queries": see admission_peer.busy. */
static bool
is_busy(const struct queries *qs)
{
	return (qs->n_open > qs->ctx->conf->each.queries / 4 * 3);
}

void
queries_receive(void *arg, const struct client *client, const uint8_t *wire,
    size_t len)
{
	struct queries *qs = arg;
	const struct admission_peer peer = {
		.addr = frontend_peer(client),
		.tcp = client->tcp != NULL,
		.allowed = client->access == ACCESS_ALLOWED,
		.busy = is_busy(qs),
	};
	struct monotime now = monotime_now();
	enum msg_query_verdict verdict;
	enum admission_verdict decision;
	struct arrival a;
	unsigned rcode;

	a.client = client;
	a.since = now;
	stats_count(qs->stats,
	    client->tcp != NULL ? STAT_QUERIES_TCP : STAT_QUERIES_UDP);
	verdict = msg_scan_query(wire, len, &a.scan, &rcode);
	decision =
	    admission_check(qs->admission, &qs->ctx->conf->admission, &peer,
		&a.scan, verdict, &rcode, (uint32_t)time(NULL), now, &a.pass);
	switch (decision) {
	case ADMISSION_DROP:
		stats_count(qs->stats,
		    verdict == MSG_Q_DROP ? STAT_CLIENT_GARBAGE :
					    STAT_RATE_DROPPED);
		if (query_is_told(qs, client))
			query_tell_dropped(qs, &a,
			    verdict == MSG_Q_DROP ? "message" : "rate",
			    verdict == MSG_Q_ACCEPT);
		frontend_drop(client);
		break;
	case ADMISSION_REJECT:
	case ADMISSION_BADCOOKIE:
	case ADMISSION_TRUNCATE:
		reject(qs, &a, rcode, decision == ADMISSION_TRUNCATE,
		    verdict == MSG_Q_ACCEPT);
		break;
	case ADMISSION_PASS:
		select_policy(qs, &a);
		if (!answer_kept(qs, &a, now) && !answer_local(qs, &a))
			begin_query(qs, &a);
		break;
	}
}

void
queries_monitor(struct queries *qs, struct monitor_ring *r)
{
	qs->monitor = r;
}

struct monitor_ring *
queries_monitored(const struct queries *qs)
{
	return (qs->monitor);
}

void
queries_ask(struct queries *qs, struct inside_client *c, const uint8_t *wire,
    size_t len)
{
	const struct client client = { .inside = c, .access = ACCESS_ALLOWED };
	struct arrival a = { .client = &client, .pass = { .tcp = true } };
	unsigned rcode;

	a.since = monotime_now();
	if (msg_scan_query(wire, len, &a.scan, &rcode) != MSG_Q_ACCEPT) {
		frontend_drop(&client);
		return;
	}
	select_policy(qs, &a);
	if (!answer_local(qs, &a))
		begin_query(qs, &a);
}

void
queries_print(const struct queries *qs, FILE *f)
{
	fprintf(f, "queries open %u of %u\n", qs->n_open,
	    qs->ctx->conf->each.queries);
	resolver_print(qs->resolver, f);
}

void
queries_each(const struct queries *qs,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg)
{
	const struct query *q;

	TAILQ_FOREACH(q, &qs->open, next)
		fn(arg, frontend_peer(&q->client));
}

void
queries_flush(struct queries *qs, const uint8_t *name, bool below)
{
	resolver_flush(qs->resolver, name, below);
}

unsigned
queries_open(const struct queries *qs)
{
	return (qs->n_open);
}

void
queries_free(struct queries *qs)
{
	struct query *q;

	if (qs == NULL)
		return;
	while ((q = TAILQ_FIRST(&qs->open)) != NULL)
		end_with_error(q, MSG_SERVFAIL, EDE_NOT_READY, "leaving");
	resolver_free(qs->resolver);
	querylog_free(qs->log);
	context_unref(qs->ctx);
	admission_free(qs->admission);
	fairness_free(qs->fairness);
	slab_clear(&qs->slab);
	free(qs);
}
