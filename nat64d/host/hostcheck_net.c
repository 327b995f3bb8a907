#include <arpa/inet.h>

#include "hostcheck_part.h"

/*
 * Networks that the host is connected to, IPv4.
 */

/* All the addresses of a network that hosts may have. */
static struct span
usable(const struct prefix *net)
{
	struct span s = span_of(net);

	/* RFC 3021: in a /31 both. */
	if (net->len < 31) {
		s.first++;
		s.last--;
	}
	return (s);
}

/* Does an earlier address have the same network (secondary addresses)? */
static bool
net_seen(const struct check *k, const struct host_addr *a)
{
	const struct host_addr *b;

	for (b = k->host->addrs; b < a; b++)
		if (b->ifn == a->ifn && b->net.len == a->net.len &&
		    prefix_overlap(&b->net, &a->net))
			return (true);
	return (false);
}

/* Does the pool overlap this network? */
static bool
net4_has_pool(const struct check *k, const struct host_addr *a)
{
	return (a->net.family == AF_INET && host_is_outside(k, a->ifn) &&
	    pool_common(k, span_of(&a->net)) > 0 && !net_seen(k, a));
}

/* Our own addresses of a span that are not in the pool. */
static uint64_t
own_beside_pool(const struct check *k, struct span s)
{
	const struct host_addr *a;
	uint64_t n = 0;
	uint32_t own;

	for (a = k->host->addrs; a < k->host->addrs + k->host->n_addrs; a++) {
		if (a->own.family != AF_INET)
			continue;
		own = ntohl(a->own.v4.s_addr);
		if (own >= s.first && own <= s.last && !pool_has(k, own))
			n++;
	}
	return (n);
}

/*
 * The routes of the pool are at least as long as those of the network, so they
 * take precedence. A network that they cover is cut off.
 */
static bool
is_covered(const struct check *k, const struct host_addr *a)
{
	const struct span s = usable(&a->net);
	const uint64_t covered = pool_common(k, s);

	/* An address of the host's own is no network. */
	if (a->net.len == 32 && prefix_overlap(&a->net, &a->own))
		return (false);
	return (covered > 0 &&
	    covered + own_beside_pool(k, s) >= (uint64_t)s.last - s.first + 1);
}

static void
report_covered(const struct check *k, const struct host_addr *a)
{
	char net[PREFIX_STRLEN];

	k->out->cut_off = k->conf->routes;
	hostcheck_add(k, k->conf->routes,
	    "pool: it covers %s, the network of %s, and "
	    "routes for it would cut this host off; name addresses that are "
	    "routed to this host, or some of that network that nobody has",
	    prefix_print(&a->net, net, sizeof(net)), host_if_name(k, a->ifn));
}

/* RFC 1122, 3.2.1.3: all zeros and all ones are not hosts. */
static void
check_broadcast(const struct check *k, const struct host_addr *a)
{
	const struct span s = span_of(&a->net);
	const uint32_t ends[] = { s.first, s.last };
	char net[PREFIX_STRLEN], text[INET_ADDRSTRLEN];
	int i;

	for (i = 0; i < 2 && a->net.len < 31; i++)
		if (pool_has(k, ends[i]))
			hostcheck_add(k, k->conf->routes,
			    "pool: %s is a broadcast "
			    "address of %s, the network of %s; leave it out",
			    addr4_text(ends[i], text),
			    prefix_print(&a->net, net, sizeof(net)),
			    host_if_name(k, a->ifn));
}

/* Returns whether nothing more is to be reported. */
static bool
check_net4(const struct check *k, const struct host_addr *a)
{
	if (!net4_has_pool(k, a))
		return (false);
	if (is_covered(k, a)) {
		report_covered(k, a);
		return (true);
	}
	check_broadcast(k, a);
	return (false);
}

/*
 * Packets to addresses of the host are delivered locally, before any route to
 * us. With an IPv4 address of the loopback interface that is its whole network.
 */
static void
check_own4(const struct check *k, const struct host_addr *a)
{
	const bool all = k->host->ifs[a->ifn].loopback;
	char text[PREFIX_STRLEN];

	if (a->own.family != AF_INET ||
	    pool_common(k, span_of(all ? &a->net : &a->own)) == 0)
		return;
	if (all && a->net.len < 32)
		prefix_print(&a->net, text, sizeof(text));
	else
		inet_ntop(AF_INET, &a->own.v4, text, sizeof(text));
	hostcheck_add(k, k->conf->routes,
	    "pool: %s is this host's own (%s), and what "
	    "is sent to it never comes to nat64d; leave it out",
	    text, host_if_name(k, a->ifn));
}

/* The default route must not lead to our interface. */
static void
check_gateway(const struct check *k)
{
	const struct host_path *p = host_find_path4(k, HOST_INTERNET4);
	char text[INET_ADDRSTRLEN];

	if (p == NULL || p->way != HOST_WAY_OUT ||
	    p->gateway.s_addr == INADDR_ANY || host_is_tun(k, p->ifn) ||
	    !pool_has(k, ntohl(p->gateway.s_addr)))
		return;
	hostcheck_add(k, k->conf->routes,
	    "pool: %s is the router that this host's "
	    "default route leads to; leave it out",
	    addr4_text(ntohl(p->gateway.s_addr), text));
}

