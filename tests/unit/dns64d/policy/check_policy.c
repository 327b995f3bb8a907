/*
 * Tests of the policy: what its lists say of an address.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <errno.h>

#include "dns64d/policy/balance.h"
#include "dns64d/policy/policy.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct dns64_policy policy;

static void
setup(void)
{
	ck_assert_int_eq(policy_init(&policy), 0);
}

static void
teardown(void)
{
	policy_clear(&policy);
}

static struct in6_addr
ip6(const char *t)
{
	struct in6_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET6, t, &addr), 1);
	return (addr);
}

static struct in_addr
ip4(const char *t)
{
	struct in_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET, t, &addr), 1);
	return (addr);
}

static struct prefix
range(const char *t)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(t, &p));
	return (p);
}

static int
add_prefix(const char *t, unsigned len)
{
	const struct in6_addr addr = ip6(t);
	struct pref64 p;

	ck_assert_ptr_null(pref64_init(&p, &addr, len));
	return (policy_add_prefix(&policy, &p));
}

static int
add_rule(const char *t, int target)
{
	const struct prefix r = range(t);

	return (policy_add_rule(&policy, &r, target));
}

/* The addresses in all prefixes that the policy has for this one. */
static size_t
synthesise(const char *t, struct in6_addr *out)
{
	return (balance_synthesise(NULL, &policy, ip4(t), out));
}

/* Shows: DNS64-20 */
START_TEST(policy_without_prefix_has_the_well_known_one)
{
	struct in6_addr out[POLICY_PREFIXES_MAX],
	    wkp = ip6("64:ff9b::102:304");

	ck_assert_int_eq(policy_finish(&policy), 0);
	ck_assert_uint_eq(synthesise("1.2.3.4", out), 1);
	ck_assert_mem_eq(&out[0], &wkp, sizeof(wkp));

	policy_clear(&policy);
	ck_assert_int_eq(policy_init(&policy), 0);
	ck_assert_int_eq(add_rule("0.0.0.0/0", add_prefix("2001:db8::", 96)),
	    0);
	ck_assert_int_eq(policy_finish(&policy), 0);
	ck_assert_uint_eq(policy.n_prefixes, 1);
}
END_TEST

/* Shows: DNS64-20 DNS64-93 */
START_TEST(reverse_only_prefix_leaves_the_well_known_one_in_place)
{
	struct in6_addr out[POLICY_PREFIXES_MAX], addr;
	struct in_addr addr4;
	int old = add_prefix("2001:db8:a::", 96);

	ck_assert_int_eq(policy_finish(&policy), 0);
	ck_assert_uint_eq(synthesise("1.2.3.4", out), 1);
	addr = ip6("64:ff9b::102:304");
	ck_assert_mem_eq(&out[0], &addr, sizeof(addr));
	ck_assert(!policy_prefix_in_use(&policy, old));
	addr = ip6("2001:db8:a::102:304");
	ck_assert_int_eq(policy_extract(&policy, &addr, &addr4), 0);
	ck_assert_uint_eq(addr4.s_addr, ip4("1.2.3.4").s_addr);
}
END_TEST

