/*
 * FreeBSD and NetBSD: IP_BINDANY, IPV6_BINDANY. Needs root.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include "freebind.h"

int
freebind_allow(int fd, sa_family_t family)
{
	int on = 1;

	if (family == AF_INET)
		return (
		    setsockopt(fd, IPPROTO_IP, IP_BINDANY, &on, sizeof(on)));
	return (setsockopt(fd, IPPROTO_IPV6, IPV6_BINDANY, &on, sizeof(on)));
}
