/*
 * What follows from another configuration for the bindings and sessions that
 * there are: nat64_settle() of nat64.h.
 */
#ifndef NAT64D_CORE_NAT64_SETTLE_H
#define NAT64D_CORE_NAT64_SETTLE_H

#include "nat64_struct.h"

/* Begin, with these static bindings, which are borrowed until it is done. */
void nat64_settle_begin(struct nat64 *n, const struct nat64_static *statics,
    size_t n_statics);

#endif
