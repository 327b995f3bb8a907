/*
 * What is to be thought of a translator, from what its nodes say of themselves:
 * of the one that it has, or of the two of a pair, of which one translates.
 * Pure.
 *
 * A node that answers translates if its metrics have "nat64d_up 1"; a standby
 * says 0. While neither node of a pair translates, the other one is likely to
 * take over, and nothing changes for PAIR_FAILOVER_MS: clients that move to
 * another prefix get another IPv4 address, for nothing.
 */
#ifndef DNS64D_POLICY_PAIR_H
#define DNS64D_POLICY_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

#include "balance.h"
#include "metrics.h"

#define PAIR_NODES 2

/* More than keepalived takes with its default of one second. */
#define PAIR_FAILOVER_MS 5000

/* A node that does not answer so often in a row is lost. */
#define PAIR_LOST 2

enum pair_node_state {
	PAIR_NODE_UNKNOWN, /* it has not been asked, or may be lost */
	PAIR_NODE_ACTIVE,
	PAIR_NODE_STANDBY,
	PAIR_NODE_LOST
};

/* What is known of a node. Set by who asks it (poll.h). */
struct pair_node {
	struct monotime asked;	/* the last time */
	bool answered;		/* at least once */
	unsigned lost;		/* questions without an answer in a row */
	const char *why;	/* the reason for the last of them; static */
	struct metrics metrics; /* of its last answer */
	uint64_t n_polls;
	uint64_t n_lost;
};

/* All zero but n: it is up. */
struct pair {
	size_t n; /* nodes: 1 or PAIR_NODES */
	struct pair_node node[PAIR_NODES];
	size_t active; /* the node that translates, or did so last */
	bool failing;  /* none translates, since: */
	struct monotime since;
	enum balance_state state;
	const char *why; /* the reason if it is not up; static */
};

enum pair_node_state pair_node_state(const struct pair_node *node);

/* "active", "standby", "lost" or "unknown". */
const char *pair_node_state_name(enum pair_node_state state);

/* A question to the node with this index has ended: see what that means. */
void pair_observe(struct pair *p, size_t index, struct monotime now);

/*
 * How many milliseconds, at least 1, the other node of a pair still has to take
 * over; 0: one translates, or it has taken too long, or there is no other.
 */
unsigned pair_failover_ms(const struct pair *p, struct monotime now);

#endif
