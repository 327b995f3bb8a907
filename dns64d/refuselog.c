#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/timer.h"
#include "common/monotime.h"

#include "refuselog.h"
#include "workers.h"

#define DELAY_MS 500 /* so that one line covers the first few queries */

struct refuselog {
	struct workers *workers;
	int wake[2]; /* a pipe: the reading end first */
	struct event woken;
	struct event due;
	struct monotime next; /* when the next lines may be logged */
};

/*
 * Called by a worker's thread. If the pipe is full, on_wake() is due anyway,
 * so the octet need not be written.
 */
static void
wake(void *arg)
{
	const struct refuselog *l = arg;

	while (write(l->wake[1], "", 1) == -1 && errno == EINTR)
		continue;
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct refuselog *l = arg;
	char octets[64];
	int64_t ms;

	(void)what;
	while (read(fd, octets, sizeof(octets)) > 0)
		continue;
	if (event_pending(&l->due, EV_TIMEOUT, NULL))
		return;
	ms = monotime_diff_ms(l->next, monotime_now());
	if (ms < DELAY_MS)
		ms = DELAY_MS;
	timer_start(&l->due, ms);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct refuselog *l = arg;
	struct refusals sum = { 0 };
	char text[PREFIX_STRLEN];
	struct prefix network;
	uint64_t n;
	int i;

	(void)fd;
	(void)what;
	l->next = monotime_add_secs(monotime_now(), REFUSELOG_SECS);
	workers_take_refusals(l->workers, &sum);
	for (i = 0;
	     i < REFUSELOG_LINES && (n = refusals_take(&sum, &network)) > 0;
	     i++) {
		prefix_print(&network, text, sizeof(text));
		log_info("refused: %s is neither connected nor allowed, "
			 "%" PRIu64 " %s; to answer it: allow from %s",
		    text, n, n == 1 ? "query" : "queries", text);
	}
	if (sum.queries > 0)
		log_info("refused: other networks, %" PRIu64 " %s",
		    sum.queries, sum.queries == 1 ? "query" : "queries");
}

struct refuselog *
refuselog_new(struct workers *ws)
{
	struct event_base *base = workers_base(ws);
	struct refuselog *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->workers = ws;
	if (pipe2(l->wake, O_NONBLOCK | O_CLOEXEC) == -1) {
		free(l);
		return (NULL);
	}
	event_assign(&l->woken, base, l->wake[0], EV_READ | EV_PERSIST,
	    on_wake, l);
	event_assign(&l->due, base, -1, 0, on_due, l);
	if (event_add(&l->woken, NULL) == -1) {
		refuselog_free(l);
		errno = ENOMEM;
		return (NULL);
	}
	workers_watch_refusals(ws, wake, l);
	return (l);
}

void
refuselog_free(struct refuselog *l)
{
	if (l == NULL)
		return;
	event_del(&l->woken);
	event_del(&l->due);
	close(l->wake[0]);
	close(l->wake[1]);
	free(l);
}
