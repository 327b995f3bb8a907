#include <sys/queue.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/addr.h"

#include "conf.h"
#include "frontend.h"
#include "generation.h"
#include "leg.h"
#include "loop.h"
#include "msg.h"
#include "msg_scan.h"
#include "probe.h"
#include "query.h"
#include "stats.h"
#include "synth.h"
#include "upstream.h"

#define CHUNK 32 /* questions allocated at a time, for good */
#define OPT_FIXED 11 /* octets of an OPT record without options */

struct query_leg {
	struct query *query;
	enum synth_leg which;
	bool pending;
	struct leg leg;
};

struct query {
	TAILQ_ENTRY(query) next;
	struct queries *qs;
	struct generation *gen;
	struct client client;
	struct msg_scan scan; /* of wire */
	uint8_t wire[MSG_QUERY_MAX];
	struct synth synth;
	struct query_leg legs[SYNTH_N_LEGS];
	struct event deadline;
	struct event aaaa_timer;
	struct event a_timer;
};

TAILQ_HEAD(query_list, query);

struct chunk {
	struct chunk *next;
	struct query v[CHUNK];
};

struct queries {
	struct event_base *base;
	struct stats *stats;
	struct generation *gen;
	struct query_list open; /* oldest first */
	struct query_list free;
	struct chunk *chunks;
	unsigned n_open;
	const struct timeval *deadline;
	struct leg_env env;
	struct probe probe;
};

static void execute(struct query *, unsigned);

struct queries *
queries_new(struct stats *stats)
{
	struct queries *qs;

	if ((qs = calloc(1, sizeof(*qs))) == NULL)
		return (NULL);
	qs->stats = stats;
	TAILQ_INIT(&qs->open);
	TAILQ_INIT(&qs->free);
	return (qs);
}

int
queries_start(struct queries *qs, struct event_base *base)
{
	qs->base = base;
	qs->deadline = loop_delay(base, QUERY_DEADLINE_MS);
	if (qs->deadline == NULL ||
	    leg_env_init(&qs->env, base, qs->stats) == -1)
		return (-1);
	probe_init(&qs->probe, &qs->env);
	return (0);
}

void
queries_use(struct queries *qs, struct generation *gen)
{
	probe_watch(&qs->probe, &gen->ups);
	generation_unref(qs->gen);
	qs->gen = gen;
}

const struct generation *
queries_generation(const struct queries *qs)
{
	return (qs->gen);
}

/* Forget a question whose answer has been written. */
static void
end_query(struct query *q)
{
	struct queries *qs = q->qs;
	unsigned i;

	for (i = 0; i < SYNTH_N_LEGS; i++)
		leg_cancel(&q->legs[i].leg);
	event_del(&q->deadline);
	event_del(&q->aaaa_timer);
	event_del(&q->a_timer);
	generation_unref(q->gen);
	TAILQ_REMOVE(&qs->open, q, next);
	TAILQ_INSERT_HEAD(&qs->free, q, next);
	qs->n_open--;
}

static void
end_with_error(struct query *q, unsigned rcode)
{
	struct client client = q->client;
	size_t len;

	len = msg_write_error(&q->scan, rcode, frontend_room(&client));
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
	case SYNTH_O_PTR:
		return (STAT_PTR);
	case SYNTH_O_LOCAL:
		return (STAT_LOCAL);
	case SYNTH_O_FAILED:
		return (STAT_SERVFAIL);
	}
	return (STAT_PASSED);
}

static void
answer(struct query *q)
{
	struct stats *stats = q->qs->stats;
	struct client client = q->client;
	uint8_t *room = frontend_room(&client);
	size_t len;

	len = synth_answer(&q->synth, msg_reply_limit(&q->scan,
	    client.tcp != NULL, frontend_room_size(&client)), room);
	if (len == 0) {
		stats_count(stats, STAT_SERVFAIL);
		end_with_error(q, MSG_SERVFAIL);
		return;
	}
	stats_count(stats, outcome_counter(q->synth.outcome));
	if (client.tcp == NULL && (room[2] & MSG_TC >> 8))
		stats_count(stats, STAT_TRUNCATED);
	end_query(q);
	frontend_send(&client, len);
}

static void
on_leg_done(void *arg, const struct msg_scan *reply)
{
	struct query_leg *ql = arg;
	struct synth *s = &ql->query->synth;

	ql->pending = false;
	execute(ql->query, reply != NULL ? synth_reply(s, ql->which, reply) :
	    synth_fail(s, ql->which));
}

static void
on_aaaa_timer(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;

	(void)fd;
	(void)what;
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

/* Whatever is not there by now will not come. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;
	unsigned i, todo = SYNTH_WAIT;

	(void)fd;
	(void)what;
	for (i = 0; i < SYNTH_N_LEGS && !(todo & SYNTH_ANSWER); i++) {
		if (q->legs[i].pending)
			todo = synth_fail(&q->synth, i);
	}
	if (todo & SYNTH_ANSWER)
		answer(q);
	else {
		stats_count(q->qs->stats, STAT_SERVFAIL);
		end_with_error(q, MSG_SERVFAIL);
	}
}

static void
ask(struct query *q, enum synth_leg which)
{
	struct query_leg *ql = &q->legs[which];

	synth_question(&q->synth, which, &ql->leg.question);
	ql->pending = true;
	leg_ask(&ql->leg, &q->qs->env, &q->gen->ups, on_leg_done, ql);
}

/* Carry out what synth wants; q may be gone afterwards. */
static void
execute(struct query *q, unsigned todo)
{
	if (todo & SYNTH_ANSWER) {
		answer(q);
		return;
	}
	if (todo & SYNTH_ASK_MAIN)
		ask(q, SYNTH_MAIN);
	if (todo & SYNTH_ASK_A)
		ask(q, SYNTH_A);
	if (todo & SYNTH_ARM_AAAA)
		event_add(&q->aaaa_timer, q->gen->aaaa_delay);
	if (todo & SYNTH_ARM_A)
		event_add(&q->a_timer, q->gen->a_delay);
}

/*
 * Keep of a query what its answer depends on: header, question and OPT
 * without options. So a question costs the same however long its message
 * was.
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
		memcpy(q->wire + len, scan->wire + scan->opt, OPT_FIXED);
		len += OPT_FIXED;
		memset(q->wire + len - 2, 0, 2); /* RDLENGTH */
	}
	msg_scan_query(q->wire, len, &q->scan, &rcode);
}

