/*
 * Events of the translator as IPFIX messages (RFC 7011) with the templates of
 * RFC 8158, 4.6. Pure: a message is built in memory, and somebody else sends
 * it.
 *
 * A message has one observation domain, and at most IPFIX_MESSAGE_MAX octets.
 * The caller begins one with ipfix_begin(), adds events until one does not fit,
 * and ends it with ipfix_end(). Its sequence number, which depends on the
 * transport session, and its time are set when it is sent, by ipfix_stamp().
 */
#ifndef NAT64D_LOG_IPFIX_H
#define NAT64D_LOG_IPFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"

/*
 * With the headers of IPv6 and UDP it has the 1280 octets that every link of
 * IPv6 carries (RFC 8200, 5), as RFC 7011, 10.3.3 wants it for UDP.
 */
#define IPFIX_MESSAGE_MAX 1232

/* Octets of the header of a message (RFC 7011, 3.1). */
#define IPFIX_HEADER_LEN 16

struct ipfix_message {
	uint8_t buf[IPFIX_MESSAGE_MAX];
	size_t len;
	unsigned records;  /* data records in it */
	size_t set;	   /* where the last set begins; 0: there is none */
	unsigned template; /* of that set */
};

void ipfix_begin(struct ipfix_message *m, uint32_t domain);

/*
 * Add all templates. m must have been begun just now: they fit into one
 * message.
 */
void ipfix_add_templates(struct ipfix_message *m);

/* What became of an event. */
enum ipfix_added {
	IPFIX_ADDED,
	IPFIX_FULL, /* it does not fit into this message, which is unchanged */
	IPFIX_NONE  /* RFC 8158 has no such event */
};

/*
 * Add a record. unix_ms: when it happened, milliseconds since 1970
 * (observationTimeMilliseconds). destination: with the peer of a session.
 */
enum ipfix_added ipfix_add(struct ipfix_message *m,
    const struct nat64_event *ev, bool destination, int64_t unix_ms);

/* Nothing can be added any more. */
void ipfix_end(struct ipfix_message *m);

/* In a message that has ended: when it leaves us (RFC 7011, 3.1). */
void ipfix_stamp(uint8_t *buf, uint32_t sequence, uint32_t export_secs);

#endif
