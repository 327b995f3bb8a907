#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "addr_hint.h"

/* An IPv6 address may have a scope behind a "%". */
static bool
is_address(const char *text, int family)
{
	char host[ADDR_HINT_MAX];
	struct in6_addr addr;

	strlcpy(host, text, sizeof(host));
	if (family == AF_INET6)
		host[strcspn(host, "%")] = '\0';
	return (inet_pton(family, host, &addr) == 1);
}

static bool
is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return (len > 0 && len <= 5 && text[len] == '\0');
}

/* Split text; returns what follows the address, or NULL when there is none. */
static char *
split(char *text)
{
	char *rest;

	if (text[0] == '[') {
		rest = strchr(text, ']');
		if (rest == NULL)
			return (NULL);
		*rest++ = '\0';
		return (rest);
	}
	rest = text + strcspn(text, "@#");
	if (*rest == '\0')
		rest = strchr(text, ':');
	if (rest == NULL || *rest == '\0')
		return (NULL);
	/* The separator moves behind a NUL of its own. */
	memmove(rest + 1, rest, strlen(rest) + 1);
	*rest++ = '\0';
	return (rest);
}

const char *
addr_hint(const char *text, size_t len, char buf[ADDR_HINT_MAX])
{
	char copy[ADDR_HINT_MAX - 16], *rest, *addr = copy;

	if (len + 2 > sizeof(copy))
		return (NULL);
	memcpy(copy, text, len);
	copy[len] = '\0';
	rest = split(copy);
	if (rest == NULL)
		return (NULL);
	addr += copy[0] == '[';
	if (!is_address(addr, AF_INET) && !is_address(addr, AF_INET6))
		return (NULL);
	if (*rest == '\0')
		snprintf(buf, ADDR_HINT_MAX, "%s", addr);
	else if (strchr(":@#", *rest) != NULL && is_port(rest + 1))
		snprintf(buf, ADDR_HINT_MAX, "%s port %s", addr, rest + 1);
	else
		return (NULL);
	return (buf);
}
