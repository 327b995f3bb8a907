/*
 * Which sources may use the translator: the meaning of the rules, and what
 * happens to the packets of other sources.
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/tables/permit.h"
#include "tests/unit/nat64_lab.h"

#define MAX_RULES 4

static struct permit_rule rules[MAX_RULES];
static size_t n_rules;

/* "+2001:db8::/32 -2001:db8:5::/48": allow, and deny. */
static void
set_rules(const char *text)
{
	char copy[256], *word, *rest = copy;

	n_rules = 0;
	ck_assert_uint_lt(strlcpy(copy, text, sizeof(copy)), sizeof(copy));
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0')
			continue;
		ck_assert_uint_lt(n_rules, MAX_RULES);
		ck_assert_ptr_null(
		    prefix_parse(word + 1, &rules[n_rules].from));
		rules[n_rules++].allow = *word == '+';
	}
}

static bool
allows(const char *text, const char *addr)
{
	const struct in6_addr a = addr6(addr);
	struct permit *p;
	bool allowed;

	set_rules(text);
	p = permit_new(rules, n_rules);
	REQUIRE(p != NULL);
	allowed = permit_allows(p, &a);
	permit_free(p);
	return (allowed);
}

START_TEST(the_longest_prefix_decides_and_an_allow_closes_the_list)
{
	static const struct {
		const char *rules;
		const char *addr;
		bool allowed;
	} rows[] = {
		{ "", "2001:db8::1", true },
		{ "-2001:db8::/32", "2001:db8::1", false },
		{ "-2001:db8::/32", "2001:db9::1", true },
		{ "+2001:db8::/32", "2001:db8:ffff::1", true },
		{ "+2001:db8::/32", "2001:db9::1", false },
		{ "+2001:db8::/32 -2001:db8:5::/48", "2001:db8:5::1", false },
		{ "-2001:db8:5::/48 +2001:db8::/32", "2001:db8:5::1", false },
		{ "-2001:db8:5::/48 +2001:db8::/32", "2001:db8:6::1", true },
		/* An exception to a deny says nothing of others. */
		{ "-2001:db8::/32 +2001:db8:5::/48", "2001:db8:5::1", true },
		{ "-2001:db8::/32 +2001:db8:5::/48", "2001:db8:6::1", false },
		{ "-2001:db8::/32 +2001:db8:5::/48", "2001:db9::1", true },
		{ "-2001:db8::/32 +2001:db8:5::/48 +2001:db8:5::1",
		    "2001:db9::1", true },
		{ "-2001:db8::/32 +2001:db8:5::/48 +2001:dba::/32",
		    "2001:db9::1", false },
		{ "-::/0 +2001:db8::/32", "2001:db9::1", false },
		{ "+::/0 -2001:db8::/32", "2001:db9::1", true },
		{ "+::/0 -2001:db8::/32", "2001:db8::1", false },
		{ "-2001:db8::7/128", "2001:db8::7", false },
		{ "-2001:db8::7/128", "2001:db8::8", true },
	};
	size_t i;

	for (i = 0; i < NITEMS(rows); i++)
		ck_assert_msg(allows(rows[i].rules, rows[i].addr) ==
			rows[i].allowed,
		    "%s: %s", rows[i].rules, rows[i].addr);
}
END_TEST

START_TEST(a_prefix_cannot_be_both)
{
	set_rules("+2001:db8::/32 -2001:db8::/32");
	errno = 0;
	ck_assert_ptr_null(permit_new(rules, n_rules));
	ck_assert_int_eq(errno, EEXIST);
	set_rules("+2001:db8::/32 +2001:db8::/32");
	permit_free(permit_new(rules, n_rules));
}
END_TEST

/* CLIENT6 and HOST_B are in 2001:db8:1::/64, HOST_C is not. */
static void
start(const char *text)
{
	set_rules(text);
	lab.conf.permits = rules;
	lab.conf.n_permits = n_rules;
	lab_start();
}

START_TEST(a_denied_host_is_told_so)
{
	start("-2001:db8:1::/64");
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	ck_assert_str_eq(text6(lab.out[0].ip6.src), SELF6);
	lab_tcp(HOST_B, PORT6, SERVER6, PORT_SERVER, PKT_TH_SYN);
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	lab_ping(CLIENT6, SERVER6, 7);
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_drops(NAT64_DENIED), 3);
	lab_udp(HOST_C, PORT6, SERVER6, 53);
	lab_sent();
}
END_TEST

START_TEST(an_allowed_host_is_served)
{
	start("+2001:db8:1::/64 -" HOST_B);
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	lab_sent();
	lab_udp(HOST_B, PORT6, SERVER6, 53);
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	lab_udp(HOST_C, PORT6, SERVER6, 53);
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
}
END_TEST

/* Its fragments are not held, and its ICMP errors are not translated. */
START_TEST(fragments_and_errors_of_a_denied_host_are_dropped)
{
	const struct flow f = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct spec s = { .family = PKT_V6,
		.proto = IPPROTO_UDP,
		.payload = 1000 };
	struct pkt whole;

	start("-2001:db8:1::/64");
	lab_build(&s, &f);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 7, 512, 496, false);
	lab_send();
	lab_expect_drop(NAT64_DENIED);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
	lab_build_fragment(&whole, 7, 0, 512, true);
	lab_send();
	lab_expect_error(NAT64_DENIED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADMIN);
	lab_build_error(SERVER6, ICMP6_DST_UNREACH, 4, 0, &whole, 48);
	lab_readdress(CLIENT6, SERVER6);
	lab_send();
	lab_expect_drop(NAT64_DENIED);
}
END_TEST

START_TEST(what_a_denied_host_is_told_is_limited)
{
	unsigned i, answered = 0;

	start("-2001:db8:1::/64");
	for (i = 0; i < 50; i++) {
		lab_udp(CLIENT6, PORT6, SERVER6, 53);
		answered += lab.n_out;
	}
	ck_assert_uint_eq(answered, lab.conf.errors_dest.burst);
	ck_assert_uint_eq(lab_drops(NAT64_DENIED), 50);
}
END_TEST

/* The rules are for translation: echo to the translator is answered. */
START_TEST(a_denied_host_may_ping_the_translator)
{
	start("-2001:db8:1::/64");
	lab_ping(CLIENT6, SELF6, 7);
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_uint_eq(lab.out[0].icmp_type, ICMP6_ECHO_REPLY);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_longest_prefix_decides_and_an_allow_closes_the_list,
		a_prefix_cannot_be_both,
		a_denied_host_is_told_so,
		an_allowed_host_is_served,
		fragments_and_errors_of_a_denied_host_are_dropped,
		what_a_denied_host_is_told_is_limited,
		a_denied_host_may_ping_the_translator,
	};

	return (lab_main("permit", tests, NITEMS(tests)));
}
