/*
 * The translators that dns64d.conf gives an address for: asks each of them
 * over HTTP, now and then, how it is, and keeps the answer for balance.c.
 * Owns the connections; knows nothing of DNS.
 *
 * A translator that fails to answer TRANSLATOR_LOST times in a row is down,
 * and asked less and less often until it answers, or the network of this host
 * changes. Until its first answer it counts as up.
 */
#ifndef DNS64D_POLICY_TRANSLATOR_H
#define DNS64D_POLICY_TRANSLATOR_H

#include <stddef.h>
#include <stdio.h>

#include "common/net/pref64.h"

struct balance_target;
struct event_base;
struct translators;

#define TRANSLATOR_LOST 2
#define TRANSLATOR_TIMEOUT_SECS 2  /* from the question to the whole answer */
#define TRANSLATOR_BACKOFF_SECS 60 /* never less often than this, or every */

/* Where the translator of a prefix, in whatever view, tells of its load. */
struct translator_conf {
	struct pref64 prefix;
	char *url;  /* as written */
	char *host; /* its parts: the numeric address, ... */
	unsigned port;
	char *path; /* ... from the first slash on */
	unsigned every_secs;
};

/*
 * Begin to ask n translators; conf is borrowed. What is known of them is
 * taken over from old, which may be NULL.
 * Returns NULL when memory is short.
 */
struct translators *translators_new(struct event_base *base,
    const struct translator_conf *conf, size_t n,
    const struct translators *old);

/* Not from within the event loop's work on one of them. */
void translators_free(struct translators *ts);

/*
 * What is known of the translator of a prefix, kept up to date for as long
 * as ts lives; NULL when the prefix has none.
 */
const struct balance_target *translators_find(const struct translators *ts,
    const struct pref64 *prefix);

/*
 * This host's network has changed: ask those that are down as often as at
 * first again, each for the first time when its interval has passed.
 */
void translators_hurry(struct translators *ts);

/* Print one line for each. */
void translators_print(const struct translators *ts, FILE *f);

#endif
