/*
 * Tests of the DNS64 decisions (RFC 6147, 5): rows of what the upstream says
 * to the two questions and what the client gets, in both orders of arrival.
 */
#include <check.h>
#include <string.h>

#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

/*
 * No text: no upstream answered the lookup.
 */
static const struct row {
	const char *name;
	unsigned tweaks;
	const char *query;
	const char *aaaa;
	const char *a;
	const char *answer;
	enum synth_outcome outcome;
} rows[] = {
	/* DNS64-02 */
	{ "real AAAA wins", 0, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::1\n", R4 A1,
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n", SYNTH_O_RELAYED },
	{ "real AAAA behind a chain wins", 0, AAAA_Q,
	    R6 CNAME "AN t.example.net. 60 IN AAAA 2001:db8::1\n",
	    R4 CNAME "AN t.example.net. 60 IN A 192.0.3.33\n",
	    HEAD CNAME "AN t.example.net. 60 IN AAAA 2001:db8::1\n",
	    SYNTH_O_RELAYED },
	{ "real AAAA without A lookup", 0, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::1\n", NULL,
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n", SYNTH_O_RELAYED },
	/* DNS64-13 DNS64-14 DNS64-20 */
	{ "TTL of the denial", 0, AAAA_Q, NODATA, R4 A1,
	    HEAD "AN www.example. 120 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "TTL of the SOA when lower", 0, AAAA_Q, R6 SOA("90", "120"), R4 A1,
	    HEAD "AN www.example. 90 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "TTL of the A when lower", 0, AAAA_Q, NODATA,
	    R4 "AN www.example. 30 IN A 192.0.3.33\n",
	    HEAD "AN www.example. 30 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "TTL without SOA", 0, AAAA_Q, R6, R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "several A keep their order", 0, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 198.51.99.2\n"
	       "AN www.example. 9 IN A 198.51.99.1\n",
	    HEAD "AN www.example. 9 IN AAAA 64:ff9b::c633:6302\n"
		 "AN www.example. 9 IN AAAA 64:ff9b::c633:6301\n",
	    SYNTH_O_SYNTHESISED },
	{ "one AAAA per prefix", TWO, AAAA_Q, NODATA, R4 A1,
	    HEAD "AN www.example. 120 IN AAAA 2001:db8:64::c000:321\n"
		 "AN www.example. 120 IN AAAA 2001:db8:65::c000:321\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-16 DNS64-17 */
	{ "longest range, none, others", RANGES, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 10.0.0.1\n"
	       "AN www.example. 9 IN A 10.1.0.1\n"
	       "AN www.example. 9 IN A 192.0.2.1\n",
	    HEAD "AN www.example. 9 IN AAAA 2001:db8:10::a00:1\n"
		 "AN www.example. 9 IN AAAA 2001:db8:64::c000:201\n",
	    SYNTH_O_SYNTHESISED },
	{ "only A of range none", RANGES, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 10.1.0.1\n", HEAD SOA("3600", "120"),
	    SYNTH_O_RELAYED },
	/* DNS64-03 */
	{ "force", FORCE, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::1\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "force without A", FORCE, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::1\n", R4,
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n", SYNTH_O_RELAYED },
	{ "force, A lookup failed", FORCE, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::1\n", NULL,
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n", SYNTH_O_RELAYED },
	/* DNS64-04 */
	{ "NXDOMAIN stays", 0, AAAA_Q,
	    "NXDOMAIN ra\nwww.example. AAAA\n" CNAME SOA("60", "60"), R4 A1,
	    "NXDOMAIN rd ra\nwww.example. AAAA\n" CNAME SOA("60", "60"),
	    SYNTH_O_RELAYED },
	/* DNS64-05 */
	{ "NXDOMAIN, told to synthesise", NXDOMAIN_SYNTH, AAAA_Q,
	    "NXDOMAIN ra\nwww.example. AAAA\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n", SYNTH_O_NXDOMAIN },
	{ "NXDOMAIN to both, told to synthesise", NXDOMAIN_SYNTH, AAAA_Q,
	    "NXDOMAIN ra\nwww.example. AAAA\n",
	    "NXDOMAIN ra\nwww.example. A\n",
	    "NXDOMAIN rd ra\nwww.example. AAAA\n", SYNTH_O_RELAYED },
	/* DNS64-06 */
	{ "FORMERR to AAAA", 0, AAAA_Q, "FORMERR\nwww.example. AAAA\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "SERVFAIL to AAAA", 0, AAAA_Q, "SERVFAIL\nwww.example. AAAA\n",
	    R4 A1, HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "NOTIMPL to AAAA", 0, AAAA_Q, "NOTIMPL\nwww.example. AAAA\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "REFUSED to AAAA", 0, AAAA_Q, "REFUSED\nwww.example. AAAA\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "YXDOMAIN to AAAA", 0, AAAA_Q, "YXDOMAIN\nwww.example. AAAA\n",
	    R4 A1, HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-07 */
	{ "no reply to AAAA", 0, AAAA_Q, NULL, R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "TC that TCP did not mend", 0, AAAA_Q,
	    "NOERROR tc ra\nwww.example. AAAA\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-08 DNS64-10 */
	{ "excluded AAAA count as none", 0, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA ::ffff:192.0.2.1\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "excluded AAAA are not shown for want of A", EXCLUDE, AAAA_Q,
	    R6 CNAME "AN t.example.net. 60 IN AAAA 2001:db8:bad::1\n",
	    R4 CNAME, HEAD CNAME, SYNTH_O_NODATA },
	{ "excluded AAAA, A lookup failed", EXCLUDE, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8:bad::1\n", NULL,
	    "SERVFAIL rd ra\nwww.example. AAAA\n", SYNTH_O_FAILED },
	{ "exclusions cleared", NO_EXCLUDE, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA ::ffff:192.0.2.1\n", R4 A1,
	    HEAD "AN www.example. 60 IN AAAA ::ffff:192.0.2.1\n",
	    SYNTH_O_RELAYED },
	/* DNS64-09 */
	{ "mixed set", EXCLUDE, DO_Q,
	    "NOERROR ra ad\nwww.example. AAAA\n"
	    "AN www.example. 60 IN AAAA 2001:db8:bad::1\n"
	    "AN www.example. 60 IN AAAA 2001:db8::1\n"
	    "AN www.example. 60 IN RRSIG AAAA 13 2 60 20300101000000 "
	    "20200101000000 1 example. AAAA\n"
	    "NS example. 60 IN NS ns.example.\n",
	    R4 A1,
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n"
		 "NS example. 60 IN NS ns.example.\nOPT 1232 do\n",
	    SYNTH_O_FILTERED },
	/* DNS64-11 */
	{ "chain", 0, AAAA_Q, R6 CNAME SOA("60", "60"),
	    R4 CNAME "AN t.example.net. 60 IN CNAME u.example.org.\n"
		     "AN u.example.org. 60 IN A 192.0.3.33\n",
	    HEAD CNAME "AN t.example.net. 60 IN CNAME u.example.org.\n"
		       "AN u.example.org. 60 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "chain out of order", 0, AAAA_Q, R6,
	    R4 "AN u.example.org. 60 IN A 192.0.3.33\n"
	       "AN t.example.net. 60 IN CNAME u.example.org.\n" CNAME,
	    HEAD CNAME "AN t.example.net. 60 IN CNAME u.example.org.\n"
		       "AN u.example.org. 60 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "DNAME", 0, AAAA_Q, R6,
	    R4 "AN example. 60 IN DNAME example.net.\n"
	       "AN www.example. 60 IN CNAME www.example.net.\n"
	       "AN www.example.net. 60 IN A 192.0.3.33\n",
	    HEAD "AN example. 60 IN DNAME example.net.\n"
		 "AN www.example. 60 IN CNAME www.example.net.\n"
		 "AN www.example.net. 60 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "A of another name only", 0, AAAA_Q, NODATA,
	    R4 "AN t.example.net. 60 IN A 192.0.3.33\n",
	    HEAD SOA("3600", "120"), SYNTH_O_RELAYED },
	{ "AAAA of another name, A of the right one", 0, AAAA_Q,
	    R6 "AN t.example.net. 60 IN AAAA 2001:db8::1\n", R4 A1,
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "AAAA of another name, no A", 0, AAAA_Q,
	    R6 "AN t.example.net. 60 IN AAAA 2001:db8::1\n", R4, HEAD,
	    SYNTH_O_NODATA },
	{ "AAAA of another name beside the right one", 0, AAAA_Q,
	    R6 "AN www.example. 60 IN AAAA 2001:db8::2\n"
	       "AN t.example.net. 60 IN AAAA 2001:db8::1\n",
	    NULL, HEAD "AN www.example. 60 IN AAAA 2001:db8::2\n",
	    SYNTH_O_FILTERED },
	{ "the same A three times", 0, AAAA_Q, NODATA, R4 A1 A1 A1,
	    HEAD "AN www.example. 120 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	{ "A of unequal TTLs, RFC 2181, 5.2", 0, AAAA_Q, NODATA,
	    R4 A1 "AN www.example. 60 IN A 192.0.3.34\n",
	    HEAD "AN www.example. 60 IN AAAA " WKP1 "\n"
		 "AN www.example. 60 IN AAAA 64:ff9b::c000:322\n",
	    SYNTH_O_SYNTHESISED },
	{ "A of a name aside of the chain", 0, AAAA_Q,
	    R6 CNAME SOA("60", "60"),
	    R4 CNAME "AN x.example.net. 60 IN A 192.0.3.33\n",
	    HEAD CNAME SOA("60", "60"), SYNTH_O_RELAYED },
	{ "looping chain", 0, AAAA_Q,
	    R6 CNAME "AN t.example.net. 5 IN CNAME www.example.\n",
	    R4 CNAME "AN t.example.net. 5 IN CNAME www.example.\n",
	    HEAD CNAME "AN t.example.net. 5 IN CNAME www.example.\n",
	    SYNTH_O_RELAYED },
	{ "loop with one member", 0, AAAA_Q,
	    R6 "AN www.example. 5 IN CNAME www.example.\n", NULL,
	    "SERVFAIL rd ra\nwww.example. AAAA\n", SYNTH_O_FAILED },
	/* DNS64-12 */
	{ "both empty", 0, AAAA_Q, NODATA, R4 SOA("9", "9"),
	    HEAD SOA("3600", "120"), SYNTH_O_RELAYED },
	{ "A NXDOMAIN", 0, AAAA_Q, NODATA,
	    "NXDOMAIN ra\nwww.example. A\n" SOA("9", "9"),
	    "NXDOMAIN rd ra\nwww.example. AAAA\n" SOA("9", "9"),
	    SYNTH_O_NODATA },
	{ "A SERVFAIL", 0, AAAA_Q, NODATA, "SERVFAIL ra\nwww.example. A\n",
	    "SERVFAIL rd ra\nwww.example. AAAA\n", SYNTH_O_NODATA },
	{ "no reply to A", 0, AAAA_Q, NODATA, NULL,
	    "SERVFAIL rd ra\nwww.example. AAAA\n", SYNTH_O_FAILED },
	{ "error to AAAA, no reply to A", 0, AAAA_Q,
	    "REFUSED ra\nwww.example. AAAA\n", NULL,
	    "REFUSED rd ra\nwww.example. AAAA\n", SYNTH_O_RELAYED },
	{ "error to AAAA, A empty", 0, AAAA_Q,
	    "SERVFAIL ra\nwww.example. AAAA\n", R4 SOA("9", "9"),
	    HEAD SOA("9", "9"), SYNTH_O_NODATA },
	{ "error to AAAA, A not usable", 0, AAAA_Q,
	    "SERVFAIL ra\nwww.example. AAAA\n",
	    R4 "AN www.example. 9 IN A 127.0.0.1\n" SOA("9", "9"),
	    HEAD SOA("9", "9"), SYNTH_O_NODATA },
	{ "no reply to either", 0, AAAA_Q, NULL, NULL,
	    "SERVFAIL rd ra\nwww.example. AAAA\n", SYNTH_O_FAILED },
	/* DNS64-25 DNS64-27 */
	{ "private A under 64:ff9b::/96", 0, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 10.0.0.1\n", HEAD SOA("3600", "120"),
	    SYNTH_O_RELAYED },
	{ "documentation A under 64:ff9b::/96", 0, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 192.0.2.1\n", HEAD SOA("3600", "120"),
	    SYNTH_O_RELAYED },
	{ "private A, allowed", WKP_PRIVATE, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 10.0.0.1\n",
	    HEAD "AN www.example. 9 IN AAAA 64:ff9b::a00:1\n",
	    SYNTH_O_SYNTHESISED },
	{ "private A under a prefix of the network", NSP, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 10.0.0.1\n",
	    HEAD "AN www.example. 9 IN AAAA 2001:db8:64::a00:1\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-26 */
	{ "192.0.0.170 under 64:ff9b::/96", 0, AAAA_Q, NODATA,
	    R4 "AN www.example. 9 IN A 192.0.0.170\n"
	       "AN www.example. 9 IN A 192.0.0.172\n",
	    HEAD "AN www.example. 9 IN AAAA 64:ff9b::c000:aa\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-28 */
	{ "never 0/8, 127/8, 169.254/16, 224/4, broadcast", NSP, AAAA_Q,
	    NODATA,
	    R4 "AN www.example. 9 IN A 0.0.0.0\n"
	       "AN www.example. 9 IN A 127.0.0.1\n"
	       "AN www.example. 9 IN A 169.254.1.1\n"
	       "AN www.example. 9 IN A 224.0.0.1\n"
	       "AN www.example. 9 IN A 255.255.255.255\n"
	       "AN www.example. 9 IN A 192.0.2.1\n",
	    HEAD "AN www.example. 9 IN AAAA 2001:db8:64::c000:201\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-35 DNS64-44 DNS64-47 */
	{ "sections, AD and RRSIG", 0, DO_Q,
	    "NOERROR ra ad\nwww.example. AAAA\n" SOA("60",
		"60") "NS www.example. 60 IN NSEC x.example. A\nOPT 4096 do",
	    "NOERROR aa ra ad\nwww.example. A\n" CNAME
	    "AN www.example. 300 IN RRSIG CNAME 13 2 300 20300101000000 "
	    "20200101000000 1 example. AAAA\n"
	    "AN t.example.net. 60 IN A 192.0.3.33\n"
	    "AN t.example.net. 60 IN RRSIG A 13 2 60 20300101000000 "
	    "20200101000000 1 example. AAAA\n"
	    "NS example.net. 60 IN NS ns.example.net.\n"
	    "AR ns.example.net. 60 IN A 192.0.2.53\nOPT 4096 do\n",
	    "NOERROR rd ra\nwww.example. AAAA\n" CNAME
	    "AN www.example. 300 IN RRSIG CNAME 13 2 300 20300101000000 "
	    "20200101000000 1 example. AAAA\n"
	    "AN t.example.net. 60 IN AAAA " WKP1 "\n"
	    "NS example.net. 60 IN NS ns.example.net.\n"
	    "AR ns.example.net. 60 IN A 192.0.2.53\nOPT 1232 do\n",
	    SYNTH_O_SYNTHESISED },
	{ "RRSIG not asked for", 0, AAAA_Q, R6,
	    R4 CNAME
	    "AN www.example. 300 IN RRSIG CNAME 13 2 300 20300101000000 "
	    "20200101000000 1 example. AAAA\n"
	    "AN t.example.net. 60 IN A 192.0.3.33\n",
	    HEAD CNAME "AN t.example.net. 60 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-34 */
	{ "case of the question", 0, "NOERROR rd\nwWw.Example. AAAA\n", NODATA,
	    R4 A1,
	    "NOERROR rd ra\nwWw.Example. AAAA\n"
	    "AN wWw.Example. 120 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
	/* DNS64-43 */
	{ "CD without DO, allowed", CD_SYNTH,
	    "NOERROR rd cd\nwww.example. AAAA\n", NODATA, R4 A1,
	    "NOERROR rd ra cd\nwww.example. AAAA\n"
	    "AN www.example. 120 IN AAAA " WKP1 "\n",
	    SYNTH_O_SYNTHESISED },
};

static void
check_answer(struct synth *s, const struct row *row)
{
	const char *got = answer_text(s, 1232);

	ck_assert_msg(strcmp(got, row->answer) == 0, "%s:\n%sexpected:\n%s",
	    row->name, got, row->answer);
	ck_assert_msg(s->outcome == row->outcome, "%s: outcome %d", row->name,
	    s->outcome);
}

/* Shows: DNS64-02 DNS64-03 DNS64-04 DNS64-05 DNS64-06 DNS64-07 DNS64-08 */
/* Shows: DNS64-09 DNS64-10 DNS64-11 DNS64-12 DNS64-13 DNS64-14 DNS64-16 */
/* Shows: DNS64-17 DNS64-20 DNS64-25 DNS64-26 DNS64-27 DNS64-28 */
/* Shows: DNS64-34 DNS64-35 DNS64-43 DNS64-44 DNS64-47 */
START_TEST(aaaa_first_gives_the_answer_of_the_row)
{
	const struct row *row = &rows[_i];
	struct synth s;
	unsigned todo;

	set_policy(row->tweaks);
	set_message(&query, row->query, 0x1234, false);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query.scan),
	    SYNTH_ASK_MAIN | SYNTH_ASK_A | SYNTH_ARM_AAAA);
	todo = report(&s, SYNTH_MAIN, row->aaaa);
	if (todo == SYNTH_WAIT)
		todo = report(&s, SYNTH_A, row->a);
	ck_assert_uint_eq(todo, SYNTH_ANSWER);
	check_answer(&s, row);
}
END_TEST

/* Shows: DNS64-18 */
START_TEST(a_first_gives_the_same_and_never_before_aaaa)
{
	const struct row *row = &rows[_i];
	struct synth s;

	set_policy(row->tweaks);
	set_message(&query, row->query, 0x1234, false);
	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_A, row->a), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, row->aaaa), SYNTH_ANSWER);
	check_answer(&s, row);
}
END_TEST

/* Shows: DNS64-18 */
START_TEST(sequential_legs_give_the_same)
{
	const struct row *row = &rows[_i];
	struct synth s;
	unsigned todo;

	set_policy(row->tweaks);
	policy.lookups = POLICY_LOOKUPS_SEQUENTIAL;
	set_message(&query, row->query, 0x1234, false);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query.scan),
	    SYNTH_ASK_MAIN | SYNTH_ARM_AAAA);
	todo = report(&s, SYNTH_MAIN, row->aaaa);
	if (todo == SYNTH_ASK_A)
		todo = report(&s, SYNTH_A, row->a);
	ck_assert_uint_eq(todo, SYNTH_ANSWER);
	check_answer(&s, row);
}
END_TEST

/* Shows: DNS64-07 DNS64-18 */
START_TEST(a_is_taken_at_the_deadline_of_aaaa)
{
	struct synth s;

	begin(&s, AAAA_Q);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_WAIT);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_AAAA), SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    HEAD "AN www.example. 600 IN AAAA " WKP1 "\n");
}
END_TEST

/* Shows: DNS64-07 */
START_TEST(a_is_taken_at_once_when_aaaa_is_overdue)
{
	struct synth s;

	begin(&s, AAAA_Q);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_AAAA), SYNTH_WAIT);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_AAAA), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);
}
END_TEST

