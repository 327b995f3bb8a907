/*
 * A look at the network of this host, for hostcheck.h: one file per operating
 * system.
 *
 * Linux: one rtnetlink socket, opened while starting; after that send and
 * read, so that the sandbox need not allow more. The rules of the firewall are
 * read before privs_drop(), and stand as they were after that. The BSDs look
 * once, since their sandbox forbids it later.
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
 * Look, and find the paths to n addresses, and what the firewall does about
 * our interface tun. Returns what was seen, valid until the next call; NULL
 * with errno when the system does not say. Never blocks.
 */
const struct host *hostview_look(struct hostview *v, const char *tun,
    const struct prefix *probes, size_t n);

void hostview_close(struct hostview *v);

#endif
