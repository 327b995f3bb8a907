/*
 * Who may ask. The rules of the configuration decide; where none matches,
 * loopback and the directly connected networks may and all others may not
 * (RFC 6147, 6.3; a resolver open to the world is a weapon).
 */
#ifndef DNS64D_CLIENT_ACCESS_H
#define DNS64D_CLIENT_ACCESS_H

#include <sys/socket.h>

struct acl;

enum access_verdict {
	ACCESS_ALLOWED,
	ACCESS_DENIED, /* by a rule */
	ACCESS_UNKNOWN /* to the rules, and in no connected network */
};

/* Both are borrowed. */
struct access {
	const struct acl *rules;
	const struct acl *connected; /* connected.h */
};

enum access_verdict access_check(const struct access *a,
    const struct sockaddr_storage *client);

#endif
