/*
 * Replies that end with a CNAME without records of its target: an upstream
 * that is authoritative for a domain does not resolve names outside of it.
 * Decides whether to ask for the target, and joins both replies. Pure.
 */
#ifndef DNS64D_SYNTH_FOLLOW_H
#define DNS64D_SYNTH_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"

#define FOLLOW_MAX 8 /* targets asked for one question */

/*
 * Whether a reply to q ends with a CNAME and has nothing about its target:
 * NOERROR, a chain of CNAMEs, no record at its end that answers the question
 * and no SOA that would deny one (RFC 2308, 2.2). Then target becomes the
 * question for that name.
 */
bool follow_target(const struct msg_scan *reply, const struct msg_question *q,
    struct msg_question *target);

/*
 * Write the reply to the first question: the chain of first, the records and
 * the rcode of second, which is about the end of the chain; AD if both have
 * it.
 * buf: room for MSG_MAX. Returns the length.
 */
size_t follow_join(const struct msg_scan *first, const struct msg_scan *second,
    uint8_t *buf);

#endif
