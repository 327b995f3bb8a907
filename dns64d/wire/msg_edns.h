/*
 * The options of EDNS (RFC 6891, 6.1.2) in the OPT of a client's query and
 * of its reply. Knows the layout of cookies (RFC 7873, 4), client subnets
 * (RFC 7871, 6), TCP keepalive (RFC 7828, 3.1) and extended errors (RFC 8914,
 * 2). Other options are ignored (RFC 6891, 6.1.2).
 */
#ifndef DNS64D_WIRE_MSG_EDNS_H
#define DNS64D_WIRE_MSG_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msg_scan;

#define MSG_COOKIE_CLIENT 8 /* octets of a client cookie */
#define MSG_COOKIE_MAX 40   /* of both cookies together */
#define MSG_SUBNET_FIXED 4  /* family, source and scope length */
#define MSG_SUBNET_MAX 20   /* and an address */

/* INFO-CODEs that we send (RFC 8914, 4; IANA registry). */
enum ede_code {
	EDE_OTHER = 0,
	EDE_STALE = 3,
	EDE_CACHED_ERROR = 13,
	EDE_NOT_READY = 14,
	EDE_FILTERED = 17,
	EDE_PROHIBITED = 18,
	EDE_STALE_NXDOMAIN = 19,
	EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22,
	EDE_NETWORK_ERROR = 23,
	EDE_INVALID_DATA = 24,
	EDE_SYNTHESIZED = 29
};

#define EDE_MAX 4 /* extended errors of ours in one reply */

/* The extended errors of one reply; all zero is none. */
struct ede_set {
	unsigned n;
	uint16_t code[EDE_MAX];
};

/* Add a code unless it is there or EDE_MAX codes are. */
void ede_add(struct ede_set *set, uint16_t code);

/* The ECS option without code and length, as in messages; len 0: none. */
struct msg_subnet {
	uint8_t len;
	uint8_t data[MSG_SUBNET_MAX];
};

/* The options of a query's OPT. */
struct msg_asked {
	size_t cookie_len; /* 0: none; else 8, or 16 to MSG_COOKIE_MAX */
	uint8_t cookie[MSG_COOKIE_MAX];
	struct msg_subnet subnet;
	bool keepalive;
};

/*
 * Read the options of a scanned query. Of an option that is given twice the
 * first counts.
 * Returns 0, or -1 when a known one is malformed: FORMERR (RFC 7873,
 * 5.2.2; RFC 7871, 7.1.2; RFC 7828, 3.2.1).
 */
int msg_asked_read(const struct msg_scan *query, struct msg_asked *out);

/*
 * The ECS option of a scanned message, in *out; len 0 when there is none or
 * it is malformed.
 */
void msg_subnet_read(const struct msg_scan *m, struct msg_subnet *out);

/* The options of a reply, other than extended errors. */
struct msg_options {
	size_t cookie_len; /* 0: none */
	uint8_t cookie[MSG_COOKIE_MAX];
	bool keepalive;
	uint16_t keepalive_ds; /* tenths of a second */
	struct msg_subnet subnet;
};

/* The octets that they take; lower the limit of the reply by as many. */
size_t msg_options_size(const struct msg_options *o);

/*
 * Append options to a reply whose last record is our OPT, as all functions of
 * msg.h write it, followed by the extended errors of set and those of
 * upstream, the reply that this one was made of, or NULL. An extended error
 * that does not fit is left out, or loses its text (RFC 8914, 3).
 *
 * buf, len: the reply. limit: octets that it may have, and that buf has.
 * Returns the new length.
 */
size_t msg_options_add(uint8_t *buf, size_t len, size_t limit,
    const struct msg_options *o, const struct ede_set *set,
    const struct msg_scan *upstream);

#endif
