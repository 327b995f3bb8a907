/*
 * What hostcheck.h finds about the configuration and this host, for the log
 * and for dumps.
 */
#ifndef NAT64D_HOST_HOSTREPORT_H
#define NAT64D_HOST_HOSTREPORT_H

#include <stdbool.h>

#include "nat64d/core/nat64.h"

struct evbuffer;
struct hostreport;
struct watch;

/* When it is looked. */
enum hostreport_when {
	HOSTREPORT_CHECK, /* the file is only checked: all that can be seen */
	HOSTREPORT_START, /* before the interface is made: errors alone */
	HOSTREPORT_RUN	  /* it is there, with its routes: all */
};

/*
 * conf is copied, what it points to is borrowed: a pool that comes later is
 * not looked at. routes: we make them. While starting, before the sandbox.
 * Out of memory ends the process. A system that does not let us look is
 * warned of, and nothing is found then.
 */
struct hostreport *hostreport_new(const struct nat64_config *conf,
    bool routes);

/*
 * Look, and log each finding in one line. tun: the name of our interface,
 * which may not exist yet. Returns 0, or -1 when there was an error.
 */
int hostreport_log(struct hostreport *r, const char *tun,
    enum hostreport_when when);

/*
 * Look again while running, and append what is found then, one line each. r:
 * the report, after a hostreport_log(); void for engine_opts.
 */
void hostreport_print(void *r, struct evbuffer *out);

/*
 * From now on look again whenever the host's network changes, and log what is
 * new and what is so no longer. When our routes cut the host off, which had
 * other addresses at the start, cut_off is called, after it was logged: we are
 * to end, and our routes with us. Before the event loop runs.
 */
void hostreport_follow(struct hostreport *r, struct watch *watch,
    void (*cut_off)(void *arg), void *arg);

void hostreport_free(struct hostreport *r);

#endif
