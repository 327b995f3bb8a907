/*
 * Tests of what is taken out of answers that are passed on, and of the other
 * wishes that a view may have: how many AAAA, which bits in them, signed data
 * left alone, and the extended error that tells of synthesis.
 */
#include <check.h>
#include <string.h>

#include "dns64d/policy/balance.h"
#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

#define SIG(owner, type)                 \
	"AN " owner " 60 IN RRSIG " type \
	" 13 2 60 20300101000000 20200101000000 1 example. AAAA\n"

/* Ask for something that is passed on; the upstream's reply is given. */
static const char *
pass(const char *q, const char *r, bool udp)
{
	static struct synth s;

	set_message(&query, q, 0x1234, false);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query.scan),
	    SYNTH_ASK_MAIN);
	if (udp)
		synth_minimise(&s);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, r), SYNTH_ANSWER);
	return (answer_text(&s, 1232));
}

#define A_Q "NOERROR rd\nwww.example. A\n"

/* Shows: DNS64-90 */
START_TEST(filter_a_makes_nodata_of_a)
{
	set_policy(0);
	policy.filter_a = true;
	ck_assert_str_eq(
	    pass(A_Q,
		"NOERROR ra ad\nwww.example. A\n" CNAME
		"AN t.example.net. 60 IN A 192.0.2.1\n" SIG("t.example.net.",
		    "A") "NS example.net. 60 IN NS ns.example.net.\n",
		false),
	    "NOERROR rd ra\nwww.example. A\n" CNAME
	    "NS example.net. 60 IN NS ns.example.net.\n");
	ck_assert_str_eq(
	    pass("NOERROR rd\nwww.example. MX\n",
		"NOERROR ra ad\nwww.example. MX\n"
		"AN www.example. 60 IN MX 1 a.\nAR a. 60 IN A 192.0.2.1\n",
		false),
	    "NOERROR rd ra ad\nwww.example. MX\n"
	    "AN www.example. 60 IN MX 1 a.\nAR a. 60 IN A 192.0.2.1\n");
}
END_TEST

/* Shows: DNS64-90 DNS64-48 */
START_TEST(filter_a_spares_ipv4only_and_aaaa)
{
	struct synth s;

	set_policy(0);
	policy.filter_a = true;
	set_message(&query, "NOERROR rd\nipv4only.arpa. A\n", 0x1234, false);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query.scan), SYNTH_ANSWER);
	ck_assert_ptr_nonnull(strstr(answer_text(&s, 512), "192.0.0.170"));

	set_message(&query, AAAA_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	report(&s, SYNTH_MAIN, NODATA);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    HEAD "AN www.example. 120 IN AAAA " WKP1 "\n");
}
END_TEST

