/*
 * Tests of local-data: which records a name may have, and the answers.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/siphash.h"
#include "dns64d/local/hosts.h"
#include "dns64d/local/local.h"
#include "dns64d/local/records.h"
#include "dns64d/wire/name_text.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

static struct hosts *hosts;
static struct records *records;
static size_t n_added;

static const char *const lines[] = {
	"four.lan 300 A 198.51.100.1",
	"Four.lan 300 A 198.51.100.2",
	"four.lan TXT \"a b\"",
	"both.lan A 198.51.100.3",
	"both.lan AAAA 2001:db8::3",
	"none.lan A 10.0.0.1",
	"text.lan TXT x",
	"soa.lan 300 SOA ns.soa.lan. admin.soa.lan. 1 2 3 4 30",
	"svc.lan HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",
	"_sip._tcp.lan SRV 1 2 5060 four.lan",
	"alias.lan CNAME next.lan",
	"next.lan CNAME four.lan",
	"host-alias.lan CNAME router.lan",
	"router.lan MX 10 mx.example.",
	"named.lan CNAME text.lan",
	"1.100.51.198.in-addr.arpa PTR four.lan",
	"x.onion TXT mine",
};

static enum records_verdict
add(const char *line, size_t *other)
{
	uint8_t wire[RECORD_MAX];
	char why[RECORD_WHY_MAX];
	struct msg_scan scan;
	size_t len;

	len = record_from_text(line, 3600, wire, why);
	ck_assert_msg(len > 0, "%s %s", line, why);
	ck_assert_int_eq(msg_scan(wire, len, &scan), MSG_SCAN_OK);
	return (records_add(records, &scan, n_added++, other));
}

static void
add_host(const char *name, const char *addr_text)
{
	uint8_t wire[MSG_NAME_MAX];
	struct hosts_addr addr;

	ck_assert_uint_gt(name_from_text(name, wire), 0);
	ck_assert_int_eq(hosts_parse_addr(addr_text, &addr), 0);
	ck_assert_int_eq(hosts_add(hosts, wire, &addr), 0);
}

static void
setup(void)
{
	static const struct siphash_key key;
	size_t i, other;

	set_policy(NSP);
	n_added = 0;
	hosts = hosts_new(&key);
	records = records_new();
	ck_assert_ptr_nonnull(hosts);
	ck_assert_ptr_nonnull(records);
	for (i = 0; i < NITEMS(lines); i++)
		ck_assert_int_eq(add(lines[i], &other), RECORDS_ADDED);
	add_host("router.lan", "198.51.100.9");
	add_host("four.lan", "198.51.100.8");
	add_host("alias.lan", "198.51.100.7");
}

static void
teardown(void)
{
	records_free(records);
	hosts_free(hosts);
}

/* NULL: it goes upstream. */
static const char *
ask_up_to(const char *q, size_t limit)
{
	const struct local_names names = { hosts, records,
		LOCAL_ZONES_NOWHERE };
	unsigned n_synthesised;
	size_t len;

	set_message(&query, q, 0x1234, false);
	len = local_answer(&names, &policy, NULL, &query.scan, limit, out,
	    &n_synthesised);
	return (len == 0 ? NULL : dns_text_read(out, len, text));
}

static const char *
ask(const char *q)
{
	return (ask_up_to(q, 512));
}

#define Q(name, type) "NOERROR rd\n" name " " type "\n"
#define GOOD(name, type) "NOERROR aa rd ra\n" name " " type "\n"
#define AN(name, ttl, data) "AN " name " " ttl " IN " data "\n"
#define DENIED(name)                  \
	"NS " name " 60 IN SOA " name \
	" nobody.invalid. 1 3600 1200 604800 60\n"
#define PREF64_1                                           \
	"1.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0." \
	"8.b.d.0.1.0.0.2.ip6.arpa."

