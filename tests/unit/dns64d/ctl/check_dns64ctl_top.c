/*
 * Tests of dns64ctl_top.c: what dns64ctl top makes of two samples, without a
 * terminal.
 */
#include <check.h>

#include "dns64d/ctl/dns64ctl.h"

#include "tests/unit/common/ctl/page_util.h"
#include "tests/unit/suite.h"

/* Only run_top() asks a daemon. */
int
ctl_top(struct ctl *ctl, const struct top_program *p)
{
	(void)ctl;
	(void)p;
	return (CTL_REFUSED);
}

static const char first[] =
    "{\"queries\":5,\"queries-max\":10000,\"counters\":{\"queries-udp\":0,"
    "\"queries-tcp\":0,\"passed\":10,\"synthesised\":0,\"servfail\":0,"
    "\"refused\":0,\"notimp\":3,\"cache-hits\":10,\"answer-hits\":10,"
    "\"cache-misses\":80},\"upstreams\":["
    "{\"address\":\"192.0.2.1:53\",\"sent\":100,\"lost\":7},"
    "{\"address\":\"192.0.2.2:53\",\"sent\":10,\"lost\":0}]}";

static const char second[] =
    "{\"queries\":5,\"queries-max\":10000,\"counters\":{\"queries-udp\":400,"
    "\"queries-tcp\":1,\"passed\":20,\"synthesised\":200,\"servfail\":0,"
    "\"refused\":0,\"notimp\":3,\"cache-hits\":60,\"answer-hits\":50,"
    "\"cache-misses\":90},\"upstreams\":["
    "{\"address\":\"192.0.2.1:53\",\"state\":\"down\",\"rtt-us\":1500,"
    "\"sent\":102,\"lost\":8,\"outstanding\":1},"
    "{\"address\":\"192.0.2.2:53\",\"state\":\"up\",\"rtt-us\":25400,"
    "\"sent\":30,\"lost\":0,\"outstanding\":0},"
    "{\"address\":\"192.0.2.3:53\",\"state\":\"up\",\"rtt-us\":900,"
    "\"sent\":3,\"lost\":0,\"outstanding\":0}],"
    "\"clients\":[{\"client\":\"2001:db8::7\",\"queries\":3,"
    "\"connections\":1}]}";

/* The page of the second sample; without the first one if that is NULL. */
static const char *
draw(const char *before_text, unsigned columns, const char *sort)
{
	json_t *before = before_text != NULL ? page_load(before_text) : NULL;
	json_t *now = page_load(second);
	struct page p;

	dns64_top.compare(now, before, 2, sort);
	page_init(&p, columns, 0);
	dns64_top.draw(&p, now, 10);
	json_decref(before);
	json_decref(now);
	return (page_text(&p));
}

START_TEST(dns64ctl_top_shows_rates)
{
	ck_assert_str_eq(draw(first, 80, "queries"),
	    "queries    200/s over UDP  0.5/s over TCP  5 of 10000 in "
	    "progress\n"
	    "answers    5.0/s passed on  100/s synthesised  -/s synthesised "
	    "for NXDOMAIN\n"
	    "           -/s PTR  -/s local\n"
	    "failed     0/s servfail  0/s notimp\n"
	    "cache      90 % of 50 questions/s  55 % of 200 so far\n"
	    "\n"
	    "UPSTREAM      STATE   MS  SENT/S  LOST/S  OPEN  SENT  LOST\n"
	    "192.0.2.2:53  up      25      10       0     0    30     0\n"
	    "192.0.2.1:53  down   1.5     1.0     0.5     1   102     8\n"
	    "192.0.2.3:53  up     0.9       -       -     0     3     0\n"
	    "\n"
	    "CLIENT       IN PROGRESS  CONNECTIONS\n"
	    "2001:db8::7            3            1\n");
}
END_TEST

/* The upstream that comes first in each order. */
START_TEST(dns64ctl_top_sorts_upstreams)
{
	static const char *const orders[][2] = {
		{ "queries", "192.0.2.2:53" },
		{ "latency", "192.0.2.2:53" },
		{ "lost", "192.0.2.1:53" },
	};
	const char *list;
	size_t i;

	for (i = 0; i < 3; i++) {
		list = strstr(draw(first, 80, orders[i][0]), "LOST\n");
		ck_assert_ptr_nonnull(list);
		ck_assert_int_eq(strncmp(list + 5, orders[i][1], 12), 0);
	}
	list = strstr(draw(NULL, 80, "queries"), "LOST\n");
	ck_assert_int_eq(strncmp(list + 5, "192.0.2.1:53", 12), 0);
}
END_TEST

START_TEST(dns64ctl_top_fits_forty_columns)
{
	const char *text = draw(first, 40, "queries");

	ck_assert_ptr_nonnull(
	    strstr(text, "\nUPSTREAM      STATE   MS  SENT/S  LOST/S\n"));
}
END_TEST

START_TEST(dns64ctl_top_without_an_earlier_sample_has_no_rates)
{
	const char *text = draw(NULL, 80, "queries");

	ck_assert_ptr_nonnull(strstr(text, "queries    -/s over UDP"));
	ck_assert_ptr_nonnull(
	    strstr(text, "cache      - of - questions/s  55 % of 200 so"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dns64ctl_top");
	TCase *tc = tcase_create("dns64ctl_top");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, dns64ctl_top_shows_rates);
	tcase_add_test(tc, dns64ctl_top_sorts_upstreams);
	tcase_add_test(tc, dns64ctl_top_fits_forty_columns);
	tcase_add_test(tc,
	    dns64ctl_top_without_an_earlier_sample_has_no_rates);
	return (suite_run(s));
}
