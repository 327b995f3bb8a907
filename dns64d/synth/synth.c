/*
 * DNS64 (RFC 6147, 5): decides which questions go upstream, when the replies
 * suffice, and which answer is made of them.
 */
#include <limits.h>
#include <string.h>

#include "dns64d/policy/balance.h"
#include "chain.h"
#include "filter.h"
#include "dns64d/policy/policy.h"
#include "reverse.h"
#include "synth.h"

#define SYNTH_RRS_MAX 1024 /* AAAA in an answer */

/*
 * With CD and DO, the client validates and needs the data unchanged (RFC 6147,
 * 5.5 (3)). For CD without DO the RFC has no rule, and the policy decides.
 */
static bool
may_synthesise(const struct dns64_policy *p, const struct msg_scan *query)
{
	if ((query->flags & MSG_RD) == 0)
		return (false);
	if ((query->flags & MSG_CD) == 0)
		return (true);
	return (p->cd_synth && !query->dnssec_ok);
}

static enum synth_plan
choose_plan(struct synth *s)
{
	s->special = ptr_classify(s->policy, s->query, &s->ptr_addr);
	if (s->special > PTR_PREF64 ||
	    (s->special == PTR_PREF64 &&
		s->policy->ptr_mode == POLICY_PTR_LOCAL))
		return (SYNTH_P_LOCAL);
	if (s->query->qclass != MSG_CLASS_IN ||
	    !may_synthesise(s->policy, s->query))
		return (SYNTH_P_PASS);
	if (s->special == PTR_PREF64)
		return (SYNTH_P_PTR);
	if (s->policy->dns64 == POLICY_DNS64_NO)
		return (SYNTH_P_PASS);
	return (s->query->qtype == MSG_T_AAAA ? SYNTH_P_AAAA : SYNTH_P_PASS);
}

static unsigned
begin_lookups(struct synth *s)
{
	s->state[SYNTH_MAIN] = SYNTH_S_PENDING;
	if (s->plan != SYNTH_P_AAAA)
		return (SYNTH_ASK_MAIN);
	switch (s->policy->lookups) {
	case POLICY_LOOKUPS_PARALLEL:
		s->state[SYNTH_A] = SYNTH_S_PENDING;
		return (SYNTH_ASK_MAIN | SYNTH_ASK_A | SYNTH_ARM_AAAA);
	case POLICY_LOOKUPS_DELAYED:
		return (SYNTH_ASK_MAIN | SYNTH_ARM_AAAA | SYNTH_ARM_A);
	case POLICY_LOOKUPS_SEQUENTIAL:
		break;
	}
	return (SYNTH_ASK_MAIN | SYNTH_ARM_AAAA);
}

unsigned
synth_begin(struct synth *s, const struct dns64_policy *policy,
    const struct msg_scan *query)
{
	memset(s, 0, sizeof(*s));
	s->policy = policy;
	s->query = query;
	s->plan = choose_plan(s);
	if (s->plan == SYNTH_P_LOCAL)
		return (SYNTH_ANSWER);
	return (begin_lookups(s));
}

void
synth_minimise(struct synth *s)
{
	s->minimise = true;
}

void
synth_balance(struct synth *s, struct balance_pick *pick)
{
	s->pick = pick;
}

/*
 * The lookups that we add carry the client's DO, so that the upstream may
 * refuse bogus data, and never CD (RFC 6147, 5.5).
 */
void
synth_question(const struct synth *s, enum synth_lookup lookup,
    struct msg_question *q)
{
	msg_question_from(s->query, q);
	if (lookup == SYNTH_MAIN && s->plan != SYNTH_P_PTR)
		return;
	q->flags &= MSG_RD | MSG_AD;
	if (lookup == SYNTH_A) {
		q->type = MSG_T_A;
		return;
	}
	q->name_len = reverse_name4(s->ptr_addr, q->name);
}

