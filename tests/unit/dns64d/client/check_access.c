/*
 * Unit tests of access.c: the rules decide, else what is connected.
 */
#include <sys/socket.h>

#include <check.h>

#include "common/net/acl.h"
#include "common/net/addr.h"
#include "dns64d/client/access.h"

#include "tests/unit/suite.h"

static void
add_rule(struct acl *acl, const char *text, bool allow)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(text, &p));
	ck_assert_int_eq(acl_add(acl, &p, allow), 0);
}

/* Shows: DNS64-54 */
START_TEST(access_asks_the_rules_and_then_what_is_connected)
{
	static const struct {
		const char *client;
		enum access_verdict without_rules;
		enum access_verdict with_rules;
	} rows[] = {
		{ "127.0.0.1", ACCESS_ALLOWED, ACCESS_ALLOWED },
		{ "127.0.0.2", ACCESS_ALLOWED, ACCESS_DENIED },
		{ "::1", ACCESS_ALLOWED, ACCESS_ALLOWED },
		{ "203.0.113.1", ACCESS_UNKNOWN, ACCESS_ALLOWED },
		{ "203.0.113.2", ACCESS_UNKNOWN, ACCESS_UNKNOWN },
		{ "198.51.100.1", ACCESS_UNKNOWN, ACCESS_UNKNOWN },
		{ "2001:db8::1", ACCESS_UNKNOWN, ACCESS_ALLOWED },
		{ "2001:db8:bad::1", ACCESS_UNKNOWN, ACCESS_DENIED },
		{ "2001:db9::1", ACCESS_UNKNOWN, ACCESS_UNKNOWN },
		{ "2001:db9:1::1", ACCESS_ALLOWED, ACCESS_ALLOWED },
		{ "::ffff:127.0.0.1", ACCESS_UNKNOWN, ACCESS_UNKNOWN },
	};
	struct acl *none = acl_new(), *rules = acl_new();
	struct acl *connected = acl_new();
	const struct access without = { none, connected };
	const struct access with = { rules, connected };
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;

	add_rule(rules, "127.0.0.2", false);
	add_rule(rules, "203.0.113.1", true);
	add_rule(rules, "2001:db8::/32", true);
	add_rule(rules, "2001:db8:bad::/48", false);
	add_rule(connected, "127.0.0.0/8", true);
	add_rule(connected, "::1", true);
	add_rule(connected, "2001:db9:1::/64", true);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(sockaddr_parse(rows[i].client, 1234, &ss,
				     &len),
		    0);
		ck_assert_msg(access_check(&without, &ss) ==
			rows[i].without_rules,
		    "%s", rows[i].client);
		ck_assert_msg(access_check(&with, &ss) == rows[i].with_rules,
		    "%s with rules", rows[i].client);
	}
	acl_free(connected);
	acl_free(none);
	acl_free(rules);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("access");
	TCase *tc = tcase_create("access");

	tcase_add_test(tc, access_asks_the_rules_and_then_what_is_connected);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
