/*
 * The addresses of a pool. Owns their order and their groups; of ports it knows
 * only the configured ranges.
 */
#include <stdlib.h>
#include <string.h>

#include "common/net/ip4class.h"

#include "pool4_addrs.h"

static const char *
check_range(const struct pool4_range *r)
{
	const uint32_t first = ntohl(r->first.s_addr);
	const uint32_t last = ntohl(r->last.s_addr);
	struct portplan plan;
	unsigned proto;

	if (first > last)
		return ("first address above the last one");
	if (last - first >= POOL4_MAX_ADDRS)
		return ("more than 65536 addresses");
	/* These blocks are at least as large as a range: check its ends. */
	if (ip4_is_never_unicast(r->first) || ip4_is_never_unicast(r->last))
		return ("not unicast addresses");
	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (r->ports[proto].first > r->ports[proto].last)
			return ("first port above the last one");
		if (proto != L4_ICMP && r->ports[proto].last == 0)
			return ("port 0 cannot be used");
		if (portlist_count(&r->holes[proto], r->ports[proto]) ==
		    r->ports[proto].last - r->ports[proto].first + 1u)
			return ("no port left");
	}
	return (portplan_init(&plan, r, 0));
}

static bool
overlap(const struct pool4_range *a, const struct pool4_range *b)
{
	return (ntohl(a->first.s_addr) <= ntohl(b->last.s_addr) &&
	    ntohl(b->first.s_addr) <= ntohl(a->last.s_addr));
}

static bool
same_clients(const struct prefix *a, const struct prefix *b)
{
	if (a->family != b->family)
		return (false);
	return (a->family == 0 ||
	    (a->len == b->len && IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6)));
}

/* Is r the first range with its prefix of clients? */
static bool
has_new_clients(const struct pool4_range *ranges, const struct pool4_range *r)
{
	const struct pool4_range *before;

	for (before = ranges; before < r; before++)
		if (same_clients(&before->clients, &r->clients))
			return (false);
	return (r->clients.family != 0);
}

const char *
pool4_check(const struct pool4_range *ranges, size_t n_ranges)
{
	const struct pool4_range *a, *b;
	const char *error;
	unsigned n_clients = 0;
	uint64_t n_addrs = 0;

	if (n_ranges == 0)
		return ("no address");
	for (a = ranges; a < ranges + n_ranges; a++) {
		if ((error = check_range(a)) != NULL)
			return (error);
		for (b = ranges; b < a; b++)
			if (overlap(a, b))
				return ("overlaps another range");
			else if (same_clients(&a->clients, &b->clients) &&
			    (a->block_size == 0) != (b->block_size == 0))
				return ("blocks are for all addresses of the "
					"same clients or for none");
		n_addrs += ntohl(a->last.s_addr) - ntohl(a->first.s_addr) + 1;
		if (n_addrs > POOL4_MAX_ADDRS)
			return ("more than 65536 addresses");
		n_clients += has_new_clients(ranges, a);
		if (n_clients > POOL4_MAX_CLIENTS)
			return ("more than 64 prefixes of clients");
	}
	return (NULL);
}

/* Do two ranges share a prefix of clients of which one is deterministic? */
static bool
fixed_twice(const struct pool4_range *a, const struct pool4_range *b)
{
	return ((a->deterministic || b->deterministic) &&
	    same_clients(&a->clients, &b->clients));
}

const char *
pool4_check_plans(const struct pool4_range *ranges, size_t n_ranges,
    unsigned subscriber_len)
{
	const struct pool4_range *a, *b;
	struct portplan plan;
	const char *error;

	for (a = ranges; a < ranges + n_ranges; a++) {
		error = portplan_init(&plan, a, subscriber_len);
		if (error != NULL)
			return (error);
		for (b = ranges; b < a; b++)
			if (fixed_twice(a, b))
				return ("deterministic: the same clients "
					"have another pool");
	}
	return (NULL);
}

/* Copy the ports of a range, without port 0 of TCP and UDP. */
static void
copy_ports(struct port_range to[L4_NPROTO],
    const struct port_range from[L4_NPROTO])
{
	memcpy(to, from, L4_NPROTO * sizeof(*to));
	if (to[L4_TCP].first == 0)
		to[L4_TCP].first = 1;
	if (to[L4_UDP].first == 0)
		to[L4_UDP].first = 1;
}

/* With blocks each protocol gets the same ports. */
static void
divide(struct addr_range *to, const struct pool4_range *from,
    unsigned subscriber_len)
{
	unsigned proto;

	/* What is wrong has been found by pool4_check_plans(). */
	(void)portplan_init(&to->plan, from, subscriber_len);
	to->max_blocks = from->max_blocks;
	for (proto = 0; to->plan.block_size != 0 && proto < L4_NPROTO;
	     proto++) {
		to->ports[proto] = to->plan.ports;
		to->holes[proto] = to->plan.holes;
	}
}

