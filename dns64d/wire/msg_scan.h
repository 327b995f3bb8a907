/*
 * The bounded reader of DNS messages (RFC 1035, 4; RFC 6891, 6.1; RFC 8945,
 * 5.1). Everything that comes from the network passes msg_scan first; no
 * other code sees bytes that did not.
 *
 * A message that passed has these properties:
 *  - every name is at most 255 octets long, and its compression pointers
 *    lead backwards only, to labels that lie wholly before it in the body;
 *  - the section counts are those of its records, no octet is left over, every
 *    record is inside the message, and the RDATA of the types that may have
 *    compressed names (RFC 3597, 4) end behind their names and fixed fields;
 *  - at most one OPT and one TSIG, in the additional section only, OPT owned
 *    by the root with options that fill it, TSIG last.
 * The work is linear in the length of the message whatever is in it:
 * MSG_STEPS_MAX bounds the labels and pointers followed.
 *
 * Borrows the bytes of the message, allocates nothing.
 */
#ifndef DNS64D_WIRE_MSG_SCAN_H
#define DNS64D_WIRE_MSG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg_name.h"

#define MSG_HEADER_LEN 12
#define MSG_MAX 65535	  /* octets of a message */
#define MSG_UDP_MIN 512	  /* every client accepts it, RFC 1035 4.2.1 */
#define MSG_UDP_OURS 1232 /* the most that we accept and send over UDP */

/*
 * Bounds of a scan. 4096 A records with compressed owners fill 64 KB. Steps
 * are labels and pointers followed; the bound allows a message of 16 KB of
 * labels with one octet.
 */
#define MSG_RECORDS_MAX 4096
#define MSG_STEPS_MAX(len) (4096 + (len) / 4)

/* Header flags, host order of the second 16 bits (RFC 1035, 4.1.1). */
#define MSG_QR 0x8000
#define MSG_OPCODE_MASK 0x7800
#define MSG_AA 0x0400
#define MSG_TC 0x0200
#define MSG_RD 0x0100
#define MSG_RA 0x0080
#define MSG_Z 0x0040
#define MSG_AD 0x0020
#define MSG_CD 0x0010
#define MSG_RCODE_MASK 0x000f

enum msg_rcode {
	MSG_NOERROR = 0,
	MSG_FORMERR = 1,
	MSG_SERVFAIL = 2,
	MSG_NXDOMAIN = 3,
	MSG_NOTIMP = 4,
	MSG_REFUSED = 5,
	MSG_BADVERS = 16,
	MSG_BADCOOKIE = 23
};

enum msg_type {
	MSG_T_A = 1,
	MSG_T_NS = 2,
	MSG_T_CNAME = 5,
	MSG_T_SOA = 6,
	MSG_T_PTR = 12,
	MSG_T_AAAA = 28,
	MSG_T_DNAME = 39,
	MSG_T_OPT = 41,
	MSG_T_DS = 43,
	MSG_T_RRSIG = 46,
	MSG_T_SVCB = 64,
	MSG_T_HTTPS = 65,
	MSG_T_TSIG = 250,
	MSG_T_IXFR = 251,
	MSG_T_AXFR = 252,
	MSG_T_ANY = 255
};

#define MSG_CLASS_IN 1

enum msg_section {
	MSG_QUESTION,
	MSG_ANSWER,
	MSG_AUTHORITY,
	MSG_ADDITIONAL,
	MSG_N_SECTIONS
};

/* Why a message did not pass; MSG_SCAN_OK is 0. */
enum msg_scan_error {
	MSG_SCAN_OK,
	MSG_SCAN_SHORT,	   /* not even a header, or above MSG_MAX */
	MSG_SCAN_BOUNDS,   /* a field runs over the end */
	MSG_SCAN_NAME,	   /* bad label, pointer or length of a name */
	MSG_SCAN_RDATA,	   /* RDATA and RDLENGTH disagree */
	MSG_SCAN_OPT,	   /* two OPT, or one out of place or malformed */
	MSG_SCAN_TSIG,	   /* two TSIG, or one that is not last */
	MSG_SCAN_TRAILING, /* octets behind the last record */
	MSG_SCAN_RECORDS,  /* more than MSG_RECORDS_MAX announced */
	MSG_SCAN_STEPS	   /* more work than MSG_STEPS_MAX */
};

/*
 * A view of a message that passed. Offsets count from wire; numbers are in
 * host order. The question name, when there is a question, stands
 * uncompressed at MSG_HEADER_LEN with qname_len octets.
 */
struct msg_scan {
	const uint8_t *wire; /* borrowed */
	size_t len;
	unsigned steps; /* labels and pointers followed */

