/*
 * Tests of rates.c: how fast counters grow.
 */
#include <check.h>

#include "common/ctl/rates.h"

#include "tests/unit/suite.h"

static json_t *
load(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(value);
	return (value);
}

static void
check_value(json_t *found, const char *expected)
{
	json_t *value = load(expected);

	if (!json_equal(found, value))
		ck_abort_msg("expected %s, found %s", expected,
		    json_dumps(found, 0));
	json_decref(value);
}

START_TEST(rates_of_counters)
{
	json_t *before = load("{\"a\":10,\"b\":5,\"gone\":1,\"text\":\"x\"}");
	json_t *now = load("{\"a\":15,\"b\":5,\"new\":1,\"text\":\"x\"}");
	json_t *rates = rates_of(before, now, 2);

	check_value(rates, "{\"a\":2.5,\"b\":0.0}");
	json_decref(rates);
	json_decref(before);
	json_decref(now);
}
END_TEST

START_TEST(rates_of_nothing_known)
{
	json_t *now = load("{\"a\":15}"), *rates;

	ck_assert_ptr_null(rates_of(NULL, now, 2));
	rates = rates_of(now, NULL, 2);
	check_value(rates, "{}");
	json_decref(rates);
	rates = rates_of(now, now, 0);
	check_value(rates, "{}");
	json_decref(rates);
	json_decref(now);
}
END_TEST

/* A counter that begins anew has no rate, instead of a negative one. */
START_TEST(rates_of_a_smaller_counter)
{
	json_t *before = load("{\"a\":10,\"b\":9223372036854775806}");
	json_t *now = load("{\"a\":3,\"b\":9223372036854775807}");
	json_t *rates = rates_of(before, now, 0.5);

	check_value(rates, "{\"b\":2.0}");
	json_decref(rates);
	json_decref(before);
	json_decref(now);
}
END_TEST

START_TEST(rates_set_each_finds_its_object)
{
	json_t *before = load("[{\"x\":\"one\",\"n\":1},{\"x\":\"two\","
			      "\"n\":100}]");
	json_t *now = load("[{\"x\":\"two\",\"n\":104},{\"x\":\"new\","
			   "\"n\":7},{\"x\":\"one\",\"n\":1}]");

	rates_set_each(before, now, "x", "n", 4);
	check_value(now,
	    "[{\"x\":\"two\",\"n\":104,\"n-per-second\":1.0},"
	    "{\"x\":\"new\",\"n\":7},"
	    "{\"x\":\"one\",\"n\":1,\"n-per-second\":0.0}]");
	rates_set_each(NULL, now, "x", "m", 4);
	rates_set_each(before, NULL, "x", "n", 4);
	json_decref(before);
	json_decref(now);
}
END_TEST

START_TEST(rates_sort_keeps_the_order_of_equals)
{
	json_t *list = load("[{\"n\":1,\"k\":\"a\"},{\"n\":2.5,\"k\":\"b\"},"
			    "{\"k\":\"c\"},{\"n\":1,\"k\":\"d\"},"
			    "{\"n\":3,\"k\":\"e\"}]");

	rates_sort(list, "n");
	check_value(list,
	    "[{\"n\":3,\"k\":\"e\"},{\"n\":2.5,\"k\":\"b\"},"
	    "{\"n\":1,\"k\":\"a\"},{\"n\":1,\"k\":\"d\"},{\"k\":\"c\"}]");
	rates_sort(NULL, "n");
	json_decref(list);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rates");
	TCase *tc = tcase_create("rates");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, rates_of_counters);
	tcase_add_test(tc, rates_of_nothing_known);
	tcase_add_test(tc, rates_of_a_smaller_counter);
	tcase_add_test(tc, rates_set_each_finds_its_object);
	tcase_add_test(tc, rates_sort_keeps_the_order_of_equals);
	return (suite_run(s));
}
