/*
 * struct virtio_net_hdr, which Linux puts before each packet of a tun with
 * IFF_VNET_HDR, to and from the offload metadata of a packet (spec section
 * 11). Bytes only: device and ioctls are tun_linux.c's.
 */
#ifndef NAT64D_WIRE_VNET_H
#define NAT64D_WIRE_VNET_H

#include <stdbool.h>
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

/*
 * What is wrong with a header that is about to be written before a packet:
 * does each field say what the bytes of the packet say (GSO-10 to GSO-16,
 * GSO-25)? Stricter than what is believed of packets that come, and
 * independent of vnet_encode() and struct pkt. has_header: the device takes
 * such headers; else the packet must be complete by itself.
 *
 * Returns NULL, or a static string that names the first fault.
 */
const char *vnet_fault(const uint8_t hdr[VNET_HDRLEN], uint8_t *data,
    uint32_t len, bool has_header);

#endif
