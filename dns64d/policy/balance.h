/*
 * Which of several prefixes a synthesised answer uses. The policy says which
 * prefixes an IPv4 address may have; this takes away those whose translator
 * is in no state to serve and, unless all are wanted, leaves one. Pure:
 * randomness is an argument, the state of the translators is read where
 * their owner keeps it.
 *
 *	all		every prefix
 *	round-robin	the next one for every answer
 *	random		any, for every answer
 *	client-hash	always the same for a client's address
 *	least-loaded	the one whose translator is loaded least
 *
 * In all modes but "all" the addresses of one answer have the same prefix, as
 * far as their IPv4 ranges allow.
 */
#ifndef DNS64D_POLICY_BALANCE_H
#define DNS64D_POLICY_BALANCE_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rng.h"

#include "policy.h"

/* The better ones first. */
enum balance_state {
	BALANCE_UP,	  /* serves, or nothing is known of it */
	BALANCE_DRAINING, /* serves what it has, wants no more */
	BALANCE_DOWN
};

/* What is known of a translator. */
struct balance_target {
	enum balance_state state;
	unsigned load; /* of its session limit, in percent */
};

/* The prefixes of one view; target[i] may be NULL: nothing is known. */
struct balance {
	const struct dns64_policy *policy;
	const struct balance_target *target[POLICY_PREFIXES_MAX];
	uint32_t turn; /* round-robin */
};

/*
 * What was drawn for one answer. Nothing is drawn before the first address,
 * so that questions without a synthesised answer take no turn: hosts ask for
 * A and AAAA in pairs.
 */
struct balance_pick {
	struct balance *balance;
	const struct rng *rng;
	struct sockaddr_storage client;
	bool drawn;
	uint32_t turn;
	uint64_t weight[POLICY_PREFIXES_MAX]; /* the greatest is chosen */
};

/* policy is borrowed; targets are to be set afterwards. */
void balance_init(struct balance *b, const struct dns64_policy *policy);

/* Begin an answer; balance and rng are borrowed. */
void balance_begin(struct balance_pick *pick, struct balance *balance,
    const struct sockaddr_storage *client, const struct rng *rng);

/*
 * Of the n prefixes with these indices, n > 0, keep those that are to be
 * used, in their order. Only the best state among them counts, so that at
 * least one always stays: when all translators are reported down, that
 * report is the likeliest thing to be wrong.
 * Returns how many were kept.
 *
 * client-hash is rendezvous hashing: each prefix has a weight that depends
 * on the client and on itself alone, and the greatest wins. When one of n
 * goes or comes, only its own 1/n of the clients move. The hash has no
 * secret, so that several dns64d agree. It takes the whole address, not the
 * /64: a large network may be a single one.
 *
 * Among translators that are loaded alike, least-loaded draws one.
 */
size_t balance_choose(struct balance_pick *pick, int *index, size_t n);

/*
 * True when nothing was left to the client, to chance or to the state of
 * translators: everybody would have got the same.
 */
bool balance_is_fixed(const struct balance_pick *pick);

/*
 * policy_synthesise with what balance_choose leaves; pick NULL: everything.
 * out: room for POLICY_PREFIXES_MAX. Returns how many were written.
 */
size_t balance_synthesise(struct balance_pick *pick,
    const struct dns64_policy *policy, struct in_addr addr4,
    struct in6_addr *out);

#endif
