/*
 * Does a route to a prefix through an interface exist already? Used when we
 * lack the capability to add the route, which the administrator may have added.
 * Linux: /proc/net/route and /proc/net/ipv6_route.
 */
#ifndef NAT64D_OS_ROUTED_H
#define NAT64D_OS_ROUTED_H

#include <stdbool.h>

#include "common/net/addr.h"

/* Is there a route to dst or a prefix that covers it, in the main table? */
bool routed(const char *ifname, const struct prefix *dst);

/*
 * Is the route in one line of /proc/net/route, or /proc/net/ipv6_route, such a
 * route? dst is of the same family. False for an invalid line.
 */
bool routed_line4(const char *line, const char *ifname,
    const struct prefix *dst);
bool routed_line6(const char *line, const char *ifname,
    const struct prefix *dst);

#endif
