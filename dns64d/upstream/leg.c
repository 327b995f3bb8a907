#include <sys/socket.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/log.h"

#include "leg.h"
#include "dns64d/base/loop.h"
#include "upstream.h"
#include "upstream_tcp.h"
#include "upstream_udp.h"

/* Delays are rounded up to one of a few, for loop_delay. */
static const unsigned delay_ms[LEG_DELAYS] = { 100, 150, 200, 300, 400,
	UPSTREAM_RTO_DOWN_MS, 600, 800, UPSTREAM_ROUND_MS };

_Static_assert(UPSTREAM_RTO_MAX_MS <= UPSTREAM_ROUND_MS, "the longest");

static void advance(struct leg *);
static upstream_udp_fn on_udp;

int
leg_env_init(struct leg_env *env, struct event_base *base, struct stats *stats)
{
	unsigned i;

	env->base = base;
	env->stats = stats;
	env->n_legs = 0;
	env->rng = rng_os_source(&env->random);
	for (i = 0; i < LEG_DELAYS; i++) {
		env->delays[i] = loop_delay(base, delay_ms[i]);
		if (env->delays[i] == NULL)
			return (-1);
	}
	env->tcp_delay = loop_delay(base, LEG_TCP_MS);
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
leg_env_clear(struct leg_env *env)
{
	upstream_pool_clear(&env->pool);
	upstream_udp_clear(&env->udp);
}

/* Count it, and keep in mind what the client may be told. */
static void
note_trouble(struct leg *l, enum stats_counter counter)
{
	stats_count(l->env->stats, counter);
	l->trouble |= counter == STAT_UP_MALFORMED ? LEG_TROUBLE_DATA :
						     LEG_TROUBLE_NETWORK;
}

static void
note_lost(struct leg_try *t)
{
	struct leg *l = t->leg;

	stats_count(l->env->stats, STAT_UP_LOST);
	if (upstream_lost(t->up, t->edns, t->sent_at))
		l->env->on_silence(l->env->on_silence_arg);
}

static void
end_try(struct leg_try *t)
{
	if (!upstream_udp_is_waiting(&t->udp))
		return;
	upstream_udp_end(&t->udp);
	upstream_ended(t->up);
}

/* The answer over TCP has come, or will not. */
static void
end_tcp_wait(struct leg *l)
{
	if (l->tcp_try == NULL)
		return;
	upstream_ended(l->tcp_try->up);
	l->tcp_try = NULL;
}

static void
close_tcp(struct leg *l)
{
	end_tcp_wait(l);
	upstream_tcp_free(l->tcp);
	l->tcp = NULL;
}

static void
stop(struct leg *l)
{
	unsigned i;

	event_del(&l->timer);
	for (i = 0; i < l->n_tries; i++)
		end_try(&l->tries[i]);
}

void
leg_cancel(struct leg *l)
{
	if (l->env == NULL)
		return;
	stop(l);
	close_tcp(l);
	free(l->kept);
	l->env->n_legs--;
	l->env = NULL;
}

/* Nothing of the leg may be touched after this call. */
static void
finish(struct leg *l)
{
	stop(l);
	l->done(l->arg, l->has_reply ? &l->reply : NULL);
}

/* A result that is known already must wait for the event loop. */
static void
finish_later(struct leg *l)
{
	l->over = true;
	event_active(&l->timer, EV_TIMEOUT, 0);
}

/*
 * One answer to fall back upon is enough: the first. It is copied out of the
 * receive buffer; its view holds offsets only.
 */
static void
keep_reply(struct leg_try *t, const struct msg_scan *reply)
{
	struct leg *l = t->leg;

	if (l->has_reply || (l->kept = malloc(reply->len)) == NULL)
		return;
	memcpy(l->kept, reply->wire, reply->len);
	l->reply = *reply;
	l->reply.wire = l->kept;
	l->from = t->up;
	l->has_reply = true;
}

static void
finish_with(struct leg_try *t, const struct msg_scan *reply)
{
	struct leg *l = t->leg;

	l->reply = *reply;
	l->from = t->up;
	l->has_reply = true;
	finish(l);
}

static unsigned
count_tries(const struct leg *l, const struct upstream *up)
{
	unsigned i, n = 0;

	for (i = 0; i < l->n_tries; i++) {
		if (l->tries[i].up == up)
			n++;
	}
	return (n);
}

static void
arm(struct leg *l, unsigned ms)
{
	unsigned i = 0;

	while (i < LEG_DELAYS - 1 && delay_ms[i] < ms)
		i++;
	event_add(&l->timer, l->env->delays[i]);
}

/* One more try, sent or not; there must be one left. */
static struct leg_try *
new_try(struct leg *l, struct upstream *up, bool edns)
{
	struct leg_try *t = &l->tries[l->n_tries++];

	t->udp.socket = NULL;
	t->leg = l;
	t->up = up;
	t->edns = edns;
	t->refused = false;
	t->tcp = false;
	return (t);
}

/*
 * A server that answers others and then leaves this query unanswered is
 * there. One that answers others later may just have come back.
 */
static void
note_sending(struct leg_try *t, struct monotime now)
{
	struct leg *l = t->leg;

	t->sent_at = l->last_sent = now;
	if (l->n_tries > 1 && !l->heard)
		l->heard =
		    upstreams_answered_since(l->ups, l->route, l->began);
}

/* Returns 0, or -1 when the query cannot be sent. */
static int
send_udp(struct leg_try *t, struct monotime now)
{
	struct leg *l = t->leg;
	uint8_t query[MSG_QUERY_MAX];
	struct sockaddr_storage to;
	size_t len;

	note_sending(t, now);
	upstream_dest(t->up, &to);
	len = msg_write_query(&l->question, 0, t->edns, query);
	if (upstream_udp_ask(&l->env->udp, &t->udp, &to, query, len) == -1) {
		note_trouble(l, STAT_UP_ERRORS);
		return (-1);
	}
	upstream_sent(t->up);
	stats_count(l->env->stats, STAT_UP_UDP);
	arm(l,
	    l->round > 0 && l->env->n_legs > LEG_CROWD ?
		UPSTREAM_ROUND_MS :
		upstream_rto_ms(t->up, count_tries(l, t->up) - 1));
	return (0);
}

static bool
was_asked_over_tcp(const struct leg *l, const struct upstream *up)
{
	unsigned i;

	for (i = 0; i < l->n_tries; i++) {
		if (l->tries[i].up == up && l->tries[i].tcp)
			return (true);
	}
	return (false);
}

static void on_tcp_answer(void *, const uint8_t *, size_t);

/* Returns 0, or -1 when the query could not be sent, or was before. */
static int
send_tcp(struct leg_try *t)
{
	struct leg *l = t->leg;
	uint8_t query[MSG_QUERY_MAX];
	struct sockaddr_storage to;
	size_t len;

	if (was_asked_over_tcp(l, t->up))
		return (-1);
	t->tcp = true;
	note_sending(t, monotime_now());
	len = msg_write_query(&l->question, 0, t->edns, query);
	upstream_dest(t->up, &to);
	l->tcp = upstream_tcp_ask(&l->env->pool, &to, l->ups->conf.tcp_max,
	    &l->asker, query, len, on_tcp_answer, l);
	if (l->tcp == NULL) {
		note_trouble(l, STAT_UP_ERRORS);
		return (-1);
	}
	upstream_sent(t->up);
	l->tcp_try = t;
	stats_count(l->env->stats, STAT_UP_TCP);
	event_add(&l->timer, l->env->tcp_delay);
	return (0);
}

static struct upstream *
choose(const struct leg *l, struct monotime now)
{
	unsigned tries[UPSTREAMS_MAX] = { 0 };
	unsigned i;

	if (l->route == NULL || l->n_tries == LEG_TRIES ||
	    monotime_diff_ms(now, l->began) > UPSTREAM_LAST_TRY_MS)
		return (NULL);
	for (i = 0; i < l->n_tries; i++)
		tries[l->tries[i].up - l->ups->v]++;
	return (
	    upstream_choose(l->ups, l->route, tries, l->round, l->has_reply));
}

/* What a server had been asked before a try, or until now: n of the tries. */
static struct upstream_asked
asked_before(const struct leg *l, const struct upstream *up, unsigned n)
{
	struct upstream_asked asked = { .since = l->began };
	unsigned i;

	for (i = 0; i < n; i++) {
		if (l->tries[i].up != up)
			continue;
		asked.last_plain = !l->tries[i].edns;
		if (l->tries[i].edns) {
			asked.n_edns++;
			asked.edns_at = l->tries[i].sent_at;
		}
	}
	return (asked);
}

static bool
is_waiting(const struct leg *l)
{
	unsigned i;

	for (i = 0; i < l->n_tries; i++) {
		if (upstream_udp_is_waiting(&l->tries[i].udp))
			return (true);
	}
	return (false);
}

/* There is nothing to wait for any longer. */
static bool
is_hopeless(const struct leg *l, struct monotime now)
{
	return (monotime_diff_ms(now, l->began) >= LEG_DOWN_MS &&
	    l->route != NULL &&
	    upstreams_down_since(l->ups, l->route,
		monotime_add_ms(now, -LEG_DOWN_SURE_MS)));
}

/* All have had the queries of this round. */
static void
end_round(struct leg *l, struct monotime now)
{
	int64_t rested_ms = monotime_diff_ms(now, l->last_sent);

	if (l->has_reply || !is_waiting(l) || is_hopeless(l, now))
		finish_later(l);
	else if (l->n_tries < LEG_TRIES) {
		l->pausing = true;
		arm(l,
		    rested_ms < UPSTREAM_ROUND_MS ?
			UPSTREAM_ROUND_MS - rested_ms :
			1);
	}
}

/* Ask the next server, or settle for what there is. */
static void
advance(struct leg *l)
{
	struct monotime now = monotime_now();
	struct upstream_asked asked;
	struct upstream *up;
	struct leg_try *t;

	l->pausing = false;
	while (!is_hopeless(l, now) && (up = choose(l, now)) != NULL) {
		asked = asked_before(l, up, l->n_tries);
		t = new_try(l, up, upstream_wants_edns(up, &asked, now));
		if ((l->tcp_only ? send_tcp(t) : send_udp(t, now)) == 0)
			return;
	}
	end_round(l, now);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct leg *l = arg;

	(void)fd;
	(void)what;
	if (l->over) {
		finish(l);
		return;
	}
	if (l->tcp_try != NULL) {
		note_lost(l->tcp_try);
		close_tcp(l);
	} else if (l->pausing)
		l->round++;
	else
		note_lost(&l->tries[l->n_tries - 1]);
	advance(l);
}

void
leg_ask_route(struct leg *l, struct leg_env *env, const struct upstreams *ups,
    const struct upstream_route *route, leg_done_fn *done, void *arg)
{
	l->env = env;
	l->ups = ups;
	l->route = route;
	l->done = done;
	l->arg = arg;
	l->n_tries = 0;
	l->round = 0;
	l->began = l->last_sent = monotime_now();
	l->heard = false;
	l->over = false;
	l->has_reply = false;
	l->from = NULL;
	l->trouble = 0;
	l->n_mismatches = 0;
	l->tcp_only = false;
	l->tcp = NULL;
	l->tcp_try = NULL;
	l->kept = NULL;
	env->n_legs++;
	event_assign(&l->timer, env->base, -1, 0, on_timer, l);
	advance(l);
}

void
leg_ask(struct leg *l, struct leg_env *env, const struct upstreams *ups,
    leg_done_fn *done, void *arg)
{
	leg_ask_route(l, env, ups, upstreams_route(ups, l->question.name),
	    done, arg);
}

bool
leg_met_silence(const struct leg *l, struct monotime *asked_at)
{
	*asked_at = l->last_sent;
	return (l->route != NULL && !l->heard &&
	    (l->trouble & LEG_TROUBLE_DATA) == 0);
}

/* The try has come to nothing; while a later one has time that one counts. */
static void
give_up_try(struct leg_try *t)
{
	struct leg *l = t->leg;
	bool last = t == &l->tries[l->n_tries - 1];

	end_try(t);
	if (!last && event_pending(&l->timer, EV_TIMEOUT, NULL))
		return;
	event_del(&l->timer);
	advance(l);
}

/* The server cannot help; maybe another one can. */
static bool
is_no_help(const struct msg_scan *reply)
{
	switch (reply->rcode) {
	case MSG_SERVFAIL:
		return (!msg_has_dnssec_error(reply));
	case MSG_FORMERR:
	case MSG_NOTIMP:
	case MSG_REFUSED:
	case MSG_BADVERS:
		return (true);
	default:
		return (false);
	}
}

/* RFC 6891, 7: what a server without EDNS makes of OPT. */
static bool
is_edns_trouble(const struct leg_try *t, const struct msg_scan *reply)
{
	if (!t->edns || t->leg->n_tries == LEG_TRIES)
		return (false);
	return (reply->rcode == MSG_BADVERS ||
	    (reply->opt == 0 &&
		(reply->rcode == MSG_FORMERR || reply->rcode == MSG_NOTIMP)));
}

/* What an answer shows of the server. */
static void
note_answer(struct leg_try *t, const struct msg_scan *reply,
    struct monotime now)
{
	struct stats *stats = t->leg->env->stats;
	struct upstream_asked asked;
	char buf[SCOPED_ADDR_STRLEN];

	stats_count(stats, STAT_UP_ANSWERS);
	if (upstream_answered(t->up, t->edns, reply->opt != 0, now))
		log_info("upstream %s: up",
		    scoped_addr_print(&t->up->addr, buf, sizeof(buf)));
	if (t->edns || is_no_help(reply))
		return;
	asked = asked_before(t->leg, t->up, t - t->leg->tries);
	if (upstream_answered_plain(t->up, t->refused, &asked, now)) {
		stats_count(stats, STAT_UP_NOEDNS);
		log_info("upstream %s: does not speak edns",
		    scoped_addr_print(&t->up->addr, buf, sizeof(buf)));
	}
}

/* The same server again, over TCP; what UDP may still bring is moot. */
static void
turn_to_tcp(struct leg_try *t)
{
	struct leg *l = t->leg;

	stop(l);
	if (send_tcp(t) == -1)
		advance(l);
}

static void
retry_without_edns(struct leg *l, struct upstream *up)
{
	struct leg_try *t;

	stop(l);
	t = new_try(l, up, false);
	t->refused = true;
	if (send_udp(t, monotime_now()) == -1)
		advance(l);
}

/* An answer over UDP; one that is truncated is none (RFC 7766, 5). */
static void
use_reply(struct leg_try *t, const struct msg_scan *reply)
{
	struct leg *l = t->leg;
	struct monotime now = monotime_now();

	upstream_measured(t->up, (now.ns - t->sent_at.ns) / 1000);
	note_answer(t, reply, now);
	if (is_edns_trouble(t, reply)) {
		retry_without_edns(l, t->up);
		return;
	}
	if ((reply->flags & MSG_TC) || reply->len > MSG_UDP_OURS) {
		stats_count(l->env->stats, STAT_UP_TRUNCATED);
		/*
		 * Longer than we said we would take, so it may have come in
		 * fragments, of which all but the first can be forged without
		 * knowing id and port: TCP is better. What is complete is
		 * used when the server gives no answer over TCP, which only
		 * somebody on the way can see to.
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
 * An error need not repeat the question (RFC 1035, 4.1.1, says nothing of
 * it), and has no answer for a forger to put in its place: with the right id
 * and port, all that one gains is that another server is asked. buf: room for
 * MSG_QUERY_MAX.
 */
static void
add_question(const struct leg *l, struct msg_scan *reply, uint8_t *buf)
{
	size_t len;

	if (reply->count[MSG_QUESTION] != 0)
		return;
	len = msg_write_bare_error(&l->question, reply->rcode, reply->opt != 0,
	    buf);
	msg_scan(buf, len, reply);
}

/* The connection has compared the id. */
static bool
is_good_over_tcp(const struct leg *l, const struct msg_scan *reply)
{
	return (msg_is_bare_error(reply, reply->id) ||
	    (msg_is_reply_to(reply, &l->question, reply->id) &&
		!(reply->flags & MSG_TC)));
}

static void
use_tcp_reply(struct leg *l, const struct msg_scan *reply)
{
	struct leg_try *t = l->tcp_try;

	note_answer(t, reply, monotime_now());
	end_tcp_wait(l);
	if (!is_no_help(reply) || reply->len > MSG_UDP_OURS) {
		finish_with(t, reply);
		return;
	}
	keep_reply(t, reply);
	close_tcp(l);
	advance(l);
}

static void
on_tcp_answer(void *arg, const uint8_t *wire, size_t len)
{
	struct leg *l = arg;
	uint8_t buf[MSG_QUERY_MAX];
	struct msg_scan reply;

	event_del(&l->timer);
	if (wire == NULL)
		note_trouble(l, STAT_UP_ERRORS);
	else if (msg_scan_reply(wire, len, &reply) == MSG_SCAN_OK &&
	    is_good_over_tcp(l, &reply)) {
		add_question(l, &reply, buf);
		use_tcp_reply(l, &reply);
		return;
	} else
		note_trouble(l, STAT_UP_MALFORMED);
	close_tcp(l);
	advance(l);
}

/* Of what came from the server with the id of the query (RFC 5452, 9.1). */
static bool
is_mismatch(const struct leg_try *t, const struct msg_scan *reply,
    enum msg_scan_error error)
{
	if (error == MSG_SCAN_SHORT || !(reply->flags & MSG_QR))
		return (true);
	return (error == MSG_SCAN_OK && !msg_is_bare_error(reply, reply->id) &&
	    !msg_is_reply_to(reply, &t->leg->question, reply->id));
}

static void
count_mismatch(struct leg_try *t)
{
	struct leg *l = t->leg;

	if (++l->n_mismatches < LEG_MISMATCHES)
		return;
	stats_count(l->env->stats, STAT_UP_ABANDONED);
	l->tcp_only = true;
	turn_to_tcp(t);
}

static void
on_answer(struct leg_try *t, const uint8_t *wire, size_t len)
{
	struct leg *l = t->leg;
	uint8_t buf[MSG_QUERY_MAX];
	struct msg_scan reply;
	enum msg_scan_error error;

	error = msg_scan_reply(wire, len, &reply);
	if (is_mismatch(t, &reply, error)) {
		stats_count(l->env->stats, STAT_UP_MISMATCH);
		count_mismatch(t);
	} else if (error == MSG_SCAN_OK) {
		add_question(l, &reply, buf);
		use_reply(t, &reply);
	} else {
		note_trouble(l, STAT_UP_MALFORMED);
		give_up_try(t);
	}
}

static void
on_udp(struct upstream_udp_query *q, enum upstream_udp_news news,
    const uint8_t *wire, size_t len)
{
	struct leg_try *t =
	    (void *)((char *)q - offsetof(struct leg_try, udp));

	switch (news) {
	case UPSTREAM_UDP_ANSWER:
		on_answer(t, wire, len);
		break;
	case UPSTREAM_UDP_MISMATCH:
		count_mismatch(t);
		break;
	case UPSTREAM_UDP_UNSENT:
	case UPSTREAM_UDP_REJECTED:
		note_trouble(t->leg, STAT_UP_ERRORS);
		if (news == UPSTREAM_UDP_REJECTED)
			note_lost(t);
		give_up_try(t);
		break;
	}
}
