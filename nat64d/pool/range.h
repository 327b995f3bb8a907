/*
 * IPv4 address ranges as prefixes, for routes and for the text of a range.
 */
#ifndef NAT64D_POOL_RANGE_H
#define NAT64D_POOL_RANGE_H

#include <netinet/in.h>

#include "common/net/addr.h"

/*
 * The largest prefix that begins at first and ends at last or before;
 * first <= last. To split a range into the fewest prefixes, repeat this from
 * the address behind the prefix until range4_last() of it is last.
 */
struct prefix range4_head(struct in_addr first, struct in_addr last);

/* The last address of an IPv4 prefix. */
struct in_addr range4_last(const struct prefix *p);

/* The address that follows; that of 255.255.255.255 is 0.0.0.0. */
struct in_addr range4_next(struct in_addr addr);

#endif
