/*
 * The context in which a worker answers queries: the configuration with what
 * the worker knows of its upstreams and translators, and its caches. A reload
 * makes a new one. Every query and every fetch holds a reference to the one
 * that it began with; the last reference frees it.
 */
#ifndef DNS64D_CONTEXT_H
#define DNS64D_CONTEXT_H

#include <sys/queue.h>
#include <sys/time.h>

#include <stdbool.h>

#include "dns64d/policy/balance.h"
#include "dns64d/upstream/upstream.h"

struct packet_cache;
struct cache;
struct conf;
struct event_base;
struct sockaddr_storage;
struct translators;
struct view;

/* What a worker keeps for a view. */
struct context_view {
	const struct view *view;
	struct balance balance;
	struct timeval aaaa_delay; /* the delays of the policy */
	struct timeval a_delay;
};

struct context {
	struct conf *conf; /* a reference */
	struct upstreams ups;
	struct cache *cache; /* of replies of the upstreams */
	struct packet_cache
	    *packet_cache; /* its memory is part of that of the cache */
	struct translators *translators;
	struct context_view *views; /* conf->views.n, in the same order */
	unsigned refs;
	TAILQ_ENTRY(context) next; /* in resolver.old */
};

/*
 * Make a context. What is known of upstreams and translators is copied from
 * old, which may be NULL. Takes a reference to conf.
 * Returns a reference, or NULL if memory is short.
 */
struct context *context_new(struct event_base *base, struct conf *conf,
    const struct context *old);

/*
 * Lower the memory limit of the cache by what the packet cache uses, so that
 * both together stay within "limit cache". To be called when an answer may
 * have been added to the packet cache.
 */
void context_share_memory(struct context *ctx);

/*
 * Take over the cache of old, which ctx was made from, as far as its replies
 * cannot differ: not if the rules for keeping them have changed, and not for
 * domains whose servers have. Whole answers depend on more and are not taken
 * over. ctx is not in use yet; old loses its cache.
 */
void context_keep_cache(struct context *ctx, struct context *old);

/* The view for a client's address and the listener that it sent to. */
struct context_view *context_select(struct context *ctx,
    const struct sockaddr_storage *client, const struct scoped_addr *listener);

/*
 * For a context that is no longer used for new queries. context_close_caches:
 * its caches find and keep nothing from now on. context_free_some: free some
 * of their entries; returns true while there are more. To free a large cache
 * at once can take half a second.
 */
void context_close_caches(struct context *ctx);
bool context_free_some(struct context *ctx);

/* Take a reference; returns ctx. */
struct context *context_ref(struct context *ctx);

/* Release a reference; also of NULL. */
void context_unref(struct context *ctx);

#endif
