/*
 * An address shared with the host ("pool interface"): the kernel takes what
 * comes for it as its own. Commands for the shell have the packets to our
 * ports go to the tun instead, and those that we send from the address pass.
 *
 * They are made by the daemon on request, or printed for the administrator;
 * there is one text for both. To take them back needs the rights that the
 * daemon gives up, so a process of its own keeps these and waits for the end
 * of the daemon, however that comes. It hears nothing else from it.
 */
#ifndef NAT64D_HOST_DIVERT_H
#define NAT64D_HOST_DIVERT_H

#include <stdbool.h>

#include "nat64d/conf/conf.h"

/*
 * The commands that begin or end it, for the configuration's pool_if and
 * static bindings and an interface of ours. To be freed; NULL with errno
 * ENOMEM, or EOPNOTSUPP where we do not know how.
 */
char *divert_begin_commands(const struct conf *c, const char *tun);
char *divert_end_commands(const struct conf *c, const char *tun);

/*
 * Does the host keep its own connections off our ports? A port of ours that
 * it does not is returned, else 0; -1 when that is unknown.
 */
int divert_unreserved(const struct conf *c);

/*
 * Run the commands. The process that waits is there before the first of them
 * runs. Returns NULL with errno; what a command has to say goes to standard
 * error.
 */
struct divert *divert_start(const struct conf *c, const char *tun);

/* Let the other process take everything back, and wait for that. */
void divert_stop(struct divert *d);

#endif
