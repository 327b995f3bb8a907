/*
 * Makes the events of a monitor from what is told of a message.
 */
#include <string.h>

#include "common/monotime.h"

#include "dns64d/client/frontend.h"
#include "dns64d/upstream/upstream.h"
#include "dns64d/wire/msg_scan.h"
#include "monitor.h"
#include "querylog.h"

/* The reply that the answer was made from: that to A after a synthesis. */
static void
set_source(struct monitor_event *e, const struct querylog_line *line)
{
	const struct resolve *r = line->lookup[SYNTH_MAIN];
	bool pending = line->pending[SYNTH_MAIN];

	e->from = line->from;
	if (line->lookup[SYNTH_A] != NULL &&
	    (line->policy != NULL || pending)) {
		r = line->lookup[SYNTH_A];
		pending = line->pending[SYNTH_A];
	}
	if (r == NULL)
		return;
	e->from = pending ? "waiting" : querylog_source(r->source);
	if (!pending && r->source == RESOLVE_UPSTREAM && r->from != NULL)
		e->upstream = r->from->addr;
}

static void
fill(struct monitor_event *e, const struct querylog_line *line)
{
	memset(e, 0, offsetof(struct monitor_event, qname));
	e->time_ms = wallclock_ms();
	e->usecs = (monotime_now().ns - line->since.ns) / 1000;
	e->client = *frontend_peer(line->client);
	e->over = querylog_over(line->client);
	e->action = line->action;
	e->why = line->why;
	e->question = line->question;
	if (line->question) {
		e->qtype = line->query->qtype;
		memcpy(e->qname, line->query->wire + MSG_HEADER_LEN,
		    line->query->qname_len);
	}
	e->answered = line->answered;
	e->rcode = (uint16_t)line->rcode;
	querylog_prefix(line, &e->prefix);
	set_source(e, line);
}

void
monitor_note(struct monitor_ring *r, const struct querylog_line *line)
{
	struct monitor_event e;

	fill(&e, line);
	monitor_put(r, &e);
}
