#include <arpa/inet.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/timer.h"

#include "collector.h"
#include "nat64d/base/loglimit.h"
#include "nat64d/core/event_text.h"
#include "nat64d/log/event_syslog.h"
#include "nat64d/log/ipfix.h"
#include "outsock.h"

/* About 15,000 messages of syslog, or 80,000 records of IPFIX. */
#define QUEUE_SIZE (4 * 1024 * 1024)

/* Octets sent in one turn of the event loop. */
#define SLICE (64 * 1024)

/* Events are collected for so long and sent together. */
#define DRAIN_MS 20

/* Room for the octet count and the blank before a message (RFC 6587, 3.4.1). */
#define COUNT_SIZE 8
#define FRAME_SIZE (EVENT_SYSLOG_SIZE + COUNT_SIZE)

/* Frames of a stream that are sent with one system call. */
#define FRAMES_MAX 64
#define OUT_SIZE (16 * 1024)

_Static_assert(IPFIX_MESSAGE_MAX <= FRAME_SIZE, "a frame holds any message");

/* What stands in the queue before each message. */
struct frame {
	uint32_t len;
	uint32_t records; /* in it; syslog: 1 */
	uint32_t lost;	  /* records that are missing before it */
};

struct collector {
	struct log_target target;
	char name[LOG_TARGET_STRLEN];
	struct outsock *sock;
	struct event *drain;   /* NULL without an event base */
	struct event *refresh; /* when templates are due; likewise */
	struct event_syslog_sender sender;

	struct evbuffer *queue;
	struct ipfix_message message; /* that is being filled */
	uint32_t skipped; /* records lost since the last frame of the queue */

	/*
	 * Frames that are being sent. They stay in the queue until they are
	 * sent as a whole: after a failure they are sent anew.
	 */
	uint8_t out[OUT_SIZE];
	size_t out_len;
	size_t out_pos;
	struct frame frames[FRAMES_MAX];
	size_t ends[FRAMES_MAX]; /* in out */
	unsigned n_frames;
	unsigned n_sent;
	uint32_t last_records; /* of the frame that was sent last */

	/* IPFIX: of the transport session (RFC 7011, 3.1 and 8.4). */
	uint32_t sequence;
	bool templates_sent;
	struct monotime templates_at; /* they are sent again */

	uint64_t sent;
	uint64_t lost;
	uint64_t unsaid; /* syslog: lost, and not yet in a lines-lost */
	struct monotime lost_at;
	bool reached;
	int error;
	bool failure_said;
	struct loglimit failures;
	struct loglimit losses;
};

/* --- the queue --- */

static void
lose(struct collector *c, uint32_t records)
{
	const struct monotime now = monotime_now();

	c->lost += records;
	c->unsaid += records;
	c->lost_at = now;
	if (loglimit_total(&c->losses, now))
		log_warn("event log: %s: events lost, so far %" PRIu64,
		    c->name, c->lost);
}

static void
wake(struct collector *c)
{
	if (c->drain != NULL && !event_pending(c->drain, EV_TIMEOUT, NULL))
		timer_start(c->drain, DRAIN_MS);
}

/* A message, if there is room. */
static bool
push(struct collector *c, const void *buf, size_t len, uint32_t records)
{
	const struct frame f = { .len = (uint32_t)len,
		.records = records,
		.lost = c->skipped };

	if (evbuffer_get_length(c->queue) + sizeof(f) + len > QUEUE_SIZE ||
	    evbuffer_expand(c->queue, sizeof(f) + len) == -1 ||
	    evbuffer_add(c->queue, &f, sizeof(f)) == -1 ||
	    evbuffer_add(c->queue, buf, len) == -1)
		return (false);
	c->skipped = 0;
	wake(c);
	return (true);
}

/* The IPFIX message is full, or it is time. */
static void
seal(struct collector *c)
{
	struct ipfix_message *m = &c->message;

	if (m->records == 0)
		return;
	ipfix_end(m);
	if (!push(c, m->buf, m->len, m->records)) {
		c->skipped += m->records;
		lose(c, m->records);
	}
	ipfix_begin(m, c->target.domain);
}

static bool
push_text(struct collector *c, const char *text, bool warning, int64_t unix_ms)
{
	char message[EVENT_SYSLOG_SIZE], framed[FRAME_SIZE];
	size_t len;

	len = event_syslog(&c->sender, text, unix_ms, warning, message);
	if (!c->target.tcp)
		return (push(c, message, len, 1));
	len = (size_t)snprintf(framed, sizeof(framed), "%zu %s", len, message);
	return (push(c, framed, len, 1));
}

