/*
 * Polls the translators that have URLs in dns64d.conf over HTTP (poll.h) and
 * keeps their state and load for balance.c, as pair.h judges. Knows nothing of
 * DNS.
 *
 * A node that does not answer PAIR_LOST times in a row is lost: after the first
 * time it is asked again soon. Once lost, it is polled less and less often,
 * until it answers or the network of this host changes. While neither node of a
 * pair translates, both are asked often, until the time for a fail-over is
 * over. Before the first answer a translator counts as up.
 */
#ifndef DNS64D_POLICY_TRANSLATOR_H
#define DNS64D_POLICY_TRANSLATOR_H

#include <stddef.h>
#include <stdio.h>

#include "common/net/pref64.h"

#include "balance.h"
#include "pair.h"
#include "poll.h"

struct event_base;
struct translators;

#define TRANSLATOR_BACKOFF_SECS 60 /* the longest interval, or every_secs */

/* The translator of a prefix, in all views. */
struct translator_conf {
	struct pref64 prefix;
	struct poll_url url[PAIR_NODES]; /* of each node */
	size_t n_urls;			 /* 2: a pair */
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
 * The network of this host has changed: poll those that are lost at the usual
 * interval again.
 */
void translators_hurry(struct translators *ts);

/* What is known of one. */
struct translator_view {
	const struct translator_conf *conf;
	enum balance_state state;
	size_t active; /* the node that translates, or did so last */
	enum pair_node_state node[PAIR_NODES];
	unsigned load;	   /* that counts, of LOAD_FULL; see load.h */
	uint64_t answers;  /* composed with its prefix */
	uint64_t sessions; /* of its last answer */
	uint64_t sessions_max;
	uint64_t n_polls; /* of all nodes */
	uint64_t n_lost;  /* those without an answer */
};

/* Look at the i-th one, from 0 on. Returns 0; -1: there is none. */
int translators_look(const struct translators *ts, size_t i,
    struct translator_view *out);

/* "up", "draining" or "down". */
const char *translator_state_name(enum balance_state state);

/* Print one line for each. */
void translators_print(const struct translators *ts, FILE *f);

#endif
