#include <sys/socket.h>

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/netlink.h"

#include "clatif.h"
#include "nat64d/wire/pkt.h"

/* A packet grows by the larger header and by a Fragment Header. */
#define GROWTH (PKT_IP6_HLEN - PKT_IP4_HLEN + PKT_FRAG_HLEN)

#define ATTRS_SIZE 128

struct address_request {
	struct nlmsghdr head;
	struct ifaddrmsg msg;
	uint8_t attrs[ATTRS_SIZE];
};

struct route_request {
	struct nlmsghdr head;
	struct rtmsg msg;
	uint8_t attrs[ATTRS_SIZE];
};

/* Append an attribute behind *used bytes of attrs, and return it. */
static struct rtattr *
put(uint8_t attrs[ATTRS_SIZE], size_t *used, unsigned short type,
    const void *value, size_t len)
{
	struct rtattr *a = (void *)(attrs + *used);

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len > 0)
		memcpy(RTA_DATA(a), value, len);
	*used += RTA_SPACE(len);
	return (a);
}

static int
ignore(void *arg, const struct nlmsghdr *m)
{
	(void)arg;
	(void)m;
	return (0);
}

static int
add_address(struct netlink *nl, unsigned ifindex, struct in_addr addr)
{
	struct address_request r = { .msg = { .ifa_family = AF_INET,
					 .ifa_prefixlen = 32,
					 .ifa_scope = RT_SCOPE_UNIVERSE,
					 .ifa_index = ifindex } };
	size_t used = 0;

	put(r.attrs, &used, IFA_LOCAL, &addr, sizeof(addr));
	put(r.attrs, &used, IFA_ADDRESS, &addr, sizeof(addr));
	return (netlink_ask(nl, &r.head, RTM_NEWADDR,
	    NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(r.msg) + used,
	    ignore, NULL));
}

/* source: of the host's own packets; INADDR_ANY: as the kernel chooses. */
static int
add_default(struct netlink *nl, unsigned ifindex, struct in_addr source,
    uint32_t mtu)
{
	struct route_request r = { .msg = { .rtm_family = AF_INET,
				       .rtm_table = RT_TABLE_MAIN,
				       .rtm_protocol = RTPROT_STATIC,
				       .rtm_scope = RT_SCOPE_UNIVERSE,
				       .rtm_type = RTN_UNICAST } };
	const uint32_t metric = CLATIF_METRIC;
	struct rtattr *metrics;
	size_t used = 0, start;

	put(r.attrs, &used, RTA_OIF, &ifindex, sizeof(ifindex));
	put(r.attrs, &used, RTA_PRIORITY, &metric, sizeof(metric));
	if (source.s_addr != INADDR_ANY)
		put(r.attrs, &used, RTA_PREFSRC, &source, sizeof(source));
	start = used;
	metrics = put(r.attrs, &used, RTA_METRICS, NULL, 0);
	put(r.attrs, &used, RTAX_MTU, &mtu, sizeof(mtu));
	metrics->rta_len = (unsigned short)(used - start);
	return (netlink_ask(nl, &r.head, RTM_NEWROUTE,
	    NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(r.msg) + used,
	    ignore, NULL));
}

/*
 * Whoever made a persistent interface for us has done this as well. The kernel
 * asks for the capability before it looks whether it is there.
 */
static bool
is_refused(int rc)
{
	return (rc == -1 && errno != EEXIST && errno != EPERM);
}

static int
set_up(struct netlink *nl, unsigned ifindex, const struct nat64_config *n,
    struct hostwatch *host, const char **what)
{
	/* Any address that only a default route leads to. */
	const struct prefix internet = { .family = AF_INET,
		.len = 32,
		.v4 = { htonl(0x08080808) } };
	struct host_route r;
	struct in_addr source = { INADDR_ANY };
	const struct eam *m;

	*what = "cannot give it an IPv4 address";
	for (m = n->maps; m < n->maps + n->n_maps; m++) {
		if (!eam_is_of_host(m))
			continue;
		if (source.s_addr == INADDR_ANY)
			source = m->addr4;
		if (is_refused(add_address(nl, ifindex, m->addr4)))
			return (-1);
	}
	*what = "cannot route 0.0.0.0/0 to it (ip route add default dev NAME "
		"metric 65535)";
	if (add_default(nl, ifindex, source, n->xlat.mtu6 - GROWTH) == 0 ||
	    errno == EEXIST)
		return (0);
	/* Whoever made a persistent interface may have made its route. */
	if (errno == EPERM && hostwatch_route(host, &internet, &r) == 0)
		return (0);
	return (-1);
}

