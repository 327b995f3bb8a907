#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#include "lineorder.h"

/*
 * Lines that came to a collector over the network are not quite in order. A
 * clock that is set back by less is no problem either: nobody knows who had a
 * port to the second.
 */
#define DISORDER_MS 2000

/* If the time goes back more often in a stream, no clock is the reason. */
#define RUNS_MAX 16

/* Hosts of a file that are told apart; anybody can invent one. */
#define SENDERS_MAX 1024

/* A run as it was read. */
struct part {
	int64_t first_ms;
	int64_t last_ms;
	unsigned stream;
	unsigned next;	/* of the stream, unless it is its last one */
	unsigned place; /* in the order */
};

struct stream {
	uint64_t sender;
	unsigned first; /* part */
	unsigned last;
	unsigned n_parts;
	bool mixed;	  /* its lines are sorted by time */
	int64_t first_ms; /* of its first part, or if mixed the earliest */
	int64_t last_ms;  /* of its last part, or if mixed the latest */
	unsigned place;	  /* among the streams */
	unsigned run;	  /* where it begins */
};

struct lineorder {
	struct part *parts;
	size_t n_parts;
	size_t parts_room;
	struct stream *streams;
	size_t n_streams;
	size_t streams_room;
	size_t file_first; /* stream of this file */
	size_t current;	   /* stream of the last line */
	struct line_run *runs;
	size_t n_runs;
};

struct lineorder *
lineorder_new(void)
{
	return (calloc(1, sizeof(struct lineorder)));
}

void
lineorder_free(struct lineorder *o)
{
	if (o == NULL)
		return;
	free(o->parts);
	free(o->streams);
	free(o->runs);
	free(o);
}

/* --- reading --- */

void
lineorder_begin_file(struct lineorder *o)
{
	o->file_first = o->n_streams;
}

static struct stream *
find_stream(struct lineorder *o, uint64_t sender)
{
	size_t i = o->current;

	if (i >= o->file_first && i < o->n_streams &&
	    o->streams[i].sender == sender)
		return (&o->streams[i]);
	for (i = o->file_first; i < o->n_streams; i++)
		if (o->streams[i].sender == sender)
			return (&o->streams[i]);
	return (NULL);
}

