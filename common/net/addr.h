/*
 * IPv4 and IPv6 prefixes and socket addresses: text to binary and back,
 * comparison. Numeric only; knows no names, interfaces or sockets.
 */
#ifndef COMMON_NET_ADDR_H
#define COMMON_NET_ADDR_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Host bits are zero; len is at most 32 (AF_INET) or 128 (AF_INET6). */
struct prefix {
	sa_family_t family;
	unsigned char len; /* bits */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* Longest text of a prefix with its length, and the final NUL. */
#define PREFIX_STRLEN (INET6_ADDRSTRLEN + 4)

/* [address%scope]:port and the final NUL. */
#define SOCKADDR_STRLEN (INET6_ADDRSTRLEN + 20)

/*
 * Read "192.0.2.0/24" or "2001:db8::/32"; an address without a length is a
 * prefix of that one address.
 *
 * Returns NULL, or the reason for the refusal as a static string that reads
 * well behind the text ("has host bits set"); then p is unchanged.
 */
const char *prefix_parse(const char *text, struct prefix *p);

/* The same for one family, AF_INET or AF_INET6: the other is refused. */
const char *prefix_parse_family(const char *text, int family,
    struct prefix *p);

/* Inline, because lists of prefixes are searched for every packet. */
static inline bool
prefix_match4(const struct prefix *p, struct in_addr addr)
{
	uint32_t differ = ntohl(p->v4.s_addr ^ addr.s_addr);

	return (p->family == AF_INET &&
	    (p->len == 0 || differ >> (32 - p->len) == 0));
}

bool prefix_match6(const struct prefix *p, const struct in6_addr *addr);

/*
 * The same for the address of a socket. Families never match one another:
 * ::ffff:192.0.2.1 is an IPv6 address here, so listeners are to set
 * IPV6_V6ONLY.
 */
bool prefix_match(const struct prefix *p, const struct sockaddr_storage *ss);

/* True when one of the two prefixes contains the other. */
bool prefix_overlap(const struct prefix *a, const struct prefix *b);

/* The netmask of a prefix length from 0 to 32, in host order. */
#define PREFIX4_MASK(len) \
	((uint32_t)((len) == 0 ? 0 : 0xffffffffU << (32 - (len)) % 32))

/* Clear all but the first len bits of an address of size octets. */
static inline void
addr_clear_host(void *addr, size_t size, unsigned len)
{
	uint8_t *octets = (uint8_t *)addr;
	size_t whole = len / 8;

	if (len % 8 != 0) {
		octets[whole] &= (uint8_t)(0xff00 >> len % 8);
		whole++;
	}
	memset(octets + whole, 0, size - whole);
}

/* The first len bits of an address, all others zero. */
static inline struct in6_addr
addr6_prefix(const struct in6_addr *addr, unsigned len)
{
	struct in6_addr prefix = *addr;

	addr_clear_host(&prefix, sizeof(prefix), len);
	return (prefix);
}

/*
 * The prefix length of a netmask of size octets, or -1 when a bit is set
 * behind one that is not.
 */
int netmask_len(const void *mask, size_t size);

/* Print as 192.0.2.0/24, always with the length; returns buf. */
char *prefix_print(const struct prefix *p, char *buf, size_t size);

/*
 * Read a numeric address, port in host order. A link-local address may
 * have the index of its interface (fe80::1%2), but not a name.
 *
 * Returns 0, or -1 when text is no address; then ss and len are unchanged.
 */
int sockaddr_parse(const char *text, uint16_t port,
    struct sockaddr_storage *ss, socklen_t *len);

/* Print as 192.0.2.1:53 or [2001:db8::1]:53; returns buf. */
char *sockaddr_print(const struct sockaddr_storage *ss, char *buf,
    size_t size);

/* Same family, address, port and, for IPv6, scope. */
bool sockaddr_equal(const struct sockaddr_storage *a,
    const struct sockaddr_storage *b);

/* The port in host order; 0 for other families. */
uint16_t sockaddr_port(const struct sockaddr_storage *ss);

#endif
