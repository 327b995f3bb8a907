#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hostcheck.h"
#include "nat64d/pool/range.h"

/* first-last and the final NUL. */
#define RANGE_STRLEN (2 * INET_ADDRSTRLEN)

/*
 * An address in the Internet, to find where the default route leads:
 * 198.41.0.4, a name server of the root zone.
 */
#define INTERNET4 0xc6290004

#define NO_IF SIZE_MAX

struct check {
	const struct hostcheck_conf *conf;
	const struct nat64_config *nat64;
	const struct host *host;
	struct hostcheck *out;
};

/* Add a finding: errors before warnings, each in their order. */
static struct hostcheck_finding *
insert(struct hostcheck *out, bool error)
{
	struct hostcheck_finding *f;
	size_t at = error ? out->n_errors : out->n_findings;

	if (out->n_findings == HOSTCHECK_MAX)
		out->n_more++;
	else
		out->n_findings++;
	if (at == HOSTCHECK_MAX)
		return (NULL);
	f = &out->findings[at];
	memmove(f + 1, f, (out->n_findings - at - 1) * sizeof(*f));
	*f = (struct hostcheck_finding){ .error = error };
	if (error)
		out->n_errors++;
	return (f);
}

static struct hostcheck_finding *__attribute__((__format__(printf, 3, 4)))
add(const struct check *k, bool error, const char *fmt, ...)
{
	struct hostcheck_finding *f;
	va_list ap;

	f = insert(k->out, error);
	if (f == NULL)
		return (NULL);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return (f);
}

/*
 * Addresses, in host byte order.
 */

struct span {
	uint32_t first;
	uint32_t last;
};

static struct span
span_of(const struct prefix *p)
{
	return ((struct span){ .first = ntohl(p->v4.s_addr),
	    .last = ntohl(range4_last(p).s_addr) });
}

static struct span
span_of_range(const struct pool4_range *r)
{
	return ((struct span){ .first = ntohl(r->first.s_addr),
	    .last = ntohl(r->last.s_addr) });
}

/* The number of addresses that are in both spans. */
static uint64_t
common(struct span a, struct span b)
{
	const uint32_t first = a.first > b.first ? a.first : b.first;
	const uint32_t last = a.last < b.last ? a.last : b.last;

	return (first > last ? 0 : (uint64_t)last - first + 1);
}

static uint64_t
pool_common(const struct check *k, struct span s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < k->nat64->n_pool; i++)
		sum += common(span_of_range(&k->nat64->pool[i]), s);
	return (sum);
}

static bool
in_pool(const struct check *k, uint32_t addr)
{
	return (pool_common(k, (struct span){ addr, addr }) > 0);
}

static const char *
addr4_text(uint32_t addr, char text[INET_ADDRSTRLEN])
{
	const struct in_addr in = { .s_addr = htonl(addr) };

	inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
	return (text);
}

static const char *
range_text(const struct pool4_range *r, char text[RANGE_STRLEN])
{
	const struct prefix head = range4_head(r->first, r->last);
	char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &r->first, first, sizeof(first));
	inet_ntop(AF_INET, &r->last, last, sizeof(last));
	if (r->first.s_addr == r->last.s_addr)
		strlcpy(text, first, RANGE_STRLEN);
	else if (range4_last(&head).s_addr == r->last.s_addr)
		prefix_print(&head, text, RANGE_STRLEN);
	else
		snprintf(text, RANGE_STRLEN, "%s-%s", first, last);
	return (text);
}

/*
 * Interfaces.
 */

static const char *
if_name(const struct check *k, size_t ifn)
{
	return (k->host->ifs[ifn].name);
}

static bool
is_tun(const struct check *k, size_t ifn)
{
	return (strcmp(if_name(k, ifn), k->conf->tun) == 0);
}

/* Neither the loopback interface nor ours. */
static bool
is_outside(const struct check *k, size_t ifn)
{
	return (!k->host->ifs[ifn].loopback && !is_tun(k, ifn));
}

static bool
has_outside(const struct check *k)
{
	size_t i;

	for (i = 0; i < k->host->n_ifs; i++)
		if (is_outside(k, i))
			return (true);
	return (false);
}

static size_t
find_tun(const struct check *k)
{
	size_t i;

	for (i = 0; i < k->host->n_ifs; i++)
		if (is_tun(k, i))
			return (i);
	return (NO_IF);
}

static const struct host_path *
find_path(const struct check *k, const struct prefix *dst)
{
	size_t i;

	for (i = 0; i < k->host->n_paths; i++)
		if (k->host->paths[i].dst.len == dst->len &&
		    prefix_overlap(&k->host->paths[i].dst, dst))
			return (&k->host->paths[i]);
	return (NULL);
}

