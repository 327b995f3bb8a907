/*
 * GET /v1/monitor: a stream with a line for each message of a client. The
 * events come from the workers through rings (dns64d/monitor.h), which exist
 * while somebody watches.
 */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/net/addr.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "dns64d/monitor.h"
#include "dns64d/query.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "routes.h"

#define LOOK_MS 20 /* from one look into the rings to the next */

/*
 * One who watches, in one of two states:
 *
 * open	stream is set. The end of the stream, by on_end(), leads to free.
 * free	stream is NULL.
 */
struct watcher {
	struct monitors *all;
	struct httpd_stream *stream;
	struct monitor_filter filter;
	uint64_t lost; /* to be told with the next line */
};

struct monitors {
	struct workers *workers;
	struct event *look;
	struct watcher v[MONITOR_MAX];
	unsigned n; /* open ones */
	struct monitor_ring *rings[CONF_WORKERS_MAX];
	unsigned n_rings;
};

struct monitors *
monitors_new(struct workers *ws)
{
	struct monitors *ms;

	if ((ms = calloc(1, sizeof(*ms))) != NULL)
		ms->workers = ws;
	return (ms);
}

/* --- rings; to be used while the workers are stopped --- */

static void
set_ring(void *arg, struct worker *w)
{
	struct monitors *ms = arg;
	struct monitor_ring *r = calloc(1, sizeof(*r));

	/* A worker without a ring is not watched. */
	ms->rings[ms->n_rings++] = r;
	queries_monitor(w->queries, r);
}

static void
unset_ring(void *arg, struct worker *w)
{
	(void)arg;
	queries_monitor(w->queries, NULL);
}

static void
set_filters(void *arg, struct worker *w)
{
	struct monitor_ring *r = queries_monitored(w->queries);
	struct monitors *ms = arg;
	unsigned i;

	if (r == NULL)
		return;
	r->n_filters = 0;
	for (i = 0; i < MONITOR_MAX; i++)
		if (ms->v[i].stream != NULL)
			r->filters[r->n_filters++] = &ms->v[i].filter;
}

static void
free_rings(struct monitors *ms)
{
	while (ms->n_rings > 0)
		free(ms->rings[--ms->n_rings]);
}

/* --- events --- */

static json_t *
show_event(const struct monitor_event *e)
{
	const struct scoped_addr client = { .ss = e->client };
	char addr[SCOPED_ADDR_STRLEN], name[NAME_TEXT_MAX];
	char text[TYPE_TEXT_MAX], buf[PREF64_STRLEN];
	json_t *o;

	o = json_pack("{s:I, s:s, s:s}", "time-ms", (json_int_t)e->time_ms,
	    "client", scoped_addr_print_host(&client, addr, sizeof(addr)),
	    "over", e->over);
	if (e->question)
		json_object_update_new(o,
		    json_pack("{s:s, s:s}", "qname",
			name_to_text(e->qname, name), "qtype",
			type_to_text(e->qtype, text)));
	json_object_set_new(o, "action", json_string(e->action));
	if (e->why != NULL)
		json_object_set_new(o, "why", json_string(e->why));
	if (e->answered)
		json_object_set_new(o, "rcode",
		    json_string(rcode_to_text(e->rcode, text)));
	if (e->prefix.len != 0)
		json_object_set_new(o, "nat64-prefix",
		    json_string(pref64_print(&e->prefix, buf, sizeof(buf))));
	if (e->from != NULL)
		json_object_set_new(o, "from", json_string(e->from));
	if (e->upstream.ss.ss_family != AF_UNSPEC)
		json_object_set_new(o, "upstream",
		    json_string(
			scoped_addr_print(&e->upstream, addr, sizeof(addr))));
	json_object_set_new(o, "usecs", json_integer(e->usecs));
	return (o);
}

/* Returns 0, or -1 when the line was lost. */
static int
push_line(struct watcher *w, json_t *o)
{
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	size_t len;
	int rc = -1;

	if (text != NULL) {
		/* The final NUL makes room for the newline. */
		len = strlen(text);
		text[len] = '\n';
		rc = httpd_push(w->stream, text, len + 1);
	}
	free(text);
	json_decref(o);
	return (rc);
}

/* What was lost is told first. */
static void
push(struct watcher *w, const struct monitor_event *e)
{
	if (w->lost > 0 &&
	    push_line(w, json_pack("{s:I}", "lost", (json_int_t)w->lost)) == 0)
		w->lost = 0;
	if (w->lost > 0 || push_line(w, show_event(e)) == -1)
		w->lost++;
}