static struct in6_addr
rr_addr6(const struct msg_rr *rr)
{
	struct in6_addr addr;

	memcpy(&addr, rr->msg->wire + rr->rdata, sizeof(addr));
	return (addr);
}

static struct in_addr
rr_addr4(const struct msg_rr *rr)
{
	struct in_addr addr;

	memcpy(&addr, rr->msg->wire + rr->rdata, sizeof(addr));
	return (addr);
}

static bool
has_usable_aaaa(const struct dns64_policy *p, const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };
	struct in6_addr addr;
	struct chain c;

	chain_follow(&c, m);
	while (chain_next(&c, MSG_T_AAAA, &rr)) {
		addr = rr_addr6(&rr);
		if (!policy_excludes_aaaa(p, &addr))
			return (true);
	}
	return (false);
}

static bool
has_usable_a(const struct dns64_policy *p, const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };
	struct chain c;
	int first;

	chain_follow(&c, m);
	while (chain_next(&c, MSG_T_A, &rr))
		if (policy_targets(p, rr_addr4(&rr), &first, 1) > 0)
			return (true);
	return (false);
}

static enum synth_state
classify(const struct synth *s, enum synth_lookup lookup,
    const struct msg_scan *m)
{
	bool usable;

	if ((m->flags & MSG_TC) != 0 && s->plan != SYNTH_P_PASS)
		return (SYNTH_S_FAILED);
	if (m->rcode == MSG_NXDOMAIN)
		return (SYNTH_S_NXDOMAIN);
	if (m->rcode != MSG_NOERROR)
		return (
		    msg_has_dnssec_error(m) ? SYNTH_S_BOGUS : SYNTH_S_ERROR);
	if (s->plan != SYNTH_P_AAAA)
		return (SYNTH_S_DATA);
	usable = lookup == SYNTH_A ? has_usable_a(s->policy, m) :
				     has_usable_aaaa(s->policy, m);
	return (usable ? SYNTH_S_DATA : SYNTH_S_EMPTY);
}

static bool
has_signatures(const struct msg_scan *m)
{
	enum msg_section section;
	struct msg_rr rr;

	for (section = MSG_ANSWER; section <= MSG_AUTHORITY; section++) {
		rr.msg = NULL;
		while (msg_rr_next(m, section, &rr))
			if (rr.type == MSG_T_RRSIG)
				return (true);
	}
	return (false);
}

/*
 * A validating client would refuse synthesised records in place of a signed
 * denial (RFC 6147, 5.5).
 */
static bool
is_left_alone(const struct synth *s)
{
	return (s->policy->leave_signed && s->query->dnssec_ok &&
	    has_signatures(s->reply[SYNTH_MAIN]));
}

/*
 * Whether the main reply is the answer, independent of the A reply (RFC 6147,
 * 5.1.1, 5.1.2).
 */
static bool
main_decides(const struct synth *s)
{
	switch (s->state[SYNTH_MAIN]) {
	case SYNTH_S_EMPTY:
		return (is_left_alone(s));
	case SYNTH_S_DATA:
		return (!s->policy->force);
	case SYNTH_S_NXDOMAIN:
		return (!s->policy->nxdomain_synth);
	case SYNTH_S_BOGUS:
		return (true);
	default:
		return (false);
	}
}

static bool
is_open(enum synth_state state)
{
	return (state == SYNTH_S_IDLE || state == SYNTH_S_PENDING ||
	    state == SYNTH_S_OVERDUE);
}

static unsigned
ask_a(struct synth *s)
{
	s->state[SYNTH_A] = SYNTH_S_PENDING;
	return (SYNTH_ASK_A);
}

