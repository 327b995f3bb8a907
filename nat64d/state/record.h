/*
 * The record format of bindings and sessions: how the state of a translator
 * is written to a file or sent to another process or machine. nat64d-state(5)
 * describes it for other programs. It has no pointers, no padding and no byte
 * order of a machine: all numbers are in network byte order.
 *
 *	stream	= head block ... block
 *	head	= magic(8) version(2) reserved(2) sum(4)
 *	block	= length(4) sequence(4) sum(4) record ...
 *	record	= type(2) length(2) field ...
 *	field	= tag(1) length(1) value
 *
 * Each sum is the CRC-32C of the bytes before it and, in a block, of its
 * records. The last record says how many bindings and sessions came before
 * it; a stream without it was cut.
 *
 * Records and fields that a reader does not know are skipped by their length,
 * so new ones do not change the version. It changes when a reader must not
 * ignore something new; such a reader refuses the stream.
 *
 * Both sides are bounded: the writer collects one block, the reader holds one.
 * The reader takes bytes as they come, in pieces of any size.
 */
#ifndef NAT64D_STATE_RECORD_H
#define NAT64D_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crc32.h"
#include "common/net/pref64.h"

#include "nat64d/core/nat64_restore.h"

#define RECORD_VERSION 1
#define RECORD_HEAD 16
#define RECORD_BLOCK_HEAD 12
#define RECORD_BLOCK_MAX 65536 /* with its head */

/* Types of records. */
enum record_type {
	RECORD_ORIGIN = 1,  /* the first one */
	RECORD_PREFIX = 2,  /* before the first binding that names it; a later
				one of the same index replaces it */
	RECORD_BINDING = 3, /* followed by its sessions */
	RECORD_SESSION = 4,
	RECORD_END = 5,	    /* the last one */
	RECORD_BLOCK = 6,   /* before the bindings with ports of it */
	RECORD_ROLE = 8,    /* directly after the origin */
	RECORD_MAPPING = 9, /* explicit, before all bindings */
	RECORD_EPOCH = 10   /* of the mappings; only from one process to the
			       next, as no mapping is lost between them */
};

/* Tags of fields; each record type has tags of its own. */
enum record_tag {
	ORIGIN_TIME = 1,    /* 8: milliseconds since 1970, UTC */
	ORIGIN_PROGRAM = 2, /* text */

	PREFIX_INDEX = 1,   /* 1 */
	PREFIX_ADDRESS = 2, /* 16 */
	PREFIX_LENGTH = 3,  /* 1: bits */

	BINDING_PROTOCOL = 1, /* 1: number of the IP protocol: 6, 17 or 1 */
	BINDING_INTERNAL = 2, /* 18: IPv6 address, port or identifier */
	BINDING_EXTERNAL = 3, /* 6: IPv4 address, port or identifier */
	BINDING_STATIC = 4,   /* 0 */
	BINDING_PREFIX = 5,   /* 1: index of the prefix used last */
	BINDING_PAIRED = 6,   /* 4: pool address of the subscriber, if it is
				 another than that of BINDING_EXTERNAL */

	SESSION_PEER = 1,	  /* 6: IPv4 address, port or 0 */
	SESSION_PREFIX = 2,	  /* 1: index */
	SESSION_USED = 3,	  /* 8: milliseconds since 1970, UTC */
	SESSION_LIFETIME = 4,	  /* 1: enum session_class */
	SESSION_STATE = 5,	  /* 1: enum tcp_state */
	SESSION_ACK_INTERNAL = 6, /* 4: from the IPv6 host */
	SESSION_ACK_EXTERNAL = 7, /* 4: from the IPv4 host */
	SESSION_INBOUND = 8,	  /* 0: opened from IPv4 */
	SESSION_GATEWAY = 9,	  /* 17: enum nat64_alg_mode; numbers from the
				     IPv6 host, old and new, then from IPv4 */

	END_BINDINGS = 1, /* 8 */
	END_SESSIONS = 2, /* 8 */

	BLOCK_SUBSCRIBER = 1, /* 17: IPv6 prefix, its bits */
	BLOCK_PORTS = 2,      /* 8: IPv4 address, first and last port */

	ROLE_IS = 1,	   /* 1: enum nat64_role */
	ROLE_DRAINING = 2, /* 0 */

	MAPPING_PROTOCOL = 1, /* these as of a binding: */
	MAPPING_INTERNAL = 2,
	MAPPING_EXTERNAL = 3,
	MAPPING_PAIRED = 4,
	MAPPING_PEER = 5,  /* 6: of PEER: IPv4 address, port */
	MAPPING_NONCE = 6, /* 12 */
	MAPPING_END = 7,   /* 8: milliseconds since 1970, UTC */

