/*
 * The event log: the buffer of lines, the timers, and the limits of messages.
 * It does not look at the tables; eventlog_out.c writes the bytes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/timer.h"

#include "eventlog.h"
#include "eventlog_out.h"
#include "eventlog_plans.h"
#include "nat64d/base/loglimit.h"
#include "nat64d/log/event_json.h"

/* About 30,000 lines. */
#define BUFFER_SIZE (4 * 1024 * 1024)
/* Bytes written in one turn of the event loop. */
#define SLICE (128 * 1024)

/* Lines are collected for so long and written together. */
#define DRAIN_MS 20
/*
 * Until the thread that writes is looked after; if it or the reader is slow;
 * and after other failures.
 */
#define WORK_MS 1
#define RETRY_MS 10
#define FAILED_MS 1000

/* Files of one day are to say which deterministic ports there were. */
#define PLANS_MS (24 * 60 * 60 * 1000)

/* A line of either format, with its newline. */
#define LINE_SIZE (EVENT_JSON_SIZE + 1)
_Static_assert(LINE_SIZE >= EVENT_TIME_SIZE + EVENT_TEXT_SIZE + 2,
    "a line has room for any text");

/* One cause of trouble: its count, and the first event not logged yet. */
struct trouble {
	struct loglimit limit;
	enum nat64_event_type type;
	char text[EVENT_TEXT_SIZE];
};

struct eventlog {
	struct eventlog_out *out; /* NULL: no file and no logger */
	bool json;
	struct collector *collectors[LOG_TARGETS_MAX];
	unsigned n_collectors;
	struct monotime told[EVENT_NCAUSES]; /* to them, not before */
	struct event_base *base; /* NULL: none yet, or none any more */
	bool handed_over;
	unsigned kinds;
	bool destination;

	struct evbuffer *lines;
	uint64_t lost;	 /* lines since the beginning */
	uint64_t unsaid; /* of these, not yet in an event=lines-lost */

	struct event *drain; /* NULL without an event base */
	struct eventlog_plans plans;
	struct event *days;    /* when they are told again */
	struct event *minutes; /* when the first minute of a cause ends */
	struct trouble troubles[EVENT_NCAUSES];
	struct loglimit failures; /* to write */
	struct loglimit losses;
};

/*
 * Lines.
 */

/* One line, if there is room. */
static bool
append(struct eventlog *l, const char *text, int64_t unix_ms)
{
	char line[LINE_SIZE];
	size_t len;

	if (l->json) {
		len = event_json(text, unix_ms, line);
		line[len++] = '\n';
	} else {
		len = event_time(unix_ms, line);
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    " %s\n", text);
	}
	if (evbuffer_get_length(l->lines) + len > BUFFER_SIZE ||
	    evbuffer_add(l->lines, line, len) == -1)
		return (false);
	if (l->drain != NULL && !event_pending(l->drain, EV_TIMEOUT, NULL))
		timer_start(l->drain, DRAIN_MS);
	return (true);
}

/* Add a line with the number of lines that are missing at this place. */
static void
say_lost(struct eventlog *l, int64_t unix_ms)
{
	char text[64];

	snprintf(text, sizeof(text), "event=lines-lost count=%" PRIu64,
	    l->unsaid);
	if (!append(l, text, unix_ms))
		return;
	l->unsaid = 0;
	if (loglimit_total(&l->losses, monotime_now()))
		log_warn("event log: lines lost, so far %" PRIu64, l->lost);
}

static void
put(struct eventlog *l, const char *text, int64_t unix_ms)
{
	if (l->out == NULL)
		return;
	if (l->unsaid > 0)
		say_lost(l, unix_ms);
	if (l->unsaid == 0 && append(l, text, unix_ms))
		return;
	l->lost++;
	l->unsaid++;
}

static void
write_failed(struct eventlog *l, int error)
{
	if (loglimit_total(&l->failures, monotime_now()))
		log_warn("event log: %s: %s", eventlog_out_path(l->out),
		    strerror(error));
}

/* Lines of which only a part was written. */
static void
count_dropped(struct eventlog *l)
{
	const unsigned n = eventlog_out_dropped(l->out);

	l->lost += n;
	l->unsaid += n;
}

/* Until the next try. */
static int64_t
wait_after(struct eventlog *l, int error)
{
	switch (error) {
	case EINPROGRESS:
		return (WORK_MS);
	case EBUSY:
	case EAGAIN:
		return (RETRY_MS);
	default:
		write_failed(l, error);
		return (FAILED_MS);
	}
}