/* Shows: DNS64-17 */
START_TEST(none_for_all_of_ipv4_leaves_no_prefix)
{
	struct in6_addr out[POLICY_PREFIXES_MAX];

	ck_assert_int_eq(add_rule("0.0.0.0/0", POLICY_TARGET_NONE), 0);
	ck_assert_int_eq(policy_finish(&policy), 0);
	ck_assert_uint_eq(policy.n_prefixes, 0);
	ck_assert_uint_eq(synthesise("1.2.3.4", out), 0);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(copy_has_arrays_of_its_own)
{
	struct dns64_policy copy;
	struct in6_addr addr = ip6("::ffff:192.0.2.1");

	ck_assert_int_eq(add_rule("0.0.0.0/0", add_prefix("2001:db8:a::", 96)),
	    0);
	policy.force = true;
	ck_assert_int_eq(policy_copy(&copy, &policy), 0);
	policy_clear_excludes(&policy, AF_INET6);
	policy_clear_prefixes(&policy);
	ck_assert(copy.force);
	ck_assert(policy_prefix_in_use(&copy, 0));
	ck_assert(policy_excludes_aaaa(&copy, &addr));
	ck_assert(!policy_excludes_aaaa(&policy, &addr));
	ck_assert_uint_eq(policy.n_rules + policy.n_prefixes, 0);
	policy_clear(&copy);
}
END_TEST

/* Shows: DNS64-10 */
START_TEST(mapped_addresses_are_excluded_and_nothing_else)
{
	static const struct {
		const char *addr;
		bool excluded;
	} rows[] = {
		{ "::ffff:0:0", true },
		{ "::ffff:192.0.2.1", true },
		{ "::ffff:255.255.255.255", true },
		{ "::1:0:0:0", false },
		{ "::fffe:0:0", false },
		{ "2001:db8::ffff:0:1", false },
		{ "::1", false },
	};
	struct in6_addr addr;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		addr = ip6(rows[i].addr);
		ck_assert_msg(policy_excludes_aaaa(&policy, &addr) ==
			rows[i].excluded,
		    "%s", rows[i].addr);
	}
	policy_clear_excludes(&policy, AF_INET6);
	addr = ip6("::ffff:192.0.2.1");
	ck_assert(!policy_excludes_aaaa(&policy, &addr));
}
END_TEST

/* Shows: DNS64-16 DNS64-17 DNS64-13 */
START_TEST(longest_range_wins_whatever_the_order)
{
	struct in6_addr out[POLICY_PREFIXES_MAX], expected;
	int a = add_prefix("2001:db8:a::", 96);
	int b = add_prefix("2001:db8:b::", 96);
	int c = add_prefix("2001:db8:c::", 96);

	ck_assert_int_eq(add_rule("0.0.0.0/0", a), 0);
	ck_assert_int_eq(add_rule("198.18.0.0/24", b), 0);
	ck_assert_int_eq(add_rule("198.18.0.0/24", c), 0);
	ck_assert_int_eq(add_rule("198.18.0.0/16", POLICY_TARGET_NONE), 0);
	ck_assert_int_eq(policy_finish(&policy), 0);

	ck_assert_uint_eq(synthesise("198.18.0.1", out), 2);
	expected = ip6("2001:db8:b::c612:1");
	ck_assert_mem_eq(&out[0], &expected, sizeof(expected));
	expected = ip6("2001:db8:c::c612:1");
	ck_assert_mem_eq(&out[1], &expected, sizeof(expected));
	ck_assert_uint_eq(synthesise("198.18.1.1", out), 0);
	ck_assert_uint_eq(synthesise("198.19.0.1", out), 1);
	ck_assert(policy_prefix_in_use(&policy, a));
}
END_TEST

START_TEST(targets_end_with_as_many_as_there_is_room_for)
{
	int out[2] = { -2, -2 };
	int wkp, a, b;

	ck_assert_int_ge(wkp = policy_add_prefix(&policy, &pref64_wkp), 0);
	a = add_prefix("2001:db8:a::", 96);
	b = add_prefix("2001:db8:b::", 96);
	ck_assert_int_eq(add_rule("0.0.0.0/0", wkp), 0);
	ck_assert_int_eq(add_rule("0.0.0.0/0", a), 0);
	ck_assert_int_eq(add_rule("0.0.0.0/0", b), 0);
	ck_assert_int_eq(policy_finish(&policy), 0);

	ck_assert_uint_eq(policy_targets(&policy, ip4("8.8.8.8"), out, 1), 1);
	ck_assert_int_eq(out[0], wkp);
	ck_assert_int_eq(out[1], -2);
	/* Not what is first, but the first that there is. */
	ck_assert_uint_eq(policy_targets(&policy, ip4("10.0.0.1"), out, 1), 1);
	ck_assert_int_eq(out[0], a);
	ck_assert_int_eq(out[1], -2);
	ck_assert_uint_eq(policy_targets(&policy, ip4("10.0.0.1"), out, 2), 2);
	ck_assert_int_eq(out[1], b);
	ck_assert_uint_eq(policy_targets(&policy, ip4("127.0.0.1"), out, 1),
	    0);
}
END_TEST

