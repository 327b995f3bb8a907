/*
 * The clients' queries. Admits a message, answers it at once from the packet
 * cache or the local names, or makes it a query: then synth.h decides, and
 * this starts the lookups that it wants, arms its timers and sends its
 * answer. Owns the queries, whose number the configuration bounds.
 *
 * When that bound is reached, one query is answered SERVFAIL to make room: of
 * the client that has most queries, so that a flood from one client costs the
 * others nothing, the oldest, since it has used most of its time.
 */
#ifndef DNS64D_QUERY_H
#define DNS64D_QUERY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct client;
struct event_base;
struct context;
struct queries;
struct siphash_key;
struct stats;

/*
 * Every query is answered within this time, with SERVFAIL if need be: before
 * a stub resolver gives up, which many do after five seconds.
 */
#define QUERY_DEADLINE_MS 4500

/*
 * cookie_seed: of admission_new, the same for all workers of a process.
 * Returns NULL with errno.
 */
struct queries *queries_new(struct stats *stats,
    const struct siphash_key *cookie_seed);

/*
 * To be called once, before queries_use and before any message.
 * Returns 0, or -1 when memory is short.
 */
int queries_start(struct queries *qs, struct event_base *base);

/* Answers all open queries with SERVFAIL. Also of NULL. */
void queries_free(struct queries *qs);

/* Use another context for new queries. Takes over the caller's reference. */
void queries_use(struct queries *qs, struct context *ctx);

/* The context of new queries; NULL before the first. */
const struct context *queries_context(const struct queries *qs);

/* Handle a client's message; arg is a struct queries. For frontend_new. */
void queries_receive(void *arg, const struct client *client,
    const uint8_t *wire, size_t len);

/* Print the number of open queries, the caches and each upstream. */
void queries_print(const struct queries *qs, FILE *f);

#endif
