/*
 * Tests of synth at its bounds: many addresses, long chains, and replies
 * with octets changed.
 */
#include <check.h>
#include <string.h>

#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

static char *
many_addresses(unsigned n)
{
	static char t[DNS_TEXT_MAX];
	size_t len;
	unsigned i;

	len = (size_t)snprintf(t, sizeof(t), "%s", R4);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(t + len, sizeof(t) - len,
		    "AN www.example. 60 IN A 198.51.%u.%u\n", i / 256,
		    i % 256);
	return (t);
}

/* Shows: DNS64-36 DNS64-13 */
START_TEST(two_hundred_addresses_need_tcp)
{
	struct msg_scan m;
	struct synth s;

	begin(&s, AAAA_Q);
	report(&s, SYNTH_MAIN, NODATA);
	ck_assert_uint_eq(report(&s, SYNTH_A, many_addresses(200)),
	    SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    "NOERROR tc rd ra\nwww.example. AAAA\n");
	answer_text(&s, 65535);
	ck_assert_uint_eq(s.n_synthesised, 200);
	ck_assert_int_eq(msg_scan(out, synth_answer(&s, 65535, out), &m),
	    MSG_SCAN_OK);
	ck_assert_uint_eq(m.count[MSG_ANSWER], 200);
	ck_assert_uint_eq(m.flags & MSG_TC, 0);
}
END_TEST

/* As many A as 64 KB hold, for two prefixes. */
/* Shows: DNS64-36 DNS64-94 */
START_TEST(addresses_are_bounded_in_number)
{
	struct message *m = &reply[SYNTH_A];
	struct synth s;
	size_t n;
	unsigned count = 0;

	set_policy(TWO);
	set_message(&query, AAAA_Q, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	report(&s, SYNTH_MAIN, NODATA);
	n = dns_text_write(R4, 1, true, m->wire);
	for (; n + 16 <= sizeof(m->wire); n += 16, count++) {
		memcpy(m->wire + n,
		    "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\306\x33\x64\1", 16);
		m->wire[n + 14] = (uint8_t)(count >> 8);
		m->wire[n + 15] = (uint8_t)count;
	}
	m->wire[6] = (uint8_t)(count >> 8);
	m->wire[7] = (uint8_t)count;
	ck_assert_int_eq(msg_scan(m->wire, n, &m->scan), MSG_SCAN_OK);
	ck_assert_uint_eq(synth_reply(&s, SYNTH_A, &m->scan), SYNTH_ANSWER);
	n = synth_answer(&s, 65535, out);
	ck_assert_int_eq(s.outcome, SYNTH_O_SYNTHESISED);
	ck_assert_int_eq(msg_scan(out, n, &m->scan), MSG_SCAN_OK);
	ck_assert_uint_eq(m->scan.count[MSG_ANSWER], 1024);
	/* Whoever is not told of all is told that there are more. */
	ck_assert_uint_ne(m->scan.flags & MSG_TC, 0);
}
END_TEST

/*
 * Chains to and beyond the bound; what is too long is relayed as it came.
 */
/* Shows: DNS64-11 DNS64-94 */
START_TEST(long_chain_is_followed_to_its_bound)
{
	static char t[DNS_TEXT_MAX];
	unsigned links, i;
	struct synth s;
	size_t n;

	for (links = 1; links < 40; links += 5) {
		n = (size_t)snprintf(t, sizeof(t),
		    "%s"
		    "AN www.example. 60 IN CNAME c1.example.\n",
		    R4);
		for (i = 1; i < links; i++)
			n += (size_t)snprintf(t + n, sizeof(t) - n,
			    "AN c%u.example. 60 IN CNAME c%u.example.\n", i,
			    i + 1);
		snprintf(t + n, sizeof(t) - n,
		    "AN c%u.example. 60 IN A 192.0.3.33\n", links);
		begin(&s, AAAA_Q);
		report(&s, SYNTH_MAIN, NODATA);
		ck_assert_uint_eq(report(&s, SYNTH_A, t), SYNTH_ANSWER);
		answer_text(&s, 65535);
		ck_assert_int_eq(s.outcome,
		    links <= 16 ? SYNTH_O_SYNTHESISED : SYNTH_O_RELAYED);
		ck_assert_int_eq(strstr(text, WKP1) != NULL, links <= 16);
	}
}
END_TEST

/*
 * Replies with octets changed, through the whole machine: whatever passes
 * the scan gives an answer that passes it.
 */
/* Shows: DNS64-94 */
START_TEST(changed_replies_never_give_a_broken_answer)
{
	static uint8_t good[SYNTH_N_LOOKUPS][2048];
	size_t len[SYNTH_N_LOOKUPS], n;
	uint32_t seed = 3, changes;
	struct msg_scan m;
	struct synth s;
	int run, lookup;

	set_policy(TWO | EXCLUDE);
	set_message(&query, DO_Q, 0x1234, false);
	len[SYNTH_MAIN] = dns_text_write(R6 CNAME
	    "AN t.example.net. 60 IN AAAA 2001:db8:bad::1\n" SOA("60",
		"60") "OPT 4096 do",
	    1, true, good[SYNTH_MAIN]);
	len[SYNTH_A] = dns_text_write(R4 CNAME
	    "AN t.example.net. 60 IN A 192.0.3.33\n"
	    "NS example.net. 60 IN NS ns.example.net.\n"
	    "AR ns.example.net. 60 IN MX 1 mail.ns.example.net.\n"
	    "OPT 4096 do",
	    1, true, good[SYNTH_A]);
	for (run = 0; run < 50000; run++) {
		synth_begin(&s, &policy, &query.scan);
		for (lookup = 0; lookup < SYNTH_N_LOOKUPS; lookup++) {
			memcpy(reply[lookup].wire, good[lookup], len[lookup]);
			for (changes = run % 4; changes > 0; changes--) {
				seed = seed * 1664525 + 1013904223;
				n = 2 + (seed >> 8) % (len[lookup] - 2);
				seed = seed * 1664525 + 1013904223;
				reply[lookup].wire[n] = (uint8_t)(seed >> 8);
			}
			if (msg_scan(reply[lookup].wire, len[lookup],
				&reply[lookup].scan) == MSG_SCAN_OK)
				synth_reply(&s, lookup, &reply[lookup].scan);
			else
				synth_fail(&s, lookup);
		}
		n = synth_answer(&s, 512, out);
		ck_assert_uint_le(n, 512);
		ck_assert_int_eq(msg_scan(out, n, &m), MSG_SCAN_OK);
		ck_assert_uint_eq(m.id, 0x1234);
		ck_assert_uint_ne(m.opt, 0);
	}
}
END_TEST

static Suite *
synth_bounds_suite(void)
{
	Suite *s = suite_create("synth_bounds");
	TCase *tc = tcase_create("bounds");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, two_hundred_addresses_need_tcp);
	tcase_add_test(tc, addresses_are_bounded_in_number);
	tcase_add_test(tc, long_chain_is_followed_to_its_bound);
	tcase_add_test(tc, changed_replies_never_give_a_broken_answer);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(synth_bounds_suite()));
}
