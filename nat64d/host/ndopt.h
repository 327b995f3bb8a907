/*
 * The PREF64 options of router advertisements (RFC 8781) that this host gets,
 * as its kernel reports them. The kernel has checked the message (RFC 4861,
 * 6.1.2), and reports it where the interface accepts router advertisements:
 * on a host that forwards, sysctl net.ipv6.conf.IF.accept_ra is 2.
 *
 * Linux: rtnetlink(7), RTM_NEWNDUSEROPT, for which no capability is needed.
 * Elsewhere there are none.
 */
#ifndef NAT64D_HOST_NDOPT_H
#define NAT64D_HOST_NDOPT_H

#include <stdint.h>

#include "common/net/pref64.h"

struct ndopt;

/*
 * Begin to listen. Also opens what is needed to send router solicitations, if
 * there is the right to do that. Returns NULL with errno; ENOSYS: this system
 * has no such messages.
 */
struct ndopt *ndopt_open(void);
void ndopt_close(struct ndopt *o);

/* The descriptor to poll; it does not block. */
int ndopt_fd(const struct ndopt *o);

/* Read waiting messages, up to a bound; fn is called for each prefix. */
typedef void ndopt_fn(void *arg, const struct pref64 *p,
    uint32_t lifetime_secs);
void ndopt_read(struct ndopt *o, ndopt_fn *fn, void *arg);

/*
 * Ask the routers of an interface for their advertisements (RFC 4861, 6.3.7).
 * Fails in silence: the next advertisement will come without.
 */
void ndopt_solicit(struct ndopt *o, unsigned ifindex);

#endif
