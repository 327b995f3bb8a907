#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"

#include "planline.h"
#include "whohad.h"

/*
 * Lines that came to a collector over the network, or from several
 * translators, are not quite in order. A clock that is set back by less is no
 * problem either: nobody knows who had it to the second.
 */
#define DISORDER_MS 2000

/* Lines in an order of time; by file, and by place in the file. */
struct run {
	unsigned file;
	int64_t first_ms;
	int64_t last_ms; /* the latest */
};

/* An event that matters. */
struct event {
	struct logline l;
	unsigned run;	 /* its index; until order_events() as it was read */
	unsigned number; /* as it was read */
};

/* A time of a run. */
struct place {
	unsigned run;
	int64_t ms;
};

/* Who had it, from and to. */
struct tenure {
	struct logline what;
	struct place from;
	struct place to;
	bool open; /* to is not known */
	bool from_known;
	unsigned count; /* sessions without their peers look the same */
	int64_t sure_until_ms;
};

struct whohad {
	struct whohad_query q;
	struct run *runs;
	size_t n_runs;
	struct event *events;
	size_t n_events;
	size_t events_room;
	unsigned n_files;
	bool new_run; /* the next line begins one */

	struct tenure *tenures; /* that have not ended yet */
	size_t n_tenures;
	bool is_stopped; /* by its sender, at this place */
	uint64_t stopped_sender;
	struct place stopped;
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
	w->q = *q;
	w->notes = (struct whohad_notes){ .empty = true,
		.set_back_ms = WHOHAD_UNKNOWN,
		.stopped_ms = WHOHAD_UNKNOWN };
	return (w);
}

void
whohad_free(struct whohad *w)
{
	if (w == NULL)
		return;
	free(w->runs);
	free(w->events);
	free(w->tenures);
	free(w->answers);
	free(w);
}

/* --- lines --- */

int
whohad_begin_file(struct whohad *w)
{
	w->n_files++;
	w->new_run = true;
	return (0);
}