/* At the end of the parts; its stream is not told. */
static int
add_part(struct lineorder *o, unsigned stream, int64_t ms)
{
	struct part *bigger;

	bigger = array_reserve(o->parts, &o->parts_room, o->n_parts + 1,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (-1);
	o->parts = bigger;
	o->parts[o->n_parts++] =
	    (struct part){ .first_ms = ms, .last_ms = ms, .stream = stream };
	return (0);
}

static struct stream *
begin_stream(struct lineorder *o, uint64_t sender, int64_t ms)
{
	const unsigned part = (unsigned)o->n_parts;
	struct stream *bigger;

	bigger = array_reserve(o->streams, &o->streams_room, o->n_streams + 1,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (NULL);
	o->streams = bigger;
	if (add_part(o, (unsigned)o->n_streams, ms) == -1)
		return (NULL);
	bigger += o->n_streams++;
	*bigger = (struct stream){ .sender = sender,
		.first = part,
		.last = part,
		.n_parts = 1 };
	return (bigger);
}

/* The time has gone back. */
static int
go_back(struct lineorder *o, struct stream *s, int64_t ms)
{
	const unsigned part = (unsigned)o->n_parts;

	if (s->n_parts == RUNS_MAX) {
		s->mixed = true;
		return (0);
	}
	if (add_part(o, o->parts[s->last].stream, ms) == -1)
		return (-1);
	o->parts[s->last].next = part;
	s->last = part;
	s->n_parts++;
	return (0);
}

int
lineorder_add(struct lineorder *o, uint64_t sender, int64_t ms,
    struct line_place *place, int64_t *before_ms)
{
	struct stream *s;
	struct part *p;

	if (o->n_streams - o->file_first >= SENDERS_MAX)
		sender = 0;
	s = find_stream(o, sender);
	*before_ms = s != NULL ? o->parts[s->last].last_ms : INT64_MIN;
	if (s == NULL)
		s = begin_stream(o, sender, ms);
	else if (ms < o->parts[s->last].last_ms - DISORDER_MS &&
	    go_back(o, s, ms) == -1)
		return (-1);
	if (s == NULL)
		return (-1);
	o->current = (size_t)(s - o->streams);
	p = &o->parts[s->last];
	if (ms < p->first_ms)
		p->first_ms = ms;
	if (ms > p->last_ms)
		p->last_ms = ms;
	*place =
	    (struct line_place){ .run = s->last, .ms = ms, .key = p->last_ms };
	return (0);
}

/* --- the order of streams --- */

/* Does the time never go forward, as in what was asked for newest first? */
static bool
is_backwards(const struct lineorder *o, const struct stream *s)
{
	unsigned i, part = s->first;

	for (i = 0; i < s->n_parts; i++, part = o->parts[part].next)
		if (o->parts[part].last_ms >
		    o->parts[part].first_ms + DISORDER_MS)
			return (false);
	return (s->n_parts > 1);
}

static void
measure(const struct lineorder *o, struct stream *s)
{
	unsigned i, part = s->first;

	s->first_ms = o->parts[s->first].first_ms;
	s->last_ms = o->parts[s->last].last_ms;
	s->mixed = s->mixed || is_backwards(o, s);
	for (i = 0; s->mixed && i < s->n_parts;
	     i++, part = o->parts[part].next) {
		if (o->parts[part].first_ms < s->first_ms)
			s->first_ms = o->parts[part].first_ms;
		if (o->parts[part].last_ms > s->last_ms)
			s->last_ms = o->parts[part].last_ms;
	}
}

static int64_t
distance(int64_t a, int64_t b)
{
	return (a < b ? b - a : a - b);
}

static bool
has_set_back(const struct stream *s)
{
	return (s->n_parts > 1 && !s->mixed);
}

/*
 * Does a come before b? If the clock was set back in one of them, its beginning
 * and its end contradict each other: then the order is the one in which the
 * second one begins where the first one ends.
 */
static bool
is_before(const struct stream *a, const struct stream *b)
{
	if (a->first_ms == b->first_ms && a->last_ms == b->last_ms)
		return (false);
	if ((a->first_ms <= b->first_ms) == (a->last_ms <= b->last_ms))
		return (a->first_ms <= b->first_ms);
	if (!has_set_back(a) && !has_set_back(b))
		return (a->first_ms < b->first_ms);
	return (distance(a->last_ms, b->first_ms) <
	    distance(b->last_ms, a->first_ms));
}

/* Add s in its place among n others. */
static void
insert_stream(struct stream **order, size_t n, struct stream *s)
{
	for (; n > 0 && is_before(s, order[n - 1]); n--)
		order[n] = order[n - 1];
	order[n] = s;
}

/* A stream goes on in the run of those before, unless the time goes back. */
static bool
goes_on(const struct lineorder *o, const struct stream *s)
{
	return (
	    o->n_runs > 0 && s->first_ms >= o->runs[o->n_runs - 1].first_ms);
}

static void
add_run(struct lineorder *o, int64_t first_ms, int64_t last_ms, bool set_back)
{
	o->runs[o->n_runs++] = (struct line_run){ .first_ms = first_ms,
		.last_ms = last_ms,
		.set_back = set_back };
}

/* The stream that is the next one in the order. */
static void
place_stream(struct lineorder *o, struct stream *s)
{
	unsigned i, part = s->first;
	struct line_run *last;
	struct part *p;

	for (i = 0; i < s->n_parts; i++, part = p->next) {
		p = &o->parts[part];
		last = &o->runs[o->n_runs > 0 ? o->n_runs - 1 : 0];
		if (i == 0 && !goes_on(o, s))
			add_run(o, s->first_ms, p->last_ms, false);
		else if (i > 0 && !s->mixed)
			add_run(o, p->first_ms, p->last_ms, true);
		else if (p->last_ms > last->last_ms)
			last->last_ms = p->last_ms;
		p->place = (unsigned)o->n_runs - 1;
		if (i == 0)
			s->run = p->place;
	}
}

int
lineorder_finish(struct lineorder *o)
{
	struct stream **order = calloc(o->n_streams + 1, sizeof(*order));
	size_t i;

	o->runs = calloc(o->n_parts + 1, sizeof(*o->runs));
	if (order == NULL || o->runs == NULL) {
		free(order);
		errno = ENOMEM;
		return (-1);
	}
	for (i = 0; i < o->n_streams; i++) {
		measure(o, &o->streams[i]);
		insert_stream(order, i, &o->streams[i]);
	}
	for (i = 0; i < o->n_streams; i++) {
		order[i]->place = (unsigned)i;
		place_stream(o, order[i]);
	}
	free(order);
	return (0);
}

size_t
lineorder_runs(const struct lineorder *o, const struct line_run **runs)
{
	*runs = o->runs;
	return (o->n_runs);
}

void
lineorder_find(const struct lineorder *o, struct line_place *place)
{
	const struct part *p = &o->parts[place->run];
	const struct stream *s = &o->streams[p->stream];

	place->run = p->place;
	place->stream = s->place;
	if (s->mixed)
		place->key = place->ms;
	place->begin_run = s->run;
	place->begin_ms = s->first_ms;
}
