/*
 * Generic receive offload: joins outgoing packets into super-packets, the
 * opposite of gso.h. The kernel spends many times more on each packet that we
 * write than we do, so packets that it can segment again are written at once.
 *
 * Consecutive segments of a flow wait in a slot until a packet of the flow
 * does not continue them, the super-packet is full, or the batch ends. A
 * packet that waited alone is emitted unchanged. Packets of a flow stay in
 * order; those of different flows may change places within a batch.
 *
 * A request or an answer is the only packet of its flow in a batch, and has
 * nothing to wait for. gro_release() therefore emits packets of flows that
 * have sent one packet, if it was one also in their last batch. A flow that
 * begins to send faster loses one chance of joining by that.
 *
 * These are joined: UDP datagrams of one size, of which the last may be
 * shorter; TCP segments in sequence with the same acknowledgement, window,
 * options and flags (ACK, and PSH on the last). They have the same hop limit
 * and traffic class, consecutive identifications unless DF is set, and are no
 * fragments and have no extension headers or IPv4 options. The kernel computes
 * their checksums, so a checksum that the device has not verified is verified
 * here: a damaged packet must not become a valid one.
 *
 * Knows no device: packets to be written are passed to a function.
 */
#ifndef NAT64D_WIRE_GRO_H
#define NAT64D_WIRE_GRO_H

#include <stdbool.h>

#include "pkt.h"

/* Most segments of a super-packet; older kernels refuse more of UDP. */
#define GRO_MAX_SEGMENTS 64

struct gro;

typedef void (*gro_emit_fn)(void *arg, const struct pkt *p);

/*
 * tcp, udp: which super-packets the device accepts. emit: is called with each
 * packet to be written, which is valid during the call. Returns NULL with
 * errno ENOMEM.
 */
struct gro *gro_new(bool tcp, bool udp, gro_emit_fn emit, void *arg);

/* Free g and discard packets that wait. */
void gro_free(struct gro *g);

/* Emit a parsed packet, or copy it and let it wait. */
void gro_send(struct gro *g, const struct pkt *p);

/*
 * Within a batch: emit packets, begun since the last call, of flows that are
 * not expected to send another one in it.
 */
void gro_release(struct gro *g);

/* The end of a batch: emit all packets that wait. */
void gro_flush(struct gro *g);

#endif
