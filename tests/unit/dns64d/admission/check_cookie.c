/*
 * Tests of server cookies with the examples of RFC 9018, appendix A, and at
 * the bounds of their times.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dns64d/admission/cookie.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static void
from_hex(const char *hex, uint8_t *out)
{
	unsigned octet;

	for (; *hex != '\0'; hex += 2) {
		ck_assert_int_eq(sscanf(hex, "%2x", &octet), 1);
		*out++ = (uint8_t)octet;
	}
}

static struct sockaddr_storage
peer_of(const char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *sin = (void *)&ss;
	struct sockaddr_in6 *sin6 = (void *)&ss;

	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1)
		ss.ss_family = AF_INET;
	else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6->sin6_addr),
		    1);
		ss.ss_family = AF_INET6;
	}
	return (ss);
}

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define OLD_SECRET "dd3bdf9344b678b185a6f5cb60fca715"
#define NEW_SECRET "445536bcd2513298075a5d379663c962"

/* RFC 9018, A.1 to A.4: what came, when, and what went back. */
static const struct row {
	const char *secret[2];
	const char *peer;
	const char *sent;
	uint32_t now;
	enum cookie_verdict verdict;
	const char *made;
} rows[] = {
	{ { SECRET }, "198.51.100.100", "2464c4abcf10c957", 1559731985,
	    COOKIE_NONE, "2464c4abcf10c957010000005cf79f111f8130c3eee29480" },
	{ { SECRET }, "198.51.100.100",
	    "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559734385,
	    COOKIE_RENEW, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77" },
	{ { SECRET }, "203.0.113.203",
	    "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559728100,
	    COOKIE_GOOD, NULL },
	{ { NEW_SECRET, OLD_SECRET }, "2001:db8:220:1:59de:d0f4:8769:82b8",
	    "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961,
	    COOKIE_RENEW, "22681ab97d52c298010000005cf7c609a6bb79d16625507a" },
	{ { NEW_SECRET }, "2001:db8:220:1:59de:d0f4:8769:82b8",
	    "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961,
	    COOKIE_BAD, NULL },
	{ { SECRET }, "198.51.100.101",
	    "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559731985,
	    COOKIE_BAD, NULL },
	{ { SECRET }, "198.51.100.100",
	    "2464c4abcf10c957020000005cf79f111f8130c3eee29480", 1559731985,
	    COOKIE_BAD, NULL },
	{ { SECRET }, "198.51.100.100",
	    "2464c4abcf10c957010000005cf79f111f8130c3eee294", 1559731985,
	    COOKIE_BAD, NULL },
};

/* Shows: DNS64-73 */
START_TEST(cookie_is_that_of_the_rfc)
{
	const struct row *row = &rows[_i];
	struct sockaddr_storage peer = peer_of(row->peer);
	uint8_t sent[40], made[COOKIE_LEN], expected[COOKIE_LEN];
	struct siphash_key secret[2];
	size_t n, len = strlen(row->sent) / 2;

	for (n = 0; n < 2 && row->secret[n] != NULL; n++)
		from_hex(row->secret[n], secret[n].bytes);
	from_hex(row->sent, sent);
	ck_assert_int_eq(cookie_check(secret, n, sent, len, &peer, row->now),
	    row->verdict);
	if (row->made == NULL)
		return;
	from_hex(row->made, expected);
	cookie_make(&secret[0], sent, &peer, row->now, made);
	ck_assert_mem_eq(made, expected, sizeof(made));
}
END_TEST

/* Shows: DNS64-73 */
START_TEST(cookie_lives_an_hour_and_may_be_five_minutes_ahead)
{
	static const struct {
		int32_t age;
		enum cookie_verdict verdict;
	} ages[] = {
		{ 0, COOKIE_GOOD },
		{ 1800, COOKIE_GOOD },
		{ 1801, COOKIE_RENEW },
		{ 3600, COOKIE_RENEW },
		{ 3601, COOKIE_BAD },
		{ -300, COOKIE_GOOD },
		{ -301, COOKIE_BAD },
	};
	/* The last one is about to wrap round (RFC 1982). */
	static const uint32_t made_at[] = { 1559731985, 100, UINT32_MAX };
	struct sockaddr_storage peer = peer_of("192.0.2.1");
	const struct siphash_key secret = { "0123456789abcde" };
	uint8_t cookie[COOKIE_LEN];
	size_t i, k;

	for (k = 0; k < NITEMS(made_at); k++) {
		cookie_make(&secret, (const uint8_t *)"abcdefgh", &peer,
		    made_at[k], cookie);
		for (i = 0; i < NITEMS(ages); i++)
			ck_assert_msg(cookie_check(&secret, 1, cookie,
					  sizeof(cookie), &peer,
					  made_at[k] +
					      (uint32_t)ages[i].age) ==
				ages[i].verdict,
			    "age %d", ages[i].age);
	}
}
END_TEST

/* Shows: DNS64-73 */
START_TEST(cookie_with_any_octet_changed_is_bad)
{
	struct sockaddr_storage peer = peer_of("2001:db8::1");
	const struct siphash_key secret = { "0123456789abcde" };
	uint8_t cookie[COOKIE_LEN];
	size_t i;

	cookie_make(&secret, (const uint8_t *)"abcdefgh", &peer, 1000, cookie);
	for (i = 0; i < sizeof(cookie); i++) {
		cookie[i] ^= 1;
		ck_assert_int_eq(cookie_check(&secret, 1, cookie,
				     sizeof(cookie), &peer, 1000),
		    COOKIE_BAD);
		cookie[i] ^= 1;
	}
	ck_assert_int_eq(cookie_check(&secret, 1, cookie, sizeof(cookie),
			     &peer, 1000),
	    COOKIE_GOOD);
}
END_TEST

static Suite *
cookie_suite(void)
{
	Suite *s = suite_create("cookie");
	TCase *tc = tcase_create("cookie");

	tcase_add_loop_test(tc, cookie_is_that_of_the_rfc, 0, NITEMS(rows));
	tcase_add_test(tc, cookie_lives_an_hour_and_may_be_five_minutes_ahead);
	tcase_add_test(tc, cookie_with_any_octet_changed_is_bad);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(cookie_suite()));
}