/* Shows: DNS64-07 DNS64-12 */
START_TEST(overdue_aaaa_is_waited_for_when_there_is_no_a)
{
	struct synth s;

	begin(&s, AAAA_Q);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 SOA("9", "9")), SYNTH_WAIT);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_AAAA), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN,
			      R6 "AN www.example. 60 IN AAAA 2001:db8::1\n"),
	    SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    HEAD "AN www.example. 60 IN AAAA 2001:db8::1\n");

	begin(&s, AAAA_Q);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 SOA("9", "9")), SYNTH_WAIT);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_AAAA), SYNTH_WAIT);
	ck_assert_uint_eq(synth_fail(&s, SYNTH_MAIN), SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512), HEAD SOA("9", "9"));
}
END_TEST

/* Shows: DNS64-12 */
START_TEST(nxdomain_of_a_ends_an_overdue_aaaa)
{
	struct synth s;

	begin(&s, AAAA_Q);
	synth_timer(&s, SYNTH_TIMER_AAAA);
	ck_assert_uint_eq(report(&s, SYNTH_A,
			      "NXDOMAIN ra\nwww.example. A\n" SOA("9", "9")),
	    SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    "NXDOMAIN rd ra\nwww.example. AAAA\n" SOA("9", "9"));
}
END_TEST

