/*
 * Counters. One list gives the enum and the names, and says what each one
 * means; every packet that is dropped is counted under exactly one reason
 * (RFC 1812, 4.2.2.11).
 */
#ifndef NAT64D_BASE_STATS_H
#define NAT64D_BASE_STATS_H

#include <stdint.h>

/* reason, name, meaning */
#define NAT64_REASONS(X)                                                      \
	X(NONE, "none", "not dropped")                                        \
	X(BAD_VERSION, "bad-version", "neither IPv4 nor IPv6")                \
	X(BAD_LENGTH, "bad-length", "length fields contradict the packet")    \
	X(BAD_IP4_CKSUM, "bad-ipv4-checksum", "IPv4 header checksum wrong")   \
	X(BAD_IP4_OPTIONS, "bad-ipv4-options", "IPv4 options malformed")      \
	X(BAD_OFFLOAD, "bad-offload", "offload data contradict the packet")   \
	X(JUMBOGRAM, "jumbogram", "IPv6 jumbo payload")                       \
	X(MARTIAN6, "martian-ipv6-source", "IPv6 source cannot be a host")    \
	X(MULTICAST6, "multicast-or-link-local-ipv6",                         \
	    "IPv6 destination multicast or link-local")                       \
	X(SOURCE_IN_PREF64, "source-in-pref64", "IPv6 source in a Pref64")    \
	X(SOURCE_IN_POOL, "source-in-pool", "IPv4 source in our pool")        \
	X(TO_ITSELF, "to-itself", "from a host to its own external port")     \
	X(NOT_OURS6, "not-ours6", "IPv6 destination in no Pref64")            \
	X(NOT_OURS4, "not-ours4", "IPv4 destination not in the pool")         \
	X(UNMAPPED6, "unmapped-ipv6",                                         \
	    "stateless: IPv6 address without a mapping")                      \
	X(UNMAPPED4, "unmapped-ipv4",                                         \
	    "stateless: IPv4 address without a mapping")                      \
	X(NO_PREF64, "no-pref64", "clat: no Pref64 is known")                 \
	X(BAD_U_OCTET, "bad-u-octet", "octet 8 of the embedding not zero")    \
	X(MARTIAN4, "martian-ipv4", "IPv4 address never a unicast host")      \
	X(WKP_NONGLOBAL, "wkp-non-global",                                    \
	    "non-global IPv4 address with 64:ff9b::/96")                      \
	X(EXCLUDED, "excluded", "destination excluded by configuration")      \
	X(DENIED, "denied", "IPv6 source may not use the translator")         \
	X(TTL_EXPIRED, "ttl-expired", "hop limit or TTL used up")             \
	X(EXT_HEADERS, "bad-extension-headers",                               \
	    "IPv6 extension headers malformed or not translatable")           \
	X(ROUTING_HEADER, "routing-header", "routing header with segments")   \
	X(SOURCE_ROUTE, "source-route", "IPv4 source route not used up")      \
	X(UNKNOWN_PROTO, "unknown-protocol", "not TCP, UDP or ICMP")          \
	X(BAD_L4, "bad-l4-header", "TCP, UDP or ICMP header malformed")       \
	X(UDP_ZERO_CKSUM, "udp6-zero-checksum", "IPv6 UDP without checksum")  \
	X(UDP4_ZERO_CKSUM, "udp4-zero-checksum-fragment",                     \
	    "stateless: fragmented IPv4 UDP without checksum")                \
	X(ICMP_TYPE, "icmp-type", "ICMP type or code not translated")         \
	X(ICMP_CKSUM, "icmp-bad-checksum", "ICMP error with wrong checksum")  \
	X(ICMP_INNER, "icmp-bad-inner", "bad packet quoted in an ICMP error") \
	X(ICMP_SOURCE, "icmp-source",                                         \
	    "no IPv6 source for a translated ICMPv4 error")                   \
	X(ICMP_POINTER, "icmp-pointer", "pointer without a counterpart")      \
	X(ICMP_QUERY, "icmp-query-refused",                                   \
	    "ICMPv6 echo refused by configuration")                           \
	X(SELF_OTHER, "to-self",                                              \
	    "to the translator itself, not an echo request")                  \
	X(NO_BINDING, "no-binding", "no binding for an inbound packet")       \
	X(NO_SESSION, "no-session", "TCP segment outside any session")        \
	X(FILTERED, "filtered", "refused by address-dependent filtering")     \
	X(INBOUND_TCP, "inbound-tcp-refused", "TCP from IPv4 refused")        \
	X(SYN_STORED, "syn-stored", "inbound SYN kept, unanswered")           \
	X(SYN_REPEATED, "syn-repeated",                                       \
	    "segment that belongs to a stored SYN")                           \
	X(SYN_LIMIT, "syn-limit", "too many stored SYNs")                     \
	X(NO_POOL, "no-pool", "no IPv4 address to translate to")              \
	X(POOL_EXHAUSTED, "pool-exhausted", "no free IPv4 port")              \
	X(SESSION_LIMIT, "session-limit", "session or binding table full")    \
	X(INBOUND_LIMIT, "inbound-limit",                                     \
	    "too many sessions opened from IPv4")                             \
	X(SUBSCRIBER_LIMIT, "subscriber-limit", "subscriber over its quota")  \
	X(TOO_BIG, "too-big", "larger than the MTU of the other side")        \
	X(FRAG_OVERLAP, "fragment-overlap", "overlapping fragments")          \
	X(FRAG_BAD, "fragment-bad", "fragment sizes impossible")              \
	X(FRAG_TINY, "fragment-tiny", "first fragment lacks the L4 header")   \
	X(FRAG_LIMIT, "fragment-limit", "too many fragments waiting")         \
	X(FRAG_ICMP, "fragment-icmp", "fragmented ICMP not translated")       \
	X(FRAG_TIMEOUT, "fragment-timeout",                                   \
	    "held until the datagram timed out")                              \
	X(FRAG_ECN, "fragment-ecn", "fragments mix CE and not-ECT")           \
	X(GATEWAY_ENDED, "gateway-ended",                                     \
	    "connection that a gateway cannot go on with: reset")             \
	X(GATEWAY_CKSUM, "gateway-bad-checksum",                              \
	    "wrong checksum in a segment for a gateway")                      \
	X(GATEWAY_FRAGMENT, "gateway-fragment",                               \
	    "fragment that opens a connection with a gateway")                \
	X(NO_MEMORY, "no-memory", "out of memory")                            \
	X(AT_STANDBY, "standby", "another node of the pair translates")       \
	X(DEVICE, "device", "the tun device refused the packet")

