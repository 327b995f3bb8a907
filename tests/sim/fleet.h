/*
 * A fleet of translators and its clients, as the code of dns64d shares them out
 * (dns64d/policy): who moves when one joins, leaves or drains, and how even the
 * shares are. No time, no packets; the same seed gives the same numbers.
 */
#ifndef TESTS_SIM_FLEET_H
#define TESTS_SIM_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/policy/balance.h"
#include "dns64d/policy/policy.h"

/* A client is a network of its own: a /64 with an address in it. */
struct fleet {
	struct dns64_policy policy;
	struct balance balance;
	struct balance_target target[POLICY_PREFIXES_MAX];
	size_t n_clients;
	uint8_t *now;	 /* the translator of each client */
	uint8_t *before; /* and that before the last event */
	/* What happened since the last answers has to do with these. */
	bool involved[POLICY_PREFIXES_MAX];
	uint64_t seed; /* of rng */
	struct rng rng;
};

struct fleet_result {
	double moved; /* share of the clients that changed theirs */
	double
	    needless; /* the same, but neither from nor to an involved one */
	double max;   /* clients of the fullest one, by the mean */
	double p99;   /* of the one that 99 % of them do not exceed */
};

/*
 * Make a fleet of up to POLICY_PREFIXES_MAX translators and ask once for each
 * client. Ends the program if memory is short.
 */
struct fleet *fleet_new(enum policy_balance mode, size_t n_clients,
    size_t n_translators);

void fleet_free(struct fleet *f);

/* Another number of translators: the last ones join, or are taken out. */
void fleet_resize(struct fleet *f, size_t n_translators);

/*
 * Each client asks again, after the translators that are marked as involved
 * have died, joined or whatever. A move from or to one of them is necessary.
 * Shares are by weight, among the translators that are up. Clears the marks.
 */
struct fleet_result fleet_ask(struct fleet *f);

/* The translator that a client is sent to now. */
unsigned fleet_ask_one(struct fleet *f, size_t client);

#endif
