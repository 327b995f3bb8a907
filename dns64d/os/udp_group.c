#include <string.h>

#include "udp_group.h"

#define SLOTS (2 * UDP_BATCH) /* never full; a power of two */

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "the modulo is a mask");
_Static_assert(UDP_BATCH < UINT8_MAX, "indices fit octets");

static bool
same_path(const struct udp_path *a, const struct udp_path *b)
{
	if (a->local_family != b->local_family || a->ifindex != b->ifindex ||
	    memcmp(&a->peer, &b->peer, udp_addrlen(&a->peer)) != 0)
		return (false);
	switch (a->local_family) {
	case AF_INET:
		return (a->local4.s_addr == b->local4.s_addr);
	case AF_INET6:
		return (
		    memcmp(&a->local6, &b->local6, sizeof(a->local6)) == 0);
	default:
		return (true);
	}
}

/* The port has the same offset in both families. */
static unsigned
slot_of(const struct udp_batch *b, unsigned i)
{
	const struct sockaddr_in *sin = (const void *)&b->msg[i].path.peer;

	return ((sin->sin_port * 31 + b->msg[i].len) % SLOTS);
}

static void
add_group(struct udp_groups *g, unsigned i)
{
	g->v[g->n].first = g->v[g->n].last = i;
	g->v[g->n].n = 1;
	g->n++;
}

static bool
fits(const struct udp_batch *b, const struct udp_groups *g, unsigned group,
    unsigned i)
{
	unsigned first = g->v[group].first;

	return (b->msg[first].len == b->msg[i].len &&
	    (g->v[group].n + 1) * b->msg[i].len <= UDP_GROUP_BYTES &&
	    same_path(&b->msg[first].path, &b->msg[i].path));
}

void
udp_group(const struct udp_batch *b, bool together, struct udp_groups *g)
{
	uint8_t slots[SLOTS] = { 0 }; /* a group, counted from 1 */
	unsigned i, s, group;

	g->n = 0;
	for (i = 0; i < b->n; i++) {
		s = slot_of(b, i);
		while (
		    together && slots[s] != 0 && !fits(b, g, slots[s] - 1, i))
			s = (s + 1) % SLOTS;
		if (!together || slots[s] == 0) {
			add_group(g, i);
			slots[s] = g->n;
			continue;
		}
		group = slots[s] - 1;
		g->next[g->v[group].last] = i;
		g->v[group].last = i;
		g->v[group].n++;
	}
}
