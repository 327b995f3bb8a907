/*
 * A reply that ends with a CNAME whose target its server does not know: one
 * that serves a domain, but does not resolve the names of others. Whether the
 * target is to be asked for, and the reply that comes of both. Pure.
 */
#ifndef DNS64D_SYNTH_FOLLOW_H
#define DNS64D_SYNTH_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"

#define FOLLOW_MAX 8 /* targets asked for one question */

/*
 * Whether a reply to q leads to a name without saying anything of it:
 * NOERROR, a chain of CNAMEs, no record at its end that answers the question
 * and no SOA that would deny one (RFC 2308, 2.2). Then target becomes the
 * question for that name.
 */
bool follow_target(const struct msg_scan *reply, const struct msg_question *q,
    struct msg_question *target);

/*
 * The reply to the first question: the chain of first, and behind it what
 * second says of its end, with the rcode of second; AD if both have it.
 * buf: room for MSG_MAX. Returns the length.
 */
size_t follow_join(const struct msg_scan *first, const struct msg_scan *second,
    uint8_t *buf);

#endif
