/*
 * Fragmentation of a translated packet (RFC 791, 3.2; RFC 8200, 4.5;
 * RFC 7915, 4.1 and 5.1.1). Super-packets are segmented before (gso.h).
 */
#ifndef NAT64D_XLAT_FRAGMENT_H
#define NAT64D_XLAT_FRAGMENT_H

#include <stdint.h>

#include "nat64d/wire/pkt.h"

typedef void (*fragment_emit_fn)(void *arg, struct pkt *piece);

/*
 * Cut an IPv4 packet into fragments of at most mtu bytes, mtu >= 68. Each is
 * built in scratch (initialised storage of PKT_BUFSIZE), is described as by
 * pkt_parse(), and is handed to emit. p was translated by xlat.h, so it has
 * no options. DF is 0 in the fragments; identification and the original
 * offset and MF are kept. A partial checksum is completed first.
 */
void fragment_ipv4(struct pkt *p, uint32_t mtu, struct pkt *scratch,
    fragment_emit_fn emit, void *arg);

/*
 * The same for an IPv6 packet, which has no extension header except perhaps
 * a Fragment Header; mtu >= 1280. id: the identification for a packet
 * without Fragment Header, that of the IPv4 packet (RFC 7915, 4.1).
 */
void fragment_ipv6(struct pkt *p, uint32_t mtu, uint32_t id,
    struct pkt *scratch, fragment_emit_fn emit, void *arg);

#endif
