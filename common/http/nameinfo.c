#include <sys/socket.h>

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <arpa/inet.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nameinfo.h"

/* Room for an address with "%" and the name of an interface. */
#define HOST_SIZE (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

/* Returns 0 or EAI_OVERFLOW. */
static int
put(char *to, socklen_t size, const char *text)
{
	if (to == NULL || size == 0)
		return (0);
	if (strlen(text) >= size)
		return (EAI_OVERFLOW);
	memcpy(to, text, strlen(text) + 1);
	return (0);
}

/* A client without an address is one of a Unix socket. */
static int
family_of(const struct sockaddr *sa, socklen_t salen)
{
	return (salen < offsetof(struct sockaddr, sa_data) ? AF_UNIX :
							     sa->sa_family);
}

static bool
get4(const struct sockaddr *sa, socklen_t salen, char *host, uint16_t *port)
{
	struct sockaddr_in sin;

	if (salen < sizeof(sin))
		return (false);
	memcpy(&sin, sa, sizeof(sin));
	*port = ntohs(sin.sin_port);
	return (inet_ntop(AF_INET, &sin.sin_addr, host, HOST_SIZE) != NULL);
}

/* A link-local address is followed by the number of its link. */
static bool
get6(const struct sockaddr *sa, socklen_t salen, char *host, uint16_t *port)
{
	struct sockaddr_in6 sin6;
	size_t len;

	if (salen < sizeof(sin6))
		return (false);
	memcpy(&sin6, sa, sizeof(sin6));
	*port = ntohs(sin6.sin6_port);
	if (inet_ntop(AF_INET6, &sin6.sin6_addr, host, HOST_SIZE) == NULL)
		return (false);
	len = strlen(host);
	if (sin6.sin6_scope_id != 0)
		snprintf(host + len, HOST_SIZE - len, "%%%u",
		    (unsigned)sin6.sin6_scope_id);
	return (true);
}

int
nameinfo(const struct sockaddr *sa, socklen_t salen, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	char address[HOST_SIZE] = "unix", number[sizeof("65535")];
	uint16_t port = 0;
	bool known;

	if (flags & NI_NAMEREQD)
		return (EAI_NONAME);
	switch (family_of(sa, salen)) {
	case AF_UNIX:
		known = true;
		break;
	case AF_INET:
		known = get4(sa, salen, address, &port);
		break;
	case AF_INET6:
		known = get6(sa, salen, address, &port);
		break;
	default:
		known = false;
	}
	if (!known)
		return (EAI_FAMILY);
	snprintf(number, sizeof(number), "%u", port);
	if (put(host, hostlen, address) != 0)
		return (EAI_OVERFLOW);
	return (put(serv, servlen, number));
}
