/*
 * A thread that appends to a file. open(2) and write(2) take as long as the
 * disk wants, and for as long as a file system is frozen or a server of files
 * does not answer; packets must not wait for that. It does one job at a time
 * and knows nothing of what it writes.
 *
 * All calls are for one other thread, and wait only where it is said.
 */
#ifndef NAT64D_APPENDER_H
#define NAT64D_APPENDER_H

#include <stdbool.h>
#include <stddef.h>

struct appender;
struct sandbox;

/* Most bytes of one job. */
#define APPENDER_MAX (128 * 1024)

/*
 * Start it and wait until the file is open: with the rights of the user, and
 * before the sandbox. A line of before that has no newline gets one. NULL with
 * errno.
 */
struct appender *appender_start(const char *path);

/* Let it call enter(sb), and wait for that; then the caller enters it. */
void appender_sandbox(struct appender *a,
    void (*enter)(const struct sandbox *sb), const struct sandbox *sb);

/*
 * Write len bytes, which are copied; or open the file again, after which the
 * old one stays in use if that fails. Only while it is idle.
 */
void appender_write(struct appender *a, const void *bytes, size_t len);
void appender_reopen(struct appender *a);

enum appender_state {
	APPENDER_IDLE,
	APPENDER_BUSY,
	APPENDER_WROTE,	 /* once: *done bytes; *error: why no more, or 0 */
	APPENDER_OPENED, /* once: *error, or 0 */
};

/* Afterwards it is idle, unless it is busy. */
enum appender_state appender_poll(struct appender *a, size_t *done,
    int *error);

/* Wait until it is not busy. Returns false after so long. */
bool appender_wait(struct appender *a, int ms);

/*
 * End it. If the disk does not answer, it ends when that does, or with the
 * process. NULL is allowed.
 */
void appender_stop(struct appender *a);

#endif
