/*
 * The TCP state machine of RFC 6146, 3.5.2.2, with the timers of RFC 7857,
 * 2: one row for each state, one column for each event.
 */
#include "nat64d/wire/pkt.h"
#include "tcp_fsm.h"

/* next state, timer, action */
#define GO(next, timer, action)                                   \
	{                                                         \
		TCP_STATE_##next, TCP_TIMER_##timer, TCP_##action \
	}
/* The same with the action FORWARD. */
#define FWD(next, timer) GO(next, timer, FORWARD)

/* In the order of enum tcp_event. */
#define ROW(s6, s4, f6, f4, r6, r4, o6, o4, end)    \
	{                                           \
		s6, s4, f6, f4, r6, r4, o6, o4, end \
	}

static const struct tcp_step steps[TCP_NSTATES][TCP_NEVENTS] = {
	[TCP_STATE_CLOSED] = ROW(GO(CLOSED, KEEP, AS_CLOSED), /* V6 SYN */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* V4 SYN */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* V6 FIN */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* V4 FIN */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* V6 RST */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* V4 RST */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* other V6 */
	    GO(CLOSED, KEEP, AS_CLOSED),		      /* other V4 */
	    GO(CLOSED, KEEP, DELETE)),			      /* timer */
	[TCP_STATE_V6_INIT] = ROW(FWD(V6_INIT, OPEN), FWD(ESTABLISHED, EST),
	    FWD(V6_INIT, KEEP), FWD(V6_INIT, KEEP), FWD(V6_INIT, KEEP),
	    FWD(V6_INIT, KEEP), FWD(V6_INIT, KEEP), FWD(V6_INIT, KEEP),
	    GO(CLOSED, KEEP, DELETE)),
	[TCP_STATE_V4_INIT] = ROW(FWD(ESTABLISHED, EST), FWD(V4_INIT, KEEP),
	    FWD(V4_INIT, KEEP), FWD(V4_INIT, KEEP), FWD(V4_INIT, KEEP),
	    FWD(V4_INIT, KEEP), FWD(V4_INIT, KEEP), FWD(V4_INIT, KEEP),
	    GO(CLOSED, KEEP, DELETE)),
	[TCP_STATE_V4_INIT_STORED] = ROW(GO(ESTABLISHED, EST, MEET_SYN),
	    GO(V4_INIT_STORED, KEEP, DROP),
	    GO(V4_INIT_STORED, KEEP, AS_CLOSED),
	    GO(V4_INIT_STORED, KEEP, DROP),
	    GO(V4_INIT_STORED, KEEP, AS_CLOSED),
	    GO(V4_INIT_STORED, KEEP, DROP),
	    GO(V4_INIT_STORED, KEEP, AS_CLOSED),
	    GO(V4_INIT_STORED, KEEP, DROP), GO(CLOSED, KEEP, DELETE_ERROR)),
	[TCP_STATE_ESTABLISHED] =
	    ROW(FWD(ESTABLISHED, EST), FWD(ESTABLISHED, EST),
		FWD(V6_FIN_RCV, KEEP), FWD(V4_FIN_RCV, KEEP),
		FWD(TRANS, CLOSE), FWD(TRANS, CLOSE), FWD(ESTABLISHED, EST),
		FWD(ESTABLISHED, EST), GO(TRANS, CLOSE, PROBE)),
	[TCP_STATE_V4_FIN_RCV] =
	    ROW(FWD(V4_FIN_RCV, EST), FWD(V4_FIN_RCV, EST),
		FWD(V4_V6_FIN_RCV, CLOSE), FWD(V4_FIN_RCV, EST),
		FWD(V4_FIN_RCV, CLOSE_MIN), /* RFC 7857, 2.2 */
		FWD(V4_FIN_RCV, CLOSE_MIN), /* RFC 7857, 2.2 */
		FWD(V4_FIN_RCV, EST), FWD(V4_FIN_RCV, EST),
		GO(CLOSED, KEEP, DELETE)),
	[TCP_STATE_V6_FIN_RCV] =
	    ROW(FWD(V6_FIN_RCV, EST), FWD(V6_FIN_RCV, EST),
		FWD(V6_FIN_RCV, EST), FWD(V4_V6_FIN_RCV, CLOSE),
		FWD(V6_FIN_RCV, CLOSE_MIN), /* RFC 7857, 2.2 */
		FWD(V6_FIN_RCV, CLOSE_MIN), /* RFC 7857, 2.2 */
		FWD(V6_FIN_RCV, EST), FWD(V6_FIN_RCV, EST),
		GO(CLOSED, KEEP, DELETE)),
	[TCP_STATE_V4_V6_FIN_RCV] =
	    ROW(FWD(V4_V6_FIN_RCV, KEEP), /* or reopen6, reopen4 */
		FWD(V4_V6_FIN_RCV, KEEP), /* or reopen6, reopen4 */
		FWD(V4_V6_FIN_RCV, KEEP), FWD(V4_V6_FIN_RCV, KEEP),
		FWD(V4_V6_FIN_RCV, KEEP), FWD(V4_V6_FIN_RCV, KEEP),
		FWD(V4_V6_FIN_RCV, KEEP), FWD(V4_V6_FIN_RCV, KEEP),
		GO(CLOSED, KEEP, DELETE)),
	[TCP_STATE_TRANS] = ROW(FWD(ESTABLISHED, EST), FWD(ESTABLISHED, EST),
	    FWD(ESTABLISHED, EST), FWD(ESTABLISHED, EST), FWD(TRANS, KEEP),
	    FWD(TRANS, KEEP), FWD(ESTABLISHED, EST), FWD(ESTABLISHED, EST),
	    GO(CLOSED, KEEP, DELETE)),
};

