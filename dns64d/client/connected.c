#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/acl.h"
#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/watch.h"

#include "connected.h"

struct connected {
	struct acl *networks;
	connected_fn *hand_over;
	void *arg;
};

/*
 * The prefix of an interface's address. Returns false for a netmask that is
 * not contiguous or has length 0.
 */
static bool
make_prefix(const void *addr, const void *mask, size_t size, struct prefix *p)
{
	const int len = netmask_len(mask, size);

	if (len <= 0)
		return (false);
	p->len = len;
	memcpy(&p->v6, addr, size);
	addr_clear_host(&p->v6, size, p->len);
	return (true);
}

static bool
network_of(const struct ifaddrs *ifa, struct prefix *p)
{
	const struct sockaddr_in *a4 = (const void *)ifa->ifa_addr;
	const struct sockaddr_in *m4 = (const void *)ifa->ifa_netmask;
	const struct sockaddr_in6 *a6 = (const void *)ifa->ifa_addr;
	const struct sockaddr_in6 *m6 = (const void *)ifa->ifa_netmask;

	if (ifa->ifa_addr == NULL || ifa->ifa_netmask == NULL)
		return (false);
	memset(p, 0, sizeof(*p));
	p->family = ifa->ifa_addr->sa_family;
	switch (p->family) {
	case AF_INET:
		return (make_prefix(&a4->sin_addr, &m4->sin_addr,
		    sizeof(p->v4), p));
	case AF_INET6:
		return (make_prefix(&a6->sin6_addr, &m6->sin6_addr,
		    sizeof(p->v6), p));
	default:
		return (false);
	}
}

/* When there are more networks than ACL_MAX_RULES the first ones are added. */
static int
add_networks(struct acl *acl)
{
	struct ifaddrs *list, *ifa;
	struct prefix p;
	int error = 0;

	if (getifaddrs(&list) == -1)
		return (-1);
	for (ifa = list; ifa != NULL && error == 0; ifa = ifa->ifa_next) {
		if (network_of(ifa, &p) && acl_add(acl, &p, true) == -1)
			error = errno;
	}
	freeifaddrs(list);
	if (error == ENOSPC) {
		log_warn("connected networks: more than %d: allow the others "
			 "with statements",
		    ACL_MAX_RULES);
		error = 0;
	}
	errno = error;
	return (error == 0 ? 0 : -1);
}

/* Added even when the loopback interface is down. */
static int
add_loopback(struct acl *acl)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		if (prefix_parse(loopback[i], &p) == NULL &&
		    acl_add(acl, &p, true) == -1)
			return (-1);
	}
	return (0);
}

/* Returns NULL with errno. */
static struct acl *
read_loopback(void)
{
	struct acl *acl;

	if ((acl = acl_new()) != NULL && add_loopback(acl) == -1) {
		acl_free(acl);
		acl = NULL;
	}
	return (acl);
}

/* Returns NULL with errno. */
static struct acl *
read_networks(void)
{
	struct acl *acl;
	int error;

	if ((acl = read_loopback()) != NULL && add_networks(acl) == -1) {
		error = errno;
		acl_free(acl);
		acl = NULL;
		errno = error;
	}
	return (acl);
}

struct connected *
connected_new(connected_fn *hand_over, void *arg)
{
	struct connected *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->hand_over = hand_over;
	c->arg = arg;
	if ((c->networks = read_networks()) == NULL) {
		log_warn("connected networks: %s: only this host and whom "
			 "\"allow\" names may ask",
		    strerror(errno));
		c->networks = read_loopback();
	}
	if (c->networks == NULL) {
		free(c);
		return (NULL);
	}
	hand_over(arg, c->networks);
	return (c);
}

void
connected_free(struct connected *c)
{
	if (c == NULL)
		return;
	acl_free(c->networks);
	free(c);
}

struct change {
	const char *what;
	unsigned n;
};

static void
log_change(void *arg, const struct prefix *p)
{
	struct change *change = arg;
	char text[PREFIX_STRLEN];

	change->n++;
	log_info("connected network %s: %s",
	    prefix_print(p, text, sizeof(text)), change->what);
}

void
connected_look(struct connected *c)
{
	struct change come = { .what = "new, its clients may ask" };
	struct change gone = { .what = "gone, its clients may ask no more" };
	struct acl *old = c->networks, *new;

	if ((new = read_networks()) == NULL) {
		log_warn("connected networks: %s: what has changed is not "
			 "known",
		    strerror(errno));
		return;
	}
	acl_differ(old, new, log_change, &gone);
	acl_differ(new, old, log_change, &come);
	if (gone.n + come.n == 0) {
		acl_free(new);
		return;
	}
	c->networks = new;
	c->hand_over(c->arg, new);
	acl_free(old);
}

static void
address_changed(void *arg, unsigned what)
{
	(void)what;
	connected_look(arg);
}

void
connected_follow(struct connected *c, struct watch *w)
{
	watch_add(w, HOSTWATCH_ADDR, address_changed, c);
}