static const struct row {
	const char *query;
	const char *answer; /* NULL: it goes upstream */
} rows[] = {
	/* All records of a name and type, with their TTL. */
	{ Q("four.lan.", "A"),
	    GOOD("four.lan.", "A") AN("four.lan.", "300", "A 198.51.100.1")
		AN("four.lan.", "300", "A 198.51.100.2") },
	{ Q("FOUR.lan.", "TXT"),
	    GOOD("FOUR.lan.", "TXT") AN("FOUR.lan.", "3600", "TXT \"a b\"") },
	{ Q("_sip._tcp.lan.", "SRV"),
	    GOOD("_sip._tcp.lan.", "SRV")
		AN("_sip._tcp.lan.", "3600", "SRV 1 2 5060 four.lan.") },
	/* RFC 6147, 5.1.7: AAAA made of A have its TTL. */
	{ Q("four.lan.", "AAAA"),
	    GOOD("four.lan.", "AAAA")
		AN("four.lan.", "300", "AAAA 2001:db8:64::c633:6401")
		    AN("four.lan.", "300", "AAAA 2001:db8:64::c633:6402") },
	{ Q("both.lan.", "AAAA"),
	    GOOD("both.lan.", "AAAA")
		AN("both.lan.", "3600", "AAAA 2001:db8::3") },
	{ Q("both.lan.", "ANY"),
	    GOOD("both.lan.", "ANY") AN("both.lan.", "3600", "A 198.51.100.3")
		AN("both.lan.", "3600", "AAAA 2001:db8::3") },
	/* A name has no other types, but the names round it are upstream. */
	{ Q("four.lan.", "MX"), GOOD("four.lan.", "MX") DENIED("four.lan.") },
	{ Q("text.lan.", "AAAA"),
	    GOOD("text.lan.", "AAAA") DENIED("text.lan.") },
	{ Q("four.lan.", "DS"), NULL },
	{ Q("lan.", "A"), NULL },
	{ Q("x.four.lan.", "A"), NULL },
	{ Q("_tcp.lan.", "A"), NULL },
	{ "NOERROR rd\nfour.lan. CH A\n", NULL },
	/* The SOA of the name; its TTL is the MINIMUM. */
	{ Q("soa.lan.", "A"),
	    GOOD("soa.lan.", "A") "NS soa.lan. 30 IN SOA ns.soa.lan. "
				  "admin.soa.lan. 1 2 3 4 30\n" },
	{ Q("soa.lan.", "SOA"),
	    GOOD("soa.lan.", "SOA") AN("soa.lan.", "300",
		"SOA ns.soa.lan. admin.soa.lan. 1 2 3 4 30") },
	/* CNAMEs are followed, to hosts too, and replace their addresses. */
	{ Q("alias.lan.", "A"),
	    GOOD("alias.lan.", "A") AN("alias.lan.", "3600", "CNAME next.lan.")
		AN("next.lan.", "3600", "CNAME four.lan.")
		    AN("four.lan.", "300", "A 198.51.100.1")
			AN("four.lan.", "300", "A 198.51.100.2") },
	{ Q("next.lan.", "AAAA"),
	    GOOD("next.lan.", "AAAA")
		AN("next.lan.", "3600", "CNAME four.lan.") AN("four.lan.",
		    "300", "AAAA 2001:db8:64::c633:6401")
		    AN("four.lan.", "300", "AAAA 2001:db8:64::c633:6402") },
	{ Q("alias.lan.", "CNAME"),
	    GOOD("alias.lan.", "CNAME")
		AN("alias.lan.", "3600", "CNAME next.lan.") },
	{ Q("alias.lan.", "ANY"),
	    GOOD("alias.lan.", "ANY")
		AN("alias.lan.", "3600", "CNAME next.lan.") },
	{ Q("named.lan.", "A"),
	    GOOD("named.lan.", "A") AN("named.lan.", "3600", "CNAME text.lan.")
		DENIED("text.lan.") },
	{ Q("host-alias.lan.", "AAAA"),
	    GOOD("host-alias.lan.", "AAAA")
		AN("host-alias.lan.", "3600", "CNAME router.lan.")
		    AN("router.lan.", "60", "AAAA 2001:db8:64::c633:6409") },
	/* A host with records of other types. */
	{ Q("router.lan.", "A"),
	    GOOD("router.lan.", "A")
		AN("router.lan.", "60", "A 198.51.100.9") },
	{ Q("router.lan.", "MX"),
	    GOOD("router.lan.", "MX")
		AN("router.lan.", "3600", "MX 10 mx.example.") },
	{ Q("router.lan.", "TXT"),
	    GOOD("router.lan.", "TXT") DENIED("router.lan.") },
	/* Reverse names, also of an address in the prefix. */
	{ Q("1.100.51.198.in-addr.arpa.", "PTR"),
	    GOOD("1.100.51.198.in-addr.arpa.", "PTR")
		AN("1.100.51.198.in-addr.arpa.", "3600", "PTR four.lan.") },
	{ Q(PREF64_1, "PTR"),
	    GOOD(PREF64_1, "PTR") AN(PREF64_1, "3600", "PTR four.lan.") },
	{ Q("2.100.51.198.in-addr.arpa.", "PTR"), NULL },
	/* They come before the special-use zones. */
	{ Q("x.onion.", "TXT"),
	    GOOD("x.onion.", "TXT") AN("x.onion.", "3600", "TXT \"mine\"") },
};