/* What to do next, by the states of the two lookups. */
static unsigned
next_step(struct synth *s)
{
	enum synth_state main = s->state[SYNTH_MAIN], a = s->state[SYNTH_A];

	if (s->plan != SYNTH_P_AAAA)
		return (is_open(main) ? SYNTH_WAIT : SYNTH_ANSWER);
	if (main_decides(s))
		return (SYNTH_ANSWER);
	/* Before its deadline AAAA is waited for (RFC 6147, 5.1.8). */
	if (main == SYNTH_S_PENDING)
		return (SYNTH_WAIT);
	if (a == SYNTH_S_IDLE)
		return (ask_a(s));
	if (a == SYNTH_S_PENDING)
		return (SYNTH_WAIT);
	if (main == SYNTH_S_OVERDUE && a != SYNTH_S_DATA &&
	    a != SYNTH_S_NXDOMAIN)
		return (SYNTH_WAIT);
	return (SYNTH_ANSWER);
}

unsigned
synth_reply(struct synth *s, enum synth_lookup lookup,
    const struct msg_scan *reply)
{
	if (!is_open(s->state[lookup]))
		return (SYNTH_WAIT);
	s->reply[lookup] = reply;
	s->state[lookup] = classify(s, lookup, reply);
	return (next_step(s));
}

unsigned
synth_fail(struct synth *s, enum synth_lookup lookup)
{
	if (!is_open(s->state[lookup]))
		return (SYNTH_WAIT);
	s->state[lookup] = SYNTH_S_FAILED;
	return (next_step(s));
}

unsigned
synth_timer(struct synth *s, enum synth_timer timer)
{
	if (s->state[SYNTH_MAIN] != SYNTH_S_PENDING)
		return (SYNTH_WAIT);
	if (timer == SYNTH_TIMER_A)
		return (
		    s->state[SYNTH_A] == SYNTH_S_IDLE ? ask_a(s) : SYNTH_WAIT);
	s->state[SYNTH_MAIN] = SYNTH_S_OVERDUE;
	return (next_step(s));
}

/* Count the A records at the end of the chain. */
static unsigned
count_a(const struct chain *c)
{
	struct msg_rr rr = { .msg = NULL };
	struct chain walk = *c;
	unsigned n = 0;

	while (chain_next(&walk, MSG_T_A, &rr))
		n++;
	return (n);
}

/*
 * The IPv4 addresses that AAAA were made of: an open hash table, twice as
 * large as there can be addresses. The hash need not be secret: SEEN_PROBES
 * bounds the work, and an address that is not found causes a duplicate
 * record, which is harmless.
 */
#define SEEN_SIZE (2 * SYNTH_RRS_MAX)
#define SEEN_PROBES 32

struct seen {
	uint32_t addr[SEEN_SIZE]; /* valid where the bit in used is set */
	uint8_t used[SEEN_SIZE / 8];
};

/* The AAAA records that are being synthesised for an answer. */
struct synthesis {
	struct msg_build *b;
	uint8_t owner[MSG_NAME_MAX];
	uint32_t ttl; /* of all: an RRset has one (RFC 2181, 5.2) */
	uint32_t ttl_cap;
	bool cap_fixed; /* ttl_cap does not count down as TTLs do */
	unsigned max;
	struct seen seen;
};

/* Add an address. Returns false when it is there already. */
static bool
seen_add(struct seen *seen, struct in_addr addr)
{
	uint32_t at = (addr.s_addr * 0x9e3779b1u) >> 16;
	unsigned i;

	for (i = 0; i < SEEN_PROBES; i++, at++) {
		at %= SEEN_SIZE;
		if ((seen->used[at / 8] & 1u << at % 8) == 0)
			break;
		if (seen->addr[at] == addr.s_addr)
			return (false);
	}
	if (i < SEEN_PROBES) {
		seen->used[at / 8] |= (uint8_t)(1u << at % 8);
		seen->addr[at] = addr.s_addr;
	}
	return (true);
}

/* The lowest TTL of the A records at the end of the chain. */
static uint32_t
lowest_ttl(const struct chain *c)
{
	struct msg_rr rr = { .msg = NULL };
	struct chain walk = *c;
	uint32_t ttl = UINT32_MAX;

	while (chain_next(&walk, MSG_T_A, &rr))
		if (rr.ttl < ttl)
			ttl = rr.ttl;
	return (ttl);
}

