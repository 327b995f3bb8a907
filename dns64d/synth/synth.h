/*
 * DNS64 as a pure state machine (RFC 6147, 5). The caller sends the questions
 * that it asks for, reports replies, failures and timers to it, and gets the
 * octets of the answer from it.
 *
 *	client's query --synth_begin--> ask lookups, or answer at once
 *	reply of a lookup --synth_reply--.
 *	no reply       --synth_fail----+-> ask the other lookup, wait, or answer
 *	timer          --synth_timer--'
 *	SYNTH_ANSWER   --synth_answer--> bytes for the client
 *
 * The lookup SYNTH_MAIN is the client's own question (AAAA, or any question
 * that is just forwarded) or, for a PTR inside a Pref64, the question for the
 * name in in-addr.arpa. The lookup SYNTH_A is the A question of an AAAA query.
 * Retries are the caller's: it reports a lookup once, when all are over.
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
 * What the caller is to do now, a set of bits. With SYNTH_ANSWER no other bit
 * is set, and pending lookups and timers are to be cancelled. An empty set
 * means wait.
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

/* The kind of answer, for the statistics. */
enum synth_outcome {
	SYNTH_O_RELAYED,     /* the upstream's answer as it was */
	SYNTH_O_FILTERED,    /* real records with some taken out */
	SYNTH_O_SYNTHESISED, /* AAAA made from A */
	SYNTH_O_NXDOMAIN,    /* the same after NXDOMAIN for AAAA */
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
	SYNTH_P_LOCAL /* answered without an upstream */
};

/*
 * The state of one lookup.
 *
 *	IDLE ---> PENDING ---> OVERDUE
 *	             |            |
 *	             +------------+--> FAILED, DATA, EMPTY, NXDOMAIN, ERROR,
 *	                               BOGUS
 *
 * IDLE to PENDING: synth_begin, for SYNTH_MAIN always and for SYNTH_A with
 * `ask parallel`; otherwise, for SYNTH_A, synth_timer (SYNTH_TIMER_A) or the
 * end or deadline of SYNTH_MAIN. PENDING to OVERDUE: synth_timer
 * (SYNTH_TIMER_AAAA), SYNTH_MAIN only. To FAILED: synth_fail, or synth_reply
 * with TC. To the others: synth_reply. None of these is left again.
 *
 * reply[] is NULL in IDLE, PENDING and OVERDUE, and must not be read in
 * FAILED; it is the reply in the others. In the plan SYNTH_P_LOCAL both
 * lookups stay IDLE, in all but SYNTH_P_AAAA SYNTH_A does.
 */
enum synth_state {
	SYNTH_S_IDLE,	  /* not asked */
	SYNTH_S_PENDING,  /* asked */
	SYNTH_S_OVERDUE,  /* asked, its deadline is over */
	SYNTH_S_FAILED,	  /* no upstream answered */
	SYNTH_S_DATA,	  /* acceptable records at the end of the chain */
	SYNTH_S_EMPTY,	  /* NOERROR without them */
	SYNTH_S_NXDOMAIN, /* rcode NXDOMAIN */
	SYNTH_S_ERROR,	  /* any other rcode */
	SYNTH_S_BOGUS	  /* error with an EDE of failed DNSSEC validation */
};

/*
 * One client question. Borrows policy, query and the replies, which must be
 * valid until synth_answer has returned or the struct is no longer used. It
 * owns nothing and needs no freeing.
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
	bool filtered; /* likewise: A records were taken out */
	bool one_off;  /* not repeatable: see synth_is_repeatable */
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
 * Let pick choose among the prefixes; it is borrowed until synth_answer.
 * Without it every prefix is used. To be called after synth_begin. Answers
 * for ipv4only.arpa have every prefix in any case (RFC 7050, 5.1).
 */
void synth_balance(struct synth *s, struct balance_pick *pick);

/*
 * The client asked over UDP: an answer to ANY is reduced to one RRset
 * (RFC 8482, 4.1). To be called after synth_begin.
 */
void synth_minimise(struct synth *s);

/* The question of a lookup, when synth_begin or a later step asked for it. */
void synth_question(const struct synth *s, enum synth_lookup lookup,
    struct msg_question *q);

/*
 * Report the reply of a lookup: the reply to its question (msg_is_reply_to),
 * which was asked again over TCP if it had TC set. A reply that still has TC
 * set counts as a failure unless it is just forwarded. A second reply of a
 * lookup is ignored; one after the deadline is used.
 *
 * After the deadline of AAAA a synthesised answer, or NXDOMAIN of A, is sent
 * without waiting for AAAA. When A has no address, AAAA is still waited for:
 * a slow name with IPv6 only must not be denied.
 */
unsigned synth_reply(struct synth *s, enum synth_lookup lookup,
    const struct msg_scan *reply);

/* Report that no upstream answered a lookup, retries included. */
unsigned synth_fail(struct synth *s, enum synth_lookup lookup);

/* Report a timer that was asked for; it has no effect after the reply. */
unsigned synth_timer(struct synth *s, enum synth_timer timer);

/*
 * The client's answer, after SYNTH_ANSWER.
 * limit: octets, from msg_reply_limit. buf: room for them.
 * Returns the length. When no answer can be made it is SERVFAIL.
 */
size_t synth_answer(struct synth *s, size_t limit, uint8_t *buf);

/*
 * After synth_answer: true when the same replies make the same answer for
 * each client under this policy, with TTLs that count down as theirs do. False
 * when chance or the client's address chose prefixes or addresses, when a TTL
 * is a fixed bound, and for ANY, whose answer depends on the transport.
 */
bool synth_is_repeatable(const struct synth *s);

/* The extended errors of our own that go with it (RFC 8914). */
void synth_ede(const struct synth *s, struct ede_set *set);

#endif