/* Shows: DNS64-91 */
START_TEST(question_about_local_data_gets_the_answer_of_its_row)
{
	const struct row *row = &rows[_i];
	const char *got = ask(row->query);

	if (row->answer == NULL)
		ck_assert_msg(got == NULL, "%s", row->query);
	else
		ck_assert_msg(got != NULL && strcmp(got, row->answer) == 0,
		    "%s%sexpected:\n%s", row->query, got, row->answer);
}
END_TEST

/* Shows: DNS64-90 DNS64-91 */
START_TEST(filters_and_the_view_hold_for_local_data)
{
	policy.filter_a = true;
	policy.filter_ipv4hint = true;
	ck_assert_str_eq(ask(Q("four.lan.", "A")),
	    GOOD("four.lan.", "A") DENIED("four.lan."));
	ck_assert_str_eq(ask(Q("svc.lan.", "HTTPS")),
	    GOOD("svc.lan.", "HTTPS")
		AN("svc.lan.", "3600", "HTTPS 1 . alpn=h2"));
	policy.dns64 = POLICY_DNS64_NO;
	ck_assert_str_eq(ask(Q("four.lan.", "AAAA")),
	    GOOD("four.lan.", "AAAA") DENIED("four.lan."));
}
END_TEST

static const struct {
	const char *line;
	enum records_verdict verdict;
	const char *first; /* of the records of its name */
} verdicts[] = {
	{ "four.lan 300 A 198.51.100.3", RECORDS_ADDED, NULL },
	{ "FOUR.lan 300 A 198.51.100.2", RECORDS_KNOWN, "four.lan 300 A" },
	{ "four.lan 301 A 198.51.100.2", RECORDS_TTL, "four.lan 300 A" },
	{ "four.lan A 198.51.100.3", RECORDS_TTL, "four.lan 300 A" },
	{ "text.lan 5 A 198.51.100.3", RECORDS_ADDED, NULL },
	{ "text.lan CNAME four.lan", RECORDS_CNAME, "text.lan TXT" },
	{ "alias.lan TXT x", RECORDS_CNAME, "alias.lan CNAME" },
	{ "alias.lan CNAME both.lan", RECORDS_CNAME, "alias.lan CNAME" },
	{ "alias.lan CNAME next.lan", RECORDS_KNOWN, "alias.lan CNAME" },
	{ "soa.lan 300 SOA a. b. 1 2 3 4 5", RECORDS_ONE, "soa.lan 300 SOA" },
};

START_TEST(record_is_judged_by_those_of_its_name)
{
	size_t other = SIZE_MAX;
	const char *first = verdicts[_i].first;

	ck_assert_int_eq(add(verdicts[_i].line, &other), verdicts[_i].verdict);
	if (first != NULL)
		ck_assert_int_eq(strncmp(lines[other], first, strlen(first)),
		    0);
}
END_TEST

