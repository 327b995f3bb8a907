#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "common/acl.h"
#include "common/addr.h"

#include "access.h"

struct access {
	const struct acl *rules;
	struct acl *connected;
};

/*
 * The prefix of an interface's address. A netmask with holes or of length
 * zero stands for no network: false.
 */
static bool
make_prefix(const void *addr, const void *mask, size_t size,
    struct prefix *p)
{
	const uint8_t *a = addr, *m = mask;
	uint8_t *out = p->v6.s6_addr;
	unsigned len = 0;
	size_t i;

	while (len < 8 * size && (m[len / 8] & 0x80 >> len % 8))
		len++;
	for (i = 0; i < size; i++) {
		if (i * 8 >= len && m[i] != 0)
			return (false);
		out[i] = a[i] & m[i];
	}
	p->len = len;
	return (len > 0);
}

static bool
network_of(const struct ifaddrs *ifa, struct prefix *p)
{
	const struct sockaddr_in *a4 = (const void *)ifa->ifa_addr;
	const struct sockaddr_in *m4 = (const void *)ifa->ifa_netmask;
	const struct sockaddr_in6 *a6 = (const void *)ifa->ifa_addr;
	const struct sockaddr_in6 *m6 = (const void *)ifa->ifa_netmask;

	if (ifa->ifa_addr == NULL || ifa->ifa_netmask == NULL)
		return (false);
	memset(p, 0, sizeof(*p));
	p->family = ifa->ifa_addr->sa_family;
	switch (p->family) {
	case AF_INET:
		return (make_prefix(&a4->sin_addr, &m4->sin_addr,
		    sizeof(p->v4), p));
	case AF_INET6:
		return (make_prefix(&a6->sin6_addr, &m6->sin6_addr,
		    sizeof(p->v6), p));
	default:
		return (false);
	}
}

static int
add_connected(struct acl *acl)
{
	struct ifaddrs *list, *ifa;
	struct prefix p;
	int error = 0;

	if (getifaddrs(&list) == -1)
		return (-1);
	for (ifa = list; ifa != NULL && error == 0; ifa = ifa->ifa_next) {
		if (network_of(ifa, &p) && acl_add(acl, &p, true) == -1)
			error = errno;
	}
	freeifaddrs(list);
	errno = error;
	return (error == 0 ? 0 : -1);
}

/* Loopback stays loopback even when its interface is down. */
static int
add_loopback(struct acl *acl)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		if (prefix_parse(loopback[i], &p) == NULL &&
		    acl_add(acl, &p, true) == -1)
			return (-1);
	}
	return (0);
}

struct access *
access_new(const struct acl *rules)
{
	struct access *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->rules = rules;
	a->connected = acl_new();
	if (a->connected == NULL || add_loopback(a->connected) == -1 ||
	    add_connected(a->connected) == -1) {
		access_free(a);
		return (NULL);
	}
	return (a);
}

void
access_free(struct access *a)
{
	if (a == NULL)
		return;
	acl_free(a->connected);
	free(a);
}

bool
access_allows(const struct access *a, const struct sockaddr_storage *client)
{
	enum acl_verdict verdict = acl_check(a->rules, client);

	if (verdict == ACL_NONE)
		verdict = acl_check(a->connected, client);
	return (verdict == ACL_ALLOW);
}
