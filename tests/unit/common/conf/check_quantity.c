/*
 * Unit tests of quantity.c: times and sizes with and without a unit.
 */
#include <check.h>

#include "common/conf/quantity.h"

#include "tests/unit/suite.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	enum quantity what;
	const char *text;
	uint64_t value;
} good[] = {
	{ QUANTITY_SECS, "0", 0 },
	{ QUANTITY_SECS, "90", 90 },
	{ QUANTITY_SECS, "90s", 90 },
	{ QUANTITY_SECS, "5m", 300 },
	{ QUANTITY_SECS, "2h", 7200 },
	{ QUANTITY_SECS, "1d", 86400 },
	{ QUANTITY_SECS, "007m", 420 },
	{ QUANTITY_SECS, "18446744073709551615", UINT64_MAX },
	{ QUANTITY_SECS, "18446744073709551616", UINT64_MAX },
	{ QUANTITY_SECS, "99999999999999999999999999d", UINT64_MAX },
	{ QUANTITY_SECS, "999999999999999999d", UINT64_MAX },
	{ QUANTITY_MSECS, "500", 500 },
	{ QUANTITY_MSECS, "500ms", 500 },
	{ QUANTITY_MSECS, "2s", 2000 },
	{ QUANTITY_BYTES, "65536", 65536 },
	{ QUANTITY_BYTES, "64k", 65536 },
	{ QUANTITY_BYTES, "64K", 65536 },
	{ QUANTITY_BYTES, "64M", 67108864 },
	{ QUANTITY_BYTES, "1G", 1073741824 },
};

START_TEST(parse_multiplies_by_the_unit)
{
	uint64_t value = 0;

	ck_assert_int_eq(quantity_parse(good[_i].text, good[_i].what, &value),
	    0);
	ck_assert_uint_eq(value, good[_i].value);
}
END_TEST

static const struct {
	enum quantity what;
	const char *text;
} bad[] = {
	{ QUANTITY_SECS, "" },
	{ QUANTITY_SECS, "m" },
	{ QUANTITY_SECS, "5x" },
	{ QUANTITY_SECS, "5ms" },
	{ QUANTITY_SECS, "5M" },
	{ QUANTITY_SECS, "5 m" },
	{ QUANTITY_SECS, "1h30m" },
	{ QUANTITY_SECS, "1.5h" },
	{ QUANTITY_SECS, "-5" },
	{ QUANTITY_MSECS, "5m" },
	{ QUANTITY_BYTES, "64m" },
	{ QUANTITY_BYTES, "64MB" },
};

START_TEST(parse_refuses_what_has_no_such_unit)
{
	uint64_t value = 7;

	ck_assert_int_eq(quantity_parse(bad[_i].text, bad[_i].what, &value),
	    -1);
	ck_assert_uint_eq(value, 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("quantity");
	TCase *tc = tcase_create("quantity");

	tcase_add_loop_test(tc, parse_multiplies_by_the_unit, 0, NITEMS(good));
	tcase_add_loop_test(tc, parse_refuses_what_has_no_such_unit, 0,
	    NITEMS(bad));
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
