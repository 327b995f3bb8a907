/*
 * Fragments on their way in (RFC 6146, 3.4; spec section 7), in any order
 * and in bounded memory.
 *
 * TCP and UDP fragments pass one by one: the first one (offset 0) goes
 * through the tables, the translation it got is remembered here, and the
 * others follow it; those that came too early wait. What needs the whole
 * datagram - ICMP, and IPv4 UDP without a checksum - is collected and given
 * out as one packet.
 *
 * A datagram lives from its first fragment seen for a fixed time, never
 * prolonged, or until all its bytes have passed. Each side has a store of its
 * own, and a source of it has its share. A source that has it is refused;
 * where the store is full for another reason, the oldest datagram of that
 * side ends for a new one. Unfragmented packets and atomic fragments never
 * come here.
 */
#ifndef NAT64D_TABLES_FRAG_H
#define NAT64D_TABLES_FRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

#include "nat64d/wire/pkt.h"
#include "nat64d/base/stats.h"
#include "nat64d/base/tuple.h"

struct frag_limits {
	size_t max_bytes;	 /* stored in all, overhead included */
	size_t max_datagrams;	 /* keys; of both, each side has half */
	size_t source_datagrams; /* keys per source */
	size_t source_bytes;	 /* stored per source */
	unsigned per_datagram;	 /* fragments of one datagram */
	uint32_t timeout_secs;	 /* FRAGMENT_MIN, >= 1 */
	unsigned source6_len;	 /* IPv6 sources count by prefix: bits */
	bool drop_icmp;		 /* do not collect ICMP (FRG-16) */
};

/* The defaults of CFG-07 and FRG-40. */
void frag_limits_init(struct frag_limits *l);

/* Where the fragments of a datagram go: the outgoing tuple of its first. */
union frag_target {
	struct { /* datagram came from IPv6 */
		struct tuple4 t4;
		uint16_t id; /* its new identification (XLT-41), or unused */
	};
	struct tuple6 t6; /* datagram came from IPv4 */
};

struct frag_table;
struct frag_datagram;

/* NULL with errno ENOMEM. */
struct frag_table *frag_table_new(const struct frag_limits *limits);
void frag_table_free(struct frag_table *t);

enum frag_verdict {
	FRAG_FIRST, /* p is the first one, its L4 header parsed: take it
			through the tables, then call frag_resolve() or
			frag_refuse() */
	FRAG_KNOWN, /* translate p to *target */
	FRAG_HELD,  /* p was copied and waits */
	FRAG_WHOLE, /* *whole is the collected datagram, parsed but for its
			L4 header; storage of the table, overwritten by the
			next one */
	FRAG_DROP   /* in silence, for *reason */
};

struct frag_result {
	enum nat64_reason reason;	 /* FRAG_DROP */
	unsigned discarded;		 /* FRAG_DROP: fragments that waited
					     and end here too, besides p */
	unsigned evicted;		 /* fragments of other datagrams, which
					     ended to make room */
	struct frag_datagram *datagram;	 /* FRAG_FIRST */
	const union frag_target *target; /* FRAG_KNOWN; until the next call */
	struct pkt *whole;		 /* FRAG_WHOLE */
};

/*
 * Take one fragment: pkt_parse() done and p->is_frag set; addresses, TTL
 * and protocol have been checked. p->proto becomes that of the datagram's
 * first fragment where that is known (RFC 8200, 4.5).
 *
 * A collected datagram has no IPv4 options, no DF and the smallest TTL of
 * its fragments; its identification is in whole->frag_id. One from IPv6
 * has no extension headers but a Fragment Header that makes it atomic, so
 * that XLT-26 applies to it.
 */
enum frag_verdict frag_input(struct frag_table *t, struct pkt *p,
    struct monotime now, struct frag_result *r);

/*
 * The first fragment was translated to target: remember it. Then call
 * frag_next_held() until it returns NULL and translate what it gives, which
 * is the caller's to change and valid until the next call of
 * frag_next_held() for this datagram. When NULL has been returned d must
 * not be used any more. Other datagrams may be served in between.
 */
void frag_resolve(struct frag_table *t, struct frag_datagram *d,
    const union frag_target *target);
struct pkt *frag_next_held(struct frag_table *t, struct frag_datagram *d);

/*
 * The first fragment was dropped: what waits is discarded and what is still
 * to come will be, for this reason. Returns how many were discarded; d must
 * not be used any more.
 */
unsigned frag_refuse(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason);

/*
 * End datagrams whose time has come, at most max. *discarded is increased by
 * the number of fragments that waited in vain. Returns true when more are
 * due.
 */
bool frag_expire(struct frag_table *t, struct monotime now, unsigned max,
    unsigned *discarded);

/* When the next datagram ends; false when there is none. */
bool frag_next_expiry(const struct frag_table *t, struct monotime *when);

/* Forget every datagram. */
void frag_flush(struct frag_table *t);

/* For the dump. */
size_t frag_bytes(const struct frag_table *t);
size_t frag_datagrams(const struct frag_table *t);

#endif
