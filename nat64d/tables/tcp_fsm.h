/*
 * The TCP session state machine (RFC 6146, 3.5.2.2) as a table: state and
 * event in, next state, timer and action out. It knows no session, packet
 * or clock. Segments without a session (state CLOSED) are handled by the
 * core, which looks at the tables and filters; all other transitions are
 * here.
 */
#ifndef NAT64D_TABLES_TCP_FSM_H
#define NAT64D_TABLES_TCP_FSM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * In: what leads into the state; out: what leads out of it. "Timer" is the
 * end of the session's lifetime. Where nothing else is said a segment is
 * forwarded and the state stays. The session's ack6 and ack4 are updated in
 * every state but V4_INIT_STORED; its stored SYN exists in that state only.
 */
enum tcp_state {
	/* No session. Out, by the core: a SYN from either side. */
	TCP_STATE_CLOSED,
	/*
	 * In: a SYN from IPv6 in CLOSED, or without ACK in V4_V6_FIN_RCV.
	 * Out: a SYN from IPv4 (ESTABLISHED), timer (CLOSED).
	 */
	TCP_STATE_V6_INIT,
	/*
	 * In: a SYN from IPv4 that passes the filter, in CLOSED or without
	 * ACK in V4_V6_FIN_RCV.
	 * Out: a SYN from IPv6 (ESTABLISHED), timer (CLOSED).
	 */
	TCP_STATE_V4_INIT,
	/*
	 * V4 INIT with the SYN kept and not answered. The session may be an
	 * orphan.
	 * In: a SYN from IPv4 in CLOSED that has no binding or that the
	 * filter stops.
	 * Out: a SYN from IPv6 (ESTABLISHED), timer (CLOSED; the SYN is
	 * answered with an ICMP error). Other segments from IPv4 are dropped
	 * (RFC 5382, REQ-4), those from IPv6 are handled as in CLOSED.
	 */
	TCP_STATE_V4_INIT_STORED,
	/*
	 * In: SYNs from both sides; a segment other than RST in TRANS.
	 * Out: a FIN (V4_FIN_RCV, V6_FIN_RCV), a RST (TRANS), timer (TRANS;
	 * the probe is sent).
	 */
	TCP_STATE_ESTABLISHED,
	/*
	 * In: a FIN from IPv4 in ESTABLISHED.
	 * Out: a FIN from IPv6 (V4_V6_FIN_RCV), timer (CLOSED).
	 */
	TCP_STATE_V4_FIN_RCV,
	/*
	 * In: a FIN from IPv6 in ESTABLISHED.
	 * Out: a FIN from IPv4 (V4_V6_FIN_RCV), timer (CLOSED).
	 */
	TCP_STATE_V6_FIN_RCV,
	/*
	 * In: FINs from both sides.
	 * Out: a SYN without ACK (V6_INIT, V4_INIT: the 5-tuple is used for
	 * a new connection), timer (CLOSED).
	 */
	TCP_STATE_V4_V6_FIN_RCV,
	/*
	 * In: a RST in ESTABLISHED, or its timer.
	 * Out: a segment other than RST (ESTABLISHED), timer (CLOSED).
	 */
	TCP_STATE_TRANS,
	TCP_NSTATES
};

enum tcp_event {
	TCP_V6_SYN,
	TCP_V4_SYN,
	TCP_V6_FIN,
	TCP_V4_FIN,
	TCP_V6_RST,
	TCP_V4_RST,
	TCP_V6_OTHER,
	TCP_V4_OTHER,
	TCP_TIMEOUT,
	TCP_NEVENTS
};

/* What happens to the session's lifetime. */
enum tcp_timer {
	TCP_TIMER_KEEP,
	TCP_TIMER_EST,
	TCP_TIMER_OPEN,
	TCP_TIMER_CLOSE,
	TCP_TIMER_CLOSE_MIN /* the earlier of the old expiry and CLOSE: a RST
			       after a FIN (RFC 7857, 2.2). An option of the
			       configuration makes it EST (RFC 6146) */
};

enum tcp_action {
	TCP_FORWARD,
	TCP_DROP,	  /* a segment of a stored SYN's connection */
	TCP_AS_CLOSED,	  /* handle as a segment without a session */
	TCP_MEET_SYN,	  /* forward; discard the stored SYN, without ICMP */
	TCP_DELETE,	  /* the session ends */
	TCP_DELETE_ERROR, /* it ends; answer the stored SYN with an ICMP
			     port unreachable error */
	TCP_PROBE	  /* send the probe; the session stays */
};

/* In bytes, so that it is returned in one register. */
struct tcp_step {
	enum tcp_state next : 8;
	enum tcp_timer timer : 8;
	enum tcp_action action : 8;
};

/*
 * The event of a segment. With several flags RST comes first, then SYN, then
 * FIN. flags: PKT_TH_ bits; from6: it came from the IPv6 side.
 */
enum tcp_event tcp_event_of(uint8_t flags, bool from6);

/*
 * One step. has_ack: the segment's ACK flag: after FINs from both sides a
 * SYN without ACK starts a new connection on the same 5-tuple (RFC 9293,
 * 3.6.1; RFC 5382, REQ-2). may_open4: the filters allow a SYN from IPv4 to
 * open a session. state is not TCP_STATE_CLOSED.
 */
struct tcp_step tcp_fsm_step(enum tcp_state state, enum tcp_event event,
    bool has_ack, bool may_open4);

/* "ESTABLISHED" and so on, as RFC 6146 writes it. */
const char *tcp_state_name(enum tcp_state state);

#endif
