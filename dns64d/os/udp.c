/*
 * The part of udp.h that is the same on all systems.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "udp.h"

#define BIND_ATTEMPTS 16
#define PORT_MIN 1024

socklen_t
udp_addrlen(const struct sockaddr_storage *addr)
{
	switch (addr->ss_family) {
	case AF_INET:
		return (sizeof(struct sockaddr_in));
	case AF_INET6:
		return (sizeof(struct sockaddr_in6));
	default:
		return (0);
	}
}

static int
bind_random(int fd, sa_family_t family)
{
	struct sockaddr_storage ss = { .ss_family = family };
	struct sockaddr_in *sin = (void *)&ss;
	struct sockaddr_in6 *sin6 = (void *)&ss;
	in_port_t port;
	int i;

	for (i = 0; i < BIND_ATTEMPTS; i++) {
		port = htons(PORT_MIN + arc4random_uniform(65536 - PORT_MIN));
		if (family == AF_INET)
			sin->sin_port = port;
		else
			sin6->sin6_port = port;
		if (bind(fd, (struct sockaddr *)&ss, udp_addrlen(&ss)) == 0)
			return (0);
		/* EACCES: a port that the system has reserved. */
		if (errno != EADDRINUSE && errno != EACCES)
			break;
	}
	return (-1);
}

int
udp_connect(const struct sockaddr_storage *to)
{
	int fd;

	fd = socket(to->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return (-1);
	if (bind_random(fd, to->ss_family) == -1 ||
	    connect(fd, (const struct sockaddr *)to, udp_addrlen(to)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}
