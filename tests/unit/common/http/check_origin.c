/*
 * Tests of origin.c: which requests come from pages of other sites.
 */
#include <check.h>

#include "common/http/origin.h"

#include "tests/unit/suite.h"

#define OWN "gateway.example.net"

START_TEST(origin_takes_addresses_and_own_names)
{
	static const char *const hosts[] = { "192.0.2.1", "192.0.2.1:9464",
		"[2001:db8::1]", "[2001:db8::1]:80", "localhost:1",
		"LOCALHOST", "gateway.example.net", "Gateway.example.net.:9",
		"gateway" };
	size_t i;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(origin_refuse(hosts[i], NULL, NULL, OWN) == NULL,
		    "%s", hosts[i]);
}
END_TEST

START_TEST(origin_refuses_foreign_hosts)
{
	static const char *const hosts[] = { "", "example.com",
		"gateway.example.com", "gate", "192.0.2.1.example.com",
		"[2001:db8::1", "[2001:db8::1]x", "192.0.2.1:x",
		"localhost.example.com", ":80" };
	size_t i;

	ck_assert_ptr_nonnull(origin_refuse(NULL, NULL, NULL, OWN));
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(origin_refuse(hosts[i], NULL, NULL, OWN) != NULL,
		    "%s", hosts[i]);
	ck_assert_ptr_nonnull(origin_refuse("gateway", NULL, NULL, NULL));
	ck_assert_ptr_nonnull(origin_refuse("", NULL, NULL, ""));
}
END_TEST

START_TEST(origin_refuses_other_sites)
{
	ck_assert_ptr_null(origin_refuse("192.0.2.1:9464",
	    "http://192.0.2.1:9464", "same-origin", OWN));
	ck_assert_ptr_null(origin_refuse("192.0.2.1", NULL, "none", OWN));
	ck_assert_ptr_nonnull(
	    origin_refuse("192.0.2.1", "http://192.0.2.1:81", NULL, OWN));
	ck_assert_ptr_nonnull(
	    origin_refuse("192.0.2.1", "https://192.0.2.1", NULL, OWN));
	ck_assert_ptr_nonnull(origin_refuse("192.0.2.1", "null", NULL, OWN));
	ck_assert_ptr_nonnull(
	    origin_refuse("192.0.2.1", NULL, "cross-site", OWN));
	ck_assert_ptr_nonnull(
	    origin_refuse("192.0.2.1", NULL, "same-site", OWN));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("origin");
	TCase *tc = tcase_create("origin");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, origin_takes_addresses_and_own_names);
	tcase_add_test(tc, origin_refuses_foreign_hosts);
	tcase_add_test(tc, origin_refuses_other_sites);
	return (suite_run(s));
}
