#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "hostcheck_part.h"
#include "nat64d/pool/range.h"

/* first-last and the final NUL. */
#define RANGE_STRLEN (2 * INET_ADDRSTRLEN)

/*
 * Forwarding. For IPv4 the setting of the incoming interface counts, and
 * setting "all" sets every interface; for IPv6 only "all" counts.
 */

static bool
forwards4(const struct check *k, size_t ifn)
{
	return (ifn != HOST_NO_IF && k->host->ifs[ifn].set.forward4 > 0);
}

void
hostcheck_forward_if(const struct check *k, size_t ifn)
{
	if (ifn == HOST_NO_IF || k->host->ifs[ifn].set.forward4 != 0)
		return;
	hostcheck_add(k, false,
	    "%s does not forward IPv4: "
	    "sysctl net.ipv4.conf.%s.forwarding=1",
	    host_if_name(k, ifn), host_if_name(k, ifn));
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
	const size_t tun = host_find_tun(k), out = host_find_uplink(k);

	if (h->all.forward4 == 0 && !(forwards4(k, tun) && forwards4(k, out)))
		hostcheck_add(k, false, "this host does not forward IPv4: %s",
		    h->to_forward4);
	else {
		hostcheck_forward_if(k, tun);
		hostcheck_forward_if(k, out);
	}
}

void
hostcheck_forwarding(const struct check *k)
{
	const struct host *h = k->host;

	if (!is_for_host(k->nat64))
		check_forwarding4(k);
	if (h->all.forward6 == 0)
		hostcheck_add(k, false, "this host does not forward IPv6: %s",
		    h->to_forward6);
}

/*
 * Routes.
 */

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

/* Returns whether packets to dst are routed to us, or that is unknown. */
static bool
is_routed(const struct check *k, const char *what, const char *name,
    const struct prefix *dst)
{
	const struct host_path *p = host_find_path(k, dst);
	const char *remedy = k->conf->routes ?
	    "our route has gone, or "
	    "another one comes first" :
	    "add a route, or say \"routes yes\"";
	char text[INET6_ADDRSTRLEN];

	if (p == NULL || p->way == HOST_WAY_UNKNOWN ||
	    (p->way == HOST_WAY_OUT && host_is_tun(k, p->ifn)))
		return (true);
	/* Reported by check_own4() and check_broadcast(). */
	if (p->way == HOST_WAY_LOCAL)
		return (true);
	inet_ntop(dst->family, &dst->v6, text, sizeof(text));
	if (p->way == HOST_WAY_OUT)
		hostcheck_add(k, false,
		    "%s %s: packets to %s go out through %s, not "
		    "to %s; %s",
		    what, name, text, host_if_name(k, p->ifn), k->conf->tun,
		    remedy);
	else
		hostcheck_add(k, false,
		    "%s %s: packets to %s have no route to %s; %s", what, name,
		    text, k->conf->tun, remedy);
	return (false);
}

/*
 * The interface checks sources strictly (RFC 3704, 2.2): the route to the
 * source of a packet must lead through it.
 */
static void
check_tun_strict(const struct check *k)
{
	const size_t tun = host_find_tun(k);

	if (tun != HOST_NO_IF && host_is_strict(k, tun))
		hostcheck_add(k, false,
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
	const struct host_path *p = host_find_path(k, &source);
	const size_t tun = host_find_tun(k);
	char text[INET_ADDRSTRLEN];

	if (p == NULL)
		return;
	addr4_text(ntohl(addr.s_addr), text);
	if (p->way == HOST_WAY_LOCAL)
		hostcheck_add(k, false,
		    "%s %s is this host's own, and the kernel "
		    "drops ICMP errors that come from it; name another one",
		    what, text);
	else if (tun != HOST_NO_IF && host_is_strict(k, tun) &&
	    !(p->way == HOST_WAY_OUT && p->ifn == tun))
		hostcheck_add(k, false,
		    "%s %s: %s drops ICMP errors from it while "
		    "no route to it leads there: "
		    "sysctl net.ipv4.conf.%s.rp_filter=2",
		    what, text, k->conf->tun, k->conf->tun);
}

void
hostcheck_sources(const struct check *k)
{
	const struct nat64_config *n = k->nat64;

	if (n->self4.s_addr != INADDR_ANY &&
	    !pool_has(k, ntohl(n->self4.s_addr)))
		check_source4(k, "address", n->self4);
	if (n->mode != NAT64_STATEFUL && n->router4.s_addr != n->self4.s_addr)
		check_source4(k, "router-address", n->router4);
}

void
hostcheck_routes(const struct check *k)
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