static const struct host_path *
find_path4(const struct check *k, uint32_t addr)
{
	const struct prefix dst = { .family = AF_INET,
		.len = 32,
		.v4.s_addr = htonl(addr) };

	return (find_path(k, &dst));
}

/* The interface of the default route, or NO_IF. */
static size_t
uplink(const struct check *k)
{
	const struct host_path *p = find_path4(k, INTERNET4);

	if (p == NULL || p->way != HOST_WAY_OUT || !is_outside(k, p->ifn))
		return (NO_IF);
	return (p->ifn);
}

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
	return (a->net.family == AF_INET && is_outside(k, a->ifn) &&
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
		if (own >= s.first && own <= s.last && !in_pool(k, own))
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
	add(k, k->conf->routes,
	    "pool: it covers %s, the network of %s, and "
	    "routes for it would cut this host off; name addresses that are "
	    "routed to this host, or some of that network that nobody has",
	    prefix_print(&a->net, net, sizeof(net)), if_name(k, a->ifn));
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
		if (in_pool(k, ends[i]))
			add(k, k->conf->routes,
			    "pool: %s is a broadcast "
			    "address of %s, the network of %s; leave it out",
			    addr4_text(ends[i], text),
			    prefix_print(&a->net, net, sizeof(net)),
			    if_name(k, a->ifn));
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
	add(k, k->conf->routes,
	    "pool: %s is this host's own (%s), and what "
	    "is sent to it never comes to nat64d; leave it out",
	    text, if_name(k, a->ifn));
}

/* The default route must not lead to our interface. */
static void
check_gateway(const struct check *k)
{
	const struct host_path *p = find_path4(k, INTERNET4);
	char text[INET_ADDRSTRLEN];

	if (p == NULL || p->way != HOST_WAY_OUT ||
	    p->gateway.s_addr == INADDR_ANY || is_tun(k, p->ifn) ||
	    !in_pool(k, ntohl(p->gateway.s_addr)))
		return;
	add(k, k->conf->routes,
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
			add(k, k->conf->routes,
			    "prefix %s covers %s, the "
			    "network of %s; choose a prefix that no network "
			    "has",
			    prefix, net, if_name(k, a->ifn));
	} else if (pref64_match(q, &a->own.v6)) {
		inet_ntop(AF_INET6, &a->own.v6, net, sizeof(net));
		add(k, k->conf->routes,
		    "prefix %s: %s is this host's own "
		    "(%s); choose a prefix that no network has",
		    prefix, net, if_name(k, a->ifn));
	} else if (overlap && !net_seen(k, a))
		add(k, false,
		    "prefix %s is inside %s, the network of %s, "
		    "whose hosts look for it on the link unless they are "
		    "told a route to it; better choose another",
		    prefix, net, if_name(k, a->ifn));
}

static void
check_net6(const struct check *k, const struct host_addr *a)
{
	size_t i;

	if (a->own.family != AF_INET6 || is_tun(k, a->ifn))
		return;
	for (i = 0; i < k->nat64->n_prefixes; i++)
		check_prefix(k, &k->nat64->prefixes[i], a);
}

/*
 * Forwarding. For IPv4 the setting of the incoming interface counts, and
 * setting "all" sets every interface; for IPv6 only "all" counts.
 */

static bool
forwards4(const struct check *k, size_t ifn)
{
	return (ifn != NO_IF && k->host->ifs[ifn].set.forward4 > 0);
}

static void
check_forward_if(const struct check *k, size_t ifn)
{
	if (ifn == NO_IF || k->host->ifs[ifn].set.forward4 != 0)
		return;
	add(k, false,
	    "%s does not forward IPv4: "
	    "sysctl net.ipv4.conf.%s.forwarding=1",
	    if_name(k, ifn), if_name(k, ifn));
}

/* A CLAT for its own host only sends and gets IPv4 packets itself. */
static bool
is_for_host(const struct nat64_config *n)
{
	const struct eam *m;

	if (n->mode != NAT64_CLAT)
		return (false);
	for (m = n->maps; m < n->maps + n->n_maps; m++)
		if (!eam_is_of_host(m))
			return (false);
	return (true);
}

static void
check_forwarding4(const struct check *k)
{
	const struct host *h = k->host;
	const size_t tun = find_tun(k), out = uplink(k);

	if (h->all.forward4 == 0 && !(forwards4(k, tun) && forwards4(k, out)))
		add(k, false, "this host does not forward IPv4: %s",
		    h->to_forward4);
	else {
		check_forward_if(k, tun);
		check_forward_if(k, out);
	}
}