/* Shows: DNS64-18 */
START_TEST(delayed_a_is_asked_by_the_timer_or_by_an_empty_aaaa)
{
	struct synth s;

	set_policy(0);
	policy.lookups = POLICY_LOOKUPS_DELAYED;
	set_message(&query, AAAA_Q, 0x1234, false);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query.scan),
	    SYNTH_ASK_MAIN | SYNTH_ARM_AAAA | SYNTH_ARM_A);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_A), SYNTH_ASK_A);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_A), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, NODATA), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);

	synth_begin(&s, &policy, &query.scan);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, NODATA), SYNTH_ASK_A);
	ck_assert_uint_eq(synth_timer(&s, SYNTH_TIMER_A), SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);
}
END_TEST

/* Shows: DNS64-68 */
START_TEST(second_reply_of_a_leg_is_ignored)
{
	struct synth s;

	begin(&s, AAAA_Q);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, NODATA), SYNTH_WAIT);
	ck_assert_uint_eq(synth_fail(&s, SYNTH_MAIN), SYNTH_WAIT);
	ck_assert_uint_eq(synth_reply(&s, SYNTH_MAIN, &reply[SYNTH_MAIN].scan),
	    SYNTH_WAIT);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_ANSWER);
}
END_TEST

/*
 * Questions that are forwarded and relayed.
 */
