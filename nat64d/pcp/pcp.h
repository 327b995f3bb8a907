/*
 * The Port Control Protocol, version 2 (RFC 6887): its numbers, and a request
 * of a client.
 */
#ifndef NAT64D_PCP_PCP_H
#define NAT64D_PCP_PCP_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#define PCP_VERSION 2
#define PCP_PORT 5351	     /* of servers */
#define PCP_CLIENT_PORT 5350 /* where clients wait for announcements */
#define PCP_MAX 1100	     /* bytes of a message */
#define PCP_NONCE_LEN 12

/* RFC 6887, 19.2 */
enum pcp_opcode { PCP_ANNOUNCE = 0, PCP_MAP = 1, PCP_PEER = 2 };

/* RFC 6887, 7.4 */
enum pcp_result {
	PCP_SUCCESS = 0,
	PCP_UNSUPP_VERSION = 1,
	PCP_NOT_AUTHORIZED = 2,
	PCP_MALFORMED_REQUEST = 3,
	PCP_UNSUPP_OPCODE = 4,
	PCP_UNSUPP_OPTION = 5,
	PCP_MALFORMED_OPTION = 6,
	PCP_NETWORK_FAILURE = 7,
	PCP_NO_RESOURCES = 8,
	PCP_UNSUPP_PROTOCOL = 9,
	PCP_USER_EX_QUOTA = 10,
	PCP_CANNOT_PROVIDE_EXTERNAL = 11,
	PCP_ADDRESS_MISMATCH = 12,
	PCP_EXCESSIVE_REMOTE_PEERS = 13
};

/* RFC 6887, 13; RFC 7225, 4.1. From 128 on a server may ignore one. */
enum pcp_option {
	PCP_OPTION_THIRD_PARTY = 1,
	PCP_OPTION_PREFER_FAILURE = 2,
	PCP_OPTION_FILTER = 3,
	PCP_OPTION_OPTIONAL = 128,
	PCP_OPTION_PREF64 = 129
};

/*
 * A request. Addresses in network order, ports in host order. What ANNOUNCE
 * does not have is 0; the peer is that of PEER.
 */
struct pcp_request {
	enum pcp_opcode opcode;
	uint32_t lifetime; /* seconds */
	struct in6_addr client;
	uint8_t nonce[PCP_NONCE_LEN];
	uint8_t proto; /* number of the IP protocol */
	uint16_t port; /* of the client */
	uint16_t suggested_port;
	struct in6_addr suggested; /* IPv4 addresses are mapped ones */
	uint16_t peer_port;
	struct in6_addr peer;
	bool prefer_failure;
	bool pref64; /* wants to know the Pref64 */
};

#endif
