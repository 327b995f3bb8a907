/*
 * Linux: IP_FREEBIND, IPV6_FREEBIND (4.15). Needs no privilege.
 */
#include <netinet/in.h>

#include "freebind.h"

/* From linux/in6.h, which conflicts with netinet/in.h. */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

int
freebind_allow(int fd, sa_family_t family)
{
	int on = 1;

	if (family == AF_INET)
		return (
		    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)));
	return (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)));
}
