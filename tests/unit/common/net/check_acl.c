/*
 * Unit tests of acl.c: the longest match decides, checked against a search
 * through all rules.
 */
#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/net/acl.h"
#include "common/net/addr.h"

#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct acl *
new_acl(void)
{
	struct acl *acl = acl_new();

	ck_assert_ptr_nonnull(acl);
	return (acl);
}

static int
add(struct acl *acl, const char *text, bool allow)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(text, &p));
	return (acl_add(acl, &p, allow));
}

static enum acl_verdict
check(const struct acl *acl, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	return (acl_check(acl, &ss));
}

/* Shows: DNS64-54 */
START_TEST(empty_list_has_no_verdict)
{
	struct acl *acl = new_acl();

	ck_assert_int_eq(check(acl, "192.0.2.1"), ACL_NONE);
	ck_assert_int_eq(check(acl, "::1"), ACL_NONE);
	acl_free(acl);
}
END_TEST

static const struct {
	const char *addr;
	enum acl_verdict verdict;
} rows[] = {
	{ "10.0.0.0", ACL_ALLOW },
	{ "10.0.255.255", ACL_ALLOW },
	{ "10.1.0.0", ACL_DENY },
	{ "10.1.1.255", ACL_DENY },
	{ "10.1.2.2", ACL_DENY },
	{ "10.1.2.3", ACL_ALLOW },
	{ "10.1.2.4", ACL_DENY },
	{ "10.1.3.0", ACL_DENY },
	{ "10.2.0.0", ACL_ALLOW },
	{ "10.255.255.255", ACL_ALLOW },
	{ "9.255.255.255", ACL_NONE },
	{ "11.0.0.0", ACL_NONE },
	{ "192.0.2.1", ACL_NONE },
	{ "2001:db8::1", ACL_ALLOW },
	{ "2001:db8:0:1::1", ACL_DENY },
	{ "2001:db8:0:2::1", ACL_ALLOW },
	{ "2001:db9::1", ACL_DENY },
	{ "::ffff:10.0.0.1", ACL_DENY },
	{ "::", ACL_DENY },
};

static struct acl *
nested_acl(bool reverse)
{
	static const struct {
		const char *prefix;
		bool allow;
	} rules[] = {
		{ "10.0.0.0/8", true },
		{ "10.1.0.0/16", false },
		{ "10.1.2.3/32", true },
		{ "::/0", false },
		{ "2001:db8::/32", true },
		{ "2001:db8:0:1::/64", false },
	};
	struct acl *acl = new_acl();
	int i, at;

	for (i = 0; i < NITEMS(rules); i++) {
		at = reverse ? NITEMS(rules) - 1 - i : i;
		ck_assert_int_eq(add(acl, rules[at].prefix, rules[at].allow),
		    0);
	}
	return (acl);
}

