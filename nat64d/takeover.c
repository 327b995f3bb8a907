#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/pidfile.h"
#include "common/os/starter.h"
#include "common/os/version.h"

#include "takeover.h"

struct takeover {
	struct heir *heir;
	struct handover_fds fds;
};

/* Where the report goes; -1: nobody waits for one. */
static int report_fd = -1;

void
takeover_begin_report(void)
{
	if (fcntl(STARTER_FD, F_SETFD, FD_CLOEXEC) == -1)
		fatal("take-over: -UU is for nat64ctl upgrade: descriptor %d",
		    STARTER_FD);
	report_fd = STARTER_FD;
	log_copy_errors(report_fd);
}

void
takeover_conf_message(void *arg, bool warning, const char *msg)
{
	(void)arg;
	fprintf(stderr, "%s\n", msg);
	if (!warning && report_fd != -1)
		dprintf(report_fd, "%s\n", msg);
}

int
takeover_report(const struct heir_result *result)
{
	const struct heir_result none = { 0 };
	const struct heir_result *r = result != NULL ? result : &none;

	if (report_fd == -1)
		return (0);
	return (dprintf(report_fd, "%c" TAKEOVER_FORMAT "%s\n", TAKEOVER_OK,
		    (long)getpid(), r->bindings, r->sessions, r->left,
		    version()) < 0 ?
		-1 :
		0);
}

static int
restored(void *arg, const struct heir_result *result)
{
	(void)arg;
	return (takeover_report(result));
}

static void
end_report(void)
{
	log_copy_errors(-1);
	if (report_fd != -1)
		close(report_fd);
	report_fd = -1;
}

/* What cannot be handed over, for lack of privileges to undo or redo it. */
void
takeover_check(const struct conf *c)
{
	if (c->control.path == NULL)
		fatalx("take-over: needs the control socket of the process "
		       "that runs: say \"control PATH\" in both");
	if (c->pool_ifname[0] != '\0' && c->routes)
		fatalx("take-over: not possible with \"pool interface\" and "
		       "\"routes yes\": restart instead");
}

/* A process in the background is followed by one in the background. */
static void
check_pidfile(const struct takeover *t, const struct startup *s)
{
	if (t->fds.pidfile != -1 && s->foreground)
		fatalx("take-over: the process that runs has a pid file: "
		       "start without -d");
	if (t->fds.pidfile == -1 && !s->foreground)
		fatalx("take-over: the process that runs has no pid file: "
		       "start with -d");
}

struct starter *
takeover_starter(const struct conf *c, const struct startup *s, char *argv[])
{
	static const char *const first
	    [] = { [STARTER_UPGRADE] = "-UU", [STARTER_CHECK] = "-UUn", NULL };
	const struct starter_opts opts = { .argv = argv,
		.first = first,
		.path = s->conf_file,
		.foreground = s->foreground };

	return (c->control.path != NULL ? starter_start(&opts) : NULL);
}

struct takeover *
takeover_begin(const struct conf *c, struct startup *s)
{
	char text[HANDOVER_TEXT_SIZE];
	struct takeover *t;

	takeover_check(c);
	t = malloc(sizeof(*t));
	if (t == NULL)
		fatal("take-over");
	t->heir = heir_new(c->control.path, text);
	if (t->heir == NULL)
		fatalx("take-over: %s", text);
	t->fds = heir_fds(t->heir);
	check_pidfile(t, s);
	s->inherits = true;
	return (t);
}

struct metrics *
takeover_metrics(const struct takeover *t, const struct conf *c)
{
	return (metrics_open(&c->metrics, t->fds.metrics, t->fds.n_metrics));
}

struct tun *
takeover_tun(struct takeover *t, const struct conf *c, const char **what)
{
	const int fd = t->fds.tun;

	t->fds.tun = -1;
	return (tun_adopt(fd, c->tun, c->offload, what));
}

/* Nobody else has it any more, so a failure is logged only. */
static void
adopt_pidfile(const struct takeover *t, const struct startup *s)
{
	const char *path = startup_pidfile(s);

	if (path == NULL)
		return;
	if (pidfile_adopt(t->fds.pidfile, path) == -1 || pidfile_fill() == -1)
		log_warn("%s: is not ours: %s", path, strerror(errno));
}

struct control *
takeover_finish(struct takeover *t, struct engine *e, const struct conf *c,
    const struct startup *s)
{
	char text[HANDOVER_TEXT_SIZE];
	struct control *control = NULL;

	if (engine_take_over(e, t->heir, restored, NULL, text) == -1)
		fatalx("take-over: %s", text);
	end_report();
	adopt_pidfile(t, s);
	if (t->fds.control != -1)
		control = control_adopt(&c->control, t->fds.control);
	heir_free(t->heir);
	free(t);
	return (control);
}
