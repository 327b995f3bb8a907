/*
 * Incoming fragments (RFC 6146, 3.4), in any order and in bounded memory.
 *
 * TCP and UDP fragments pass one by one: the first one (offset 0) goes
 * through the tables, its translation is remembered here, and the others are
 * translated alike; those that arrive before it are held. Where the whole
 * datagram is needed - ICMP, IPv4 UDP without a checksum, and what the caller
 * wants so - its fragments are collected and given out as one packet.
 *
 * A datagram is kept for a fixed time from its first fragment seen, which is
 * never prolonged, or until all its bytes have passed. Each side, IPv4 and
 * IPv6, has a store of its own, and each source a limit within it. A source
 * that has reached its limit is refused; where the store is full for another
 * reason, the oldest datagram of that side is removed for a new one.
 * Unfragmented packets and atomic fragments (RFC 6946) never come here.
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
	size_t max_datagrams;	 /* in all; each side has half of both */
	size_t source_datagrams; /* datagrams per source */
	size_t source_bytes;	 /* stored per source */
	unsigned per_datagram;	 /* fragments of one datagram */
	uint32_t timeout_secs;	 /* FRAGMENT_MIN, >= 1 */
	unsigned source6_len;	 /* bits of the prefix that is one source */
	bool drop_icmp;		 /* drop ICMP fragments, as a stateless
				    translator does (RFC 7915, 1.2) */
};

/* Set the defaults. RFC 6146, 3.4 requires limits but gives no values. */
void frag_limits_init(struct frag_limits *l);

/* The outgoing tuple of a datagram, which its first fragment determines. */
union frag_target {
	struct { /* datagram came from IPv6 */
		struct tuple4 t4;
		uint16_t id; /* its new identification, if the caller
				remaps identifications (RFC 7857, 10) */
	};
	struct tuple6 t6; /* datagram came from IPv4 */
};

struct frag_table;
struct frag_datagram;

/* NULL with errno ENOMEM. */
struct frag_table *frag_table_new(const struct frag_limits *limits);
void frag_table_free(struct frag_table *t);

/*
 * Have drop called with each held fragment that is dropped, and why, before
 * its copy is freed. Not with the packet that frag_input() takes, nor when
 * the table is flushed.
 */
typedef void (*frag_drop_fn)(void *, const struct pkt *, enum nat64_reason);
void frag_table_set_drop(struct frag_table *t, frag_drop_fn drop, void *arg);

enum frag_verdict {
	FRAG_FIRST, /* p is the first fragment, its L4 header parsed: look
			it up in the tables, then call frag_resolve() or
			frag_refuse() */
	FRAG_KNOWN, /* translate p to *target */
	FRAG_HELD,  /* p was copied and is held */
	FRAG_WHOLE, /* *whole is the collected datagram, parsed except for
			its L4 header; storage of the table, overwritten by
			the next one */
	FRAG_DROP   /* drop p silently, for reason */
};

struct frag_result {
	enum nat64_reason reason;	 /* FRAG_DROP */
	unsigned discarded;		 /* FRAG_DROP: held fragments that were
					     dropped as well, without p */
	unsigned evicted;		 /* held fragments of datagrams that
					     were removed to make room */
	struct frag_datagram *datagram;	 /* FRAG_FIRST */
	const union frag_target *target; /* FRAG_KNOWN; valid until the next
					     call */
	struct pkt *whole;		 /* FRAG_WHOLE */
};

/*
 * Take one fragment: pkt_parse() done and p->is_frag set; addresses, TTL
 * and protocol have been checked. p->proto becomes that of the datagram's
 * first fragment where that is known (RFC 8200, 4.5).
 *
 * A collected datagram has no IPv4 options, no DF and the smallest TTL of
 * its fragments; its identification is in whole->frag_id. One from IPv6 has
 * no extension headers except a Fragment Header, which makes it an atomic
 * fragment, so that its identification is translated (RFC 7915, 5.1.1).
 */
enum frag_verdict frag_input(struct frag_table *t, struct pkt *p,
    struct monotime now, struct frag_result *r);

/*
 * After FRAG_FIRST, instead of frag_resolve(): the datagram of p, the first
 * fragment, is needed whole. As frag_input() with p: FRAG_HELD, FRAG_WHOLE, or
 * FRAG_DROP, after which the other fragments are dropped as well.
 */
enum frag_verdict frag_want_whole(struct frag_table *t,
    struct frag_datagram *d, const struct pkt *p, struct frag_result *r);

/*
 * The first fragment was translated to target: remember it. Then call
 * frag_next_held() until it returns NULL and translate each packet that it
 * returns. The caller may change the packet; it is valid until the next call
 * of frag_next_held() for this datagram. When NULL has been returned d must
 * not be used any more. Fragments of other datagrams may be handled in
 * between.
 */
void frag_resolve(struct frag_table *t, struct frag_datagram *d,
    const union frag_target *target);
struct pkt *frag_next_held(struct frag_table *t, struct frag_datagram *d);

/*
 * The first fragment was dropped for this reason: drop the held fragments
 * and those still to come as well. Returns how many held ones were dropped;
 * d must not be used any more.
 */
unsigned frag_refuse(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason);

/*
 * Remove datagrams that have timed out, at most max. *discarded is increased
 * by the number of held fragments dropped. Returns true when more are due.
 */
bool frag_expire(struct frag_table *t, struct monotime now, unsigned max,
    unsigned *discarded);

/* When the next datagram times out; false when there is none. */
bool frag_next_expiry(const struct frag_table *t, struct monotime *when);

/* Remove every datagram. */
void frag_flush(struct frag_table *t);

/*
 * Remove each datagram of which the first fragment has been translated, unless
 * keep() returns true for its target and the family that it came from.
 */
typedef bool (
    *frag_keep_fn)(void *, enum pkt_family, const union frag_target *);
void frag_keep(struct frag_table *t, frag_keep_fn keep, void *arg);

/* For the dump. */
size_t frag_bytes(const struct frag_table *t);
size_t frag_datagrams(const struct frag_table *t);

#endif
