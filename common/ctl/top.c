#include <sys/ioctl.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clean.h"
#include "top_int.h"

#define INTERVAL 2.0
#define LIST_MAX 1000	 /* longest list that is asked for */
#define FILE_COLUMNS 132 /* of text that goes to a file */

/* --- text and JSON --- */

static unsigned
text_columns(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return (ws.ws_col);
	return (FILE_COLUMNS);
}

static void
print_text(const struct top *t, bool first)
{
	struct page p;
	size_t i;

	page_init(&p, text_columns(), 0);
	top_draw_title(t, &p, NULL);
	top_draw(t, &p, t->rows);
	if (!first)
		putchar('\n');
	for (i = 0; i < p.n; i++)
		puts(p.lines[i].text);
	page_clear(&p);
}

/* One object on a line; in a terminal, see clean.h. */
static void
print_json(const struct top *t)
{
	char *text = json_dumps(t->shown.answers, JSON_COMPACT), *clean = NULL;

	if (text != NULL && isatty(STDOUT_FILENO))
		clean = clean_text(text, t->ctl->clean);
	if (text != NULL)
		puts(clean != NULL ? clean : text);
	free(clean);
	free(text);
}

/* --- batches --- */

/* OpenBSD has no clock_nanosleep(). */
static void
sleep_until(double at)
{
	struct timespec ts;
	double secs;

	while ((secs = at - top_now()) > 0) {
		ts.tv_sec = (time_t)secs;
		ts.tv_nsec = (long)((secs - (double)ts.tv_sec) * 1e9);
		(void)nanosleep(&ts, NULL);
	}
}

static int
fail(int rc, char *why)
{
	fprintf(stderr, "%s\n", why != NULL ? why : strerror(ENOMEM));
	free(why);
	return (rc);
}

/* What is shown is compared, so the first sample is not. */
static int
run_batch(struct top *t)
{
	double due;
	unsigned i;
	char *why;
	int rc;

	if ((rc = top_take(t, true, &why)) != CTL_DONE)
		return (fail(rc, why));
	due = top_now();
	for (i = 0; t->count == 0 || i < t->count; i++) {
		due += t->interval;
		if (due < top_now())
			due = top_now(); /* the host slept */
		sleep_until(due);
		if ((rc = top_take(t, true, &why)) != CTL_DONE)
			return (fail(rc, why));
		if (t->ctl->json)
			print_json(t);
		else
			print_text(t, i == 0);
		if (fflush(stdout) != 0)
			break;
	}
	return (CTL_DONE);
}

/* --- the command line --- */

static int
usage(const struct top *t, const char *name, const char *value, double min,
    double max)
{
	fprintf(stderr, "%s: %s: \"%s\" is no number from %g to %.0f\n",
	    t->ctl->program->name, name, value, min, max);
	return (CTL_USAGE);
}

static int
take_interval(struct top *t)
{
	const char *text = ctl_value(t->ctl, "interval");
	char *end;

	t->interval = INTERVAL;
	if (text == NULL)
		return (CTL_DONE);
	t->interval = strtod(text, &end);
	if (*text >= '.' && *text <= '9' && *end == '\0' &&
	    t->interval >= TOP_INTERVAL_MIN && t->interval <= TOP_INTERVAL_MAX)
		return (CTL_DONE);
	return (usage(t, "-d", text, TOP_INTERVAL_MIN, TOP_INTERVAL_MAX));
}

static int
take_number(const struct top *t, const char *param, const char *name,
    unsigned max, unsigned *n)
{
	const char *text = ctl_value(t->ctl, param), *error;

	if (text == NULL)
		return (CTL_DONE);
	*n = (unsigned)strtonum(text, 1, max, &error);
	return (error == NULL ? CTL_DONE : usage(t, name, text, 1, max));
}

/* The parser knows the values. */
static void
take_sort(struct top *t)
{
	const char *text = ctl_value(t->ctl, "sort");

	while (text != NULL && strcmp(t->program->sorts[t->sort], text) != 0)
		t->sort++;
}

static int
run(struct top *t)
{
	if (ctl_value(t->ctl, "batch") == NULL && !t->ctl->json &&
	    isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return (top_follow(t));
	if (t->rows == 0)
		t->rows = TOP_ROWS;
	return (run_batch(t));
}

int
ctl_top(struct ctl *ctl, const struct top_program *p)
{
	struct top t = { .ctl = ctl, .program = p, .watch_fds = { -1, -1 } };
	int rc;

	take_sort(&t);
	if ((rc = take_interval(&t)) == CTL_DONE &&
	    (rc = take_number(&t, "count", "-n", INT_MAX, &t.count)) ==
		CTL_DONE &&
	    (rc = take_number(&t, "top", "--top", LIST_MAX, &t.rows)) ==
		CTL_DONE)
		rc = run(&t);
	top_forget(&t);
	return (rc);
}
