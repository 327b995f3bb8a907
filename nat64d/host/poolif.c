#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/os/log.h"

#include "poolif.h"

struct poolif {
	struct watch *watch;
	struct conf *conf;
	struct in_addr addr; /* INADDR_ANY: none */
	poolif_fn fn;
	void *arg;
};

/* A search for an address. */
struct look {
	unsigned ifindex;
	struct in_addr current;
	struct in_addr found; /* INADDR_ANY: none yet */
};

static void
offer(void *arg, const struct hostaddr *a)
{
	struct look *l = arg;

	if (a->family != AF_INET || a->ifindex != l->ifindex)
		return;
	if (l->found.s_addr == INADDR_ANY || a->v4.s_addr == l->current.s_addr)
		l->found = a->v4;
}

/* Returns -1 when the system does not answer. */
static int
look(const struct poolif *p, struct in_addr *addr)
{
	struct hostwatch *host = watch_host(p->watch);
	struct look l = { .current = p->addr };
	struct pool4_range r = p->conf->pool_if;
	struct host_link link;

	addr->s_addr = INADDR_ANY;
	if (hostwatch_link(host, 0, p->conf->pool_ifname, &link) == -1)
		return (errno == ENODEV ? 0 : -1);
	l.ifindex = link.ifindex;
	if (hostwatch_addrs(host, AF_INET, offer, &l) == -1)
		return (-1);
	r.first = r.last = l.found;
	if (pool4_check(&r, 1) == NULL)
		*addr = l.found;
	return (0);
}

void
poolif_complete(const struct poolif *p, struct conf *c)
{
	const struct in_addr addr = p->addr;
	const bool any = addr.s_addr != INADDR_ANY;
	struct nat64_config *n = &c->nat64;
	size_t i;

	c->pool_if.first = c->pool_if.last = addr;
	n->pool = &c->pool_if;
	n->n_pool = any ? 1 : 0;
	n->n_statics = any ? c->n_bindings : 0;
	for (i = 0; i < c->n_bindings; i++)
		c->bindings[i].out4.addr = addr;
	if (c->self4_follows)
		n->self4 = addr;
}

static void
use(struct poolif *p, struct in_addr addr)
{
	const struct conf *c = p->conf;
	char text[INET_ADDRSTRLEN];

	p->addr = addr;
	poolif_complete(p, p->conf);
	if (addr.s_addr != INADDR_ANY)
		log_info("pool: %s has %s", c->pool_ifname,
		    inet_ntop(AF_INET, &addr, text, sizeof(text)));
	else
		log_warn("pool: %s has no IPv4 address: nothing is "
			 "translated until it has one",
		    c->pool_ifname);
}

struct poolif *
poolif_new(struct watch *watch, struct conf *c)
{
	struct in_addr addr;
	struct poolif *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (NULL);
	p->watch = watch;
	p->conf = c;
	if (look(p, &addr) == -1) {
		poolif_free(p);
		return (NULL);
	}
	use(p, addr);
	return (p);
}

void
poolif_free(struct poolif *p)
{
	int saved_errno = errno;

	free(p);
	errno = saved_errno;
}

static void
changed(void *arg, unsigned what)
{
	struct poolif *p = arg;
	struct in_addr addr;

	(void)what;
	if (look(p, &addr) == -1) {
		log_warn("cannot look at the addresses of this host: %s",
		    strerror(errno));
		return;
	}
	if (addr.s_addr == p->addr.s_addr)
		return;
	use(p, addr);
	p->fn(p->arg, &p->conf->nat64);
}

void
poolif_follow(struct poolif *p, poolif_fn fn, void *arg)
{
	p->fn = fn;
	p->arg = arg;
	watch_add(p->watch, HOSTWATCH_ADDR | HOSTWATCH_LINK, changed, p);
}
