#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/notify.h"

#include "activation.h"

static struct {
	struct {
		int fd;
		int type;
		struct sockaddr_storage addr;
		unsigned uses;
	} v[NOTIFY_FDS_MAX];
	unsigned n;
} sockets;

static int
get_option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return (getsockopt(fd, level, name, &value, &len) == 0 ? value : -1);
}

/* Why a descriptor cannot be used; NULL: it can. */
static const char *
refuse(int fd, int type, const struct sockaddr_storage *addr)
{
	if (addr->ss_family != AF_INET && addr->ss_family != AF_INET6)
		return ("is no socket of IPv4 or IPv6");
	if (type != SOCK_DGRAM && type != SOCK_STREAM)
		return ("is no socket of UDP or TCP");
	if (type == SOCK_STREAM &&
	    get_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0)
		return ("is a connection: say \"Accept=no\" in the unit of "
			"the socket");
	if (addr->ss_family == AF_INET6 &&
	    get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0)
		return ("receives IPv4 as well: say "
			"\"BindIPv6Only=ipv6-only\" in the unit of the "
			"socket");
	return (NULL);
}

static void
take(void *arg, int fd, const char *name)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);
	int type = get_option(fd, SOL_SOCKET, SO_TYPE);
	const char *why;

	(void)arg;
	(void)name;
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1)
		fatal("descriptor %d of LISTEN_FDS", fd);
	if ((why = refuse(fd, type, &addr)) != NULL)
		fatalx("descriptor %d of LISTEN_FDS %s", fd, why);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1)
		fatal("descriptor %d of LISTEN_FDS", fd);
	sockets.v[sockets.n].fd = fd;
	sockets.v[sockets.n].type = type;
	sockets.v[sockets.n++].addr = addr;
}

void
activation_begin(void)
{
	notify_each_fd(take, NULL);
}

bool
activation_is_used(void)
{
	return (sockets.n > 0);
}

static bool
same_addr(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return (false);
	if (a->ss_family == AF_INET)
		return (a4->sin_port == b4->sin_port &&
		    a4->sin_addr.s_addr == b4->sin_addr.s_addr);
	return (a6->sin6_port == b6->sin6_port &&
	    a6->sin6_scope_id == b6->sin6_scope_id &&
	    memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) ==
		0);
}

/* The index of the one that was used least; -1: there is none. */
static int
find(int type, const struct sockaddr_storage *addr)
{
	int best = -1;
	unsigned i;

	for (i = 0; i < sockets.n; i++) {
		if (sockets.v[i].type == type &&
		    same_addr(&sockets.v[i].addr, addr) &&
		    (best == -1 || sockets.v[i].uses < sockets.v[best].uses))
			best = (int)i;
	}
	return (best);
}

bool
activation_has(int type, const struct sockaddr_storage *addr)
{
	return (find(type, addr) != -1);
}

int
activation_socket(int type, const struct sockaddr_storage *addr)
{
	int fd, i = find(type, addr);

	if (i == -1) {
		errno = ENOENT;
		return (-1);
	}
	fd = fcntl(sockets.v[i].fd, F_DUPFD_CLOEXEC, 0);
	if (fd != -1)
		sockets.v[i].uses++;
	return (fd);
}

void
activation_warn(void)
{
	char buf[SOCKADDR_STRLEN];
	unsigned i;

	for (i = 0; i < sockets.n; i++) {
		if (sockets.v[i].uses == 0)
			log_warn("descriptor %d of LISTEN_FDS, %s %s, is not "
				 "used: add \"listen on\" with this address, "
				 "and have no more sockets for it than "
				 "workers",
			    sockets.v[i].fd,
			    sockets.v[i].type == SOCK_DGRAM ? "udp" : "tcp",
			    sockaddr_print(&sockets.v[i].addr, buf,
				sizeof(buf)));
	}
}