static void
check_forwarding(const struct check *k)
{
	const struct host *h = k->host;

	if (!is_for_host(k->nat64))
		check_forwarding4(k);
	if (h->all.forward6 == 0)
		add(k, false, "this host does not forward IPv6: %s",
		    h->to_forward6);
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
		    addr <= s.last && in_pool(k, addr))
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
		if (!n->proxy && is_outside(k, n->ifn) && in_pool(k, addr))
			add(k, false,
			    "pool: %s is used by another host on "
			    "%s; leave it out",
			    addr4_text(addr, text), if_name(k, n->ifn));
	}
}

static int
max(int a, int b)
{
	return (a > b ? a : b);
}

static bool
is_strict(const struct check *k, size_t ifn)
{
	return (max(k->host->all.rp_filter, k->host->ifs[ifn].set.rp_filter) ==
	    HOST_RP_STRICT);
}

static void
check_on_link(const struct check *k, const struct host_addr *a)
{
	const char *name = if_name(k, a->ifn);
	const size_t out = uplink(k);
	char net[PREFIX_STRLEN];

	if (!net4_has_pool(k, a) || is_covered(k, a))
		return;
	prefix_print(&a->net, net, sizeof(net));
	if (!proxies(k, a))
		add(k, false,
		    "pool: this host does not answer for its "
		    "addresses in %s, the network of %s: "
		    "sysctl net.ipv4.conf.%s.proxy_arp=1",
		    net, name, name);
	if (out != a->ifn && k->host->all.forward4 != 0)
		check_forward_if(k, a->ifn);
	/* Packets from the Internet arrive here, and replies leave there. */
	if (out != NO_IF && out != a->ifn && is_strict(k, a->ifn))
		add(k, false,
		    "%s drops what comes from where the default "
		    "route of %s leads, and with it answers to the pool: "
		    "sysctl net.ipv4.conf.%s.rp_filter=2",
		    name, if_name(k, out), name);
}

/*
 * Routes.
 */

/* Returns whether packets to dst are routed to us, or that is unknown. */
static bool
is_routed(const struct check *k, const char *what, const char *name,
    const struct prefix *dst)
{
	const struct host_path *p = find_path(k, dst);
	const char *remedy = k->conf->routes ?
	    "our route has gone, or "
	    "another one comes first" :
	    "add a route, or say \"routes yes\"";
	char text[INET6_ADDRSTRLEN];

	if (p == NULL || p->way == HOST_WAY_UNKNOWN ||
	    (p->way == HOST_WAY_OUT && is_tun(k, p->ifn)))
		return (true);
	/* Reported by check_own4() and check_broadcast(). */
	if (p->way == HOST_WAY_LOCAL)
		return (true);
	inet_ntop(dst->family, &dst->v6, text, sizeof(text));
	if (p->way == HOST_WAY_OUT)
		add(k, false,
		    "%s %s: packets to %s go out through %s, not "
		    "to %s; %s",
		    what, name, text, if_name(k, p->ifn), k->conf->tun,
		    remedy);
	else
		add(k, false, "%s %s: packets to %s have no route to %s; %s",
		    what, name, text, k->conf->tun, remedy);
	return (false);
}

static struct prefix
host4(struct in_addr addr)
{
	return ((struct prefix){ .family = AF_INET, .len = 32, .v4 = addr });
}

/* Some address below a prefix. */
static struct prefix
host6(const struct pref64 *q)
{
	struct prefix p = { .family = AF_INET6, .len = 128 };

	pref64_embed(q, (struct in_addr){ htonl(INTERNET4) }, &p.v6);
	return (p);
}

/*
 * The interface checks sources strictly (RFC 3704, 2.2): the route to the
 * source of a packet must lead through it.
 */
static void
check_tun_strict(const struct check *k)
{
	const size_t tun = find_tun(k);

	if (tun != NO_IF && is_strict(k, tun))
		add(k, false,
		    "%s drops packets from the pool while no route "
		    "to it leads there: sysctl net.ipv4.conf.%s.rp_filter=2",
		    k->conf->tun, k->conf->tun);
}

/*
 * A source of ICMP errors that enter through the tun: the kernel drops packets
 * from outside with a source address of its own, and strict reverse path
 * filtering drops others.
 */
