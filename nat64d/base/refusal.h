/*
 * Why a table of bindings, sessions or subscribers refuses a new entry. The
 * function that refuses fills in a struct refusal of its caller.
 */
#ifndef NAT64D_BASE_REFUSAL_H
#define NAT64D_BASE_REFUSAL_H

#include <stdint.h>

enum refused {
	REFUSED_NOT,
	REFUSED_MEMORY,
	REFUSED_NO_POOL,	  /* the pool has no address */
	REFUSED_POOL,		  /* no port is free */
	REFUSED_BLOCKS,		  /* no block of ports is free */
	REFUSED_BINDINGS,	  /* table full */
	REFUSED_SUBSCRIBERS,	  /* table full */
	REFUSED_SESSIONS,	  /* table full */
	REFUSED_BINDING_SESSIONS, /* one binding has too many */
	/* Limits of a subscriber, or of any prefix (fair share). */
	REFUSED_SUBSCRIBER_PORTS,
	REFUSED_SUBSCRIBER_BLOCKS,
	REFUSED_SUBSCRIBER_SESSIONS,
	REFUSED_NEW_BINDINGS, /* rate of new bindings */
	REFUSED_FAIR_SHARE,
	/* Limits of sessions opened from IPv4. */
	REFUSED_INBOUND,      /* too many, or the table is full */
	REFUSED_INBOUND_PEER, /* too many of one peer */
	REFUSED_EXISTS,	      /* an entry with this key exists */
	REFUSED_NREASONS
};

struct refusal {
	enum refused by;
	/*
	 * REFUSED_FAIR_SHARE, and limits of a subscriber: length of the
	 * prefix that has reached its limit; else 0.
	 */
	unsigned prefix_len;
	/* The limit reached; REFUSED_FAIR_SHARE: entries that are free. */
	uint64_t limit;
};

/* Fill in *why. Returns -1 always, so that a caller can return it. */
static inline int
refuse(struct refusal *why, enum refused by, uint64_t limit)
{
	why->by = by;
	why->prefix_len = 0;
	why->limit = limit;
	return (-1);
}

#endif
