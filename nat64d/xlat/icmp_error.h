/*
 * The ICMP messages that the translator originates: errors (RFC 4443, 2.4;
 * RFC 1812, 4.3.2; RFC 7915, 4.4 and 5.4) and echo replies (RFC 4443, 4.2;
 * RFC 1812, 4.3.3.6). Their rate is limited by ratelimit.h.
 */
#ifndef NAT64D_XLAT_ICMP_ERROR_H
#define NAT64D_XLAT_ICMP_ERROR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/wire/pkt.h"

/* Type and code are those of the offending packet's family. */
struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t param; /* bytes 4-7: MTU, pointer, or 0; host order */
};

/*
 * May offender, parsed by pkt_parse(), be answered with an error at all
 * (RFC 4443, 2.4(e); RFC 1812, 4.3.2.7)? The caller has checked its
 * addresses.
 */
bool icmp_error_allowed(const struct pkt *offender);

/*
 * Build the error about offender into out, initialised storage of
 * PKT_BUFSIZE (RFC 4443, 2.4(c); RFC 1812, 4.3.2.3 to 4.3.2.5; RFC 5508,
 * 7.7). offender is as received; a partial checksum is completed first,
 * unless it is a super-packet. self6, self4: our address. inside: the IPv4
 * error will be translated for an IPv6 host (a hairpin), so it may be as
 * large as an ICMPv6 error. out is parsed when this returns.
 */
void icmp_error_build6(struct pkt *out, struct pkt *offender,
    const struct in6_addr *self6, const struct icmp_error *e);
void icmp_error_build4(struct pkt *out, struct pkt *offender,
    struct in_addr self4, const struct icmp_error *e, bool inside,
    struct ipid *ids);

/*
 * Turn a whole echo request, parsed, into its reply in place: addresses
 * swapped, hop limit or TTL 64, checksum updated, IPv6 extension headers or
 * IPv4 options removed. ids may be NULL for IPv6.
 */
void icmp_echo_answer(struct pkt *p, struct ipid *ids);

#endif
