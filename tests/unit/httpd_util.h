/*
 * For tests of the HTTP server: one that listens at a Unix socket, with routes
 * for each kind of answer, and a client that speaks to it octet by octet.
 */
#ifndef TESTS_UNIT_HTTPD_UTIL_H
#define TESTS_UNIT_HTTPD_UTIL_H

#include <sys/socket.h>
#include <sys/un.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "common/http/httpd.h"
#include "common/monotime.h"

#define CONNECTIONS 4
#define BODY_MAX 1000
#define SLICES 2000
#define SLICE 4096
#define LONG (4 * 1024 * 1024)
#define WAIT_MS 10000 /* for what has to happen */

static struct event_base *base;
static struct httpd *server;
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static char dir[] = "/tmp/check_httpd.XXXXXX";
static char text[64 * 1024];
static unsigned slices, n_ended;
static unsigned slices_at_echo; /* what it was then */
static struct httpd_stream *events;
static struct httpd_request *later;

static inline void
answer_echo(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "a", "b", NULL };
	const char *a;

	(void)arg;
	slices_at_echo = slices;
	if (httpd_only_params(rq, names) == -1)
		return;
	a = httpd_param(rq, "a");
	httpd_json(rq, 200, json_pack("{s:s?}", "a", a));
}

static inline void
answer_nothing(void *arg, struct httpd_request *rq)
{
	(void)arg;
	(void)rq;
}

static inline void
answer_later(void *arg, struct httpd_request *rq)
{
	(void)arg;
	httpd_defer(rq);
	later = rq;
}

static inline bool
more(void *arg, struct evbuffer *out)
{
	char slice[SLICE];

	(void)arg;
	memset(slice, 'x', sizeof(slice));
	evbuffer_add(out, slice, sizeof(slice));
	return (++slices < SLICES);
}

static inline void
ended(void *arg)
{
	(void)arg;
	n_ended++;
	events = NULL;
}

static inline void
answer_stream(void *arg, struct httpd_request *rq)
{
	static const struct httpd_stream_ops ops = { more, ended };

	(void)arg;
	slices = 0;
	httpd_stream(rq, "text/plain", &ops, NULL);
}

/* A thousand empty slices, and one with a word. */
static inline bool
think(void *arg, struct evbuffer *out)
{
	(void)arg;
	if (++slices < 1000)
		return (true);
	evbuffer_add_printf(out, "done");
	return (false);
}

static inline void
answer_slowly(void *arg, struct httpd_request *rq)
{
	static const struct httpd_stream_ops ops = { think, ended };

	(void)arg;
	slices = 0;
	httpd_stream(rq, "text/plain", &ops, NULL);
}

static inline void
answer_events(void *arg, struct httpd_request *rq)
{
	static const struct httpd_stream_ops ops = { NULL, ended };

	(void)arg;
	events = httpd_stream(rq, "text/plain", &ops, NULL);
}

static inline void
answer_long(void *arg, struct httpd_request *rq)
{
	struct evbuffer *body = evbuffer_new();
	char part[SLICE];

	(void)arg;
	memset(part, 'l', sizeof(part));
	while (evbuffer_get_length(body) < LONG)
		evbuffer_add(body, part, sizeof(part));
	httpd_text(rq, 200, "text/plain", body);
	evbuffer_free(body);
}

static const struct httpd_route routes[] = {
	{ "GET", "/echo", answer_echo },
	{ "POST", "/body", answer_echo },
	{ "GET", "/nothing", answer_nothing },
	{ "GET", "/later", answer_later },
	{ "GET", "/long", answer_long },
	{ "GET", "/stream", answer_stream },
	{ "GET", "/slow", answer_slowly },
	{ "GET", "/events", answer_events },
};

static inline void
start(bool check_host)
{
	const struct httpd_opts opts = {
		.name = "test",
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(routes[0]),
		.max_connections = CONNECTIONS,
		.max_body = BODY_MAX,
		.idle_secs = 1,
		.stuck_secs = 1,
		.check_host = check_host,
		.host_name = "gateway.example.net",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	server = httpd_new(base, &opts);
	ck_assert_ptr_nonnull(server);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(httpd_accept(server, fd), 0);
}

static inline void
setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", dir);
	start(false);
}

static inline void
teardown(void)
{
	httpd_free(server);
	event_base_free(base);
	unlink(at.sun_path);
	rmdir(dir);
}

static inline void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	usleep(1000);
}

static inline int
dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return (fd);
}

static inline void
say(int fd, const char *what)
{
	ck_assert_int_eq(write(fd, what, strlen(what)), (int)strlen(what));
}

/*
 * Read until "until" is there, or with NULL to the end of the connection.
 * Returns the octets read; text has the first of them.
 */
static inline size_t
hear(int fd, const char *until)
{
	const struct monotime end = monotime_add_ms(monotime_now(), WAIT_MS);
	size_t len = 0, kept = 0;
	char part[65536];
	ssize_t n;

	text[0] = '\0';
	while (until == NULL || strstr(text, until) == NULL) {
		ck_assert_msg(!monotime_reached(end, monotime_now()),
		    "no \"%s\" in: %s", until != NULL ? until : "end", text);
		turn();
		n = read(fd, part, sizeof(part));
		if (n == 0 || (n == -1 && errno != EAGAIN))
			break;
		if (n <= 0)
			continue;
		len += (size_t)n;
		if ((size_t)n > sizeof(text) - 1 - kept)
			n = (ssize_t)(sizeof(text) - 1 - kept);
		memcpy(text + kept, part, (size_t)n);
		kept += (size_t)n;
		text[kept] = '\0';
	}
	return (len);
}

static inline void
ask(const char *request, const char *status, const char *body)
{
	int fd = dial();

	say(fd, request);
	hear(fd, NULL);
	close(fd);
	ck_assert_msg(strncmp(text, "HTTP/1.1 ", 9) == 0 &&
		strncmp(text + 9, status, strlen(status)) == 0,
	    "%s", text);
	ck_assert_msg(strstr(text, body) != NULL, "%s", text);
}

#define GET(path) \
	"GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

#endif
