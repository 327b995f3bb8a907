/*
 * Samples of a daemon for "top": taken, compared and kept; and its title.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clean.h"
#include "request.h"
#include "table.h"
#include "top_int.h"

#define LIST_SCREEN 100 /* longest list for a screen */
#define ANSWER_SECS 30	/* a daemon that takes longer does not answer */
#define TARGET_SIZE 128

double
top_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* Keys may change the order while a sample is taken. */
static const char *
sort_asked(const struct top *t)
{
	return (t->program->sorts[t->sort_asked]);
}

static void
set_target(const struct top *t, const struct top_request *rq,
    char target[TARGET_SIZE])
{
	const unsigned rows = t->rows > 0 ? t->rows : LIST_SCREEN;

	if (rq->sorted)
		snprintf(target, TARGET_SIZE, "%s?sort=%s&top=%u", rq->path,
		    sort_asked(t), rows);
	else if (rq->cut)
		snprintf(target, TARGET_SIZE, "%s?top=%u", rq->path, rows);
	else
		snprintf(target, TARGET_SIZE, "%s", rq->path);
}

/* Add the members of an answer to a sample. */
static int
add_answer(const struct top *t, const struct request *r, json_t *sample,
    FILE *f)
{
	json_t *answer =
	    r->body != NULL ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const int rc = json_object_update(sample, answer);

	json_decref(answer);
	if (rc == 0)
		return (CTL_DONE);
	fprintf(f, "%s: the answer is no JSON object", t->ctl->program->name);
	return (CTL_REFUSED);
}

/* Ask one thing. A daemon that ends may cut its answer. */
static int
ask(const struct top *t, const struct top_request *rq, json_t *sample, FILE *f)
{
	char target[TARGET_SIZE];
	struct request r = { .socket = t->ctl->socket,
		.method = "GET",
		.target = target,
		.watch = t->watch,
		.arg = t->arg,
		.watch_fds = { t->watch_fds[0], t->watch_fds[1] },
		.timeout_secs = ANSWER_SECS };
	bool connected;
	int rc, status;

	set_target(t, rq, target);
	rc = request_send(&r, &connected);
	status = ctl_judge(t->ctl, &r, rc, connected, f);
	if (rc == -1)
		status = CTL_NO_DAEMON;
	if (status == CTL_DONE)
		status = add_answer(t, &r, sample, f);
	free(r.body);
	return (status);
}

static int
ask_all(const struct top *t, json_t *sample, char **why)
{
	size_t size, i;
	int rc = CTL_DONE;
	FILE *f;

	*why = NULL;
	if ((f = open_memstream(why, &size)) == NULL)
		return (CTL_REFUSED);
	for (i = 0; i < t->program->n_requests && rc == CTL_DONE; i++)
		rc = ask(t, &t->program->requests[i], sample, f);
	fclose(f);
	if (rc != CTL_DONE && *why != NULL)
		(*why)[strcspn(*why, "\n")] = '\0';
	return (rc);
}

static void
forget(struct top_sample *s)
{
	json_decref(s->answers);
	s->answers = NULL;
}

void
top_forget(struct top *t)
{
	forget(&t->last);
	forget(&t->base);
	forget(&t->shown);
}

static void
keep(struct top_sample *s, json_t *answers, double at)
{
	json_incref(answers);
	forget(s);
	s->answers = answers;
	s->at = at;
}

/* After a restart the counters begin anew. */
static bool
is_other_process(const json_t *a, const json_t *b)
{
	return (a != NULL && table_number(a, "pid") != table_number(b, "pid"));
}

static void
show(struct top *t, json_t *answers, double at, bool due)
{
	struct timespec ts;

	if (is_other_process(t->last.answers, answers)) {
		forget(&t->last);
		forget(&t->base);
	}
	if (due) {
		keep(&t->base, t->last.answers, t->last.at);
		keep(&t->last, answers, at);
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	json_object_set_new(answers, "time-ms",
	    json_integer((json_int_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000));
	json_object_set_new(answers, "sort", json_string(sort_asked(t)));
	if (t->base.answers != NULL)
		json_object_set_new(answers, "seconds",
		    json_real(at - t->base.at));
	t->program->compare(answers, t->base.answers, at - t->base.at,
	    sort_asked(t));
	keep(&t->shown, answers, at);
}

int
top_take(struct top *t, bool due, char **why)
{
	json_t *answers = json_object();
	int rc;

	t->sort_asked = t->sort;
	rc = ask_all(t, answers, why);
	if (rc == CTL_DONE) {
		if (!t->ctl->json)
			clean_json(answers, t->ctl->clean);
		show(t, answers, top_now(), due);
		free(*why);
		*why = NULL;
	}
	json_decref(answers);
	return (rc);
}

static const char *
time_of(const json_t *sample, char text[sizeof("23:59:59")])
{
	const time_t secs = (time_t)(table_number(sample, "time-ms") / 1000);
	struct tm tm;

	localtime_r(&secs, &tm);
	strftime(text, sizeof("23:59:59"), "%H:%M:%S", &tm);
	return (text);
}

void
top_draw_title(const struct top *t, struct page *p, const char *state)
{
	const json_t *now = t->shown.answers;
	char up[TABLE_TIME_SIZE], at[sizeof("23:59:59")];
	char left[256], right[128];

	snprintf(left, sizeof(left), "%s %s, up %s", table_text(now, "name"),
	    table_text(now, "version"),
	    table_time(table_number(now, "uptime"), up));
	snprintf(right, sizeof(right), "%s%sby %s, every %.*g s, %s",
	    state != NULL ? state : "", state != NULL ? ", " : "",
	    table_text(now, "sort"), t->interval < 100 ? 3 : 5, t->interval,
	    time_of(now, at));
	page_ends(p, PAGE_TITLE, left, right);
}

void
top_draw(const struct top *t, struct page *p, unsigned rows)
{
	const json_t *now = t->shown.answers, *warning;
	size_t i;

	json_array_foreach(json_object_get(now, "warnings"), i, warning) {
		if (json_is_string(warning))
			page_words(p, PAGE_WARNING, "warning",
			    json_string_value(warning));
	}
	t->program->draw(p, now, rows);
}