/* Tell the number of those that are missing at this place. */
static void
say_lost(struct collector *c, int64_t unix_ms)
{
	char text[64];

	snprintf(text, sizeof(text), "event=lines-lost count=%" PRIu64,
	    c->unsaid);
	if (push_text(c, text, true, unix_ms))
		c->unsaid = 0;
}

static void
put_text(struct collector *c, const char *text, bool warning, int64_t unix_ms)
{
	if (c->unsaid > 0)
		say_lost(c, unix_ms);
	if (c->unsaid > 0 || !push_text(c, text, warning, unix_ms))
		lose(c, 1);
}

static void
put_record(struct collector *c, const struct nat64_event *ev, bool destination,
    int64_t unix_ms)
{
	enum ipfix_added added;

	added = ipfix_add(&c->message, ev, destination, unix_ms);
	if (added == IPFIX_FULL) {
		seal(c);
		added = ipfix_add(&c->message, ev, destination, unix_ms);
	}
	if (added == IPFIX_ADDED)
		wake(c);
}

void
collector_event(struct collector *c, const struct nat64_event *ev,
    const char *text, bool destination, int64_t unix_ms)
{
	if (c->target.format == TARGET_IPFIX)
		put_record(c, ev, destination, unix_ms);
	else
		put_text(c, text, event_kind(ev) == EVENT_TROUBLE, unix_ms);
}

void
collector_note(struct collector *c, const char *text, int64_t unix_ms)
{
	if (c->target.format == TARGET_SYSLOG)
		put_text(c, text, false, unix_ms);
}

/* --- sending --- */

static void
clear_out(struct collector *c)
{
	c->out_len = c->out_pos = 0;
	c->n_frames = c->n_sent = 0;
}

/* RFC 7011, 8.1 and 8.4: before any record, and over UDP again and again. */
static bool
templates_are_due(const struct collector *c)
{
	if (c->target.format != TARGET_IPFIX)
		return (false);
	return (!c->templates_sent ||
	    (!c->target.tcp &&
		monotime_reached(c->templates_at, monotime_now())));
}

/* It may have waited in the queue for a collector. */
static void
stamp(uint8_t *message, uint32_t sequence)
{
	ipfix_stamp(message, sequence, (uint32_t)(wallclock_ms() / 1000));
}

/* They are a frame that stands in no queue. */
static void
fill_templates(struct collector *c)
{
	struct ipfix_message m;

	ipfix_begin(&m, c->target.domain);
	ipfix_add_templates(&m);
	ipfix_end(&m);
	stamp(m.buf, c->sequence);
	memcpy(c->out, m.buf, m.len);
	c->out_len = m.len;
	c->frames[0] = (struct frame){ .len = 0 };
	c->ends[0] = m.len;
	c->n_frames = 1;
	c->templates_sent = true;
	c->templates_at =
	    monotime_add_secs(monotime_now(), c->target.templates_secs);
	if (c->refresh != NULL && !c->target.tcp)
		timer_start(c->refresh, c->target.templates_secs * 1000 + 1);
}

/* One more frame from the queue, if there is one and room for it. */
static bool
fill_frame(struct collector *c, size_t *pos)
{
	uint8_t *const to = c->out + c->out_len;
	struct evbuffer_ptr at;
	struct frame f;

	if (c->n_frames == FRAMES_MAX ||
	    evbuffer_ptr_set(c->queue, &at, *pos, EVBUFFER_PTR_SET) == -1 ||
	    evbuffer_copyout_from(c->queue, &at, &f, sizeof(f)) !=
		(ev_ssize_t)sizeof(f) ||
	    c->out_len + f.len > sizeof(c->out))
		return (false);
	*pos += sizeof(f);
	evbuffer_ptr_set(c->queue, &at, *pos, EVBUFFER_PTR_SET);
	evbuffer_copyout_from(c->queue, &at, to, f.len);
	*pos += f.len;
	if (c->target.format == TARGET_IPFIX) {
		stamp(to, c->sequence + f.lost);
		c->sequence += f.lost + f.records;
	}
	c->out_len += f.len;
	c->frames[c->n_frames] = f;
	c->ends[c->n_frames] = c->out_len;
	c->n_frames++;
	return (true);
}

/* What is sent next: a datagram, or some frames of a stream. */
static bool
fill(struct collector *c)
{
	size_t pos = 0;

	clear_out(c);
	if (templates_are_due(c)) {
		fill_templates(c);
		return (true);
	}
	while (fill_frame(c, &pos))
		if (!c->target.tcp)
			break;
	return (c->n_frames > 0);
}

