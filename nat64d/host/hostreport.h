/*
 * The findings of hostcheck.h in the log and in dumps.
 */
#ifndef NAT64D_HOST_HOSTREPORT_H
#define NAT64D_HOST_HOSTREPORT_H

#include <stdbool.h>

#include "nat64d/core/nat64.h"

struct evbuffer;
struct hostreport;
struct watch;

/* The time of a look, which decides what is logged. */
enum hostreport_when {
	HOSTREPORT_CHECK, /* -n: everything */
	HOSTREPORT_START, /* before the interface is created: errors only */
	HOSTREPORT_RUN /* the interface is up, with its routes: everything */
};

/*
 * conf is copied, what it points to is borrowed: a pool that is found later is
 * not checked. routes: we add them. Call it while starting, before the sandbox.
 * Lack of memory ends the process. When the network cannot be examined, a
 * warning is logged, and there are no findings.
 */
struct hostreport *hostreport_new(const struct nat64_config *conf,
    bool routes);

/* Look at this configuration from now on, borrowed as above. */
void hostreport_use(struct hostreport *r, const struct nat64_config *conf);

/*
 * Look, and log each finding in one line. tun: the name of our interface,
 * which may not exist yet. Returns 0, or -1 when there was an error.
 */
int hostreport_log(struct hostreport *r, const char *tun,
    enum hostreport_when when);

/*
 * Look again while running, and append the findings, one line each. r:
 * the report, after a hostreport_log(); void for engine_opts.
 */
void hostreport_print(void *r, struct evbuffer *out);

/* Call fn for each finding of the last look. */
void hostreport_each(const struct hostreport *r,
    void (*fn)(void *arg, bool error, const char *text), void *arg);

/*
 * From now on look again whenever the host's network changes, and log new
 * findings and those that no longer apply. When the host gets an address whose
 * network our routes cut off, that is logged and cut_off is called, which is to
 * end the daemon and so its routes. Call it before the event loop runs.
 */
void hostreport_follow(struct hostreport *r, struct watch *watch,
    void (*cut_off)(void *arg), void *arg);

void hostreport_free(struct hostreport *r);

#endif
