/*
 * struct virtio_net_hdr, which Linux puts before each packet of a tun with
 * IFF_VNET_HDR, to and from the offload metadata of a packet (spec section
 * 11). Bytes only: device and ioctls are tun_linux.c's.
 */
#ifndef NAT64D_VNET_H
#define NAT64D_VNET_H

#include <stdint.h>

#include "pkt.h"

#define VNET_HDRLEN 10

/*
 * Read a header. It is a claim: pkt_parse() and pkt_parse_l4() check it
 * against the packet. Returns 0, or -1 when no packet could make it true
 * (unknown type or flag, segment size 0; GSO-04).
 */
int vnet_decode(const uint8_t hdr[VNET_HDRLEN], struct pkt_offload *ofl);

/*
 * Write the header of a parsed packet (GSO-10 to GSO-16): type by family,
 * hdr_len and csum_start by the offsets found in p.
 */
void vnet_encode(const struct pkt *p, uint8_t hdr[VNET_HDRLEN]);

#endif
