/*
 * Joining packets that leave into super-packets, the opposite of gso.h: the
 * kernel's work for each packet that we write is many times ours, so what
 * it can cut again leaves in one write.
 *
 * Consecutive segments of a flow wait in a slot until one comes that does
 * not continue them, the super-packet is full, or the batch ends. What waits
 * alone leaves as it came. The order within a flow never changes; flows may
 * overtake each other within a batch.
 *
 * Joined are: UDP datagrams of one size, the last may be shorter; TCP
 * segments in sequence with the same acknowledgement, window, options and
 * flags (ACK, and PSH on the last). All have the same hop limit and traffic
 * class, consecutive identifications where DF is not set, no fragments and no
 * extension headers. The kernel will make their checksums, so one that is
 * not known to be right is verified first: damage is never mended (CSM-02).
 *
 * Knows no device: what is to leave goes to a function.
 */
#ifndef NAT64D_WIRE_GRO_H
#define NAT64D_WIRE_GRO_H

#include <stdbool.h>

#include "pkt.h"

/* Of one super-packet; older kernels take no more (GSO-25). */
#define GRO_MAX_SEGMENTS 64

struct gro;

typedef void (*gro_emit_fn)(void *arg, const struct pkt *p);

/*
 * tcp, udp: which super-packets the device takes. emit gets each packet to
 * be written, valid during the call. NULL with errno ENOMEM.
 */
struct gro *gro_new(bool tcp, bool udp, gro_emit_fn emit, void *arg);

/* What still waits is lost: gro_flush() first. */
void gro_free(struct gro *g);

/* Take a parsed packet. Its bytes are emitted or copied before the return. */
void gro_send(struct gro *g, const struct pkt *p);

/* Emit all that waits. */
void gro_flush(struct gro *g);

#endif
