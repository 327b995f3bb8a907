/*
 * Linux: rtnetlink(7). One socket receives notifications, another one is for
 * requests, because a burst of notifications may fill the queue of a socket,
 * so that answers are lost.
 */
#include <sys/socket.h>

/* The kernel's headers leave out what has been defined: libc's first. */
#include <netinet/in.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostwatch.h"
#include "netlink.h"

/* With a smaller MTU an interface has no IPv6 (RFC 8200, 5). */
#define IPV6_MIN_MTU 1280

#define GROUP(g) (1U << ((g)-1))

/* The kernel sends no larger message. */
#define BUFSIZE 32768

/* Messages of one hostwatch_read(). */
#define MAX_READS 32

struct hostwatch {
	int news;
	struct netlink *ask;
	_Alignas(struct nlmsghdr) uint8_t buf[BUFSIZE];
};

/* Routes only on request: a large routing table changes often. */
static unsigned
groups(unsigned kinds)
{
	unsigned groups = 0;

	if ((kinds & HOSTWATCH_ADDR) != 0)
		groups |=
		    GROUP(RTNLGRP_IPV4_IFADDR) | GROUP(RTNLGRP_IPV6_IFADDR);
	if ((kinds & HOSTWATCH_LINK) != 0)
		groups |= GROUP(RTNLGRP_LINK);
	if ((kinds & HOSTWATCH_ROUTE) != 0)
		groups |=
		    GROUP(RTNLGRP_IPV4_ROUTE) | GROUP(RTNLGRP_IPV6_ROUTE);
	if ((kinds & HOSTWATCH_CONF) != 0)
		groups |=
		    GROUP(RTNLGRP_IPV4_NETCONF) | GROUP(RTNLGRP_IPV6_NETCONF);
	return (groups);
}

static int
open_news(unsigned kinds)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
		.nl_groups = groups(kinds) };
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (fd == -1)
		return (-1);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

struct hostwatch *
hostwatch_open(unsigned kinds)
{
	struct hostwatch *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->news = open_news(kinds);
	if (w->news != -1)
		w->ask = netlink_open(NETLINK_ROUTE);
	if (w->ask == NULL) {
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
	netlink_close(w->ask);
	free(w);
	errno = saved_errno;
}

int
hostwatch_fd(const struct hostwatch *w)
{
	return (w->news);
}

/*
 * Notifications.
 */

static unsigned
kind(unsigned type)
{
	switch (type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return (HOSTWATCH_ADDR);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return (HOSTWATCH_LINK);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return (HOSTWATCH_ROUTE);
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		return (HOSTWATCH_CONF);
	}
	return (0);
}

unsigned
hostwatch_read(struct hostwatch *w)
{
	const struct nlmsghdr *m;
	unsigned what = 0, i;
	ssize_t n;
	int left;

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
		left = (int)n;
		for (m = (const void *)w->buf; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left))
			what |= kind(m->nlmsg_type);
	}
	return (what);
}

/*
 * Requests.
 */

struct question {
	struct nlmsghdr head;
	union {
		struct ifaddrmsg addr;
		struct ifinfomsg link;
		struct rtmsg route;
	};
	uint8_t attrs[64];
};

/* Add an attribute to a request of len bytes; returns its new length. */
static size_t
question_add(struct question *q, size_t len, uint16_t type, const void *data,
    size_t size)
{
	const struct rtattr a = { .rta_type = type,
		.rta_len = (uint16_t)RTA_LENGTH(size) };
	uint8_t *end = (uint8_t *)NLMSG_DATA(&q->head) + NLMSG_ALIGN(len);

	memcpy(end, &a, sizeof(a));
	memcpy(end + RTA_LENGTH(0), data, size);
	return (NLMSG_ALIGN(len) + RTA_ALIGN(a.rta_len));
}

/*
 * Addresses.
 */

struct addr_walk {
	hostaddr_fn fn;
	void *arg;
};

static unsigned
addr_flags(uint32_t f)
{
	unsigned flags = 0;

	/* An optimistic one may be used already (RFC 4429). */
	if ((f & IFA_F_DADFAILED) != 0 ||
	    ((f & IFA_F_TENTATIVE) != 0 && (f & IFA_F_OPTIMISTIC) == 0))
		flags |= HOSTADDR_UNUSABLE;
	if ((f & IFA_F_DEPRECATED) != 0)
		flags |= HOSTADDR_DEPRECATED;
	return (flags);
}

static int
addr_answer(void *arg, const struct nlmsghdr *m)
{
	const struct addr_walk *walk = arg;
	const struct ifaddrmsg *ifa = NLMSG_DATA(m);
	struct hostaddr a = { .family = ifa->ifa_family,
		.len = ifa->ifa_prefixlen,
		.ifindex = ifa->ifa_index };
	const size_t size = a.family == AF_INET ? sizeof(a.v4) : sizeof(a.v6);
	void *addr = a.family == AF_INET ? (void *)&a.v4 : (void *)&a.v6;
	uint32_t flags = ifa->ifa_flags;
	struct netlink_attrs attrs;

	if (m->nlmsg_type != RTM_NEWADDR ||
	    (a.family != AF_INET && a.family != AF_INET6))
		return (0);
	netlink_parse(m, sizeof(*ifa), &attrs);
	/* IFA_ADDRESS is the other end of a point-to-point link. */
	if (!netlink_value(&attrs, IFA_LOCAL, addr, size) &&
	    !netlink_value(&attrs, IFA_ADDRESS, addr, size))
		return (0);
	(void)netlink_value(&attrs, IFA_FLAGS, &flags, sizeof(flags));
	a.flags = addr_flags(flags);
	/* For IPv4 the same bit is IFA_F_SECONDARY. */
	if (a.family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0)
		a.flags |= HOSTADDR_TEMPORARY;
	walk->fn(walk->arg, &a);
	return (0);
}

