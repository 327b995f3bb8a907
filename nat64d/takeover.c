#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/pidfile.h"

#include "takeover.h"
#include "nat64d/state/handover.h"

struct takeover {
	struct heir *heir;
	struct handover_fds fds;
};

/* What cannot be handed over, for lack of privileges to undo or redo it. */
static void
check_conf(const struct conf *c)
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

struct takeover *
takeover_begin(const struct conf *c, struct startup *s)
{
	char text[HANDOVER_TEXT_SIZE];
	struct takeover *t;

	check_conf(c);
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

	if (engine_take_over(e, t->heir, text) == -1)
		fatalx("take-over: %s", text);
	adopt_pidfile(t, s);
	if (t->fds.control != -1)
		control = control_adopt(&c->control, t->fds.control);
	heir_free(t->heir);
	free(t);
	return (control);
}
