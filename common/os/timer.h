/*
 * A timer of the event loop, in milliseconds.
 */
#ifndef COMMON_OS_TIMER_H
#define COMMON_OS_TIMER_H

#include <sys/time.h>

#include <stdint.h>

#include <event2/event.h>

#include "log.h"

/*
 * Start a timer, or restart one that is pending: it fires once, after ms, which
 * is not negative. Returns 0, or -1 when memory is short, which is logged.
 */
static inline int
timer_start(struct event *ev, int64_t ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	if (event_add(ev, &tv) == 0)
		return (0);
	log_err("cannot set a timer");
	return (-1);
}

#endif
