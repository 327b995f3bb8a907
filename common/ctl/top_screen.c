/*
 * "top" on a screen. All waiting is in one place, watch(), also while an answer
 * is on its way: keys and changes of the size are served at once, whatever the
 * daemon does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "screen.h"
#include "top_int.h"

/* Until the second sample, and until the next try. */
#define SOON_SECS 1.0

/* An answer that has not come after this is spoken of. */
#define SLOW_SECS 2.0

struct live {
	struct top *t;
	double due;   /* the next sample */
	bool at_once; /* take one that is not due */
	bool redraw;
	bool paused;
	bool help;
	bool quit;
	int signal;	/* that ends the program after this; or 0 */
	unsigned n;	/* samples that were due */
	unsigned empty; /* times that the terminal had input without a key */
	char *trouble;	/* why there is no new sample; or NULL */
	double asked;	/* when, if an answer is waited for; or 0 */
};

/* --- signals: a handler writes the number to a pipe --- */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH,
	SIGCONT };
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static int signal_pipe[2];

static void
on_signal(int number)
{
	const unsigned char octet = (unsigned char)number;
	const int saved_errno = errno;

	/* When the pipe is full, enough signals wait in it. */
	if (write(signal_pipe[1], &octet, 1) == -1)
		errno = saved_errno;
}

/* What is ignored stays so, as under nohup(1). */
static void
set_signals(struct sigaction old[N_SIGNALS])
{
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < N_SIGNALS; i++) {
		sigaction(signals[i], &sa, &old[i]);
		if (old[i].sa_handler == SIG_IGN)
			sigaction(signals[i], &old[i], NULL);
	}
}

