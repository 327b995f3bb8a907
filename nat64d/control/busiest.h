/*
 * The subscribers with the most sessions, for the page at the address of the
 * metrics. Everybody who can reach that may ask, and there may be a million
 * subscribers. Therefore an answer is a list that was made before: one walk
 * through the subscribers in BUSIEST_MS at most, in slices between which
 * packets pass, and only while somebody asks. After a long walk there is a
 * pause of the same length.
 */
#ifndef NAT64D_CONTROL_BUSIEST_H
#define NAT64D_CONTROL_BUSIEST_H

#include <jansson.h>

#include "nat64d/core/nat64.h"

#define BUSIEST_N 10
#define BUSIEST_MS 2000

struct busiest;
struct event_base;

/* n is borrowed. Returns NULL with errno ENOMEM. */
struct busiest *busiest_new(struct event_base *base, const struct nat64 *n);
void busiest_free(struct busiest *b);

/*
 * What the last walk has found: {"number": of subscribers that have a binding
 * or session, "subscribers": the busiest ones}, and begin another walk if it is
 * time. A long one has not ended when this returns: then NULL at first, and the
 * result of the one before later. The caller owns it; NULL also when memory is
 * short.
 */
json_t *busiest_get(struct busiest *b);

#endif
