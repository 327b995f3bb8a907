#include <netinet/in.h>

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "scoped_addr.h"

/* A name that a zone can have; digits alone are an index. */
static bool
is_name(const char *text)
{
	return (*text != '\0' && strlen(text) < IF_NAMESIZE &&
	    strchr(text, '/') == NULL &&
	    text[strspn(text, "0123456789")] != '\0');
}

static const char *
parse_named(const char *text, const char *percent, uint16_t port,
    struct scoped_addr *a)
{
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;
	char host[INET6_ADDRSTRLEN];
	const size_t n = (size_t)(percent - text);
	socklen_t len;

	if (n >= sizeof(host))
		return ("is no address");
	memcpy(host, text, n);
	host[n] = '\0';
	if (sockaddr_parse(host, port, &a->ss, &len) == -1)
		return ("is no address");
	if (a->ss.ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
		return ("has a zone, which only a link-local address can");
	if (strlen(percent + 1) >= IF_NAMESIZE)
		return ("has a zone that is longer than the name of an "
			"interface can be");
	if (!is_name(percent + 1))
		return ("has a zone that is no interface");
	memcpy(a->zone, percent + 1, strlen(percent + 1));
	return (NULL);
}

const char *
scoped_addr_parse(const char *text, uint16_t port, struct scoped_addr *out)
{
	const char *percent = strchr(text, '%'), *why;
	struct scoped_addr a;
	socklen_t len;

	memset(&a, 0, sizeof(a));
	if (sockaddr_parse(text, port, &a.ss, &len) == -1) {
		if (percent == NULL)
			return ("is no address");
		if ((why = parse_named(text, percent, port, &a)) != NULL)
			return (why);
	}
	*out = a;
	return (NULL);
}

char *
scoped_addr_print_host(const struct scoped_addr *a, char *buf, size_t size)
{
	const struct sockaddr_in *sin = (const void *)&a->ss;
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;
	char host[INET6_ADDRSTRLEN];

	if (a->ss.ss_family == AF_INET) {
		inet_ntop(AF_INET, &sin->sin_addr, buf, (socklen_t)size);
		return (buf);
	}
	inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	if (a->zone[0] != '\0')
		snprintf(buf, size, "%s%%%s", host, a->zone);
	else if (sin6->sin6_scope_id != 0)
		snprintf(buf, size, "%s%%%lu", host,
		    (unsigned long)sin6->sin6_scope_id);
	else
		snprintf(buf, size, "%s", host);
	return (buf);
}

char *
scoped_addr_print(const struct scoped_addr *a, char *buf, size_t size)
{
	char host[SCOPED_ADDR_STRLEN];

	if (a->ss.ss_family != AF_INET && a->ss.ss_family != AF_INET6)
		return (sockaddr_print(&a->ss, buf, size));
	scoped_addr_print_host(a, host, sizeof(host));
	snprintf(buf, size, a->ss.ss_family == AF_INET ? "%s:%u" : "[%s]:%u",
	    host, sockaddr_port(&a->ss));
	return (buf);
}

bool
scoped_addr_equal(const struct scoped_addr *a, const struct scoped_addr *b)
{
	return (
	    sockaddr_equal(&a->ss, &b->ss) && strcmp(a->zone, b->zone) == 0);
}

uint32_t
scoped_addr_index(const struct scoped_addr *a)
{
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	return (a->ss.ss_family == AF_INET6 ? sin6->sin6_scope_id : 0);
}

bool
scoped_addr_has_zone(const struct scoped_addr *a)
{
	return (a->zone[0] != '\0' || scoped_addr_index(a) != 0);
}

void
scoped_addr_resolve(const struct scoped_addr *a, uint32_t ifindex,
    struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (void *)ss;

	*ss = a->ss;
	if (scoped_addr_has_zone(a))
		sin6->sin6_scope_id = ifindex;
}
