#include <sys/socket.h>

#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/pref64_opt.h"

#include "ndopt.h"

/* Messages that are read at a time. */
#define MAX_MESSAGES 16

/* A message of the kernel has the options of one advertisement. */
#define BUF_SIZE 8192

struct ndopt {
	int news;
	int icmp; /* -1: no solicitations can be sent */
};

/*
 * A raw socket gets all ICMPv6 messages; this one is only for sending, so its
 * filter lets none pass.
 */
static int
open_icmp(void)
{
	struct icmp6_filter none;
	const int hops = 255; /* RFC 4861, 4.1 */
	int fd;

	fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    IPPROTO_ICMPV6);
	if (fd == -1)
		return (-1);
	ICMP6_FILTER_SETBLOCKALL(&none);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &none,
		sizeof(none)) == -1 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
		sizeof(hops)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

struct ndopt *
ndopt_open(void)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	const int group = RTNLGRP_ND_USEROPT;
	struct ndopt *o;

	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return (NULL);
	o->icmp = -1;
	o->news = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (o->news == -1 ||
	    bind(o->news, (const struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    setsockopt(o->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		sizeof(group)) == -1) {
		ndopt_close(o);
		return (NULL);
	}
	o->icmp = open_icmp();
	return (o);
}

void
ndopt_close(struct ndopt *o)
{
	int saved_errno = errno;

	if (o == NULL)
		return;
	if (o->news != -1)
		close(o->news);
	if (o->icmp != -1)
		close(o->icmp);
	free(o);
	errno = saved_errno;
}

int
ndopt_fd(const struct ndopt *o)
{
	return (o->news);
}

/* The options of one message, one or more. */
static void
read_options(const uint8_t *opt, size_t len, ndopt_fn *fn, void *arg)
{
	struct pref64 prefix;
	uint32_t lifetime_secs;
	size_t opt_len;

	while (len >= 2) {
		opt_len = opt[1] * 8U;
		if (opt_len == 0 || opt_len > len)
			return;
		if (pref64_opt_get(opt, opt_len, &prefix, &lifetime_secs) == 0)
			fn(arg, &prefix, lifetime_secs);
		opt += opt_len;
		len -= opt_len;
	}
}

static void
read_message(const struct nlmsghdr *m, ndopt_fn *fn, void *arg)
{
	const struct nduseroptmsg *nd = NLMSG_DATA(m);
	size_t len;

	if (m->nlmsg_type != RTM_NEWNDUSEROPT ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*nd)))
		return;
	len = m->nlmsg_len - NLMSG_LENGTH(sizeof(*nd));
	if (nd->nduseropt_family != AF_INET6 ||
	    nd->nduseropt_icmp_type != ND_ROUTER_ADVERT ||
	    nd->nduseropt_opts_len > len)
		return;
	read_options((const uint8_t *)(nd + 1), nd->nduseropt_opts_len, fn,
	    arg);
}

void
ndopt_read(struct ndopt *o, ndopt_fn *fn, void *arg)
{
	union {
		struct nlmsghdr head;
		uint8_t bytes[BUF_SIZE];
	} buf;
	const struct nlmsghdr *m;
	ssize_t got;
	size_t len;
	int i;

	for (i = 0; i < MAX_MESSAGES; i++) {
		got = read(o->news, &buf, sizeof(buf));
		if (got <= 0)
			return;
		len = (size_t)got;
		for (m = &buf.head; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len))
			read_message(m, fn, arg);
	}
}

void
ndopt_solicit(struct ndopt *o, unsigned ifindex)
{
	const struct nd_router_solicit rs = { .nd_rs_type =
						  ND_ROUTER_SOLICIT };
	struct sockaddr_in6 all = { .sin6_family = AF_INET6,
		.sin6_scope_id = ifindex };

	/* ff02::2; the kernel computes the checksum (RFC 3542, 3.1). */
	all.sin6_addr.s6_addr[0] = 0xff;
	all.sin6_addr.s6_addr[1] = 0x02;
	all.sin6_addr.s6_addr[15] = 0x02;
	if (o->icmp != -1)
		(void)sendto(o->icmp, &rs, sizeof(rs), 0,
		    (const struct sockaddr *)&all, sizeof(all));
}
