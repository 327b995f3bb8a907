/*
 * The process that writes the state file. fsync(2) takes as long as the disk
 * wants, and packets must not wait for it, so another process does it: it gets
 * the bytes over a socket and has no other input. It has the user of the
 * daemon and a sandbox that lets it write in one directory only; the daemon
 * itself needs no rights there any more.
 *
 * A file is written beside the old one, flushed to the disk and then renamed
 * (rename(2)), so that there is a whole one at any time. When the daemon ends
 * without a commit, however it ends, the unfinished file is removed.
 */
#ifndef NAT64D_STATE_WRITER_H
#define NAT64D_STATE_WRITER_H

#include <stddef.h>

#include "common/os/privs.h"

struct writer;

/* Most bytes of one writer_send(). */
#define WRITER_MAX 65552

/*
 * Start the process; it becomes the user privs. To be called as root after
 * daemonise() and before there is an event loop. Returns NULL with errno.
 */
struct writer *writer_start(const char *path, const struct privs *privs);

/* The descriptor to poll. */
int writer_fd(const struct writer *w);

/*
 * Append len bytes to the new file, finish it, or begin anew. Never blocks:
 * returns 0, or -1 with errno EAGAIN (wait for POLLOUT) or EPIPE (the process
 * has ended).
 */
int writer_send(struct writer *w, const void *bytes, size_t len);
int writer_commit(struct writer *w);
int writer_cancel(struct writer *w);

/*
 * What became of the last commit: 0 and in *error 0 or the errno of the first
 * thing that failed, in which case the old file is unchanged; or -1 as above.
 */
int writer_result(struct writer *w, int *error);

/* End the process. NULL is allowed. */
void writer_stop(struct writer *w);

#endif
