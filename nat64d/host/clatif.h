/*
 * The IPv4 side of a CLAT on this host (RFC 6877): the addresses that its
 * programs use, and the default route through our interface. Linux only.
 */
#ifndef NAT64D_HOST_CLATIF_H
#define NAT64D_HOST_CLATIF_H

#include "common/os/hostwatch.h"

#include "nat64d/core/nat64.h"

/*
 * The metric of the default route: greater than that of any that a network with
 * IPv4 gives to the host, so that the translation is used only without one.
 */
#define CLATIF_METRIC 65535

/*
 * Give the interface tun the IPv4 addresses of n->maps that are of the service
 * continuity prefix 192.0.0.0/29 (RFC 7335), and route 0.0.0.0/0 to it, with
 * an MTU that is smaller than the IPv6 MTU by the 28 bytes that a packet may
 * grow. For an IPv6 address of n->maps that lies in a network that the host is
 * connected to, the host answers its neighbours (RFC 4861, 7.2.8), as long as
 * it runs: also after we have left. What is there already is success and needs
 * no capability; all of it disappears with the interface, or is left to one
 * that is persistent.
 *
 * Returns 0, or -1 with errno and *what, a static string that says what failed
 * and what to do about it.
 */
int clatif_up(const char *tun, const struct nat64_config *n,
    struct hostwatch *host, const char **what);

#endif
