/*
 * For tests of port control by the translator of the lab (nat64_lab.h): a
 * request, and what its answer says.
 */
#ifndef TESTS_UNIT_PCP_LAB_H
#define TESTS_UNIT_PCP_LAB_H

#include "nat64d/core/nat64_pcp.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/pcp_util.h"

#define PORT 8080

static struct {
	size_t len;
	enum pcp_result result;
	uint32_t secs;
	uint32_t epoch;
	struct in6_addr addr;
	uint16_t port;
} got;

/* Send a request from source. Events are those of it alone. */
static inline void
ask_from(const char *source, struct pcp_bytes m)
{
	const struct in6_addr from = pcp_addr(source);
	uint8_t out[PCP_MAX];

	lab.n_events = 0;
	memset(&got, 0, sizeof(got));
	got.len = nat64_pcp_input(lab.n, &from, m.b, m.len, out, lab.now);
	if (got.len == 0)
		return;
	got.result = (enum pcp_result)out[3];
	got.secs = get32(out + 4);
	got.epoch = get32(out + 8);
	if (got.len < 60)
		return;
	got.port = get16(out + 42);
	memcpy(&got.addr, out + 44, 16);
}

/* MAP of a port of a host, without a wish. */
static inline enum pcp_result
ask_map(const char *host, uint8_t proto, uint16_t port, uint32_t secs)
{
	ask_from(host, pcp_map(host, PCP_NONCE, proto, port, "::", 0, secs));
	return (got.result);
}

/* With one. */
static inline enum pcp_result
ask_suggest(const char *host, uint16_t port, const char *addr,
    uint16_t suggested, bool must)
{
	struct pcp_bytes m =
	    pcp_map(host, PCP_NONCE, 6, port, addr, suggested, 3600);

	ask_from(host, must ? pcp_option(m, 2, 0) : m);
	return (got.result);
}

static inline enum pcp_result
ask_peer(const char *host, uint8_t proto, uint16_t port, const char *peer,
    uint16_t peer_port, uint32_t secs)
{
	ask_from(host,
	    pcp_peer(pcp_map(host, PCP_NONCE, proto, port, "::", 0, secs),
		peer, peer_port));
	return (got.result);
}

/* The IPv4 address of the answer, as text. */
static inline const char *
got_addr(void)
{
	struct in_addr a;

	ck_assert(IN6_IS_ADDR_V4MAPPED(&got.addr));
	memcpy(&a, got.addr.s6_addr + 12, 4);
	return (text4(a));
}

/* The port that was assigned, and where it is. */
static inline struct taddr4
got_out(void)
{
	return ((struct taddr4){ addr4(got_addr()), got.port });
}

static inline void
pcp_on(void)
{
	lab.conf.pcp.on = true;
	lab_start();
}

#endif
