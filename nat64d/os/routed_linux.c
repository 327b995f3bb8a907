#include <sys/socket.h>

#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"

#include "routed.h"

/* Lines of these files are shorter. */
#define LINE_SIZE 512

/* A route of type unreachable or prohibit does not count. */
static bool
is_alive(unsigned flags)
{
	return ((flags & RTF_UP) != 0 && (flags & RTF_REJECT) == 0);
}

/* The kernel prints addresses and masks as integers in host byte order. */
bool
routed_line4(const char *line, const char *ifname, const struct prefix *dst)
{
	const uint32_t own = htonl(PREFIX4_MASK(dst->len));
	char name[IF_NAMESIZE];
	uint32_t addr, mask;
	unsigned flags;

	if (sscanf(line, "%15s %8x %*x %x %*u %*u %*u %8x", name, &addr,
		&flags, &mask) != 4)
		return (false);
	return (strcmp(name, ifname) == 0 && is_alive(flags) &&
	    (mask & ~own) == 0 && ((dst->v4.s_addr ^ addr) & mask) == 0);
}

static bool
parse_addr6(const char *hex, struct in6_addr *addr)
{
	unsigned i, byte;

	for (i = 0; i < sizeof(addr->s6_addr); i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return (false);
		addr->s6_addr[i] = (uint8_t)byte;
	}
	return (true);
}

bool
routed_line6(const char *line, const char *ifname, const struct prefix *dst)
{
	struct prefix route = { .family = AF_INET6 };
	char hex[33], name[IF_NAMESIZE];
	unsigned len, flags;

	if (sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %15s", hex, &len,
		&flags, name) != 4 ||
	    strlen(hex) != 32 || len > 128 || !parse_addr6(hex, &route.v6))
		return (false);
	route.len = (unsigned char)len;
	return (strcmp(name, ifname) == 0 && is_alive(flags) &&
	    len <= dst->len && prefix_match6(&route, &dst->v6));
}

bool
routed(const char *ifname, const struct prefix *dst)
{
	const bool is4 = dst->family == AF_INET;
	char line[LINE_SIZE];
	bool found = false;
	FILE *f;

	f = fopen(is4 ? "/proc/net/route" : "/proc/net/ipv6_route", "re");
	if (f == NULL)
		return (false);
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = is4 ? routed_line4(line, ifname, dst) :
			      routed_line6(line, ifname, dst);
	fclose(f);
	return (found);
}
