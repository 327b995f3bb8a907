/*
 * What the fragment table stores, and its limits (RFC 6146, 3.4): keys,
 * their sources, the spans of bytes seen, and copies of held fragments. The
 * rules are in frag.c, reassembly is in frag_collect.c; no other file
 * includes this one.
 *
 * Memory is counted with its overhead, before it is allocated. No size in
 * here comes from a length field that pkt_parse() has not checked.
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
#include "common/slab.h"

#include "frag.h"
#include "nat64d/wire/pkt.h"

/* Identification, family, protocol (IPv4 only), source, destination. */
#define FRAG_KEYLEN (4 + 1 + 1 + 16 + 16)

/*
 * The state of a datagram. The table may remove one in any state: its time
 * has come, or it makes room for another one of its side.
 */
enum frag_state {
	/*
	 * The first fragment (offset 0) has not been seen, or its caller is
	 * between FRAG_FIRST and what it does then: the fragments are held.
	 * In: frag_store_get() creates it for any fragment.
	 * Out: the first fragment (FRAG_PASSING by frag_resolve(),
	 * FRAG_DEAD by frag_refuse(), FRAG_COLLECTING when the whole is
	 * needed, or wanted by frag_want_whole()); an overlap in IPv6
	 * (FRAG_DEAD).
	 * Not valid yet: target, reason; proto, sport and dport before the
	 * first fragment.
	 */
	FRAG_WAITING,
	/*
	 * The translation is known, fragments pass. Valid: target.
	 * In: frag_resolve(). held is emptied by frag_next_held().
	 * Out: all bytes have passed (removed); an overlap in IPv6
	 * (FRAG_DEAD).
	 */
	FRAG_PASSING,
	/*
	 * The first fragment has been seen and the whole is needed: all
	 * fragments are held. target stays unset.
	 * In: the first fragment of ICMP, or of IPv4 UDP without a checksum;
	 * frag_want_whole().
	 * Out: all bytes are there (reassembled and removed); an overlap
	 * (FRAG_DEAD).
	 */
	FRAG_COLLECTING,
	/*
	 * Only the key is remembered, so that fragments still to come cannot
	 * pass as a datagram of their own. Valid: reason. Nothing is held.
	 * In: frag_refuse(), an overlap, a bad first fragment.
	 * Out: all bytes have come, unless it was an overlap (removed).
	 */
	FRAG_DEAD
};

/* Payload bytes [off, end) of a datagram; off < end. */
struct frag_span {
	uint16_t off;
	uint16_t end;
};

/* A held fragment, allocated with room for its bytes. */
struct frag_held {
	TAILQ_ENTRY(frag_held) entry;
	size_t size; /* of the allocation */
	struct pkt pkt;
	uint8_t buf[];
};

TAILQ_HEAD(frag_held_list, frag_held);

/* One address or prefix that fragments come from. */
struct frag_source {
	RB_ENTRY(frag_source) node;
	struct in6_addr addr; /* host bits zero; IPv4 in the first bytes */
	enum pkt_family family;
	size_t datagrams; /* > 0: without any the source is removed */
	size_t bytes;
};

/*
 * Invariants: spans are sorted by off, one for each fragment taken; held is
 * in order of arrival; a dead datagram holds nothing. key, source, family
 * and expires are set once.
 */
struct frag_datagram {
	RB_ENTRY(frag_datagram) node;
	TAILQ_ENTRY(frag_datagram) entry; /* FIFO: order of expiry */
	struct frag_held_list held;
	struct frag_held *out; /* returned by frag_next_held(), or of the
				  packet that is being handled; or NULL */
	struct frag_source *source;
	struct monotime expires;
	enum frag_state state;
	enum nat64_reason reason; /* FRAG_DEAD: for fragments still to come */
	union frag_target target; /* FRAG_PASSING */
	uint16_t sport;		  /* of the first fragment */
	uint16_t dport;
	uint16_t end; /* payload bytes of the datagram; 0: not known */
	enum pkt_family family;
	uint8_t proto;	 /* of the first fragment */
	bool overlapped; /* some spans overlap */
	uint8_t key[FRAG_KEYLEN];
	unsigned n_spans;
	struct frag_span spans[]; /* limits.per_datagram */
};

RB_HEAD(frag_sources, frag_source);
RB_HEAD(frag_keys, frag_datagram);
TAILQ_HEAD(frag_fifo, frag_datagram);

/*
 * Each side has half of the store. A fragment from one side removes no
 * datagram of the other: a hairpinned fragment arrives on the IPv4 side while
 * frag_next_held() is still giving out its datagram on the IPv6 side.
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
	frag_drop_fn drop; /* or NULL; is given drop_arg */
	void *drop_arg;
	unsigned late;		  /* held fragments that timed out, and */
	unsigned evicted;	  /* that were evicted, not yet reported */
	union frag_target target; /* of a datagram that was just removed */
	struct pkt whole;	  /* the last one collected, in whole_buf */
	uint8_t whole_buf[PKT_BUFSIZE];
};

/*
 * Find the datagram of p or create one. A datagram whose time has come is
 * removed, not found. Where the side of p is full, its oldest datagram is
 * removed. NULL with *reason when a limit forbids a new one.
 */
struct frag_datagram *frag_store_get(struct frag_table *t, const struct pkt *p,
    struct monotime now, enum nat64_reason *reason);

/*
 * Remove the datagram and what it holds. Returns how many were held.
 * reason: why they are dropped; NAT64_NONE: they are not, or nobody asks.
 */
unsigned frag_store_remove(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason);

/*
 * Copy p to the end of d->held. Other datagrams of its side are removed for
 * it, the oldest first. Returns NAT64_NONE, or the reason to drop p.
 */
enum nat64_reason frag_store_hold(struct frag_table *t,
    struct frag_datagram *d, const struct pkt *p);

/* Free every copy that d holds. Returns how many; reason: as above. */
unsigned frag_store_discard(struct frag_table *t, struct frag_datagram *d,
    enum nat64_reason reason);

/* Free the copy that frag_next_held() has returned, if any. */
void frag_store_release_out(struct frag_table *t, struct frag_datagram *d);

/* The relation of a span to those seen before. */
enum frag_fit {
	FRAG_NEW,
	FRAG_DUPLICATE, /* equal to one of them */
	FRAG_OVERLAPS	/* overlaps one of them, or contradicts the end of
			   the datagram */
};

enum frag_fit frag_store_fit(const struct frag_datagram *d,
    const struct frag_span *s, bool more);

/* Note a span; false: the limit of spans is reached. */
bool frag_store_note(const struct frag_table *t, struct frag_datagram *d,
    const struct frag_span *s, bool more);

/* Have all bytes from 0 to the end been seen? */
bool frag_store_complete(const struct frag_datagram *d);

/* --- frag_collect.c --- */

/*
 * Reassemble a complete datagram without overlaps into t->whole. Returns
 * NAT64_NONE, or the reason to drop it.
 */
enum nat64_reason frag_collect(struct frag_table *t,
    const struct frag_datagram *d);

#endif
