/*
 * Port control on this host: the sockets where requests of RFC 6887 come, and
 * announcements that the mappings may be lost, to the network of each address
 * (14.1.3). What is answered is decided by nat64_pcp.h.
 *
 * System calls: socket, setsockopt, bind, recvfrom, sendto, close.
 */
#ifndef NAT64D_PCPSOCK_H
#define NAT64D_PCPSOCK_H

#include "common/os/watch.h"

#include "nat64d/conf/conf.h"

struct engine;
struct pcpsock;

/*
 * Listen on these addresses, n of them, which this host does not have to have
 * yet. All but listen is borrowed until pcpsock_free(). Returns NULL with
 * errno; which address it was has been logged.
 */
struct pcpsock *pcpsock_new(struct engine *e, struct watch *w,
    const struct pcp_listen *listen, unsigned n);
void pcpsock_free(struct pcpsock *p);

/*
 * Listen on these instead from now on. One that cannot be used is logged and
 * left out.
 */
void pcpsock_use(struct pcpsock *p, const struct pcp_listen *listen,
    unsigned n);

#endif
