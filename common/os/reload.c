#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/conf/files.h"
#include "log.h"
#include "notify.h"
#include "reader.h"
#include "reload.h"

/* Reading takes milliseconds, unless a network file system does not answer. */
#define SLOW_SECS 5

/*
 * The states of a reload:
 *
 * idle      asked is not set. ask() leads to reading; when the reader has
 *           ended it calls done at once, and the state stays.
 * reading   asked is set: the reader has a request; slow is armed. finish(),
 *           called by on_input(), passes the files to done, which leads to
 *           loading by reload_keep(), and otherwise to idle.
 * loading   asked and kept are set: the daemon uses files. reload_end() leads
 *           to idle.
 *
 * reload_request() sets again in reading and loading; reload_end() then asks
 * anew. reader becomes NULL in any state, by lose_reader().
 */
struct reload {
	struct reader *reader; /* NULL: it has ended */
	struct event *input;
	struct event *slow;
	reload_fn *done;
	void *arg;
	bool asked;
	bool again; /* another reload was requested meanwhile */
	bool kept;
	struct files *files; /* those that done was called with; or NULL */
};

static void
on_slow(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_warn(
	    "reload: a file of the configuration has not been read for "
	    "%d s: is its file system away? the old configuration stays until "
	    "it has",
	    SLOW_SECS);
}

static void
ask(struct reload *rl)
{
	const struct timeval slow = { .tv_sec = SLOW_SECS };

	rl->again = false;
	if (rl->reader == NULL || reader_ask(rl->reader) == -1) {
		log_err(
		    "reload: the process that reads the configuration has "
		    "ended, and only a restart makes another: restart this "
		    "one");
		rl->done(rl->arg, NULL);
		return;
	}
	rl->asked = true;
	notify_reloading();
	event_add(rl->slow, &slow);
}

/* It has ended or sent an invalid answer: do not use it again. */
static void
lose_reader(struct reload *rl)
{
	event_del(rl->input);
	reader_free(rl->reader);
	rl->reader = NULL;
	log_warn("reader: the process that reads the configuration has ended; "
		 "a reload needs a restart from now on");
}

void
reload_keep(struct reload *rl)
{
	rl->kept = true;
}

void
reload_end(struct reload *rl)
{
	files_free(rl->files);
	rl->files = NULL;
	rl->asked = rl->kept = false;
	if (rl->again)
		ask(rl);
	else
		notify_send("READY=1");
}

static bool
waits(const struct reload *rl)
{
	return (rl->asked && !rl->kept);
}

/* The reader has answered or ended; takes the files over. */
static void
finish(struct reload *rl, struct files *files)
{
	if (!waits(rl)) {
		files_free(files);
		return;
	}
	event_del(rl->slow);
	rl->files = files;
	rl->done(rl->arg, files);
	if (!rl->kept)
		reload_end(rl);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct reload *rl = arg;
	struct files *files;
	enum reader_verdict verdict;

	(void)fd;
	(void)what;
	verdict = reader_receive(rl->reader, &files);
	/* It answered without a request: do not trust it any more. */
	if (!waits(rl))
		verdict = READER_GONE;
	switch (verdict) {
	case READER_MORE:
		return;
	case READER_DONE:
		break;
	case READER_FAILED:
		log_err("reload: out of memory");
		break;
	case READER_GONE:
		lose_reader(rl);
		break;
	}
	finish(rl, files);
}

struct reload *
reload_new(struct event_base *base, struct reader *r, reload_fn *done,
    void *arg)
{
	struct reload *rl;

	if ((rl = calloc(1, sizeof(*rl))) == NULL)
		return (NULL);
	/* No zombie when the reader ends. */
	signal(SIGCHLD, SIG_IGN);
	rl->reader = r;
	rl->done = done;
	rl->arg = arg;
	rl->input =
	    event_new(base, reader_fd(r), EV_READ | EV_PERSIST, on_input, rl);
	rl->slow = evtimer_new(base, on_slow, rl);
	if (rl->input == NULL || rl->slow == NULL ||
	    event_add(rl->input, NULL) == -1) {
		reload_free(rl);
		return (NULL);
	}
	return (rl);
}

void
reload_free(struct reload *rl)
{
	if (rl == NULL)
		return;
	if (rl->input != NULL)
		event_free(rl->input);
	if (rl->slow != NULL)
		event_free(rl->slow);
	reader_free(rl->reader);
	files_free(rl->files);
	free(rl);
}

void
reload_request(struct reload *rl)
{
	if (rl->asked)
		rl->again = true;
	else
		ask(rl);
}