static void
drain_lines(evutil_socket_t fd, short what, void *arg)
{
	struct eventlog *l = arg;
	int64_t wait_ms = 0;
	bool again = false;

	(void)fd;
	(void)what;
	if (eventlog_out_write(l->out, l->lines, SLICE) == -1) {
		again = true;
		wait_ms = wait_after(l, errno);
	}
	count_dropped(l);
	if (l->unsaid > 0)
		say_lost(l, wallclock_ms());
	if (again || evbuffer_get_length(l->lines) > 0)
		timer_start(l->drain, wait_ms);
}

/*
 * Trouble.
 */

static void
say_trouble(const struct trouble *t, uint64_t count)
{
	char counted[32] = "";

	if (count > 1)
		snprintf(counted, sizeof(counted), " count=%" PRIu64, count);
	if (t->type == NAT64_EV_PACKET_DROPPED)
		log_info("%s%s", t->text, counted);
	else
		log_warn("%s%s", t->text, counted);
}

/* A timer that is pending already fires before this minute ends. */
static void
wait_minute(struct eventlog *l, const struct loglimit *r)
{
	int64_t ms;

	if (l->minutes == NULL || event_pending(l->minutes, EV_TIMEOUT, NULL))
		return;
	ms = monotime_diff_ms(r->until, monotime_now()) + 1;
	timer_start(l->minutes, ms > 0 ? ms : 0);
}

static void
trouble(struct eventlog *l, const struct nat64_event *ev, struct monotime now)
{
	struct trouble *t = &l->troubles[event_cause(ev)];
	const bool say = loglimit_allow(&t->limit, now);

	/* Of the events not logged only the text of the first is kept. */
	if (say || t->limit.n_muted == 1) {
		t->type = ev->type;
		event_text(ev, false, t->text);
	}
	if (say)
		say_trouble(t, 1);
	wait_minute(l, &t->limit);
}

/* Log what is due; set the timer to the end of the next minute. */
static void
minute_over(evutil_socket_t fd, short what, void *arg)
{
	struct eventlog *l = arg;
	const struct monotime now = monotime_now();
	int64_t ms, wait_ms = -1;
	struct trouble *t;
	uint64_t count;

	(void)fd;
	(void)what;
	for (t = l->troubles; t < l->troubles + EVENT_NCAUSES; t++) {
		count = loglimit_due(&t->limit, now);
		if (count > 0)
			say_trouble(t, count);
		if (!t->limit.running)
			continue;
		ms = monotime_diff_ms(t->limit.until, now) + 1;
		if (wait_ms == -1 || ms < wait_ms)
			wait_ms = ms;
	}
	if (wait_ms != -1)
		timer_start(l->minutes, wait_ms);
}

/* RFC 8158, 4.6.5: such events are to be rate limited. */
static void
tell_trouble(struct eventlog *l, const struct nat64_event *ev,
    struct monotime now, int64_t unix_ms)
{
	struct monotime *told = &l->told[event_cause(ev)];
	char text[EVENT_TEXT_SIZE];
	unsigned i;

	if (l->n_collectors == 0 ||
	    (told->ns != 0 && !monotime_reached(*told, now)))
		return;
	*told = monotime_add_secs(now, LOGLIMIT_SECS);
	event_text(ev, false, text);
	for (i = 0; i < l->n_collectors; i++)
		collector_event(l->collectors[i], ev, text, false, unix_ms);
}

bool
eventlog_keeps(const struct eventlog *l, const struct nat64_event *ev)
{
	return ((l->kinds & event_kind(ev)) != 0);
}

/* Making the text takes longer than all of a record of IPFIX. */
static bool
wants_text(const struct eventlog *l)
{
	unsigned i;

	if (l->out != NULL)
		return (true);
	for (i = 0; i < l->n_collectors; i++)
		if (collector_target(l->collectors[i])->format ==
		    TARGET_SYSLOG)
			return (true);
	return (false);
}

void
eventlog_event(struct eventlog *l, const struct nat64_event *ev,
    struct monotime now, int64_t unix_ms)
{
	char text[EVENT_TEXT_SIZE] = "";
	unsigned i;

