#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"

#include "lineorder.h"
#include "planline.h"
#include "whohad.h"

/* An event that matters. */
struct event {
	struct logline l;
	struct line_place place;
	unsigned number; /* as it was read */
};

/* A time of a run. */
struct place {
	unsigned run;
	int64_t ms;
};

/* A translator, as far as lines tell it apart. */
struct sender {
	uint64_t id; /* of struct logline */
	bool is_stopped;
	struct place stopped;
	bool is_off; /* it logs nothing since then */
	int64_t off_ms;
	int64_t begins_ms; /* all since then is logged */
	bool has_start;	   /* and nothing was there before */
};

/* Who had it, from and to. */
struct tenure {
	struct logline what;
	struct place from;
	struct place to;
	bool open; /* to is not known */
	bool over; /* another one has it; its own end is still to come */
	bool from_known;
	unsigned count; /* sessions without their peers look the same */
	int64_t sure_until_ms;
};

struct whohad {
	struct whohad_query q;
	struct lineorder *order;
	struct event *events;
	size_t n_events;
	size_t events_room;

	/* Since whohad_finish(): */
	const struct line_run *runs;
	size_t n_runs;
	struct tenure *tenures; /* that have not ended yet */
	size_t n_tenures;
	struct sender *senders; /* that have started or stopped */
	size_t n_senders;
	uint64_t stopped_sender; /* of notes.stopped_ms */
	struct whohad_answer *answers;
	size_t n_answers;
	struct whohad_notes notes;
};

struct whohad *
whohad_new(const struct whohad_query *q)
{
	struct whohad *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (NULL);
	w->order = lineorder_new();
	if (w->order == NULL) {
		free(w);
		return (NULL);
	}
	w->q = *q;
	w->notes = (struct whohad_notes){ .empty = true,
		.set_back_ms = WHOHAD_UNKNOWN,
		.stopped_ms = WHOHAD_UNKNOWN,
		.off_ms = WHOHAD_UNKNOWN,
		.begins_ms = WHOHAD_UNKNOWN };
	return (w);
}

void
whohad_free(struct whohad *w)
{
	if (w == NULL)
		return;
	lineorder_free(w->order);
	free(w->events);
	free(w->tenures);
	free(w->senders);
	free(w->answers);
	free(w);
}

/* --- lines --- */

void
whohad_begin_file(struct whohad *w)
{
	lineorder_begin_file(w->order);
}

/* Is it about the address and port, or about everything? */
static bool
matters(const struct whohad_query *q, const struct logline *l)
{
	switch (l->kind) {
	case LOGLINE_OTHER:
	case LOGLINE_LOST:
	case LOGLINE_PLAN:
		return (false);
	case LOGLINE_STARTED:
	case LOGLINE_RESUMED:
	case LOGLINE_STOPPED:
	case LOGLINE_CHANGED:
		return (true);
	case LOGLINE_BINDING:
	case LOGLINE_SESSION:
		if (l->addr4.port != q->port ||
		    (q->proto != -1 && l->proto != (enum l4proto)q->proto))
			return (false);
		break;
	case LOGLINE_BLOCK:
		if (q->port < l->ports.first || q->port > l->ports.last)
			return (false);
		break;
	case LOGLINE_ADDRESS:
		break;
	}
	return (l->addr4.addr.s_addr == q->addr.s_addr);
}

/* before_ms: the line before; in between is what was lost. */
static void
note_line(struct whohad *w, const struct logline *l, int64_t before_ms)
{
	struct whohad_notes *n = &w->notes;

	if (n->empty || l->unix_ms < n->first_ms)
		n->first_ms = l->unix_ms;
	if (n->empty || l->unix_ms > n->last_ms)
		n->last_ms = l->unix_ms;
	n->empty = false;
	if (l->kind == LOGLINE_LOST && before_ms <= w->q.to_ms)
		n->lost += l->count;
}

