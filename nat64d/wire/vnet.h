/*
 * Converts struct virtio_net_hdr (virtio 1.2, 5.1.6), which Linux puts before
 * each packet of a tun with IFF_VNET_HDR, to and from the offload metadata of
 * a packet. The device and its ioctls belong to tun_linux.c.
 */
#ifndef NAT64D_WIRE_VNET_H
#define NAT64D_WIRE_VNET_H

#include <stdbool.h>
#include <stdint.h>

#include "pkt.h"

#define VNET_HDRLEN 10

/*
 * Decode a header. pkt_parse() and pkt_parse_l4() check the result against
 * the packet. Returns 0, or -1 if the header is wrong for any packet: unknown
 * type or flag, ECN without TCP, segment size 0.
 */
int vnet_decode(const uint8_t hdr[VNET_HDRLEN], struct pkt_offload *ofl);

/*
 * Encode the header of a parsed packet. The type depends on the family of the
 * packet as it is now; hdr_len and csum_start are computed from its offsets.
 */
void vnet_encode(const struct pkt *p, uint8_t hdr[VNET_HDRLEN]);

/*
 * Check a header that is about to be written before the packet data, len:
 * does each field agree with the bytes of the packet? The kernel refuses some
 * wrong headers and loses the packets of others. The check is stricter than
 * that of received headers, and independent of vnet_encode() and of the
 * struct pkt. has_header: the device accepts such headers; otherwise the
 * packet has to be complete.
 *
 * Returns NULL, or a static string that describes the first fault.
 */
const char *vnet_fault(const uint8_t hdr[VNET_HDRLEN], uint8_t *data,
    uint32_t len, bool has_header);

#endif
