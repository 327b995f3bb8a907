#include <stdlib.h>

#include "common/os/debuglog.h"
#include "common/os/log.h"

#include "tracelog.h"

struct tracelog {
	struct debuglog *debug;
	const struct eventlog *events;
};

struct tracelog *
tracelog_new(struct event_base *base, const struct eventlog *events)
{
	struct tracelog *t;

	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return (NULL);
	t->events = events;
	t->debug = debuglog_new(base);
	if (t->debug == NULL) {
		free(t);
		return (NULL);
	}
	return (t);
}

void
tracelog_free(struct tracelog *t)
{
	if (t == NULL)
		return;
	debuglog_free(t->debug);
	free(t);
}

static void
say(struct tracelog *t, const struct nat64_event *ev)
{
	char text[EVENT_TEXT_SIZE];

	if (!debuglog_take(t->debug))
		return;
	event_text(ev, true, text);
	log_debug("%s", text);
}

void
tracelog_event(struct tracelog *t, const struct nat64_event *ev)
{
	if (ev->type != NAT64_EV_PACKET_DROPPED &&
	    !eventlog_keeps(t->events, ev))
		say(t, ev);
}

void
tracelog_packet(struct tracelog *t, const struct nat64_event *ev)
{
	say(t, ev);
}
