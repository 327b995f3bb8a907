/*
 * Unit tests of bundle.c: what goes in comes out again, and nothing that was
 * cut, bent or made up is taken, whatever it says of itself.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf/bundle.h"

#include "tests/unit/suite.h"

/* Where things stand in the octets of the bundle of three(). */
#define OFF_COUNT 4
#define OFF_PATH_SIZE 8
#define OFF_ERROR 12
#define OFF_MAX 16
#define OFF_LEN 40
#define OFF_PATH 48

static void
put(struct bundle *b, const char *path, uint64_t max, uint32_t error,
    const char *bytes)
{
	const struct bundle_file f = { .path = path,
		.max = max,
		.error = error,
		.dev = 7,
		.ino = 9,
		.len = bytes != NULL ? strlen(bytes) : 0 };

	ck_assert_int_eq(bundle_add(b, &f,
			     bytes != NULL ? (uint8_t *)strdup(bytes) : NULL),
	    0);
}

static struct bundle *
three(void)
{
	struct bundle *b = bundle_new();

	put(b, "/etc/a", 100, 0, "text");
	put(b, "b/../c", 5, 0, "");
	put(b, "gone", 100, ENOENT, NULL);
	return (b);
}

static uint8_t *
three_encoded(size_t *len)
{
	struct bundle *b = three();
	uint8_t *octets = bundle_encode(b, len);

	ck_assert_ptr_nonnull(octets);
	bundle_free(b);
	return (octets);
}

static void
check_three(const struct bundle *b)
{
	const struct bundle_file *f;

	f = bundle_find(b, "/etc/a", 100);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->len, 4);
	ck_assert_mem_eq(f->bytes, "text", 4);
	ck_assert_uint_eq(f->dev, 7);
	ck_assert_uint_eq(f->ino, 9);
	f = bundle_find(b, "b/../c", 5);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->len, 0);
	ck_assert_uint_eq(f->error, 0);
	f = bundle_find(b, "gone", 100);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->error, ENOENT);
	ck_assert_ptr_null(bundle_find(b, "/etc/a", 101));
	ck_assert_ptr_null(bundle_find(b, "/etc/b", 100));
}

/* The octets are no bundle. */
static void
refuse(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, octets, len);
	errno = 0;
	ck_assert_ptr_null(bundle_decode(copy, len));
	ck_assert_int_eq(errno, EBADMSG);
}

START_TEST(bundle_finds_what_was_added)
{
	struct bundle *b = three();

	check_three(b);
	bundle_free(b);
}
END_TEST

START_TEST(bundle_comes_back_as_it_was)
{
	struct bundle *b;
	uint8_t *octets;
	size_t len;

	octets = three_encoded(&len);
	b = bundle_decode(octets, len);
	ck_assert_ptr_nonnull(b);
	check_three(b);
	octets = bundle_encode(b, &len);
	bundle_free(b);
	b = bundle_decode(octets, len);
	ck_assert_ptr_nonnull(b);
	check_three(b);
	bundle_free(b);
}
END_TEST

START_TEST(bundle_may_be_empty)
{
	struct bundle *b = bundle_new();
	uint8_t *octets;
	size_t len;

	octets = bundle_encode(b, &len);
	bundle_free(b);
	b = bundle_decode(octets, len);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_null(bundle_find(b, "", 0));
	bundle_free(b);
}
END_TEST

START_TEST(bundle_cut_anywhere_is_refused)
{
	uint8_t *octets;
	size_t len, n;

	octets = three_encoded(&len);
	for (n = 0; n < len; n++)
		refuse(octets, n);
	free(octets);
}
END_TEST

START_TEST(bundle_with_something_behind_it_is_refused)
{
	uint8_t *octets, *longer;
	size_t len;

	octets = three_encoded(&len);
	longer = calloc(1, len + 1);
	memcpy(longer, octets, len);
	refuse(longer, len + 1);
	free(longer);
	free(octets);
}
END_TEST

