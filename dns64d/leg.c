#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/log.h"

#include "conf.h"
#include "leg.h"
#include "loop.h"
#include "udp.h"
#include "upstream.h"
#include "upstream_tcp.h"

/* Delays are rounded up to one of a few, for loop_delay. */
static const unsigned delay_ms[LEG_DELAYS] = {
	100, 150, 200, 300, 400, 600, 800, 1200, UPSTREAM_RTO_MAX_MS
};

static void advance(struct leg *);

static uint32_t
os_random(void *arg)
{
	(void)arg;
	return (arc4random());
}

int
leg_env_init(struct leg_env *env, struct event_base *base,
    struct stats *stats)
{
	unsigned i;

	env->base = base;
	env->stats = stats;
	env->rng.next = os_random;
	env->n_tcp = 0;
	for (i = 0; i < LEG_DELAYS; i++) {
		env->delays[i] = loop_delay(base, delay_ms[i]);
		if (env->delays[i] == NULL)
			return (-1);
	}
	env->tcp_delay = loop_delay(base, LEG_TCP_MS);
	return (env->tcp_delay != NULL ? 0 : -1);
}

/* Any hash will do; FNV-1a, whatever the case of letters. */
static uint64_t
hash_name(const struct msg_question *q)
{
	uint64_t h = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < q->name_len; i++)
		h = (h ^ (q->name[i] | 0x20)) * 0x100000001b3;
	return (h);
}

static void
note_lost(struct leg *l, struct upstream *up)
{
	char buf[SOCKADDR_STRLEN];

	stats_count(l->env->stats, STAT_UP_LOST);
	if (!upstream_lost(up, hash_name(&l->question), monotime_now(),
	    &l->env->rng))
		return;
	stats_count(l->env->stats, STAT_UP_DOWN);
	log_warn("upstream %s: down",
	    sockaddr_print(&up->addr, buf, sizeof(buf)));
	l->env->on_down(l->env->on_down_arg);
}

static void
close_try(struct leg_try *t)
{
	if (t->fd == -1)
		return;
	event_del(&t->ev);
	close(t->fd);
	t->fd = -1;
}

static void
close_tcp(struct leg *l)
{
	if (l->tcp == NULL)
		return;
	upstream_tcp_free(l->tcp);
	l->tcp = NULL;
	l->env->n_tcp--;
}

static void
stop(struct leg *l)
{
	unsigned i;

	event_del(&l->timer);
	for (i = 0; i < l->n_tries; i++)
		close_try(&l->tries[i]);
}

