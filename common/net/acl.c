/*
 * The rules are in an array sorted by address, a prefix before those inside it.
 * Each has a parent: the longest other rule that contains it. Since prefixes
 * nest or are disjoint, the longest rule that contains an address is the last
 * rule that sorts at or before the address, or an ancestor of that rule.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#include "acl.h"
#include "addr.h"

#define NO_PARENT SIZE_MAX

struct rule {
	struct prefix prefix;
	bool allow;
	size_t parent;
};

struct acl {
	struct rule *rules;
	size_t n_rules, room;
};

struct acl *
acl_new(void)
{
	return (calloc(1, sizeof(struct acl)));
}

void
acl_free(struct acl *acl)
{
	if (acl == NULL)
		return;
	free(acl->rules);
	free(acl);
}

static size_t
addr_size(sa_family_t family)
{
	return (family == AF_INET ? sizeof(struct in_addr) :
				    sizeof(struct in6_addr));
}

static int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int d;

	if (a->family != b->family)
		return (a->family < b->family ? -1 : 1);
	d = memcmp(&a->v6, &b->v6, addr_size(a->family));
	return (d != 0 ? d : (int)a->len - (int)b->len);
}

/* Returns how many rules sort at or before p. */
static size_t
rules_upto(const struct acl *acl, const struct prefix *p)
{
	size_t low = 0, high = acl->n_rules, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (prefix_cmp(&acl->rules[mid].prefix, p) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

static void
set_parents(struct acl *acl)
{
	struct rule *r = acl->rules;
	size_t i, up;

	for (i = 0; i < acl->n_rules; i++) {
		up = i > 0 ? i - 1 : NO_PARENT;
		while (up != NO_PARENT &&
		    !prefix_overlap(&r[up].prefix, &r[i].prefix))
			up = r[up].parent;
		r[i].parent = up;
	}
}

static int
acl_grow(struct acl *acl)
{
	struct rule *rules;

	if (acl->n_rules >= ACL_MAX_RULES) {
		errno = ENOSPC;
		return (-1);
	}
	rules = array_reserve(acl->rules, &acl->room, acl->n_rules + 1,
	    sizeof(*rules));
	if (rules == NULL)
		return (-1);
	acl->rules = rules;
	return (0);
}

int
acl_add(struct acl *acl, const struct prefix *p, bool allow)
{
	size_t at = rules_upto(acl, p);
	struct rule *r;

	if (at > 0 && prefix_cmp(&acl->rules[at - 1].prefix, p) == 0) {
		if (acl->rules[at - 1].allow == allow)
			return (0);
		errno = EEXIST;
		return (-1);
	}
	if (acl_grow(acl) == -1)
		return (-1);
	r = &acl->rules[at];
	memmove(r + 1, r, (acl->n_rules - at) * sizeof(*r));
	*r = (struct rule){ .prefix = *p, .allow = allow };
	acl->n_rules++;
	set_parents(acl);
	return (0);
}

void
acl_differ(const struct acl *a, const struct acl *b, acl_fn *fn, void *arg)
{
	const struct rule *r;
	size_t i, n;

	for (i = 0; i < a->n_rules; i++) {
		r = &a->rules[i];
		n = rules_upto(b, &r->prefix);
		if (n == 0 ||
		    prefix_cmp(&b->rules[n - 1].prefix, &r->prefix) != 0 ||
		    b->rules[n - 1].allow != r->allow)
			fn(arg, &r->prefix);
	}
}

bool
acl_names_allowed(const struct acl *acl)
{
	const struct rule *r = acl->rules;
	size_t i, up;

	for (i = 0; i < acl->n_rules; i++) {
		up = r[i].parent;
		while (up != NO_PARENT && r[up].allow)
			up = r[up].parent;
		if (r[i].allow && up == NO_PARENT)
			return (true);
	}
	return (false);
}

/* The prefix of this one address; returns -1 for other families. */
static int
host_prefix(const struct sockaddr_storage *ss, struct prefix *p)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		*p = (struct prefix){ .family = AF_INET,
			.len = 32,
			.v4 = sin.sin_addr };
		return (0);
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		*p = (struct prefix){ .family = AF_INET6,
			.len = 128,
			.v6 = sin6.sin6_addr };
		return (0);
	}
	return (-1);
}

static enum acl_verdict
check_host(const struct acl *acl, const struct prefix *host)
{
	const struct rule *r;
	size_t i;

	i = rules_upto(acl, host);
	for (i = i > 0 ? i - 1 : NO_PARENT; i != NO_PARENT; i = r->parent) {
		r = &acl->rules[i];
		if (prefix_overlap(&r->prefix, host))
			return (r->allow ? ACL_ALLOW : ACL_DENY);
	}
	return (ACL_NONE);
}

enum acl_verdict
acl_check(const struct acl *acl, const struct sockaddr_storage *ss)
{
	struct prefix host;

	if (host_prefix(ss, &host) == -1)
		return (ACL_NONE);
	return (check_host(acl, &host));
}

enum acl_verdict
acl_check6(const struct acl *acl, const struct in6_addr *addr)
{
	const struct prefix host = { .family = AF_INET6,
		.len = 128,
		.v6 = *addr };

	return (check_host(acl, &host));
}