int
hostwatch_addrs(struct hostwatch *w, sa_family_t family, hostaddr_fn fn,
    void *arg)
{
	struct addr_walk walk = { fn, arg };
	struct question q = { .addr.ifa_family = (uint8_t)family };

	return (netlink_ask(w->ask, &q.head, RTM_GETADDR, NLM_F_DUMP,
	    sizeof(q.addr), addr_answer, &walk));
}

/*
 * Interfaces.
 */

/* A sysctl of the interface, out of the array of its family. */
static int32_t
devconf(const struct netlink_attrs *attrs, unsigned type, unsigned i,
    int32_t otherwise)
{
	int32_t values[64];
	const size_t size = (i + 1) * sizeof(values[0]);

	if (size > sizeof(values) || !netlink_value(attrs, type, values, size))
		return (otherwise);
	return (values[i]);
}

static int
link_answer(void *arg, const struct nlmsghdr *m)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(m);
	struct host_link *l = arg;
	struct netlink_attrs attrs, spec, inet;

	netlink_parse(m, sizeof(*ifi), &attrs);
	l->ifindex = (unsigned)ifi->ifi_index;
	l->up = (ifi->ifi_flags & IFF_UP) != 0;
	netlink_string(&attrs, IFLA_IFNAME, l->name, sizeof(l->name));
	(void)netlink_value(&attrs, IFLA_MTU, &l->mtu, sizeof(l->mtu));
	netlink_parse_nested(attrs.at[IFLA_AF_SPEC], &spec);

	/* Without IPv6 the attribute is absent. */
	netlink_parse_nested(spec.at[AF_INET6], &inet);
	l->ipv6_off = l->mtu < IPV6_MIN_MTU ||
	    devconf(&inet, IFLA_INET6_CONF, DEVCONF_DISABLE_IPV6, 1) != 0;
	return (0);
}

int
hostwatch_link(struct hostwatch *w, unsigned ifindex, const char *name,
    struct host_link *l)
{
	const uint32_t mask = RTEXT_FILTER_SKIP_STATS;
	struct question q = { .link.ifi_index = (int)ifindex };
	size_t len;

	memset(l, 0, sizeof(*l));
	if (ifindex == 0 && strlen(name) >= IF_NAMESIZE) {
		errno = ENODEV;
		return (-1);
	}
	len = question_add(&q, sizeof(q.link), IFLA_EXT_MASK, &mask,
	    sizeof(mask));
	if (ifindex == 0)
		len =
		    question_add(&q, len, IFLA_IFNAME, name, strlen(name) + 1);
	return (
	    netlink_ask(w->ask, &q.head, RTM_GETLINK, 0, len, link_answer, l));
}

/*
 * Routes.
 */

struct route_answer {
	struct host_route *route;
	bool refuses;
};

static int
route_answer(void *arg, const struct nlmsghdr *m)
{
	const struct rtmsg *rtm = NLMSG_DATA(m);
	struct route_answer *answer = arg;
	struct host_route *r = answer->route;
	struct netlink_attrs attrs;

	/* For IPv4 routes that refuse the kernel has returned an error. */
	answer->refuses = rtm->rtm_type == RTN_UNREACHABLE ||
	    rtm->rtm_type == RTN_BLACKHOLE || rtm->rtm_type == RTN_PROHIBIT;
	r->len = rtm->rtm_dst_len;
	netlink_parse(m, sizeof(*rtm), &attrs);
	(void)netlink_value(&attrs, RTA_OIF, &r->ifindex, sizeof(r->ifindex));
	return (0);
}

int
hostwatch_route(struct hostwatch *w, const struct prefix *dst,
    struct host_route *r)
{
	const size_t size =
	    dst->family == AF_INET ? sizeof(dst->v4) : sizeof(dst->v6);
	struct route_answer answer = { .route = r };
	struct question q = { .route = { .rtm_family = (uint8_t)dst->family,
				  .rtm_dst_len = (uint8_t)(size * 8),
				  .rtm_flags = RTM_F_FIB_MATCH } };
	size_t len;

	memset(r, 0, sizeof(*r));
	len = question_add(&q, sizeof(q.route), RTA_DST,
	    dst->family == AF_INET ? (const void *)&dst->v4 : &dst->v6, size);
	if (netlink_ask(w->ask, &q.head, RTM_GETROUTE, 0, len, route_answer,
		&answer) == -1)
		return (-1);
	if (answer.refuses) {
		errno = EHOSTUNREACH;
		return (-1);
	}
	return (0);
}
