/*
 * Writing DNS messages: queries to upstreams, error replies, replies that
 * are relayed with the least change, and replies that are composed record by
 * record. All output goes to the caller's buffer with an explicit limit.
 *
 * msg.c composes replies, msg_relay.c writes the other messages. Neither
 * reads octets that msg_scan did not accept, and neither allocates memory.
 */
#ifndef DNS64D_WIRE_MSG_H
#define DNS64D_WIRE_MSG_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg_edns.h"
#include "msg_scan.h"
#include "wire.h"

/* The most that msg_write_query writes: header, question, OPT with ECS. */
#define MSG_QUERY_MAX \
	(MSG_HEADER_LEN + MSG_NAME_MAX + 4 + OPT_LEN + 4 + MSG_SUBNET_MAX)

/*
 * The lowest limit of a reply: what a reply without records needs. It is
 * lower than MSG_UDP_MIN, which leaves room for options.
 */
#define MSG_LIMIT_MIN MSG_QUERY_MAX

/* A question to an upstream. Two that are equal in all members are the same. */
struct msg_question {
	uint8_t name[MSG_NAME_MAX]; /* wire form, case as the client sent it */
	size_t name_len;
	uint16_t type;
	uint16_t class;
	uint16_t flags; /* of RD, Z, AD and CD; the others are zero */
	bool dnssec_ok; /* the DO bit; not sent without EDNS */
	struct msg_subnet subnet; /* ECS (RFC 7871); not sent without EDNS */
};

/*
 * The question of an accepted query, with its RD, Z, AD, CD and DO bits:
 * what is forwarded for a client when nothing is to be synthesised. Without
 * a subnet, which is forwarded only when the configuration says so.
 */
void msg_question_from(const struct msg_scan *query, struct msg_question *q);

/*
 * Write a query.
 * edns: add our own OPT, version 0, size MSG_UDP_OURS, with the subnet when
 * the question has one.
 * buf: room for MSG_QUERY_MAX. Returns the length.
 */
size_t msg_write_query(const struct msg_question *q, uint16_t id, bool edns,
    uint8_t *buf);

/*
 * True when a scanned message is the reply to the question (RFC 5452, 9.1):
 * id, QR, opcode, one question with this name (case ignored), type, class.
 * Address and port are the caller's to compare.
 */
bool msg_is_reply_to(const struct msg_scan *reply,
    const struct msg_question *q, uint16_t id);

/*
 * True when a reply is an error with this id, no question and no records but
 * OPT. Servers that refuse or cannot read a query may leave out its question.
 */
bool msg_is_bare_error(const struct msg_scan *reply, uint16_t id);

/*
 * Write such an error as a reply with the question. edns: with OPT.
 * buf: room for MSG_QUERY_MAX. Returns the length.
 */
size_t msg_write_bare_error(const struct msg_question *q, unsigned rcode,
    bool edns, uint8_t *buf);

/*
 * The most octets that a reply to this query may have: over TCP MSG_MAX,
 * over UDP what the client advertised, at least MSG_UDP_MIN, at most udp_max
 * (RFC 6891, 6.2.3 to 6.2.5).
 */
size_t msg_reply_limit(const struct msg_scan *query, bool tcp, size_t udp_max);

/*
 * Answer a query with an error and no records: id, opcode, RD and CD of the
 * query, its first question when the scan reached it, our OPT when it had a
 * good one. An rcode above 15 becomes SERVFAIL without OPT.
 * RA is set but for REFUSED.
 * buf: room for MSG_QUERY_MAX. Returns the length.
 */
size_t msg_write_error(const struct msg_scan *query, unsigned rcode,
    uint8_t *buf);

/* Set TC: the reply is truncated. */
static inline void
msg_set_tc(uint8_t *buf)
{
	buf[2] |= MSG_TC >> 8;
}

