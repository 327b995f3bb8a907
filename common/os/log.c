#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERR] = { "err", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

static struct {
	const char *progname;
	bool to_syslog;
	_Atomic(enum log_level) level; /* every thread reads it */
	int copy_fd;		       /* errors are copied to it, or -1 */
} logger = { .level = LOG_LEVEL_INFO, .copy_fd = -1 };

static _Thread_local char thread_name[32]; /* with ": ", or empty */

/* For standard error: progname, thread name, message, newline. */
#define LINE_SIZE 1200

/* Held from poll(2) to write(2), so that the room found is still there. */
static pthread_mutex_t stderr_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long n_lost; /* lines, since the last one that was written */

void
log_init(const char *progname, bool foreground, enum log_level level)
{
	logger.progname = progname;
	logger.level = level;
	logger.to_syslog = !foreground;
	/* LOG_NDELAY: a sandbox may not let us connect later. */
	if (logger.to_syslog)
		openlog(progname, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	/* Read the time zone, whose file the sandbox may forbid later. */
	tzset();
}

void
log_copy_errors(int fd)
{
	logger.copy_fd = fd;
}

void
log_set_level(enum log_level level)
{
	logger.level = level;
}

enum log_level
log_get_level(void)
{
	return (logger.level);
}

int
log_level_parse(const char *name, enum log_level *level)
{
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return (0);
		}
	}
	return (-1);
}

const char *
log_level_name(enum log_level level)
{
	return (levels[level].name);
}

void
log_set_thread(const char *name)
{
	snprintf(thread_name, sizeof(thread_name), "%s: ", name);
}

/*
 * A pipe takes PIPE_BUF bytes, 4096 on Linux, when poll(2) calls it writable.
 * So does a socket, or a terminal that is not stopped.
 */
static bool
write_stderr(const char *text, size_t len)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT) != 0 &&
	    write(STDERR_FILENO, text, len) != -1);
}

/*
 * The line, and the number of lines lost before it, are written by one call,
 * so that lines of several processes do not mix.
 */
static void
print_line(const char *line)
{
	const char *name = logger.progname != NULL ? logger.progname : "";
	const char *colon = logger.progname != NULL ? ": " : "";
	char text[LINE_SIZE + 128];
	size_t len = 0;

	pthread_mutex_lock(&stderr_lock);
	if (n_lost > 0)
		len = (size_t)snprintf(text, sizeof(text) - LINE_SIZE,
		    "%s%slog: %lu lines lost\n", name, colon, n_lost);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s\n",
	    name, colon, thread_name, line);
	n_lost = write_stderr(text, len) ? 0 : n_lost + 1;
	pthread_mutex_unlock(&stderr_lock);
}

__attribute__((__format__(printf, 2, 0))) static void
log_write(enum log_level level, const char *fmt, va_list ap)
{
	char line[1024];
	int saved = errno;

	if (level > logger.level)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (level == LOG_LEVEL_ERR && logger.copy_fd != -1)
		dprintf(logger.copy_fd, "%s\n", line);
	if (logger.to_syslog)
		syslog(levels[level].priority, "%s%s", thread_name, line);
	else
		print_line(line);
	errno = saved;
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERR, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	char text[512];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("%s: %s", text, strerror(saved));
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERR, fmt, ap);
	va_end(ap);
	exit(1);
}