void
leg_cancel(struct leg *l)
{
	if (l->env == NULL)
		return;
	stop(l);
	close_tcp(l);
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

/* Copy an answer out of the receive buffer; its view holds offsets only. */
static void
keep_reply(struct leg *l, const struct msg_scan *reply)
{
	memcpy(l->wire, reply->wire, reply->len);
	l->reply = *reply;
	l->reply.wire = l->wire;
	l->has_reply = true;
}

static unsigned
count_tries(const struct leg *l, const struct upstream *up, bool edns_only)
{
	unsigned i, n = 0;

	for (i = 0; i < l->n_tries; i++) {
		if (l->tries[i].up == up && (l->tries[i].edns || !edns_only))
			n++;
	}
	return (n);
}

/*
 * RFC 6891, 6.2.2 and 7: a server that leaves queries with EDNS unanswered
 * gets its last try without, unless it is known to speak it.
 */
static bool
wants_edns(const struct leg *l, const struct upstream *up,
    struct monotime now)
{
	if (!upstream_speaks_edns(up, now))
		return (false);
	return (count_tries(l, up, true) < UPSTREAM_TRIES_EACH - 1 ||
	    upstream_spoke_edns(up, now));
}

static void on_datagram(evutil_socket_t, short, void *);

/* Returns 0, or -1 when the query could not be sent; the try is used up. */
static int
send_try(struct leg *l, struct upstream *up, bool edns)
{
	struct leg_try *t = &l->tries[l->n_tries];
	uint8_t query[MSG_QUERY_MAX];
	size_t len;

	t->leg = l;
	t->up = up;
	t->edns = edns;
	t->id = arc4random();
	t->sent_at = monotime_now();
	t->fd = udp_connect(&up->addr);
	l->n_tries++;
	if (t->fd == -1) {
		stats_count(l->env->stats, STAT_UP_ERRORS);
		return (-1);
	}
	event_assign(&t->ev, l->env->base, t->fd, EV_READ | EV_PERSIST,
	    on_datagram, t);
	len = msg_write_query(&l->question, t->id, edns, query);
	if (event_add(&t->ev, NULL) == -1 ||
	    send(t->fd, query, len, 0) != (ssize_t)len) {
		stats_count(l->env->stats, STAT_UP_ERRORS);
		close_try(t);
		return (-1);
	}
	up->n_sent++;
	stats_count(l->env->stats, STAT_UP_UDP);
	return (0);
}

static void
arm(struct leg *l, unsigned ms)
{
	unsigned i = 0;

	while (i < LEG_DELAYS - 1 && delay_ms[i] < ms)
		i++;
	event_add(&l->timer, l->env->delays[i]);
}

static struct upstream *
choose(const struct leg *l)
{
	unsigned tries[CONF_ADDRS_MAX] = { 0 };
	unsigned i;

	if (l->n_tries == LEG_TRIES)
		return (NULL);
	for (i = 0; i < l->n_tries; i++)
		tries[l->tries[i].up - l->ups->v]++;
	return (upstream_choose(l->ups, tries, l->has_reply));
}

static bool
any_open(const struct leg *l)
{
	unsigned i;

	for (i = 0; i < l->n_tries; i++) {
		if (l->tries[i].fd != -1)
			return (true);
	}
	return (false);
}

/* Ask the next server, or settle for what there is. */
static void
advance(struct leg *l)
{
	struct upstream *up;
	unsigned before;

	while ((up = choose(l)) != NULL) {
		before = count_tries(l, up, false);
		if (send_try(l, up, wants_edns(l, up, monotime_now())) == 0) {
			arm(l, upstream_rto_ms(up, before));
			return;
		}
	}
	if (l->has_reply || !any_open(l))
		finish_later(l);
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
	if (l->tcp != NULL) {
		note_lost(l, l->tcp_try->up);
		close_tcp(l);
	} else
		note_lost(l, l->tries[l->n_tries - 1].up);
	advance(l);
}

void
leg_ask(struct leg *l, struct leg_env *env, const struct upstreams *ups,
    leg_done_fn *done, void *arg)
{
	l->env = env;
	l->ups = ups;
	l->done = done;
	l->arg = arg;
	l->n_tries = 0;
	l->over = false;
	l->has_reply = false;
	l->tcp = NULL;
	event_assign(&l->timer, env->base, -1, 0, on_timer, l);
	advance(l);
}

/* The try has come to nothing; while a later one has time that one counts. */
static void
give_up_try(struct leg_try *t)
{
	struct leg *l = t->leg;
	bool last = t == &l->tries[l->n_tries - 1];

	close_try(t);
	if (!last && event_pending(&l->timer, EV_TIMEOUT, NULL))
		return;
	event_del(&l->timer);
	advance(l);
}

static void
on_tcp_answer(void *arg, const uint8_t *wire, size_t len)
{
	struct leg *l = arg;
	struct msg_scan reply;

	if (wire == NULL)
		stats_count(l->env->stats, STAT_UP_ERRORS);
	else if (msg_scan(wire, len, &reply) == MSG_SCAN_OK &&
	    msg_is_reply_to(&reply, &l->question, l->tcp_try->id)) {
		stats_count(l->env->stats, STAT_UP_ANSWERS);
		l->reply = reply;
		l->has_reply = true;
		finish(l);
		return;
	} else
		stats_count(l->env->stats, STAT_UP_MALFORMED);
	event_del(&l->timer);
	close_tcp(l);
	advance(l);
}

/* The answer was truncated: ask the same server over TCP (RFC 7766, 5). */
static void
ask_tcp(struct leg_try *t)
{
	struct leg *l = t->leg;
	uint8_t query[MSG_QUERY_MAX];
	size_t len;

	stop(l);
	stats_count(l->env->stats, STAT_UP_TRUNCATED);
	t->id = arc4random();
	len = msg_write_query(&l->question, t->id, t->edns, query);
	if (l->env->n_tcp < UPSTREAM_TCP_MAX)
		l->tcp = upstream_tcp_ask(l->env->base, &t->up->addr, query,
		    len, on_tcp_answer, l);
	if (l->tcp == NULL) {
		stats_count(l->env->stats, STAT_UP_ERRORS);
		advance(l);
		return;
	}
	stats_count(l->env->stats, STAT_UP_TCP);
	l->env->n_tcp++;
	l->tcp_try = t;
	event_add(&l->timer, l->env->tcp_delay);
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
	return (reply->rcode == MSG_BADVERS || (reply->opt == 0 &&
	    (reply->rcode == MSG_FORMERR || reply->rcode == MSG_NOTIMP)));
}

static void
note_answer(struct leg_try *t, const struct msg_scan *reply)
{
	struct leg *l = t->leg;
	struct monotime now = monotime_now();
	char buf[SOCKADDR_STRLEN];

	stats_count(l->env->stats, STAT_UP_ANSWERS);
	if (upstream_answered(t->up, (now.ns - t->sent_at.ns) / 1000,
	    reply->opt != 0, now))
		log_info("upstream %s: up",
		    sockaddr_print(&t->up->addr, buf, sizeof(buf)));
	if (!t->edns && !is_no_help(reply) && count_tries(l, t->up, true) > 0 &&
	    upstream_speaks_edns(t->up, now) &&
	    !upstream_spoke_edns(t->up, now)) {
		upstream_set_noedns(t->up, now);
		stats_count(l->env->stats, STAT_UP_NOEDNS);
		log_info("upstream %s: does not speak edns",
		    sockaddr_print(&t->up->addr, buf, sizeof(buf)));
	}
}

static void
use_reply(struct leg_try *t, const struct msg_scan *reply)
{
	struct leg *l = t->leg;
	struct upstream *up = t->up;

	note_answer(t, reply);
	if (is_edns_trouble(t, reply)) {
		stop(l);
		if (send_try(l, up, false) == 0)
			arm(l, upstream_rto_ms(up, 0));
		else
			advance(l);
		return;
	}
	if ((reply->flags & MSG_TC) || reply->len > sizeof(l->wire)) {
		ask_tcp(t);
		return;
	}
	/* One answer to fall back upon is enough: the first. */
	if (!is_no_help(reply) || !l->has_reply)
		keep_reply(l, reply);
	if (is_no_help(reply))
		give_up_try(t);
	else
		finish(l);
}

static void
on_datagram(evutil_socket_t fd, short what, void *arg)
{
	struct leg_try *t = arg;
	struct leg *l = t->leg;
	struct leg_env *env = l->env;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	struct msg_scan reply;
	enum msg_scan_error error;
	ssize_t n;

	(void)what;
	n = recvfrom(fd, env->datagram, sizeof(env->datagram), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &from_len);
	if (n == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		stats_count(env->stats, STAT_UP_ERRORS);
		note_lost(l, t->up);
		give_up_try(t);
		return;
	}
	error = msg_scan(env->datagram, n, &reply);
	/*
	 * The socket took datagrams from anyone between bind() and
	 * connect(), so the kernel's filter alone will not do.
	 */
	if (!sockaddr_equal(&from, &t->up->addr) || error == MSG_SCAN_SHORT ||
	    reply.id != t->id || !(reply.flags & MSG_QR) ||
	    (error == MSG_SCAN_OK &&
	    !msg_is_reply_to(&reply, &l->question, t->id))) {
		stats_count(env->stats, STAT_UP_MISMATCH);
		return;
	}
	if (error == MSG_SCAN_OK)
		use_reply(t, &reply);
	else {
		stats_count(env->stats, STAT_UP_MALFORMED);
		give_up_try(t);
	}
}