	if (event_kind(ev) == EVENT_TROUBLE) {
		trouble(l, ev, now);
		tell_trouble(l, ev, now, unix_ms);
		return;
	}
	if (!eventlog_keeps(l, ev))
		return;
	if (wants_text(l))
		event_text(ev, l->destination, text);
	put(l, text, unix_ms);
	for (i = 0; i < l->n_collectors; i++)
		collector_event(l->collectors[i], ev, text, l->destination,
		    unix_ms);
}

/* A line that is no event of the translator. */
static void
note(struct eventlog *l, const char *text)
{
	const int64_t unix_ms = wallclock_ms();
	unsigned i;

	put(l, text, unix_ms);
	for (i = 0; i < l->n_collectors; i++)
		collector_note(l->collectors[i], text, unix_ms);
}

static void
use_kinds(struct eventlog *l, unsigned kinds, bool destination)
{
	if (l->out == NULL && l->n_collectors == 0)
		kinds = 0;
	l->kinds = kinds;
	l->destination = destination;
}

/* What began in other lines than it will end in is not known to go on. */
static void
tell_kinds(struct eventlog *l)
{
	char text[EVENT_TEXT_SIZE], kinds[EVENT_KINDS_SIZE];

	event_kinds(l->kinds, ',', kinds);
	snprintf(text, sizeof(text),
	    "event=events-changed kinds=%s destination=%s", kinds,
	    l->destination ? "yes" : "no");
	note(l, text);
}

void
eventlog_set_kinds(struct eventlog *l, unsigned kinds, bool destination)
{
	const unsigned before = l->kinds;
	const bool peers = l->destination;

	use_kinds(l, kinds, destination);
	if (l->kinds != before || (peers != destination && before != 0))
		tell_kinds(l);
}

/* The daemon's log has the time as well, but not in the form of ours. */
static void
tell_plan(void *arg, const char *text)
{
	struct eventlog *l = arg;
	char time[EVENT_TIME_SIZE];

	if (l->kinds != 0) {
		note(l, text);
		return;
	}
	event_time(wallclock_ms(), time);
	log_info("%s %s", time, text);
}

static void
day_over(evutil_socket_t fd, short what, void *arg)
{
	struct eventlog *l = arg;

	(void)fd;
	(void)what;
	eventlog_plans_each(&l->plans, tell_plan, l);
	timer_start(l->days, PLANS_MS);
}

void
eventlog_set_plans(struct eventlog *l, const struct nat64_config *c)
{
	if (eventlog_plans_use(&l->plans, c, tell_plan, l) == -1)
		log_err("event log: out of memory: changes of deterministic "
			"ports are not logged");
}

uint64_t
eventlog_lost(const struct eventlog *l)
{
	return (l->lost);
}

unsigned
eventlog_collectors(const struct eventlog *l)
{
	return (l->n_collectors);
}

const struct collector *
eventlog_collector(const struct eventlog *l, unsigned i)
{
	return (l->collectors[i]);
}

/*
 * Begin and end.
 */

/* The collector of a target among those of before, which is taken from them. */
static struct collector *
take_collector(struct collector **before, unsigned n,
    const struct log_target *t)
{
	struct collector *c;
	unsigned i;

	for (i = 0; i < n; i++) {
		c = before[i];
		if (c == NULL || !log_target_equal(collector_target(c), t))
			continue;
		before[i] = NULL;
		return (c);
	}
	return (NULL);
}

static int
add_collector(struct eventlog *l, const struct log_target *t)
{
	struct collector *c = collector_new(t);

	if (c == NULL)
		return (-1);
	if (l->base != NULL && collector_attach(c, l->base) == -1) {
		collector_free(c);
		return (-1);
	}
	l->collectors[l->n_collectors++] = c;
	return (0);
}

void
eventlog_set_targets(struct eventlog *l, const struct log_target *targets,
    unsigned n)
{
	struct collector *before[LOG_TARGETS_MAX], *c;
	const unsigned n_before = l->n_collectors;
	char text[LOG_TARGET_STRLEN];
	unsigned i;

	memcpy(before, l->collectors, sizeof(before));
	l->n_collectors = 0;
	for (i = 0; i < n && i < LOG_TARGETS_MAX; i++) {
		c = take_collector(before, n_before, &targets[i]);
		if (c != NULL)
			l->collectors[l->n_collectors++] = c;
		else if (add_collector(l, &targets[i]) == -1)
			log_err("event log: %s: out of memory",
			    log_target_print(&targets[i], text));
	}
	for (i = 0; i < n_before; i++)
		collector_free(before[i]);
}