/*
 * Relay a reply to a client: byte for byte but for the id, the question
 * (the client's own, which may differ from the upstream's in case),
 * RD and CD as the client sent them, and OPT, which is ours when the query
 * had one and absent otherwise (RFC 6891, 6.1.1; RFC 5625, 4). TSIG belongs
 * to one hop (RFC 8945, 5.5) and is removed.
 *
 * A reply longer than limit loses its additional section. When it is a
 * referral, or still too long, it loses all records and has TC set.
 *
 * An extended rcode becomes SERVFAIL for a client without EDNS.
 *
 * limit: at least MSG_LIMIT_MIN. buf: room for limit octets. Returns the
 * length, or 0 when the question is not that of the reply, or when a name of
 * the reply has a pointer into the OPT that is removed.
 */
size_t msg_relay(const struct msg_scan *query, const struct msg_scan *reply,
    size_t limit, uint8_t *buf);

/*
 * Let the addresses of each set in the answer section of a good message begin
 * with another one: the turn-th, modulo their number. So clients that take
 * the first one are spread over all of them (RFC 1794).
 */
void msg_rotate(uint8_t *wire, uint32_t turn);

/*
 * Composing. Records are added section by section in order; names are
 * compressed. When a record does not fit, what happens depends on the
 * section: in the answer section TC is set and the section is emptied, in
 * the authority and additional sections just that section is left empty
 * (RFC 2181, 9); every later record is then ignored. The caller need not
 * check for this.
 */
#define MSG_SUFFIXES 512     /* slots for names that may be pointed to */
#define MSG_BUILD_WORK 24576 /* octets of names copied, hashed, compared */

struct msg_suffix {
	uint16_t off; /* 0: unused */
	uint16_t tag; /* of the hash */
};

/* To be embedded, private to msg.c. Owns nothing, so needs no freeing. */
struct msg_build {
	const struct msg_scan *query;
	uint8_t *buf;
	size_t len;
	size_t limit; /* octets, OPT not counted */
	uint16_t flags;
	unsigned rcode;
	unsigned work; /* left of MSG_BUILD_WORK */

	enum msg_section section; /* now being filled */
	size_t start;		  /* its offset */
	size_t rdata; /* offset of the RDATA of the record being written */
	uint16_t count[MSG_N_SECTIONS];
	bool overflow; /* the record being written does not fit */
	bool full;     /* a record did not fit: no more are added */

	uint8_t owner[MSG_NAME_MAX]; /* the last one */
	size_t owner_len;
	size_t owner_off; /* 0: a pointer cannot reach it, or is longer */

	struct msg_suffix suffix[MSG_SUFFIXES];
};

/*
 * Begin a reply to query: QR, id, opcode, RD and CD from the query, its
 * question, our OPT when it has one.
 *
 * flags: of AA, RA and AD. buf: room for limit octets, borrowed until
 * msg_build_finish; query likewise. limit: at least MSG_LIMIT_MIN.
 */
void msg_build_begin(struct msg_build *b, const struct msg_scan *query,
    uint16_t flags, unsigned rcode, uint8_t *buf, size_t limit);

/* Copy a record of a scanned message, RDATA of known types recompressed. */
void msg_build_copy(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr);

/*
 * The same for an SVCB or HTTPS record, without one SvcParamKey, which also
 * leaves the list of the mandatory ones (RFC 9460, 2.2 and 8).
 */
#define SVCB_IPV4HINT 4 /* SvcParamKey, RFC 9460, 7.3 */
void msg_build_svcb(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr, uint16_t drop);

/*
 * Add a record. owner and, for msg_build_name, target are uncompressed
 * names. msg_build_name is for CNAME and PTR.
 */
void msg_build_addr4(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, struct in_addr addr);
void msg_build_addr6(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, const struct in6_addr *addr);
void msg_build_name(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint16_t type, uint32_t ttl, const uint8_t *target);

/*
 * Add the SOA record (RFC 1035, 3.3.13) of a zone that is answered here and
 * never changes. apex: an uncompressed name; ttl: also of negative answers
 * (RFC 2308, 4).
 */
void msg_build_soa(struct msg_build *b, enum msg_section section,
    const uint8_t *apex, uint32_t ttl);

/* True when further records are ignored, so that the caller may stop. */
bool msg_build_is_full(const struct msg_build *b);

/* Set TC because the caller has left records out. */
void msg_build_truncate(struct msg_build *b);

/* Finish. Returns the length. */
size_t msg_build_finish(struct msg_build *b);

#endif
