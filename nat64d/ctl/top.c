/*
 * top: what a sample of nat64d shows. Pure but for run_top().
 */
#include <stdio.h>
#include <string.h>

#include "common/ctl/rates.h"
#include "common/ctl/table.h"
#include "common/ctl/top.h"

#include "commands.h"

#define BITS_SIZE (PAGE_NUMBER_SIZE + 8)

static const char *const sorts[] = { "sessions", "bindings", "tcp", "udp",
	"icmp", NULL };

const struct ctl_arg top_args[] = { CTL_TOP_ARGS(sorts) };

static const struct top_request requests[] = {
	{ .path = "/v1/status" },
	{ .path = "/v1/counters" },
	{ .path = "/v1/subscribers", .sorted = true },
};

/* --- rates --- */

/* Those that have been counted, the fastest first. */
static json_t *
list_drops(json_t *packets, const json_t *rates)
{
	json_t *list = json_array(), *value, *o;
	const char *reason;

	json_object_foreach(packets, reason, value) {
		if (json_integer_value(value) == 0)
			continue;
		o = json_object();
		json_object_set_new(o, "reason", json_string(reason));
		json_object_set(o, "packets", value);
		json_object_set(o, "packets-per-second",
		    json_object_get(rates, reason));
		json_array_append_new(list, o);
	}
	rates_sort(list, "packets");
	rates_sort(list, "packets-per-second");
	return (list);
}

/* Without a value, nothing is set. */
static void
compare(json_t *now, const json_t *before, double secs, const char *sort)
{
	json_t *packets = json_object_get(now, "dropped-packets");
	json_t *fast = json_object_get(now, "fast-path");
	json_t *rates;

	(void)sort; /* the daemon has done it */
	json_object_set_new(now, "counters-per-second",
	    rates_of(json_object_get(before, "counters"),
		json_object_get(now, "counters"), secs));
	rates = rates_of(json_object_get(before, "dropped-packets"), packets,
	    secs);
	json_object_set_new(now, "drops", list_drops(packets, rates));
	json_decref(rates);
	if (fast == NULL)
		return;
	rates_set(json_object_get(before, "fast-path"), fast, "packets", secs);
	rates_set(json_object_get(before, "fast-path"), fast, "bytes", secs);
}

/* --- the page --- */

/* A rate of bytes: "12.3 Mbit/s". */
static const char *
bits(const json_t *bytes, char text[BITS_SIZE])
{
	char number[PAGE_NUMBER_SIZE];
	size_t len;

	page_double(json_is_number(bytes) ? json_number_value(bytes) * 8 : -1,
	    number);
	len = strspn(number, "0123456789.-");
	snprintf(text, BITS_SIZE, "%.*s %sbit/s", (int)len, number,
	    number + len);
	return (text);
}

static void
draw_direction(struct page *p, const json_t *rates, const char *way,
    const char *packets, const char *bytes)
{
	char n[PAGE_NUMBER_SIZE], b[BITS_SIZE];

	page_item(p, "%s %s packets/s, %s", way,
	    page_number(json_object_get(rates, packets), n),
	    bits(json_object_get(rates, bytes), b));
}

static void
draw_traffic(struct page *p, const json_t *now)
{
	const json_t *rates = json_object_get(now, "counters-per-second");

	page_begin(p, PAGE_TEXT, "IPv6");
	draw_direction(p, rates, "in", "ipv6-packets-in", "ipv6-bytes-in");
	draw_direction(p, rates, "out", "ipv6-packets-out", "ipv6-bytes-out");
	page_end(p);
	page_begin(p, PAGE_TEXT, "IPv4");
	draw_direction(p, rates, "in", "ipv4-packets-in", "ipv4-bytes-in");
	draw_direction(p, rates, "out", "ipv4-packets-out", "ipv4-bytes-out");
	page_end(p);
}

/* What the kernel translates does not pass through nat64d. */
static void
draw_fast_path(struct page *p, const json_t *now)
{
	const json_t *f = json_object_get(now, "fast-path");
	char n[PAGE_NUMBER_SIZE], b[BITS_SIZE];

	page_begin(p, PAGE_TEXT, "fast path");
	if (f == NULL)
		page_item(p, "none");
	else {
		page_item(p, "%s packets/s, %s",
		    page_number(json_object_get(f, "packets-per-second"), n),
		    bits(json_object_get(f, "bytes-per-second"), b));
		page_item(p, "%s flows",
		    page_number(json_object_get(f, "flows"), n));
	}
	page_end(p);
}

