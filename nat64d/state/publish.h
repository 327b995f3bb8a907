/*
 * The active node of a pair: writes its sessions into the store
 * (nat64d-state(5)), and each change of them.
 *
 *	nat64:PAIR:head			who is active, and of which epoch
 *	nat64:PAIR:other		the same of a node that is active, too
 *	nat64:PAIR:NODE:EPOCH:state	a hash: all sessions, by their keys, and
 *					a mark (kept.h)
 *	nat64:PAIR:NODE:EPOCH:log	a stream: the changes, in their order
 *
 * An epoch begins when the node becomes active, when the store was lost and is
 * there again, when it has dropped keys, or when more has changed than could be
 * kept: then everything is written again, in slices, under keys of a new epoch.
 * So two nodes that are both active by mistake do not write under the same
 * keys, and a store that has lost what it had is as good as a new one. While it
 * is being written, "head" says that the epoch is not complete.
 *
 * Packets do not wait: changes are only noted when they happen, and sent by a
 * timer, in slices.
 */
#ifndef NAT64D_STATE_PUBLISH_H
#define NAT64D_STATE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "replica.h"
#include "store.h"

struct event_base;
struct publisher;

struct publish_count {
	uint64_t sessions; /* values of sessions written */
	uint64_t ends;
	uint64_t epochs;    /* begun */
	uint64_t overflows; /* more has changed than could be kept */
	uint64_t drops;	    /* how often the store has dropped keys */
	uint64_t rivals;    /* how often another node was active as well */
	uint64_t waiting;   /* changes that have not been sent */
	uint8_t rival;	    /* the other node that is active now; 0: none */
	bool active;
	bool complete; /* the store has everything */
	bool dropped;  /* it has dropped keys, a minute ago at most */
};

/* n and store are borrowed. Returns NULL with errno. */
struct publisher *publisher_new(struct event_base *base, struct nat64 *n,
    struct store *store, const struct replica_seal *seal, uint8_t node,
    uint32_t after_secs);
void publisher_free(struct publisher *p);

/* This node is active from now on, or no longer. */
void publisher_start(struct publisher *p);
void publisher_stop(struct publisher *p);

/* Write new sessions at once, however young: the node is about to leave. */
void publisher_hurry(struct publisher *p);

/* Write what the other node reads of this one, "head", without delay. */
void publisher_tell(struct publisher *p);

/* The store is there, or is lost (struct store_ops). */
void publisher_ready(struct publisher *p);
void publisher_lost(struct publisher *p);

/* Is everything that has happened in the store? */
bool publisher_is_done(const struct publisher *p);

/* The last epoch that was begun; 0: none. */
uint64_t publisher_epoch(const struct publisher *p);

struct publish_count publisher_count(const struct publisher *p);

/* The names of keys; text: of at least STORE_KEY_MAX. */
#define STORE_KEY_MAX 96
void publish_key_head(char *text, const char *pair);
void publish_key_other(char *text, const char *pair);
void publish_key_state(char *text, const char *pair, uint8_t node,
    uint64_t epoch);
void publish_key_log(char *text, const char *pair, uint8_t node,
    uint64_t epoch);

#endif
