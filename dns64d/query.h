/*
 * The clients' questions that are being answered. synth.h decides; this
 * asks the upstreams what it wants asked, arms its timers, and sends what it
 * answers. Owns the questions, their number bounded by the configuration.
 *
 * When the bound is reached a question is answered SERVFAIL to make room: one
 * of the client who has most of them, so that its flood is nobody else's
 * loss; and of these the oldest, which has had most of its time.
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
 * A question gets an answer within this time, SERVFAIL at worst: well before
 * a stub gives up, which it commonly does after five seconds.
 */
#define QUERY_DEADLINE_MS 4500

/*
 * cookie_seed: of admission_new, the same for all workers of a process.
 * Returns NULL with errno.
 */
struct queries *queries_new(struct stats *stats,
    const struct siphash_key *cookie_seed);

/*
 * Before the first context, and that before the first message.
 * Returns 0, or -1 when memory is short.
 */
int queries_start(struct queries *qs, struct event_base *base);

/* Answer all questions that are left with SERVFAIL. */
void queries_free(struct queries *qs);

/*
 * New questions begin with this context. The caller's reference is qs's
 * from now on.
 */
void queries_use(struct queries *qs, struct context *ctx);

/* The context in use, NULL before the first. */
const struct context *queries_context(const struct queries *qs);

/* A message from a client, for frontend_new; arg is a struct queries. */
void queries_receive(void *arg, const struct client *client,
    const uint8_t *wire, size_t len);

/* Print how many questions are open, and the state of each upstream. */
void queries_print(const struct queries *qs, FILE *f);

#endif
