#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/os/log.h"

#include "ifwatch.h"
#include "nat64d/wire/iphdr.h"
#include "routes.h"

/*
 * A route counts as removed when it was missing in so many looks,
 * WATCH_SETTLE_MS apart: replacing it is to remove it and to add it again.
 */
#define ROUTE_LOOKS 10

struct route {
	struct prefix dst;
	unsigned char len; /* bits of the one found: it may cover dst */
};

struct ifwatch {
	struct watch *watch;
	struct host_link link; /* at the last look */
	struct route *routes;
	size_t n_routes;
	unsigned missed; /* consecutive looks at which a route was missing */
	bool failed;
	struct ifwatch_ops ops;
};

/*
 * Routes.
 */

/* Does the route to dst lead to us? *r is the route. */
static bool
leads_to_us(const struct ifwatch *w, const struct prefix *dst,
    struct host_route *r)
{
	return (hostwatch_route(watch_host(w->watch), dst, r) == 0 &&
	    r->ifindex == w->link.ifindex);
}

/* Remember a route that leads to us; one that does not is ignored. */
static int
note_route(void *arg, const struct prefix *dst)
{
	struct ifwatch *w = arg;
	struct host_route r;
	struct route *routes;

	if (!leads_to_us(w, dst, &r))
		return (0);
	routes = array_grow(w->routes, w->n_routes, sizeof(*routes));
	if (routes == NULL)
		return (-1);
	w->routes = routes;
	w->routes[w->n_routes++] = (struct route){ *dst, r.len };
	return (0);
}

int
ifwatch_use(struct ifwatch *w, const struct nat64_config *n)
{
	free(w->routes);
	w->routes = NULL;
	w->n_routes = 0;
	w->missed = 0;
	return (n != NULL ? routes_each(n, note_route, w) : 0);
}

/* A search for a route that is missing. */
struct search {
	const struct ifwatch *w;
	struct prefix *missing;
};

static int
find_route(void *arg, const struct prefix *dst)
{
	const struct search *search = arg;
	struct host_route r;

	*search->missing = *dst;
	return (leads_to_us(search->w, dst, &r) ? 0 : -1);
}

int
ifwatch_find_unrouted(const struct ifwatch *w, const struct nat64_config *n,
    struct prefix *missing)
{
	struct search search = { .w = w, .missing = missing };

	return (routes_each(n, find_route, &search));
}

unsigned
ifwatch_mtu(const struct ifwatch *w)
{
	return (w->link.mtu);
}

/* Does this errno say that there is no route? Else the lookup failed. */
static bool
means_no_route(int error)
{
	return (error == ENETUNREACH || error == EHOSTUNREACH ||
	    error == ESRCH || error == EINVAL || error == EACCES);
}

/*
 * Has a route to our interface been removed? Then there is none, or only a less
 * specific one of another interface. A route of type unreachable, as made by
 * nat64d-unreachable, has a worse metric than ours, so it is found only when
 * ours is gone. An equal or more specific route of another interface does not
 * count: a restart would not help, and hostcheck.h reports it.
 */
static bool
has_gone(const struct ifwatch *w, const struct route *route)
{
	struct host_route r;

	if (hostwatch_route(watch_host(w->watch), &route->dst, &r) == -1)
		return (means_no_route(errno));
	return (r.ifindex != w->link.ifindex && r.len < route->len);
}

/* The first route that is missing, or NULL. */
static const struct route *
find_gone(const struct ifwatch *w)
{
	const struct route *r;

	for (r = w->routes; r < w->routes + w->n_routes; r++) {
		if (r->dst.family == AF_INET6 && w->link.ipv6_off)
			continue;
		if (has_gone(w, r))
			return (r);
	}
	return (NULL);
}

/*
 * Changes.
 */

static void
fail(struct ifwatch *w)
{
	w->failed = true;
	w->ops.fail(w->ops.arg);
}

static void
check_routes(struct ifwatch *w)
{
	const struct route *gone;
	char text[PREFIX_STRLEN];

	gone = w->link.up ? find_gone(w) : NULL;
	if (gone == NULL) {
		w->missed = 0;
		return;
	}
	if (++w->missed < ROUTE_LOOKS) {
		watch_again(w->watch, HOSTWATCH_ROUTE);
		return;
	}
	log_err("%s: the route to %s has gone, and only a start can put it "
		"back: leaving",
	    w->link.name, prefix_print(&gone->dst, text, sizeof(text)));
	fail(w);
}

static void
log_up(const struct host_link *new)
{
	if (new->up)
		log_info("%s: is up again", new->name);
	else
		log_warn("%s: is down, nothing is translated: ip link set %s "
			 "up",
		    new->name, new->name);
}

static void
log_ipv6(const struct host_link *new)
{
	if (!new->ipv6_off)
		log_info("%s: IPv6 is enabled again", new->name);
	else if (new->mtu < IPV6_MIN_MTU)
		log_warn("%s: no IPv6 at an MTU of %u: ip link set %s mtu %u",
		    new->name, new->mtu, new->name, IPV6_MIN_MTU);
	else
		log_warn("%s: IPv6 is disabled: sysctl "
			 "net.ipv6.conf.%s.disable_ipv6=0",
		    new->name, new->name);
}

static void
compare(struct ifwatch *w, const struct host_link *new)
{
	const struct host_link old = w->link;

	w->link = *new;
	if (strcmp(new->name, old.name) != 0)
		log_warn("%s: is called %s now", old.name, new->name);
	if (new->mtu != old.mtu) {
		log_info("%s: MTU is %u now, was %u", new->name, new->mtu,
		    old.mtu);
		w->ops.mtu(w->ops.arg, new->mtu);
	}
	if (new->up != old.up)
		log_up(new);
	if (new->ipv6_off != old.ipv6_off)
		log_ipv6(new);
}

static void
changed(void *arg, unsigned what)
{
	struct ifwatch *w = arg;
	struct host_link new;

	(void)what;
	if (w->failed)
		return;
	if (hostwatch_link(watch_host(w->watch), w->link.ifindex, NULL,
		&new) == 0) {
		compare(w, &new);
		check_routes(w);
	} else if (errno == ENODEV) {
		log_err("%s: the interface was removed: leaving",
		    w->link.name);
		fail(w);
	} else
		log_warn("%s: cannot look at it: %s", w->link.name,
		    strerror(errno));
}

struct ifwatch *
ifwatch_new(struct watch *watch, const char *tun, const struct nat64_config *n)
{
	struct ifwatch *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->watch = watch;
	if (hostwatch_link(watch_host(watch), 0, tun, &w->link) == -1 ||
	    ifwatch_use(w, n) == -1) {
		ifwatch_free(w);
		return (NULL);
	}
	return (w);
}

void
ifwatch_free(struct ifwatch *w)
{
	int saved_errno = errno;

	if (w == NULL)
		return;
	free(w->routes);
	free(w);
	errno = saved_errno;
}

void
ifwatch_follow(struct ifwatch *w, const struct ifwatch_ops *ops)
{
	w->ops = *ops;
	watch_add(w->watch, HOSTWATCH_ALL, changed, w);
}
