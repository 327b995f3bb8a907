#include <sys/types.h>
#include <sys/socket.h>

#include <ifaddrs.h>
#include <stdbool.h>

#include "hostaddr.h"

static bool
is_usable(const struct in6_addr *addr, const struct pref64 *prefixes,
    size_t nprefixes)
{
	if (IN6_IS_ADDR_LINKLOCAL(addr) || IN6_IS_ADDR_LOOPBACK(addr) ||
	    IN6_IS_ADDR_MULTICAST(addr) || IN6_IS_ADDR_SITELOCAL(addr))
		return (false);
	return (pref64_find(prefixes, nprefixes, addr) == -1);
}

int
hostaddr_global6(const struct pref64 *prefixes, size_t nprefixes,
    struct in6_addr *addr)
{
	const struct sockaddr_in6 *sin6;
	struct ifaddrs *list, *i;
	int rc = -1;

	if (getifaddrs(&list) == -1)
		return (-1);
	for (i = list; i != NULL && rc == -1; i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET6)
			continue;
		sin6 = (const struct sockaddr_in6 *)(const void *)i->ifa_addr;
		if (!is_usable(&sin6->sin6_addr, prefixes, nprefixes))
			continue;
		*addr = sin6->sin6_addr;
		rc = 0;
	}
	freeifaddrs(list);
	return (rc);
}
