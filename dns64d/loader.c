/*
 * The main thread sends an octet when it has set files; the thread of the
 * loader sends one when it has entered the sandbox, and one when it has set
 * conf. Between the two octets of a load, only the thread of the loader uses
 * files and conf.
 */
#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/log.h"
#include "common/os/sandbox.h"

#include "dns64d/conf/conf.h"
#include "loader.h"
#include "thread.h"

struct loader {
	const char *path;
	conf_report_fn *report;
	loader_fn *done;
	void *arg;
	const struct sandbox *sandbox; /* while starting */
	bool started;
	struct thread thread;
	struct event_base *base;
	struct event loaded;
	struct files *files;
	struct conf *conf;
};

static void *
run(void *arg)
{
	struct loader *l = arg;
	const int end = l->thread.own_end;

	sandbox_enter(l->sandbox);
	thread_put(end, 0);
	while (thread_get(end) != -1) {
		l->conf = conf_load(l->path, l->files, l->report, l->arg);
		thread_put(end, 0);
	}
	return (NULL);
}

static void
on_loaded(evutil_socket_t fd, short what, void *arg)
{
	struct loader *l = arg;
	struct conf *conf;

	(void)what;
	thread_get(fd);
	conf = l->conf;
	l->conf = NULL;
	l->done(l->arg, conf);
}

struct loader *
loader_new(struct event_base *base, const char *path, conf_report_fn *report,
    loader_fn *done, void *arg)
{
	struct loader *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->base = base;
	l->path = path;
	l->report = report;
	l->done = done;
	l->arg = arg;
	return (l);
}

void
loader_start(struct loader *l, const struct sandbox *sb)
{
	l->sandbox = sb;
	thread_start(&l->thread, "loader", run, l);
	l->started = true;
	event_assign(&l->loaded, l->base, l->thread.main_end,
	    EV_READ | EV_PERSIST, on_loaded, l);
	if (event_add(&l->loaded, NULL) == -1)
		fatalx("loader: out of memory");
}

void
loader_load(struct loader *l, struct files *files)
{
	l->files = files;
	thread_put(l->thread.main_end, 0);
}

void
loader_free(struct loader *l)
{
	if (l == NULL)
		return;
	if (l->started) {
		event_del(&l->loaded);
		thread_end(&l->thread);
	}
	if (l->conf != NULL)
		conf_unref(l->conf);
	free(l);
}
