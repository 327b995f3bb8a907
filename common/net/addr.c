#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "addr.h"

/* True when the first len bits of two addresses are equal. */
static bool
bits_equal(const void *a, const void *b, unsigned len)
{
	const unsigned char *x = a, *y = b;
	unsigned whole = len / 8, rest = len % 8;

	if (memcmp(x, y, whole) != 0)
		return (false);
	return (rest == 0 || (x[whole] ^ y[whole]) >> (8 - rest) == 0);
}

static unsigned
family_bits(sa_family_t family)
{
	return (family == AF_INET ? 32 : 128);
}

static bool
host_bits_set(const struct prefix *p)
{
	struct prefix cleared = *p;
	const size_t size = family_bits(p->family) / 8;

	addr_clear_host(&cleared.v6, size, p->len);
	return (memcmp(&cleared.v6, &p->v6, size) != 0);
}

/* Decimal below 1000; no sign and no leading zero. */
static int
parse_length(const char *text, unsigned *len)
{
	const char *p;
	unsigned n = 0;

	for (p = text; *p >= '0' && *p <= '9' && p < text + 3; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (p == text || *p != '\0' || (*text == '0' && p > text + 1))
		return (-1);
	*len = n;
	return (0);
}

const char *
prefix_parse(const char *text, struct prefix *out)
{
	struct prefix p = { 0 };
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	unsigned len;

	if (n >= sizeof(host))
		return ("is no address or prefix");
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(AF_INET, host, &p.v4) == 1)
		p.family = AF_INET;
	else if (inet_pton(AF_INET6, host, &p.v6) == 1)
		p.family = AF_INET6;
	else
		return ("is no address or prefix");

	len = family_bits(p.family);
	if (slash != NULL && parse_length(slash + 1, &len) == -1)
		return ("has no valid prefix length");
	if (len > family_bits(p.family))
		return (p.family == AF_INET ? "has a prefix length above 32" :
					      "has a prefix length above 128");
	p.len = (unsigned char)len;
	if (host_bits_set(&p))
		return ("has host bits set");
	*out = p;
	return (NULL);
}

const char *
prefix_parse_family(const char *text, int family, struct prefix *out)
{
	struct prefix p;
	const char *why;

	if ((why = prefix_parse(text, &p)) != NULL)
		return (why);
	if (p.family != family)
		return (family == AF_INET ? "is not an IPv4 prefix" :
					    "is not an IPv6 prefix");
	*out = p;
	return (NULL);
}

bool
prefix_match6(const struct prefix *p, const struct in6_addr *addr)
{
	return (p->family == AF_INET6 && bits_equal(&p->v6, addr, p->len));
}

bool
prefix_match(const struct prefix *p, const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		return (prefix_match4(p, sin.sin_addr));
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		return (prefix_match6(p, &sin6.sin6_addr));
	}
	return (false);
}

bool
prefix_overlap(const struct prefix *a, const struct prefix *b)
{
	return (a->family == b->family &&
	    bits_equal(&a->v6, &b->v6, a->len < b->len ? a->len : b->len));
}

int
netmask_len(const void *mask, size_t size)
{
	const uint8_t *octets = mask;
	uint8_t expected[sizeof(struct in6_addr)];
	unsigned len = 0;

	while (len < size * 8 && (octets[len / 8] & 0x80 >> len % 8) != 0)
		len++;
	memcpy(expected, octets, size);
	addr_clear_host(expected, size, len);
	return (memcmp(expected, octets, size) == 0 ? (int)len : -1);
}

char *
prefix_print(const struct prefix *p, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(p->family, &p->v6, host, sizeof(host));
	snprintf(buf, size, "%s/%u", host, p->len);
	return (buf);
}

/* The index of an interface: decimal, not zero, 32 bits. */
static int
parse_scope(const char *text, uint32_t *scope)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9' && n <= UINT32_MAX; text++)
		n = n * 10 + (unsigned)(*text - '0');
	if (*text != '\0' || n == 0 || n > UINT32_MAX)
		return (-1);
	*scope = (uint32_t)n;
	return (0);
}

static int
sockaddr_parse6(const char *text, uint16_t port, struct sockaddr_in6 *sin6)
{
	const char *percent = strchr(text, '%');
	char host[INET6_ADDRSTRLEN];
	size_t n;

	n = percent != NULL ? (size_t)(percent - text) : strlen(text);
	if (n >= sizeof(host))
		return (-1);
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(AF_INET6, host, &sin6->sin6_addr) != 1)
		return (-1);
	if (percent != NULL &&
	    (!IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr) ||
		parse_scope(percent + 1, &sin6->sin6_scope_id) == -1))
		return (-1);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	return (0);
}

int
sockaddr_parse(const char *text, uint16_t port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in sin = { 0 };
	struct sockaddr_in6 sin6 = { 0 };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
		sin.sin_family = AF_INET;
		sin.sin_port = htons(port);
		memset(ss, 0, sizeof(*ss));
		memcpy(ss, &sin, sizeof(sin));
		*len = sizeof(sin);
		return (0);
	}
	if (sockaddr_parse6(text, port, &sin6) == -1)
		return (-1);
	memset(ss, 0, sizeof(*ss));
	memcpy(ss, &sin6, sizeof(sin6));
	*len = sizeof(sin6);
	return (0);
}

char *
sockaddr_print(const struct sockaddr_storage *ss, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN], scope[sizeof("%4294967295")] = "";
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		inet_ntop(AF_INET, &sin.sin_addr, host, sizeof(host));
		snprintf(buf, size, "%s:%u", host, ntohs(sin.sin_port));
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof(host));
		if (sin6.sin6_scope_id != 0)
			snprintf(scope, sizeof(scope), "%%%lu",
			    (unsigned long)sin6.sin6_scope_id);
		snprintf(buf, size, "[%s%s]:%u", host, scope,
		    ntohs(sin6.sin6_port));
	} else
		snprintf(buf, size, "address family %u", ss->ss_family);
	return (buf);
}

/* Field by field: padding and the flow label do not count. */
bool
sockaddr_equal(const struct sockaddr_storage *a,
    const struct sockaddr_storage *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (a->ss_family != b->ss_family)
		return (false);
	if (a->ss_family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		memcpy(&b4, b, sizeof(b4));
		return (a4.sin_port == b4.sin_port &&
		    a4.sin_addr.s_addr == b4.sin_addr.s_addr);
	}
	if (a->ss_family == AF_INET6) {
		memcpy(&a6, a, sizeof(a6));
		memcpy(&b6, b, sizeof(b6));
		return (a6.sin6_port == b6.sin6_port &&
		    a6.sin6_scope_id == b6.sin6_scope_id &&
		    IN6_ARE_ADDR_EQUAL(&a6.sin6_addr, &b6.sin6_addr));
	}
	return (false);
}

uint16_t
sockaddr_port(const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		return (ntohs(sin.sin_port));
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		return (ntohs(sin6.sin6_port));
	}
	return (0);
}
