/*
 * The rules of "allow from" and "deny from". Owns the compiled list.
 */
#include <stdlib.h>

#include "common/net/acl.h"

#include "permit.h"

struct permit {
	struct acl *acl; /* NULL: no rules */
	bool others;	 /* allow addresses that no rule matches */
};

struct permit *
permit_new(const struct permit_rule *rules, size_t n)
{
	struct permit *p;
	size_t i;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (NULL);
	p->others = true;
	if (n == 0)
		return (p);
	p->acl = acl_new();
	if (p->acl == NULL)
		goto fail;
	for (i = 0; i < n; i++)
		if (acl_add(p->acl, &rules[i].from, rules[i].allow) == -1)
			goto fail;
	p->others = !acl_names_allowed(p->acl);
	return (p);

fail:
	permit_free(p);
	return (NULL);
}

void
permit_free(struct permit *p)
{
	if (p == NULL)
		return;
	acl_free(p->acl);
	free(p);
}

bool
permit_allows(const struct permit *p, const struct in6_addr *addr)
{
	enum acl_verdict verdict;

	if (p->acl == NULL)
		return (true);
	verdict = acl_check6(p->acl, addr);
	return (verdict == ACL_NONE ? p->others : verdict == ACL_ALLOW);
}