static const struct lie {
	const char *name;
	size_t at;
	size_t size;
	uint64_t value;
} lies[] = {
	{ "another magic", 0, 4, 1 },
	{ "no file", OFF_COUNT, 4, 0 },
	{ "one file fewer", OFF_COUNT, 4, 2 },
	{ "one file more", OFF_COUNT, 4, 4 },
	{ "all files of the world", OFF_COUNT, 4, UINT32_MAX },
	{ "no path", OFF_PATH_SIZE, 4, 0 },
	{ "half a path", OFF_PATH_SIZE, 4, 3 },
	{ "a path with more behind it", OFF_PATH_SIZE, 4, 8 },
	{ "a path beyond the end", OFF_PATH_SIZE, 4, UINT32_MAX },
	{ "a path with a NUL in it", OFF_PATH + 2, 1, 0 },
	{ "a path without its NUL", OFF_PATH + 6, 1, 'x' },
	{ "an error that has bytes", OFF_ERROR, 4, 2 },
	{ "more bytes than allowed", OFF_MAX, 8, 3 },
	{ "fewer bytes", OFF_LEN, 8, 3 },
	{ "more bytes", OFF_LEN, 8, 5 },
	{ "as many bytes as there are addresses", OFF_LEN, 8, UINT64_MAX },
	{ "bytes that wrap round", OFF_LEN, 8, UINT64_MAX - 47 },
};

START_TEST(bundle_lie_is_refused)
{
	const struct lie *lie = &lies[_i];
	const uint32_t value32 = (uint32_t)lie->value;
	uint8_t *octets;
	size_t len;

	octets = three_encoded(&len);
	if (lie->size == 1)
		octets[lie->at] = (uint8_t)lie->value;
	else if (lie->size == 4)
		memcpy(octets + lie->at, &value32, 4);
	else
		memcpy(octets + lie->at, &lie->value, 8);
	refuse(octets, len);
	free(octets);
}
END_TEST

/* What is taken of it is sound; most of it is not taken. */
START_TEST(bundle_with_any_octet_changed_is_survived)
{
	const struct bundle_file *f;
	uint8_t *octets, *copy;
	struct bundle *b;
	size_t len, at;
	unsigned bit;

	octets = three_encoded(&len);
	for (at = 0; at < len; at++) {
		for (bit = 0; bit < 8; bit++) {
			copy = malloc(len);
			memcpy(copy, octets, len);
			copy[at] ^= (uint8_t)(1u << bit);
			b = bundle_decode(copy, len);
			if (b == NULL)
				continue;
			f = bundle_find(b, "/etc/a", 100);
			ck_assert(f == NULL || f->len == 4);
			bundle_free(b);
		}
	}
	free(octets);
}
END_TEST

START_TEST(bundle_bounds_hold)
{
	struct bundle *b = bundle_new();
	struct bundle_file f = { .max = UINT64_MAX };
	char path[BUNDLE_MAX_PATH + 1], name[32];
	unsigned i;

	memset(path, 'x', BUNDLE_MAX_PATH);
	path[BUNDLE_MAX_PATH] = '\0';
	f.path = path;
	ck_assert_int_eq(bundle_add(b, &f, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	path[BUNDLE_MAX_PATH - 1] = '\0';
	ck_assert_int_eq(bundle_add(b, &f, NULL), 0);

	/* Never touched: it is refused before. */
	f.path = "large";
	f.len = BUNDLE_MAX_BYTES - BUNDLE_MAX_PATH;
	ck_assert_int_eq(bundle_add(b, &f, malloc(1)), -1);
	ck_assert_int_eq(errno, ENOSPC);
	f.len = SIZE_MAX - 8;
	ck_assert_int_eq(bundle_add(b, &f, malloc(1)), -1);
	ck_assert_int_eq(errno, ENOSPC);

	f.len = 0;
	f.path = name;
	for (i = 1; i < BUNDLE_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(bundle_add(b, &f, NULL), 0);
	}
	f.path = "one more";
	ck_assert_int_eq(bundle_add(b, &f, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_ptr_null(bundle_find(b, "one more", UINT64_MAX));
	bundle_free(b);
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("bundle");
	Suite *s = suite_create("bundle");

	tcase_add_test(tc, bundle_finds_what_was_added);
	tcase_add_test(tc, bundle_comes_back_as_it_was);
	tcase_add_test(tc, bundle_may_be_empty);
	tcase_add_test(tc, bundle_cut_anywhere_is_refused);
	tcase_add_test(tc, bundle_with_something_behind_it_is_refused);
	tcase_add_loop_test(tc, bundle_lie_is_refused, 0,
	    (int)(sizeof(lies) / sizeof(lies[0])));
	tcase_add_test(tc, bundle_with_any_octet_changed_is_survived);
	tcase_add_test(tc, bundle_bounds_hold);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(suite()));
}
