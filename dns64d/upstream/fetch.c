#include <sys/socket.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/log.h"

#include "fetch.h"
#include "dns64d/base/loop.h"
#include "upstream.h"
#include "upstream_tcp.h"
#include "upstream_udp.h"

/* Delays are rounded up to one of these; an event base takes few values. */
static const unsigned delay_ms[FETCH_DELAYS] = { 100, 150, 200, 300, 400,
	UPSTREAM_RTO_DOWN_MS, 600, 800, UPSTREAM_ROUND_MS };

_Static_assert(UPSTREAM_RTO_MAX_MS <= UPSTREAM_ROUND_MS,
    "fits the last of delay_ms");

static void advance(struct fetch *);
static upstream_udp_fn on_udp;

int
fetch_env_init(struct fetch_env *env, struct event_base *base,
    struct stats *stats)
{
	unsigned i;

	env->base = base;
	env->stats = stats;
	env->n_fetches = 0;
	env->rng = rng_os_source(&env->random);
	for (i = 0; i < FETCH_DELAYS; i++) {
		env->delays[i] = loop_delay(base, delay_ms[i]);
		if (env->delays[i] == NULL)
			return (-1);
	}
	env->tcp_delay = loop_delay(base, FETCH_TCP_MS);
	if (env->tcp_delay == NULL)
		return (-1);
	if (upstream_udp_init(&env->udp, base, stats, &env->rng, on_udp) ==
		-1 ||
	    upstream_pool_init(&env->pool, base, stats) == -1) {
		upstream_udp_clear(&env->udp);
		return (-1);
	}
	return (0);
}

void
fetch_env_clear(struct fetch_env *env)
{
	upstream_pool_clear(&env->pool);
	upstream_udp_clear(&env->udp);
}

/* Count a failure, and note it for the extended errors of the reply. */
static void
note_trouble(struct fetch *f, enum stats_counter counter)
{
	stats_count(f->env->stats, counter);
	f->trouble |= counter == STAT_UP_MALFORMED ? FETCH_TROUBLE_DATA :
						     FETCH_TROUBLE_NETWORK;
}

static void
note_lost(struct fetch_try *t)
{
	struct fetch *f = t->fetch;

	stats_count(f->env->stats, STAT_UP_LOST);
	if (upstream_lost(t->up, t->edns, t->sent_at))
		f->env->on_silence(f->env->on_silence_arg);
}

static void
end_try(struct fetch_try *t)
{
	if (!upstream_udp_is_waiting(&t->udp))
		return;
	upstream_udp_end(&t->udp);
	upstream_ended(t->up);
}

/* Stop waiting for the answer over TCP. */
static void
end_tcp_wait(struct fetch *f)
{
	if (f->tcp_try == NULL)
		return;
	upstream_ended(f->tcp_try->up);
	f->tcp_try = NULL;
}

static void
close_tcp(struct fetch *f)
{
	end_tcp_wait(f);
	upstream_tcp_free(f->tcp);
	f->tcp = NULL;
}

static void
stop(struct fetch *f)
{
	unsigned i;

	event_del(&f->timer);
	for (i = 0; i < f->n_tries; i++)
		end_try(&f->tries[i]);
}

void
fetch_cancel(struct fetch *f)
{
	if (f->env == NULL)
		return;
	stop(f);
	close_tcp(f);
	free(f->kept);
	f->env->n_fetches--;
	f->env = NULL;
}

/* The fetch must not be used after this call: done may free it. */
static void
finish(struct fetch *f)
{
	stop(f);
	f->done(f->arg, f->has_reply ? &f->reply : NULL);
}

/* Call done from the event loop: the caller may be fetch_ask(). */
static void
finish_later(struct fetch *f)
{
	f->over = true;
	event_active(&f->timer, EV_TIMEOUT, 0);
}

/*
 * Keep the first answer that is not good enough to be the result at once.
 * Its octets are copied out of the receive buffer.
 */
static void
keep_reply(struct fetch_try *t, const struct msg_scan *reply)
{
	struct fetch *f = t->fetch;

	if (f->has_reply || (f->kept = malloc(reply->len)) == NULL)
		return;
	memcpy(f->kept, reply->wire, reply->len);
	f->reply = *reply;
	f->reply.wire = f->kept;
	f->from = t->up;
	f->has_reply = true;
}

