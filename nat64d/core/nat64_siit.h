/*
 * The stateless translator (RFC 7915): each packet by itself, by its addresses
 * alone. An address is translated by the explicit address mapping with the
 * longest prefix (RFC 7757), or else is one that is embedded in the Pref64.
 * One of the two addresses of a packet has to have a mapping: it belongs to a
 * host of ours, and others are not served.
 *
 * So it is the CLAT of 464XLAT (RFC 6877): the mapping is that of the hosts
 * behind us that have IPv4 only, and the Pref64 that of the provider's NAT64.
 * And it is the border of a network of servers that have IPv6 only (RFC 7755):
 * the mappings are those of the servers, and the Pref64 stands for the IPv4
 * Internet.
 *
 * A packet between two hosts with mappings, one of which calls the other by its
 * embedded address, is turned back (RFC 7757, 4.2.2).
 *
 * An ICMPv6 error from a router whose address has no counterpart leaves from
 * the dummy address 192.0.0.8, or another one (conf.router4), and tells the
 * router's own address in a Node Identification object, if conf.node_id
 * (draft-ietf-v6ops-icmpext-xlat-v6only-source,
 * draft-ietf-intarea-extended-icmp-nodeid). So traceroute shows each hop of the
 * IPv6 network, and path MTU discovery works across it.
 *
 * TCP and UDP ports and identifiers stay as they are. Other protocols are
 * passed on without a look at them (RFC 7915, 4.5 and 5.5). A fragment is
 * translated alone, except for those of ICMP: these are put together, because
 * the ICMPv6 checksum covers the length of the datagram. Counters, ICMP errors
 * and their rate limits are those of the stateful translator.
 */
#ifndef NAT64D_CORE_NAT64_SIIT_H
#define NAT64D_CORE_NAT64_SIIT_H

#include "nat64_passage.h"

/* p: a packet that pkt_parse() has accepted; n->eamt is not NULL. */
enum pass nat64_siit6(struct passage *w, struct pkt *p);
enum pass nat64_siit4(struct passage *w, struct pkt *p);

/* The second passage of a packet that is turned back: from IPv4 again. */
enum pass nat64_siit_hairpin(struct passage *w, struct pkt *p);

/* An ICMPv4 error about such a packet: translate it for the IPv6 host. */
enum pass nat64_siit_error4(struct passage *w, struct pkt *p);

#endif
