/*
 * The classes of IPv4 addresses in the IANA special-purpose registry
 * (RFC 6890 as updated by RFC 8190).
 */
#ifndef COMMON_NET_IP4CLASS_H
#define COMMON_NET_IP4CLASS_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * 192.0.0.8, the dummy address (RFC 7600, 4.8): the source of ICMP errors of
 * nodes that have no IPv4 address. In host byte order.
 */
#define IP4_DUMMY 0xc0000008

/*
 * Not globally reachable: may not be embedded in 64:ff9b::/96
 * (RFC 6052, 3.1). Multicast is not in the registry and gives false.
 */
bool ip4_is_nonglobal(struct in_addr addr);

/*
 * Never a unicast address of a host: "this" network, loopback, link-local,
 * multicast, reserved and broadcast.
 */
static inline bool
ip4_is_never_unicast(struct in_addr addr)
{
	const uint32_t host = ntohl(addr.s_addr);
	const uint32_t first = host >> 24;

	/* Called for every packet, so only the first octet is tested. */
	return (first >= 224 || first == 127 || first == 0 ||
	    host >> 16 == 0xa9fe);
}

#endif