static void
check_source4(const struct check *k, const char *what, struct in_addr addr)
{
	const struct prefix source = host4(addr);
	const struct host_path *p = find_path(k, &source);
	const size_t tun = find_tun(k);
	char text[INET_ADDRSTRLEN];

	if (p == NULL)
		return;
	addr4_text(ntohl(addr.s_addr), text);
	if (p->way == HOST_WAY_LOCAL)
		add(k, false,
		    "%s %s is this host's own, and the kernel "
		    "drops ICMP errors that come from it; name another one",
		    what, text);
	else if (tun != NO_IF && is_strict(k, tun) &&
	    !(p->way == HOST_WAY_OUT && p->ifn == tun))
		add(k, false,
		    "%s %s: %s drops ICMP errors from it while "
		    "no route to it leads there: "
		    "sysctl net.ipv4.conf.%s.rp_filter=2",
		    what, text, k->conf->tun, k->conf->tun);
}

static void
check_sources4(const struct check *k)
{
	const struct nat64_config *n = k->nat64;

	if (n->self4.s_addr != INADDR_ANY &&
	    !in_pool(k, ntohl(n->self4.s_addr)))
		check_source4(k, "address", n->self4);
	if (n->mode != NAT64_STATEFUL && n->router4.s_addr != n->self4.s_addr)
		check_source4(k, "router-address", n->router4);
}

static void
check_routes(const struct check *k)
{
	const struct nat64_config *n = k->nat64;
	char text[RANGE_STRLEN > PREF64_STRLEN ? RANGE_STRLEN : PREF64_STRLEN];
	struct prefix first, last;
	bool strict = false;
	size_t i;

	for (i = 0; i < n->n_prefixes && n->mode != NAT64_CLAT; i++) {
		first = host6(&n->prefixes[i]);
		pref64_print(&n->prefixes[i], text, sizeof(text));
		(void)is_routed(k, "prefix", text, &first);
	}
	for (i = 0; i < n->n_pool; i++) {
		first = host4(n->pool[i].first);
		last = host4(n->pool[i].last);
		range_text(&n->pool[i], text);
		if (!is_routed(k, "pool", text, &first) ||
		    !is_routed(k, "pool", text, &last))
			strict = true;
	}
	if (strict)
		check_tun_strict(k);
}

/*
 * The firewall.
 */

static void
check_firewall(const struct check *k)
{
	const struct host *h = k->host;
	struct hostcheck_finding *f;
	size_t i;

	for (i = 0; i < h->n_chains; i++) {
		f = add(k, false,
		    "firewall: %s drops what its rules do not "
		    "let pass, and none of them names %s; look at \"nft "
		    "list ruleset\"",
		    h->chains[i].name, k->conf->tun);
		if (f != NULL)
			f->old = h->chains_old;
	}
}

/*
 * All checks.
 */

size_t
hostcheck_probes(const struct nat64_config *n,
    struct prefix probes[HOSTCHECK_PROBES])
{
	size_t i, count = 0;

	probes[count++] = host4((struct in_addr){ htonl(INTERNET4) });
	probes[count++] = host4(n->self4);
	if (n->mode != NAT64_STATEFUL)
		probes[count++] = host4(n->router4);
	for (i = 0; i < n->n_prefixes; i++)
		probes[count++] = host6(&n->prefixes[i]);
	for (i = 0; i < n->n_pool && count + 2 <= HOSTCHECK_PROBES; i++) {
		probes[count++] = host4(n->pool[i].first);
		probes[count++] = host4(n->pool[i].last);
	}
	return (count);
}

static void
check_networks(const struct check *k)
{
	const struct host_addr *a, *end = k->host->addrs + k->host->n_addrs;

	for (a = k->host->addrs; a < end; a++) {
		if (!check_net4(k, a))
			check_own4(k, a);
		check_net6(k, a);
	}
	check_gateway(k);
}

static void
check_settings(const struct check *k)
{
	const struct host_addr *a, *end = k->host->addrs + k->host->n_addrs;

	check_forwarding(k);
	check_sources4(k);
	check_neighbours(k);
	for (a = k->host->addrs; a < end; a++)
		check_on_link(k, a);
	if (k->conf->running)
		check_routes(k);
	check_firewall(k);
}

void
hostcheck(const struct hostcheck_conf *c, const struct host *h,
    struct hostcheck *out)
{
	const struct check k = { .conf = c,
		.nat64 = c->nat64,
		.host = h,
		.out = out };

	memset(out, 0, sizeof(*out));
	/* The prefix of a CLAT belongs to somebody else. */
	if (c->nat64->mode != NAT64_CLAT)
		check_networks(&k);
	if (has_outside(&k))
		check_settings(&k);
}
