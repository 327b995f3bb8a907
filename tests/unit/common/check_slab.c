/*
 * Unit tests of slab.c.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/slab.h"

#include "tests/unit/suite.h"

#define MANY 20000

struct object {
	uint64_t number;
	uint8_t filler[40];
};

/* Shows: LIM-01 */
START_TEST(get_gives_max_objects_and_no_more)
{
	struct slab s;
	void *last = NULL;
	int i;

	slab_init(&s, sizeof(struct object), 3);
	for (i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(last = slab_get(&s));
	errno = 0;
	ck_assert_ptr_null(slab_get(&s));
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(s.used, 3);

	slab_put(&s, last);
	ck_assert_ptr_nonnull(slab_get(&s));
	ck_assert_ptr_null(slab_get(&s));
	slab_clear(&s);
}
END_TEST

START_TEST(get_gives_aligned_objects_that_do_not_overlap)
{
	static struct object *objects[MANY];
	struct slab s;
	uint64_t i;

	slab_init(&s, sizeof(struct object), MANY);
	for (i = 0; i < MANY; i++) {
		objects[i] = slab_get(&s);
		ck_assert_ptr_nonnull(objects[i]);
		ck_assert_uint_eq((uintptr_t)objects[i] % _Alignof(uint64_t),
		    0);
		memset(objects[i], 0xff, sizeof(*objects[i]));
		objects[i]->number = i;
	}
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(objects[i]->number, i);
	slab_clear(&s);
}
END_TEST

/* In small and large blocks, fresh objects and free ones. */
START_TEST(objects_of_whole_cache_lines_begin_with_one)
{
	static const size_t sizes[] = { CACHE_LINE, 2 * CACHE_LINE,
		3 * CACHE_LINE };
	const size_t objsize = sizes[_i];
	struct slab s;
	uint8_t *obj;
	size_t i;

	slab_init(&s, objsize, 4 * MANY);
	for (i = 0; i < 4 * MANY; i++) {
		obj = slab_get(&s);
		ck_assert_ptr_nonnull(obj);
		ck_assert_uint_eq((uintptr_t)obj % CACHE_LINE, 0);
		if (i % 3 == 0)
			slab_put(&s, obj);
	}
	slab_clear(&s);
}
END_TEST

static struct {
	unsigned calls;
	size_t bytes;
	bool aligned;
} hinted;

static void
hint(void *mem, size_t len)
{
	hinted.aligned =
	    (hinted.calls == 0 || hinted.aligned) && (uintptr_t)mem % len == 0;
	hinted.calls++;
	hinted.bytes += len;
}

START_TEST(hint_is_given_for_the_large_blocks_of_a_large_table_only)
{
	static const size_t objsize = 1000, small = 2000, large = 20000;
	struct slab s;
	size_t i;

	memset(&hinted, 0, sizeof(hinted));
	slab_init(&s, objsize, large);
	s.hint = hint;
	for (i = 0; i < small; i++)
		ck_assert_ptr_nonnull(slab_get(&s));
	ck_assert_uint_eq(hinted.calls, 0);
	for (; i < large; i++)
		ck_assert_ptr_nonnull(slab_get(&s));
	ck_assert_uint_gt(hinted.calls, 0);
	ck_assert(hinted.aligned);
	ck_assert_uint_gt(hinted.bytes, (large - small) * objsize * 9 / 10);
	slab_clear(&s);
}
END_TEST

START_TEST(get_gives_objects_larger_than_any_block)
{
	static const size_t objsize = 3 << 20;
	struct slab s;
	uint8_t *obj;
	int i;

	slab_init(&s, objsize, 3);
	for (i = 0; i < 3; i++) {
		obj = slab_get(&s);
		ck_assert_ptr_nonnull(obj);
		obj[objsize - 1] = 1;
	}
	slab_clear(&s);
}
END_TEST

START_TEST(get_zeroes_objects_that_were_used_before)
{
	const struct object zero = { 0 };
	struct slab s;
	struct object *obj;

	slab_init(&s, sizeof(struct object), 1);
	obj = slab_get(&s);
	ck_assert_mem_eq(obj, &zero, sizeof(zero));
	memset(obj, 0xff, sizeof(*obj));
	slab_put(&s, obj);
	obj = slab_get(&s);
	ck_assert_mem_eq(obj, &zero, sizeof(zero));
	slab_clear(&s);
}
END_TEST

/* The rest of it is as it was left, so nothing has been written there. */
START_TEST(get_raw_writes_nothing_behind_the_link_of_an_object)
{
	struct slab s;
	struct object *obj;
	uint8_t left[sizeof(obj->filler)];

	memset(left, 0xa5, sizeof(left));
	slab_init(&s, sizeof(struct object), 2);
	obj = slab_get_raw(&s);
	ck_assert_ptr_nonnull(obj);
	memcpy(obj->filler, left, sizeof(left));
	slab_put(&s, obj);
	ck_assert_ptr_eq(slab_get_raw(&s), obj);
	ck_assert_mem_eq(obj->filler, left, sizeof(left));
	slab_clear(&s);
}
END_TEST

START_TEST(get_raw_counts_against_the_limit_as_get_does)
{
	struct slab s;
	void *obj;

	slab_init(&s, sizeof(struct object), 2);
	obj = slab_get_raw(&s);
	ck_assert_ptr_nonnull(obj);
	ck_assert_ptr_nonnull(slab_get(&s));
	errno = 0;
	ck_assert_ptr_null(slab_get_raw(&s));
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(s.used, 2);
	slab_put(&s, obj);
	ck_assert_ptr_eq(slab_get_raw(&s), obj);
	slab_clear(&s);
}
END_TEST

START_TEST(without_a_limit_get_gives_as_many_as_are_wanted)
{
	struct slab s;
	int i;

	slab_init(&s, sizeof(struct object), SLAB_NO_MAX);
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(slab_get_raw(&s));
	ck_assert_uint_eq(s.used, MANY);
	slab_clear(&s);
}
END_TEST

START_TEST(put_makes_the_object_the_next_to_be_handed_out)
{
	struct slab s;
	void *a, *b;

	slab_init(&s, sizeof(struct object), 10);
	a = slab_get(&s);
	b = slab_get(&s);
	slab_put(&s, a);
	slab_put(&s, b);
	ck_assert_uint_eq(s.used, 0);
	ck_assert_ptr_eq(slab_get(&s), b);
	ck_assert_ptr_eq(slab_get(&s), a);
	slab_clear(&s);
}
END_TEST

START_TEST(clear_makes_an_empty_slab_that_works_again)
{
	struct slab s;
	int i;

	slab_init(&s, sizeof(struct object), MANY);
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(slab_get(&s));
	slab_clear(&s);
	ck_assert_uint_eq(s.used, 0);
	ck_assert_ptr_null(s.blocks);
	slab_clear(&s);
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(slab_get(&s));
	slab_clear(&s);
}
END_TEST

START_TEST(objects_of_any_size_can_be_had)
{
	static const size_t sizes[] = { 1, 7, 8, 9, 4096, 1024 * 1024 };
	struct slab s;
	uint8_t *obj;
	size_t i, k;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		slab_init(&s, sizes[i], 4);
		for (k = 0; k < 3; k++) {
			obj = slab_get(&s);
			ck_assert_ptr_nonnull(obj);
			memset(obj, 0xff, sizes[i]);
			slab_put(&s, obj);
			ck_assert_ptr_nonnull(slab_get(&s));
		}
		slab_clear(&s);
	}
}
END_TEST

static Suite *
slab_suite(void)
{
	Suite *s = suite_create("slab");
	TCase *tc = tcase_create("slab");

	tcase_add_test(tc, get_gives_max_objects_and_no_more);
	tcase_add_test(tc, get_gives_aligned_objects_that_do_not_overlap);
	tcase_add_loop_test(tc, objects_of_whole_cache_lines_begin_with_one, 0,
	    3);
	tcase_add_test(tc,
	    hint_is_given_for_the_large_blocks_of_a_large_table_only);
	tcase_add_test(tc, get_gives_objects_larger_than_any_block);
	tcase_add_test(tc, get_zeroes_objects_that_were_used_before);
	tcase_add_test(tc,
	    get_raw_writes_nothing_behind_the_link_of_an_object);
	tcase_add_test(tc, get_raw_counts_against_the_limit_as_get_does);
	tcase_add_test(tc, without_a_limit_get_gives_as_many_as_are_wanted);
	tcase_add_test(tc, put_makes_the_object_the_next_to_be_handed_out);
	tcase_add_test(tc, clear_makes_an_empty_slab_that_works_again);
	tcase_add_test(tc, objects_of_any_size_can_be_had);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(slab_suite()));
}
