/*
 * The log of a daemon: standard error in the foreground, syslog otherwise.
 * A pipe on standard error that nobody reads does not block the caller: lines
 * for which it has no room are lost, and their number is written before the
 * next line that is not lost.
 *
 * Messages are lower case, name the thing concerned first, values last, and
 * have no full stop and no newline.
 */
#ifndef COMMON_OS_LOG_H
#define COMMON_OS_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * Begin to log. progname must stay valid. Before this call messages of all
 * levels but debug go to standard error. Call it before privileges are
 * dropped and before the sandbox: it connects to syslog.
 */
void log_init(const char *progname, bool foreground, enum log_level level);

/*
 * Put the name of this thread before each of its messages. It is copied; at
 * most 29 characters are used.
 */
void log_set_thread(const char *name);

/*
 * Write errors to fd as well, as lines without the name of the program and the
 * thread; -1: no longer.
 */
void log_copy_errors(int fd);

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "err", "warn", "info", "debug"; returns 0, or -1 for any other name. */
int log_level_parse(const char *name, enum log_level *level);
const char *log_level_name(enum log_level level);

void log_debug(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));
void log_err(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

/*
 * Log, with the text of errno (fatal) or without (fatalx), and exit(1). Only
 * while starting: nothing from outside ends a running daemon.
 */
void fatal(const char *fmt, ...)
    __attribute__((__noreturn__, __format__(printf, 1, 2)));
void fatalx(const char *fmt, ...)
    __attribute__((__noreturn__, __format__(printf, 1, 2)));

#endif
