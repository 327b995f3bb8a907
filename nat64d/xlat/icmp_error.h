/*
 * The ICMP messages that the translator originates itself: errors (spec
 * section 6; RFC 4443, 2.4; RFC 1812, 4.3.2) and answers to echo requests
 * (LOC-01, LOC-02). Whether one may be sent now is ratelimit.c's.
 */
#ifndef NAT64D_XLAT_ICMP_ERROR_H
#define NAT64D_XLAT_ICMP_ERROR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/wire/ipid.h"
#include "nat64d/wire/pkt.h"

/* type and code of the offender's family */
struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t param; /* bytes 4-7: MTU, pointer, or 0; host order */
};

/*
 * May offender, parsed by pkt_parse(), be answered with an error at all
 * (ERR-14)? Its addresses have been checked before.
 */
bool icmp_error_allowed(const struct pkt *offender);

/*
 * Build the error about offender into out, initialised storage of
 * PKT_BUFSIZE (ERR-12, ERR-13). offender is as received, its partial
 * checksum, if any, is completed first (GSO-19) unless it is a super-packet.
 * self: our address. inside: the IPv4 error is translated for a host of
 * ours (HPN-06), so it may have the size of an ICMPv6 error. out is parsed
 * when this returns.
 */
void icmp_error_build6(struct pkt *out, struct pkt *offender,
    const struct in6_addr *self6, const struct icmp_error *e);
void icmp_error_build4(struct pkt *out, struct pkt *offender,
    struct in_addr self4, const struct icmp_error *e, bool inside,
    struct ipid *ids);

/*
 * Turn a whole echo request, parsed, into its reply in place: addresses
 * swapped, hop limit or TTL 64, checksum updated. IPv6 extension headers or
 * IPv4 options are left out. ids may be NULL for IPv6.
 */
void icmp_echo_answer(struct pkt *p, struct ipid *ids);

#endif
