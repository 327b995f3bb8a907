/*
 * DNS64 as a pure state machine (RFC 6147, 5). The I/O layer asks what to
 * send, reports what came, and is told when to answer and with which bytes;
 * it never needs to know why.
 *
 *	client's query --synth_begin--> ask lookups, or answer at once
 *	reply of a lookup --synth_reply--.
 *	no reply       --synth_fail----+-> ask the other lookup, wait, or answer
 *	timer          --synth_timer--'
 *	SYNTH_ANSWER   --synth_answer--> bytes for the client
 *
 * The main lookup is the client's own question (AAAA, or anything that is
 * simply forwarded) or, for a PTR inside a Pref64, that of in-addr.arpa. The
 * A lookup is the A question of an AAAA query. Knows no sockets, clock or
 * retries: a lookup's reply is the final one of all tries.
 */
#ifndef DNS64D_SYNTH_SYNTH_H
#define DNS64D_SYNTH_SYNTH_H

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"
#include "synth_ptr.h"

struct balance_pick;
struct dns64_policy;

enum synth_lookup { SYNTH_MAIN, SYNTH_A, SYNTH_N_LOOKUPS };

/*
 * What the I/O layer is to do now, a set. SYNTH_ANSWER ends the question:
 * outstanding lookups and timers are to be dropped, no other bit is set.
 * An empty set means wait.
 */
enum synth_todo {
	SYNTH_WAIT = 0,
	SYNTH_ASK_MAIN = 1 << 0, /* send synth_question(SYNTH_MAIN) */
	SYNTH_ASK_A = 1 << 1,	 /* send synth_question(SYNTH_A) */
	SYNTH_ARM_AAAA = 1 << 2, /* timer SYNTH_TIMER_AAAA from now */
	SYNTH_ARM_A = 1 << 3,	 /* timer SYNTH_TIMER_A from now */
	SYNTH_ANSWER = 1 << 4	 /* synth_answer() is ready */
};

enum synth_timer {
	SYNTH_TIMER_AAAA, /* policy->aaaa_deadline_ms: AAAA is overdue */
	SYNTH_TIMER_A	  /* policy->a_delay_ms: the delayed A is due */
};

/* What kind of answer it became, for the statistics. */
enum synth_outcome {
	SYNTH_O_RELAYED,     /* the upstream's answer as it was */
	SYNTH_O_FILTERED,    /* real records with some taken out */
	SYNTH_O_SYNTHESISED, /* AAAA made from A */
	SYNTH_O_NXDOMAIN,    /* the same where AAAA said NXDOMAIN */
	SYNTH_O_NODATA,	     /* neither AAAA nor a usable A */
	SYNTH_O_PTR,	     /* reverse name inside a Pref64 */
	SYNTH_O_LOCAL,	     /* ipv4only.arpa, local PTR */
	SYNTH_O_FAILED	     /* SERVFAIL of our own */
};

/* Private to synth.c. */
enum synth_plan {
	SYNTH_P_PASS, /* forward, relay */
	SYNTH_P_AAAA, /* the two lookups of RFC 6147, 5.1 */
	SYNTH_P_PTR,  /* CNAME to in-addr.arpa */
	SYNTH_P_LOCAL /* nothing goes upstream */
};

enum synth_state {
	SYNTH_S_IDLE, /* not asked yet */
	SYNTH_S_PENDING,
	SYNTH_S_OVERDUE, /* asked, its deadline is over */
	SYNTH_S_FAILED,	 /* no upstream answered */
	SYNTH_S_DATA,	 /* acceptable records at the end of the chain */
	SYNTH_S_EMPTY,	 /* NOERROR without them */
	SYNTH_S_NXDOMAIN,
	SYNTH_S_ERROR, /* any other rcode */
	SYNTH_S_BOGUS  /* error that tells of failed validation */
};

/*
 * One client question. Borrows policy, query and the replies: they live
 * until synth_answer has been called or the struct is abandoned. Owns
 * nothing, so it needs no freeing.
 */
struct synth {
	const struct dns64_policy *policy;
	const struct msg_scan *query;
	struct balance_pick *pick; /* NULL: every prefix */
	enum synth_plan plan;
	enum synth_state state[SYNTH_N_LOOKUPS];
	const struct msg_scan *reply[SYNTH_N_LOOKUPS];
	enum ptr_kind special;
	struct in_addr ptr_addr; /* the address inside a reverse name */
	bool minimise;		 /* see synth_minimise */
	const struct msg_scan *upstream; /* valid after synth_answer: the
	    reply that the answer was made of, or NULL */
	bool filtered;		    /* likewise: A records were taken out */
	bool one_off;		    /* see synth_is_repeatable */
	enum synth_outcome outcome; /* valid after synth_answer */
	unsigned n_synthesised;	    /* AAAA in the answer, likewise */
};

/*
 * Start with a query that msg_scan_query accepted.
 * Returns what to do; never SYNTH_WAIT.
 */
unsigned synth_begin(struct synth *s, const struct dns64_policy *policy,
    const struct msg_scan *query);

/*
 * Choose among the prefixes by this, which is borrowed until synth_answer;
 * without it every prefix is used. After synth_begin. ipv4only.arpa shows
 * every prefix in any case (RFC 7050, 5.1).
 */
void synth_balance(struct synth *s, struct balance_pick *pick);

/*
 * The client asked over UDP: of an answer to ANY one RRset is enough
 * (RFC 8482, 4.1). After synth_begin.
 */
void synth_minimise(struct synth *s);

/* The question of a lookup, when synth_begin or a later step asked for it. */
void synth_question(const struct synth *s, enum synth_lookup lookup,
    struct msg_question *q);

/*
 * A lookup has its reply. It must be the reply to the lookup's question
 * (msg_is_reply_to) and, for TC, have been asked again over TCP: a reply that
 * still has TC set counts as none in the AAAA plan.
 * A second reply of a lookup is ignored, an overdue one is welcome.
 *
 * An overdue AAAA lookup makes way for a synthesised answer, or for NXDOMAIN
 * of the A lookup. When A has no address the answer still waits for the end
 * of the AAAA lookup: a slow IPv6-only name must not be denied.
 */
unsigned synth_reply(struct synth *s, enum synth_lookup lookup,
    const struct msg_scan *reply);

/* No upstream answered the lookup: all tries are over. */
unsigned synth_fail(struct synth *s, enum synth_lookup lookup);

/* A timer that was asked for has run out; stale ones do no harm. */
unsigned synth_timer(struct synth *s, enum synth_timer timer);

/*
 * The client's answer, after SYNTH_ANSWER.
 * limit: octets, from msg_reply_limit. buf: room for them.
 * Returns the length; short of memory the answer is SERVFAIL.
 */
size_t synth_answer(struct synth *s, size_t limit, uint8_t *buf);

/*
 * After synth_answer: the same replies would make the same answer for any
 * client under this policy, and when their TTLs have counted down its TTLs
 * would have, too. Not so where chance or the client chooses, or where a
 * bound holds a TTL. Answers to ANY depend on the transport.
 */
bool synth_is_repeatable(const struct synth *s);

/* The extended errors of our own that go with it (RFC 8914). */
void synth_ede(const struct synth *s, struct ede_set *set);

#endif
