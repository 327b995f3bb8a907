/*
 * Another configuration while nat64d runs (nat64ctl reload).
 *
 *	reader process		reads the files again, as the start did
 *	on_files()		parses and checks them
 *	reconf_fixed.c		refuses what only a restart can change
 *	apply()			the translator, and all that follows the host
 *	nat64_settle()		sessions that are not allowed any more end
 *
 * It is used whole or not at all: whatever is refused, the old one stays.
 *
 * The privilege to make routes was given up. So routes to new prefixes and
 * addresses must be there already: the administrator adds them first.
 */
#ifndef NAT64D_RECONF_H
#define NAT64D_RECONF_H

#include <stdbool.h>

struct conf;
struct engine;
struct eventlog;
struct hostreport;
struct ifwatch;
struct pcpsock;
struct poolif;
struct reader;
struct reconf;
struct self6;
struct startup;

/* All borrowed, except for reader. */
struct reconf_opts {
	struct conf *conf; /* in use: it gets the contents of the new one */
	const struct startup *start;
	struct reader *reader; /* taken over */
	struct engine *engine;
	struct eventlog *log;
	struct hostreport *report;
	struct ifwatch *ifwatch;
	struct poolif *pool; /* NULL: the pool is configured */
	struct self6 *self6; /* NULL: the address is configured */
	struct pcpsock *pcp;
};

/* Returns NULL with errno ENOMEM. */
struct reconf *reconf_new(const struct reconf_opts *o);

/* Call it before the event loop is freed. */
void reconf_free(struct reconf *r);

/*
 * The result of a request: NULL when it is done, else why it was refused, in
 * one or more lines, which are valid during the call.
 */
typedef void (*reconf_fn)(void *arg, const char *error);

/*
 * Read the configuration again and use it; done is called when the last session
 * that it does not allow has ended. check: say what would happen, and change
 * nothing. confirm_secs: go back to the present one after this time, unless
 * reconf_confirm() is called; 0: do not. Returns NULL, or why this is not
 * possible now, and then done is not called.
 */
const char *reconf_request(struct reconf *r, bool check, unsigned confirm_secs,
    reconf_fn done, void *arg);

/*
 * Why this process cannot be replaced by one that uses the file: a change is
 * going on, or is not confirmed and would not be taken back any more. NULL: it
 * can.
 */
const char *reconf_pending(const struct reconf *r);

/* Keep the configuration. Returns NULL, or why there is nothing to confirm. */
const char *reconf_confirm(struct reconf *r);

#endif
