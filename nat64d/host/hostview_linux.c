/*
 * Linux: everything comes from rtnetlink(7), which needs no privileges.
 */
#include <sys/socket.h>

#include <errno.h>
#include <linux/netconf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"
#include "common/os/netlink.h"

#include "firewall.h"
#include "hostview.h"

/* Interfaces have no IPv6 settings here: only "all" counts (hostcheck.c). */
static const struct host_settings unknown = { .forward4 = HOST_UNKNOWN,
	.forward6 = HOST_UNKNOWN,
	.rp_filter = HOST_UNKNOWN,
	.proxy_arp = HOST_UNKNOWN };

struct hostview {
	struct netlink *route;
	struct host host; /* chains: as last read */
};

/* A request for all objects of a kind. */
struct dump_request {
	struct nlmsghdr head;
	union {
		struct rtgenmsg any; /* the others begin like this */
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct netconfmsg conf;
		struct ndmsg neigh;
	};
};

/* A request for the route of an address. */
struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	struct in6_addr addr; /* or struct in_addr */
};

struct hostview *
hostview_open(void)
{
	struct hostview *v;

	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return (NULL);
	v->host.to_forward4 = "sysctl net.ipv4.ip_forward=1";
	v->host.to_forward6 = "sysctl net.ipv6.conf.all.forwarding=1";
	v->route = netlink_open(NETLINK_ROUTE);
	if (v->route == NULL) {
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
	free(h->neighs);
	h->ifs = NULL;
	h->addrs = NULL;
	h->paths = NULL;
	h->neighs = NULL;
	h->n_ifs = h->n_addrs = h->n_paths = h->n_neighs = 0;
	h->all = unknown;
}

void
hostview_close(struct hostview *v)
{
	int saved_errno = errno;

	if (v == NULL)
		return;
	forget(&v->host);
	netlink_close(v->route);
	free(v);
	errno = saved_errno;
}

/* Add an element, all zero, to an array. */
static void *
one_more(void **array, size_t *n, size_t size)
{
	uint8_t *grown;

	grown = array_grow(*array, *n, size);
	if (grown == NULL)
		return (NULL);
	*array = grown;
	return (memset(grown + (*n)++ * size, 0, size));
}

/*
 * Interfaces.
 */

static int
link_seen(void *arg, const struct nlmsghdr *m)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	struct host *h = arg;
	void *ifs = h->ifs;
	struct host_if *i;
	struct netlink_attrs attrs;

	if (m->nlmsg_type != RTM_NEWLINK)
		return (0);
	netlink_parse(m, sizeof(*info), &attrs);
	i = one_more(&ifs, &h->n_ifs, sizeof(*i));
	if (i == NULL)
		return (-1);
	h->ifs = ifs;
	i->index = (unsigned)info->ifi_index;
	i->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
	i->set = unknown;
	netlink_string(&attrs, IFLA_IFNAME, i->name, sizeof(i->name));
	return (0);
}

/* Returns n_ifs when there is none. */
static size_t
find_if(const struct host *h, unsigned index)
{
	size_t i;

	for (i = 0; i < h->n_ifs && h->ifs[i].index != index; i++)
		;
	return (i);
}

/*
 * Addresses.
 */

/*
 * On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL our own
 * address.
 */
static int
addr_seen(void *arg, const struct nlmsghdr *m)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	struct host *h = arg;
	void *addrs = h->addrs;
	struct host_addr *a, seen = { .ifn = find_if(h, info->ifa_index) };
	struct netlink_attrs attrs;
	size_t size;

	if (m->nlmsg_type != RTM_NEWADDR || seen.ifn == h->n_ifs ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return (0);
	size = info->ifa_family == AF_INET ? 4 : 16;
	seen.own.family = seen.net.family = info->ifa_family;
	seen.own.len = (unsigned char)(size * 8);
	seen.net.len = info->ifa_prefixlen;
	netlink_parse(m, sizeof(*info), &attrs);
	if (!netlink_value(&attrs, IFA_ADDRESS, &seen.net.v6, size))
		return (0);
	if (!netlink_value(&attrs, IFA_LOCAL, &seen.own.v6, size))
		seen.own.v6 = seen.net.v6;
	addr_clear_host(&seen.net.v6, size, seen.net.len);
	a = one_more(&addrs, &h->n_addrs, sizeof(*a));
	if (a == NULL)
		return (-1);
	h->addrs = addrs;
	*a = seen;
	return (0);
}

/*
 * Neighbours.
 */

static int
neigh_seen(void *arg, const struct nlmsghdr *m)
{
	const struct ndmsg *info = NLMSG_DATA(m);
	const uint16_t heard =
	    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	struct host *h = arg;
	void *neighs = h->neighs;
	struct host_neigh *n,
	    seen = { .ifn = find_if(h, (unsigned)info->ndm_ifindex),
		    .proxy = (info->ndm_flags & NTF_PROXY) != 0 };
	struct netlink_attrs attrs;

	if (m->nlmsg_type != RTM_NEWNEIGH || info->ndm_family != AF_INET ||
	    seen.ifn == h->n_ifs ||
	    (!seen.proxy && (info->ndm_state & heard) == 0))
		return (0);
	netlink_parse(m, sizeof(*info), &attrs);
	if (!netlink_value(&attrs, NDA_DST, &seen.addr, sizeof(seen.addr)))
		return (0);
	n = one_more(&neighs, &h->n_neighs, sizeof(*n));
	if (n == NULL)
		return (-1);
	h->neighs = neighs;
	*n = seen;
	return (0);
}