static void
draw_sessions(struct page *p, const json_t *now)
{
	const json_t *rates = json_object_get(now, "counters-per-second");
	const json_int_t max = table_number(now, "sessions-max");
	char n[PAGE_NUMBER_SIZE], m[PAGE_NUMBER_SIZE];

	page_begin(p, PAGE_TEXT, "sessions");
	page_item(p, "%s of %s, %d %%",
	    page_number(json_object_get(now, "sessions"), n),
	    page_number(json_object_get(now, "sessions-max"), m),
	    max > 0 ? (int)(table_number(now, "sessions") * 100 / max) : 0);
	page_item(p, "%s new/s",
	    page_number(json_object_get(rates, "sessions-created"), n));
	page_item(p, "%s expired/s",
	    page_number(json_object_get(rates, "sessions-expired"), n));
	page_end(p);
}

static void
draw_pool(struct page *p, const json_t *now)
{
	char n[PAGE_NUMBER_SIZE], m[PAGE_NUMBER_SIZE];
	const json_t *use;
	size_t i;

	page_begin(p, PAGE_TEXT, "pool");
	json_array_foreach(json_object_get(now, "pool"), i, use) {
		page_item(p, "%s %d %%, %s of %s free",
		    table_text(use, "transport-protocol"),
		    (int)table_number(use, "percent"),
		    page_number(json_object_get(use, "ports-free"), n),
		    page_number(json_object_get(use, "ports"), m));
	}
	page_end(p);
}

/* All reasons together. */
static double
drops_per_second(const json_t *drops, bool *known)
{
	const json_t *o, *rate;
	double sum = 0;
	size_t i;

	*known = false;
	json_array_foreach(drops, i, o) {
		rate = json_object_get(o, "packets-per-second");
		*known = *known || json_is_number(rate);
		sum += json_number_value(rate);
	}
	return (sum);
}

static void
draw_dropped(struct page *p, const json_t *now)
{
	const json_t *dropped = json_object_get(now, "dropped");
	const json_t *drops = json_object_get(now, "drops");
	char n[PAGE_NUMBER_SIZE], m[PAGE_NUMBER_SIZE];
	bool known;
	const double rate = drops_per_second(drops, &known);

	known = known ||
	    (json_array_size(drops) == 0 &&
		json_object_get(now, "seconds") != NULL);
	page_begin(p, PAGE_TEXT, "dropped");
	page_item(p, "%s packets/s", page_double(known ? rate : -1, n));
	page_item(p, "%s so far",
	    page_number(json_object_get(dropped, "packets"), m));
	page_end(p);
}

static void
draw_drops(struct page *p, const json_t *now, unsigned rows)
{
	static const struct page_column columns[] = {
		{ "packets-per-second", "DROPS/S", PAGE_NUMBER, NULL, 0 },
		{ "packets", "DROPS", PAGE_NUMBER, NULL, 1 },
		{ "reason", "REASON", PAGE_WORD, NULL, 0 },
	};
	const json_t *list = json_object_get(now, "drops");

	/* Subscribers have the other half of a screen. */
	page_table(p, list, columns, sizeof(columns) / sizeof(columns[0]),
	    page_half(p, rows));
}

static void
draw_subscribers(struct page *p, const json_t *now, unsigned rows)
{
	static const struct page_column columns[] = {
		{ "subscriber", "SUBSCRIBER", PAGE_WORD, NULL, 0 },
		{ "external-src-address", "POOL", PAGE_WORD, NULL, 2 },
		{ "sessions", "SESSIONS", PAGE_NUMBER, "sessions-max", 0 },
		{ "tcp", "TCP", PAGE_NUMBER, "port-limit", 3 },
		{ "udp", "UDP", PAGE_NUMBER, "port-limit", 4 },
		{ "icmp", "ICMP", PAGE_NUMBER, "port-limit", 5 },
		{ "bindings", "BINDINGS", PAGE_NUMBER, NULL, 6 },
	};
	const json_t *list = json_object_get(now, "subscribers");

	page_table(p, list, columns, sizeof(columns) / sizeof(columns[0]),
	    rows);
}

static void
draw(struct page *p, const json_t *now, unsigned rows)
{
	draw_traffic(p, now);
	draw_fast_path(p, now);
	draw_sessions(p, now);
	draw_pool(p, now);
	draw_dropped(p, now);
	draw_drops(p, now, rows);
	draw_subscribers(p, now, rows);
}

const struct top_program nat64_top = {
	.requests = requests,
	.n_requests = sizeof(requests) / sizeof(requests[0]),
	.sorts = sorts,
	.compare = compare,
	.draw = draw,
};

int
run_top(struct ctl *ctl, const struct ctl_command *c)
{
	(void)c;
	return (ctl_top(ctl, &nat64_top));
}
