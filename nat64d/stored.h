/*
 * What the service manager keeps while nat64d is started again (the file
 * descriptor store of systemd.service(5)): the tun device, in whose queue
 * packets wait meanwhile, and the state in a file in memory.
 *
 *	stored_begin()	first of all: takes what there is
 *	stored_tun()	before tun_open()
 *	stored_keep()	gives both to the manager, before the sandbox
 *	stored_save()	at the end; the manager has the same file
 *
 * The file is empty while nat64d runs, so that after a crash no state of long
 * ago is found there.
 */
#ifndef NAT64D_STORED_H
#define NAT64D_STORED_H

#include <stdbool.h>

#include "nat64d/conf/conf.h"
#include "nat64d/core/nat64.h"
#include "nat64d/os/tun.h"

/* A descriptor that there is none of is -1. */
struct stored {
	int tun;   /* until stored_tun() */
	int state; /* a file in memory */
	bool kept; /* both have been given to the manager */
};

/* Other descriptors of this start are closed. */
void stored_begin(struct stored *s);

/* The device, if it is the configured one; NULL: there is none. */
struct tun *stored_tun(struct stored *s, const struct conf *c);

/* Does nothing without a manager. A failure is logged. */
void stored_keep(struct stored *s, const struct tun *tun);

/* Is there a state of the last process, for stored_load()? */
bool stored_has_state(const struct stored *s);

/* Restore n. Returns false when there is no state. */
bool stored_load(const struct stored *s, struct nat64 *n);

/*
 * Save n, which must not change meanwhile, unless there is no manager. A
 * failure is logged; the next process notices that the state is not whole.
 */
void stored_save(const struct stored *s, const struct nat64 *n);

#endif
