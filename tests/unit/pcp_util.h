/*
 * For tests of port control: requests as bytes, written down from the figures
 * of RFC 6887, and not by the code that is tested.
 */
#ifndef TESTS_UNIT_PCP_UTIL_H
#define TESTS_UNIT_PCP_UTIL_H

#include <arpa/inet.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/octets.h"
#include "nat64d/pcp/pcp.h"

#define PCP_HOST "2001:db8:1::10"
#define PCP_NONCE "twelve bytes"
#define PCP_OTHER "other twelve"

struct pcp_bytes {
	uint8_t b[2048];
	size_t len;
};

static inline struct in6_addr
pcp_addr(const char *text)
{
	struct in6_addr a = { 0 };

	inet_pton(AF_INET6, text, &a);
	return (a);
}

/* A header (RFC 6887, 7.1). */
static inline struct pcp_bytes
pcp_head(uint8_t opcode, uint32_t lifetime, const char *client)
{
	const struct in6_addr a = pcp_addr(client);
	struct pcp_bytes m = { .len = 24 };

	m.b[0] = 2;
	m.b[1] = opcode;
	put32(m.b + 4, lifetime);
	memcpy(m.b + 8, &a, 16);
	return (m);
}

/* MAP (RFC 6887, 11.1). */
static inline struct pcp_bytes
pcp_map(const char *client, const char *nonce, uint8_t proto, uint16_t port,
    const char *suggested, uint16_t suggested_port, uint32_t lifetime)
{
	const struct in6_addr a = pcp_addr(suggested);
	struct pcp_bytes m = pcp_head(1, lifetime, client);

	memcpy(m.b + 24, nonce, 12);
	m.b[36] = proto;
	put16(m.b + 40, port);
	put16(m.b + 42, suggested_port);
	memcpy(m.b + 44, &a, 16);
	m.len = 60;
	return (m);
}

/* PEER (RFC 6887, 12.1): with a peer, what is MAP otherwise. */
static inline struct pcp_bytes
pcp_peer(struct pcp_bytes m, const char *peer, uint16_t port)
{
	const struct in6_addr a = pcp_addr(peer);

	m.b[1] = 2;
	put16(m.b + 60, port);
	memcpy(m.b + 64, &a, 16);
	m.len = 80;
	return (m);
}

/* An option of len bytes, which are 0 (RFC 6887, 7.3). */
static inline struct pcp_bytes
pcp_option(struct pcp_bytes m, uint8_t code, uint16_t len)
{
	m.b[m.len] = code;
	put16(m.b + m.len + 2, len);
	m.len += 4 + (len + 3u) / 4 * 4;
	return (m);
}

#endif
