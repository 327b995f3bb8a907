/*
 * Which IPv6 sources may use the translator: "allow from" and "deny from".
 * As in dns64d the longest matching prefix decides, whatever the order of
 * the rules. An address that no rule matches is allowed if each "allow" lies
 * inside a wider "deny", and denied otherwise.
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
 * The rules are copied. NULL with errno EEXIST (a prefix is both allowed and
 * denied), ENOSPC (ACL_MAX_RULES of common/net/acl.h) or ENOMEM.
 */
struct permit *permit_new(const struct permit_rule *rules, size_t n);
void permit_free(struct permit *p);

bool permit_allows(const struct permit *p, const struct in6_addr *addr);

#endif
