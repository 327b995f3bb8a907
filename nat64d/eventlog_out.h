/*
 * Where the lines of the event log go: a file that is appended to, or the
 * datagram socket of the system's logger. Nothing here blocks: what cannot be
 * written now stays with the caller.
 *
 * syslog(3) is not used, since it blocks when the logger does not read.
 */
#ifndef NAT64D_EVENTLOG_OUT_H
#define NAT64D_EVENTLOG_OUT_H

#include <stddef.h>

struct evbuffer;
struct eventlog_out;

/* Not open yet; path is copied. NULL with errno ENOMEM. */
struct eventlog_out *eventlog_out_file(const char *path);
struct eventlog_out *eventlog_out_syslog(const char *path);

/* Close. The reader of a pipe or the logger may still read what was written. */
void eventlog_out_free(struct eventlog_out *o);

/*
 * Open, or open again: the file may have been renamed, the logger started
 * again. Returns 0; -1 with errno, and then the old one, if any, remains in
 * use.
 */
int eventlog_out_open(struct eventlog_out *o);

/*
 * Write lines from the front, at most about max bytes, and remove them.
 * Each line ends with a newline, which the logger does not get.
 *
 * Returns 0, or -1 with errno when not all of that could be written: EAGAIN
 * when the reader is slow; EBADF before eventlog_out_open().
 */
int eventlog_out_write(struct eventlog_out *o, struct evbuffer *lines,
    size_t max);

const char *eventlog_out_path(const struct eventlog_out *o);

#endif