/* --- neighbours --- */

/* Where an address of a mapping lies. */
struct on_link {
	struct in6_addr addr;
	unsigned tun;
	unsigned ifindex; /* 0: in no network of the host */
	bool own;	  /* the host has it itself */
};

static void
look_at(void *arg, const struct hostaddr *a)
{
	struct on_link *o = arg;
	struct prefix net = { .family = AF_INET6, .len = a->len };

	if (a->family != AF_INET6 || a->ifindex == o->tun || a->len == 128)
		return;
	net.v6 = addr6_prefix(&a->v6, a->len);
	if (!prefix_match6(&net, &o->addr))
		return;
	o->ifindex = a->ifindex;
	if (IN6_ARE_ADDR_EQUAL(&a->v6, &o->addr))
		o->own = true;
}

struct neigh_request {
	struct nlmsghdr head;
	struct ndmsg msg;
	uint8_t attrs[ATTRS_SIZE];
};

static int
add_proxy(struct netlink *nl, const struct on_link *o)
{
	struct neigh_request r = { .msg = { .ndm_family = AF_INET6,
				       .ndm_ifindex = (int)o->ifindex,
				       .ndm_state = NUD_PERMANENT,
				       .ndm_flags = NTF_PROXY } };
	size_t used = 0;

	put(r.attrs, &used, NDA_DST, &o->addr, sizeof(o->addr));
	return (netlink_ask(nl, &r.head, RTM_NEWNEIGH,
	    NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.msg) + used,
	    ignore, NULL));
}

/* net.ipv6.conf.NAME.proxy_ndp=1; where it is 1 already, no right is needed. */
static int
allow_proxy(unsigned ifindex)
{
	char path[64 + IF_NAMESIZE], name[IF_NAMESIZE], value = '0';
	FILE *f;
	int rc;

	if (if_indextoname(ifindex, name) == NULL)
		return (-1);
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/proxy_ndp",
	    name);
	f = fopen(path, "re");
	if (f != NULL) {
		if (fread(&value, 1, 1, f) == 1 && value == '1') {
			fclose(f);
			return (0);
		}
		fclose(f);
	}
	f = fopen(path, "we");
	if (f == NULL)
		return (-1);
	rc = fputs("1\n", f) == EOF ? -1 : 0;
	return (fclose(f) == 0 ? rc : -1);
}

static int
answer_neighbours(struct netlink *nl, unsigned tun,
    const struct nat64_config *n, struct hostwatch *host, const char **what)
{
	struct on_link o;
	const struct eam *m;

	for (m = n->maps; m < n->maps + n->n_maps; m++) {
		if (m->len6 != 128)
			continue;
		o = (struct on_link){ .addr = m->addr6, .tun = tun };
		*what = "cannot look at the addresses of this host";
		if (hostwatch_addrs(host, AF_INET6, look_at, &o) == -1)
			return (-1);
		if (o.own) {
			*what = "map: an IPv6 address is this host's own: "
				"choose one that nothing else uses";
			errno = EADDRINUSE;
			return (-1);
		}
		*what = "cannot answer neighbour solicitations for the "
			"address of a map (ip -6 neigh add proxy, sysctl "
			"net.ipv6.conf.NAME.proxy_ndp=1)";
		if (o.ifindex != 0 &&
		    (is_refused(add_proxy(nl, &o)) ||
			allow_proxy(o.ifindex) == -1))
			return (-1);
	}
	return (0);
}

int
clatif_up(const char *tun, const struct nat64_config *n,
    struct hostwatch *host, const char **what)
{
	const unsigned ifindex = if_nametoindex(tun);
	struct netlink *nl;
	int rc, error;

	*what = "netlink(7)";
	nl = netlink_open(NETLINK_ROUTE);
	if (nl == NULL)
		return (-1);
	rc = set_up(nl, ifindex, n, host, what);
	if (rc == 0)
		rc = answer_neighbours(nl, ifindex, n, host, what);
	error = errno;
	netlink_close(nl);
	errno = error;
	return (rc);
}
