/*
 * Answers that go to one client and are of one size: where the system can
 * (UDP_SEGMENT of Linux), they leave as one large datagram that it takes
 * apart again, for about the price of one. Clients that are forwarders or
 * load balancers ask so much from one port. Knows no system calls.
 */
#ifndef DNS64D_OS_UDP_GROUP_H
#define DNS64D_OS_UDP_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "udp.h"

#define UDP_GROUP_BYTES 65000 /* a datagram has its length in 16 bits */

/* Each datagram of a batch is in one group, the order within kept. */
struct udp_groups {
	unsigned n;
	struct {
		uint8_t first; /* index into the batch */
		uint8_t last;
		uint8_t n;
	} v[UDP_BATCH];
	uint8_t next[UDP_BATCH]; /* in its group, but for the last one */
};

/* together: false makes each datagram a group of its own. */
void udp_group(const struct udp_batch *b, bool together, struct udp_groups *g);

#endif
