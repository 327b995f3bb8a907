/*
 * What becomes of each question, for who runs dns64d with "log level debug":
 * one line in the log when it is decided, as many as debuglog.h allows.
 *
 *	query client over [name type] action [why] [prefix] [rcode]
 *	    [ede] [from] [ms] [a-from] [a-ms]
 *
 * The format is documented in dns64d(8), DEBUGGING: change both.
 */
#ifndef DNS64D_QUERYLOG_H
#define DNS64D_QUERYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/os/log.h"

#include "dns64d/synth/synth.h"

struct client;
struct ede_set;
struct event_base;
struct querylog;
struct resolve;

/* A line to be; what is 0 or NULL is left out of it. */
struct querylog_line {
	const struct client *client;
	const struct msg_scan *query;
	bool question; /* query has one that is sound */
	const char *action;
	const char *why;
	bool answered; /* with this rcode, and ede */
	unsigned rcode;
	const struct ede_set *ede;
	const struct dns64_policy *policy; /* of whose prefixes one is in it */
	const uint8_t *answer;
	size_t answer_len;
	const char *from; /* where the answer came from, unless from lookups */
	const struct resolve *lookup[SYNTH_N_LOOKUPS]; /* that were asked */
	bool pending[SYNTH_N_LOOKUPS];
};

/* Returns NULL with errno ENOMEM. */
struct querylog *querylog_new(struct event_base *base);
void querylog_free(struct querylog *l);

/* Does anybody want lines? To be asked first of all: nobody does as a rule. */
static inline bool
querylog_is_on(void)
{
	return (__builtin_expect(log_get_level() == LOG_LEVEL_DEBUG, 0));
}

/* Before the client's message is ended. */
void querylog_write(struct querylog *l, const struct querylog_line *line);

/* The word for an outcome. */
const char *querylog_outcome(enum synth_outcome outcome);

#endif
