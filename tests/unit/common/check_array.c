/*
 * Unit tests of array.c.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/array.h"

#include "tests/unit/suite.h"

START_TEST(array_grow_keeps_what_was_added)
{
	unsigned *array = NULL, *grown;
	unsigned i;

	for (i = 0; i < 1000; i++) {
		grown = array_grow(array, i, sizeof(*array));
		ck_assert_ptr_nonnull(grown);
		array = grown;
		array[i] = i;
	}
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(array[i], i);
	free(array);
}
END_TEST

/* An array that was copied has the room of its elements only. */
START_TEST(array_grow_makes_room_in_an_array_without_any)
{
	unsigned *array = calloc(3, sizeof(*array));
	unsigned *grown = array_grow(array, 3, sizeof(*array));

	ck_assert_ptr_nonnull(grown);
	grown[3] = 1;
	free(grown);
}
END_TEST

START_TEST(array_reserve_doubles_the_room)
{
	size_t room = 0, was;
	unsigned *array = array_reserve(NULL, &room, 1, sizeof(*array));

	ck_assert_ptr_nonnull(array);
	ck_assert_uint_ge(room, 1);
	was = room;
	array = array_reserve(array, &room, was + 1, sizeof(*array));
	ck_assert_ptr_nonnull(array);
	ck_assert_uint_eq(room, 2 * was);
	ck_assert_ptr_eq(array_reserve(array, &room, room, sizeof(*array)),
	    array);
	free(array);
}
END_TEST

START_TEST(array_that_cannot_grow_is_as_it_was)
{
	size_t room = 1;
	unsigned *array = calloc(1, sizeof(*array));

	errno = 0;
	ck_assert_ptr_null(
	    array_reserve(array, &room, SIZE_MAX / 4, sizeof(*array)));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_uint_eq(room, 1);
	ck_assert_uint_eq(array[0], 0);
	free(array);
}
END_TEST

static Suite *
array_suite(void)
{
	Suite *s = suite_create("array");
	TCase *tc = tcase_create("array");

	tcase_add_test(tc, array_grow_keeps_what_was_added);
	tcase_add_test(tc, array_grow_makes_room_in_an_array_without_any);
	tcase_add_test(tc, array_reserve_doubles_the_room);
	tcase_add_test(tc, array_that_cannot_grow_is_as_it_was);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(array_suite()));
}