/* Shows: DNS64-25 DNS64-26 DNS64-27 DNS64-28 */
START_TEST(what_each_prefix_carries)
{
	static const struct {
		const char *addr;
		size_t n; /* of 64:ff9b::/96 and 2001:db8:a::/96 */
	} rows[] = {
		{ "8.8.8.8", 2 },
		{ "10.0.0.1", 1 },
		{ "100.64.0.1", 1 },
		{ "172.16.0.1", 1 },
		{ "192.168.0.1", 1 },
		{ "192.0.2.1", 1 },
		{ "198.18.0.1", 1 },
		{ "192.0.0.1", 1 },
		{ "192.0.0.170", 2 },
		{ "192.0.0.171", 2 },
		{ "0.1.2.3", 0 },
		{ "127.0.0.1", 0 },
		{ "169.254.0.1", 0 },
		{ "224.0.0.1", 0 },
		{ "255.255.255.255", 0 },
	};
	struct in6_addr out[POLICY_PREFIXES_MAX];
	const struct prefix special = range("192.0.0.0/24");
	size_t i;

	ck_assert_int_eq(add_rule("0.0.0.0/0", add_prefix("64:ff9b::", 96)),
	    0);
	ck_assert_int_eq(add_rule("0.0.0.0/0", add_prefix("2001:db8:a::", 96)),
	    0);
	for (i = 0; i < NITEMS(rows); i++)
		ck_assert_msg(synthesise(rows[i].addr, out) == rows[i].n, "%s",
		    rows[i].addr);

	ck_assert_int_eq(policy_add_exclude(&policy, &special), 0);
	ck_assert_uint_eq(synthesise("192.0.0.1", out), 0);
	ck_assert_uint_eq(synthesise("192.0.0.170", out), 2);
	policy_clear_excludes(&policy, AF_INET);
	ck_assert_uint_eq(synthesise("127.0.0.1", out), 1);
	policy.wkp_non_global = true;
	ck_assert_uint_eq(synthesise("10.0.0.1", out), 2);
}
END_TEST

/* Shows: DNS64-21 DNS64-23 */
START_TEST(extract_takes_the_longest_prefix)
{
	struct in6_addr addr = ip6("2001:db8:a::c000:201");
	struct in_addr out;

	add_prefix("2001:db8::", 32);
	add_prefix("2001:db8:a::", 96);
	ck_assert_int_eq(policy_extract(&policy, &addr, &out), 0);
	ck_assert_uint_eq(out.s_addr, ip4("192.0.2.1").s_addr);
	addr = ip6("2001:db8:c000:201::");
	ck_assert_int_eq(policy_extract(&policy, &addr, &out), 0);
	ck_assert_uint_eq(out.s_addr, ip4("192.0.2.1").s_addr);
	addr = ip6("2001:db8:c000:201:100::");
	ck_assert_int_eq(policy_extract(&policy, &addr, &out), -1);
	addr = ip6("2001:db9::1");
	ck_assert_int_eq(policy_extract(&policy, &addr, &out), -1);
}
END_TEST

