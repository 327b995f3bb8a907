/*
 * POST /v1/upgrade: hand over to a new process of the installed program.
 *
 *	(no parameter)	The starter (common/os/starter.h) starts it; the answer
 *			comes when it has everything, or has refused.
 *	check=1		The same without handing over.
 *	socket=NAME	The new process is there already: nat64d -U asks for
 *			a connection to its abstract socket.
 *
 * The states of an upgrade without "socket", struct upgrade: the new process is
 * started and holds the other end of a pipe. It asks for a take-over with
 * "socket". Either that succeeds, or the pipe has its end: then the lines of
 * the pipe are the reasons (nat64d/takeover.h).
 */
#define _GNU_SOURCE /* pipe2() */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/http/control.h"
#include "common/http/metrics.h"
#include "common/os/log.h"
#include "common/os/notify.h"
#include "common/os/pidfile.h"
#include "common/os/starter.h"
#include "common/os/version.h"

#include "nat64d/admin.h"
#include "nat64d/engine.h"
#include "nat64d/reconf.h"
#include "nat64d/takeover.h"
#include "routes.h"

/* Longest report of the new process. */
#define REPORT_SIZE 4096

/* It gets ready within HANDOVER_START_SECS, and asks for it before. */
#define PATIENCE_SECS (2 * HANDOVER_START_SECS)

struct upgrade {
	struct admin *admin;
	struct httpd_request *rq;
	bool check;
	struct event *readable;
	int fd;
	char report[REPORT_SIZE]; /* ends with NUL */
	size_t len;
	char failure[HANDOVER_TEXT_SIZE]; /* of the take-over; may be empty */
};

/* What the new process says of itself at the end. */
struct success {
	long pid;
	struct heir_result result;
	const char *version;
};

/* --- its report --- */

/* Returns whether there will be more. */
static bool
read_report(struct upgrade *u)
{
	char scratch[512] = "", *to;
	size_t room;
	ssize_t n;

	do {
		/* What is too long is read, so that nobody waits for us. */
		room = sizeof(u->report) - 1 - u->len;
		to = room > 0 ? u->report + u->len : scratch;
		n = read(u->fd, to, room > 0 ? room : sizeof(scratch));
		if (n > 0 && room > 0)
			u->len += (size_t)n;
	} while (n > 0);
	u->report[u->len] = '\0';
	return (n == -1 && (errno == EAGAIN || errno == EINTR));
}

/* The last line, if that says that all went well. */
static bool
find_success(struct upgrade *u, struct success *s)
{
	char *line = u->report, *next;
	int end = 0;

	while ((next = strchr(line, '\n')) != NULL && next[1] != '\0')
		line = next + 1;
	if (*line != TAKEOVER_OK ||
	    sscanf(line + 1, "%ld %" SCNu64 " %" SCNu64 " %" SCNu64 " %n",
		&s->pid, &s->result.bindings, &s->result.sessions,
		&s->result.left, &end) != 4)
		return (false);
	line[strcspn(line, "\n")] = '\0';
	s->version = line + 1 + end;
	return (true);
}

static void
free_upgrade(struct upgrade *u)
{
	u->admin->upgrade = NULL;
	event_free(u->readable);
	close(u->fd);
	free(u);
}

static json_t *
describe(const char *version_, long pid)
{
	return (json_pack("{s:s, s:I}", "version", version_, "pid",
	    (json_int_t)pid));
}

/* It has everything, and this process leaves. */
static void
succeed(struct upgrade *u)
{
	struct success s = { .version = "" };

	(void)read_report(u);
	(void)find_success(u, &s);
	httpd_json_at_once(u->rq, 200,
	    json_pack("{s:s, s:o, s:o, s:I, s:I, s:I}", "result", "upgraded",
		"from", describe(version(), (long)getpid()), "to",
		describe(s.version, s.pid), "bindings",
		(json_int_t)s.result.bindings, "sessions",
		(json_int_t)s.result.sessions, "left-out",
		(json_int_t)s.result.left));
	free_upgrade(u);
}

/* The new process has ended, or does nothing. */
static void
fail(struct upgrade *u, const char *standard)
{
	const char *why = standard;

	if (u->len > 0) {
		if (u->report[u->len - 1] == '\n')
			u->report[u->len - 1] = '\0';
		why = u->report;
	} else if (u->failure[0] != '\0')
		why = u->failure;
	log_warn("not upgraded: %s", why);
	httpd_error(u->rq, 409, "not upgraded, this process goes on: %s", why);
	free_upgrade(u);
}

