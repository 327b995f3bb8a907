/*
 * Chooses among the prefixes that the policy has for an IPv4 address: removes
 * those whose translator cannot serve and, unless all are wanted, keeps one.
 * Pure: randomness and the states of the translators are arguments.
 *
 *	all		every prefix
 *	round-robin	each in turn
 *	random		any, for every answer
 *	client-hash	always the same one for a client
 *	least-loaded	the same, but of those with little load only
 *
 * In all modes but "all" the addresses of one answer have the same prefix, as
 * far as their IPv4 ranges allow, and each prefix gets answers or clients in
 * proportion to its weight (policy.h).
 *
 * A client is what has the first balance_len4 or balance_len6 bits of its
 * address: a host with temporary addresses (RFC 8981), and by default its whole
 * network, keeps its translator and with that its IPv4 address.
 *
 * client-hash is rendezvous hashing (Thaler and Ravishankar, 1998) with weights
 * (Schindelhauer and Schomaker, 2005): each prefix draws a number from the
 * client and itself only, and the best one for the weight wins. A prefix that
 * is added or removed moves only the clients that it gets or had.
 *
 * least-loaded is the same hash. A prefix whose load is not above the mean has
 * its whole weight, one with BALANCE_BAND more or with LOAD_FAILING has none,
 * and those between have a part in proportion. So clients move one after the
 * other, and one that comes back empty gets its share and no more.
 *
 * BALANCE_BAND is a compromise: loads follow a choice only after the TTL of
 * answers and the life of sessions. With a quarter of it, loads swing for ever
 * (tests/sim); who takes the least loaded one only sends all clients to one
 * translator between two polls.
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

#define BALANCE_BAND 500 /* of LOAD_FULL; see above */

/*
 * If all are down, the reports are likely to be wrong, because this host has
 * lost its way to the translators. Those that went down within this time
 * before the last one are used on; others were down before.
 */
#define BALANCE_TOGETHER_MS 60000

/* The best first. */
enum balance_state {
	BALANCE_UP,	  /* accepts sessions, or nothing is known */
	BALANCE_DRAINING, /* serves, but wants no new clients */
	BALANCE_DOWN
};

/* What is known of a translator. */
struct balance_target {
	enum balance_state state;
	unsigned load;	  /* of LOAD_FULL, damped (load.h) */
	int64_t down_ms;  /* BALANCE_DOWN: since when, on any clock */
	uint64_t answers; /* composed with its prefix; counted here */
};

/* The prefixes of one view; target[i] may be NULL: nothing is known. */
struct balance {
	const struct dns64_policy *policy;
	struct balance_target *target[POLICY_PREFIXES_MAX];
	uint64_t hash[POLICY_PREFIXES_MAX]; /* of each prefix */
	uint32_t turn;			    /* round-robin */
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
	bool counted;
	uint32_t turn;
	uint64_t key; /* of the client, or random */
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
 * are kept, so that at least one is. The hash has no secret key, so that
 * several dns64d make the same choice.
 *
 * out: room for POLICY_PREFIXES_MAX. Returns how many were written.
 */
size_t balance_synthesise(struct balance_pick *pick,
    const struct dns64_policy *policy, struct in_addr addr4,
    struct in6_addr *out);

/*
 * The share of the clients, or with round-robin and random of the answers, that
 * the prefix with this index gets now, in parts of a thousand, of addresses for
 * which there is a choice among all prefixes.
 */
unsigned balance_share(const struct balance *b, size_t index);

#endif