static const struct pass_row {
	const char *name;
	const char *query;
} pass_rows[] = {
	{ "A", "NOERROR rd\nwww.example. A\n" },
	{ "MX", "NOERROR rd\nwww.example. MX\n" },
	{ "ANY", "NOERROR rd\nwww.example. ANY\n" },
	{ "HTTPS", "NOERROR rd\nwww.example. HTTPS\n" },
	{ "unknown type", "NOERROR rd\nwww.example. TYPE1000\n" },
	{ "AAAA in CH", "NOERROR rd\nwww.example. CH AAAA\n" },
	{ "AAAA in HS", "NOERROR rd\nwww.example. HS AAAA\n" },
	{ "AAAA in ANY", "NOERROR rd\nwww.example. ANY AAAA\n" },
	{ "RD=0", "NOERROR\nwww.example. AAAA\n" },
	{ "CD=1, DO=1", "NOERROR rd cd\nwww.example. AAAA\nOPT 4096 do\n" },
	{ "CD=1, DO=0", "NOERROR rd cd\nwww.example. AAAA\n" },
	{ "DS of ipv4only.arpa", "NOERROR rd\nipv4only.arpa. DS\n" },
	{ "in-addr.arpa of ipv4only",
	    "NOERROR rd\n170.0.0.192.in-addr.arpa. PTR\n" },
};