struct eventlog *
eventlog_new(const struct eventlog_opts *o)
{
	struct eventlog *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (NULL);
	l->lines = evbuffer_new();
	if (l->lines == NULL)
		goto fail;
	if (o->file != NULL)
		l->out = eventlog_out_file(o->file);
	else if (o->logger != NULL)
		l->out = eventlog_out_syslog(o->logger);
	if (l->out == NULL && (o->file != NULL || o->logger != NULL))
		goto fail;
	l->json = o->json;
	eventlog_set_targets(l, o->targets, o->n_targets);
	use_kinds(l, o->kinds, o->destination);
	note(l, o->resumes ? "event=resumed" : "event=started");
	return (l);

fail:
	if (l->lines != NULL)
		evbuffer_free(l->lines);
	free(l);
	errno = ENOMEM;
	return (NULL);
}

void
eventlog_hand_over(struct eventlog *l)
{
	l->handed_over = true;
}

int
eventlog_open(struct eventlog *l)
{
	int error;

	if (l->out == NULL || eventlog_out_open(l->out) == 0)
		return (0);
	error = errno;
	/* Of a pipe (open(2)). */
	log_err("event log: %s: %s", eventlog_out_path(l->out),
	    error == ENXIO ? "nobody reads this pipe: start its reader first" :
			     strerror(error));
	errno = error;
	return (-1);
}

void
eventlog_sandbox(struct eventlog *l, void (*enter)(const struct sandbox *sb),
    const struct sandbox *sb)
{
	if (l->out != NULL)
		eventlog_out_sandbox(l->out, enter, sb);
}

static void
reopened(void *arg, int error)
{
	const struct eventlog *l = arg;

	if (error != 0)
		log_warn("event log: %s: %s", eventlog_out_path(l->out),
		    strerror(error));
	else
		log_info("event log: %s: opened again",
		    eventlog_out_path(l->out));
}

void
eventlog_reopen(struct eventlog *l)
{
	if (l->out == NULL)
		return;
	/* Lines that were made before belong in the old file. */
	eventlog_out_reopen(l->out, evbuffer_get_length(l->lines), reopened,
	    l);
	if (l->drain != NULL)
		timer_start(l->drain, 0);
	eventlog_plans_each(&l->plans, tell_plan, l);
}

int
eventlog_attach(struct eventlog *l, struct event_base *base)
{
	unsigned i;

	l->minutes = event_new(base, -1, 0, minute_over, l);
	l->drain = event_new(base, -1, 0, drain_lines, l);
	l->days = event_new(base, -1, 0, day_over, l);
	if (l->minutes == NULL || l->drain == NULL || l->days == NULL)
		goto fail;
	timer_start(l->days, PLANS_MS);
	for (i = 0; i < l->n_collectors; i++)
		if (collector_attach(l->collectors[i], base) == -1)
			goto fail;
	l->base = base;
	if (evbuffer_get_length(l->lines) > 0)
		timer_start(l->drain, DRAIN_MS);
	return (0);

fail:
	eventlog_detach(l);
	errno = ENOMEM;
	return (-1);
}

void
eventlog_detach(struct eventlog *l)
{
	unsigned i;

	for (i = 0; i < l->n_collectors; i++)
		collector_detach(l->collectors[i]);
	l->base = NULL;
	if (l->drain != NULL)
		event_free(l->drain);
	if (l->minutes != NULL)
		event_free(l->minutes);
	if (l->days != NULL)
		event_free(l->days);
	l->drain = l->minutes = l->days = NULL;
}

/* Write the last lines. */
static void
finish(struct eventlog *l)
{
	if (eventlog_out_finish(l->out, l->lines) == -1)
		log_warn("event log: %s: the last lines are lost: %s",
		    eventlog_out_path(l->out),
		    errno == ETIMEDOUT ? "the disk does not answer" :
					 strerror(errno));
}

void
eventlog_free(struct eventlog *l)
{
	if (l == NULL)
		return;
	eventlog_detach(l);
	note(l, l->handed_over ? "event=handed-over" : "event=stopped");
	if (l->out != NULL)
		finish(l);
	eventlog_set_targets(l, NULL, 0);
	eventlog_out_free(l->out);
	eventlog_plans_clear(&l->plans);
	evbuffer_free(l->lines);
	free(l);
}
