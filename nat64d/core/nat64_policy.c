/*
 * Which addresses the configuration allows to be translated.
 */
#include <netinet/in.h>

#include "common/net/addr.h"
#include "common/net/ip4class.h"

#include "nat64_policy.h"
#include "nat64_struct.h"

bool
nat64_may_embed(const struct nat64 *n, unsigned prefix, struct in_addr addr)
{
	if (ip4_is_never_unicast(addr))
		return (false);
	return (n->conf.wkp_nonglobal_ok ||
	    !pref64_is_wkp(&n->conf.prefixes[prefix]) ||
	    !ip4_is_nonglobal(addr));
}

int
nat64_prefix_for(const struct nat64 *n, const struct bib_entry *bib,
    struct in_addr addr)
{
	unsigned i;

	if (bib != NULL && bib->prefix != -1 &&
	    nat64_may_embed(n, (unsigned)bib->prefix, addr))
		return (bib->prefix);
	for (i = 0; i < n->conf.n_prefixes; i++)
		if (nat64_may_embed(n, i, addr))
			return ((int)i);
	return (-1);
}

bool
nat64_excluded(const struct nat64 *n, enum l4proto proto, struct in_addr addr,
    uint16_t port)
{
	const struct nat64_exclude *x;
	uint32_t mask;
	size_t i;

	for (i = 0; i < n->conf.n_excludes; i++) {
		x = &n->excludes[i];
		mask = htonl(PREFIX4_MASK(x->len));
		if ((addr.s_addr & mask) != x->addr.s_addr)
			continue;
		if (x->any_proto)
			return (true);
		if (x->proto == proto &&
		    (proto == L4_ICMP ||
			(port >= x->ports.first && port <= x->ports.last)))
			return (true);
	}
	return (false);
}

struct in6_addr
nat64_peer6(const struct nat64 *n, const struct session *s)
{
	struct in6_addr addr;

	pref64_embed(&n->conf.prefixes[s->prefix], s->peer.addr, &addr);
	return (addr);
}
