#include "common/acl.h"

#include "access.h"

bool
access_allows(const struct access *a, const struct sockaddr_storage *client)
{
	enum acl_verdict verdict = acl_check(a->rules, client);

	if (verdict == ACL_NONE)
		verdict = acl_check(a->connected, client);
	return (verdict == ACL_ALLOW);
}