static void
finish_with(struct fetch_try *t, const struct msg_scan *reply)
{
	struct fetch *f = t->fetch;

	f->reply = *reply;
	f->from = t->up;
	f->has_reply = true;
	finish(f);
}

static unsigned
count_tries(const struct fetch *f, const struct upstream *up)
{
	unsigned i, n = 0;

	for (i = 0; i < f->n_tries; i++) {
		if (f->tries[i].up == up)
			n++;
	}
	return (n);
}

static void
arm(struct fetch *f, unsigned ms)
{
	unsigned i = 0;

	while (i < FETCH_DELAYS - 1 && delay_ms[i] < ms)
		i++;
	event_add(&f->timer, f->env->delays[i]);
}

/* Add a try that is not sent yet; n_tries must be below FETCH_TRIES. */
static struct fetch_try *
new_try(struct fetch *f, struct upstream *up, bool edns)
{
	struct fetch_try *t = &f->tries[f->n_tries++];

	t->udp.socket = NULL;
	t->fetch = f;
	t->up = up;
	t->edns = edns;
	t->refused = false;
	t->tcp = false;
	return (t);
}

/*
 * heard is set only while queries are sent, because a server that answers
 * another query after the last one of this fetch may have been unreachable
 * until then (see fetch_met_silence).
 */
static void
note_sending(struct fetch_try *t, struct monotime now)
{
	struct fetch *f = t->fetch;

	t->sent_at = f->last_sent = now;
	if (f->n_tries > 1 && !f->heard)
		f->heard =
		    upstreams_answered_since(f->ups, f->route, f->began);
}

/* Returns 0, or -1 when the query cannot be sent. */
static int
send_udp(struct fetch_try *t, struct monotime now)
{
	struct fetch *f = t->fetch;
	uint8_t query[MSG_QUERY_MAX];
	struct sockaddr_storage to;
	size_t len;

	note_sending(t, now);
	upstream_dest(t->up, &to);
	len = msg_write_query(&f->question, 0, t->edns, query);
	if (upstream_udp_ask(&f->env->udp, &t->udp, &to, query, len) == -1) {
		note_trouble(f, STAT_UP_ERRORS);
		return (-1);
	}
	upstream_sent(t->up);
	stats_count(f->env->stats, STAT_UP_UDP);
	arm(f,
	    f->round > 0 && f->env->n_fetches > FETCH_BUSY ?
		UPSTREAM_ROUND_MS :
		upstream_rto_ms(t->up, count_tries(f, t->up) - 1));
	return (0);
}

static bool
was_asked_over_tcp(const struct fetch *f, const struct upstream *up)
{
	unsigned i;

	for (i = 0; i < f->n_tries; i++) {
		if (f->tries[i].up == up && f->tries[i].tcp)
			return (true);
	}
	return (false);
}

static void on_tcp_answer(void *, const uint8_t *, size_t);

/* Returns 0; -1: the query could not be sent, or was sent before. */
static int
send_tcp(struct fetch_try *t)
{
	struct fetch *f = t->fetch;
	uint8_t query[MSG_QUERY_MAX];
	struct sockaddr_storage to;
	size_t len;

	if (was_asked_over_tcp(f, t->up))
		return (-1);
	t->tcp = true;
	note_sending(t, monotime_now());
	len = msg_write_query(&f->question, 0, t->edns, query);
	upstream_dest(t->up, &to);
	f->tcp = upstream_tcp_ask(&f->env->pool, &to, f->ups->conf.tcp_max,
	    &f->asker, query, len, on_tcp_answer, f);
	if (f->tcp == NULL) {
		note_trouble(f, STAT_UP_ERRORS);
		return (-1);
	}
	upstream_sent(t->up);
	f->tcp_try = t;
	stats_count(f->env->stats, STAT_UP_TCP);
	event_add(&f->timer, f->env->tcp_delay);
	return (0);
}

