/*
 * The state file: bindings and sessions, written when the daemon leaves and
 * every now and then, and read when it starts. What is in it is known by
 * record.h, how it gets onto the disk by writer.h.
 *
 *	idle	the timer is set. It leads to writing.
 *	writing	snapshot is set; a slice is sent to the writer whenever the
 *		event loop has a turn for it. The last slice leads to waiting.
 *	waiting	for the writer's answer, which leads to idle.
 *
 * A save that comes to nothing leaves the old file as it is, and is logged
 * once until one succeeds again.
 */
#ifndef NAT64D_STATE_STATEFILE_H
#define NAT64D_STATE_STATEFILE_H

#include <stdint.h>

#include "common/os/privs.h"

#include "nat64d/core/nat64.h"

struct event_base;
struct statefile;

/*
 * Start the writer of a file, which becomes the user privs; see writer_start().
 * every_secs: between two saves; 0: only when leaving. Returns NULL with errno.
 */
struct statefile *statefile_new(const char *path, uint32_t every_secs,
    const struct privs *privs);

/*
 * Restore n, a new translator, from the file. A file that is not ours, not
 * whole or not what it was is not used, but ports that it names are not given
 * to others for a while (nat64_restore.h). What happens is logged. To be called
 * with the rights of the user and before the sandbox.
 */
void statefile_load(const struct statefile *f, struct nat64 *n);

/* Save from now on, while base runs. n is borrowed. Returns 0, or -1. */
int statefile_attach(struct statefile *f, struct event_base *base,
    const struct nat64 *n);

/*
 * The loop has ended: save all, unless the disk does not answer. The translator
 * must not change meanwhile.
 */
void statefile_save(struct statefile *f);

/* Before base is freed. */
void statefile_detach(struct statefile *f);
void statefile_free(struct statefile *f);

#endif
