/*
 * A start with -U: nat64d takes over from the one that runs (state/handover.h).
 * The steps of a start that differ:
 *
 *	takeover_begin()	before anything is claimed
 *	takeover_metrics()	in place of metrics_open()
 *	takeover_tun()		in place of tun_open()
 *	takeover_finish()	when all privileges are dropped, in place of
 *				reading the state file; only from here on the
 *				other process has ended
 *
 * A failure ends this process through fatal(), unless noted otherwise, and the
 * other one goes on.
 */
#ifndef NAT64D_TAKEOVER_H
#define NAT64D_TAKEOVER_H

#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/startup.h"

#include "nat64d/conf/conf.h"
#include "nat64d/os/tun.h"
#include "engine.h"

struct takeover;

/* Ask the process at the control socket of the configuration. */
struct takeover *takeover_begin(const struct conf *c, struct startup *s);

/* Returns as metrics_open(). */
struct metrics *takeover_metrics(const struct takeover *t,
    const struct conf *c);

/* Returns as tun_open(). */
struct tun *takeover_tun(struct takeover *t, const struct conf *c,
    const char **what);

/*
 * Restore the translator of e, and adopt the pid file and the control socket.
 * Frees t. Returns the control socket; NULL: there is none.
 */
struct control *takeover_finish(struct takeover *t, struct engine *e,
    const struct conf *c, const struct startup *s);

#endif
