/*
 * A configuration with what one worker knows of its upstreams and
 * translators, and the cache of what the upstreams answered it. Every
 * question holds the one that it began with, so that a reload takes nothing
 * from under it; the last one to let go frees it.
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

/* What a view needs beside its policy. */
struct context_view {
	const struct view *view;
	struct balance balance;
	struct timeval aaaa_delay; /* of the policy, for event_add */
	struct timeval a_delay;
};

struct context {
	struct conf *conf; /* a reference */
	struct upstreams ups;
	struct cache *cache; /* of what they answered */
	struct packet_cache
	    *packet_cache; /* made of that; its memory is the cache's */
	struct translators *translators;
	struct context_view *views; /* as many as conf has */
	unsigned refs;
	TAILQ_ENTRY(context) next; /* when old: see resolver_use */
};

/*
 * What is known of upstreams is taken over from old, which may be NULL.
 * Returns one reference, which holds one of conf, or NULL when memory is
 * short.
 */
struct context *context_new(struct event_base *base, struct conf *conf,
    const struct context *old);

/* To be called when answers may have been added: the cache makes room. */
void context_share_memory(struct context *ctx);

/* The view of a client who asked a listener. */
struct context_view *context_select(struct context *ctx,
    const struct sockaddr_storage *client, const struct scoped_addr *listener);

/*
 * It is the old one: its cache forgets everything at once, and gives back its
 * memory step by step. The second one returns true while there is more.
 */
void context_close_caches(struct context *ctx);
bool context_free_some(struct context *ctx);

/* Take another reference; returns ctx. */
struct context *context_ref(struct context *ctx);

/* Give a reference back. */
void context_unref(struct context *ctx);

#endif
