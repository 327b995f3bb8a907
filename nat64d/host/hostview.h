/*
 * A look at the network of this host, for hostcheck.h: one file per operating
 * system.
 *
 * Linux: one rtnetlink socket, opened while starting; later only send and read
 * are called, which the sandbox allows. The rules of the firewall are read
 * before privs_drop() and not again. The BSDs look once, since their sandbox
 * forbids it later.
 */
#ifndef NAT64D_HOST_HOSTVIEW_H
#define NAT64D_HOST_HOSTVIEW_H

#include <stddef.h>

#include "common/net/addr.h"

#include "hostcheck.h"

struct hostview;

/* Returns NULL with errno. No rights are needed. */
struct hostview *hostview_open(void);

/*
 * Take a snapshot, with the paths to n addresses and what the firewall does
 * with packets of our interface tun. Returns it, valid until the next call;
 * NULL with errno when the system does not answer. Never blocks.
 */
const struct host *hostview_look(struct hostview *v, const char *tun,
    const struct prefix *probes, size_t n);

void hostview_close(struct hostview *v);

#endif
