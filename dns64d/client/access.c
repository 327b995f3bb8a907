#include "common/net/acl.h"

#include "access.h"

enum access_verdict
access_check(const struct access *a, const struct sockaddr_storage *client)
{
	switch (acl_check(a->rules, client)) {
	case ACL_ALLOW:
		return (ACCESS_ALLOWED);
	case ACL_DENY:
		return (ACCESS_DENIED);
	default:
		return (acl_check(a->connected, client) == ACL_ALLOW ?
			ACCESS_ALLOWED :
			ACCESS_UNKNOWN);
	}
}
