/*
 * Domain names in wire form (RFC 1035, 3.1 and 4.1.4). Names in a message
 * from the network are checked once; the checked ones can then be copied and
 * compared without further checks. Knows compression pointers, no records.
 *
 * A checked name is at most MSG_NAME_MAX octets long and takes at most
 * NAME_HOPS_MAX pointers. The target of a pointer lies wholly before the run
 * of labels that ends with the pointer. A name without pointers can be passed
 * as a message with offset 0.
 */
#ifndef DNS64D_WIRE_MSG_NAME_H
#define DNS64D_WIRE_MSG_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSG_NAME_MAX 255       /* octets, RFC 1035 2.3.4 */
#define NAME_HOPS_MAX 127      /* as many as a name can have labels */
#define NAME_OFFSET_MAX 0x3fff /* that a pointer can lead to */

enum name_error {
	NAME_OK,
	NAME_BOUNDS, /* runs over the end of the message */
	NAME_BAD,    /* label type, pointer or length */
	NAME_STEPS   /* the budget of the message is used up */
};

/*
 * The state of the check of a message. The memo has the targets of pointers
 * that were followed before, so that the name at such a target is not read
 * again. The budget bounds the work for all other messages.
 */
#define NAME_MEMO 16

struct name_check {
	const uint8_t *wire; /* borrowed */
	size_t len;
	size_t body;	 /* the lowest offset that a pointer may have */
	unsigned steps;	 /* labels and pointers followed so far */
	unsigned budget; /* and the most that may be */
	struct {
		uint16_t off; /* 0: unused */
		uint8_t octets;
		uint8_t hops;
	} memo[NAME_MEMO];
};

/* ASCII letters alone have case (RFC 4343); length octets are no letters. */
static inline uint8_t
name_lower(uint8_t c)
{
	return (c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
}

/*
 * Check the name at off.
 * Returns NAME_OK with the offset behind it in *end, or the error.
 */
enum name_error name_check(struct name_check *c, size_t off, size_t *end);

/*
 * The offset of the end of the part of a checked name at off:
 * the root label (one octet, zero) or a pointer (two octets).
 */
size_t name_tail(const uint8_t *wire, size_t off);

/* The offset behind the part of a checked name at off. */
size_t name_skip(const uint8_t *wire, size_t off);

/*
 * Write a checked name without pointers, its case untouched.
 * out: room for MSG_NAME_MAX. Returns its length.
 */
size_t name_copy(const uint8_t *wire, size_t off, uint8_t *out);

/*
 * Compare two checked names without regard to the case of ASCII letters
 * (RFC 4343).
 *
 * work: the octets that may still be compared, where each label and pointer
 * counts as one more. It is counted down; at 0 the names count as different.
 */
bool name_equal_work(const uint8_t *wire_a, size_t off_a,
    const uint8_t *wire_b, size_t off_b, unsigned *work);

/* The same for names without pointers: MSG_NAME_MAX bounds the work. */
bool name_equal(const uint8_t *a, const uint8_t *b);

/*
 * FNV-1a of len octets of a name in lower case, continued from hash:
 * NAME_HASH_FIRST, or the result for octets that are hashed before these.
 * Anybody can find names with the same hash: do not use it for a table with
 * chains.
 */
#define NAME_HASH_FIRST 0xcbf29ce484222325
uint64_t name_hash(uint64_t hash, const uint8_t *name, size_t len);

/* True when name is apex or below it; both without pointers. */
bool name_is_below(const uint8_t *name, const uint8_t *apex);

/* Octets of a name without pointers. */
size_t name_length(const uint8_t *name);

#endif