enum nat64_reason {
#define X(reason, name, meaning) NAT64_##reason,
	NAT64_REASONS(X)
#undef X
	    NAT64_NREASONS
};

/* counter, name, meaning */
#define NAT64_COUNTERS(X)                                                \
	X(IN6, "ipv6-packets-in", "packets read, IPv6")                  \
	X(IN6_BYTES, "ipv6-bytes-in", "bytes read, IPv6")                \
	X(IN4, "ipv4-packets-in", "packets read, IPv4")                  \
	X(IN4_BYTES, "ipv4-bytes-in", "bytes read, IPv4")                \
	X(OUT6, "ipv6-packets-out", "packets written, IPv6")             \
	X(OUT6_BYTES, "ipv6-bytes-out", "bytes written, IPv6")           \
	X(OUT4, "ipv4-packets-out", "packets written, IPv4")             \
	X(OUT4_BYTES, "ipv4-bytes-out", "bytes written, IPv4")           \
	X(HAIRPIN, "hairpinned", "packets hairpinned (RFC 6146, 3.8)")   \
	X(ERRORS6, "icmp6-errors-sent", "ICMPv6 errors originated")      \
	X(ERRORS4, "icmp4-errors-sent", "ICMPv4 errors originated")      \
	X(ERRORS_LIMITED, "icmp-errors-limited",                         \
	    "errors not sent: rate limit")                               \
	X(RESETS6, "tcp-resets-sent", "RSTs for unknown TCP sessions")   \
	X(ECHO_ANSWERED, "echo-answered", "echo requests answered here") \
	X(BIB_CREATED, "bindings-created", "bindings created")           \
	X(BLOCKS_ALLOCATED, "blocks-allocated",                          \
	    "port blocks given to a subscriber")                         \
	X(BLOCKS_RELEASED, "blocks-released", "port blocks given back")  \
	X(SESSIONS_CREATED, "sessions-created", "sessions created")      \
	X(SESSIONS_EXPIRED, "sessions-expired", "sessions timed out")    \
	X(SESSIONS_EVICTED, "sessions-evicted",                          \
	    "sessions opened from IPv4, removed to make room")           \
	X(PROBES, "tcp-probes", "probes of idle TCP sessions")           \
	X(GATEWAY_SESSIONS, "gateway-sessions",                          \
	    "connections that a gateway has followed")                   \
	X(GATEWAY_FULL, "gateway-full",                                  \
	    "connections without their gateway: too many")               \
	X(GATEWAY_LET_GO, "gateway-let-go",                              \
	    "connections that a gateway has let go")                     \
	X(GATEWAY_EXPECTED, "gateway-expected",                          \
	    "connections that a server was told to open")                \
	X(PCP_REQUESTS, "pcp-requests", "requests of port control")      \
	X(PCP_REFUSED, "pcp-refused",                                    \
	    "requests of port control answered with an error")           \
	X(PCP_LIMITED, "pcp-limited",                                    \
	    "requests of port control dropped: rate limit")              \
	X(PCP_MAPPED, "pcp-mappings-created",                            \
	    "mappings made by port control")                             \
	X(FAST_OFFERED, "fast-path-offered",                             \
	    "sessions or pairs offered to the fast path")                \
	X(FAST_FULL, "fast-path-full",                                   \
	    "offers that the fast path had no room for")

enum nat64_counter {
#define X(counter, name, meaning) NAT64_##counter,
	NAT64_COUNTERS(X)
#undef X
	    NAT64_NCOUNTERS
};

struct nat64_stats {
	uint64_t counters[NAT64_NCOUNTERS];
	uint64_t drops[NAT64_NREASONS];
};

/* Static strings; never NULL inside the range. */
const char *nat64_reason_name(enum nat64_reason reason);
const char *nat64_counter_name(enum nat64_counter counter);
const char *nat64_counter_meaning(enum nat64_counter counter);

#endif