/*
 * Settings.
 */

static void
take_settings(struct host_settings *set, const struct netlink_attrs *attrs,
    uint8_t family)
{
	int32_t n;

	if (netlink_value(attrs, NETCONFA_FORWARDING, &n, sizeof(n))) {
		if (family == AF_INET)
			set->forward4 = n;
		else
			set->forward6 = n;
	}
	if (family != AF_INET)
		return;
	if (netlink_value(attrs, NETCONFA_RP_FILTER, &n, sizeof(n)))
		set->rp_filter = n;
	if (netlink_value(attrs, NETCONFA_PROXY_NEIGH, &n, sizeof(n)))
		set->proxy_arp = n;
}

static int
settings_seen(void *arg, const struct nlmsghdr *m)
{
	const struct netconfmsg *info = NLMSG_DATA(m);
	struct host *h = arg;
	struct netlink_attrs attrs;
	int32_t index;
	size_t ifn;

	if (m->nlmsg_type != RTM_NEWNETCONF)
		return (0);
	netlink_parse(m, sizeof(*info), &attrs);
	if (!netlink_value(&attrs, NETCONFA_IFINDEX, &index, sizeof(index)))
		return (0);
	if (index == NETCONFA_IFINDEX_ALL) {
		take_settings(&h->all, &attrs, info->ncm_family);
		return (0);
	}
	ifn = find_if(h, (unsigned)index);
	if (ifn < h->n_ifs)
		take_settings(&h->ifs[ifn].set, &attrs, info->ncm_family);
	return (0);
}

/*
 * Paths.
 */

static int
path_seen(void *arg, const struct nlmsghdr *m)
{
	const struct rtmsg *info = NLMSG_DATA(m);
	struct host *h = arg;
	struct host_path *p = &h->paths[h->n_paths - 1];
	struct netlink_attrs attrs;
	uint32_t index;

	if (m->nlmsg_type != RTM_NEWROUTE)
		return (0);
	netlink_parse(m, sizeof(*info), &attrs);
	switch (info->rtm_type) {
	case RTN_UNICAST:
		if (!netlink_value(&attrs, RTA_OIF, &index, sizeof(index)))
			break;
		p->ifn = find_if(h, index);
		if (p->ifn < h->n_ifs)
			p->way = HOST_WAY_OUT;
		if (info->rtm_family == AF_INET)
			(void)netlink_value(&attrs, RTA_GATEWAY, &p->gateway,
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

/* The kernel reports no route, or one that refuses, by an error. */
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

	p = one_more(&paths, &v->host.n_paths, sizeof(*p));
	if (p == NULL)
		return (-1);
	v->host.paths = paths;
	p->dst = *dst;
	if (netlink_ask(v->route, &r.head, RTM_GETROUTE, 0,
		sizeof(r.route) + r.attr.rta_len, path_seen, &v->host) == 0)
		return (0);
	if (!means_none(errno))
		return (-1);
	p->way = HOST_WAY_NONE;
	return (0);
}

/*
 * Snapshots.
 */

static int
dump(struct hostview *v, unsigned type, uint8_t family, size_t len,
    netlink_fn fn)
{
	struct dump_request r = { .any.rtgen_family = family };

	return (netlink_ask(v->route, &r.head, type, NLM_F_DUMP, len, fn,
	    &v->host));
}

/* flags: NTF_PROXY for proxy entries, 0 for the others. */
static int
dump_neighs(struct hostview *v, uint8_t flags)
{
	struct dump_request r = { .neigh = { .ndm_family = AF_INET,
				      .ndm_flags = flags } };

	return (netlink_ask(v->route, &r.head, RTM_GETNEIGH, NLM_F_DUMP,
	    sizeof(r.neigh), neigh_seen, &v->host));
}

/* Settings that the kernel does not report are unknown. */
static int
dump_settings(struct hostview *v, uint8_t family)
{
	if (dump(v, RTM_GETNETCONF, family, sizeof(struct netconfmsg),
		settings_seen) == -1 &&
	    errno != EOPNOTSUPP)
		return (-1);
	return (0);
}

/* Only a process with CAP_NET_ADMIN can read the rules. */
static void
look_at_firewall(struct host *h, const char *tun)
{
	struct host_chain chains[HOST_CHAINS];
	int n;

	n = firewall_look(tun, chains);
	h->chains_old = n == -1;
	if (n == -1)
		return;
	memcpy(h->chains, chains, sizeof(chains));
	h->n_chains = (size_t)n;
}

const struct host *
hostview_look(struct hostview *v, const char *tun, const struct prefix *probes,
    size_t n)
{
	size_t i;

	forget(&v->host);
	look_at_firewall(&v->host, tun);
	if (dump(v, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg),
		link_seen) == -1 ||
	    dump(v, RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg),
		addr_seen) == -1 ||
	    dump_neighs(v, 0) == -1 || dump_neighs(v, NTF_PROXY) == -1 ||
	    dump_settings(v, AF_INET) == -1 ||
	    dump_settings(v, AF_INET6) == -1)
		return (NULL);
	for (i = 0; i < n; i++)
		if (look_up(v, &probes[i]) == -1)
			return (NULL);
	return (&v->host);
}
