/*
 * Chooses among the prefixes that the policy has for an IPv4 address: removes
 * those whose translator cannot serve and, unless all are wanted, keeps one.
 * Pure: randomness and the states of the translators are arguments.
 *
 *	all		every prefix
 *	round-robin	the next one for every answer
 *	random		any, for every answer
 *	client-hash	always the same one for a client's address
 *	least-loaded	the one whose translator has the least load
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

/* The best first. */
enum balance_state {
	BALANCE_UP,	  /* accepts sessions, or nothing is known */
	BALANCE_DRAINING, /* serves existing sessions, accepts no new ones */
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
 * The choice for one answer. It is made with the first address that has a
 * choice, so that queries without synthesis do not advance round-robin: hosts
 * send queries for A and AAAA in pairs.
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
 * Whether every client would have got the same at any time: the choice did not
 * depend on the client, on chance or on the state of translators.
 */
bool balance_is_fixed(const struct balance_pick *pick);

/*
 * The synthetic addresses of an IPv4 address, in the order of policy_targets,
 * but only with the prefixes that the mode chooses; pick NULL: with all.
 *
 * Of the prefixes for the address, those whose translators have the best state
 * are kept. So at least one is: if all translators are reported down, the
 * reports are likely to be wrong. client-hash is rendezvous hashing: each
 * prefix has a weight that depends on the client and the prefix only, and the
 * prefix with the greatest weight is used. If one of n prefixes is added or
 * removed, 1/n of the clients change theirs. The hash has no secret key, so
 * that several dns64d make the same choice. It covers the whole address, not
 * the /64, because the clients of a large network may all have the same /64.
 * Among translators with equal load, least-loaded chooses at random.
 *
 * out: room for POLICY_PREFIXES_MAX. Returns how many were written.
 */
size_t balance_synthesise(struct balance_pick *pick,
    const struct dns64_policy *policy, struct in_addr addr4,
    struct in6_addr *out);

#endif
