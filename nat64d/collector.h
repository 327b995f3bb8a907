/*
 * A collector of events: a bounded queue, the format, and a socket that is
 * always on its way there (outsock.h). Nothing waits for the collector: what
 * the queue has no room for is lost and counted, and the collector gets to know
 * the number where it is missing:
 *
 *	syslog	a message lines-lost with its count
 *	IPFIX	a gap in the sequence numbers (RFC 7011, 3.1)
 *
 * A datagram that was refused is counted as well. What TCP had accepted when a
 * connection ended, and the collector had not read, cannot be known.
 */
#ifndef NAT64D_COLLECTOR_H
#define NAT64D_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"
#include "nat64d/log/target.h"

struct collector;
struct event_base;

/* Sends nothing yet; NULL with errno ENOMEM. */
struct collector *collector_new(const struct log_target *t);

/* Sends what can be sent without waiting. c may be NULL. */
void collector_free(struct collector *c);

/*
 * Send in this event loop from now on. Returns 0, or -1 with errno ENOMEM. Call
 * collector_detach() before the loop is freed.
 */
int collector_attach(struct collector *c, struct event_base *base);
void collector_detach(struct collector *c);

const struct log_target *collector_target(const struct collector *c);

/*
 * An event. text: for syslog, as event_text() writes it, with the peers of
 * sessions only if destination. unix_ms: its time in milliseconds since 1970.
 */
void collector_event(struct collector *c, const struct nat64_event *ev,
    const char *text, bool destination, int64_t unix_ms);

/* A text that is no event of the translator: for syslog only. */
void collector_note(struct collector *c, const char *text, int64_t unix_ms);

/* Of messages (syslog) or records (IPFIX). */
struct collector_state {
	uint64_t sent;
	uint64_t lost;
	uint64_t waiting; /* octets */
	bool reached;	  /* no failure since it was opened last */
	bool losing;	  /* it has lost some within the last minute */
	int error;	  /* an errno: the last failure; 0: none yet */
};
void collector_state(const struct collector *c, struct collector_state *st);

#endif
