/*
 * Unit tests of fairness.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"
#include "dns64d/admission/fairness.h"

#include "tests/unit/suite.h"

static const struct siphash_key secret = { { 1, 2, 3 } };

static struct fairness_client
client(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	return (fairness_client_of(&ss));
}

static void
join(struct fairness *c, struct fairness_item *item, const char *text)
{
	const struct fairness_client key = client(text);

	ck_assert_int_eq(fairness_join(c, item, &key), 0);
}

START_TEST(fairness_heaviest_is_the_oldest_item_of_who_has_most)
{
	struct fairness *c = fairness_new(&secret);
	struct fairness_item item[6] = { { .member = NULL } };
	struct fairness_client key;
	unsigned i;

	ck_assert_ptr_null(fairness_heaviest(c));
	ck_assert_uint_eq(fairness_most(c), 0);
	join(c, &item[0], "192.0.2.1");
	join(c, &item[1], "192.0.2.2");
	join(c, &item[2], "192.0.2.2");
	join(c, &item[3], "2001:db8::1");
	ck_assert_ptr_eq(fairness_heaviest(c), &item[1]);
	ck_assert_uint_eq(fairness_most(c), 2);
	key = client("192.0.2.1");
	ck_assert_uint_eq(fairness_count(c, &key), 1);
	ck_assert_uint_eq(fairness_count_of(&item[2]), 2);
	/* A /64 is one client. */
	join(c, &item[4], "2001:db8::2");
	join(c, &item[5], "2001:db8::3:0:0:4");
	ck_assert_ptr_eq(fairness_heaviest(c), &item[3]);
	fairness_leave(c, &item[3]);
	fairness_leave(c, &item[4]);
	ck_assert_ptr_eq(fairness_heaviest(c), &item[1]);
	fairness_leave(c, &item[4]);
	for (i = 0; i < 6; i++)
		fairness_leave(c, &item[i]);
	ck_assert_ptr_null(fairness_heaviest(c));
	ck_assert_uint_eq(fairness_count(c, &key), 0);
	fairness_free(c);
}
END_TEST

#define ROOM 2000

/*
 * One client asks all the time, and others now and then: what the others have
 * is never given up, nor is anything but the flood's.
 */
START_TEST(fairness_client_below_its_share_never_loses)
{
	static struct fairness_item item[ROOM];
	struct fairness *c = fairness_new(&secret);
	const struct fairness_client flood = client("192.0.2.1");
	struct fairness_item *lost;
	char text[32];
	unsigned i, n_flood;

	memset(item, 0, sizeof(item));
	for (i = 0; i < ROOM; i++)
		ck_assert_int_eq(fairness_join(c, &item[i], &flood), 0);
	for (i = 0; i < ROOM / 2; i++) {
		n_flood = fairness_count(c, &flood);
		lost = fairness_heaviest(c);
		fairness_leave(c, lost);
		ck_assert_uint_eq(fairness_count(c, &flood), n_flood - 1);
		snprintf(text, sizeof(text), "198.51.%u.%u", i % 4,
		    i / 4 % 50);
		join(c, lost, text);
	}
	ck_assert_uint_eq(fairness_most(c), ROOM / 2);
	for (i = 0; i < ROOM; i++)
		fairness_leave(c, &item[i]);
	fairness_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fairness");
	TCase *tc = tcase_create("fairness");

	tcase_add_test(tc,
	    fairness_heaviest_is_the_oldest_item_of_who_has_most);
	tcase_add_test(tc, fairness_client_below_its_share_never_loses);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