int
whohad_add(struct whohad *w, const struct logline *l)
{
	struct line_place place;
	struct logline block;
	struct event *bigger;
	int64_t before_ms;

	if (lineorder_add(w->order, l->sender, l->unix_ms, &place,
		&before_ms) == -1)
		return (-1);
	note_line(w, l, before_ms);
	if (l->kind == LOGLINE_PLAN &&
	    planline_block(l, w->q.addr, w->q.port, &block))
		l = &block;
	if (!matters(&w->q, l))
		return (0);
	if (w->n_events == WHOHAD_EVENTS_MAX) {
		errno = E2BIG;
		return (-1);
	}
	bigger = array_reserve(w->events, &w->events_room, w->n_events + 1,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	w->events = bigger;
	w->events[w->n_events] = (struct event){ .l = *l,
		.place = place,
		.number = (unsigned)w->n_events };
	w->n_events++;
	return (0);
}

/* --- the order of events --- */

static int
cmp_events(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	if (a->place.run != b->place.run)
		return (a->place.run < b->place.run ? -1 : 1);
	if (a->place.key != b->place.key)
		return (a->place.key < b->place.key ? -1 : 1);
	if (a->place.stream != b->place.stream)
		return (a->place.stream < b->place.stream ? -1 : 1);
	return (a->number < b->number ? -1 : a->number > b->number);
}

static int
order_events(struct whohad *w)
{
	size_t i;

	if (lineorder_finish(w->order) == -1)
		return (-1);
	w->n_runs = lineorder_runs(w->order, &w->runs);
	for (i = 0; i < w->n_events; i++)
		lineorder_find(w->order, &w->events[i].place);
	if (w->n_events > 0)
		qsort(w->events, w->n_events, sizeof(*w->events), cmp_events);
	return (0);
}

/* --- who had it --- */

static bool
same_holder(const struct logline *a, const struct logline *b)
{
	return (memcmp(&a->host6.addr, &b->host6.addr,
		    sizeof(a->host6.addr)) == 0 &&
	    a->host6.port == b->host6.port && a->len6 == b->len6);
}

static bool
same_thing(const struct logline *a, const struct logline *b)
{
	if (a->kind != b->kind || a->proto != b->proto || !same_holder(a, b))
		return (false);
	if (a->kind == LOGLINE_BLOCK)
		return (a->ports.first == b->ports.first &&
		    a->ports.last == b->ports.last);
	return (a->has_peer == b->has_peer &&
	    (!a->has_peer ||
		(a->peer4.addr.s_addr == b->peer4.addr.s_addr &&
		    a->peer4.port == b->peer4.port)));
}

/*
 * Two that cannot be at the same time: one port of one protocol belongs to one
 * host, and a block to one subscriber. An address may have many subscribers.
 */
static bool
excludes(const struct logline *a, const struct logline *b)
{
	const bool port_a =
	    a->kind == LOGLINE_BINDING || a->kind == LOGLINE_SESSION;
	const bool port_b =
	    b->kind == LOGLINE_BINDING || b->kind == LOGLINE_SESSION;

	if (port_a && port_b)
		return (a->proto == b->proto && !same_holder(a, b));
	return (a->kind == LOGLINE_BLOCK && b->kind == LOGLINE_BLOCK &&
	    !same_thing(a, b));
}

static struct place
place_of(const struct event *e)
{
	return ((struct place){ e->place.run, e->l.unix_ms });
}

static bool
same_event(const struct event *a, const struct event *b)
{
	return (a->l.unix_ms == b->l.unix_ms && a->l.begins == b->l.begins &&
	    same_thing(&a->l, &b->l));
}

/*
 * Has another stream the same event, so that one of both is a copy? In one
 * stream, sessions without their peers look the same: the second one is a copy
 * of a second one only.
 */
static bool
is_copy(const struct event *events, size_t i)
{
	const struct event *const e = &events[i], *p;
	unsigned own = 0, other = 0, stream = e->place.stream;

	for (p = e; p > events && p[-1].place.run == e->place.run &&
	     p[-1].place.key == e->place.key && other <= own;) {
		p--;
		if (p->place.stream != stream)
			other = 0;
		stream = p->place.stream;
		if (!same_event(p, e))
			continue;
		if (stream == e->place.stream)
			own++;
		else
			other++;
	}
	return (other > own);
}

/* Is the time asked for between the two places? */
static bool
covers(const struct whohad *w, const struct tenure *t)
{
	const unsigned last = t->open ? (unsigned)w->n_runs - 1 : t->to.run;
	int64_t lo, hi;
	unsigned r;

	for (r = t->from.run; r <= last; r++) {
		lo = r == t->from.run ? t->from.ms : w->runs[r].first_ms;
		hi = w->runs[r].last_ms;
		if (r < last && w->runs[r + 1].first_ms > hi)
			hi = w->runs[r + 1].first_ms;
		else if (r == last)
			hi = t->open ? INT64_MAX : t->to.ms;
		if (lo <= w->q.to_ms && hi >= w->q.from_ms)
			return (true);
	}
	return (false);
}

static int
answer(struct whohad *w, const struct tenure *t)
{
	const struct whohad_answer a = { .what = t->what,
		.from_ms = t->from_known ? t->from.ms : WHOHAD_UNKNOWN,
		.to_ms = t->open ? WHOHAD_UNKNOWN : t->to.ms,
		.sure_until_ms = t->sure_until_ms };
	struct whohad_answer *bigger;
	size_t i;

	if (!covers(w, t))
		return (0);
	/* A file may be given twice. */
	for (i = 0; i < w->n_answers; i++)
		if (same_thing(&w->answers[i].what, &a.what) &&
		    w->answers[i].from_ms == a.from_ms &&
		    w->answers[i].to_ms == a.to_ms)
			return (0);
	bigger = array_grow(w->answers, w->n_answers, sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	w->answers = bigger;
	w->answers[w->n_answers++] = a;
	return (0);
}

static void
forget_tenure(struct whohad *w, size_t i)
{
	w->tenures[i] = w->tenures[--w->n_tenures];
}

static int
end_tenure(struct whohad *w, size_t i, struct place at)
{
	struct tenure t = w->tenures[i];

	forget_tenure(w, i);
	if (t.over)
		return (0); /* that is known already */
	t.open = false;
	t.to = at;
	return (answer(w, &t));
}

/*
 * Another one has it now. Its end may be in no line, or in a later one: after
 * another configuration, blocks are allocated before those of before are
 * released.
 */
static int
supersede(struct whohad *w, struct tenure *t, struct place at)
{
	t->over = true;
	t->open = false;
	t->to = at;
	return (answer(w, t));
}

static int
begin_tenure(struct whohad *w, const struct event *e)
{
	const struct place at = place_of(e);
	struct tenure *bigger, *t;
	size_t i;

	for (i = 0; i < w->n_tenures;) {
		t = &w->tenures[i];
		if (same_thing(&t->what, &e->l) && !t->over) {
			t->count++;
			return (0);
		}
		if (same_thing(&t->what, &e->l))
			forget_tenure(w, i);
		else if (excludes(&t->what, &e->l) && !t->over &&
		    supersede(w, t, at) == -1)
			return (-1);
		else
			i++;
	}
	bigger = array_grow(w->tenures, w->n_tenures, sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	w->tenures = bigger;
	w->tenures[w->n_tenures++] = (struct tenure){ .what = e->l,
		.from = at,
		.open = true,
		.from_known = true,
		.count = 1,
		.sure_until_ms = WHOHAD_UNKNOWN };
	return (0);
}

/* The beginning of what ends here is in no file, or in a line that was lost. */
static int
answer_end_alone(struct whohad *w, const struct event *e)
{
	const struct tenure t = { .what = e->l,
		.from = { e->place.begin_run, e->place.begin_ms },
		.to = place_of(e),
		.sure_until_ms = WHOHAD_UNKNOWN };

	return (answer(w, &t));
}

static int
end_one(struct whohad *w, const struct event *e)
{
	const struct place at = place_of(e);
	struct tenure *t;
	size_t i;

	for (i = 0; i < w->n_tenures; i++) {
		t = &w->tenures[i];
		if (!same_thing(&t->what, &e->l))
			continue;
		if (e->l.kind == LOGLINE_SESSION && !e->l.has_peer &&
		    --t->count > 0)
			return (0);
		t->sure_until_ms = WHOHAD_UNKNOWN;
		return (end_tenure(w, i, at));
	}
	return (answer_end_alone(w, e));
}

/* --- starts and ends of nat64d --- */

/* NULL with errno ENOMEM. */
static struct sender *
get_sender(struct whohad *w, uint64_t id)
{
	struct sender *bigger;
	size_t i;

	for (i = 0; i < w->n_senders; i++)
		if (w->senders[i].id == id)
			return (&w->senders[i]);
	bigger = array_grow(w->senders, w->n_senders, sizeof(*bigger));
	if (bigger == NULL)
		return (NULL);
	w->senders = bigger;
	bigger += w->n_senders++;
	*bigger = (struct sender){ .id = id, .begins_ms = w->notes.first_ms };
	return (bigger);
}

/* Did it not run at the time asked for? */
static void
note_stopped(struct whohad *w, const struct sender *s, int64_t until_ms)
{
	if (!s->is_stopped || s->stopped.ms > w->q.from_ms ||
	    w->q.to_ms >= until_ms)
		return;
	w->notes.stopped_ms = s->stopped.ms;
	w->stopped_sender = s->id;
}

/* Everything that it had before has ended, at the latest when it started. */
static int
restart(struct whohad *w, const struct sender *s, const struct event *e)
{
	const struct place at = s->is_stopped ? s->stopped : place_of(e);
	size_t i;

	for (i = 0; i < w->n_tenures;) {
		if (w->tenures[i].what.sender != e->l.sender)
			i++;
		else if (end_tenure(w, i, at) == -1)
			return (-1);
	}
	return (0);
}

/* What is computed is logged again: it may be something else. */
static int
end_computed(struct whohad *w, const struct event *e)
{
	const struct place at = place_of(e);
	size_t i;

	for (i = 0; i < w->n_tenures;) {
		if (!w->tenures[i].what.computed ||
		    w->tenures[i].what.sender != e->l.sender)
			i++;
		else if (end_tenure(w, i, at) == -1)
			return (-1);
	}
	return (0);
}

/* What does not go on may have ended without a line. */
static void
doubt(struct whohad *w, const struct sender *s, const struct event *e)
{
	struct tenure *t;
	size_t i;

	for (i = 0; i < w->n_tenures; i++) {
		t = &w->tenures[i];
		if (t->what.sender == e->l.sender && !t->what.computed &&
		    t->sure_until_ms == WHOHAD_UNKNOWN)
			t->sure_until_ms =
			    s->is_stopped ? s->stopped.ms : e->l.unix_ms;
	}
}

static int
resume(struct whohad *w, const struct sender *s, const struct event *e)
{
	doubt(w, s, e);
	return (end_computed(w, e));
}

static void
note_off(struct whohad *w, const struct sender *s, int64_t until_ms)
{
	if (s->is_off && s->off_ms <= w->q.to_ms && w->q.from_ms < until_ms)
		w->notes.off_ms = s->off_ms;
}

/* It logs other events from now on, or none. */
static void
change(struct whohad *w, struct sender *s, const struct event *e)
{
	doubt(w, s, e);
	note_off(w, s, e->l.unix_ms);
	if (e->l.unix_ms <= w->q.to_ms) {
		s->has_start = false;
		s->begins_ms = e->l.unix_ms;
	}
	s->is_off = e->l.count == 0;
	s->off_ms = e->l.unix_ms;
}

static int
take_start_or_stop(struct whohad *w, const struct event *e)
{
	struct sender *s = get_sender(w, e->l.sender);
	int rc = 0;

	if (s == NULL)
		return (-1);
	if (e->l.kind == LOGLINE_STOPPED) {
		s->is_stopped = true;
		s->stopped = place_of(e);
		return (0);
	}
	if (e->l.kind == LOGLINE_CHANGED) {
		change(w, s, e);
		return (0);
	}
	note_stopped(w, s, e->l.unix_ms);
	note_off(w, s, e->l.unix_ms);
	s->is_off = false;
	if (e->l.kind == LOGLINE_STARTED && e->l.unix_ms <= w->q.to_ms)
		s->has_start = true;
	if (e->l.kind == LOGLINE_STARTED)
		rc = restart(w, s, e);
	else
		rc = resume(w, s, e);
	s->is_stopped = false;
	return (rc);
}

static int
take_event(struct whohad *w, const struct event *e)
{
	switch (e->l.kind) {
	case LOGLINE_STOPPED:
	case LOGLINE_STARTED:
	case LOGLINE_RESUMED:
	case LOGLINE_CHANGED:
		return (take_start_or_stop(w, e));
	default:
		return (e->l.begins ? begin_tenure(w, e) : end_one(w, e));
	}
}

/* --- the end --- */

/* The same time of day is there twice where a clock was set back. */
static void
note_set_back(struct whohad *w)
{
	const struct line_run *r;

	for (r = w->runs; r + 1 < w->runs + w->n_runs; r++)
		if (r[1].set_back && r[1].first_ms <= w->q.to_ms &&
		    r->last_ms >= w->q.from_ms)
			w->notes.set_back_ms = r[1].first_ms;
}

/* If another translator had the port, it does not matter that one stopped. */
static void
forget_stopped(struct whohad *w)
{
	size_t i;

	for (i = 0; i < w->n_answers; i++)
		if (w->answers[i].what.sender == w->stopped_sender)
			return;
	if (w->n_answers > 0)
		w->notes.stopped_ms = WHOHAD_UNKNOWN;
}

static int
cmp_answers(const void *pa, const void *pb)
{
	const struct whohad_answer *a = pa, *b = pb;
	int cmp;

	if (a->from_ms != b->from_ms)
		return (a->from_ms < b->from_ms ? -1 : 1);
	if (a->to_ms != b->to_ms)
		return (a->to_ms < b->to_ms ? -1 : 1);
	cmp = memcmp(&a->what.host6.addr, &b->what.host6.addr,
	    sizeof(a->what.host6.addr));
	if (cmp != 0)
		return (cmp);
	return ((int)a->what.host6.port - (int)b->what.host6.port);
}

/* Subscribers of the address say less than who had the port. */
static void
leave_out_subscribers(struct whohad *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->n_answers; i++)
		if (w->answers[i].what.kind != LOGLINE_ADDRESS)
			w->answers[n++] = w->answers[i];
	if (n > 0)
		w->n_answers = n;
}

/* What has not ended. */
static int
answer_rest(struct whohad *w)
{
	size_t i;

	for (i = 0; i < w->n_senders; i++) {
		note_stopped(w, &w->senders[i], INT64_MAX);
		note_off(w, &w->senders[i], INT64_MAX);
	}
	for (i = 0; i < w->n_tenures; i++)
		if (!w->tenures[i].over && answer(w, &w->tenures[i]) == -1)
			return (-1);
	return (0);
}

/* Is nobody an answer, or does the log not know? */
static void
note_beginning(struct whohad *w)
{
	const struct sender *s;

	if (w->n_answers > 0 || w->q.to_ms < w->notes.first_ms)
		return;
	if (w->n_senders == 0)
		w->notes.begins_ms = w->notes.first_ms;
	for (s = w->senders; s < w->senders + w->n_senders; s++)
		if (!s->has_start && s->begins_ms > w->notes.begins_ms)
			w->notes.begins_ms = s->begins_ms;
}

int
whohad_finish(struct whohad *w)
{
	size_t i;

	if (w->notes.empty)
		return (0);
	if (order_events(w) == -1)
		return (-1);
	for (i = 0; i < w->n_events; i++)
		if (!is_copy(w->events, i) &&
		    take_event(w, &w->events[i]) == -1)
			return (-1);
	if (answer_rest(w) == -1)
		return (-1);
	note_set_back(w);
	leave_out_subscribers(w);
	forget_stopped(w);
	note_beginning(w);
	if (w->n_answers > 0)
		qsort(w->answers, w->n_answers, sizeof(*w->answers),
		    cmp_answers);
	return (0);
}

int
whohad_add_configured(struct whohad *w, const struct logline *what)
{
	struct whohad_answer *bigger;

	bigger = array_grow(w->answers, w->n_answers, sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	w->answers = bigger;
	w->answers[w->n_answers++] = (struct whohad_answer){ .what = *what,
		.from_ms = WHOHAD_UNKNOWN,
		.to_ms = WHOHAD_UNKNOWN,
		.sure_until_ms = WHOHAD_UNKNOWN,
		.configured = true };
	w->notes.begins_ms = WHOHAD_UNKNOWN;
	leave_out_subscribers(w);
	return (0);
}

size_t
whohad_answers(const struct whohad *w, const struct whohad_answer **answers)
{
	*answers = w->answers;
	return (w->n_answers);
}

void
whohad_notes(const struct whohad *w, struct whohad_notes *notes)
{
	*notes = w->notes;
}
