#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/hostaddr.h"
#include "common/os/log.h"

#include "self6.h"

struct self6 {
	struct watch *watch;
	const struct nat64_config *conf;
	unsigned tun; /* its index */
	struct in6_addr addr;
	self6_fn fn;
	void *arg;
};

/* Global unicast addresses are below it. */
static const struct prefix global_unicast = { .family = AF_INET6,
	.len = 3,
	.v6 = { { { 0x20 } } } };

/* Returns -1 when the system does not answer. */
static int
choose(struct self6 *s, struct in6_addr *addr)
{
	struct hostwatch *host = watch_host(s->watch);
	struct hostaddr_choice c = { .prefixes = s->conf->prefixes,
		.n_prefixes = s->conf->n_prefixes,
		.tun = s->tun,
		.current = s->addr };
	struct host_route r;

	if (hostwatch_route(host, &global_unicast, &r) == 0)
		c.route = r.ifindex;
	if (hostwatch_addrs(host, AF_INET6, hostaddr_offer, &c) == -1)
		return (-1);
	*addr = c.best;
	return (0);
}

static void
log_choice(const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_UNSPECIFIED(addr))
		log_warn(
		    "no global IPv6 address on this host: no ICMPv6 "
		    "errors can be sent until it has one, or \"address\" is "
		    "configured");
	else
		log_info("icmp6 errors are sent from %s",
		    inet_ntop(AF_INET6, addr, text, sizeof(text)));
}

struct self6 *
self6_new(struct watch *watch, const char *tun, struct nat64_config *n)
{
	struct host_link link;
	struct self6 *s;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (NULL);
	s->watch = watch;
	s->conf = n;
	if (hostwatch_link(watch_host(watch), 0, tun, &link) == -1 ||
	    choose(s, &s->addr) == -1) {
		self6_free(s);
		return (NULL);
	}
	s->tun = link.ifindex;
	n->self6 = s->addr;
	log_choice(&s->addr);
	return (s);
}

void
self6_free(struct self6 *s)
{
	int saved_errno = errno;

	free(s);
	errno = saved_errno;
}

struct in6_addr
self6_addr(const struct self6 *s, const struct nat64_config *n)
{
	if (pref64_find(n->prefixes, n->n_prefixes, &s->addr) != -1)
		return (in6addr_any);
	return (s->addr);
}

static void
changed(void *arg, unsigned what)
{
	struct self6 *s = arg;
	struct in6_addr addr;

	(void)what;
	if (choose(s, &addr) == -1) {
		log_warn("cannot look at the addresses of this host: %s",
		    strerror(errno));
		return;
	}
	if (IN6_ARE_ADDR_EQUAL(&addr, &s->addr))
		return;
	s->addr = addr;
	log_choice(&addr);
	s->fn(s->arg, &addr);
}

void
self6_look(struct self6 *s)
{
	changed(s, HOSTWATCH_ADDR);
}

void
self6_follow(struct self6 *s, self6_fn fn, void *arg)
{
	s->fn = fn;
	s->arg = arg;
	watch_add(s->watch, HOSTWATCH_ADDR | HOSTWATCH_LINK | HOSTWATCH_ROUTE,
	    changed, s);
}
