/*
 * GET /v1/monitor, GET /v1/drops.
 */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bucket.h"

#include "nat64d/admin.h"
#include "nat64d/core/event_text.h"
#include "nat64d/engine.h"
#include "nat64d/wire/pcapng.h"

#include "follow.h"
#include "routes.h"

enum follow { FOLLOW_EVENT, FOLLOW_DROP, FOLLOW_DROP_PCAP };

struct follower {
	TAILQ_ENTRY(follower) link;
	struct followers *all;
	enum follow what;
	struct httpd_stream *stream;
	struct bucket_rate rate;
	struct bucket bucket;
	uint64_t lost; /* since the last one that it got */
};

struct followers {
	struct engine *engine;
	TAILQ_HEAD(, follower) list;
};

struct followers *
followers_new(struct engine *engine)
{
	struct followers *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return (NULL);
	f->engine = engine;
	TAILQ_INIT(&f->list);
	return (f);
}

void
followers_free(struct followers *f)
{
	free(f);
}

/* --- one event --- */

/* Words of event_text.h whose members have names of RFC 8512. */
static const char *
member_of(const char *word)
{
	static const char *const names[][2] = {
		{ "proto", "transport-protocol" },
		{ "addr6", "internal-src-address" },
		{ "port6", "internal-src-port" },
		{ "addr4", "external-src-address" },
		{ "port4", "external-src-port" },
		{ "peer6", "internal-dst-address" },
		{ "peer4", "external-dst-address" },
		{ "peerport", "external-dst-port" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], word) == 0)
			return (names[i][1]);
	return (word);
}

/*
 * Add the words KEY=VALUE of text, which is changed. The protocol of a packet
 * is a number, since it can be any.
 */
static void
add_words(json_t *o, char *text)
{
	char *word, *value, *end;
	bool is_number;
	long number;

	while ((word = strsep(&text, " ")) != NULL) {
		value = strchr(word, '=');
		if (value == NULL)
			continue;
		*value++ = '\0';
		number = strtol(value, &end, 10);
		is_number = *value != '\0' && *end == '\0';
		if (is_number && strcmp(word, "proto") == 0)
			json_object_set_new(o, "protocol",
			    json_integer(number));
		else
			json_object_set_new(o, member_of(word),
			    is_number ? json_integer(number) :
					json_string(value));
	}
}

/* A line of JSON, to be freed; NULL: memory is short. */
static char *
make_line(const struct nat64_event *ev, uint64_t lost)
{
	char text[EVENT_TEXT_SIZE], time[EVENT_TIME_SIZE], *line;
	json_t *o = json_object();

	event_time(wallclock_ms(), time);
	add_words(o, time);
	event_text(ev, true, text);
	add_words(o, text);
	if (lost > 0)
		json_object_set_new(o, "lost-before",
		    json_integer((json_int_t)lost));
	line = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return (line);
}

static int
push_line(struct follower *f, const struct nat64_event *ev)
{
	char *line = make_line(ev, f->lost);
	size_t len;
	int rc;

	if (line == NULL)
		return (-1);
	/* The final NUL makes room for the newline. */
	len = strlen(line);
	line[len] = '\n';
	rc = httpd_push(f->stream, line, len + 1);
	free(line);
	return (rc);
}

static int
push_packet(struct follower *f, const struct nat64_event *ev)
{
	const size_t len = ev->pkt->len;
	const size_t part = len < FOLLOW_SNAPLEN ? len : FOLLOW_SNAPLEN;
	uint8_t block[PCAPNG_PACKET_MAX(FOLLOW_SNAPLEN)];
	char comment[PCAPNG_TEXT_MAX];
	int n;

	n = snprintf(comment, sizeof(comment), "%s",
	    nat64_reason_name(ev->reason));
	if (f->lost > 0)
		snprintf(comment + n, sizeof(comment) - (size_t)n,
		    "; %" PRIu64 " packets before it are missing here",
		    f->lost);
	return (httpd_push(f->stream, block,
	    pcapng_packet(block, wallclock_ms() * 1000, ev->pkt->data, part,
		len, comment)));
}

static void
tell(struct follower *f, const struct nat64_event *ev, struct monotime now)
{
	int rc;

	if (!bucket_take(&f->bucket, f->rate, now))
		rc = -1;
	else if (f->what == FOLLOW_DROP_PCAP)
		rc = push_packet(f, ev);
	else
		rc = push_line(f, ev);
	if (rc == -1)
		f->lost++;
	else
		f->lost = 0;
}

static void
on_event(void *arg, const struct nat64_event *ev)
{
	const struct monotime now = monotime_now();
	struct followers *all = arg;
	struct follower *f;

	TAILQ_FOREACH(f, &all->list, link)
		if (f->what == FOLLOW_EVENT)
			tell(f, ev, now);
}

static void
on_drop(void *arg, const struct nat64_event *ev)
{
	const struct monotime now = monotime_now();
	struct followers *all = arg;
	struct follower *f;

	TAILQ_FOREACH(f, &all->list, link)
		if (f->what != FOLLOW_EVENT)
			tell(f, ev, now);
}

/* --- streams --- */

/* Look at what somebody follows, and at nothing else. */
static void
watch(struct followers *all)
{
	struct engine_watcher w = { .arg = all };
	const struct follower *f;

	TAILQ_FOREACH(f, &all->list, link) {
		if (f->what == FOLLOW_EVENT)
			w.event = on_event;
		else
			w.drop = on_drop;
	}
	engine_watch(all->engine, &w);
}

static void
end(void *arg)
{
	struct follower *f = arg;

	if (f->stream != NULL) {
		TAILQ_REMOVE(&f->all->list, f, link);
		watch(f->all);
	}
	free(f);
}

static void
follow(const struct admin *a, struct httpd_request *rq, enum follow what,
    const char *content_type)
{
	static const struct httpd_stream_ops ops = { NULL, end };
	const unsigned rate =
	    what == FOLLOW_EVENT ? FOLLOW_EVENTS : FOLLOW_PACKETS;
	uint8_t head[PCAPNG_BEGIN_MAX];
	struct httpd_stream *stream;
	struct follower *f;

	f = calloc(1, sizeof(*f));
	if (f == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	f->all = a->followers;
	f->what = what;
	f->rate = (struct bucket_rate){ .per_sec = rate, .burst = rate };
	bucket_init(&f->bucket, f->rate, monotime_now());
	/* Without a stream, end() has freed f. */
	stream = httpd_stream(rq, content_type, &ops, f);
	if (stream == NULL)
		return;
	f->stream = stream;
	if (what == FOLLOW_DROP_PCAP)
		httpd_push(stream, head,
		    pcapng_begin(head, "nat64d", "nat64d"));
	TAILQ_INSERT_TAIL(&f->all->list, f, link);
	watch(f->all);
}

void
get_monitor(void *arg, struct httpd_request *rq)
{
	static const char *const none[] = { NULL };

	if (httpd_only_params(rq, none) == 0)
		follow(arg, rq, FOLLOW_EVENT, "application/x-ndjson");
}

void
get_drops(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "format", NULL };
	const char *format = httpd_param(rq, "format");

	if (httpd_only_params(rq, params) == -1)
		return;
	if (format == NULL || strcmp(format, "pcapng") == 0)
		follow(arg, rq, FOLLOW_DROP_PCAP, "application/x-pcapng");
	else if (strcmp(format, "json") == 0)
		follow(arg, rq, FOLLOW_DROP, "application/x-ndjson");
	else
		httpd_error(rq, 400, "format: possible are pcapng and json");
}
