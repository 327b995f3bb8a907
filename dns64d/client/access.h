/*
 * Which clients may ask. Of the rules of the configuration that match, the one
 * with the longest prefix decides (acl.h). When none matches, clients on this
 * host and in directly connected networks may ask and others may not, so that
 * the server is not an open resolver (RFC 5358, 4).
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
