/*
 * Linux: rtnetlink(7). One socket hears of changes, another asks: answers
 * would be lost among the messages of a storm.
 */
#include <sys/socket.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostwatch.h"

#define GROUP(g) (1U << ((g)-1))

/* The kernel puts no more into one message, or part of a list. */
#define BUFSIZE 32768

/* In one hostwatch_read(). */
#define MAX_READS 32

/* IPv6 needs such an interface (RFC 8200, 5). */
#define IPV6_MIN_MTU 1280

struct hostwatch {
	int news;
	int ask;
	uint32_t seq; /* of the last question */
	_Alignas(struct nlmsghdr) uint8_t buf[BUFSIZE];
};

static int
open_socket(uint32_t groups)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
		.nl_groups = groups };
	int fd;

	fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return (-1);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

struct hostwatch *
hostwatch_open(void)
{
	struct hostwatch *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->ask = -1;
	w->news = open_socket(
	    GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) |
	    GROUP(RTNLGRP_IPV6_IFADDR) | GROUP(RTNLGRP_IPV4_ROUTE) |
	    GROUP(RTNLGRP_IPV6_ROUTE) | GROUP(RTNLGRP_IPV4_NETCONF) |
	    GROUP(RTNLGRP_IPV6_NETCONF));
	if (w->news != -1)
		w->ask = open_socket(0);
	if (w->ask == -1) {
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
	if (w->ask != -1)
		close(w->ask);
	free(w);
	errno = saved_errno;
}

int
hostwatch_fd(const struct hostwatch *w)
{
	return (w->news);
}

/*
 * News.
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
 * Questions. The kernel makes the answer, or the first part of a list, while
 * it takes the question, and each further part while the one before is read:
 * there is nothing to wait for.
 */

struct question {
	struct nlmsghdr head;
	union {
		struct ifaddrmsg addr;
		struct ifinfomsg link;
		struct netconfmsg conf;
		struct rtmsg route;
	};
	uint8_t attrs[64];
};

typedef void (*answer_fn)(void *arg, const struct nlmsghdr *m);

static void
question_init(struct question *q, uint16_t type, size_t len)
{
	memset(q, 0, sizeof(*q));
	q->head.nlmsg_type = type;
	q->head.nlmsg_flags = NLM_F_REQUEST;
	q->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
}

static void
question_add(struct question *q, uint16_t type, const void *data, size_t len)
{
	const struct rtattr a = { .rta_type = type,
		.rta_len = (uint16_t)RTA_LENGTH(len) };
	const size_t at = NLMSG_ALIGN(q->head.nlmsg_len);
	uint8_t *end = (uint8_t *)q + at;

	memcpy(end, &a, sizeof(a));
	memcpy(end + RTA_LENGTH(0), data, len);
	q->head.nlmsg_len = (uint32_t)(at + RTA_ALIGN(a.rta_len));
}

/* One part: 1, more to come; 0, that was all; -1, with errno, an error. */
static int
take_answers(struct hostwatch *w, size_t n, bool list, answer_fn fn, void *arg)
{
	const struct nlmsghdr *m;
	const struct nlmsgerr *e;
	int left = (int)n;

	for (m = (const void *)w->buf; NLMSG_OK(m, left);
	     m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_seq != w->seq)
			continue; /* left over from a list that failed */
		if (m->nlmsg_type == NLMSG_DONE)
			return (0);
		if (m->nlmsg_type == NLMSG_ERROR) {
			e = NLMSG_DATA(m);
			errno = -e->error;
			return (-1);
		}
		fn(arg, m);
		if (!list)
			return (0);
	}
	return (1);
}

static int
ask(struct hostwatch *w, struct question *q, answer_fn fn, void *arg)
{
	const bool list = (q->head.nlmsg_flags & NLM_F_DUMP) != 0;
	ssize_t n;
	int rc;

	q->head.nlmsg_seq = ++w->seq;
	if (send(w->ask, q, q->head.nlmsg_len, 0) == -1)
		return (-1);
	do {
		do {
			n = read(w->ask, w->buf, sizeof(w->buf));
		} while (n == -1 && errno == EINTR);
		if (n == -1)
			return (-1);
		rc = take_answers(w, (size_t)n, list, fn, arg);
	} while (rc == 1);
	return (rc);
}

