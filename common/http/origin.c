#include <arpa/inet.h>

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "origin.h"

#define NAME_SIZE 256

static bool
is_port(const char *text)
{
	if (*text == '\0')
		return (true);
	if (*text != ':')
		return (false);
	return (text[1 + strspn(text + 1, "0123456789")] == '\0');
}

/* Split "name:port" or "[address]:port". Returns 0, or -1. */
static int
take_name(const char *host, char name[NAME_SIZE])
{
	const bool bracket = host[0] == '[';
	const char *begin = host + bracket;
	const size_t len = strcspn(begin, bracket ? "]" : ":");

	if (len >= NAME_SIZE || (bracket && begin[len] != ']') ||
	    !is_port(begin + len + bracket))
		return (-1);
	memcpy(name, begin, len);
	name[len] = '\0';
	/* A dot at the end says that the name is complete. */
	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return (0);
}

static bool
is_address(const char *name)
{
	unsigned char octets[sizeof(struct in6_addr)];

	return (inet_pton(AF_INET, name, octets) == 1 ||
	    inet_pton(AF_INET6, name, octets) == 1);
}

static bool
is_own(const char *name, const char *own)
{
	const size_t first = own != NULL ? strcspn(own, ".") : 0;

	if (own == NULL || *own == '\0')
		return (false);
	return (strcasecmp(name, own) == 0 ||
	    (strlen(name) == first && strncasecmp(name, own, first) == 0));
}

const char *
origin_refuse(const char *host, const char *origin, const char *fetch_site,
    const char *own)
{
	static const char scheme[] = "http://";
	char name[NAME_SIZE];

	if (host == NULL || take_name(host, name) == -1)
		return ("the Host header is missing or invalid");
	if (!is_address(name) && strcasecmp(name, "localhost") != 0 &&
	    !is_own(name, own))
		return ("the Host header is neither an address nor the name "
			"of this host");
	if (origin != NULL &&
	    (strncasecmp(origin, scheme, sizeof(scheme) - 1) != 0 ||
		strcasecmp(origin + sizeof(scheme) - 1, host) != 0))
		return ("the request comes from a page of another site");
	if (fetch_site != NULL && strcmp(fetch_site, "same-origin") != 0 &&
	    strcmp(fetch_site, "none") != 0)
		return ("the request comes from a page of another site");
	return (NULL);
}
