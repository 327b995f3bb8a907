#include <sys/time.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <event2/event.h>

#include "log.h"
#include "notify.h"
#include "watchdog.h"

#define USEC_MAX (INT64_C(1000000) * 86400 * 365)

static void
tell(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	notify_send("WATCHDOG=1");
}

/* The interval of the manager in microseconds; 0: it has none. */
static int64_t
wanted(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	char *end;
	intmax_t usec;

	if (text == NULL || !notify_is_used())
		return (0);
	errno = 0;
	usec = strtoimax(text, &end, 10);
	if (errno != 0 || *end != '\0' || usec < 2 || usec > USEC_MAX) {
		log_warn("WATCHDOG_USEC %s: is no time in microseconds", text);
		return (0);
	}
	return (usec);
}

struct event *
watchdog_start(struct event_base *base)
{
	const int64_t usec = wanted() / 2;
	const struct timeval tv = { .tv_sec = usec / 1000000,
		.tv_usec = usec % 1000000 };
	struct event *ev;

	if (usec == 0)
		return (NULL);
	ev = event_new(base, -1, EV_PERSIST, tell, NULL);
	if (ev != NULL && event_add(ev, &tv) == 0)
		return (ev);
	log_err("cannot set the timer of the watchdog");
	if (ev != NULL)
		event_free(ev);
	return (NULL);
}