/* The limit of a name is such that TCP gives all of its records. */
static void
fill_and_ask(const char *head, const char *q)
{
	char full[RECORD_TEXT_MAX];
	enum records_verdict verdict;
	unsigned n = 0;
	size_t other;

	do {
		snprintf(full, sizeof(full), "%s%u.%u", head, n / 256,
		    n % 256);
		verdict = add(full, &other);
		n++;
	} while (verdict == RECORDS_ADDED);
	ck_assert_int_eq(verdict, RECORDS_FULL);
	ck_assert_uint_gt(n, 10);
	ck_assert_ptr_null(strstr(ask_up_to(q, 512), "\nAN "));
	set_message(&query, q, 0x1234, false);
	ck_assert_uint_gt(strlen(ask_up_to(q, MSG_MAX)), 2048);
	ck_assert_uint_eq(out[2] & MSG_TC >> 8, 0);
	ck_assert_uint_eq((unsigned)(out[6] << 8 | out[7]), n - 1);
}

#define LONG                                                           \
	"a23456789.b23456789.c23456789.d23456789.e23456789.f23456789." \
	"g23456789.h23456789.i23456789.j23456789.k23456789.l23456789." \
	"m23456789.n23456789.o23456789.p23456789.q23456789.r23456789."

/* Shows: DNS64-94 */
START_TEST(name_has_no_more_records_than_fit_into_an_answer)
{
	fill_and_ask("big.lan A 10.1.", Q("big.lan.", "A"));
	fill_and_ask(LONG "lan MX 1 " LONG, Q(LONG "lan.", "MX"));
}
END_TEST

START_TEST(cname_must_lead_to_a_local_name)
{
	size_t tag, other;

	ck_assert(records_check(records, hosts, &tag));
	ck_assert_int_eq(add("a.test CNAME b.test", &other), RECORDS_ADDED);
	ck_assert(!records_check(records, hosts, &tag));
	ck_assert_uint_eq(tag, NITEMS(lines));
	add_host("b.test", "192.0.2.1");
	ck_assert(records_check(records, hosts, &tag));
	ck_assert_int_eq(add("c.test CNAME d.test", &other), RECORDS_ADDED);
	ck_assert_int_eq(add("d.test CNAME c.test", &other), RECORDS_ADDED);
	ck_assert(!records_check(records, hosts, &tag));
}
END_TEST

START_TEST(chain_of_cnames_is_bounded)
{
	char line[64];
	size_t tag, other;
	unsigned n;

	ck_assert_int_eq(add("c0.test TXT x", &other), RECORDS_ADDED);
	for (n = 1; n <= RECORDS_CHAIN_MAX; n++) {
		snprintf(line, sizeof(line), "c%u.test CNAME c%u.test", n,
		    n - 1);
		ck_assert_int_eq(add(line, &other), RECORDS_ADDED);
	}
	ck_assert(records_check(records, hosts, &tag));
	ck_assert_ptr_nonnull(
	    strstr(ask(Q("c8.test.", "TXT")), "c0.test. 3600 IN TXT \"x\""));
	ck_assert_int_eq(add("c9.test CNAME c8.test", &other), RECORDS_ADDED);
	ck_assert(!records_check(records, hosts, &tag));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("records");
	TCase *tc = tcase_create("records");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    question_about_local_data_gets_the_answer_of_its_row, 0,
	    NITEMS(rows));
	tcase_add_test(tc, filters_and_the_view_hold_for_local_data);
	tcase_add_loop_test(tc, record_is_judged_by_those_of_its_name, 0,
	    NITEMS(verdicts));
	tcase_add_test(tc, name_has_no_more_records_than_fit_into_an_answer);
	tcase_add_test(tc, cname_must_lead_to_a_local_name);
	tcase_add_test(tc, chain_of_cnames_is_bounded);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
