/*
 * The pool of "pool interface": the IPv4 address that an interface has at the
 * time, of several the first that the system names. One that is in use stays
 * as long as the interface has it. The interface need not be there yet.
 */
#ifndef NAT64D_HOST_POOLIF_H
#define NAT64D_HOST_POOLIF_H

#include "common/os/watch.h"

#include "nat64d/conf/conf.h"

struct poolif;

/*
 * Look now, put the address into c: the pool, static bindings, and what we
 * speak from unless that is configured; without one there is no pool and no
 * static binding. And log it. watch and c are borrowed. Returns NULL with
 * errno.
 */
struct poolif *poolif_new(struct watch *watch, struct conf *c);
void poolif_free(struct poolif *p);

/* Have fn called when the address has changed, and c with it. */
typedef void (*poolif_fn)(void *arg, const struct nat64_config *n);
void poolif_follow(struct poolif *p, poolif_fn fn, void *arg);

#endif