static void
unset_signals(const struct sigaction old[N_SIGNALS])
{
	size_t i;

	for (i = 0; i < N_SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
}

static void
take_signals(struct live *l)
{
	unsigned char number;

	while (read(signal_pipe[0], &number, 1) == 1) {
		switch (number) {
		case SIGWINCH:
			screen_resize();
			break;
		case SIGCONT: /* after a stop; others wrote there */
			screen_resize();
			screen_repaint();
			break;
		default:
			l->quit = true;
			l->signal = number;
			break;
		}
		l->redraw = true;
	}
}

/* --- keys --- */

static const char *const help[] = {
	"q        quit",
	"s, S     the next order of the list, the one before",
	"+, -     a longer interval, a shorter one",
	"p        pause, and go on",
	"blank    a sample now",
	"h, ?     this help, and back",
	"Ctrl-L   draw the screen anew",
};

static void
change_sort(struct live *l, bool forward)
{
	const char *const *sorts = l->t->program->sorts;
	size_t *sort = &l->t->sort;

	if (forward)
		*sort = sorts[*sort + 1] != NULL ? *sort + 1 : 0;
	else if (*sort > 0)
		(*sort)--;
	else
		while (sorts[*sort + 1] != NULL)
			(*sort)++;
	l->at_once = true;
}

static void
change_interval(struct live *l, double factor)
{
	const double interval = l->t->interval * factor;

	if (interval < TOP_INTERVAL_MIN || interval > TOP_INTERVAL_MAX)
		return;
	l->t->interval = interval;
	if (l->due > top_now() + interval)
		l->due = top_now() + interval;
}

static void
on_key(struct live *l, int key)
{
	const bool leave_help = l->help;

	l->help = false;
	l->redraw = true;
	switch (key) {
	case 'q':
	case 'Q':
		l->quit = true;
		break;
	case 's':
		change_sort(l, true);
		break;
	case 'S':
		change_sort(l, false);
		break;
	case '+':
		change_interval(l, 2);
		break;
	case '-':
		change_interval(l, 0.5);
		break;
	case 'p':
		l->paused = !l->paused;
		break;
	case ' ':
		l->due = top_now();
		l->at_once = true;
		break;
	case 'h':
	case '?':
		l->help = !leave_help;
		break;
	case SCREEN_CTRL_L:
		screen_repaint();
		break;
	}
}

/* A terminal that has gone has input for ever, without a key. */
#define EMPTY_MAX 100

static void
take_keys(struct live *l)
{
	int key = screen_key();

	l->empty = key == 0 ? l->empty + 1 : 0;
	if (l->empty > EMPTY_MAX)
		l->quit = true;
	for (; key != 0; key = screen_key())
		on_key(l, key);
}

/* --- drawing --- */

static void
draw_help(const struct live *l, struct page *p)
{
	size_t i;

	page_line(p, PAGE_TITLE, l->t->ctl->program->name);
	for (i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		page_line(p, PAGE_TEXT, help[i]);
}

static bool
is_slow(const struct live *l)
{
	return (l->asked > 0 && top_now() - l->asked >= SLOW_SECS);
}

/* Why what is shown is not new. */
static void
draw_trouble(const struct live *l, struct page *p)
{
	char text[64];

	if (is_slow(l)) {
		snprintf(text, sizeof(text), "for %.0f s: %s does not answer",
		    top_now() - l->asked, l->t->ctl->program->daemon);
		page_words(p, PAGE_WARNING, "waiting", text);
	} else if (l->trouble != NULL)
		page_words(p, PAGE_WARNING, "no answer", l->trouble);
}

static void
draw(struct live *l)
{
	const struct top *t = l->t;
	unsigned columns, rows;
	struct page p;

	screen_size(&columns, &rows);
	page_init(&p, columns, rows);
	if (l->help)
		draw_help(l, &p);
	else {
		top_draw_title(t, &p, l->paused ? "paused" : NULL);
		draw_trouble(l, &p);
		top_draw(t, &p, t->rows > 0 ? t->rows : rows);
	}
	screen_draw(&p);
	page_clear(&p);
	l->redraw = false;
}

/* --- the loop --- */

/* Wait at most that long for keys and signals, and serve them. */
static void
serve(struct live *l, int timeout_ms)
{
	struct pollfd fds[2] = { { STDIN_FILENO, POLLIN, 0 },
		{ signal_pipe[0], POLLIN, 0 } };

	if (poll(fds, 2, timeout_ms) == -1 && errno != EINTR)
		l->quit = true;
	take_signals(l);
	if ((fds[0].revents & POLLIN) != 0)
		take_keys(l);
	else if (fds[0].revents != 0)
		l->quit = true; /* the terminal has gone */
	if (l->redraw && !l->quit)
		draw(l);
}

static bool
watch(void *arg)
{
	struct live *l = arg;

	l->redraw = l->redraw || is_slow(l);
	serve(l, 0);
	return (!l->quit);
}

static void
set_trouble(struct live *l, int rc, char *why)
{
	free(l->trouble);
	l->trouble = NULL;
	if (rc != CTL_DONE)
		l->trouble = clean_text(why != NULL ? why : "", CLEAN_ASCII);
	free(why);
}

static void
sample(struct live *l)
{
	const bool due = top_now() >= l->due;
	double wait;
	char *why;
	int rc;

	l->at_once = false;
	l->asked = top_now();
	rc = top_take(l->t, due, &why);
	l->asked = 0;
	set_trouble(l, rc, why);
	/* The first sample has no rates. */
	if (due && rc == CTL_DONE)
		l->n += l->t->base.answers != NULL;
	/* Keys may have changed the interval meanwhile. */
	wait = l->t->interval;
	if ((rc != CTL_DONE || l->t->base.answers == NULL) && wait > SOON_SECS)
		wait = SOON_SECS;
	if (due || rc != CTL_DONE)
		l->due = top_now() + wait;
}

static bool
is_time(const struct live *l)
{
	return (l->at_once || (!l->paused && top_now() >= l->due));
}

static void
pause_until_time(struct live *l)
{
	double left;

	while (!l->quit && !is_time(l)) {
		left = l->paused ? 3600 : l->due - top_now();
		serve(l, left < 3600 ? (int)(left * 1000) + 1 : 3600000);
	}
}

static void
follow(struct live *l)
{
	while (!l->quit) {
		sample(l);
		if (l->quit)
			break;
		draw(l);
		if (l->t->count > 0 && l->n >= l->t->count)
			break;
		pause_until_time(l);
	}
	free(l->trouble);
}

/* Before the screen changes: is there a daemon? */
static int
first(struct live *l)
{
	char *why;
	int rc = top_take(l->t, true, &why);

	if (rc != CTL_DONE)
		fprintf(stderr, "%s\n", why != NULL ? why : strerror(errno));
	free(why);
	return (rc);
}

static int
open_pipe(void)
{
	size_t i;

	if (pipe(signal_pipe) == -1)
		return (-1);
	for (i = 0; i < 2; i++)
		if (fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC) == -1)
			return (-1);
	return (0);
}

static int
run(struct live *l)
{
	char error[TERMCHECK_SIZE];
	struct sigaction old[N_SIGNALS];

	/* Before ncurses sets its own handlers. */
	set_signals(old);
	if (screen_open(error) == -1) {
		unset_signals(old);
		fprintf(stderr, "%s: %s\n", l->t->ctl->program->name, error);
		return (CTL_USAGE);
	}
	l->t->watch = watch;
	l->t->arg = l;
	l->t->watch_fds[0] = STDIN_FILENO;
	l->t->watch_fds[1] = signal_pipe[0];
	draw(l);
	l->due = top_now() +
	    (l->t->interval < SOON_SECS ? l->t->interval : SOON_SECS);
	pause_until_time(l);
	follow(l);
	screen_close();
	unset_signals(old);
	if (l->signal != 0 && l->signal != SIGINT)
		raise(l->signal);
	return (CTL_DONE);
}

int
top_follow(struct top *t)
{
	struct live l = { .t = t };
	int rc;

	if (open_pipe() == -1) {
		fprintf(stderr, "%s: %s\n", t->ctl->program->name,
		    strerror(errno));
		return (CTL_REFUSED);
	}
	rc = first(&l);
	return (rc == CTL_DONE ? run(&l) : rc);
}
