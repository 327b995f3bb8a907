/*
 * Linux: rtnetlink(7) knows it all, and answers whoever asks.
 */
#include <sys/socket.h>

#include <errno.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostview.h"

/* The kernel fills no more of a buffer with one part of an answer. */
#define BUFSIZE 32768

/* IPv6 settings are not asked for an interface: see hostcheck.c. */
static const struct host_settings unknown = {
	.forward4 = HOST_UNKNOWN, .forward6 = HOST_UNKNOWN,
	.rp_filter = HOST_UNKNOWN, .proxy_arp = HOST_UNKNOWN
};

struct hostview {
	int fd;
	uint32_t seq;
	int error; /* of the answer that is being read */
	struct host host;
	_Alignas(struct nlmsghdr) uint8_t buf[BUFSIZE];
};

/* Everything of a kind. */
struct dump_request {
	struct nlmsghdr head;
	union {
		struct rtgenmsg any; /* the others begin like this */
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct netconfmsg conf;
	};
};

/* The route of an address. */
struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	struct in6_addr addr; /* or struct in_addr */
};

/* The attributes of a message by their types; NULL: not there. */
#define NATTRS 32
struct attrs {
	const struct rtattr *at[NATTRS];
};

typedef int (*message_fn)(struct hostview *v, const struct nlmsghdr *m,
    void *arg);

struct hostview *
hostview_open(void)
{
	struct hostview *v;

	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return (NULL);
	v->host.to_forward4 = "sysctl net.ipv4.ip_forward=1";
	v->host.to_forward6 = "sysctl net.ipv6.conf.all.forwarding=1";
	v->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (v->fd == -1) {
		hostview_close(v);
		return (NULL);
	}
	return (v);
}

static void
forget(struct host *h)
{
	free(h->ifs);
	free(h->addrs);
	free(h->paths);
	h->ifs = NULL;
	h->addrs = NULL;
	h->paths = NULL;
	h->nifs = h->naddrs = h->npaths = 0;
	h->all = unknown;
}

void
hostview_close(struct hostview *v)
{
	int saved_errno = errno;

	if (v == NULL)
		return;
	forget(&v->host);
	if (v->fd != -1)
		close(v->fd);
	free(v);
	errno = saved_errno;
}

/*
 * Questions and answers.
 */

/* Send a question. head: its head; len: bytes of what follows it. */
static int
ask(struct hostview *v, struct nlmsghdr *head, uint16_t type, uint16_t flags,
    size_t len)
{
	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | flags;
	head->nlmsg_seq = ++v->seq;
	head->nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	v->error = 0;
	return (send(v->fd, head, head->nlmsg_len, 0) == -1 ? -1 : 0);
}

/* Returns whether the answer ends here; v->error says how. */
static bool
take(struct hostview *v, const struct nlmsghdr *m, message_fn fn, void *arg)
{
	const struct nlmsgerr *e = NLMSG_DATA(m);

	/* What is left of an answer that was not read to its end. */
	if (m->nlmsg_seq != v->seq)
		return (false);
	if (m->nlmsg_type == NLMSG_DONE)
		return (true);
	if (m->nlmsg_type == NLMSG_ERROR) {
		v->error = m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) ?
		    -e->error : EPROTO;
		return (true);
	}
	/* An answer is read to its end all the same. */
	if (fn(v, m, arg) == -1)
		v->error = errno;
	return ((m->nlmsg_flags & NLM_F_MULTI) == 0);
}

/*
 * Read an answer. The kernel makes it while we read, so that nothing has to
 * be waited for.
 */
