#include <sys/socket.h>

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <string.h>

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
    const char **what)
{
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
	*what = "cannot route 0.0.0.0/0 to it";
	return (is_refused(
		    add_default(nl, ifindex, source, n->xlat.mtu6 - GROWTH)) ?
		-1 :
		0);
}

int
clatif_up(const char *tun, const struct nat64_config *n, const char **what)
{
	const unsigned ifindex = if_nametoindex(tun);
	struct netlink *nl;
	int rc, error;

	*what = "netlink(7)";
	nl = netlink_open(NETLINK_ROUTE);
	if (nl == NULL)
		return (-1);
	rc = set_up(nl, ifindex, n, what);
	error = errno;
	netlink_close(nl);
	errno = error;
	return (rc);
}
