/*
 * Access list on client addresses. The rule with the longest matching prefix
 * decides, whatever the order in which the rules were written, as with
 * Unbound's access-control.
 *
 * An acl is filled once and then only read.
 */
#ifndef COMMON_NET_ACL_H
#define COMMON_NET_ACL_H

#include <sys/socket.h>

#include <stdbool.h>

struct acl;
struct in6_addr;
struct prefix;

#define ACL_MAX_RULES 4096

enum acl_verdict {
	ACL_NONE, /* no rule matches: the caller has a default */
	ACL_ALLOW,
	ACL_DENY
};

/* Returns NULL when memory is short. */
struct acl *acl_new(void);

void acl_free(struct acl *acl);

/*
 * Add a rule; p is copied. The same rule twice is one rule.
 *
 * Returns 0, or -1 with errno EEXIST (the prefix has the opposite verdict
 * already), ENOSPC (ACL_MAX_RULES) or ENOMEM; then nothing has changed.
 */
int acl_add(struct acl *acl, const struct prefix *p, bool allow);

/* Call fn with the prefix of each rule of a that b lacks or has reversed. */
typedef void acl_fn(void *arg, const struct prefix *p);
void acl_differ(const struct acl *a, const struct acl *b, acl_fn *fn,
    void *arg);

/* True when there is an allow rule that is not inside a deny rule. */
bool acl_names_allowed(const struct acl *acl);

/*
 * The verdict on a client's address. Costs one binary search, and at most
 * one more step for each rule that contains the nearest one.
 */
enum acl_verdict acl_check(const struct acl *acl,
    const struct sockaddr_storage *ss);
enum acl_verdict acl_check6(const struct acl *acl,
    const struct in6_addr *addr);

#endif
