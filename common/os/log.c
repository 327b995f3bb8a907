#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

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
} logger = { .level = LOG_LEVEL_INFO };

static _Thread_local char speaker[32]; /* with what stands behind it */

void
log_init(const char *progname, bool foreground, enum log_level level)
{
	logger.progname = progname;
	logger.level = level;
	logger.to_syslog = !foreground;
	/* LOG_NDELAY: a sandbox may not let us connect later. */
	if (logger.to_syslog)
		openlog(progname, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	/* The zone is read from a file, which the sandbox may forbid. */
	tzset();
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
log_set_speaker(const char *name)
{
	snprintf(speaker, sizeof(speaker), "%s: ", name);
}

__attribute__((__format__(printf, 2, 0))) static void
log_write(enum log_level level, const char *fmt, va_list ap)
{
	char line[1024];
	int saved = errno;

	if (level > logger.level)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (logger.to_syslog)
		syslog(levels[level].priority, "%s%s", speaker, line);
	else
		/* One write: lines of several processes do not mix. */
		fprintf(stderr, "%s%s%s%s\n",
		    logger.progname != NULL ? logger.progname : "",
		    logger.progname != NULL ? ": " : "", speaker, line);
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
