/*
 * Who follows what happens: streams of events as lines of JSON, and of dropped
 * packets in the pcapng format or as lines of JSON. Their rate is bounded, and
 * so is what waits for a client; what a client does not get is counted, and
 * said with the next one that it gets.
 */
#ifndef NAT64D_CONTROL_FOLLOW_H
#define NAT64D_CONTROL_FOLLOW_H

/* Most events, and most packets, per second and client. */
#define FOLLOW_EVENTS 10000
#define FOLLOW_PACKETS 1000

/* Bytes of a packet that are captured. */
#define FOLLOW_SNAPLEN 2048

struct engine;
struct followers;

/* engine: borrowed. NULL with errno ENOMEM. */
struct followers *followers_new(struct engine *engine);

/* No stream is left. May be NULL. */
void followers_free(struct followers *f);

#endif