/*
 * The TTL that no synthesised record may exceed: that of the denial of the
 * AAAA, or POLICY_TTL_NO_SOA (RFC 6147, 5.1.7).
 */
static void
set_ttl_cap(const struct synth *s, struct synthesis *h)
{
	if (s->state[SYNTH_MAIN] != SYNTH_S_EMPTY ||
	    !msg_negative_ttl(s->reply[SYNTH_MAIN], &h->ttl_cap,
		&h->cap_fixed)) {
		h->ttl_cap = POLICY_TTL_NO_SOA;
		h->cap_fixed = true;
	}
	if (h->ttl_cap > s->policy->synth_ttl) {
		h->ttl_cap = s->policy->synth_ttl;
		h->cap_fixed = true;
	}
}

static void
add_synthesised(struct synth *s, struct synthesis *h, const struct msg_rr *rr)
{
	struct in6_addr addr[POLICY_PREFIXES_MAX];
	size_t i, n;

	if (!seen_add(&h->seen, rr_addr4(rr)))
		return;
	n = balance_synthesise(s->pick, s->policy, rr_addr4(rr), addr);
	for (i = 0; i < n && s->n_synthesised < h->max; i++) {
		msg_build_addr6(h->b, MSG_ANSWER, h->owner, h->ttl, &addr[i]);
		s->n_synthesised++;
	}
}

/* Synthesise from the A records [first, last), in their order. */
static void
synthesise_range(struct synth *s, const struct chain *c, struct synthesis *h,
    unsigned first, unsigned last)
{
	struct msg_rr rr = { .msg = NULL };
	struct chain walk = *c;
	unsigned at;

	for (at = 0; at < last && s->n_synthesised < h->max &&
	     !msg_build_is_full(h->b) && chain_next(&walk, MSG_T_A, &rr);
	     at++)
		if (at >= first)
			add_synthesised(s, h, &rr);
}

/*
 * If there are more addresses than max-synth, each answer begins with another
 * one, chosen by the id of the query, so that all of them are used.
 */
static void
build_synthesised(struct synth *s, const struct chain *c, struct msg_build *b)
{
	struct synthesis h;
	unsigned n, first = 0;

	h.b = b;
	h.max = SYNTH_RRS_MAX;
	memset(h.seen.used, 0, sizeof(h.seen.used));
	set_ttl_cap(s, &h);
	h.ttl = lowest_ttl(c);
	if (h.ttl > h.ttl_cap) {
		h.ttl = h.ttl_cap;
		s->one_off |= h.cap_fixed;
	}
	name_copy(c->msg->wire, c->end, h.owner);
	if (s->policy->max_synth > 0 && s->policy->max_synth < h.max) {
		h.max = s->policy->max_synth;
		n = count_a(c);
		if (n * s->policy->n_prefixes > h.max) {
			first = s->query->id % n;
			s->one_off = true;
		}
	}
	synthesise_range(s, c, &h, first, UINT_MAX);
	synthesise_range(s, c, &h, 0, first);
	/* TC if records are missing because of SYNTH_RRS_MAX. */
	if (s->n_synthesised == SYNTH_RRS_MAX &&
	    count_a(c) * s->policy->n_prefixes > SYNTH_RRS_MAX)
		msg_build_truncate(b);
}

static void
build_filtered(const struct synth *s, struct chain *c, struct msg_build *b)
{
	struct msg_rr rr = { .msg = NULL };
	uint8_t owner[MSG_NAME_MAX];
	struct in6_addr addr;

	name_copy(c->msg->wire, c->end, owner);
	while (!msg_build_is_full(b) && chain_next(c, MSG_T_AAAA, &rr)) {
		addr = rr_addr6(&rr);
		if (!policy_excludes_aaaa(s->policy, &addr))
			msg_build_addr6(b, MSG_ANSWER, owner, rr.ttl, &addr);
	}
}

