#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

#include "log.h"
#include "timer.h"
#include "watch.h"

struct part {
	unsigned kinds;
	watch_fn fn;
	void *arg;
};

struct watch {
	struct hostwatch *host;
	struct part parts[WATCH_MAX];
	unsigned n_parts;
	struct event_base *base; /* while attached */
	struct event *news;
	struct event *settled;
	unsigned what; /* has happened; the timer runs when it is not 0 */
};

struct watch *
watch_new(unsigned kinds)
{
	struct watch *w;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->host = hostwatch_open(kinds);
	if (w->host == NULL) {
		watch_free(w);
		return (NULL);
	}
	return (w);
}

void
watch_free(struct watch *w)
{
	int saved_errno = errno;

	if (w == NULL)
		return;
	hostwatch_close(w->host);
	free(w);
	errno = saved_errno;
}

struct hostwatch *
watch_host(struct watch *w)
{
	return (w->host);
}

struct event_base *
watch_base(struct watch *w)
{
	return (w->base);
}

void
watch_add(struct watch *w, unsigned kinds, watch_fn fn, void *arg)
{
	if (w->n_parts == WATCH_MAX)
		abort();
	w->parts[w->n_parts++] = (struct part){ kinds, fn, arg };
}

/* Report it after a delay, together with the changes until then. */
static void
note(struct watch *w, unsigned what)
{
	const bool first = w->what == 0;

	w->what |= what;
	if (first && what != 0 &&
	    timer_start(w->settled, WATCH_SETTLE_MS) == -1)
		w->what = 0;
}

void
watch_again(struct watch *w, unsigned kinds)
{
	note(w, kinds);
}

static void
news_waiting(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)what;
	note(w, hostwatch_read(w->host));
}

static void
settled(evutil_socket_t fd, short events, void *arg)
{
	struct watch *w = arg;
	const unsigned what = w->what;
	unsigned i;

	(void)fd;
	(void)events;
	w->what = 0;
	for (i = 0; i < w->n_parts; i++)
		if ((what & w->parts[i].kinds) != 0)
			w->parts[i].fn(w->parts[i].arg, what);
}

int
watch_attach(struct watch *w, struct event_base *base)
{
	w->base = base;
	w->news = event_new(base, hostwatch_fd(w->host), EV_READ | EV_PERSIST,
	    news_waiting, w);
	w->settled = event_new(base, -1, 0, settled, w);
	if (w->news == NULL || w->settled == NULL ||
	    event_add(w->news, NULL) == -1) {
		watch_detach(w);
		errno = ENOMEM;
		return (-1);
	}
	note(w, HOSTWATCH_ALL);
	return (0);
}

static void
free_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

void
watch_detach(struct watch *w)
{
	free_event(&w->news);
	free_event(&w->settled);
	w->what = 0;
}
