/*
 * Which sessions use the fast path (nat64d/tables/fastflow.h), and from when
 * on. A session goes there when a plain packet of it, from either side,
 * changes nothing but its lifetime.
 *
 * It leaves the fast path before anything else happens to it:
 *
 *	its end, a change of its Pref64	session.c
 *	a TCP segment with SYN, FIN, RST	nat64_state.c
 *	the end of its lifetime		nat64_state.c
 *	nat64_set_fastpath()		nat64.c
 *	another configuration		nat64_settle.c
 *
 * and may return after FAST_AFTER more packets. Packets that the fast path
 * passes on, such as fragments, do not take it back.
 */
#ifndef NAT64D_CORE_NAT64_FAST_H
#define NAT64D_CORE_NAT64_FAST_H

#include "nat64_struct.h"

/*
 * A session is offered to the fast path with the packet of this number. Those
 * of the TCP handshake, up to the second SYN, do not count. Adding and removing
 * a session costs 0.5 to 4 us (the head of os/fastpath.bpf.c), which one or two
 * more packets make up for; but a connection of three segments each way has
 * seven, and ends then.
 */
#define FAST_AFTER 8

/* It is offered again after so many packets when it was refused. */
#define FAST_RETRY 64

/* struct session, sides: who has sent a packet that counts. */
#define FAST_SIDE6 1
#define FAST_SIDE4 2
#define FAST_BOTH (FAST_SIDE6 | FAST_SIDE4)

/* Why a session may not be offered. */
enum fast_bar {
	FAST_NO_BAR,   /* it may */
	FAST_OFF,      /* there is no fast path */
	FAST_ALREADY,  /* it is there */
	FAST_ECHO,     /* ICMP, and echo messages from IPv6 are refused */
	FAST_UNBOUND,  /* an orphan: no IPv6 side */
	FAST_STATE,    /* TCP, not ESTABLISHED */
	FAST_ONE_SIDE, /* not a packet each way */
	FAST_FEW,      /* fewer than FAST_AFTER packets */
	FAST_HAIRPIN,  /* the peer is in the pool (RFC 6146, 3.8) */
	FAST_GATEWAY,  /* a gateway reads it */
	FAST_NBARS
};

/* The first bar that holds. */
enum fast_bar nat64_fast_bar(const struct nat64 *n, const struct session *s);

/* Hand s over to the fast path, unless a bar holds or there is no room. */
void nat64_fast_offer(struct nat64 *n, struct session *s);

/* Take s back if it may not be there any more by another configuration. */
void nat64_fast_recheck(struct nat64 *n, struct session *s);

/*
 * A packet from that side has been handled, after which s, apart from its
 * lifetime, is what it was before. May offer s.
 */
static inline void
nat64_fast_count(struct nat64 *n, struct session *s, uint8_t side)
{
	if (n->fastpath == NULL || s->fast != 0)
		return;
	s->sides |= side;
	if (s->data < FAST_AFTER)
		s->data++;
	if (s->data == FAST_AFTER && s->sides == FAST_BOTH)
		nat64_fast_offer(n, s);
}

/*
 * A segment that may change the state of s, or begin another connection, is
 * about to be handled: take s back, and count from the beginning.
 */
static inline void
nat64_fast_leave(struct nat64 *n, struct session *s)
{
	session_leave_fast(&n->sessions, s);
	s->sides = 0;
	if (s->data > 0)
		s->data = 0;
}

#endif
