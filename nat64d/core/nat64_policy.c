/*
 * Which addresses the configuration allows to be translated.
 */
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/net/ip4class.h"

#include "nat64_policy.h"
#include "nat64_struct.h"

bool
nat64_may_embed(const struct nat64 *n, unsigned prefix, struct in_addr addr)
{
	if (!n->prefixes[prefix].used || ip4_is_never_unicast(addr))
		return (false);
	return (n->conf.wkp_nonglobal_ok ||
	    !pref64_is_wkp(&n->prefixes[prefix].prefix) ||
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
		if (nat64_may_embed(n, n->prefix_of[i], addr))
			return (n->prefix_of[i]);
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

	pref64_embed(&n->prefixes[s->prefix].prefix, s->peer.addr, &addr);
	return (addr);
}

struct nat64_exclude *
nat64_copy_excludes(const struct nat64_config *c)
{
	struct nat64_exclude *copy;

	copy = calloc(c->n_excludes + 1, sizeof(*copy));
	if (copy != NULL && c->n_excludes > 0)
		memcpy(copy, c->excludes, c->n_excludes * sizeof(*copy));
	return (copy);
}

static bool
same_prefix(const struct pref64 *a, const struct pref64 *b)
{
	return (a->len == b->len && IN6_ARE_ADDR_EQUAL(&a->addr, &b->addr));
}

/* The place of a prefix that is used, or a place that was not used. */
static uint8_t
find_place(const struct prefix_slot slots[NAT64_PREFIX_SLOTS],
    const struct pref64 *prefix)
{
	uint8_t i, place = 0;

	for (i = 0; i < NAT64_PREFIX_SLOTS; i++) {
		if (slots[i].used && same_prefix(&slots[i].prefix, prefix))
			return (i);
		if (slots[i].used && place == i)
			place++;
	}
	return (place);
}

void
nat64_place_prefixes(struct nat64 *n, const struct nat64_config *c)
{
	bool used[NAT64_PREFIX_SLOTS] = { false };
	uint8_t place;
	size_t i;

	/*
	 * Those of before count as used until all have a place, so that a
	 * session never gets another prefix.
	 */
	for (i = 0; i < c->n_prefixes; i++) {
		place = find_place(n->prefixes, &c->prefixes[i]);
		n->prefixes[place].prefix = c->prefixes[i];
		n->prefixes[place].used = used[place] = true;
		n->prefix_of[i] = place;
	}
	for (i = 0; i < NAT64_PREFIX_SLOTS; i++)
		n->prefixes[i].used = used[i];
}