/*
 * A new connection on the 5-tuple of a closed one. RFC 6146 has no such
 * transition, and the session would end with the old connection's timer.
 */
static const struct tcp_step reopen6 = FWD(V6_INIT, OPEN);
static const struct tcp_step reopen4 = FWD(V4_INIT, OPEN);

enum tcp_event
tcp_event_of(uint8_t flags, bool from6)
{
	if (flags & PKT_TH_RST)
		return (from6 ? TCP_V6_RST : TCP_V4_RST);
	if (flags & PKT_TH_SYN)
		return (from6 ? TCP_V6_SYN : TCP_V4_SYN);
	if (flags & PKT_TH_FIN)
		return (from6 ? TCP_V6_FIN : TCP_V4_FIN);
	return (from6 ? TCP_V6_OTHER : TCP_V4_OTHER);
}

struct tcp_step
tcp_fsm_step(enum tcp_state state, enum tcp_event event, bool has_ack,
    bool may_open4)
{
	if (state == TCP_STATE_V4_V6_FIN_RCV && !has_ack) {
		if (event == TCP_V6_SYN)
			return (reopen6);
		if (event == TCP_V4_SYN && may_open4)
			return (reopen4);
	}
	return (steps[state][event]);
}

const char *
tcp_state_name(enum tcp_state state)
{
	static const char *const names[TCP_NSTATES] = {
		[TCP_STATE_CLOSED] = "CLOSED",
		[TCP_STATE_V6_INIT] = "V6 INIT",
		[TCP_STATE_V4_INIT] = "V4 INIT",
		/* RFC 6146 has one state for both. */
		[TCP_STATE_V4_INIT_STORED] = "V4 INIT",
		[TCP_STATE_ESTABLISHED] = "ESTABLISHED",
		[TCP_STATE_V4_FIN_RCV] = "V4 FIN RCV",
		[TCP_STATE_V6_FIN_RCV] = "V6 FIN RCV",
		[TCP_STATE_V4_V6_FIN_RCV] = "V4 FIN + V6 FIN RCV",
		[TCP_STATE_TRANS] = "TRANS",
	};

	return (names[state]);
}
