/*
 * Plans which answers of a batch are sent as one large datagram that the
 * system splits again (UDP_SEGMENT of Linux): those of the same size to the
 * same client, such as a forwarder that asks much from one port. A group costs
 * about as much as a single datagram. Makes no system calls.
 */
#ifndef DNS64D_OS_UDP_GROUP_H
#define DNS64D_OS_UDP_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "udp.h"

#define UDP_GROUP_BYTES 65000 /* of a group; the length field has 16 bits */

/* Each datagram of a batch is in one group, in the order of the batch. */
struct udp_groups {
	unsigned n;
	struct {
		uint8_t first; /* index into the batch */
		uint8_t last;
		uint8_t n;
	} v[UDP_BATCH];
	uint8_t next[UDP_BATCH]; /* in the group; unset for the last one */
};

/* together: false: each datagram is a group of its own. */
void udp_group(const struct udp_batch *b, bool together, struct udp_groups *g);

#endif