/* Shows: DNS64-85 DNS64-90 */
START_TEST(filter_a_is_told_by_an_extended_error)
{
	struct ede_set set = { .n = 0 };
	struct synth s;

	set_policy(0);
	policy.filter_a = true;
	set_message(&query, A_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	report(&s, SYNTH_MAIN, R4 A1);
	answer_text(&s, 512);
	synth_ede(&s, &set);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_uint_eq(set.code[0], EDE_FILTERED);
}
END_TEST

#define HTTPS_Q "NOERROR rd\nwww.example. HTTPS\n"
#define HTTPS_R "NOERROR ra ad\nwww.example. HTTPS\n"
#define HTTPS(params) "AN www.example. 60 IN HTTPS 1 . " params "\n"

/* Shows: DNS64-84 */
START_TEST(ipv4hint_is_taken_out_when_told_so)
{
	set_policy(0);
	/* DNS64-83: otherwise nothing is. */
	ck_assert_str_eq(
	    pass(HTTPS_Q,
		HTTPS_R HTTPS(
		    "alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"),
		false),
	    "NOERROR rd ra ad\nwww.example. HTTPS\n" HTTPS(
		"alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"));

	policy.filter_ipv4hint = true;
	ck_assert_str_eq(
	    pass(HTTPS_Q,
		HTTPS_R HTTPS(
		    "alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1")
		    SIG("www.example.", "HTTPS") SIG("www.example.", "CNAME"),
		false),
	    "NOERROR rd ra\nwww.example. HTTPS\n" HTTPS(
		"alpn=h2 ipv6hint=2001:db8::1") SIG("www.example.", "CNAME"));
	ck_assert_str_eq(
	    pass(HTTPS_Q,
		HTTPS_R HTTPS(
		    "mandatory=alpn,ipv4hint alpn=h2 ipv4hint=192.0.2.1"),
		false),
	    "NOERROR rd ra\nwww.example. HTTPS\n" HTTPS(
		"mandatory=alpn alpn=h2"));
	ck_assert_str_eq(
	    pass(HTTPS_Q,
		HTTPS_R HTTPS(
		    "mandatory=ipv4hint ipv4hint=192.0.2.1,192.0.2.2"),
		false),
	    "NOERROR rd ra\nwww.example. HTTPS\n"
	    "AN www.example. 60 IN HTTPS 1 .\n");
}
END_TEST

/* Octets that are no SvcParams stay what they are. */
/* Shows: DNS64-84 DNS64-94 */
START_TEST(broken_svcparams_do_no_harm)
{
	static const char *const broken[] = {
		"\\# 5 0001000004",
		"\\# 6 000100000400",
		"\\# 8 0001000004000900",
		"\\# 9 000100000400040102",
		"\\# 8 0001000000000104",
		"\\# 3 000100",
	};
	static char t[512];
	size_t i;

	set_policy(0);
	policy.filter_ipv4hint = true;
	for (i = 0; i < NITEMS(broken); i++) {
		struct msg_scan m;
		struct synth s;

		snprintf(t, sizeof(t),
		    HTTPS_R "AN www.example. 60 IN TYPE65 %s\n", broken[i]);
		set_message(&query, HTTPS_Q, 0x1234, false);
		synth_begin(&s, &policy, &query.scan);
		ck_assert_uint_eq(report(&s, SYNTH_MAIN, t), SYNTH_ANSWER);
		ck_assert_int_eq(msg_scan(out, synth_answer(&s, 512, out), &m),
		    MSG_SCAN_OK);
	}
}
END_TEST

#define ANY_R "NOERROR ra ad\nwww.example. ANY\n"

/* Shows: DNS64-95 DNS64-34 */
START_TEST(any_is_one_rrset_over_udp_and_all_over_tcp)
{
	static const char all[] = ANY_R
	    "AN www.example. 60 IN A 192.0.2.1\n"
	    "AN www.example. 60 IN A 192.0.2.2\n" SIG("www.example.",
		"A") "AN www.example. 60 IN MX 1 a.\n" SIG("www.example.",
		"MX") "NS example. 60 IN NS ns.example.\n";

	set_policy(0);
	ck_assert_str_eq(pass("NOERROR rd\nwww.example. ANY\n", all, true),
	    "NOERROR rd ra\nwww.example. ANY\n"
	    "AN www.example. 60 IN A 192.0.2.1\n"
	    "AN www.example. 60 IN A 192.0.2.2\n" SIG("www.example.", "A"));
	pass("NOERROR rd\nwww.example. ANY\n", all, false);
	ck_assert_ptr_nonnull(strstr(text, "MX 1"));
	pass("NOERROR rd\nwww.example. ANY\n",
	    ANY_R "AN www.example. 60 IN A 192.0.2.1\n", true);
	ck_assert_ptr_nonnull(strstr(text, "ra ad"));
}
END_TEST

/* The AAAA that a query with this id gets of five A. */
static const char *
synthesise(uint16_t id)
{
	struct synth s;

	set_message(&query, AAAA_Q, id, false);
	synth_begin(&s, &policy, &query.scan);
	report(&s, SYNTH_MAIN, NODATA);
	report(&s, SYNTH_A,
	    R4 "AN www.example. 60 IN A 198.51.99.1\n"
	       "AN www.example. 60 IN A 198.51.99.2\n"
	       "AN www.example. 60 IN A 198.51.99.3\n"
	       "AN www.example. 60 IN A 198.51.99.4\n"
	       "AN www.example. 60 IN A 198.51.99.5\n");
	return (dns_text_read(out, synth_answer(&s, 512, out), text));
}

#define AAAA(n) "AN www.example. 60 IN AAAA 64:ff9b::c633:630" n "\n"

/* Shows: DNS64-37 */
START_TEST(max_synth_keeps_the_order_and_rotates)
{
	set_policy(0);
	policy.max_synth = 3;
	ck_assert_str_eq(synthesise(0), HEAD AAAA("1") AAAA("2") AAAA("3"));
	ck_assert_str_eq(synthesise(1), HEAD AAAA("2") AAAA("3") AAAA("4"));
	ck_assert_str_eq(synthesise(4), HEAD AAAA("5") AAAA("1") AAAA("2"));
	ck_assert_str_eq(synthesise(5), HEAD AAAA("1") AAAA("2") AAAA("3"));
	policy.max_synth = 5;
	ck_assert_str_eq(synthesise(2),
	    HEAD AAAA("1") AAAA("2") AAAA("3") AAAA("4") AAAA("5"));
}
END_TEST

/* Shows: DNS64-52 */
START_TEST(max_synth_leaves_ipv4only_whole)
{
	struct synth s;

	set_policy(TWO);
	policy.max_synth = 1;
	set_message(&query, "NOERROR rd\nipv4only.arpa. AAAA\n", 0x1234,
	    false);
	synth_begin(&s, &policy, &query.scan);
	answer_text(&s, 512);
	ck_assert_uint_eq(out[7], 4);
}
END_TEST

#define SIGNED_NODATA                                                        \
	"NOERROR ra ad\nwww.example. AAAA\n" SOA("60",                       \
	    "60") "NS www.example. 60 IN NSEC x.example. A\n"                \
		  "NS www.example. 60 IN RRSIG NSEC 13 2 60 20300101000000 " \
		  "20200101000000 1 example. AAAA\nOPT 1232 do\n"

/* Shows: DNS64-46 */
START_TEST(signed_denial_is_left_alone_for_do_when_told_so)
{
	struct synth s;

	set_policy(0);
	policy.leave_signed = true;
	set_message(&query, DO_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, SIGNED_NODATA), SYNTH_ANSWER);
	answer_text(&s, 1232);
	ck_assert_int_eq(s.outcome, SYNTH_O_RELAYED);
	ck_assert_ptr_nonnull(strstr(text, "NSEC"));
	ck_assert_ptr_nonnull(strstr(text, "ra ad"));

	/* Without signatures, or without DO, as ever. */
	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, NODATA), SYNTH_WAIT);
	set_message(&query, AAAA_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, SIGNED_NODATA), SYNTH_WAIT);
	policy.leave_signed = false;
	set_message(&query, DO_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, SIGNED_NODATA), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);
	answer_text(&s, 1232);
	ck_assert_int_eq(s.outcome, SYNTH_O_SYNTHESISED);
}
END_TEST