/* Insert a range into a->ranges[0 .. n), which are ascending. */
static void
insert_range(struct pool4_addrs *a, size_t n, const struct pool4_range *from,
    unsigned subscriber_len)
{
	const uint32_t first = ntohl(from->first.s_addr);
	struct addr_range *to;

	for (; n > 0 && a->ranges[n - 1].first > first; n--)
		a->ranges[n] = a->ranges[n - 1];
	to = &a->ranges[n];
	to->first = first;
	to->last = ntohl(from->last.s_addr);
	copy_ports(to->ports, from->ports);
	memcpy(to->holes, from->holes, sizeof(to->holes));
	to->clients = from->clients;
	divide(to, from, subscriber_len);
}

/* Find or make the group of a range, and count its addresses. */
static void
add_to_group(struct pool4_addrs *a, struct addr_range *r)
{
	uint32_t i;

	for (i = 0; i < a->n_groups; i++)
		if (same_clients(&a->groups[i].clients, &r->clients))
			break;
	if (i == a->n_groups)
		a->groups[a->n_groups++].clients = r->clients;
	r->group = i;
	if (r->plan.n_fixed > 0)
		a->groups[i].computed = r;
	a->groups[i].has_blocks = r->plan.block_size != 0;
	a->groups[i].n_addrs += r->last - r->first + 1;
}

int
pool4_addrs_init(struct pool4_addrs *a, const struct pool4_range *ranges,
    size_t n_ranges, unsigned subscriber_len)
{
	struct addr_range *r;
	size_t i;

	memset(a, 0, sizeof(*a));
	a->ranges = calloc(n_ranges + 1, sizeof(*a->ranges));
	a->groups = calloc(n_ranges + 1, sizeof(*a->groups));
	if (a->ranges == NULL || a->groups == NULL)
		return (-1);
	a->n_ranges = n_ranges;
	for (i = 0; i < n_ranges; i++)
		insert_range(a, i, &ranges[i], subscriber_len);
	for (r = a->ranges; r < a->ranges + n_ranges; r++) {
		r->base = (uint32_t)a->n_addrs;
		a->n_addrs += r->last - r->first + 1;
		add_to_group(a, r);
	}
	return (0);
}

void
pool4_addrs_clear(struct pool4_addrs *a)
{
	free(a->ranges);
	free(a->groups);
	a->ranges = NULL;
	a->groups = NULL;
}

int32_t
pool4_addrs_index(const struct pool4_addrs *a, struct in_addr addr)
{
	const uint32_t host = ntohl(addr.s_addr);
	const struct addr_range *r;
	size_t low = 0, high = a->n_ranges, mid;

	while (low < high) {
		mid = (low + high) / 2;
		r = &a->ranges[mid];
		if (host < r->first)
			high = mid;
		else if (host > r->last)
			low = mid + 1;
		else
			return ((int32_t)(r->base + (host - r->first)));
	}
	return (-1);
}

bool
pool4_addrs_has_port(const struct addr_range *r, enum l4proto proto,
    uint16_t port)
{
	const struct port_range *ports = &r->ports[proto];

	return (port >= ports->first && port <= ports->last &&
	    !portlist_has(&r->holes[proto], port));
}

uint32_t
pool4_addrs_n_ports(const struct addr_range *r, enum l4proto proto,
    uint16_t first, uint16_t last)
{
	struct port_range ports = r->ports[proto];

	if (ports.first < first)
		ports.first = first;
	if (ports.last > last)
		ports.last = last;
	if (ports.first > ports.last)
		return (0);
	return (ports.last - ports.first + 1u -
	    portlist_count(&r->holes[proto], ports));
}

const struct addr_range *
pool4_addrs_range(const struct pool4_addrs *a, uint32_t index)
{
	size_t low = 0, high = a->n_ranges, mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (a->ranges[mid].base <= index)
			low = mid;
		else
			high = mid;
	}
	return (&a->ranges[low]);
}

int32_t
pool4_addrs_find_group(const struct pool4_addrs *a,
    const struct in6_addr *client)
{
	const struct prefix *p;
	int32_t best = -1;
	int len = -1;
	uint32_t i;

	for (i = 0; i < a->n_groups; i++) {
		p = &a->groups[i].clients;
		if (p->family == 0) {
			if (best == -1)
				best = (int32_t)i;
		} else if (p->len > len && prefix_match6(p, client)) {
			best = (int32_t)i;
			len = p->len;
		}
	}
	return (best);
}

uint32_t
pool4_addrs_of_group(const struct pool4_addrs *a, uint32_t group, uint32_t n)
{
	const struct addr_range *r;
	uint32_t n_addrs;

	for (r = a->ranges; r < a->ranges + a->n_ranges; r++) {
		if (r->group != group)
			continue;
		n_addrs = r->last - r->first + 1;
		if (n < n_addrs)
			return (r->base + n);
		n -= n_addrs;
	}
	return (0);
}

void
pool4_addrs_fill(struct portset *free_ports, const struct addr_range *r,
    enum l4proto proto)
{
	const struct portlist *holes = &r->holes[proto];
	uint32_t port;
	unsigned i;

	portset_init(free_ports, r->ports[proto].first, r->ports[proto].last);
	for (i = 0; i < holes->n; i++)
		for (port = holes->ranges[i].first;
		     port <= holes->ranges[i].last; port++)
			if (portset_has(free_ports, (uint16_t)port))
				portset_remove(free_ports, (uint16_t)port);
}
