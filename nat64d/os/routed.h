/*
 * Are packets for a prefix routed to an interface already? Used without the
 * right to change routes, when the administrator has added them. Linux:
 * /proc/net/route and /proc/net/ipv6_route.
 */
#ifndef NAT64D_OS_ROUTED_H
#define NAT64D_OS_ROUTED_H

#include <stdbool.h>

#include "common/net/addr.h"

/* Is there a route to dst or a prefix that covers it, in the main table? */
bool routed(const char *ifname, const struct prefix *dst);

/*
 * The same of one line of these files, for a prefix of the right family. An
 * invalid line is no route.
 */
bool routed_line4(const char *line, const char *ifname,
    const struct prefix *dst);
bool routed_line6(const char *line, const char *ifname,
    const struct prefix *dst);

#endif
