/*
 * An address shared with the host ("pool interface"). The kernel delivers
 * packets to it locally; shell commands make it route those to our ports to the
 * tun instead, and let those that we send from the address pass.
 *
 * The daemon runs the commands, or prints them for the administrator; the text
 * is the same. Undoing them needs privileges that the daemon gives up, so a
 * second process keeps these and waits until the daemon has ended for any
 * reason. Meanwhile it puts back the table of the firewall when somebody has
 * removed that, as "nft flush ruleset" does. It takes no other input.
 */
#ifndef NAT64D_HOST_DIVERT_H
#define NAT64D_HOST_DIVERT_H

#include <stdbool.h>

#include "nat64d/conf/conf.h"

/*
 * The commands that begin or end it, for the configuration's pool_if and
 * static bindings and an interface of ours. To be freed; NULL with errno
 * ENOMEM, or EOPNOTSUPP on other systems than Linux.
 */
char *divert_begin_commands(const struct conf *c, const char *tun);
char *divert_end_commands(const struct conf *c, const char *tun);

/*
 * For the process that waits: commands that put our table of the firewall back
 * if it is not there; a descriptor that is readable when tables were changed,
 * or -1; and whether one was removed, which reads from it.
 */
char *divert_repair_commands(const struct conf *c, const char *tun);
int divert_watch(void);
bool divert_removed(int fd);

/*
 * Find a port of ours that connections of the host may take. Returns 0 when all
 * are reserved, and -1 when that is unknown.
 */
int divert_unreserved(const struct conf *c);

/*
 * Run the commands. The process that waits is started before the first of them.
 * Returns NULL with errno; messages of the commands go to standard error.
 */
struct divert *divert_start(const struct conf *c, const char *tun);

/* Let the other process undo everything, and wait for it. */
void divert_stop(struct divert *d);

#endif