static void
copy_section(const struct msg_scan *m, enum msg_section section,
    struct msg_build *b)
{
	struct msg_rr rr = { .msg = NULL };

	while (!msg_build_is_full(b) && msg_rr_next(m, section, &rr))
		if (rr.type != MSG_T_OPT && rr.type != MSG_T_TSIG)
			msg_build_copy(b, section, &rr);
}

/*
 * RFC 6147, 5.4: the chain, our addresses, and the authority and additional
 * sections of this lookup's reply. AD and AA are cleared, since the answer
 * section is neither validated nor authoritative.
 */
static size_t
compose(struct synth *s, enum synth_lookup lookup, size_t limit, uint8_t *buf)
{
	const struct msg_scan *m = s->reply[lookup];
	struct msg_build b;
	struct chain c;

	msg_build_begin(&b, s->query, m->flags & MSG_RA, m->rcode, buf, limit);
	chain_follow(&c, m);
	chain_copy(&c, s->query->dnssec_ok, &b);
	if (s->state[lookup] == SYNTH_S_DATA && lookup == SYNTH_A)
		build_synthesised(s, &c, &b);
	if (s->state[lookup] == SYNTH_S_DATA && lookup == SYNTH_MAIN)
		build_filtered(s, &c, &b);
	if (chain_is_cut(&c))
		msg_build_truncate(&b);
	copy_section(m, MSG_AUTHORITY, &b);
	copy_section(m, MSG_ADDITIONAL, &b);
	return (msg_build_finish(&b));
}

/*
 * Whether the reply has AAAA that must not be passed on: excluded addresses,
 * and addresses of names that are not at the end of the chain.
 */
static bool
has_unwanted_aaaa(const struct synth *s)
{
	const struct msg_scan *m = s->reply[SYNTH_MAIN];
	struct msg_rr rr = { .msg = NULL };
	unsigned n = 0, n_wanted = 0;
	struct in6_addr addr;
	struct chain c;

	if (s->plan != SYNTH_P_AAAA)
		return (false);
	while (msg_rr_next(m, MSG_ANSWER, &rr))
		n += rr.type == MSG_T_AAAA && rr.class == MSG_CLASS_IN;
	if (n == 0)
		return (false);
	chain_follow(&c, m);
	rr.msg = NULL;
	while (chain_next(&c, MSG_T_AAAA, &rr)) {
		addr = rr_addr6(&rr);
		n_wanted += !policy_excludes_aaaa(s->policy, &addr);
	}
	return (n_wanted < n);
}

static size_t
answer_main(struct synth *s, size_t limit, uint8_t *buf)
{
	struct filter f;

	if (filter_begin(&f, s->policy, s->query, s->reply[SYNTH_MAIN],
		s->minimise)) {
		s->outcome = SYNTH_O_FILTERED;
		s->filtered = f.a;
		return (filter_answer(&f, s->query, limit, buf));
	}
	if (!has_unwanted_aaaa(s)) {
		s->outcome = SYNTH_O_RELAYED;
		return (msg_relay(s->query, s->reply[SYNTH_MAIN], limit, buf));
	}
	s->outcome = s->state[SYNTH_MAIN] == SYNTH_S_DATA ? SYNTH_O_FILTERED :
							    SYNTH_O_NODATA;
	return (compose(s, SYNTH_MAIN, limit, buf));
}

static size_t
answer_a(struct synth *s, size_t limit, uint8_t *buf)
{
	size_t n;

	n = compose(s, SYNTH_A, limit, buf);
	if (s->n_synthesised == 0)
		s->outcome = SYNTH_O_NODATA;
	else
		s->outcome = s->state[SYNTH_MAIN] == SYNTH_S_NXDOMAIN ?
		    SYNTH_O_NXDOMAIN :
		    SYNTH_O_SYNTHESISED;
	return (n);
}

