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
 *
 * With -UU the other process has asked for it (control/upgrade.c), by its
 * starter, and waits for a report at the descriptor STARTER_FD: lines of text
 * about errors, or one that begins with TAKEOVER_OK:
 *
 *	+PID BINDINGS SESSIONS LEFT VERSION
 *
 * It is sent when all is restored, and with -n when that is possible. The other
 * process goes on if it does not get it.
 */
#ifndef NAT64D_TAKEOVER_H
#define NAT64D_TAKEOVER_H

#include <inttypes.h>
#include <stdbool.h>

#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/startup.h"

#include "nat64d/conf/conf.h"
#include "nat64d/os/tun.h"
#include "nat64d/state/handover.h"
#include "engine.h"

#define TAKEOVER_OK '+'
#define TAKEOVER_FORMAT "%ld %" PRIu64 " %" PRIu64 " %" PRIu64 " "

struct takeover;

/* With -UU, first of all: report errors from now on. */
void takeover_begin_report(void);

/* Print a message about the configuration, and report it; a conf_report_fn. */
void takeover_conf_message(void *arg, bool warning, const char *msg);

/* Is this possible, as far as the configuration shows? */
void takeover_check(const struct conf *c);

/* Report success; with NULL, that of a check. Returns 0, or -1 with errno. */
int takeover_report(const struct heir_result *result);

/*
 * Start a starter (common/os/starter.h), unless there will be no control socket
 * that could ask for an upgrade. What it can be asked for is an index of its
 * first arguments.
 */
enum { STARTER_UPGRADE, STARTER_CHECK };
struct starter *takeover_starter(const struct conf *c, const struct startup *s,
    char *argv[]);

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
