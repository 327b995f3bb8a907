/*
 * The addresses of a pool. Owns their order; knows nothing of ports but the
 * limits that a range has.
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
	unsigned proto;

	if (first > last)
		return ("first address above the last one");
	if (last - first >= POOL4_MAX_ADDRS)
		return ("more than 65536 addresses");
	/* No such block is smaller than the largest range: its ends tell. */
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
	return (NULL);
}

static bool
overlap(const struct pool4_range *a, const struct pool4_range *b)
{
	return (ntohl(a->first.s_addr) <= ntohl(b->last.s_addr) &&
	    ntohl(b->first.s_addr) <= ntohl(a->last.s_addr));
}

/* Is r the first one for its clients? */
static bool
has_new_clients(const struct pool4_range *ranges, const struct pool4_range *r)
{
	const struct pool4_range *before;

	if (r->clients.family == 0)
		return (false);
	for (before = ranges; before < r; before++)
		if (before->clients.family != 0 &&
		    before->clients.len == r->clients.len &&
		    IN6_ARE_ADDR_EQUAL(&before->clients.v6, &r->clients.v6))
			return (false);
	return (true);
}

const char *
pool4_check(const struct pool4_range *ranges, size_t nranges)
{
	const struct pool4_range *a, *b;
	const char *error;
	unsigned nclients = 0;
	uint64_t naddrs = 0;

	if (nranges == 0)
		return ("no address");
	for (a = ranges; a < ranges + nranges; a++) {
		if ((error = check_range(a)) != NULL)
			return (error);
		for (b = ranges; b < a; b++)
			if (overlap(a, b))
				return ("overlaps another range");
		naddrs += ntohl(a->last.s_addr) - ntohl(a->first.s_addr) + 1;
		if (naddrs > POOL4_MAX_ADDRS)
			return ("more than 65536 addresses");
		nclients += has_new_clients(ranges, a);
		if (nclients > POOL4_MAX_CLIENTS)
			return ("more than 64 prefixes of clients");
	}
	return (NULL);
}

/* The dynamic ports of a range: 0 is none of TCP and UDP. */
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

int
pool4_addrs_init(struct pool4_addrs *a, const struct pool4_range *ranges,
    size_t nranges)
{
	struct addr_range *r;
	size_t i, j;
	uint32_t first;

	a->nranges = nranges;
	a->naddrs = 0;
	a->ranges = calloc(nranges + 1, sizeof(*a->ranges));
	if (a->ranges == NULL)
		return (-1);
	/* Few ranges, once: the simplest sort. */
	for (i = 0; i < nranges; i++) {
		first = ntohl(ranges[i].first.s_addr);
		for (j = i; j > 0 && a->ranges[j - 1].first > first; j--)
			a->ranges[j] = a->ranges[j - 1];
		a->ranges[j].first = first;
		a->ranges[j].last = ntohl(ranges[i].last.s_addr);
		copy_ports(a->ranges[j].ports, ranges[i].ports);
		memcpy(a->ranges[j].holes, ranges[i].holes,
		    sizeof(a->ranges[j].holes));
		a->ranges[j].clients = ranges[i].clients;
	}
	for (r = a->ranges; r < a->ranges + nranges; r++) {
		r->base = (uint32_t)a->naddrs;
		a->naddrs += r->last - r->first + 1;
	}
	return (0);
}

void
pool4_addrs_clear(struct pool4_addrs *a)
{
	free(a->ranges);
	a->ranges = NULL;
}

int32_t
pool4_addrs_index(const struct pool4_addrs *a, struct in_addr addr)
{
	const uint32_t host = ntohl(addr.s_addr);
	const struct addr_range *r;
	size_t low = 0, high = a->nranges, mid;

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
pool4_addrs_nports(const struct addr_range *r, enum l4proto proto,
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
	size_t low = 0, high = a->nranges, mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (a->ranges[mid].base <= index)
			low = mid;
		else
			high = mid;
	}
	return (&a->ranges[low]);
}