/* The frames that have been sent up to out_pos leave the queue. */
static void
retire(struct collector *c)
{
	const struct frame *f;

	while (c->n_sent < c->n_frames && c->ends[c->n_sent] <= c->out_pos) {
		f = &c->frames[c->n_sent++];
		c->last_records = f->records;
		if (f->len == 0)
			continue;
		evbuffer_drain(c->queue, sizeof(*f) + f->len);
		c->sent += f->records;
	}
}

/* As much as possible; false: it is not possible to send more now. */
static bool
send_some(struct collector *c)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < SLICE; done += (size_t)n) {
		if (c->out_pos == c->out_len && !fill(c))
			return (false);
		n = outsock_send(c->sock, c->out + c->out_pos,
		    c->out_len - c->out_pos);
		if (n == -1)
			return (false);
		c->out_pos += (size_t)n;
		retire(c);
	}
	return (true);
}

static void
drain(evutil_socket_t fd, short what, void *arg)
{
	struct collector *c = arg;

	(void)fd;
	(void)what;
	seal(c);
	if (outsock_is_open(c->sock) && send_some(c))
		timer_start(c->drain, 1);
}

static void
refresh(evutil_socket_t fd, short what, void *arg)
{
	struct collector *c = arg;

	(void)fd;
	(void)what;
	timer_start(c->drain, 0);
}

/* --- the socket --- */

static void
opened(void *arg)
{
	struct collector *c = arg;

	clear_out(c);
	c->sequence = 0;
	c->templates_sent = false;
	c->last_records = 0;
}

static void
ready(void *arg)
{
	struct collector *c = arg;

	if (outsock_is_proven(c->sock)) {
		if (c->failure_said)
			log_info("event log: %s: is in use again", c->name);
		c->failure_said = false;
		c->reached = true;
	}
	timer_start(c->drain, 0);
}

static void
closed(void *arg, bool refused)
{
	struct collector *c = arg;

	c->error = errno;
	c->reached = false;
	if (loglimit_total(&c->failures, monotime_now())) {
		log_warn("event log: %s: %s", c->name, strerror(c->error));
		c->failure_said = true;
	}
	if (refused && c->last_records > 0)
		lose(c, c->last_records);
	clear_out(c);
	c->last_records = 0;
}

/* --- begin and end --- */

struct collector *
collector_new(const struct log_target *t)
{
	struct collector *c = calloc(1, sizeof(*c));
	const struct outsock_ops ops = { opened, ready, closed, c };
	char host[EVENT_SYSLOG_HOST_MAX + 1] = "";

	if (c == NULL)
		return (NULL);
	c->target = *t;
	log_target_print(t, c->name);
	(void)gethostname(host, sizeof(host) - 1);
	event_syslog_host(&c->sender, host);
	ipfix_begin(&c->message, t->domain);
	c->queue = evbuffer_new();
	c->sock = outsock_new(&t->addr, t->tcp, &ops);
	if (c->queue != NULL && c->sock != NULL)
		return (c);
	collector_free(c);
	errno = ENOMEM;
	return (NULL);
}

int
collector_attach(struct collector *c, struct event_base *base)
{
	c->sender.pid = (long)getpid();
	c->drain = event_new(base, -1, 0, drain, c);
	c->refresh = event_new(base, -1, 0, refresh, c);
	if (c->drain == NULL || c->refresh == NULL ||
	    outsock_attach(c->sock, base) == -1) {
		collector_detach(c);
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

void
collector_detach(struct collector *c)
{
	if (c->drain != NULL)
		event_free(c->drain);
	if (c->refresh != NULL)
		event_free(c->refresh);
	c->drain = c->refresh = NULL;
	outsock_detach(c->sock);
}

/* Send the last ones that can be sent without waiting. */
static void
finish(struct collector *c)
{
	seal(c);
	while (outsock_is_open(c->sock) && send_some(c))
		continue;
	if (evbuffer_get_length(c->queue) > 0)
		log_warn("event log: %s: the last events are lost", c->name);
}

void
collector_free(struct collector *c)
{
	if (c == NULL)
		return;
	if (c->sock != NULL && c->queue != NULL) {
		collector_detach(c);
		finish(c);
	}
	outsock_free(c->sock);
	if (c->queue != NULL)
		evbuffer_free(c->queue);
	free(c);
}

const struct log_target *
collector_target(const struct collector *c)
{
	return (&c->target);
}

void
collector_state(const struct collector *c, struct collector_state *st)
{
	*st = (struct collector_state){
		.sent = c->sent,
		.lost = c->lost,
		.waiting = evbuffer_get_length(c->queue),
		.reached = c->reached,
		.losing = c->lost > 0 &&
		    monotime_diff_ms(monotime_now(), c->lost_at) <
			LOGLIMIT_SECS * 1000,
		.error = c->error,
	};
}
