/*
 * Why the tables of bindings, sessions and subscribers take no further entry.
 * It is told by the function that refuses, in storage of its caller's.
 */
#ifndef NAT64D_BASE_REFUSAL_H
#define NAT64D_BASE_REFUSAL_H

#include <stdint.h>

enum refused {
	REFUSED_NOT,
	REFUSED_MEMORY,
	REFUSED_NO_POOL,	  /* there is no address */
	REFUSED_POOL,		  /* no port is free */
	REFUSED_BINDINGS,	  /* table full */
	REFUSED_SUBSCRIBERS,	  /* table full */
	REFUSED_SESSIONS,	  /* table full */
	REFUSED_BINDING_SESSIONS, /* of one binding */
	/* What one subscriber may have, or any prefix (fair share). */
	REFUSED_SUBSCRIBER_PORTS,
	REFUSED_SUBSCRIBER_SESSIONS,
	REFUSED_NEW_BINDINGS, /* a rate */
	REFUSED_FAIR_SHARE,
	/* What may be opened from IPv4. */
	REFUSED_INBOUND,      /* the budget or the table is used up */
	REFUSED_INBOUND_PEER, /* one peer has its part of it */
	REFUSED_EXISTS,	      /* there is one between just these two */
	REFUSED_NREASONS
};

struct refusal {
	enum refused by;
	unsigned prefix_len; /* subscribers, fair share: bits of who has
				reached the limit; else 0 */
	uint64_t limit;	     /* the value of it; fair share: what is free */
};

/* Always -1, so that it can end a function. */
static inline int
refuse(struct refusal *why, enum refused by, uint64_t limit)
{
	why->by = by;
	why->prefix_len = 0;
	why->limit = limit;
	return (-1);
}

#endif