/* Shows: DNS64-01 DNS64-34 DNS64-38 DNS64-42 DNS64-43 DNS64-49 DNS64-51 */
/* Shows: DNS64-83 */
START_TEST(other_questions_are_passed)
{
	struct msg_question q;
	struct synth s;

	ck_assert_msg(begin(&s, pass_rows[_i].query) == SYNTH_ASK_MAIN, "%s",
	    pass_rows[_i].name);
	synth_question(&s, SYNTH_MAIN, &q);
	ck_assert_uint_eq(q.type, query.scan.qtype);
	ck_assert_uint_eq(q.class, query.scan.qclass);
	ck_assert_uint_eq(q.flags, query.scan.flags);
	ck_assert_uint_eq(q.dnssec_ok, query.scan.dnssec_ok);
	ck_assert_uint_eq(report(&s, SYNTH_MAIN, pass_rows[_i].query),
	    SYNTH_ANSWER);
	ck_assert_uint_gt(synth_answer(&s, 512, out), 0);
	ck_assert_int_eq(s.outcome, SYNTH_O_RELAYED);

	begin(&s, pass_rows[_i].query);
	ck_assert_uint_eq(synth_fail(&s, SYNTH_MAIN), SYNTH_ANSWER);
	ck_assert_uint_gt(synth_answer(&s, 512, out), 0);
	ck_assert_int_eq(s.outcome, SYNTH_O_FAILED);
}
END_TEST