/* Shows: DNS64-54 */
START_TEST(longest_matching_prefix_decides)
{
	struct acl *acl = nested_acl(false);

	ck_assert_msg(check(acl, rows[_i].addr) == rows[_i].verdict, "%s",
	    rows[_i].addr);
	acl_free(acl);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(order_of_rules_does_not_matter)
{
	struct acl *acl = nested_acl(true);

	ck_assert_msg(check(acl, rows[_i].addr) == rows[_i].verdict, "%s",
	    rows[_i].addr);
	acl_free(acl);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(same_rule_twice_is_one_and_the_opposite_is_refused)
{
	struct acl *acl = new_acl();

	ck_assert_int_eq(add(acl, "192.0.2.0/24", true), 0);
	ck_assert_int_eq(add(acl, "192.0.2.0/24", true), 0);
	errno = 0;
	ck_assert_int_eq(add(acl, "192.0.2.0/24", false), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(check(acl, "192.0.2.1"), ACL_ALLOW);
	acl_free(acl);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(other_families_have_no_verdict)
{
	struct acl *acl = nested_acl(false);
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };

	ck_assert_int_eq(acl_check(acl, &ss), ACL_NONE);
	acl_free(acl);
}
END_TEST

START_TEST(list_is_bounded)
{
	struct acl *acl = new_acl();
	struct prefix p = { .family = AF_INET, .len = 32 };
	uint32_t i;

	for (i = 0; i < ACL_MAX_RULES; i++) {
		p.v4.s_addr = htonl(0x0a000000 + i);
		ck_assert_int_eq(acl_add(acl, &p, true), 0);
	}
	p.v4.s_addr = htonl(0x0b000000);
	errno = 0;
	ck_assert_int_eq(acl_add(acl, &p, true), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(check(acl, "10.0.15.255"), ACL_ALLOW);
	ck_assert_int_eq(check(acl, "10.0.16.0"), ACL_NONE);
	ck_assert_int_eq(check(acl, "11.0.0.0"), ACL_NONE);
	acl_free(acl);
}
END_TEST

/* A rule of a random length in 10.0.0.0/20, where many nest. */
static struct prefix
random_rule(uint32_t *state)
{
	struct prefix p = { .family = AF_INET };
	uint32_t host = 0x0a000000 | (wire_random(state) & 0xfff);

	p.len = (unsigned char)(20 + wire_random(state) % 13);
	p.v4.s_addr = htonl(host & ~(uint32_t)((1ULL << (32 - p.len)) - 1));
	return (p);
}

/* Shows: DNS64-54 */
START_TEST(verdict_equals_that_of_a_search_through_all_rules)
{
	struct prefix rules[60];
	bool allow[60];
	struct acl *acl = new_acl();
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_storage ss = { 0 };
	uint32_t state = 11 + (uint32_t)_i, host;
	enum acl_verdict want;
	int i, best, n = 0;

	while (n < NITEMS(rules)) {
		rules[n] = random_rule(&state);
		allow[n] = wire_random(&state) & 1;
		if (acl_add(acl, &rules[n], allow[n]) == 0)
			n++;
	}
	for (host = 0x0a000000; host < 0x0a001002; host++) {
		sin.sin_addr.s_addr = htonl(host);
		memcpy(&ss, &sin, sizeof(sin));
		for (best = -1, i = 0; i < n; i++) {
			if (prefix_match(&rules[i], &ss) &&
			    (best == -1 || rules[i].len > rules[best].len))
				best = i;
		}
		want = ACL_NONE;
		if (best != -1)
			want = allow[best] ? ACL_ALLOW : ACL_DENY;
		ck_assert_int_eq(acl_check(acl, &ss), want);
	}
	acl_free(acl);
}
END_TEST

static void
append(void *arg, const struct prefix *p)
{
	char text[PREFIX_STRLEN], *list = arg;

	strlcat(list, prefix_print(p, text, sizeof(text)), 256);
	strlcat(list, " ", 256);
}

START_TEST(differ_names_the_rules_that_the_other_has_not)
{
	struct acl *a = new_acl(), *b = new_acl();
	char only_a[256] = "", only_b[256] = "", same[256] = "";

	add(a, "192.0.2.0/24", true);
	add(a, "2001:db8:1::/64", true);
	add(a, "2001:db8:2::/64", true);
	add(a, "2001:db8:3::/64", true);
	add(b, "2001:db8:3::/64", false);
	add(b, "2001:db8:1::/65", true);
	add(b, "2001:db8:2::/64", true);
	acl_differ(a, b, append, only_a);
	acl_differ(b, a, append, only_b);
	acl_differ(a, a, append, same);
	ck_assert_str_eq(only_a,
	    "192.0.2.0/24 2001:db8:1::/64 2001:db8:3::/64 ");
	ck_assert_str_eq(only_b, "2001:db8:1::/65 2001:db8:3::/64 ");
	ck_assert_str_eq(same, "");
	acl_free(a);
	acl_free(b);
}
END_TEST

START_TEST(free_of_null_does_nothing)
{
	acl_free(NULL);
}
END_TEST

static Suite *
acl_suite(void)
{
	Suite *s = suite_create("acl");
	TCase *tc = tcase_create("acl");

	tcase_add_test(tc, empty_list_has_no_verdict);
	tcase_add_loop_test(tc, longest_matching_prefix_decides, 0,
	    NITEMS(rows));
	tcase_add_loop_test(tc, order_of_rules_does_not_matter, 0,
	    NITEMS(rows));
	tcase_add_test(tc, same_rule_twice_is_one_and_the_opposite_is_refused);
	tcase_add_test(tc, other_families_have_no_verdict);
	tcase_add_test(tc, list_is_bounded);
	tcase_add_loop_test(tc,
	    verdict_equals_that_of_a_search_through_all_rules, 0, 10);
	tcase_add_test(tc, differ_names_the_rules_that_the_other_has_not);
	tcase_add_test(tc, free_of_null_does_nothing);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(acl_suite()));
}
