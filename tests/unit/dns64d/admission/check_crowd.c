/*
 * Unit tests of crowd.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"
#include "dns64d/admission/crowd.h"

#include "tests/unit/suite.h"

static const struct siphash_key secret = { { 1, 2, 3 } };

static struct crowd_key
client(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	return (crowd_key_of(&ss));
}

static void
join(struct crowd *c, struct crowd_item *item, const char *text)
{
	const struct crowd_key key = client(text);

	ck_assert_int_eq(crowd_join(c, item, &key), 0);
}

START_TEST(crowd_heaviest_is_the_oldest_item_of_who_has_most)
{
	struct crowd *c = crowd_new(&secret);
	struct crowd_item item[6] = { { .member = NULL } };
	struct crowd_key key;
	unsigned i;

	ck_assert_ptr_null(crowd_heaviest(c));
	ck_assert_uint_eq(crowd_most(c), 0);
	join(c, &item[0], "192.0.2.1");
	join(c, &item[1], "192.0.2.2");
	join(c, &item[2], "192.0.2.2");
	join(c, &item[3], "2001:db8::1");
	ck_assert_ptr_eq(crowd_heaviest(c), &item[1]);
	ck_assert_uint_eq(crowd_most(c), 2);
	key = client("192.0.2.1");
	ck_assert_uint_eq(crowd_count(c, &key), 1);
	ck_assert_uint_eq(crowd_count_of(&item[2]), 2);
	/* A /64 is one client. */
	join(c, &item[4], "2001:db8::2");
	join(c, &item[5], "2001:db8::3:0:0:4");
	ck_assert_ptr_eq(crowd_heaviest(c), &item[3]);
	crowd_leave(c, &item[3]);
	crowd_leave(c, &item[4]);
	ck_assert_ptr_eq(crowd_heaviest(c), &item[1]);
	crowd_leave(c, &item[4]);
	for (i = 0; i < 6; i++)
		crowd_leave(c, &item[i]);
	ck_assert_ptr_null(crowd_heaviest(c));
	ck_assert_uint_eq(crowd_count(c, &key), 0);
	crowd_free(c);
}
END_TEST

#define ROOM 2000

/*
 * One client asks all the time, and others now and then: what the others have
 * is never given up, nor is anything but the flood's.
 */
START_TEST(crowd_client_below_its_share_never_loses)
{
	static struct crowd_item item[ROOM];
	struct crowd *c = crowd_new(&secret);
	const struct crowd_key flood = client("192.0.2.1");
	struct crowd_item *lost;
	char text[32];
	unsigned i, n_flood;

	memset(item, 0, sizeof(item));
	for (i = 0; i < ROOM; i++)
		ck_assert_int_eq(crowd_join(c, &item[i], &flood), 0);
	for (i = 0; i < ROOM / 2; i++) {
		n_flood = crowd_count(c, &flood);
		lost = crowd_heaviest(c);
		crowd_leave(c, lost);
		ck_assert_uint_eq(crowd_count(c, &flood), n_flood - 1);
		snprintf(text, sizeof(text), "198.51.%u.%u", i % 4,
		    i / 4 % 50);
		join(c, lost, text);
	}
	ck_assert_uint_eq(crowd_most(c), ROOM / 2);
	for (i = 0; i < ROOM; i++)
		crowd_leave(c, &item[i]);
	crowd_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crowd");
	TCase *tc = tcase_create("crowd");

	tcase_add_test(tc, crowd_heaviest_is_the_oldest_item_of_who_has_most);
	tcase_add_test(tc, crowd_client_below_its_share_never_loses);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