/* Shows: DNS64-17 DNS64-94 */
START_TEST(lists_are_bounded_and_doubles_are_one)
{
	const struct prefix r6 = range("2001:db8::/32");
	struct prefix r = range("10.0.0.0/32");
	char t[INET6_ADDRSTRLEN];
	int i, target = 0;

	for (i = 0; i < POLICY_PREFIXES_MAX; i++) {
		snprintf(t, sizeof(t), "2001:db8:%x::", i);
		ck_assert_int_eq(add_prefix(t, 96), i);
		ck_assert_int_eq(add_prefix(t, 96), i);
	}
	ck_assert_int_eq(add_prefix("2001:db8:ffff::", 96), -1);
	ck_assert_int_eq(errno, ENOSPC);

	ck_assert_int_eq(policy_add_rule(&policy, &r6, target), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(add_rule("10.0.0.0/8", POLICY_PREFIXES_MAX), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(add_rule("10.0.0.0/8", -2), -1);

	for (i = 0; i < POLICY_RULES_MAX; i++) {
		r.v4.s_addr = htonl(0x0a000000 + (unsigned)i);
		ck_assert_int_eq(policy_add_rule(&policy, &r, target), 0);
		ck_assert_int_eq(policy_add_rule(&policy, &r, target), 0);
	}
	ck_assert_uint_eq(policy.n_rules, POLICY_RULES_MAX);
	r.v4.s_addr = htonl(0x0b000000);
	ck_assert_int_eq(policy_add_rule(&policy, &r, target), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(policy.n_rules, POLICY_RULES_MAX);
}
END_TEST

START_TEST(explain_gives_the_reason_and_the_range_of_it)
{
	static const struct {
		const char *addr;
		enum policy_reason reason;
		const char *range;
	} rows[] = {
		{ "198.51.100.1", POLICY_EXCLUDED, "198.51.100.0/24" },
		{ "127.0.0.1", POLICY_EXCLUDED, "127.0.0.0/8" },
		{ "203.0.113.9", POLICY_RULE_NONE, "203.0.113.0/24" },
		{ "8.8.8.8", POLICY_TRANSLATED, "8.0.0.0/8" },
		{ "10.1.1.1", POLICY_NOT_GLOBAL, "10.0.0.0/8" },
		{ "9.9.9.9", POLICY_NO_RULE, NULL },
		{ "192.0.0.170", POLICY_NO_RULE, NULL }, /* RFC 7050, 2 */
	};
	struct prefix r = range("198.51.100.0/24");
	const struct prefix *found;
	char text[PREFIX_STRLEN];
	int target;
	size_t i;

	ck_assert_int_eq(policy_add_exclude(&policy, &r), 0);
	r = range("192.0.0.0/24");
	ck_assert_int_eq(policy_add_exclude(&policy, &r), 0);
	r = range("203.0.113.0/24");
	ck_assert_int_eq(policy_add_rule(&policy, &r, POLICY_TARGET_NONE), 0);
	target = policy_add_prefix(&policy, &pref64_wkp);
	r = range("8.0.0.0/8");
	ck_assert_int_eq(policy_add_rule(&policy, &r, target), 0);
	r = range("10.0.0.0/8");
	ck_assert_int_eq(policy_add_rule(&policy, &r, target), 0);
	for (i = 0; i < NITEMS(rows); i++) {
		ck_assert_int_eq(policy_explain(&policy, ip4(rows[i].addr),
				     &found),
		    rows[i].reason);
		ck_assert_int_eq(policy_targets(&policy, ip4(rows[i].addr),
				     &target, 1) > 0,
		    rows[i].reason == POLICY_TRANSLATED);
		if (rows[i].range == NULL)
			ck_assert_ptr_null(found);
		else
			ck_assert_str_eq(prefix_print(found, text,
					     sizeof(text)),
			    rows[i].range);
	}
}
END_TEST

START_TEST(aaaa_exclusion_is_the_range_that_has_the_address)
{
	struct in6_addr addr = ip6("::ffff:192.0.2.1");
	const struct prefix *found = policy_aaaa_exclusion(&policy, &addr);

	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->len, 96);
	addr = ip6("2001:db8::1");
	ck_assert_ptr_null(policy_aaaa_exclusion(&policy, &addr));
}
END_TEST

static Suite *
policy_suite(void)
{
	Suite *s = suite_create("policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, policy_without_prefix_has_the_well_known_one);
	tcase_add_test(tc,
	    reverse_only_prefix_leaves_the_well_known_one_in_place);
	tcase_add_test(tc, none_for_all_of_ipv4_leaves_no_prefix);
	tcase_add_test(tc, copy_has_arrays_of_its_own);
	tcase_add_test(tc, mapped_addresses_are_excluded_and_nothing_else);
	tcase_add_test(tc, longest_range_wins_whatever_the_order);
	tcase_add_test(tc, targets_end_with_as_many_as_there_is_room_for);
	tcase_add_test(tc, what_each_prefix_carries);
	tcase_add_test(tc, extract_takes_the_longest_prefix);
	tcase_add_test(tc, lists_are_bounded_and_doubles_are_one);
	tcase_add_test(tc, explain_gives_the_reason_and_the_range_of_it);
	tcase_add_test(tc, aaaa_exclusion_is_the_range_that_has_the_address);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(policy_suite()));
}
