#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/monotime.h"
#include "common/net/pref64.h"
#include "common/os/log.h"

#include "balance.h"
#include "load.h"
#include "pair.h"
#include "poll.h"
#include "translator.h"

/* After a first poll without an answer, so that clients lose little time. */
#define AGAIN_MS 250

struct translator;

/* The polls of one node. */
struct node {
	struct translator *of;
	size_t index;	/* in pair */
	unsigned waits; /* intervals since it was lost */
	struct poll poll;
};

struct translator {
	const struct translator_conf *conf;
	struct node node[PAIR_NODES]; /* the first conf->n_urls */
	struct pair pair;
	struct event failover;	      /* the time for one is over */
	struct balance_target target; /* may be read at any time (balance.h) */
	struct load load;
};

struct translators {
	struct translator *v;
	size_t n;
};

const char *
translator_state_name(enum balance_state state)
{
	switch (state) {
	case BALANCE_UP:
		break;
	case BALANCE_DRAINING:
		return ("draining");
	case BALANCE_DOWN:
		return ("down");
	}
	return ("up");
}

/* For the log: the URL, or the prefix of a pair. */
static const char *
name_of(const struct translator *t, char buf[PREF64_STRLEN])
{
	if (t->conf->n_urls == 1)
		return (t->conf->url[0].text);
	return (pref64_print(&t->conf->prefix, buf, PREF64_STRLEN));
}

/* Take what the pair is now. */
static void
take_state(struct translator *t)
{
	const enum balance_state state = t->pair.state;
	char buf[PREF64_STRLEN];

	if (t->target.state == state)
		return;
	t->target.state = state;
	if (state == BALANCE_DOWN)
		t->target.down_ms = monotime_now().ns / 1000000;
	if (state == BALANCE_UP)
		log_info("translator %s: %s", name_of(t, buf),
		    translator_state_name(state));
	else
		log_warn("translator %s: %s: %s", name_of(t, buf),
		    translator_state_name(state), t->pair.why);
}

/* --- when to ask --- */

/* At the usual interval, or later if it has been lost for long. */
static void
ask_as_usual(struct node *n)
{
	const unsigned every = n->of->conf->every_secs;
	unsigned secs = every, i;

	n->waits = n->of->pair.node[n->index].lost > 0 ? n->waits + 1 : 0;
	for (i = 1; i < n->waits && secs < TRANSLATOR_BACKOFF_SECS; i++)
		secs *= 2;
	if (secs > TRANSLATOR_BACKOFF_SECS)
		secs = TRANSLATOR_BACKOFF_SECS;
	poll_about(&n->poll, secs < every ? every : secs);
}

static void
ask_later(struct node *n)
{
	const unsigned lost = n->of->pair.node[n->index].lost;

	if (pair_failover_ms(&n->of->pair, monotime_now()) > 0 ||
	    (lost > 0 && lost < PAIR_LOST))
		poll_in(&n->poll, AGAIN_MS);
	else
		ask_as_usual(n);
}

/* No node translates from now on: does the other one? */
static void
begin_failover(struct node *n)
{
	struct translator *t = n->of;
	const unsigned ms = pair_failover_ms(&t->pair, monotime_now());
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (ms == 0)
		return;
	event_add(&t->failover, &tv);
	poll_in(&t->node[1 - n->index].poll, 0);
}

/* --- what is heard --- */

static void
note_active(const struct translator *t)
{
	char buf[PREF64_STRLEN];

	log_info("translator %s: %s translates now", name_of(t, buf),
	    t->conf->url[t->pair.active].text);
}

static void
on_polled(void *arg)
{
	struct node *n = arg;
	struct translator *t = n->of;
	const struct pair_node *node = &t->pair.node[n->index];
	const bool failing = t->pair.failing;
	const size_t active = t->pair.active;

	pair_observe(&t->pair, n->index, monotime_now());
	if (t->pair.active != active)
		note_active(t);
	if (n->index == t->pair.active && node->lost == 0) {
		load_observe(&t->load, &node->metrics);
		t->target.load = t->load.used;
	}
	take_state(t);
	ask_later(n);
	if (t->pair.failing && !failing)
		begin_failover(n);
}

/* The other node has not taken over. */
static void
on_failover(evutil_socket_t fd, short what, void *arg)
{
	struct translator *t = arg;

	(void)fd;
	(void)what;
	pair_observe(&t->pair, t->pair.active, monotime_now());
	take_state(t);
}

/* --- for others --- */

static struct translator *
find(const struct translators *ts, const struct pref64 *prefix)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		if (pref64_equal(&ts->v[i].conf->prefix, prefix))
			return (&ts->v[i]);
	return (NULL);
}

