/*
 * What the fragment table keeps, and within which limits (FRG-40): keys,
 * their sources, the spans of bytes seen, and copies of fragments that
 * wait. The rules of RFC 6146, 3.4 are frag.c's, joining is frag_collect.c's;
 * nobody else includes this.
 *
 * Memory is counted as it is allocated, overhead included, and counted
 * before it is allocated. No size in here comes from a length field that
 * pkt_parse() has not checked.
 */
#ifndef NAT64D_TABLES_FRAG_STORE_H
#define NAT64D_TABLES_FRAG_STORE_H

#include <sys/queue.h>

#include "common/compat.h"

#include <sys/tree.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

#include "frag.h"
#include "nat64d/wire/pkt.h"
#include "nat64d/base/slab.h"

/* Identification, family, protocol (IPv4 only), source, destination. */
#define FRAG_KEYLEN (4 + 1 + 1 + 16 + 16)

enum frag_state {
	FRAG_WAITING,	 /* for the first fragment */
	FRAG_PASSING,	 /* target known, fragments go through */
	FRAG_COLLECTING, /* first fragment seen, the whole is needed */
	FRAG_DEAD	 /* only the key is remembered */
};

/* Payload bytes [off, end) of a datagram; off < end. */
struct frag_span {
	uint16_t off;
	uint16_t end;
};

/* A fragment that waits: allocated with room for its bytes. */
struct frag_held {
	TAILQ_ENTRY(frag_held) entry;
	size_t size; /* of all this */
	struct pkt pkt;
	uint8_t buf[];
};

/* One address or prefix that fragments come from. */
struct frag_source {
	RB_ENTRY(frag_source) node;
	struct in6_addr addr; /* host bits zero; IPv4 in the first bytes */
	enum pkt_family family;
	size_t datagrams; /* > 0: without any the source is forgotten */
	size_t bytes;
};

/*
 * Invariants: spans are sorted by off and hold one entry per fragment that
 * was taken; held is in order of arrival; a dead datagram holds nothing.
 */
struct frag_datagram {
	RB_ENTRY(frag_datagram) node;
	TAILQ_ENTRY(frag_datagram) entry; /* FIFO: order of expiry */
	TAILQ_HEAD(, frag_held) held;
	struct frag_held *out; /* given to the caller last */
	struct frag_source *source;
	struct monotime expires;
	enum frag_state state;
	enum nat64_reason reason; /* FRAG_DEAD: of what is still to come */
	union frag_target target; /* FRAG_PASSING */
	uint16_t sport;		  /* of the first fragment */
	uint16_t dport;
	uint16_t end; /* payload bytes of the whole; 0: not known */
	enum pkt_family family;
	uint8_t proto;	 /* of the first fragment */
	bool overlapped; /* some spans contradict each other */
	uint8_t key[FRAG_KEYLEN];
	unsigned n_spans;
	struct frag_span spans[]; /* limits.per_datagram */
};

RB_HEAD(frag_sources, frag_source);
RB_HEAD(frag_keys, frag_datagram);
TAILQ_HEAD(frag_fifo, frag_datagram);

/*
 * Each side has half of the store. What comes from one side ends no datagram
 * of the other: a hairpin may still be giving out one of the IPv6 side while
 * it comes back from the IPv4 side.
 */
struct frag_side {
	struct frag_fifo fifo; /* oldest first */
	size_t datagrams;
	size_t bytes;
};

enum { FRAG_SIDE4, FRAG_SIDE6, FRAG_NSIDES };

struct frag_table {
	struct frag_limits limits;
	struct frag_keys keys;
	struct frag_sources sources;
	struct frag_side sides[FRAG_NSIDES];
	struct slab datagram_slab;
	struct slab source_slab;
	unsigned late;	  /* discarded at their time, not yet reported */
	unsigned evicted; /* discarded to make room, likewise */
	union frag_target target; /* of a datagram that just ended */
	struct pkt whole;	  /* collected last, in whole_buf */
	uint8_t whole_buf[PKT_BUFSIZE];
};

/*
 * Find the datagram of p or make one. A datagram whose time has come is
 * ended, not found. Where the side of p is full, its oldest datagram ends.
 * NULL with *reason when a limit forbids a new one.
 */
struct frag_datagram *frag_store_get(struct frag_table *t, const struct pkt *p,
    struct monotime now, enum nat64_reason *reason);

/* Forget the datagram and what it holds. Returns how many were held. */
unsigned frag_store_remove(struct frag_table *t, struct frag_datagram *d);

/*
 * Copy p to the end of d->held; others of its side end for it, the oldest
 * first. NAT64_NONE or why that is not possible.
 */
enum nat64_reason frag_store_hold(struct frag_table *t,
    struct frag_datagram *d, const struct pkt *p);

/* Free every copy that d holds. Returns how many. */
unsigned frag_store_discard(struct frag_table *t, struct frag_datagram *d);

/* Free the copy that was given out. */
void frag_store_release_out(struct frag_table *t, struct frag_datagram *d);

/* How a span lies to those seen before. */
enum frag_fit {
	FRAG_NEW,
	FRAG_DUPLICATE, /* the same bytes as one before */
	FRAG_OVERLAPS	/* some of its bytes came before, or it contradicts
			   the end of the datagram */
};

enum frag_fit frag_store_fit(const struct frag_datagram *d,
    const struct frag_span *s, bool more);

/* Note a span; false: as many are noted as the limits allow. */
bool frag_store_note(const struct frag_table *t, struct frag_datagram *d,
    const struct frag_span *s, bool more);

/* All bytes from 0 to the end were seen (FRG-13). */
bool frag_store_complete(const struct frag_datagram *d);

/* --- frag_collect.c --- */

/*
 * Join what a complete datagram without overlaps holds into t->whole
 * (FRG-15, FRG-16). NAT64_NONE, or why it must be dropped.
 */
enum nat64_reason frag_collect(struct frag_table *t,
    const struct frag_datagram *d);

#endif
