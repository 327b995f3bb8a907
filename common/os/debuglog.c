#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <event2/event.h>

#include "debuglog.h"
#include "linerate.h"
#include "log.h"
#include "timer.h"
#include "common/monotime.h"

struct debuglog {
	struct linerate rate;
	struct event *second_over; /* pending while there are lines left out */
};

static void
say_left_out(uint64_t n)
{
	if (n > 0)
		log_debug("debug: %" PRIu64 " lines left out", n);
}

static void
wait_for_end(struct debuglog *l)
{
	const int64_t ms = monotime_diff_ms(l->rate.until, monotime_now()) + 1;

	timer_start(l->second_over, ms);
}

/*
 * The timer may be early, because libevent counts from the time at which it
 * began to handle events.
 */
static void
second_over(evutil_socket_t fd, short what, void *arg)
{
	struct debuglog *l = arg;

	(void)fd;
	(void)what;
	if (monotime_reached(l->rate.until, monotime_now()))
		say_left_out(linerate_due(&l->rate, l->rate.until));
	else if (l->rate.left_out > 0)
		wait_for_end(l);
}

struct debuglog *
debuglog_new(struct event_base *base)
{
	struct debuglog *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (NULL);
	l->second_over = event_new(base, -1, 0, second_over, l);
	if (l->second_over == NULL) {
		free(l);
		errno = ENOMEM;
		return (NULL);
	}
	return (l);
}

void
debuglog_free(struct debuglog *l)
{
	if (l == NULL)
		return;
	say_left_out(linerate_due(&l->rate, l->rate.until));
	event_free(l->second_over);
	free(l);
}

bool
debuglog_take(struct debuglog *l)
{
	uint64_t before;
	bool may;

	may = linerate_take(&l->rate, monotime_now(), &before);
	say_left_out(before);
	if (!may && l->rate.left_out == 1)
		wait_for_end(l);
	return (may);
}