/*
 * The lookup whose reply the answer is made of; SYNTH_N_LOOKUPS when there is
 * none and the answer is SERVFAIL.
 *
 *	               A lookup
 *	main lookup    DATA   EMPTY  NXDOMAIN, ERROR  FAILED
 *	DATA, NXDOMAIN A (1)  main   main             main
 *	EMPTY          A      main   A                none (2)
 *	ERROR          A      A      A                main
 *	no reply       A      A      A                none
 *
 * (1) if the policy says so, else main (main_decides). (2) A records may
 * exist, so NODATA would be wrong (RFC 6147, 5.1.6).
 */
static enum synth_lookup
choose_lookup(const struct synth *s)
{
	enum synth_state main = s->state[SYNTH_MAIN], a = s->state[SYNTH_A];

	if (main_decides(s))
		return (SYNTH_MAIN);
	if (a == SYNTH_S_DATA)
		return (SYNTH_A);
	if (main == SYNTH_S_DATA || main == SYNTH_S_NXDOMAIN)
		return (SYNTH_MAIN);
	if (a == SYNTH_S_FAILED)
		return (main == SYNTH_S_ERROR ? SYNTH_MAIN : SYNTH_N_LOOKUPS);
	return (main == SYNTH_S_EMPTY && a == SYNTH_S_EMPTY ? SYNTH_MAIN :
							      SYNTH_A);
}

static size_t
answer_upstream(struct synth *s, size_t limit, uint8_t *buf)
{
	enum synth_lookup lookup = SYNTH_MAIN;

	if (s->plan == SYNTH_P_AAAA)
		lookup = choose_lookup(s);
	else if (s->state[SYNTH_MAIN] == SYNTH_S_FAILED)
		lookup = SYNTH_N_LOOKUPS;
	if (lookup == SYNTH_N_LOOKUPS)
		return (0);
	s->upstream = s->reply[lookup];
	if (lookup == SYNTH_A)
		return (answer_a(s, limit, buf));
	if (s->plan != SYNTH_P_PTR)
		return (answer_main(s, limit, buf));
	s->outcome = SYNTH_O_PTR;
	return (ptr_answer_cname(s->policy, s->query, s->reply[SYNTH_MAIN],
	    s->ptr_addr, limit, buf));
}

size_t
synth_answer(struct synth *s, size_t limit, uint8_t *buf)
{
	size_t n;

	s->n_synthesised = 0;
	s->upstream = NULL;
	s->filtered = false;
	s->one_off = false;
	if (s->plan == SYNTH_P_LOCAL) {
		s->outcome = SYNTH_O_LOCAL;
		n = ptr_answer_local(s->policy, s->query, s->special, limit,
		    buf);
	} else
		n = answer_upstream(s, limit, buf);
	if (n > 0)
		return (n);
	s->outcome = SYNTH_O_FAILED;
	return (msg_write_error(s->query, MSG_SERVFAIL, buf));
}

bool
synth_is_repeatable(const struct synth *s)
{
	if (s->plan == SYNTH_P_LOCAL || s->plan == SYNTH_P_PTR ||
	    s->outcome == SYNTH_O_FAILED || s->query->qtype == MSG_T_ANY)
		return (false);
	return (!s->one_off && (s->pick == NULL || balance_is_fixed(s->pick)));
}

void
synth_ede(const struct synth *s, struct ede_set *set)
{
	switch (s->outcome) {
	case SYNTH_O_SYNTHESISED:
	case SYNTH_O_NXDOMAIN:
		if (s->policy->tell_synthesised)
			ede_add(set, EDE_SYNTHESIZED);
		break;
	case SYNTH_O_FILTERED:
		if (s->filtered)
			ede_add(set, EDE_FILTERED);
		break;
	case SYNTH_O_FAILED:
		ede_add(set, EDE_NO_REACHABLE_AUTHORITY);
		break;
	default:
		break;
	}
}
