/*
 * Cutting a translated packet into fragments (RFC 791, 3.2; RFC 8200, 4.5;
 * XLT-12, XLT-34). Super-packets are cut into segments before (gso.h).
 */
#ifndef NAT64D_XLAT_FRAGMENT_H
#define NAT64D_XLAT_FRAGMENT_H

#include <stdint.h>

#include "nat64d/wire/pkt.h"

typedef void (*fragment_emit_fn)(void *arg, struct pkt *piece);

/*
 * Cut an IPv4 packet into pieces of at most mtu bytes, mtu >= 68, each
 * built in scratch (initialised storage of PKT_BUFSIZE), described as
 * pkt_parse() would, and handed to emit. p is one that xlat.h made: it has
 * no options. DF is 0 in the pieces; identification and the original offset
 * and MF are kept. A partial checksum is completed first.
 */
void fragment_ipv4(struct pkt *p, uint32_t mtu, struct pkt *scratch,
    fragment_emit_fn emit, void *arg);

/*
 * Cut an IPv6 packet, with or without Fragment Header but with no other
 * extension header, into pieces of at most mtu bytes, mtu >= 1280, with
 * Fragment Headers. id: the identification (XLT-10), used when p has none.
 */
void fragment_ipv6(struct pkt *p, uint32_t mtu, uint32_t id,
    struct pkt *scratch, fragment_emit_fn emit, void *arg);

#endif
