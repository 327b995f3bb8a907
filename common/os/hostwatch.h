/*
 * The state of this host's network, and notifications of the kernel that it has
 * changed: rtnetlink, or the routing socket of the BSDs.
 *
 * A notification has only the kind of change; the caller looks up the new
 * state, of which no copy is kept here. When messages are lost, all kinds of
 * change are reported. watch.h has callbacks for an event loop.
 *
 * Linux: socket, setsockopt, bind, close while starting; later only read and
 * sendto.
 */
#ifndef COMMON_OS_HOSTWATCH_H
#define COMMON_OS_HOSTWATCH_H

#include <sys/socket.h>

#include <net/if.h>

#include <stdbool.h>

#include "common/net/addr.h"
#include "common/net/hostaddr.h"

struct hostwatch;

/* Kinds of change. */
#define HOSTWATCH_ADDR 1 /* an address of either family: new, gone, flags */
#define HOSTWATCH_LINK 2 /* an interface: new, gone, up, down, MTU */
/*
 * A route: new, gone. When an interface goes down or is removed, Linux does not
 * report that its IPv4 routes are gone: watch links, too.
 */
#define HOSTWATCH_ROUTE 4
#define HOSTWATCH_CONF 8 /* settings such as forwarding; Linux only */
#define HOSTWATCH_ALL 15

/*
 * Watch for these kinds of change from now on; a BSD may report others as well.
 * Call it before privs_drop() and the sandbox. Returns NULL with errno.
 */
struct hostwatch *hostwatch_open(unsigned kinds);
void hostwatch_close(struct hostwatch *w);

/* The descriptor to poll; it does not block. */
int hostwatch_fd(const struct hostwatch *w);

/*
 * Read waiting messages, up to a bound; the descriptor stays readable while
 * there are more. Returns HOSTWATCH_ bits of what may have changed, all of
 * them when messages were lost.
 */
unsigned hostwatch_read(struct hostwatch *w);

/*
 * Call fn with each address of a family, or of both (AF_UNSPEC), of all
 * interfaces; fn must not call hostwatch. Returns 0, or -1 with errno, perhaps
 * after some calls of fn.
 */
typedef void (*hostaddr_fn)(void *arg, const struct hostaddr *a);
int hostwatch_addrs(struct hostwatch *w, sa_family_t family, hostaddr_fn fn,
    void *arg);

/* An interface. */
struct host_link {
	unsigned ifindex;
	char name[IF_NAMESIZE];
	bool up;
	unsigned mtu;  /* bytes */
	bool ipv6_off; /* disable_ipv6, or the MTU is below 1280; Linux only */
};

/*
 * Look up an interface by its index, which stays when it is renamed; or, with
 * an index of 0, by its name. Returns 0; -1 with errno, ENODEV when there is
 * none.
 */
int hostwatch_link(struct hostwatch *w, unsigned ifindex, const char *name,
    struct host_link *l);

/*
 * The route that packets to an address take; no packet is sent. dst: the
 * address; its len is ignored. Returns 0; -1 with errno, ENETUNREACH
 * when there is no route, EHOSTUNREACH or another error for a route that
 * refuses, EOPNOTSUPP on a BSD.
 */
struct host_route {
	unsigned ifindex;  /* 0: none, or several (multipath) */
	unsigned char len; /* bits of its destination */
};
int hostwatch_route(struct hostwatch *w, const struct prefix *dst,
    struct host_route *r);

#endif
