#include "nat64_map.h"
#include "nat64_policy.h"
#include "nat64_struct.h"

enum nat64_by
nat64_embed_4to6(const struct nat64 *n, struct in_addr addr,
    struct in6_addr *out)
{
	const int i = nat64_prefix_for(n, NULL, addr);

	if (i == -1)
		return (NAT64_BY_NOTHING);
	pref64_embed(&n->prefixes[i].prefix, addr, out);
	return (NAT64_BY_PREFIX);
}

enum nat64_by
nat64_map_4to6(const struct nat64 *n, struct in_addr addr,
    struct in6_addr *out)
{
	if (eamt_4to6(n->eamt, addr, out))
		return (NAT64_BY_EAM);
	return (nat64_embed_4to6(n, addr, out));
}

enum nat64_by
nat64_map_6to4(const struct nat64 *n, const struct in6_addr *addr,
    struct in_addr *out)
{
	int i;

	if (eamt_6to4(n->eamt, addr, out))
		return (NAT64_BY_EAM);
	i = nat64_find_prefix(n, addr);
	if (i == -1 ||
	    pref64_extract(&n->prefixes[i].prefix, addr, out) == -1 ||
	    !nat64_may_embed(n, (unsigned)i, *out))
		return (NAT64_BY_NOTHING);
	return (NAT64_BY_PREFIX);
}