/* An attribute of at least size bytes, or NULL. */
static const void *
attr_find(const struct rtattr *a, int len, unsigned type, size_t size)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return (RTA_PAYLOAD(a) >= size ? RTA_DATA(a) : NULL);
	return (NULL);
}

/* The same, and the attributes inside. Returns how long they are. */
static int
attr_nest(
    const struct rtattr *a, int len, unsigned type, const struct rtattr **inner)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if ((a->rta_type & NLA_TYPE_MASK) != type)
			continue;
		*inner = RTA_DATA(a);
		return ((int)RTA_PAYLOAD(a));
	}
	*inner = NULL;
	return (0);
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

static void
addr_answer(void *arg, const struct nlmsghdr *m)
{
	const struct addr_walk *walk = arg;
	const struct ifaddrmsg *ifa = NLMSG_DATA(m);
	const int len = (int)IFA_PAYLOAD(m);
	struct hostaddr a = { .family = ifa->ifa_family,
		.len = ifa->ifa_prefixlen,
		.ifindex = ifa->ifa_index };
	const size_t size = a.family == AF_INET ? sizeof(a.v4) : sizeof(a.v6);
	uint32_t flags = ifa->ifa_flags;
	const void *data;

	if (m->nlmsg_type != RTM_NEWADDR ||
	    (a.family != AF_INET && a.family != AF_INET6))
		return;
	/* IFA_ADDRESS is the other end of a point-to-point link. */
	data = attr_find(IFA_RTA(ifa), len, IFA_LOCAL, size);
	if (data == NULL)
		data = attr_find(IFA_RTA(ifa), len, IFA_ADDRESS, size);
	if (data == NULL)
		return;
	memcpy(a.family == AF_INET ? (void *)&a.v4 : (void *)&a.v6, data, size);
	data = attr_find(IFA_RTA(ifa), len, IFA_FLAGS, sizeof(flags));
	if (data != NULL)
		memcpy(&flags, data, sizeof(flags));
	a.flags = addr_flags(flags);
	/* The same bit says "secondary" of an IPv4 address. */
	if (a.family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0)
		a.flags |= HOSTADDR_TEMPORARY;
	walk->fn(walk->arg, &a);
}

int
hostwatch_addrs(
    struct hostwatch *w, sa_family_t family, hostaddr_fn fn, void *arg)
{
	struct addr_walk walk = { fn, arg };
	struct question q;

	question_init(&q, RTM_GETADDR, sizeof(q.addr));
	q.head.nlmsg_flags |= NLM_F_DUMP;
	q.addr.ifa_family = (uint8_t)family;
	return (ask(w, &q, addr_answer, &walk));
}

/*
 * Interfaces.
 */

/* A sysctl of the interface, out of its array. */
static int32_t
devconf(const struct rtattr *a, int len, unsigned type, unsigned i,
    int32_t otherwise)
{
	const uint8_t *array;
	int32_t value;

	array = attr_find(a, len, type, (i + 1) * sizeof(value));
	if (array == NULL)
		return (otherwise);
	memcpy(&value, array + i * sizeof(value), sizeof(value));
	return (value);
}

static void
link_answer(void *arg, const struct nlmsghdr *m)
{
	struct host_link *l = arg;
	const struct ifinfomsg *ifi = NLMSG_DATA(m);
	const int len = (int)IFLA_PAYLOAD(m);
	const struct rtattr *spec, *inet;
	const char *name;
	const uint32_t *mtu;
	int spec_len, inet_len;

	l->ifindex = (unsigned)ifi->ifi_index;
	l->up = (ifi->ifi_flags & IFF_UP) != 0;
	name = attr_find(IFLA_RTA(ifi), len, IFLA_IFNAME, 1);
	if (name != NULL)
		strlcpy(l->name, name, sizeof(l->name));
	mtu = attr_find(IFLA_RTA(ifi), len, IFLA_MTU, sizeof(*mtu));
	l->mtu = mtu != NULL ? *mtu : 0;
	spec_len = attr_nest(IFLA_RTA(ifi), len, IFLA_AF_SPEC, &spec);

	/* Arrays of IPv4 begin with the value 1. */
	inet_len = attr_nest(spec, spec_len, AF_INET, &inet);
	l->forward4 = devconf(inet, inet_len, IFLA_INET_CONF,
			  IPV4_DEVCONF_FORWARDING - 1, 1) != 0;
	l->rp_filter = devconf(
	    inet, inet_len, IFLA_INET_CONF, IPV4_DEVCONF_RP_FILTER - 1, -1);

	/* Without IPv6 there is no such part at all. */
	inet_len = attr_nest(spec, spec_len, AF_INET6, &inet);
	l->ipv6_off =
	    l->mtu < IPV6_MIN_MTU || devconf(inet, inet_len, IFLA_INET6_CONF,
					 DEVCONF_DISABLE_IPV6, 1) != 0;
}

