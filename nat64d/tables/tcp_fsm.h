/*
 * The TCP session state machine (RFC 6146, 3.5.2.2) as a table: state and
 * event in, next state, timer and action out. It knows no session, packet
 * or clock. Opening a session (state CLOSED) is done by nat64_state.c, which
 * asks the tables first; everything behind is here.
 */
#ifndef NAT64D_TABLES_TCP_FSM_H
#define NAT64D_TABLES_TCP_FSM_H

#include <stdbool.h>
#include <stdint.h>

enum tcp_state {
	TCP_STATE_CLOSED,
	TCP_STATE_V6_INIT,
	TCP_STATE_V4_INIT,
	TCP_STATE_V4_INIT_STORED, /* V4 INIT with the SYN kept, unanswered */
	TCP_STATE_ESTABLISHED,
	TCP_STATE_V4_FIN_RCV,
	TCP_STATE_V6_FIN_RCV,
	TCP_STATE_V4_V6_FIN_RCV,
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

enum tcp_timer {
	TCP_TIMER_KEEP,
	TCP_TIMER_EST,
	TCP_TIMER_OPEN,
	TCP_TIMER_CLOSE,
	TCP_TIMER_CLOSE_MIN /* the earlier of the old expiry and CLOSE; only
			       of TCP-10, where an option asks for EST */
};

enum tcp_action {
	TCP_FORWARD,
	TCP_DROP,	  /* a segment for a stored SYN (TCP-07) */
	TCP_AS_CLOSED,	  /* handle as a segment without a session */
	TCP_MEET_SYN,	  /* forward; discard the stored SYN (TCP-06) */
	TCP_DELETE,	  /* the session ends */
	TCP_DELETE_ERROR, /* it ends; answer the stored SYN with 3/3 */
	TCP_PROBE	  /* send the probe (TCP-11); the session stays */
};

struct tcp_step {
	enum tcp_state next;
	enum tcp_timer timer;
	enum tcp_action action;
};

/*
 * The event that a segment is: RST before SYN before FIN before the rest.
 * flags: PKT_TH_ bits; from6: it came from the IPv6 side.
 */
enum tcp_event tcp_event_of(uint8_t flags, bool from6);

/*
 * One step. has_ack: the segment's ACK flag, by which a SYN that reuses a
 * closed 5-tuple is told from a repeated one (TCP-12). may_open4: the
 * filters would let an IPv4 SYN open a session (TCP-12, V4 SYN).
 * state is not TCP_STATE_CLOSED.
 */
struct tcp_step tcp_fsm_step(enum tcp_state state, enum tcp_event event,
    bool has_ack, bool may_open4);

/* "ESTABLISHED" and so on, as RFC 6146 writes it. */
const char *tcp_state_name(enum tcp_state state);

#endif
