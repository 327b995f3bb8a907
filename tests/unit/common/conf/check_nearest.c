/*
 * Unit tests of nearest.c: which keyword a word was meant to be.
 */
#include <check.h>

#include "common/conf/nearest.h"

#include "tests/unit/suite.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *const words[] = { "prefix", "pool", "port", "tun", "yes",
	"no", "established", "stored-syns", "stored-syns-per-peer", "a",
	"a-keyword-of-more-than-thirty-two-letters" };

static const struct {
	const char *name;
	const char *a, *b;
	unsigned distance;
} distances[] = {
	{ "equal", "pool", "pool", 0 },
	{ "both empty", "", "", 0 },
	{ "one empty", "", "pool", 4 },
	{ "a letter is missing", "prefx", "prefix", 1 },
	{ "a letter too many", "tunn", "tun", 1 },
	{ "another letter", "poel", "pool", 1 },
	{ "two swapped", "prot", "port", 1 },
	{ "two swapped at the start", "opol", "pool", 1 },
	{ "swapped and replaced", "prat", "port", 2 },
	{ "nothing in common", "abc", "xyz", 3 },
};

START_TEST(distance_counts_edits)
{
	ck_assert_uint_eq(nearest_distance(distances[_i].a, distances[_i].b),
	    distances[_i].distance);
	ck_assert_uint_eq(nearest_distance(distances[_i].b, distances[_i].a),
	    distances[_i].distance);
}
END_TEST

static const struct {
	const char *word;
	const char *meant;
} rows[] = {
	{ "prefx", "prefix" },
	{ "perfix", "prefix" },
	{ "prefixes", "prefix" },
	{ "prot", "port" },
	{ "yse", "yes" },
	{ "estblished", "established" },
	{ "estab", "established" },	 /* the only one that begins so */
	{ "store", NULL },		 /* two begin so */
	{ "stored-syn", "stored-syns" }, /* the nearer of two */
	{ "frobnicate", NULL },
	{ "b", NULL },
	{ "x", NULL },
	{ "on", NULL }, /* too short */
	{ "", NULL },
	{ "a-keyword-of-more-than-thirty-two-letter", NULL },
};

START_TEST(word_finds_the_nearest_or_none)
{
	const char *found = nearest_word(rows[_i].word, words, NITEMS(words));

	if (rows[_i].meant == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_pstr_eq(found, rows[_i].meant);
}
END_TEST

START_TEST(word_among_none_is_none)
{
	ck_assert_ptr_null(nearest_word("pool", NULL, 0));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nearest");
	TCase *tc = tcase_create("nearest");

	tcase_add_loop_test(tc, distance_counts_edits, 0, NITEMS(distances));
	tcase_add_loop_test(tc, word_finds_the_nearest_or_none, 0,
	    NITEMS(rows));
	tcase_add_test(tc, word_among_none_is_none);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