static void
read_ring(struct monitors *ms, struct monitor_ring *r)
{
	const struct monitor_event *e;
	uint64_t lost = monitor_take_lost(r);
	struct watcher *w;
	unsigned i;

	for (w = ms->v; w < ms->v + MONITOR_MAX; w++)
		w->lost += lost;
	/* At most one ring full: the worker may be as fast as we are. */
	for (i = 0; i < MONITOR_RING && (e = monitor_next(r)) != NULL; i++) {
		for (w = ms->v; w < ms->v + MONITOR_MAX; w++)
			if (w->stream != NULL && monitor_wants(&w->filter, e))
				push(w, e);
		monitor_read(r);
	}
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct monitors *ms = arg;
	unsigned i;

	(void)fd;
	(void)what;
	for (i = 0; i < ms->n_rings; i++)
		if (ms->rings[i] != NULL)
			read_ring(ms, ms->rings[i]);
}

/* --- watchers --- */

static void
stop(struct monitors *ms)
{
	event_free(ms->look);
	ms->look = NULL;
	workers_each(ms->workers, unset_ring, NULL);
	free_rings(ms);
}

static int
start(struct monitors *ms)
{
	static const struct timeval often = { 0, LOOK_MS * 1000 };

	ms->look =
	    event_new(workers_base(ms->workers), -1, EV_PERSIST, on_look, ms);
	if (ms->look == NULL)
		return (-1);
	workers_each(ms->workers, set_ring, ms);
	event_add(ms->look, &often);
	return (0);
}

static void
on_end(void *arg)
{
	struct watcher *w = arg;
	struct monitors *ms = w->all;

	w->stream = NULL;
	if (--ms->n == 0)
		stop(ms);
	else
		workers_each(ms->workers, set_filters, ms);
}

void
monitors_free(struct monitors *ms)
{
	free(ms);
}

/* Those of querylog_outcome() and of messages without one. */
static const char *const actions[] = { "passed", "filtered", "synthesised",
	"nxdomain-synth", "no-data", "ptr", "local", "failed", "dropped",
	"rejected" };

/* Returns what is wrong, or NULL. */
static const char *
read_filter(struct httpd_request *rq, struct monitor_filter *f)
{
	const char *client = httpd_param(rq, "client");
	const char *name = httpd_param(rq, "name");
	const char *type = httpd_param(rq, "type");
	const char *rcode = httpd_param(rq, "rcode");
	const char *action = httpd_param(rq, "action");
	size_t i;
	int code;

	memset(f, 0, sizeof(*f));
	if (client != NULL && prefix_parse(client, &f->client) != NULL)
		return ("client: is no address or prefix");
	f->has_name = name != NULL;
	if (name != NULL && name_from_text(name, f->name) == 0)
		return (
		    "name: is no name of letters, digits, \"-\" and \"_\"");
	f->has_type = type != NULL;
	if (type != NULL && (f->qtype = type_from_text(type)) == 0)
		return ("type: is no type, as AAAA or TYPE65");
	f->has_rcode = rcode != NULL;
	if (rcode != NULL && (code = rcode_from_text(rcode)) == -1)
		return ("rcode: is no rcode, as SERVFAIL or 2");
	f->rcode = rcode != NULL ? (uint16_t)code : 0;
	if (action == NULL)
		return (NULL);
	strlcpy(f->action, action, sizeof(f->action));
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(action, actions[i]) == 0)
			return (NULL);
	return ("action: possible are passed, filtered, synthesised, "
		"nxdomain-synth, no-data, ptr, local, failed, dropped and "
		"rejected");
}

static struct watcher *
find_free(struct monitors *ms)
{
	struct watcher *w;

	for (w = ms->v; w < ms->v + MONITOR_MAX; w++)
		if (w->stream == NULL)
			return (w);
	return (NULL);
}

void
get_monitor(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "client", "name", "type", "rcode",
		"action", NULL };
	static const struct httpd_stream_ops ops = { .end = on_end };
	struct monitors *ms = ((const struct admin *)arg)->monitors;
	struct monitor_filter filter;
	struct watcher *w;
	const char *why;

	if (httpd_only_params(rq, names) == -1)
		return;
	if ((why = read_filter(rq, &filter)) != NULL) {
		httpd_error(rq, 400, "%s", why);
		return;
	}
	if ((w = find_free(ms)) == NULL) {
		httpd_error(rq, 503, "%d monitors run already: end one",
		    MONITOR_MAX);
		return;
	}
	if (ms->n == 0 && start(ms) == -1) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	w->all = ms;
	w->filter = filter;
	w->lost = 0;
	ms->n++;
	w->stream = httpd_stream(rq, "application/x-ndjson", &ops, w);
	if (w->stream != NULL)
		workers_each(ms->workers, set_filters, ms);
}