static struct upstream *
choose(const struct fetch *f, struct monotime now)
{
	unsigned tries[UPSTREAMS_MAX] = { 0 };
	unsigned i;

	if (f->route == NULL || f->n_tries == FETCH_TRIES ||
	    monotime_diff_ms(now, f->began) > UPSTREAM_LAST_TRY_MS)
		return (NULL);
	for (i = 0; i < f->n_tries; i++)
		tries[f->tries[i].up - f->ups->v]++;
	return (
	    upstream_choose(f->ups, f->route, tries, f->round, f->has_reply));
}

/* What a server was asked in the first n tries. */
static struct upstream_asked
asked_before(const struct fetch *f, const struct upstream *up, unsigned n)
{
	struct upstream_asked asked = { .since = f->began };
	unsigned i;

	for (i = 0; i < n; i++) {
		if (f->tries[i].up != up)
			continue;
		asked.last_plain = !f->tries[i].edns;
		if (f->tries[i].edns) {
			asked.n_edns++;
			asked.edns_at = f->tries[i].sent_at;
		}
	}
	return (asked);
}

static bool
is_waiting(const struct fetch *f)
{
	unsigned i;

	for (i = 0; i < f->n_tries; i++) {
		if (upstream_udp_is_waiting(&f->tries[i].udp))
			return (true);
	}
	return (false);
}

/* All servers have been down for FETCH_DOWN_SURE_MS: see fetch.h. */
static bool
is_hopeless(const struct fetch *f, struct monotime now)
{
	return (monotime_diff_ms(now, f->began) >= FETCH_DOWN_MS &&
	    f->route != NULL &&
	    upstreams_down_since(f->ups, f->route,
		monotime_add_ms(now, -FETCH_DOWN_SURE_MS)));
}

/* All servers have had their queries of this round. */
static void
end_round(struct fetch *f, struct monotime now)
{
	int64_t waited_ms = monotime_diff_ms(now, f->last_sent);

	if (f->has_reply || !is_waiting(f) || is_hopeless(f, now))
		finish_later(f);
	else if (f->n_tries < FETCH_TRIES) {
		f->pausing = true;
		arm(f,
		    waited_ms < UPSTREAM_ROUND_MS ?
			UPSTREAM_ROUND_MS - waited_ms :
			1);
	}
}

/* Ask the next server, or end the round when there is none. */
static void
advance(struct fetch *f)
{
	struct monotime now = monotime_now();
	struct upstream_asked asked;
	struct upstream *up;
	struct fetch_try *t;

	f->pausing = false;
	while (!is_hopeless(f, now) && (up = choose(f, now)) != NULL) {
		asked = asked_before(f, up, f->n_tries);
		t = new_try(f, up, upstream_wants_edns(up, &asked, now));
		if ((f->tcp_only ? send_tcp(t) : send_udp(t, now)) == 0)
			return;
	}
	end_round(f, now);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *f = arg;

	(void)fd;
	(void)what;
	if (f->over) {
		finish(f);
		return;
	}
	if (f->tcp_try != NULL) {
		note_lost(f->tcp_try);
		close_tcp(f);
	} else if (f->pausing)
		f->round++;
	else
		note_lost(&f->tries[f->n_tries - 1]);
	advance(f);
}

void
fetch_ask_route(struct fetch *f, struct fetch_env *env,
    const struct upstreams *ups, const struct upstream_route *route,
    fetch_done_fn *done, void *arg)
{
	f->env = env;
	f->ups = ups;
	f->route = route;
	f->done = done;
	f->arg = arg;
	f->n_tries = 0;
	f->round = 0;
	f->began = f->last_sent = monotime_now();
	f->heard = false;
	f->over = false;
	f->has_reply = false;
	f->from = NULL;
	f->trouble = 0;
	f->n_mismatches = 0;
	f->tcp_only = false;
	f->tcp = NULL;
	f->tcp_try = NULL;
	f->kept = NULL;
	env->n_fetches++;
	event_assign(&f->timer, env->base, -1, 0, on_timer, f);
	advance(f);
}

void
fetch_ask(struct fetch *f, struct fetch_env *env, const struct upstreams *ups,
    fetch_done_fn *done, void *arg)
{
	fetch_ask_route(f, env, ups, upstreams_route(ups, f->question.name),
	    done, arg);
}