static int
answer(struct hostview *v, message_fn fn, void *arg)
{
	const struct nlmsghdr *m;
	bool end = false;
	ssize_t n;
	size_t len;

	while (!end) {
		n = read(v->fd, v->buf, sizeof(v->buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		len = (size_t)n;
		for (m = (const void *)v->buf; !end && NLMSG_OK(m, len);
		    m = NLMSG_NEXT(m, len))
			end = take(v, m, fn, arg);
	}
	errno = v->error;
	return (v->error == 0 ? 0 : -1);
}

static void
parse(const struct nlmsghdr *m, size_t skip, struct attrs *attrs)
{
	const uint8_t *data = NLMSG_DATA(m);
	const struct rtattr *a;
	size_t len;
	unsigned type;

	memset(attrs, 0, sizeof(*attrs));
	skip = NLMSG_ALIGN(skip);
	if (m->nlmsg_len < NLMSG_LENGTH(skip))
		return;
	len = m->nlmsg_len - NLMSG_LENGTH(skip);
	for (a = (const void *)(data + skip); RTA_OK(a, len);
	    a = RTA_NEXT(a, len)) {
		type = a->rta_type & NLA_TYPE_MASK;
		if (type < NATTRS)
			attrs->at[type] = a;
	}
}

/* Copy a value of a known size; returns whether it is there. */
static bool
value(const struct attrs *attrs, unsigned type, void *to, size_t size)
{
	const struct rtattr *a = attrs->at[type];

	if (a == NULL || RTA_PAYLOAD(a) < size)
		return (false);
	memcpy(to, RTA_DATA(a), size);
	return (true);
}

/* Room for one more of a kind; it is all zero. */
static void *
one_more(void **array, size_t *n, size_t size)
{
	uint8_t *grown;

	grown = reallocarray(*array, *n + 1, size);
	if (grown == NULL)
		return (NULL);
	*array = grown;
	return (memset(grown + (*n)++ * size, 0, size));
}

/*
 * Interfaces.
 */

static int
link_seen(struct hostview *v, const struct nlmsghdr *m, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	struct host *h = &v->host;
	void *ifs = h->ifs;
	struct host_if *i;
	struct attrs attrs;
	size_t len;

	(void)arg;
	if (m->nlmsg_type != RTM_NEWLINK)
		return (0);
	parse(m, sizeof(*info), &attrs);
	i = one_more(&ifs, &h->nifs, sizeof(*i));
	if (i == NULL)
		return (-1);
	h->ifs = ifs;
	i->index = (unsigned)info->ifi_index;
	i->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
	i->set = unknown;
	if (attrs.at[IFLA_IFNAME] != NULL) {
		len = RTA_PAYLOAD(attrs.at[IFLA_IFNAME]);
		if (len >= sizeof(i->name))
			len = sizeof(i->name) - 1;
		memcpy(i->name, RTA_DATA(attrs.at[IFLA_IFNAME]), len);
	}
	return (0);
}

/* Returns nifs when there is none. */
static size_t
find_if(const struct host *h, unsigned index)
{
	size_t i;

	for (i = 0; i < h->nifs && h->ifs[i].index != index; i++)
		;
	return (i);
}

/*
 * Addresses.
 */

static void
mask(struct prefix *p)
{
	uint8_t *bytes = (uint8_t *)&p->v6;
	size_t size = p->family == AF_INET ? 4 : 16, i;

	for (i = 0; i < size; i++) {
		if (i * 8 >= p->len)
			bytes[i] = 0;
		else if (i * 8 + 8 > p->len)
			bytes[i] &= (uint8_t)(0xff00 >> (p->len % 8));
	}
}

/*
 * IFA_ADDRESS is the other end of a point-to-point link, and then IFA_LOCAL
 * ours.
 */
static int
addr_seen(struct hostview *v, const struct nlmsghdr *m, void *arg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	struct host *h = &v->host;
	void *addrs = h->addrs;
	struct host_addr *a, seen = { .ifn = find_if(h, info->ifa_index) };
	struct attrs attrs;
	size_t size;

	(void)arg;
	if (m->nlmsg_type != RTM_NEWADDR || seen.ifn == h->nifs ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return (0);
	size = info->ifa_family == AF_INET ? 4 : 16;
	seen.own.family = seen.net.family = info->ifa_family;
	seen.own.len = (unsigned char)(size * 8);
	seen.net.len = info->ifa_prefixlen;
	parse(m, sizeof(*info), &attrs);
	if (!value(&attrs, IFA_ADDRESS, &seen.net.v6, size))
		return (0);
	if (!value(&attrs, IFA_LOCAL, &seen.own.v6, size))
		seen.own.v6 = seen.net.v6;
	mask(&seen.net);
	a = one_more(&addrs, &h->naddrs, sizeof(*a));
	if (a == NULL)
		return (-1);
	h->addrs = addrs;
	*a = seen;
	return (0);
}

/*
 * Settings.
 */

static void
take_settings(struct host_settings *set, const struct attrs *attrs,
    uint8_t family)
{
	int32_t n;

	if (value(attrs, NETCONFA_FORWARDING, &n, sizeof(n))) {
		if (family == AF_INET)
			set->forward4 = n;
		else
			set->forward6 = n;
	}
	if (family != AF_INET)
		return;
	if (value(attrs, NETCONFA_RP_FILTER, &n, sizeof(n)))
		set->rp_filter = n;
	if (value(attrs, NETCONFA_PROXY_NEIGH, &n, sizeof(n)))
		set->proxy_arp = n;
}

static int
settings_seen(struct hostview *v, const struct nlmsghdr *m, void *arg)
{
	const struct netconfmsg *info = NLMSG_DATA(m);
	struct host *h = &v->host;
	struct attrs attrs;
	int32_t index;
	size_t ifn;

	(void)arg;
	if (m->nlmsg_type != RTM_NEWNETCONF)
		return (0);
	parse(m, sizeof(*info), &attrs);
	if (!value(&attrs, NETCONFA_IFINDEX, &index, sizeof(index)))
		return (0);
	if (index == NETCONFA_IFINDEX_ALL) {
		take_settings(&h->all, &attrs, info->ncm_family);
		return (0);
	}
	ifn = find_if(h, (unsigned)index);
	if (ifn < h->nifs)
		take_settings(&h->ifs[ifn].set, &attrs, info->ncm_family);
	return (0);
}

/*
 * Paths.
 */

static int
path_seen(struct hostview *v, const struct nlmsghdr *m, void *arg)
{
	const struct rtmsg *info = NLMSG_DATA(m);
	struct host_path *p = arg;
	struct attrs attrs;
	uint32_t index;

	if (m->nlmsg_type != RTM_NEWROUTE)
		return (0);
	parse(m, sizeof(*info), &attrs);
	switch (info->rtm_type) {
	case RTN_UNICAST:
		if (!value(&attrs, RTA_OIF, &index, sizeof(index)))
			break;
		p->ifn = find_if(&v->host, index);
		if (p->ifn < v->host.nifs)
			p->way = HOST_WAY_OUT;
		if (info->rtm_family == AF_INET)
			(void)value(&attrs, RTA_GATEWAY, &p->gateway,
			    sizeof(p->gateway));
		break;
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
		p->way = HOST_WAY_LOCAL;
		break;
	default:
		p->way = HOST_WAY_NONE;
		break;
	}
	return (0);
}

/* The kernel says with an error that there is no route, or a refusing one. */
static bool
means_none(int error)
{
	return (error == ENETUNREACH || error == EHOSTUNREACH ||
	    error == EACCES || error == EINVAL);
}

static int
look_up(struct hostview *v, const struct prefix *dst)
{
	const size_t size = dst->family == AF_INET ? 4 : 16;
	struct route_request r = {
		.route = { .rtm_family = (uint8_t)dst->family,
		    .rtm_dst_len = dst->len },
		.attr = { .rta_type = RTA_DST,
		    .rta_len = (uint16_t)RTA_LENGTH(size) },
		.addr = dst->v6,
	};
	void *paths = v->host.paths;
	struct host_path *p;

	p = one_more(&paths, &v->host.npaths, sizeof(*p));
	if (p == NULL)
		return (-1);
	v->host.paths = paths;
	p->dst = *dst;
	if (ask(v, &r.head, RTM_GETROUTE, 0, sizeof(r.route) +
	    r.attr.rta_len) == -1)
		return (-1);
	if (answer(v, path_seen, p) == -1) {
		if (!means_none(errno))
			return (-1);
		p->way = HOST_WAY_NONE;
	}
	return (0);
}

/*
 * All of it.
 */

static int
dump(struct hostview *v, uint16_t type, uint8_t family, size_t len,
    message_fn fn)
{
	struct dump_request r = { .any.rtgen_family = family };

	if (ask(v, &r.head, type, NLM_F_DUMP, len) == -1)
		return (-1);
	return (answer(v, fn, NULL));
}

/* Settings that a kernel does not tell are unknown. */
static int
dump_settings(struct hostview *v, uint8_t family)
{
	if (dump(v, RTM_GETNETCONF, family, sizeof(struct netconfmsg),
	    settings_seen) == -1 && errno != EOPNOTSUPP)
		return (-1);
	return (0);
}

const struct host *
hostview_look(struct hostview *v, const struct prefix *probes, size_t n)
{
	size_t i;

	forget(&v->host);
	if (dump(v, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg),
	    link_seen) == -1 ||
	    dump(v, RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg),
	    addr_seen) == -1 ||
	    dump_settings(v, AF_INET) == -1 ||
	    dump_settings(v, AF_INET6) == -1)
		return (NULL);
	for (i = 0; i < n; i++)
		if (look_up(v, &probes[i]) == -1)
			return (NULL);
	return (&v->host);
}
