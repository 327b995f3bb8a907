#include "hostaddr.h"

static bool
is_unique_local(const struct in6_addr *addr)
{
	return (
	    (addr->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_SITELOCAL(addr));
}

static bool
is_usable(const struct hostaddr_choice *c, const struct hostaddr *a)
{
	if (a->family != AF_INET6 || (a->flags & HOSTADDR_UNUSABLE) != 0)
		return (false);
	if (c->tun != 0 && a->ifindex == c->tun)
		return (false);
	if (IN6_IS_ADDR_UNSPECIFIED(&a->v6) || IN6_IS_ADDR_LINKLOCAL(&a->v6) ||
	    IN6_IS_ADDR_LOOPBACK(&a->v6) || IN6_IS_ADDR_MULTICAST(&a->v6) ||
	    IN6_IS_ADDR_V4MAPPED(&a->v6))
		return (false);
	return (pref64_find(c->prefixes, c->n_prefixes, &a->v6) == -1);
}

/* The highest is the best. Each criterion takes precedence over the next. */
static unsigned
rank_of(const struct hostaddr_choice *c, const struct hostaddr *a)
{
	unsigned rank = is_unique_local(&a->v6) ? 0 : 3;

	if ((a->flags & HOSTADDR_DEPRECATED) == 0)
		rank += (a->flags & HOSTADDR_TEMPORARY) != 0 ? 1 : 2;
	rank = rank * 2 + (c->route != 0 && a->ifindex == c->route);
	rank = rank * 2 + IN6_ARE_ADDR_EQUAL(&a->v6, &c->current);
	return (rank + 1); /* 0 is none */
}

void
hostaddr_offer(void *arg, const struct hostaddr *a)
{
	struct hostaddr_choice *c = arg;
	unsigned rank;

	if (!is_usable(c, a))
		return;
	rank = rank_of(c, a);
	if (rank <= c->rank)
		return;
	c->rank = rank;
	c->best = a->v6;
}