/* Shows: DNS64-45 */
START_TEST(a_leg_carries_do_and_never_cd)
{
	struct msg_question q;
	struct synth s;

	begin(&s, DO_Q);
	synth_question(&s, SYNTH_A, &q);
	ck_assert(q.dnssec_ok);
	ck_assert_uint_eq(q.type, MSG_T_A);
	ck_assert_uint_eq(q.flags, MSG_RD);

	set_policy(CD_SYNTH);
	set_message(&query, "NOERROR rd cd\nwww.example. AAAA\n", 1, false);
	synth_begin(&s, &policy, &query.scan);
	synth_question(&s, SYNTH_MAIN, &q);
	ck_assert_uint_eq(q.flags, MSG_RD | MSG_CD);
	synth_question(&s, SYNTH_A, &q);
	ck_assert_uint_eq(q.flags, MSG_RD);
}
END_TEST

/* SERVFAIL with the extended error "DNSSEC Bogus". */
/* Shows: DNS64-44 */
START_TEST(bogus_aaaa_is_not_overridden)
{
	static const uint8_t wire[] =
	    "\xbe\xef\x81\x82\0\1\0\0\0\0\0\1"
	    "\3www\7example\0\0\x1c\0\1\0\0\x29\4\xd0\0\0\x80\0\0\6"
	    "\0\x0f\0\2\0\6";
	struct synth s;

	begin(&s, DO_Q);
	ck_assert_uint_eq(report(&s, SYNTH_A, R4 A1), SYNTH_WAIT);
	memcpy(reply[SYNTH_MAIN].wire, wire, sizeof(wire) - 1);
	ck_assert_int_eq(msg_scan(reply[SYNTH_MAIN].wire, sizeof(wire) - 1,
			     &reply[SYNTH_MAIN].scan),
	    MSG_SCAN_OK);
	ck_assert_uint_eq(synth_reply(&s, SYNTH_MAIN, &reply[SYNTH_MAIN].scan),
	    SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s, 512),
	    "SERVFAIL rd ra\nwww.example. AAAA\nOPT 1232 do\n");
}
END_TEST

