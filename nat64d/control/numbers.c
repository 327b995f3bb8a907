#include "numbers.h"

const char *
numbers_proto(enum l4proto proto)
{
	static const char *const names[L4_NPROTO] = {
		[L4_TCP] = "tcp",
		[L4_UDP] = "udp",
		[L4_ICMP] = "icmp",
	};

	return (names[proto]);
}

uint64_t
numbers_proto_sessions(const struct nat64 *n, enum l4proto proto)
{
	return (nat64_sessions(n)->n_sessions[proto]);
}

uint64_t
numbers_sessions(const struct nat64 *n)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < L4_NPROTO; i++)
		sum += numbers_proto_sessions(n, (enum l4proto)i);
	return (sum);
}

uint64_t
numbers_bindings(const struct nat64 *n, enum l4proto proto)
{
	return (nat64_bib(n, proto)->n_entries);
}

uint64_t
numbers_ports(const struct nat64 *n, enum l4proto proto)
{
	return (pool4_capacity(nat64_pool(n), proto));
}

uint64_t
numbers_available(const struct nat64 *n, enum l4proto proto)
{
	return (pool4_n_free_all(nat64_pool(n), proto));
}

uint64_t
numbers_drops(const struct nat64_stats *stats)
{
	uint64_t sum = 0;
	int i;

	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++)
		sum += stats->drops[i];
	return (sum);
}

const char *
numbers_no_pool(const struct nat64 *n)
{
	if (pool4_n_addrs(nat64_pool(n)) == 0)
		return ("no IPv4 address in the pool: nothing is translated");
	return (NULL);
}

const char *
numbers_not_up(const struct nat64 *n)
{
	if (nat64_role(n) == NAT64_ROLE_STANDBY)
		return ("standby: another node translates");
	return (numbers_no_pool(n));
}

const char *
numbers_not_ready(const struct nat64 *n)
{
	const char *why = numbers_not_up(n);

	if (why != NULL)
		return (why);
	if (nat64_role(n) == NAT64_ROLE_LEAVING)
		return ("leaving: another node is to translate");
	if (nat64_is_draining(n))
		return ("draining: no new clients are wanted here");
	return (NULL);
}
