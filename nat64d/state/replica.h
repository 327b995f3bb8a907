/*
 * Sessions as values in a store that two translators share (replication): each
 * value has one session with its binding, as records of record.h, and can be
 * read without any other value. nat64d-state(5) describes it.
 *
 *	key	= protocol(1) pool address(4) port(2) peer address(4) port(2)
 *	value	= version(1) kind(1) node(1) flags(1) epoch(8) sequence(8)
 *		  body tag(16)
 *
 * The tag is a keyed MAC (SipHash-2-4, 128 bits) over the name of the pair, the
 * key and the value. Whoever can write to the store, but does not know the
 * secret, can therefore neither make a value, nor change or cut one, nor put it
 * under another key or into the store of another pair. Node, epoch and
 * sequence tell a value of another writer, of an earlier time, or out of its
 * order: an epoch begins when a node becomes active or writes everything
 * again, and is higher than those before; in the log of an epoch the sequence
 * grows by one with each value.
 *
 * This file has no state but the secret: what order means is known by
 * follow.c.
 */
#ifndef NAT64D_STATE_REPLICA_H
#define NAT64D_STATE_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/siphash.h"

#include "nat64d/base/tuple.h"
#include "nat64d/core/nat64_copy.h"
#include "record.h"

#define REPLICA_VERSION 1
#define REPLICA_KEY_LEN 13
#define REPLICA_VALUE_MAX 256
#define REPLICA_PAIR_MAX 32 /* characters of the name of a pair */

enum replica_kind {
	REPLICA_HEAD = 1,    /* who is active; its key is REPLICA_HEAD_KEY */
	REPLICA_SESSION = 2, /* a session is as the value says */
	REPLICA_END = 3	     /* it has ended */
};

#define REPLICA_HEAD_KEY "head"

/* Who wrote a value, and when in the order of its writer. */
struct replica_origin {
	uint8_t node; /* 1 or 2 */
	uint64_t epoch;
	uint64_t sequence;
};

/* Where a session is, which its key says: (T,t) and (Z,z). */
struct replica_place {
	enum l4proto proto;
	struct tuple4 tuple;
};

/* What the active node says of itself. */
struct replica_head {
	bool complete;	   /* all has been written */
	bool draining;	   /* so is its pair: no new clients are wanted */
	bool marked;	   /* the hash of its epoch has a mark (kept.h) */
	uint64_t beat;	   /* counts up while it is active */
	uint64_t sessions; /* that it has, for people */
};

struct replica_item {
	enum replica_kind kind;
	struct replica_origin origin;
	struct replica_place place; /* but of a head */
	struct nat64_copy copy;	    /* REPLICA_SESSION */
	struct replica_head head;   /* REPLICA_HEAD */
};

/* The secret, and the pair that values belong to. */
struct replica_seal {
	struct siphash_key key;
	char pair[REPLICA_PAIR_MAX + 1];
};

/* --- writing --- */

struct replica_writer {
	struct replica_seal seal;
	struct record_writer records;
};

void replica_writer_init(struct replica_writer *w,
    const struct replica_seal *seal);

void replica_key(const struct replica_place *place,
    uint8_t key[REPLICA_KEY_LEN]);

/* Each writes one value for that key, and returns its length. */
size_t replica_write_session(struct replica_writer *w,
    const struct replica_origin *o, const uint8_t key[REPLICA_KEY_LEN],
    const struct nat64_copy *s, uint8_t value[REPLICA_VALUE_MAX]);
size_t replica_write_end(struct replica_writer *w,
    const struct replica_origin *o, const uint8_t key[REPLICA_KEY_LEN],
    uint8_t value[REPLICA_VALUE_MAX]);
size_t replica_write_head(struct replica_writer *w,
    const struct replica_origin *o, const struct replica_head *h,
    uint8_t value[REPLICA_VALUE_MAX]);

/* --- reading --- */

enum replica_fault {
	REPLICA_GOOD,
	REPLICA_NO_VALUE, /* it has not the form of one */
	REPLICA_FORGED,	  /* its tag is wrong */
	REPLICA_NEWER,	  /* of a version or kind that we do not know */
	REPLICA_NONSENSE  /* the tag is right, but not what it says */
};

struct replica_reader {
	struct replica_seal seal;
	struct replica_item *item; /* being read */
	unsigned n_prefixes, n_bindings, n_sessions;
	struct record_reader records;
};

void replica_reader_init(struct replica_reader *r,
    const struct replica_seal *seal);

/* Read the value that was found under a key. item is set if it is good. */
enum replica_fault replica_read(struct replica_reader *r, const void *key,
    size_t key_len, const void *value, size_t value_len,
    struct replica_item *item);

/* A text that reads well behind "a value"; static. */
const char *replica_why(enum replica_fault fault);

/*
 * The secret from 32 hexadecimal digits. Returns 0, or -1.
 */
int replica_parse_key(const char *hex, struct siphash_key *key);

#endif
