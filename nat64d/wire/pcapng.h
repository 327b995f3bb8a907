/*
 * Writing captured IP packets in the pcapng format
 * (draft-ietf-opsawg-pcapng), which tcpdump and Wireshark read: a section
 * header, one interface of IP packets without a link layer, and packets with a
 * comment. Pure.
 */
#ifndef NAT64D_WIRE_PCAPNG_H
#define NAT64D_WIRE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

/* Longer packets are cut. */
#define PCAPNG_SNAPLEN 65535

/* Longer texts are cut. */
#define PCAPNG_TEXT_MAX 255

#define PCAPNG_BEGIN_MAX 640
#define PCAPNG_PACKET_MAX(len) ((size_t)(len) + 310)

/*
 * Write the blocks that a file begins with. application: who writes it;
 * interface: the name of the interface. Returns how many bytes of buf it has
 * used.
 */
size_t pcapng_begin(uint8_t buf[PCAPNG_BEGIN_MAX], const char *application,
    const char *interface);

/*
 * Write a packet. buf has room for PCAPNG_PACKET_MAX(len) bytes. unix_us: time
 * in microseconds since 1970; len: bytes that are written, orig_len: of the
 * packet. Returns how many bytes of buf it has used.
 */
size_t pcapng_packet(uint8_t *buf, int64_t unix_us, const uint8_t *data,
    size_t len, size_t orig_len, const char *comment);

#endif
