/*
 * Who had an IPv4 address and port at a time, from the lines of event logs
 * (RFC 6888, 4).
 *
 * The caller hands in the lines of each file in their order, and the files in
 * any order: whohad_begin_file(), whohad_add() for each line, and so on, and
 * whohad_finish(). Then the answers and the notes can be read. Only events
 * about the address and port are kept: memory does not grow with the files.
 *
 * The order of lines is that of lineorder.h. Translators are told apart by the
 * hosts that sent their lines, if these are named: then the start of one ends
 * nothing that another one has.
 */
#ifndef NAT64D_LOG_WHOHAD_H
#define NAT64D_LOG_WHOHAD_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logline.h"

/* Events about one address and port that are kept at most. */
#define WHOHAD_EVENTS_MAX (256 * 1024)

struct whohad_query {
	struct in_addr addr;
	uint16_t port;
	int proto;	 /* enum l4proto, or -1: any */
	int64_t from_ms; /* at some time of this interval, of UTC, ... */
	int64_t to_ms;	 /* ... of which this is the last millisecond */
};

/* Ends of an interval that are not in the log. */
#define WHOHAD_UNKNOWN INT64_MIN

struct whohad_answer {
	struct logline
	    what;	 /* the kind and the holder, as in its first line */
	int64_t from_ms; /* WHOHAD_UNKNOWN: before the log begins */
	int64_t to_ms;	 /* WHOHAD_UNKNOWN: it has not ended in the log */
	/*
	 * It may have ended before to_ms: there was a restart since, after
	 * which bindings may go on, or other events were logged from then on;
	 * WHOHAD_UNKNOWN: neither.
	 */
	int64_t sure_until_ms;
	bool configured; /* whohad_add_configured(); no times */
};

struct whohad_notes {
	bool empty;	  /* there was no line */
	int64_t first_ms; /* of all lines */
	int64_t last_ms;
	uint64_t lost; /* lines that are missing, up to the time asked for */
	int64_t
	    set_back_ms;    /* the clock was set back to this, so that the time
				asked for was there twice; WHOHAD_UNKNOWN: no */
	int64_t stopped_ms; /* nat64d did not run; WHOHAD_UNKNOWN: it did */
	int64_t off_ms;	    /* no events were logged since; likewise */
	/*
	 * Nobody had it, unless since before this and with no end in the log;
	 * WHOHAD_UNKNOWN: the log has all since a start.
	 */
	int64_t begins_ms;
};

struct whohad;

/* q is copied. NULL with errno ENOMEM. */
struct whohad *whohad_new(const struct whohad_query *q);
void whohad_free(struct whohad *w);

void whohad_begin_file(struct whohad *w);

/* Return 0, or -1 with errno ENOMEM, or E2BIG: WHOHAD_EVENTS_MAX. */
int whohad_add(struct whohad *w, const struct logline *l);
int whohad_finish(struct whohad *w);

/*
 * After whohad_finish(): one more answer, of a configuration, of the kind
 * LOGLINE_BINDING or LOGLINE_BLOCK. Returns 0, or -1 with errno ENOMEM.
 */
int whohad_add_configured(struct whohad *w, const struct logline *what);

/*
 * Those who had it, by the time from which they had it. If bindings, sessions
 * or blocks say who, subscribers of the address are left out. Owned by w.
 */
size_t whohad_answers(const struct whohad *w,
    const struct whohad_answer **answers);
void whohad_notes(const struct whohad *w, struct whohad_notes *notes);

#endif
