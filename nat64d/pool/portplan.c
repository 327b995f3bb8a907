/*
 * Blocks of ports by computation. Knows the configuration only.
 */
#include <string.h>

#include "portplan.h"

/* As many subscribers as there can be blocks of a pool. */
#define MAX_INDEX_BITS 28

/* The ports that all protocols have, none of them a system port. */
static struct port_range
common_ports(const struct pool4_range *r)
{
	struct port_range ports = { POOL4_FIRST_BLOCK, UINT16_MAX };
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (r->ports[proto].first > ports.first)
			ports.first = r->ports[proto].first;
		if (r->ports[proto].last < ports.last)
			ports.last = r->ports[proto].last;
	}
	return (ports);
}

/* The holes of all protocols together; false: there are too many. */
static bool
join_holes(const struct pool4_range *r, struct portlist *holes)
{
	unsigned proto, i;

	for (proto = 0; proto < L4_NPROTO; proto++)
		for (i = 0; i < r->holes[proto].n; i++)
			if (!portlist_add(holes, r->holes[proto].ranges[i]))
				return (false);
	return (true);
}

static const char *
divide(struct portplan *p, const struct pool4_range *r)
{
	struct port_range ports = common_ports(r);

	if (ports.first <= ports.last)
		p->n_blocks = (ports.last - ports.first + 1u) / r->block_size;
	if (p->n_blocks == 0)
		return ("fewer ports than a block has: it needs ports from "
			"1024 on that tcp, udp and icmp have in common");
	if (!join_holes(r, &p->holes))
		return ("more than 16 ranges of ports are left out of tcp, "
			"udp or icmp");
	ports.last = (uint16_t)(ports.first + p->n_blocks * r->block_size - 1);
	p->ports = ports;
	if (portlist_count(&p->holes, ports) == p->n_blocks * r->block_size)
		return ("no port left for blocks");
	return (NULL);
}

/* Has each fixed block a port? */
static const char *
check_fixed(const struct portplan *p)
{
	unsigned i;

	for (i = 0; i < p->n_fixed; i++)
		if (portlist_count(&p->holes, portplan_ports(p, i)) ==
		    p->block_size)
			return ("deterministic: a subscriber would have no "
				"port: all of its block are left out");
	return (NULL);
}

static const char *
fix(struct portplan *p, const struct pool4_range *r, unsigned subscriber_len)
{
	uint64_t n_subscribers;

	p->first = ntohl(r->first.s_addr);
	p->n_addrs = ntohl(r->last.s_addr) - p->first + 1;
	p->clients = r->clients;
	p->subscriber_len = subscriber_len;
	if (subscriber_len < r->clients.len ||
	    subscriber_len - r->clients.len > MAX_INDEX_BITS)
		return ("deterministic: more subscribers than blocks: use "
			"more addresses, smaller blocks, a longer prefix "
			"after \"for\" or a shorter \"subscriber "
			"prefix-length\"");
	n_subscribers = UINT64_C(1) << (subscriber_len - r->clients.len);
	p->n_fixed = (unsigned)((n_subscribers + p->n_addrs - 1) / p->n_addrs);
	if (p->n_fixed > p->n_blocks) {
		p->n_fixed = 0;
		return ("deterministic: more subscribers than blocks: use "
			"more addresses, smaller blocks, a longer prefix "
			"after \"for\" or a shorter \"subscriber "
			"prefix-length\"");
	}
	return (check_fixed(p));
}

const char *
portplan_init(struct portplan *p, const struct pool4_range *r,
    unsigned subscriber_len)
{
	const char *error;

	memset(p, 0, sizeof(*p));
	if (r->block_size == 0)
		return (NULL);
	p->block_size = r->block_size;
	error = divide(p, r);
	if (error != NULL || !r->deterministic)
		return (error);
	if (r->clients.family == 0)
		return ("deterministic: \"for\" with the prefix of the "
			"subscribers is missing");
	return (subscriber_len > 0 ? fix(p, r, subscriber_len) : NULL);
}

struct port_range
portplan_ports(const struct portplan *p, unsigned number)
{
	const unsigned first = p->ports.first + number * p->block_size;

	return ((struct port_range){ (uint16_t)first,
	    (uint16_t)(first + p->block_size - 1) });
}

/* The bit of an address, counted from the left. */
static unsigned
get_bit(const struct in6_addr *addr, unsigned bit)
{
	return (addr->s6_addr[bit / 8] >> (7 - bit % 8) & 1u);
}

bool
portplan_find(const struct portplan *p, const struct in6_addr *client,
    uint32_t *addr, unsigned *number)
{
	uint32_t i = 0;
	unsigned bit;

	if (p->n_fixed == 0 || !prefix_match6(&p->clients, client))
		return (false);
	for (bit = p->clients.len; bit < p->subscriber_len; bit++)
		i = i << 1 | get_bit(client, bit);
	*addr = p->first + i / p->n_fixed;
	*number = i % p->n_fixed;
	return (true);
}

bool
portplan_holder(const struct portplan *p, uint32_t addr, unsigned number,
    struct in6_addr *holder)
{
	const unsigned n_bits = p->subscriber_len - p->clients.len;
	unsigned k, bit;
	uint64_t i;

	if (number >= p->n_fixed || addr - p->first >= p->n_addrs)
		return (false);
	i = (uint64_t)(addr - p->first) * p->n_fixed + number;
	if (i >> n_bits != 0)
		return (false);
	*holder = p->clients.v6;
	for (k = 0; k < n_bits; k++) {
		bit = p->subscriber_len - 1 - k;
		if (i >> k & 1)
			holder->s6_addr[bit / 8] |=
			    (uint8_t)(1u << (7 - bit % 8));
	}
	return (true);
}

static bool
same_list(const struct portlist *a, const struct portlist *b)
{
	return (a->n == b->n &&
	    memcmp(a->ranges, b->ranges, a->n * sizeof(a->ranges[0])) == 0);
}

bool
portplan_same(const struct portplan *a, const struct portplan *b)
{
	if (a->block_size != b->block_size || a->n_blocks != b->n_blocks ||
	    a->n_fixed != b->n_fixed || a->ports.first != b->ports.first ||
	    !same_list(&a->holes, &b->holes))
		return (false);
	return (a->n_fixed == 0 ||
	    (a->first == b->first && a->n_addrs == b->n_addrs &&
		a->subscriber_len == b->subscriber_len &&
		a->clients.len == b->clients.len &&
		IN6_ARE_ADDR_EQUAL(&a->clients.v6, &b->clients.v6)));
}
