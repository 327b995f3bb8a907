/*
 * Tests of prom.c: the text format of Prometheus.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/http/prom.h"

#include "tests/unit/suite.h"

START_TEST(prom_counter_ends_with_total)
{
	struct prom p = { .text = NULL };

	prom_metric(&p, PROM_COUNTER, "nat64d", "ipv6-packets-in",
	    "packets read, IPv6");
	prom_value(&p, 18446744073709551615U);
	ck_assert_str_eq(p.text,
	    "# HELP nat64d_ipv6_packets_in_total packets read, IPv6\n"
	    "# TYPE nat64d_ipv6_packets_in_total counter\n"
	    "nat64d_ipv6_packets_in_total 18446744073709551615\n");
	prom_clear(&p);
	ck_assert_ptr_null(p.text);
}
END_TEST

START_TEST(prom_labels_are_escaped)
{
	struct prom p = { .text = NULL };

	prom_metric(&p, PROM_GAUGE, "d", "up", "Up");
	prom_labelled(&p, "upstream", "a\"b\\c\nd", 1);
	ck_assert_ptr_nonnull(
	    strstr(p.text, "\nd_up{upstream=\"a\\\"b\\\\c\\nd\"} 1\n"));
	prom_clear(&p);
}
END_TEST

START_TEST(prom_seconds_have_six_decimals)
{
	struct prom p = { .text = NULL };

	prom_metric(&p, PROM_GAUGE, "d", "rtt-seconds", "Round trip");
	prom_labelled_us(&p, "upstream", "a", 1042);
	prom_labelled_us(&p, "upstream", "b", 12000000);
	ck_assert_ptr_nonnull(strstr(p.text,
	    "\nd_rtt_seconds{upstream=\"a\"} 0.001042\n"
	    "d_rtt_seconds{upstream=\"b\"} 12.000000\n"));
	prom_clear(&p);
}
END_TEST

START_TEST(prom_text_grows)
{
	struct prom p = { .text = NULL };
	unsigned i;

	for (i = 0; i < 10000; i++) {
		prom_metric(&p, PROM_GAUGE, "d", "name", "help");
		prom_value(&p, i);
	}
	ck_assert(!p.failed);
	ck_assert_uint_eq(p.len, strlen(p.text));
	ck_assert_ptr_nonnull(strstr(p.text, "\nd_name 9999\n"));
	prom_clear(&p);
}
END_TEST

START_TEST(prom_long_texts_are_cut)
{
	struct prom p = { .text = NULL };
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	prom_metric(&p, PROM_GAUGE, "d", text, text);
	prom_labelled(&p, "label", text, 1);
	ck_assert_uint_lt(p.len, 3 * 600);
	ck_assert_int_eq(p.text[p.len - 1], '\n');
	prom_clear(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("prom");
	TCase *tc = tcase_create("prom");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, prom_counter_ends_with_total);
	tcase_add_test(tc, prom_labels_are_escaped);
	tcase_add_test(tc, prom_seconds_have_six_decimals);
	tcase_add_test(tc, prom_text_grows);
	tcase_add_test(tc, prom_long_texts_are_cut);
	return (suite_run(s));
}