bool
fetch_met_silence(const struct fetch *f, struct monotime *asked_at)
{
	*asked_at = f->last_sent;
	return (f->route != NULL && !f->heard &&
	    (f->trouble & FETCH_TROUBLE_DATA) == 0);
}

/* A try failed. Ask another server, unless a later try still has time. */
static void
give_up_try(struct fetch_try *t)
{
	struct fetch *f = t->fetch;
	bool last = t == &f->tries[f->n_tries - 1];

	end_try(t);
	if (!last && event_pending(&f->timer, EV_TIMEOUT, NULL))
		return;
	event_del(&f->timer);
	advance(f);
}

/* An error answer; another server may have a better one. */
static bool
is_no_help(const struct msg_scan *reply)
{
	return (msg_is_failure(reply) &&
	    (reply->rcode != MSG_SERVFAIL || !msg_has_dnssec_error(reply)));
}

/* How a server without EDNS answers a query with OPT (RFC 6891, 7). */
static bool
is_edns_trouble(const struct fetch_try *t, const struct msg_scan *reply)
{
	if (!t->edns || t->fetch->n_tries == FETCH_TRIES)
		return (false);
	return (reply->rcode == MSG_BADVERS ||
	    (reply->opt == 0 &&
		(reply->rcode == MSG_FORMERR || reply->rcode == MSG_NOTIMP)));
}

/* Note what an answer shows about its server. */
static void
note_answer(struct fetch_try *t, const struct msg_scan *reply,
    struct monotime now)
{
	struct stats *stats = t->fetch->env->stats;
	struct upstream_asked asked;
	char buf[SCOPED_ADDR_STRLEN];

	stats_count(stats, STAT_UP_ANSWERS);
	if (upstream_answered(t->up, t->edns, reply->opt != 0, now))
		log_info("upstream %s: up",
		    scoped_addr_print(&t->up->addr, buf, sizeof(buf)));
	if (t->edns || is_no_help(reply))
		return;
	asked = asked_before(t->fetch, t->up, t - t->fetch->tries);
	if (upstream_answered_plain(t->up, t->refused, &asked, now)) {
		stats_count(stats, STAT_UP_NOEDNS);
		log_info("upstream %s: has no EDNS",
		    scoped_addr_print(&t->up->addr, buf, sizeof(buf)));
	}
}

/* Ask the same server over TCP; the tries over UDP end. */
static void
turn_to_tcp(struct fetch_try *t)
{
	struct fetch *f = t->fetch;

	stop(f);
	if (send_tcp(t) == -1)
		advance(f);
}

static void
retry_without_edns(struct fetch *f, struct upstream *up)
{
	struct fetch_try *t;

	stop(f);
	t = new_try(f, up, false);
	t->refused = true;
	if (send_udp(t, monotime_now()) == -1)
		advance(f);
}

/* An answer over UDP. A truncated one is asked again over TCP (RFC 7766, 5). */
static void
use_reply(struct fetch_try *t, const struct msg_scan *reply)
{
	struct fetch *f = t->fetch;
	struct monotime now = monotime_now();

	upstream_measured(t->up, (now.ns - t->sent_at.ns) / 1000);
	note_answer(t, reply, now);
	if (is_edns_trouble(t, reply)) {
		retry_without_edns(f, t->up);
		return;
	}
	if ((reply->flags & MSG_TC) || reply->len > MSG_UDP_OURS) {
		stats_count(f->env->stats, STAT_UP_TRUNCATED);
		/*
		 * An answer larger than the size in our OPT may have come in
		 * fragments. All but the first can be forged without knowing
		 * id and port, so it is asked again over TCP. The complete
		 * answer is kept for the case that the server does not answer
		 * over TCP, which only an attacker on the path could cause.
		 */
		if (!(reply->flags & MSG_TC) && !is_no_help(reply))
			keep_reply(t, reply);
		turn_to_tcp(t);
		return;
	}
	if (!is_no_help(reply)) {
		finish_with(t, reply);
		return;
	}
	keep_reply(t, reply);
	give_up_try(t);
}

