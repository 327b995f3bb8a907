/*
 * In which order lines of several files happened, by their times.
 *
 * The lines of a file that one host has sent are a stream. A stream is cut into
 * runs, within which the time only goes forward: it goes back where the clock
 * was set back, and there the same time of day occurs twice. Runs keep their
 * order in the stream.
 *
 * Streams are ordered by their times, however the files were given. Where one
 * begins before another one ends, their lines are merged by time: several
 * translators log at the same time, and a file may have a part of another one.
 *
 * If the time only goes back in a stream, or very often, no clock is the
 * reason: such lines are sorted by time, newest first or not.
 */
#ifndef NAT64D_LOG_LINEORDER_H
#define NAT64D_LOG_LINEORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the order, within which the time only goes forward. */
struct line_run {
	int64_t first_ms;
	int64_t last_ms; /* the latest */
	bool set_back;	 /* to first_ms, behind the run before */
};

/* The place of a line. All but ms is for lineorder_find(). */
struct line_place {
	int64_t ms;	    /* of the line */
	int64_t key;	    /* lines of a run are in the order of their keys */
	unsigned run;	    /* of lineorder_runs() */
	unsigned stream;    /* the number of its stream in the order */
	unsigned begin_run; /* where its stream begins */
	int64_t begin_ms;
};

struct lineorder;

/* NULL with errno ENOMEM. */
struct lineorder *lineorder_new(void);
void lineorder_free(struct lineorder *o);

void lineorder_begin_file(struct lineorder *o);

/*
 * The next line of the file. sender: of struct logline. *before_ms: the latest
 * time of its stream until then, or INT64_MIN. Returns 0, or -1 with errno
 * ENOMEM.
 */
int lineorder_add(struct lineorder *o, uint64_t sender, int64_t ms,
    struct line_place *place, int64_t *before_ms);

/* Put the runs into their order. Returns 0, or -1 with errno ENOMEM. */
int lineorder_finish(struct lineorder *o);

/* After that: the runs, owned by o; and where a line is in them. */
size_t lineorder_runs(const struct lineorder *o, const struct line_run **runs);
void lineorder_find(const struct lineorder *o, struct line_place *place);

#endif
