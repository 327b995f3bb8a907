/*
 * Which clients may ask. The first matching rule of the configuration
 * decides. When none matches, clients on this host and in directly connected
 * networks may ask and others may not (RFC 6147, 6.3), so that the server is
 * no open resolver.
 */
#ifndef DNS64D_CLIENT_ACCESS_H
#define DNS64D_CLIENT_ACCESS_H

#include <sys/socket.h>

struct acl;

enum access_verdict {
	ACCESS_ALLOWED,
	ACCESS_DENIED, /* by a rule */
	ACCESS_UNKNOWN /* no rule matches, and in no connected network */
};

/* Both lists are borrowed. */
struct access {
	const struct acl *rules;
	const struct acl *connected; /* connected.h */
};

enum access_verdict access_check(const struct access *a,
    const struct sockaddr_storage *client);

#endif