/*
 * An error answer may lack the question (RFC 1035, 4.1.1, does not require
 * it): add ours. With the right id and port a forged error gains nothing but
 * that another server is asked. buf: room for MSG_QUERY_MAX.
 */
static void
add_question(const struct fetch *f, struct msg_scan *reply, uint8_t *buf)
{
	size_t len;

	if (reply->count[MSG_QUESTION] != 0)
		return;
	len = msg_write_bare_error(&f->question, reply->rcode, reply->opt != 0,
	    buf);
	msg_scan(buf, len, reply);
}

/* upstream_tcp has compared the id. */
static bool
is_good_over_tcp(const struct fetch *f, const struct msg_scan *reply)
{
	return (msg_is_bare_error(reply, reply->id) ||
	    (msg_is_reply_to(reply, &f->question, reply->id) &&
		!(reply->flags & MSG_TC)));
}

static void
use_tcp_reply(struct fetch *f, const struct msg_scan *reply)
{
	struct fetch_try *t = f->tcp_try;

	note_answer(t, reply, monotime_now());
	end_tcp_wait(f);
	if (!is_no_help(reply) || reply->len > MSG_UDP_OURS) {
		finish_with(t, reply);
		return;
	}
	keep_reply(t, reply);
	close_tcp(f);
	advance(f);
}

static void
on_tcp_answer(void *arg, const uint8_t *wire, size_t len)
{
	struct fetch *f = arg;
	uint8_t buf[MSG_QUERY_MAX];
	struct msg_scan reply;

	event_del(&f->timer);
	if (wire == NULL)
		note_trouble(f, STAT_UP_ERRORS);
	else if (msg_scan_reply(wire, len, &reply) == MSG_SCAN_OK &&
	    is_good_over_tcp(f, &reply)) {
		add_question(f, &reply, buf);
		use_tcp_reply(f, &reply);
		return;
	} else
		note_trouble(f, STAT_UP_MALFORMED);
	close_tcp(f);
	advance(f);
}

/* Whether a message with the right id is not the answer (RFC 5452, 9.1). */
static bool
is_mismatch(const struct fetch_try *t, const struct msg_scan *reply,
    enum msg_scan_error error)
{
	if (error == MSG_SCAN_SHORT || !(reply->flags & MSG_QR))
		return (true);
	return (error == MSG_SCAN_OK && !msg_is_bare_error(reply, reply->id) &&
	    !msg_is_reply_to(reply, &t->fetch->question, reply->id));
}

static void
count_mismatch(struct fetch_try *t)
{
	struct fetch *f = t->fetch;

	if (++f->n_mismatches < FETCH_MISMATCHES)
		return;
	stats_count(f->env->stats, STAT_UP_ABANDONED);
	f->tcp_only = true;
	turn_to_tcp(t);
}

static void
on_answer(struct fetch_try *t, const uint8_t *wire, size_t len)
{
	struct fetch *f = t->fetch;
	uint8_t buf[MSG_QUERY_MAX];
	struct msg_scan reply;
	enum msg_scan_error error;

	error = msg_scan_reply(wire, len, &reply);
	if (is_mismatch(t, &reply, error)) {
		stats_count(f->env->stats, STAT_UP_MISMATCH);
		count_mismatch(t);
	} else if (error == MSG_SCAN_OK) {
		add_question(f, &reply, buf);
		use_reply(t, &reply);
	} else {
		note_trouble(f, STAT_UP_MALFORMED);
		give_up_try(t);
	}
}

static void
on_udp(struct upstream_udp_query *q, enum upstream_udp_news news,
    const uint8_t *wire, size_t len)
{
	struct fetch_try *t =
	    (void *)((char *)q - offsetof(struct fetch_try, udp));

	switch (news) {
	case UPSTREAM_UDP_ANSWER:
		on_answer(t, wire, len);
		break;
	case UPSTREAM_UDP_MISMATCH:
		count_mismatch(t);
		break;
	case UPSTREAM_UDP_UNSENT:
	case UPSTREAM_UDP_REJECTED:
		note_trouble(t->fetch, STAT_UP_ERRORS);
		if (news == UPSTREAM_UDP_REJECTED)
			note_lost(t);
		give_up_try(t);
		break;
	}
}
