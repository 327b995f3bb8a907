/*
 * A connection that an IPv4 server is going to open to an IPv6 host, because
 * the host has asked it to (RFC 6384, 7.2). It is a session of its own with
 * port 0 of the peer, which no packet has: it counts against the limits of the
 * subscriber, keeps the binding, and ends after "timeout tcp opening", or when
 * the connection has come. A binding made for it (bib_entry.expects) is open to
 * the expected peer only, and for that one connection.
 */
#ifndef NAT64D_CORE_NAT64_EXPECT_H
#define NAT64D_CORE_NAT64_EXPECT_H

#include "nat64_passage.h"

/*
 * The peer of the session control will connect to port of its IPv6 host.
 * Returns true and sets *out4, which has the IPv4 address of control; false
 * when a limit, the pool or memory forbids it, which has been reported.
 */
bool nat64_expect(struct passage *w, const struct session *control,
    uint16_t port, struct taddr4 *out4);

/* Is the session s such an expectation? */
static inline bool
nat64_is_expectation(const struct session *s)
{
	return (s->proto == L4_TCP && s->peer.port == 0);
}

/* The expectation of e for that peer that is not over, or NULL. */
struct session *nat64_expected(const struct passage *w,
    const struct bib_entry *e, struct in_addr peer);

#endif
