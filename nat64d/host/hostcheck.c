#include <arpa/inet.h>

#include <string.h>

#include "hostcheck_part.h"

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
		f = hostcheck_add(k, false,
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

	probes[count++] = host4((struct in_addr){ htonl(HOST_INTERNET4) });
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
check_settings(const struct check *k)
{
	hostcheck_forwarding(k);
	hostcheck_sources(k);
	hostcheck_links(k);
	if (k->conf->running)
		hostcheck_routes(k);
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
		hostcheck_networks(&k);
	if (host_has_outside(&k))
		check_settings(&k);
}
