/*
 * The queries of clients. A message that the admission checks pass is
 * answered at once from the packet cache or the local names, or becomes a
 * query: synth.h decides what to do, and query.c starts the lookups and
 * timers that it asks for and sends its answer. Owns the queries.
 *
 * "limit queries" bounds their number. When it is reached, a query is
 * answered with SERVFAIL for each new one: the oldest query of the client
 * that has most queries (admission/fairness.h), so that a client that floods
 * the server does not cause failures for others.
 */
#ifndef DNS64D_QUERY_H
#define DNS64D_QUERY_H

#include <stdbool.h>
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
 * Every query is answered within this time, with SERVFAIL if nothing else is
 * known: many stub resolvers give up after five seconds.
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
struct context *queries_context(const struct queries *qs);

/* Handle a client's message; arg is a struct queries. For frontend_new. */
void queries_receive(void *arg, const struct client *client,
    const uint8_t *wire, size_t len);

/*
 * Tell a ring of what is done with each message; NULL: no more. r is borrowed
 * until then.
 */
struct monitor_ring;
void queries_monitor(struct queries *qs, struct monitor_ring *r);
struct monitor_ring *queries_monitored(const struct queries *qs);

/*
 * Ask a question in this process, as a query that was admitted. The answer is
 * made anew, from what is cached for it or asked upstream, and is neither
 * rotated nor truncated. c must live until its done was called, which may be
 * before this returns; a message that is no query is dropped.
 */
struct inside_client;
void queries_ask(struct queries *qs, struct inside_client *c,
    const uint8_t *wire, size_t len);

/* Print the number of open queries, the caches and each upstream. */
void queries_print(const struct queries *qs, FILE *f);

/* Call fn with the address of the client of each query in progress. */
struct sockaddr_storage;
void queries_each(const struct queries *qs,
    void (*fn)(void *arg, const struct sockaddr_storage *client), void *arg);

/* See resolver_flush(). */
void queries_flush(struct queries *qs, const uint8_t *name, bool below);

/* How many are in progress. */
unsigned queries_open(const struct queries *qs);

#endif
