/*
 * Polls the translators that have a URL in dns64d.conf over HTTP and keeps
 * their state and load for balance.c. Owns the connections; knows nothing of
 * DNS.
 *
 * A translator that does not answer TRANSLATOR_LOST times in a row is down:
 * after the first time it is asked again soon. Once down, it is polled less
 * and less often, until it answers or the network of this host changes. Before
 * its first answer it counts as up.
 */
#ifndef DNS64D_POLICY_TRANSLATOR_H
#define DNS64D_POLICY_TRANSLATOR_H

#include <stddef.h>
#include <stdio.h>

#include "common/net/pref64.h"

#include "balance.h"

struct event_base;
struct translators;

#define TRANSLATOR_LOST 2
#define TRANSLATOR_TIMEOUT_SECS 2  /* for a whole answer */
#define TRANSLATOR_BACKOFF_SECS 60 /* the longest interval, or every_secs */

/* The translator of a prefix, in all views. */
struct translator_conf {
	struct pref64 prefix;
	char *url;  /* as written */
	char *host; /* its numeric address, ... */
	unsigned port;
	char *path; /* ... and what begins with the slash */
	unsigned every_secs;
};

/*
 * Start to poll n translators; conf is borrowed. What is known of them is
 * copied from old, which may be NULL.
 * Returns NULL if memory is short.
 */
struct translators *translators_new(struct event_base *base,
    const struct translator_conf *conf, size_t n,
    const struct translators *old);

/* Do not call this from a callback of one of them. Also of NULL. */
void translators_free(struct translators *ts);

/*
 * The state of the translator of a prefix, kept up to date until ts is freed;
 * NULL if the prefix has none. The caller counts its answers there.
 */
struct balance_target *translators_find(const struct translators *ts,
    const struct pref64 *prefix);

/*
 * The network of this host has changed: poll those that are down at the usual
 * interval again.
 */
void translators_hurry(struct translators *ts);

/* What is known of one. */
struct translator_view {
	const struct translator_conf *conf;
	enum balance_state state;
	unsigned load;	   /* that counts, of LOAD_FULL; see load.h */
	uint64_t answers;  /* composed with its prefix */
	uint64_t sessions; /* of its last answer */
	uint64_t sessions_max;
	uint64_t n_polls;
	uint64_t n_lost; /* polls without an answer */
};

/* Look at the i-th one, from 0 on. Returns 0; -1: there is none. */
int translators_look(const struct translators *ts, size_t i,
    struct translator_view *out);

/* "up", "draining" or "down". */
const char *translator_state_name(enum balance_state state);

/* Print one line for each. */
void translators_print(const struct translators *ts, FILE *f);

#endif
