#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/log.h"

#include "clataddr.h"

#define NETWORK_LEN 64 /* bits */

struct clataddr {
	struct watch *watch;
	struct conf *conf;
	struct in6_addr addr;
	void (*fail)(void *arg);
	void *arg;
};

/* A search for a host address. */
struct look {
	unsigned ifindex;
	unsigned rank; /* of found; 0: none */
	struct in6_addr found;
	const struct in6_addr *wanted; /* one of its network; NULL: any */
	bool has_wanted;
};

struct in6_addr
clataddr_derive(const struct in6_addr *host)
{
	struct in6_addr addr = *host;

	addr.s6_addr[8] ^= 0x04;
	addr.s6_addr[9] ^= 0x64;
	return (addr);
}

/* Global before unique local (RFC 4193); 0: neither. */
static unsigned
rank_of(const struct in6_addr *a)
{
	if (a->s6_addr[0] >> 5 == 1)
		return (2);
	return ((a->s6_addr[0] & 0xfe) == 0xfc ? 1 : 0);
}

static void
offer(void *arg, const struct hostaddr *a)
{
	struct look *l = arg;
	unsigned rank;

	if (a->family != AF_INET6 || a->ifindex != l->ifindex ||
	    a->len != NETWORK_LEN ||
	    (a->flags & (HOSTADDR_UNUSABLE | HOSTADDR_TEMPORARY)) != 0)
		return;
	if (l->wanted != NULL &&
	    memcmp(l->wanted, &a->v6, NETWORK_LEN / 8) == 0)
		l->has_wanted = true;
	rank = rank_of(&a->v6);
	if ((a->flags & HOSTADDR_DEPRECATED) != 0 || rank <= l->rank)
		return;
	l->rank = rank;
	l->found = a->v6;
}

/* Returns 0, or -1 with errno and *what. */
static int
look(struct watch *watch, const char *ifname, struct look *l,
    const char **what)
{
	struct hostwatch *host = watch_host(watch);
	struct host_link link;

	*what = "map to interface: there is no such interface yet";
	if (hostwatch_link(host, 0, ifname, &link) == -1)
		return (-1);
	*what = "map to interface: cannot look at its addresses";
	l->ifindex = link.ifindex;
	return (hostwatch_addrs(host, AF_INET6, offer, l));
}

void
clataddr_complete(const struct clataddr *a, struct conf *c)
{
	if (c->map_ifname[0] != '\0')
		c->maps[c->map_if].addr6 = a->addr;
}

struct clataddr *
clataddr_new(struct watch *watch, struct conf *c, const char **what)
{
	struct look l = { .rank = 0 };
	char text[INET6_ADDRSTRLEN];
	struct clataddr *a;

	if (look(watch, c->map_ifname, &l, what) == -1)
		return (NULL);
	if (l.rank == 0) {
		*what = "map to interface: it has no global IPv6 address "
			"with a network of 64 bits";
		errno = EADDRNOTAVAIL;
		return (NULL);
	}
	*what = "memory";
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return (NULL);
	a->watch = watch;
	a->conf = c;
	a->addr = clataddr_derive(&l.found);
	clataddr_complete(a, c);
	log_info("map: the address in the network of %s is %s", c->map_ifname,
	    inet_ntop(AF_INET6, &a->addr, text, sizeof(text)));
	return (a);
}

void
clataddr_free(struct clataddr *a)
{
	int saved_errno = errno;

	free(a);
	errno = saved_errno;
}

/* Without any address the interface is only down for a while. */
static void
changed(void *arg, unsigned what)
{
	struct clataddr *a = arg;
	struct look l = { .wanted = &a->addr };
	const char *why;

	(void)what;
	if (look(a->watch, a->conf->map_ifname, &l, &why) == -1 ||
	    l.has_wanted || l.rank == 0)
		return;
	log_err("map: %s has another network now: a restart is needed",
	    a->conf->map_ifname);
	a->fail(a->arg);
}

void
clataddr_follow(struct clataddr *a, void (*fail)(void *arg), void *arg)
{
	a->fail = fail;
	a->arg = arg;
	watch_add(a->watch, HOSTWATCH_ADDR, changed, a);
}