static int
grow(struct queries *qs)
{
	struct chunk *chunk;
	unsigned i;

	if ((chunk = calloc(1, sizeof(*chunk))) == NULL)
		return (-1);
	chunk->next = qs->chunks;
	qs->chunks = chunk;
	for (i = 0; i < CHUNK; i++)
		TAILQ_INSERT_TAIL(&qs->free, &chunk->v[i], next);
	return (0);
}

/* A free question; NULL when memory is short and none is open. */
static struct query *
get_query(struct queries *qs)
{
	struct query *q;

	if (qs->n_open >= qs->gen->conf->limit_queries ||
	    (TAILQ_EMPTY(&qs->free) && grow(qs) == -1)) {
		if ((q = TAILQ_FIRST(&qs->open)) == NULL)
			return (NULL);
		stats_count(qs->stats, STAT_SHED);
		end_with_error(q, MSG_SERVFAIL);
	}
	q = TAILQ_FIRST(&qs->free);
	TAILQ_REMOVE(&qs->free, q, next);
	TAILQ_INSERT_TAIL(&qs->open, q, next);
	qs->n_open++;
	return (q);
}

static void
begin_query(struct queries *qs, const struct client *client,
    const struct msg_scan *scan)
{
	struct query *q;
	unsigned i;

	if ((q = get_query(qs)) == NULL) {
		frontend_drop(client);
		return;
	}
	q->qs = qs;
	q->gen = generation_ref(qs->gen);
	q->client = *client;
	for (i = 0; i < SYNTH_N_LEGS; i++) {
		q->legs[i].query = q;
		q->legs[i].which = i;
		q->legs[i].pending = false;
	}
	keep_query(q, scan);
	event_assign(&q->deadline, qs->base, -1, 0, on_deadline, q);
	event_assign(&q->aaaa_timer, qs->base, -1, 0, on_aaaa_timer, q);
	event_assign(&q->a_timer, qs->base, -1, 0, on_a_timer, q);
	event_add(&q->deadline, qs->deadline);
	execute(q, synth_begin(&q->synth, &q->gen->conf->policy, &q->scan));
}

static void
reject(struct queries *qs, const struct client *client,
    const struct msg_scan *scan, unsigned rcode)
{
	switch (rcode) {
	case MSG_REFUSED:
		stats_count(qs->stats, STAT_REFUSED);
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
	frontend_send(client,
	    msg_write_error(scan, rcode, frontend_room(client)));
}

void
queries_receive(void *arg, const struct client *client, const uint8_t *wire,
    size_t len)
{
	struct queries *qs = arg;
	struct msg_scan scan;
	enum msg_query_verdict verdict;
	unsigned rcode;

	stats_count(qs->stats,
	    client->tcp != NULL ? STAT_QUERIES_TCP : STAT_QUERIES_UDP);
	verdict = msg_scan_query(wire, len, &scan, &rcode);
	if (verdict == MSG_Q_DROP) {
		stats_count(qs->stats, STAT_CLIENT_GARBAGE);
		frontend_drop(client);
	} else if (!client->allowed)
		reject(qs, client, &scan, MSG_REFUSED);
	else if (verdict == MSG_Q_REJECT)
		reject(qs, client, &scan, rcode);
	else
		begin_query(qs, client, &scan);
}

static void
print_upstream(const struct upstream *u, struct monotime now, FILE *f)
{
	char buf[SOCKADDR_STRLEN];

	fprintf(f, "upstream %s %s rtt %" PRId64 ".%03" PRId64 " ms edns %s "
	    "sent %" PRIu64 " answered %" PRIu64 " lost %" PRIu64 "\n",
	    sockaddr_print(&u->addr, buf, sizeof(buf)),
	    u->down ? "down" : "up", u->srtt_us / 1000, u->srtt_us % 1000,
	    upstream_speaks_edns(u, now) ? "yes" : "no", u->n_sent,
	    u->n_answered, u->n_lost);
}

void
queries_print(const struct queries *qs, FILE *f)
{
	struct monotime now = monotime_now();
	size_t i;

	fprintf(f, "queries open %u of %u\n", qs->n_open,
	    qs->gen->conf->limit_queries);
	for (i = 0; i < qs->gen->ups.n; i++)
		print_upstream(&qs->gen->ups.v[i], now, f);
}

void
queries_free(struct queries *qs)
{
	struct chunk *chunk;
	struct query *q;

	if (qs == NULL)
		return;
	while ((q = TAILQ_FIRST(&qs->open)) != NULL)
		end_with_error(q, MSG_SERVFAIL);
	probe_stop(&qs->probe);
	generation_unref(qs->gen);
	while ((chunk = qs->chunks) != NULL) {
		qs->chunks = chunk->next;
		free(chunk);
	}
	free(qs);
}