	EPOCH_BEGIN = 1 /* 8: milliseconds since 1970, UTC */
};

/* --- writing --- */

struct record_writer {
	struct crc32 crc;
	uint32_t sequence; /* of the block that is open */
	uint64_t n_bindings;
	uint64_t n_sessions;
	size_t block; /* where that block begins in bytes */
	size_t len;   /* of bytes */
	uint8_t bytes[RECORD_HEAD + RECORD_BLOCK_MAX];
};

/* Begin a stream: its head and origin. program: a short text. */
void record_begin(struct record_writer *w, int64_t wall_ms,
    const char *program);

/* Is there room for one more record of any type but RECORD_ORIGIN? */
bool record_has_room(const struct record_writer *w);

/* Add a record, for which there is room. */
void record_prefix(struct record_writer *w, uint8_t i, const struct pref64 *p);
void record_binding(struct record_writer *w,
    const struct nat64_saved_binding *b);
void record_session(struct record_writer *w, enum l4proto proto,
    const struct nat64_saved_session *s);
void record_block(struct record_writer *w,
    const struct nat64_saved_block *block);
void record_role(struct record_writer *w, const struct nat64_saved_role *r);
void record_mapping(struct record_writer *w,
    const struct nat64_saved_mapping *m);
void record_epoch(struct record_writer *w, int64_t epoch_ms);
void record_end(struct record_writer *w);

/*
 * Close the block and take what has been written since the last call: *len
 * bytes, owned by w and valid until the next call for w. *len is 0 when
 * nothing has been added.
 */
const uint8_t *record_take(struct record_writer *w, size_t *len);

/*
 * Records without a stream around them, for a message that has bounds and a
 * sum of its own (replica.h). After record_begin_bare() records are added as
 * above; record_take_bare() gives their bytes, owned by w as above.
 */
void record_begin_bare(struct record_writer *w);
const uint8_t *record_take_bare(const struct record_writer *w, size_t *len);

/* --- reading --- */

/* What is read. Anything but prefix and binding may be NULL. */
struct record_sink {
	void (*origin)(void *arg, int64_t wall_ms, const char *program);
	void (*prefix)(void *arg, uint8_t i, const struct pref64 *p);
	void (*binding)(void *arg, const struct nat64_saved_binding *b);
	void (*session)(void *arg, const struct nat64_saved_session *s);
	void (*block)(void *arg, const struct nat64_saved_block *block);
	void (*role)(void *arg, const struct nat64_saved_role *r);
	void (*mapping)(void *arg, const struct nat64_saved_mapping *m);
	void (*epoch)(void *arg, int64_t epoch_ms);
	/* A binding or session of a kind that we do not know. */
	void (*unknown)(void *arg, bool session);
	void *arg;
};

enum record_fault {
	RECORD_GOOD,
	RECORD_FOREIGN, /* does not begin as a stream does */
	RECORD_NEWER,	/* of a version that we do not know */
	RECORD_DAMAGED, /* a sum or a length is wrong */
	RECORD_CUT,	/* it ends early */
	RECORD_MORE	/* something follows the end */
};

struct record_reader {
	struct crc32 crc;
	struct record_sink sink;
	enum record_fault fault;
	uint64_t offset; /* of the block, or of the fault */
	bool begun;	 /* the head has been read */
	bool ended;	 /* RECORD_END has been read */
	uint32_t sequence;
	uint64_t n_bindings;
	uint64_t n_sessions;
	size_t len; /* of bytes: the head or block that is incomplete */
	uint8_t bytes[RECORD_BLOCK_MAX];
};

void record_reader_init(struct record_reader *r,
    const struct record_sink *sink);

/*
 * Read the next bytes of a stream; the records of each complete block whose
 * sum is right go to the sink. Returns 0, or -1 with r->fault, and then
 * nothing more is read.
 */
int record_read(struct record_reader *r, const void *data, size_t len);

/*
 * Read records that have no stream around them, all of them at once. r has been
 * initialised. Returns 0, or -1 when they are damaged.
 */
int record_read_bare(struct record_reader *r, const void *data, size_t len);

/* All bytes have been read: was the stream complete? Returns as above. */
int record_finish(struct record_reader *r);

/* Does the stream have its end, so that no more bytes belong to it? */
static inline bool
record_is_complete(const struct record_reader *r)
{
	return (r->ended && r->fault == RECORD_GOOD);
}

/* A text that reads well behind the name of a file; static. */
const char *record_why(enum record_fault fault);

#endif
