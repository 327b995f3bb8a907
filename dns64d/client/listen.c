#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <unistd.h>

#include "common/os/freebind.h"

#include "dns64d/os/activation.h"
#include "listen.h"
#include "dns64d/os/reuseport.h"
#include "dns64d/os/udp.h"

#define TCP_BACKLOG 128

/*
 * An address that the host has is bound without freebind, which needs a
 * privilege on some systems. While duplicate address detection runs
 * (RFC 4862, 5.4) bind() fails as if the host did not have it.
 */
static int
bind_to(int fd, const struct sockaddr_storage *addr, unsigned how)
{
	const struct sockaddr *sa = (const void *)addr;
	const socklen_t len = udp_addrlen(addr);
	int on = 1;

	if (addr->ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return (-1);
	if ((how & LISTEN_SHARED) != 0 && reuseport_enable(fd) == -1)
		return (-1);
	if ((how & LISTEN_FREEBIND) == 0) {
		if (bind(fd, sa, len) == 0)
			return (0);
		if (errno != EADDRNOTAVAIL)
			return (-1);
	}
	if (freebind_allow(fd, addr->ss_family) == -1) {
		/* Without the privilege, wait for the address. */
		if ((how & LISTEN_FREEBIND) == 0)
			errno = EADDRNOTAVAIL;
		return (-1);
	}
	return (bind(fd, sa, len));
}

/* Close fd and return -1, errno unchanged. */
static int
give_up(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return (-1);
}

static int
take_udp(const struct sockaddr_storage *addr)
{
	int fd = activation_socket(SOCK_DGRAM, addr);

	if (fd != -1 && udp_set_options(fd, addr) == -1)
		return (give_up(fd));
	return (fd);
}

int
listen_udp(const struct sockaddr_storage *addr, unsigned how)
{
	int fd;

	if (activation_has(SOCK_DGRAM, addr))
		return (take_udp(addr));
	fd = socket(addr->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return (-1);
	if (udp_set_options(fd, addr) == -1 || bind_to(fd, addr, how) == -1)
		return (give_up(fd));
	return (fd);
}

int
listen_tcp(const struct sockaddr_storage *addr, unsigned how)
{
	int fd, on = 1;

	if (activation_has(SOCK_STREAM, addr))
		return (activation_socket(SOCK_STREAM, addr));
	fd = socket(addr->ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (-1);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind_to(fd, addr, how) == -1 || listen(fd, TCP_BACKLOG) == -1)
		return (give_up(fd));
	return (fd);
}
