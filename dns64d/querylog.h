/*
 * The query log, with "log level debug": one line for each message of a
 * client, when it is answered or dropped. debuglog.h limits their rate.
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

#include "common/monotime.h"
#include "common/os/log.h"

#include "dns64d/synth/synth.h"
#include "resolve.h"

struct client;
struct ede_set;
struct event_base;
struct querylog;

/* The contents of a line; what is 0 or NULL is left out. */
struct querylog_line {
	const struct client *client;
	const struct msg_scan *query;
	struct monotime since; /* when the message was received */
	bool question;	       /* query has a question */
	const char *action;
	const char *why;
	bool answered; /* with rcode and ede */
	unsigned rcode;
	const struct ede_set *ede;
	const struct dns64_policy
	    *policy; /* the answer has one of its prefixes */
	const uint8_t *answer;
	size_t answer_len;
	const char *from; /* the cache of the answer; NULL: see lookup */
	const struct resolve *lookup[SYNTH_N_LOOKUPS]; /* NULL: not asked */
	bool pending[SYNTH_N_LOOKUPS];
};

/* Returns NULL with errno ENOMEM. */
struct querylog *querylog_new(struct event_base *base);
void querylog_free(struct querylog *l);

/* To be called before a line is composed, which is useless if false. */
static inline bool
querylog_is_on(void)
{
	return (__builtin_expect(log_get_level() == LOG_LEVEL_DEBUG, 0));
}

/* To be called before the answer is sent: line->client is invalid after. */
void querylog_write(struct querylog *l, const struct querylog_line *line);

/* The words of the log for an outcome, a source, and how a query came. */
const char *querylog_outcome(enum synth_outcome outcome);
const char *querylog_source(enum resolve_source source);
struct pref64;

/* The prefix of the first synthetic address of the answer; len 0: none. */
void querylog_prefix(const struct querylog_line *line, struct pref64 *out);

const char *querylog_over(const struct client *client);

#endif