static void
finish_check(struct upgrade *u, const struct success *s)
{
	httpd_json(u->rq, 200,
	    json_pack("{s:s, s:o, s:o}", "result",
		"the installed program can take over", "from",
		describe(version(), (long)getpid()), "to",
		describe(s->version, s->pid)));
	free_upgrade(u);
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
	struct upgrade *u = arg;
	struct success s;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		fail(u, "it does not get ready");
	else if (read_report(u))
		return;
	else if (u->check && find_success(u, &s))
		finish_check(u, &s);
	else
		fail(u, "it has ended without a message: see its log");
}

/* --- taking over --- */

static void
ended(void *arg, bool taken, const char *text)
{
	struct admin *a = arg;

	handover_free(a->handover);
	a->handover = NULL;
	if (!taken)
		log_warn("not handed over to another process: %s", text);
	if (!taken && a->upgrade != NULL)
		strlcpy(a->upgrade->failure, text, HANDOVER_TEXT_SIZE);
	if (!taken)
		return;
	log_info("handed over to another process: leaving");
	if (a->upgrade != NULL)
		succeed(a->upgrade);
	engine_hand_over(a->engine);
}

static struct handover_fds
descriptors(const struct admin *a)
{
	struct handover_fds fds = { .tun = a->tun_fd,
		.control = control_fd(a->control),
		.pidfile = pidfile_fd() };
	const int *metrics;
	size_t i, n = metrics_fds(a->metrics, &metrics);

	for (i = 0; i < n && i < HANDOVER_MAX_METRICS; i++)
		fds.metrics[fds.n_metrics++] = metrics[i];
	return (fds);
}

static void
offer(struct admin *a, struct httpd_request *rq, const char *name)
{
	const struct handover_opts opts = {
		.fds = descriptors(a),
		.n = engine_nat64(a->engine),
		.end = ended,
		.arg = a,
	};
	char text[HANDOVER_TEXT_SIZE];

	a->handover =
	    handover_offer(engine_base(a->engine), name, &opts, text);
	if (a->handover == NULL)
		httpd_error(rq, 409, "%s", text);
	else
		httpd_json(rq, 202, json_pack("{s:s}", "upgrade", "offered"));
}

/* --- starting the new process --- */

/*
 * Why there would be nobody to watch the new process, which is no child of who
 * has started this one; NULL: there would be.
 */
static const char *
why_alone(const struct admin *a)
{
	if (getpid() == 1)
		return ("this is process 1, with which its container ends: "
			"start a container of the new image");
	if (a->foreground && !notify_is_used())
		return ("this process runs in the foreground, and who has "
			"started it cannot be told of another one: restart it "
			"there, or start \"nat64d -U -d\" there");
	return (NULL);
}

/* Returns 0, or -1 with errno. */
static int
start(struct upgrade *u)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECS };
	int ends[2], saved_errno;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return (-1);
	u->fd = ends[0];
	u->readable = event_new(engine_base(u->admin->engine), u->fd,
	    EV_READ | EV_PERSIST, on_report, u);
	if (u->readable == NULL || event_add(u->readable, &patience) == -1 ||
	    starter_ask(u->admin->starter,
		u->check ? STARTER_CHECK : STARTER_UPGRADE, ends[1]) == -1) {
		saved_errno = errno;
		if (u->readable != NULL)
			event_free(u->readable);
		close(ends[0]);
		close(ends[1]);
		errno = saved_errno;
		return (-1);
	}
	close(ends[1]);
	return (0);
}

static void
upgrade(struct admin *a, struct httpd_request *rq, bool check)
{
	const char *alone = why_alone(a);
	struct upgrade *u;

	if (a->starter == NULL || alone != NULL) {
		httpd_error(rq, 409, "%s",
		    alone != NULL ?
			alone :
			"nothing can be taken over on this system");
		return;
	}
	if (a->upgrade != NULL) {
		httpd_error(rq, 409, "another process is taking over");
		return;
	}
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	u->admin = a;
	u->rq = rq;
	u->check = check;
	if (start(u) == -1) {
		httpd_error(rq, 500, "the new process cannot be started: %s",
		    strerror(errno));
		free(u);
		return;
	}
	httpd_defer(rq);
	a->upgrade = u;
}

/* The server, which has the request, has ended. */
void
upgrade_free(struct upgrade *u)
{
	if (u != NULL)
		free_upgrade(u);
}

void
post_upgrade(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "check", "socket", NULL };
	const struct admin *a = arg;
	const char *name = httpd_param(rq, "socket");
	const char *why = reconf_pending(a->reconf);

	if (httpd_only_params(rq, names) == -1)
		return;
	if (a->handover != NULL)
		why = "another process is taking over";
	if (why != NULL)
		httpd_error(rq, 409, "%s", why);
	else if (name != NULL)
		offer(arg, rq, name);
	else
		upgrade(arg, rq, httpd_param(rq, "check") != NULL);
}
