/*
 * The pool of "pool interface": the IPv4 address of an interface, or the first
 * one that the system lists. An address in use is kept as long as the interface
 * has it. The interface need not exist yet.
 */
#ifndef NAT64D_HOST_POOLIF_H
#define NAT64D_HOST_POOLIF_H

#include "common/os/watch.h"

#include "nat64d/conf/conf.h"

struct poolif;

/*
 * Find the address and put it into c: the pool, the static bindings, and the
 * source of ICMPv4 errors unless that is configured. Without an address there
 * is no pool and no static binding. The result is logged. watch and c are
 * borrowed. Returns NULL with errno.
 */
struct poolif *poolif_new(struct watch *watch, struct conf *c);
void poolif_free(struct poolif *p);

/* Put the present address into another configuration, in the same way. */
void poolif_complete(const struct poolif *p, struct conf *c);

/* Call fn when the address, and so c, has changed. */
typedef void (*poolif_fn)(void *arg, const struct nat64_config *n);
void poolif_follow(struct poolif *p, poolif_fn fn, void *arg);

#endif
