/*
 * The BSDs: the routing socket, route(4), reports changes, and getifaddrs(3)
 * lists addresses. Routes are not looked up, since the systems differ in that.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet6/in6_var.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/addr.h"

#include "hostwatch.h"

/* A message with all its addresses is smaller. */
#define BUFSIZE 8192

/* Messages of one hostwatch_read(). */
#define MAX_READS 32

struct hostwatch {
	int news;
	int ctl; /* an IPv6 socket, for ioctls that return flags of addresses */
	uint8_t buf[BUFSIZE];
};

struct hostwatch *
hostwatch_open(unsigned kinds)
{
	struct hostwatch *w;
	int flags;

	(void)kinds;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->news = socket(PF_ROUTE, SOCK_RAW, 0);
	/* -1: the kernel has no IPv6. */
	w->ctl = socket(AF_INET6, SOCK_DGRAM, 0);
	if (w->ctl != -1)
		(void)fcntl(w->ctl, F_SETFD, FD_CLOEXEC);
	if (w->news == -1 || fcntl(w->news, F_SETFD, FD_CLOEXEC) == -1 ||
	    (flags = fcntl(w->news, F_GETFL)) == -1 ||
	    fcntl(w->news, F_SETFL, flags | O_NONBLOCK) == -1) {
		hostwatch_close(w);
		return (NULL);
	}
	return (w);
}

void
hostwatch_close(struct hostwatch *w)
{
	int saved_errno = errno;

	if (w == NULL)
		return;
	if (w->news != -1)
		close(w->news);
	if (w->ctl != -1)
		close(w->ctl);
	free(w);
	errno = saved_errno;
}

int
hostwatch_fd(const struct hostwatch *w)
{
	return (w->news);
}

static unsigned
kind(unsigned type)
{
	switch (type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return (HOSTWATCH_ADDR);
	case RTM_IFINFO:
#ifdef RTM_IFANNOUNCE
	case RTM_IFANNOUNCE:
#endif
		return (HOSTWATCH_LINK);
	case RTM_ADD:
	case RTM_DELETE:
	case RTM_CHANGE:
		return (HOSTWATCH_ROUTE);
#ifdef RTM_DESYNC
	case RTM_DESYNC: /* OpenBSD: the queue was full */
		return (HOSTWATCH_ALL);
#endif
	}
	return (0);
}

/* Each read returns one message; all kinds begin like struct rt_msghdr. */
unsigned
hostwatch_read(struct hostwatch *w)
{
	unsigned what = 0, i;
	ssize_t n;

	for (i = 0; i < MAX_READS; i++) {
		n = read(w->news, w->buf, sizeof(w->buf));
		if (n == -1 && errno == EINTR)
			continue;
		/* The queue was full: more may follow. */
		if (n == -1 && errno == ENOBUFS) {
			what = HOSTWATCH_ALL;
			continue;
		}
		if (n <= 0)
			break;
		if ((size_t)n > offsetof(struct rt_msghdr, rtm_type))
			what |=
			    kind(w->buf[offsetof(struct rt_msghdr, rtm_type)]);
	}
	return (what);
}

static unsigned
addr_flags(const struct hostwatch *w, const struct ifaddrs *i,
    const struct sockaddr_in6 *sin6)
{
	struct in6_ifreq ifr;
	unsigned flags = 0;
	int f;

	memset(&ifr, 0, sizeof(ifr));
	strlcpy(ifr.ifr_name, i->ifa_name, sizeof(ifr.ifr_name));
	ifr.ifr_addr = *sin6;
	if (w->ctl == -1 || ioctl(w->ctl, SIOCGIFAFLAG_IN6, &ifr) == -1)
		return (0);
	f = ifr.ifr_ifru.ifru_flags6;
	if ((f & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED)) != 0)
		flags |= HOSTADDR_UNUSABLE;
	if ((f & IN6_IFF_DEPRECATED) != 0)
		flags |= HOSTADDR_DEPRECATED;
	if ((f & IN6_IFF_TEMPORARY) != 0)
		flags |= HOSTADDR_TEMPORARY;
	return (flags);
}

/* The length of a mask, whose trailing zero octets may be missing. */
static unsigned char
mask_len(const struct sockaddr *mask, size_t offset)
{
	uint8_t octets[sizeof(struct in6_addr)] = { 0 };
	size_t i;
	int len;

	for (i = 0;
	     mask != NULL && offset + i < mask->sa_len && i < sizeof(octets);
	     i++)
		octets[i] = ((const uint8_t *)mask)[offset + i];
	len = netmask_len(octets, sizeof(octets));
	return (len > 0 ? (unsigned char)len : 0);
}

static void
offer_addr(struct hostwatch *w, const struct ifaddrs *i, hostaddr_fn fn,
    void *arg)
{
	struct hostaddr a = { .family = i->ifa_addr->sa_family,
		.ifindex = if_nametoindex(i->ifa_name) };
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (a.family == AF_INET) {
		memcpy(&sin, i->ifa_addr, sizeof(sin));
		a.v4 = sin.sin_addr;
		a.len = mask_len(i->ifa_netmask,
		    offsetof(struct sockaddr_in, sin_addr));
	} else {
		memcpy(&sin6, i->ifa_addr, sizeof(sin6));
		a.v6 = sin6.sin6_addr;
		a.len = mask_len(i->ifa_netmask,
		    offsetof(struct sockaddr_in6, sin6_addr));
		a.flags = addr_flags(w, i, &sin6);
	}
	fn(arg, &a);
}

int
hostwatch_addrs(struct hostwatch *w, sa_family_t family, hostaddr_fn fn,
    void *arg)
{
	struct ifaddrs *list, *i;
	sa_family_t f;

	if (getifaddrs(&list) == -1)
		return (-1);
	for (i = list; i != NULL; i = i->ifa_next) {
		f = i->ifa_addr != NULL ? i->ifa_addr->sa_family : AF_UNSPEC;
		if ((f == AF_INET || f == AF_INET6) &&
		    (family == AF_UNSPEC || f == family))
			offer_addr(w, i, fn, arg);
	}
	freeifaddrs(list);
	return (0);
}

int
hostwatch_link(struct hostwatch *w, unsigned ifindex, const char *name,
    struct host_link *l)
{
	const struct if_data *data;
	struct ifaddrs *list, *i;
	char found[IF_NAMESIZE];

	(void)w;
	memset(l, 0, sizeof(*l));
	if (ifindex != 0 && if_indextoname(ifindex, found) == NULL) {
		errno = ENODEV;
		return (-1);
	}
	if (ifindex != 0)
		name = found;
	if (getifaddrs(&list) == -1)
		return (-1);
	for (i = list; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_LINK &&
		    strcmp(i->ifa_name, name) == 0)
			break;
	if (i != NULL) {
		data = i->ifa_data;
		strlcpy(l->name, name, sizeof(l->name));
		l->ifindex = if_nametoindex(name);
		l->up = (i->ifa_flags & IFF_UP) != 0;
		l->mtu = data != NULL ? (unsigned)data->ifi_mtu : 0;
	}
	freeifaddrs(list);
	errno = ENODEV;
	return (i != NULL ? 0 : -1);
}

int
hostwatch_route(struct hostwatch *w, const struct prefix *dst,
    struct host_route *r)
{
	(void)w;
	(void)dst;
	memset(r, 0, sizeof(*r));
	errno = EOPNOTSUPP;
	return (-1);
}
