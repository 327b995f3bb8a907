/*
 * Where the lines of the event log go: a file that is appended to, or the
 * datagram socket of the system's logger. Nothing here blocks but what says so:
 * what cannot be written now stays with the caller. The file is written by a
 * thread of its own (appender.h), in whole lines.
 *
 * syslog(3) is not used, since it blocks when the logger does not read.
 */
#ifndef NAT64D_EVENTLOG_OUT_H
#define NAT64D_EVENTLOG_OUT_H

#include <stddef.h>

struct evbuffer;
struct eventlog_out;
struct sandbox;

/* The file has been opened again, or not: error is 0 or an errno. */
typedef void eventlog_out_fn(void *arg, int error);

/* Not open yet; path is copied. NULL with errno ENOMEM. */
struct eventlog_out *eventlog_out_file(const char *path);
struct eventlog_out *eventlog_out_syslog(const char *path);

/* Close. The reader of a pipe or the logger may still read what was written. */
void eventlog_out_free(struct eventlog_out *o);

/* Open, at the start: waits. Returns 0, or -1 with errno. */
int eventlog_out_open(struct eventlog_out *o);

/* Let its thread, if there is one, call enter(sb), and wait for that. */
void eventlog_out_sandbox(struct eventlog_out *o,
    void (*enter)(const struct sandbox *sb), const struct sandbox *sb);

/*
 * Open again: the file may have been renamed, the logger started again. Before
 * that eventlog_out_write() writes so many bytes, if it can. Then fn is told,
 * by eventlog_out_write() or at once. After an error the old one is still used.
 */
void eventlog_out_reopen(struct eventlog_out *o, size_t after,
    eventlog_out_fn *fn, void *arg);

/*
 * Write lines from the front, at most about max bytes, and remove what has been
 * written. Each line ends with a newline, which the logger does not get.
 *
 * Returns 0, or -1 with errno: EINPROGRESS: the thread has got work; EBUSY: it
 * is still at work; EAGAIN: the reader is slow; EBADF: it is not open yet;
 * another one: it cannot be written.
 */
int eventlog_out_write(struct eventlog_out *o, struct evbuffer *lines,
    size_t max);

/* Lines of which a part was written, and the rest cannot be; once. */
unsigned eventlog_out_dropped(struct eventlog_out *o);

/* At the end: write all, waiting for the disk but not for long. As above. */
int eventlog_out_finish(struct eventlog_out *o, struct evbuffer *lines);

const char *eventlog_out_path(const struct eventlog_out *o);

#endif
