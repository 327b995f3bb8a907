/*
 * The interfaces of "fastpath on" while we run. Their programs go with them,
 * and we may not attach others, as the privileges have been given up: what
 * arrives there after the interface has come back goes through our interface.
 * That is logged, once for each.
 */
#ifndef NAT64D_HOST_FASTIFS_H
#define NAT64D_HOST_FASTIFS_H

#include "common/os/watch.h"

struct fastifs;

/* watch is borrowed. Returns NULL with errno. */
struct fastifs *fastifs_new(struct watch *watch);
void fastifs_free(struct fastifs *f);

/* Watch an interface that has a program. Returns 0, or -1 with errno. */
int fastifs_add(struct fastifs *f, const char *ifname);

/* Log what happens to them from now on. */
void fastifs_follow(struct fastifs *f);

#endif