	uint16_t id;
	uint16_t flags;
	uint16_t count[MSG_N_SECTIONS];
	size_t start[MSG_N_SECTIONS]; /* offset of each section */

	size_t qname_len; /* 0: no question */
	uint16_t qtype;
	uint16_t qclass;

	unsigned rcode;	   /* with the extended bits of OPT */
	size_t opt;	   /* offset of the OPT record, 0: none */
	size_t opt_end;	   /* offset behind it */
	size_t tsig;	   /* offset of the TSIG record, 0: none */
	uint16_t udp_size; /* as advertised; 0 without OPT */
	uint8_t edns_version;
	bool dnssec_ok;
};

/* One record of a scanned message. */
struct msg_rr {
	const struct msg_scan *msg;
	size_t off;   /* of the owner name */
	size_t end;   /* behind the RDATA */
	size_t rdata; /* offset */
	uint16_t rdlen;
	uint16_t type;
	uint16_t class;
	uint32_t ttl; /* secs; 0 when the top bit was set, RFC 2181 8 */
};

/*
 * Scan a message. out is filled as far as the scan came: id and flags are
 * good unless the result is MSG_SCAN_SHORT, the rest only with MSG_SCAN_OK.
 * More than one question is accepted here; qname_len, qtype and qclass are
 * the first one's.
 */
enum msg_scan_error msg_scan(const uint8_t *wire, size_t len,
    struct msg_scan *out);

/*
 * The same for the reply of an upstream, which may have octets behind its
 * last record: they are ignored, and len is where the message ends. Some
 * servers send them and other resolvers accept that. They are neither read
 * nor passed on, so they are of no use to an attacker.
 */
enum msg_scan_error msg_scan_reply(const uint8_t *wire, size_t len,
    struct msg_scan *out);

/*
 * What to do with a client's datagram or TCP message.
 *
 * MSG_Q_ACCEPT: one question, in out. MSG_Q_DROP: not to be answered at all
 * (no header, or QR=1). MSG_Q_EMPTY: a good message without a question, which
 * is FORMERR unless its OPT asks for a cookie (RFC 7873, 5.4). MSG_Q_REJECT:
 * answer *rcode with msg_write_error (RFC 8906, 3; RFC 9619; RFC 6891,
 * 6.1.3), which takes out even when the scan failed.
 */
enum msg_query_verdict { MSG_Q_ACCEPT, MSG_Q_DROP, MSG_Q_EMPTY, MSG_Q_REJECT };

enum msg_query_verdict msg_scan_query(const uint8_t *wire, size_t len,
    struct msg_scan *out, unsigned *rcode);

/*
 * Walk the records of a section other than the question section:
 * rr->msg = NULL before the first call. Returns false behind the last one.
 * OPT and TSIG are included.
 *
 *	struct msg_rr rr = { .msg = NULL };
 *	while (msg_rr_next(m, MSG_ANSWER, &rr))
 */
bool msg_rr_next(const struct msg_scan *m, enum msg_section section,
    struct msg_rr *rr);

/*
 * The domain names inside the RDATA of a record: offsets into the message.
 * Types that msg_scan.c does not list have none (RFC 3597, 3); the octets
 * between and behind the names are copied unchanged.
 */
#define MSG_RDATA_NAMES 2

struct msg_rdata_names {
	size_t off[MSG_RDATA_NAMES];
	size_t end[MSG_RDATA_NAMES];
	size_t n;
	bool compress; /* may be compressed on output (RFC 3597, 4) */
};

void msg_rr_names(const struct msg_rr *rr, struct msg_rdata_names *names);

/*
 * True when no compression pointer leads to octets of a TTL field, as one in
 * a forged message may: then the TTLs can be changed without changing names.
 */
bool msg_ttls_are_apart(const struct msg_scan *m);

/* The type that an RRSIG covers; 0 when its RDATA is too short. */
uint16_t msg_rr_covered(const struct msg_rr *rr);

/*
 * True when the OPT of m has an extended error whose INFO-CODE means failed
 * DNSSEC validation (RFC 8914, 4: 1, 2, 5-12, 27).
 */
bool msg_has_dnssec_error(const struct msg_scan *m);

/*
 * True when the rcode says that the server could not or would not resolve the
 * name: FORMERR, SERVFAIL, NOTIMP, REFUSED or BADVERS (RFC 9520, 2).
 */
bool msg_is_failure(const struct msg_scan *m);

/*
 * The negative TTL: the lower one of TTL and MINIMUM of the SOA in the
 * authority section (RFC 2308, 5), in *ttl. fixed: NULL, or set when it is
 * MINIMUM, which does not count down.
 * Returns false without an SOA.
 */
bool msg_negative_ttl(const struct msg_scan *m, uint32_t *ttl, bool *fixed);

#endif