struct balance_target *
translators_find(const struct translators *ts, const struct pref64 *prefix)
{
	struct translator *t = find(ts, prefix);

	return (t != NULL ? &t->target : NULL);
}

static bool
same_urls(const struct translator_conf *a, const struct translator_conf *b)
{
	size_t i;

	if (a->n_urls != b->n_urls)
		return (false);
	for (i = 0; i < a->n_urls; i++)
		if (strcmp(a->url[i].text, b->url[i].text) != 0)
			return (false);
	return (true);
}

static void
inherit(struct translator *t, const struct translators *old)
{
	const struct translator *o;

	if (old == NULL || (o = find(old, &t->conf->prefix)) == NULL ||
	    !same_urls(o->conf, t->conf))
		return;
	t->target = o->target;
	t->load = o->load;
	t->pair = o->pair;
}

static int
start(struct translator *t, struct event_base *base)
{
	size_t i;

	event_assign(&t->failover, base, -1, 0, on_failover, t);
	for (i = 0; i < t->conf->n_urls; i++) {
		t->node[i].of = t;
		t->node[i].index = i;
		if (poll_start(&t->node[i].poll, base, &t->conf->url[i],
			&t->pair.node[i], on_polled, &t->node[i]) == -1)
			return (-1);
	}
	/* The time begins again for those that it was running for. */
	t->pair.failing = false;
	return (0);
}

struct translators *
translators_new(struct event_base *base, const struct translator_conf *conf,
    size_t n, const struct translators *old)
{
	struct translators *ts;
	struct translator *t;

	if ((ts = calloc(1, sizeof(*ts))) == NULL)
		return (NULL);
	ts->v = calloc(n + 1, sizeof(*ts->v));
	if (ts->v == NULL) {
		free(ts);
		return (NULL);
	}
	while (ts->n < n) {
		t = &ts->v[ts->n];
		t->conf = &conf[ts->n++];
		t->pair.n = t->conf->n_urls;
		inherit(t, old);
		if (start(t, base) == -1) {
			translators_free(ts);
			return (NULL);
		}
	}
	return (ts);
}

void
translators_free(struct translators *ts)
{
	struct translator *t;
	size_t i;

	if (ts == NULL)
		return;
	for (t = ts->v; t < ts->v + ts->n; t++) {
		for (i = 0; i < t->conf->n_urls; i++)
			poll_stop(&t->node[i].poll);
		event_del(&t->failover);
	}
	free(ts->v);
	free(ts);
}

void
translators_hurry(struct translators *ts)
{
	struct translator *t;
	struct node *n;
	size_t i;

	for (t = ts->v; t < ts->v + ts->n; t++) {
		for (i = 0; i < t->conf->n_urls; i++) {
			n = &t->node[i];
			if (n->waits < 2)
				continue;
			n->waits = 0;
			ask_as_usual(n);
		}
	}
}

int
translators_look(const struct translators *ts, size_t i,
    struct translator_view *out)
{
	const struct pair_node *node;
	const struct translator *t;
	size_t k;

	if (i >= ts->n)
		return (-1);
	t = &ts->v[i];
	node = t->pair.node;
	*out = (struct translator_view){ .conf = t->conf,
		.state = t->target.state,
		.active = t->pair.active,
		.load = t->target.load,
		.answers = t->target.answers,
		.sessions = node[t->pair.active].metrics.sessions,
		.sessions_max = node[t->pair.active].metrics.sessions_max };
	for (k = 0; k < t->conf->n_urls; k++) {
		out->node[k] = pair_node_state(&node[k]);
		out->n_polls += node[k].n_polls;
		out->n_lost += node[k].n_lost;
	}
	return (0);
}

static void
print_nodes(const struct translator_view *t, FILE *f)
{
	size_t i;

	for (i = 0; i < t->conf->n_urls; i++)
		fprintf(f, " %s%s%s", t->conf->url[i].text,
		    t->conf->n_urls > 1 ? " " : "",
		    t->conf->n_urls > 1 ? pair_node_state_name(t->node[i]) :
					  "");
}

void
translators_print(const struct translators *ts, FILE *f)
{
	struct translator_view t;
	char buf[PREF64_STRLEN];
	size_t i;

	for (i = 0; translators_look(ts, i, &t) == 0; i++) {
		fprintf(f, "translator");
		print_nodes(&t, f);
		fprintf(f,
		    " prefix %s %s sessions %" PRIu64 " of %" PRIu64
		    " polls %" PRIu64 " lost %" PRIu64 "\n",
		    pref64_print(&t.conf->prefix, buf, sizeof(buf)),
		    translator_state_name(t.state), t.sessions, t.sessions_max,
		    t.n_polls, t.n_lost);
	}
}