static int
begin_run(struct whohad *w, int64_t ms)
{
	struct run *bigger;

	bigger = array_grow(w->runs, w->n_runs, sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	w->runs = bigger;
	w->runs[w->n_runs++] =
	    (struct run){ .file = w->n_files, .first_ms = ms, .last_ms = ms };
	w->new_run = false;
	return (0);
}

/* The run that a line belongs to. */
static int
follow_time(struct whohad *w, int64_t ms)
{
	struct run *r;

	if (w->new_run)
		return (begin_run(w, ms));
	r = &w->runs[w->n_runs - 1];
	if (ms < r->last_ms - DISORDER_MS)
		return (begin_run(w, ms));
	if (ms > r->last_ms)
		r->last_ms = ms;
	return (0);
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

static void
note_line(struct whohad *w, const struct logline *l)
{
	struct whohad_notes *n = &w->notes;

	if (n->empty || l->unix_ms < n->first_ms)
		n->first_ms = l->unix_ms;
	if (n->empty || l->unix_ms > n->last_ms)
		n->last_ms = l->unix_ms;
	n->empty = false;
	if (l->kind == LOGLINE_LOST && l->unix_ms <= w->q.to_ms)
		n->lost += l->count;
}

int
whohad_add(struct whohad *w, const struct logline *l)
{
	struct logline block;
	struct event *bigger;

	if (follow_time(w, l->unix_ms) == -1)
		return (-1);
	note_line(w, l);
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
		.run = (unsigned)(w->n_runs - 1),
		.number = (unsigned)w->n_events };
	w->n_events++;
	return (0);
}

/* --- the order of files --- */

/* The runs of one file. */
struct file {
	int64_t first_ms; /* of its first line */
	int64_t last_ms;  /* of its last run */
	size_t run;	  /* the first one */
	size_t n_runs;
};

static int64_t
distance(int64_t a, int64_t b)
{
	return (a < b ? b - a : a - b);
}

/*
 * Does a come before b? If the clock was set back in one of them, its beginning
 * and its end contradict each other: then the order is the one in which the
 * second file begins where the first one ends.
 */
static bool
is_before(const struct file *a, const struct file *b)
{
	if ((a->first_ms < b->first_ms) == (a->last_ms < b->last_ms))
		return (a->first_ms < b->first_ms);
	return (distance(a->last_ms, b->first_ms) <
	    distance(b->last_ms, a->first_ms));
}

/* Add the file that the next run begins, in its place among n others. */
static void
insert_file(struct file *files, size_t n, const struct file *f)
{
	for (; n > 0 && is_before(f, &files[n - 1]); n--)
		files[n] = files[n - 1];
	files[n] = *f;
}

/* The files in their order; *n: their number. */
static struct file *
make_order(const struct whohad *w, size_t *n)
{
	struct file *files = calloc(w->n_runs, sizeof(*files)), f;
	size_t i;

	*n = 0;
	for (i = 0; files != NULL && i < w->n_runs; i += f.n_runs) {
		f = (struct file){ .first_ms = w->runs[i].first_ms, .run = i };
		while (i + f.n_runs < w->n_runs &&
		    w->runs[i + f.n_runs].file == w->runs[i].file)
			f.n_runs++;
		f.last_ms = w->runs[i + f.n_runs - 1].last_ms;
		insert_file(files, (*n)++, &f);
	}
	return (files);
}

/* By run; events of a run have the order in which they were read. */
static int
cmp_events(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	if (a->run != b->run)
		return (a->run < b->run ? -1 : 1);
	return (a->number < b->number ? -1 : a->number > b->number);
}

/* Copy the runs of the files one behind the other; where each one went. */
static void
move_runs(const struct whohad *w, const struct file *files, size_t n,
    struct run *to, unsigned *place)
{
	size_t i, k, at = 0;

	for (i = 0; i < n; i++)
		for (k = files[i].run; k < files[i].run + files[i].n_runs;
		     k++) {
			to[at] = w->runs[k];
			place[k] = (unsigned)at++;
		}
}

/* Put runs and events into the order of files. */
static int
order_events(struct whohad *w)
{
	size_t i, n_files;
	struct file *files = make_order(w, &n_files);
	struct run *runs = calloc(w->n_runs, sizeof(*runs));
	unsigned *place = calloc(w->n_runs, sizeof(*place));
	const bool ok = files != NULL && runs != NULL && place != NULL;

	if (ok) {
		move_runs(w, files, n_files, runs, place);
		memcpy(w->runs, runs, w->n_runs * sizeof(*runs));
		for (i = 0; i < w->n_events; i++)
			w->events[i].run = place[w->events[i].run];
		if (w->n_events > 0)
			qsort(w->events, w->n_events, sizeof(*w->events),
			    cmp_events);
	} else
		errno = ENOMEM;
	free(files);
	free(runs);
	free(place);
	return (ok ? 0 : -1);
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

static int
end_tenure(struct whohad *w, size_t i, struct place at)
{
	struct tenure t = w->tenures[i];

	w->tenures[i] = w->tenures[--w->n_tenures];
	t.open = false;
	t.to = at;
	return (answer(w, &t));
}

static int
begin_tenure(struct whohad *w, const struct event *e)
{
	const struct place at = { e->run, e->l.unix_ms };
	struct tenure *bigger;
	size_t i;

	for (i = 0; i < w->n_tenures;) {
		if (same_thing(&w->tenures[i].what, &e->l)) {
			w->tenures[i].count++;
			return (0);
		}
		if (!excludes(&w->tenures[i].what, &e->l))
			i++;
		else if (end_tenure(w, i, at) == -1)
			return (-1);
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

/* The run with which the file of another one begins. */
static unsigned
first_of_file(const struct whohad *w, unsigned run)
{
	while (run > 0 && w->runs[run - 1].file == w->runs[run].file)
		run--;
	return (run);
}

/* The beginning of what ends here is in no file, or in a line that was lost. */
static int
answer_end_alone(struct whohad *w, const struct event *e)
{
	const unsigned first = first_of_file(w, e->run);
	const struct tenure t = { .what = e->l,
		.from = { first, w->runs[first].first_ms },
		.to = { e->run, e->l.unix_ms },
		.sure_until_ms = WHOHAD_UNKNOWN };

	return (answer(w, &t));
}

static int
end_one(struct whohad *w, const struct event *e)
{
	const struct place at = { e->run, e->l.unix_ms };
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

static bool
was_stopped_by(const struct whohad *w, const struct logline *l)
{
	return (w->is_stopped && w->stopped_sender == l->sender);
}

/* Did it not run at the time asked for? */
static void
note_stopped(struct whohad *w, int64_t until_ms)
{
	if (w->is_stopped && w->stopped.ms <= w->q.from_ms &&
	    w->q.to_ms < until_ms)
		w->notes.stopped_ms = w->stopped.ms;
}

/* Everything that it had before has ended, at the latest when it started. */
static int
restart(struct whohad *w, const struct event *e)
{
	struct place at = { e->run, e->l.unix_ms };
	size_t i;

	if (was_stopped_by(w, &e->l))
		at = w->stopped;
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
	const struct place at = { e->run, e->l.unix_ms };
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
static int
resume(struct whohad *w, const struct event *e)
{
	struct tenure *t;
	size_t i;

	if (end_computed(w, e) == -1)
		return (-1);
	for (i = 0; i < w->n_tenures; i++) {
		t = &w->tenures[i];
		if (t->what.sender == e->l.sender &&
		    t->sure_until_ms == WHOHAD_UNKNOWN)
			t->sure_until_ms = was_stopped_by(w, &e->l) ?
			    w->stopped.ms :
			    e->l.unix_ms;
	}
	return (0);
}

static int
take_event(struct whohad *w, const struct event *e)
{
	int rc = 0;

	switch (e->l.kind) {
	case LOGLINE_STOPPED:
		w->is_stopped = true;
		w->stopped_sender = e->l.sender;
		w->stopped = (struct place){ e->run, e->l.unix_ms };
		break;
	case LOGLINE_STARTED:
	case LOGLINE_RESUMED:
		note_stopped(w, e->l.unix_ms);
		if (e->l.kind == LOGLINE_STARTED)
			rc = restart(w, e);
		else
			rc = resume(w, e);
		w->is_stopped = false;
		break;
	default:
		rc = e->l.begins ? begin_tenure(w, e) : end_one(w, e);
		break;
	}
	return (rc);
}

/* --- the end --- */

/* The same time of day is there twice where a clock was set back. */
static void
note_set_back(struct whohad *w)
{
	const struct run *r;

	for (r = w->runs; r + 1 < w->runs + w->n_runs; r++)
		if (r->file == r[1].file && r[1].first_ms <= w->q.to_ms &&
		    r->last_ms >= w->q.from_ms)
			w->notes.set_back_ms = r[1].first_ms;
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

int
whohad_finish(struct whohad *w)
{
	size_t i;

	if (w->n_runs == 0)
		return (0);
	if (order_events(w) == -1)
		return (-1);
	for (i = 0; i < w->n_events; i++)
		if (take_event(w, &w->events[i]) == -1)
			return (-1);
	note_stopped(w, INT64_MAX);
	for (i = 0; i < w->n_tenures; i++)
		if (answer(w, &w->tenures[i]) == -1)
			return (-1);
	note_set_back(w);
	leave_out_subscribers(w);
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