int
hostwatch_link(struct hostwatch *w, unsigned ifindex, const char *name,
    struct host_link *l)
{
	const uint32_t mask = RTEXT_FILTER_SKIP_STATS;
	struct question q;

	memset(l, 0, sizeof(*l));
	if (ifindex == 0 && strlen(name) >= IF_NAMESIZE) {
		errno = ENODEV;
		return (-1);
	}
	question_init(&q, RTM_GETLINK, sizeof(q.link));
	question_add(&q, IFLA_EXT_MASK, &mask, sizeof(mask));
	q.link.ifi_index = (int)ifindex;
	if (ifindex == 0)
		question_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return (ask(w, &q, link_answer, l));
}

/*
 * Routes.
 */

struct route_answer {
	struct host_route *route;
	bool refuses;
};

static void
route_answer(void *arg, const struct nlmsghdr *m)
{
	struct route_answer *answer = arg;
	struct host_route *r = answer->route;
	const struct rtmsg *rtm = NLMSG_DATA(m);
	const uint32_t *oif;

	/* IPv4 routes that refuse are errors already. */
	answer->refuses = rtm->rtm_type == RTN_UNREACHABLE ||
			  rtm->rtm_type == RTN_BLACKHOLE ||
			  rtm->rtm_type == RTN_PROHIBIT;
	r->len = rtm->rtm_dst_len;
	r->local = rtm->rtm_type == RTN_LOCAL;
	oif =
	    attr_find(RTM_RTA(rtm), (int)RTM_PAYLOAD(m), RTA_OIF, sizeof(*oif));
	r->ifindex = oif != NULL ? *oif : 0;
}

int
hostwatch_route(
    struct hostwatch *w, const struct prefix *dst, struct host_route *r)
{
	struct route_answer answer = { .route = r };
	struct question q;

	memset(r, 0, sizeof(*r));
	question_init(&q, RTM_GETROUTE, sizeof(q.route));
	q.route.rtm_family = (uint8_t)dst->family;
	q.route.rtm_flags = RTM_F_FIB_MATCH;
	if (dst->family == AF_INET) {
		q.route.rtm_dst_len = 32;
		question_add(&q, RTA_DST, &dst->v4, sizeof(dst->v4));
	} else {
		q.route.rtm_dst_len = 128;
		question_add(&q, RTA_DST, &dst->v6, sizeof(dst->v6));
	}
	if (ask(w, &q, route_answer, &answer) == -1)
		return (-1);
	if (answer.refuses) {
		errno = EHOSTUNREACH;
		return (-1);
	}
	return (0);
}

/*
 * Forwarding.
 */

static void
conf_answer(void *arg, const struct nlmsghdr *m)
{
	const size_t skip = NLMSG_LENGTH(
	    NLMSG_ALIGN(sizeof(struct netconfmsg)));
	const struct rtattr *a = (const void *)((const uint8_t *)m + skip);
	const int32_t *value;

	value = attr_find(
	    a, (int)(m->nlmsg_len - skip), NETCONFA_FORWARDING, sizeof(*value));
	if (value != NULL)
		*(int *)arg = *value != 0;
}

int
hostwatch_forwards(struct hostwatch *w, sa_family_t family)
{
	const int32_t all = NETCONFA_IFINDEX_ALL;
	struct question q;
	int rc = -1;

	question_init(&q, RTM_GETNETCONF, sizeof(q.conf));
	q.conf.ncm_family = (uint8_t)family;
	question_add(&q, NETCONFA_IFINDEX, &all, sizeof(all));
	if (ask(w, &q, conf_answer, &rc) == -1)
		return (-1);
	return (rc);
}
