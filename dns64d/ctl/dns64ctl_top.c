/*
 * top: what a sample of dns64d shows. Pure but for run_top().
 */
#include <string.h>

#include "common/ctl/rates.h"
#include "common/ctl/table.h"

#include "dns64ctl.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sorts[] = { "queries", "latency", "lost", NULL };

const struct ctl_arg top_args[] = { CTL_TOP_ARGS(sorts) };

static const struct top_request requests[] = {
	{ .path = "/v1/status" },
	{ .path = "/v1/counters" },
	{ .path = "/v1/upstreams" },
	{ .path = "/v1/clients", .cut = true },
};

/* --- rates --- */

static void
sort_upstreams(json_t *list, const char *sort)
{
	if (strcmp(sort, "latency") == 0)
		rates_sort(list, "rtt-us");
	else if (strcmp(sort, "lost") == 0) {
		rates_sort(list, "lost");
		rates_sort(list, "lost-per-second");
	} else {
		rates_sort(list, "sent");
		rates_sort(list, "sent-per-second");
	}
}

/* Without a value, nothing is set. */
static void
compare(json_t *now, const json_t *before, double secs, const char *sort)
{
	const json_t *old = json_object_get(before, "upstreams");
	json_t *list = json_object_get(now, "upstreams");

	json_object_set_new(now, "counters-per-second",
	    rates_of(json_object_get(before, "counters"),
		json_object_get(now, "counters"), secs));
	rates_set_each(old, list, "address", "sent", secs);
	rates_set_each(old, list, "address", "lost", secs);
	sort_upstreams(list, sort);
}

/* --- the page --- */

static void
draw_rate(struct page *p, const json_t *now, const char *counter,
    const char *what)
{
	const json_t *rates = json_object_get(now, "counters-per-second");
	char n[PAGE_NUMBER_SIZE];

	page_item(p, "%s/s %s",
	    page_number(json_object_get(rates, counter), n), what);
}

static void
draw_queries(struct page *p, const json_t *now)
{
	char n[PAGE_NUMBER_SIZE], m[PAGE_NUMBER_SIZE];

	page_begin(p, PAGE_TEXT, "queries");
	draw_rate(p, now, "queries-udp", "over UDP");
	draw_rate(p, now, "queries-tcp", "over TCP");
	page_item(p, "%s of %s in progress",
	    page_number(json_object_get(now, "queries"), n),
	    page_number(json_object_get(now, "queries-max"), m));
	page_end(p);
}

static void
draw_answers(struct page *p, const json_t *now)
{
	page_begin(p, PAGE_TEXT, "answers");
	draw_rate(p, now, "passed", "passed on");
	draw_rate(p, now, "synthesised", "synthesised");
	draw_rate(p, now, "nxdomain-synth", "synthesised for NXDOMAIN");
	draw_rate(p, now, "ptr", "PTR");
	draw_rate(p, now, "local", "local");
	page_end(p);
}

/* Kinds that have never been seen are left out, but for the first one. */
static void
draw_failed(struct page *p, const json_t *now)
{
	static const char *const kinds[] = { "servfail", "refused", "formerr",
		"notimp", "badvers", "badcookie", "client-garbage",
		"rate-dropped", "rate-truncated", "shed", "reply-errors",
		"tcp-refused", "tcp-shed" };
	const json_t *counters = json_object_get(now, "counters");
	size_t i;

	page_begin(p, PAGE_TEXT, "failed");
	for (i = 0; i < NITEMS(kinds); i++)
		if (i == 0 || table_number(counters, kinds[i]) > 0)
			draw_rate(p, now, kinds[i], kinds[i]);
	page_end(p);
}

static double
number(const json_t *o, const char *member)
{
	return (json_number_value(json_object_get(o, member)));
}

/* "93 % of 120" of all questions in o, or "-". */
static void
draw_hits(struct page *p, const json_t *o, const char *what)
{
	const double hits = number(o, "cache-hits") + number(o, "answer-hits");
	const double sum = hits + number(o, "cache-misses");
	char n[PAGE_NUMBER_SIZE];

	if (sum > 0)
		page_item(p, "%.0f %% of %s %s", hits * 100 / sum,
		    page_double(sum, n), what);
	else
		page_item(p, "- of %s %s", page_double(o != NULL ? 0 : -1, n),
		    what);
}

static void
draw_cache(struct page *p, const json_t *now)
{
	page_begin(p, PAGE_TEXT, "cache");
	draw_hits(p, json_object_get(now, "counters-per-second"),
	    "questions/s");
	draw_hits(p, json_object_get(now, "counters"), "so far");
	page_end(p);
}

static void
draw_upstreams(struct page *p, const json_t *now, unsigned rows)
{
	static const struct page_column columns[] = {
		{ "address", "UPSTREAM", PAGE_WORD, NULL, 0 },
		{ "state", "STATE", PAGE_WORD, NULL, 0 },
		{ "rtt-us", "MS", PAGE_USEC, NULL, 0 },
		{ "sent-per-second", "SENT/S", PAGE_NUMBER, NULL, 0 },
		{ "lost-per-second", "LOST/S", PAGE_NUMBER, NULL, 1 },
		{ "outstanding", "OPEN", PAGE_NUMBER, NULL, 2 },
		{ "sent", "SENT", PAGE_NUMBER, NULL, 4 },
		{ "lost", "LOST", PAGE_NUMBER, NULL, 3 },
	};

	/* Clients have the other half of a screen. */
	page_table(p, json_object_get(now, "upstreams"), columns,
	    NITEMS(columns), page_half(p, rows));
}

static void
draw_clients(struct page *p, const json_t *now, unsigned rows)
{
	static const struct page_column columns[] = {
		{ "client", "CLIENT", PAGE_WORD, NULL, 0 },
		{ "queries", "IN PROGRESS", PAGE_NUMBER, NULL, 0 },
		{ "connections", "CONNECTIONS", PAGE_NUMBER, NULL, 1 },
	};

	page_table(p, json_object_get(now, "clients"), columns,
	    NITEMS(columns), rows);
}

static void
draw(struct page *p, const json_t *now, unsigned rows)
{
	draw_queries(p, now);
	draw_answers(p, now);
	draw_failed(p, now);
	draw_cache(p, now);
	draw_upstreams(p, now, rows);
	draw_clients(p, now, rows);
}

const struct top_program dns64_top = {
	.requests = requests,
	.n_requests = NITEMS(requests),
	.sorts = sorts,
	.compare = compare,
	.draw = draw,
};

int
run_top(struct ctl *ctl, const struct ctl_command *c)
{
	(void)c;
	return (ctl_top(ctl, &dns64_top));
}