/* Shows: DNS64-85 */
START_TEST(synthesis_is_told_when_wanted_and_failure_always)
{
	struct ede_set set = { .n = 0 };
	struct synth s;

	begin(&s, AAAA_Q);
	report(&s, SYNTH_MAIN, NODATA);
	report(&s, SYNTH_A, R4 A1);
	answer_text(&s, 512);
	synth_ede(&s, &set);
	ck_assert_uint_eq(set.n, 0);
	policy.tell_synthesised = true;
	synth_ede(&s, &set);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_uint_eq(set.code[0], EDE_SYNTHESIZED);

	set.n = 0;
	begin(&s, AAAA_Q);
	report(&s, SYNTH_MAIN, NULL);
	report(&s, SYNTH_A, NULL);
	answer_text(&s, 512);
	ck_assert_ptr_null(s.upstream);
	synth_ede(&s, &set);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_uint_eq(set.code[0], EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

static const struct {
	const char *prefix;
	unsigned len;
	const char *suffix;
	const char *addr; /* of 192.0.2.33; NULL: refused */
} suffixes[] = {
	{ "2001:db8::", 32, "::1:2:3", "2001:db8:c000:221:0:1:2:3" },
	{ "2001:db8::", 32, "::7f:0:0:0", "2001:db8:c000:221:7f::" },
	{ "2001:db8::", 32, "::100:0:0:0", NULL },
	{ "2001:db8:100::", 40, "::ffff", "2001:db8:1c0:2:21::ffff" },
	{ "2001:db8:122::", 48, "::ff:0:0", "2001:db8:122:c000:2:21ff::" },
	{ "2001:db8:122::", 48, "::100:0:0", NULL },
	{ "2001:db8:122:300::", 56, "::1:0", "2001:db8:122:3c0:0:221:1:0" },
	{ "2001:db8:122:344::", 64, "::ff:1", "2001:db8:122:344:c0:2:21ff:1" },
	{ "2001:db8:122:344::", 64, "::100:0", NULL },
	{ "2001:db8:122:344::", 96, "::1", NULL },
};

/* Shows: DNS64-23 DNS64-24 */
START_TEST(suffix_stands_behind_the_address_and_is_ignored_in_ptr)
{
	const struct in_addr addr4 = { htonl(0xc0000221) };
	struct in6_addr suffix, addr, expected;
	struct in_addr back;
	const char *why;

	policy_clear(&policy);
	policy_init(&policy);
	add_prefix(suffixes[_i].prefix, suffixes[_i].len, "0.0.0.0/0");
	ck_assert_int_eq(inet_pton(AF_INET6, suffixes[_i].suffix, &suffix), 1);
	why = policy_set_suffix(&policy, 0, &suffix);
	if (suffixes[_i].addr == NULL) {
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_ptr_null(why);
	inet_pton(AF_INET6, suffixes[_i].addr, &expected);
	ck_assert_uint_eq(balance_synthesise(NULL, &policy, addr4, &addr), 1);
	ck_assert_mem_eq(&addr, &expected, sizeof(addr));
	ck_assert_int_eq(policy_extract(&policy, &addr, &back), 0);
	ck_assert_uint_eq(back.s_addr, addr4.s_addr);
	addr.s6_addr[15] ^= 0x55;
	ck_assert_int_eq(policy_extract(&policy, &addr, &back), 0);
	ck_assert_uint_eq(back.s_addr, addr4.s_addr);
}
END_TEST

static Suite *
filter_suite(void)
{
	Suite *s = suite_create("filter");
	TCase *tc = tcase_create("filter");

	tcase_add_test(tc, filter_a_makes_nodata_of_a);
	tcase_add_test(tc, filter_a_spares_ipv4only_and_aaaa);
	tcase_add_test(tc, filter_a_is_told_by_an_extended_error);
	tcase_add_test(tc, ipv4hint_is_taken_out_when_told_so);
	tcase_add_test(tc, broken_svcparams_do_no_harm);
	tcase_add_test(tc, any_is_one_rrset_over_udp_and_all_over_tcp);
	tcase_add_test(tc, max_synth_keeps_the_order_and_rotates);
	tcase_add_test(tc, max_synth_leaves_ipv4only_whole);
	tcase_add_test(tc, signed_denial_is_left_alone_for_do_when_told_so);
	tcase_add_test(tc, synthesis_is_told_when_wanted_and_failure_always);
	tcase_add_loop_test(tc,
	    suffix_stands_behind_the_address_and_is_ignored_in_ptr, 0,
	    NITEMS(suffixes));
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(filter_suite()));
}
