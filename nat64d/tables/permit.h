/*
 * Who may use the translator, by IPv6 source: what "allow from" and "deny
 * from" mean. The longest prefix that holds an address decides, whatever the
 * order of the rules, as in dns64d. Whom no rule names may, unless there is
 * an "allow" that is not an exception to a wider "deny": that is the list of
 * those who may.
 */
#ifndef NAT64D_TABLES_PERMIT_H
#define NAT64D_TABLES_PERMIT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/net/addr.h"

struct permit_rule {
	struct prefix from; /* AF_INET6 */
	bool allow;
};

struct permit;

/*
 * Rules are copied. NULL with errno EEXIST (a prefix is both allowed and
 * denied), ENOSPC (ACL_MAX_RULES of common/net/acl.h) or ENOMEM.
 */
struct permit *permit_new(const struct permit_rule *rules, size_t n);
void permit_free(struct permit *p);

bool permit_allows(const struct permit *p, const struct in6_addr *addr);

#endif