/*
 * Networks that the host is connected to, IPv6.
 */

static void
check_prefix(const struct check *k, const struct pref64 *q,
    const struct host_addr *a)
{
	const struct prefix p = { .family = AF_INET6,
		.len = q->len,
		.v6 = q->addr };
	const bool overlap = prefix_overlap(&p, &a->net);
	char prefix[PREFIX_STRLEN], net[PREFIX_STRLEN];

	prefix_print(&p, prefix, sizeof(prefix));
	prefix_print(&a->net, net, sizeof(net));
	if (overlap && p.len <= a->net.len && a->net.len < 128) {
		if (!net_seen(k, a))
			hostcheck_add(k, k->conf->routes,
			    "prefix %s covers %s, the "
			    "network of %s; choose a prefix that no network "
			    "has",
			    prefix, net, host_if_name(k, a->ifn));
	} else if (pref64_match(q, &a->own.v6)) {
		inet_ntop(AF_INET6, &a->own.v6, net, sizeof(net));
		hostcheck_add(k, k->conf->routes,
		    "prefix %s: %s is this host's own "
		    "(%s); choose a prefix that no network has",
		    prefix, net, host_if_name(k, a->ifn));
	} else if (overlap && !net_seen(k, a))
		hostcheck_add(k, false,
		    "prefix %s is inside %s, the network of %s, "
		    "whose hosts look for it on the link unless they are "
		    "told a route to it; better choose another",
		    prefix, net, host_if_name(k, a->ifn));
}

static void
check_net6(const struct check *k, const struct host_addr *a)
{
	size_t i;

	if (a->own.family != AF_INET6 || host_is_tun(k, a->ifn))
		return;
	for (i = 0; i < k->nat64->n_prefixes; i++)
		check_prefix(k, &k->nat64->prefixes[i], a);
}

void
hostcheck_networks(const struct check *k)
{
	const struct host_addr *a, *end = k->host->addrs + k->host->n_addrs;

	for (a = k->host->addrs; a < end; a++) {
		if (!check_net4(k, a))
			check_own4(k, a);
		check_net6(k, a);
	}
	check_gateway(k);
}

/*
 * A pool in a network of the host: its neighbours send ARP requests
 * for these addresses, which somebody has to answer.
 */

/* Does this host answer ARP for the pool's part of a network? */
static bool
proxies(const struct check *k, const struct host_addr *a)
{
	const struct span s = span_of(&a->net);
	const struct host_neigh *n;
	uint64_t single = 0;
	uint32_t addr;
	size_t i;

	/* Do not report a setting that is unknown. */
	if (k->host->all.proxy_arp != 0 ||
	    k->host->ifs[a->ifn].set.proxy_arp != 0)
		return (true);
	for (i = 0; i < k->host->n_neighs; i++) {
		n = &k->host->neighs[i];
		addr = ntohl(n->addr.s_addr);
		if (n->proxy && n->ifn == a->ifn && addr >= s.first &&
		    addr <= s.last && pool_has(k, addr))
			single++;
	}
	return (single == pool_common(k, s));
}

/* Another host uses an address of the pool. */
static void
check_neighbours(const struct check *k)
{
	const struct host_neigh *n, *end;
	char text[INET_ADDRSTRLEN];
	uint32_t addr;

	end = k->host->neighs + k->host->n_neighs;
	for (n = k->host->neighs; n < end; n++) {
		addr = ntohl(n->addr.s_addr);
		if (!n->proxy && host_is_outside(k, n->ifn) &&
		    pool_has(k, addr))
			hostcheck_add(k, false,
			    "pool: %s is used by another host on "
			    "%s; leave it out",
			    addr4_text(addr, text), host_if_name(k, n->ifn));
	}
}

static void
check_on_link(const struct check *k, const struct host_addr *a)
{
	const char *name = host_if_name(k, a->ifn);
	const size_t out = host_find_uplink(k);
	char net[PREFIX_STRLEN];

	if (!net4_has_pool(k, a) || is_covered(k, a))
		return;
	prefix_print(&a->net, net, sizeof(net));
	if (!proxies(k, a))
		hostcheck_add(k, false,
		    "pool: this host does not answer for its "
		    "addresses in %s, the network of %s: "
		    "sysctl net.ipv4.conf.%s.proxy_arp=1",
		    net, name, name);
	if (out != a->ifn && k->host->all.forward4 != 0)
		hostcheck_forward_if(k, a->ifn);
	/* Packets from the Internet arrive here, and replies leave there. */
	if (out != HOST_NO_IF && out != a->ifn && host_is_strict(k, a->ifn))
		hostcheck_add(k, false,
		    "%s drops what comes from where the default "
		    "route of %s leads, and with it answers to the pool: "
		    "sysctl net.ipv4.conf.%s.rp_filter=2",
		    name, host_if_name(k, out), name);
}

void
hostcheck_links(const struct check *k)
{
	const struct host_addr *a, *end = k->host->addrs + k->host->n_addrs;

	check_neighbours(k);
	for (a = k->host->addrs; a < end; a++)
		check_on_link(k, a);
}
