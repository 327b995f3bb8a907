#include "pair.h"

enum pair_node_state
pair_node_state(const struct pair_node *node)
{
	if (node->lost >= PAIR_LOST)
		return (PAIR_NODE_LOST);
	if (node->lost > 0 || !node->answered)
		return (PAIR_NODE_UNKNOWN);
	return (node->metrics.up ? PAIR_NODE_ACTIVE : PAIR_NODE_STANDBY);
}

const char *
pair_node_state_name(enum pair_node_state state)
{
	switch (state) {
	case PAIR_NODE_ACTIVE:
		return ("active");
	case PAIR_NODE_STANDBY:
		return ("standby");
	case PAIR_NODE_LOST:
		return ("lost");
	case PAIR_NODE_UNKNOWN:
		break;
	}
	return ("unknown");
}

static void
set(struct pair *p, enum balance_state state, const char *why)
{
	p->state = state;
	p->why = why;
}

/* If both say so, the one that did so first. */
static bool
find_active(struct pair *p)
{
	size_t i, n;

	for (n = 0; n < p->n; n++) {
		i = (p->active + n) % p->n;
		if (pair_node_state(&p->node[i]) != PAIR_NODE_ACTIVE)
			continue;
		p->active = i;
		return (true);
	}
	return (false);
}

static bool
any(const struct pair *p, enum pair_node_state state)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (pair_node_state(&p->node[i]) == state)
			return (true);
	return (false);
}

unsigned
pair_failover_ms(const struct pair *p, struct monotime now)
{
	const struct monotime end =
	    monotime_add_ms(p->since, PAIR_FAILOVER_MS);

	if (!p->failing || p->n == 1 || monotime_reached(end, now))
		return (0);
	return ((unsigned)((end.ns - now.ns) / 1000000) + 1);
}

void
pair_observe(struct pair *p, size_t index, struct monotime now)
{
	if (find_active(p)) {
		p->failing = false;
		if (p->node[p->active].metrics.draining)
			set(p, BALANCE_DRAINING, "nat64d_draining is 1");
		else
			set(p, BALANCE_UP, NULL);
		return;
	}
	if (!p->failing) {
		p->failing = true;
		p->since = p->node[index].asked;
	}
	if (pair_failover_ms(p, now) > 0 || any(p, PAIR_NODE_UNKNOWN))
		return;
	if (any(p, PAIR_NODE_STANDBY))
		set(p, BALANCE_DRAINING, "nat64d_up is 0");
	else
		set(p, BALANCE_DOWN, p->node[index].why);
}