static Suite *
synth_suite(void)
{
	Suite *s = suite_create("synth");
	TCase *tc = tcase_create("synth");

	tcase_add_loop_test(tc, aaaa_first_gives_the_answer_of_the_row, 0,
	    NITEMS(rows));
	tcase_add_loop_test(tc, a_first_gives_the_same_and_never_before_aaaa,
	    0, NITEMS(rows));
	tcase_add_loop_test(tc, sequential_legs_give_the_same, 0,
	    NITEMS(rows));
	tcase_add_test(tc, a_is_taken_at_the_deadline_of_aaaa);
	tcase_add_test(tc, a_is_taken_at_once_when_aaaa_is_overdue);
	tcase_add_test(tc, overdue_aaaa_is_waited_for_when_there_is_no_a);
	tcase_add_test(tc, nxdomain_of_a_ends_an_overdue_aaaa);
	tcase_add_test(tc,
	    delayed_a_is_asked_by_the_timer_or_by_an_empty_aaaa);
	tcase_add_test(tc, second_reply_of_a_leg_is_ignored);
	tcase_add_loop_test(tc, other_questions_are_passed, 0,
	    NITEMS(pass_rows));
	tcase_add_test(tc, a_leg_carries_do_and_never_cd);
	tcase_add_test(tc, bogus_aaaa_is_not_overridden);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(synth_suite()));
}
