/*
 * What this host's network is like, and the kernel's word that it has
 * changed: rtnetlink, or the routing socket of the BSDs.
 *
 * A change says what kind of thing it was; what that is like now is to be
 * looked up. So a message that is lost costs nothing but a look at
 * everything, and nothing here keeps a copy that can become wrong. For the
 * event loop, and for several parts of the daemon at once: watch.h.
 *
 * Linux: socket, setsockopt, bind, close while starting; read, sendto and no
 * other system call once it runs.
 */
#ifndef COMMON_OS_HOSTWATCH_H
#define COMMON_OS_HOSTWATCH_H

#include <net/if.h>

#include <stdbool.h>

#include "common/net/addr.h"
#include "common/net/hostaddr.h"

struct hostwatch;

/* Kinds of change. */
#define HOSTWATCH_ADDR 1 /* an address of either family: new, gone, flags */
#define HOSTWATCH_LINK 2 /* an interface: new, gone, up, down, MTU */
#define HOSTWATCH_ROUTE \
	4		 /* a route: new, gone. Linux tells of no IPv4 route \
			    that goes with its interface: look when links    \
			    change too */
#define HOSTWATCH_CONF 8 /* forwarding and the like; Linux only */
#define HOSTWATCH_ALL 15

/*
 * Watch for these kinds of change from now on; of others a BSD may tell as
 * well. Before privs_drop() and the sandbox, which needs no more for it than
 * it has. Returns NULL with errno.
 */
struct hostwatch *hostwatch_open(unsigned kinds);
void hostwatch_close(struct hostwatch *w);

/* The descriptor to wait for; it does not block. */
int hostwatch_fd(const struct hostwatch *w);

/*
 * Take messages that are waiting, of a storm only some; the rest keeps the
 * descriptor readable. Returns HOSTWATCH_ bits of what may have changed, all
 * of them when messages were lost.
 */
unsigned hostwatch_read(struct hostwatch *w);

/*
 * All addresses of a family, or of both (AF_UNSPEC), of all interfaces, one
 * after the other; fn may not call hostwatch. Returns 0, or -1 with errno,
 * and fn may have been called with some.
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
 * address, its len is not looked at. Returns 0; -1 with errno, ENETUNREACH
 * when there is no route, EHOSTUNREACH and the like when there is one that
 * says so, EOPNOTSUPP on a BSD.
 */
struct host_route {
	unsigned ifindex;  /* 0: none, or several (multipath) */
	unsigned char len; /* bits of its destination */
};
int hostwatch_route(struct hostwatch *w, const struct prefix *dst,
    struct host_route *r);

#endif
