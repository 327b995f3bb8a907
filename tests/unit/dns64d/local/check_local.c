/*
 * Tests of local names: hosts, their addresses, and special-use zones, as
 * rows of questions and answers.
 */
#include <check.h>
#include <string.h>

#include "common/siphash.h"
#include "dns64d/local/hosts_file.h"
#include "dns64d/local/local.h"
#include "dns64d/local/records.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

static struct hosts *hosts;
static struct records *records;

static const char lines[] =
    "198.51.100.9 static.lan\n"
    "# a comment\n"
    "127.0.0.1\tlocalhost\n"
    "\n"
    "198.51.100.1  router router.lan. # the first name is its PTR\n"
    "198.51.100.2\tboth\n2001:db8::2\tBOTH\r\n"
    "fe80::1%lo0 scoped\n"
    "10.9.9.9 private\n"
    "0.0.0.0 ads.example\n:: ads6.example\n"
    "2001:db8::7 six";

static void
setup(void)
{
	static const struct siphash_key key;
	struct hosts_file f;

	set_policy(NSP);
	hosts = hosts_new(&key);
	ck_assert_ptr_nonnull(hosts);
	hosts_file_begin(&f, hosts);
	ck_assert_int_eq(hosts_file_read(&f, lines, sizeof(lines) - 1), 0);
	ck_assert_int_eq(hosts_file_end(&f), 0);
	ck_assert_uint_eq(f.bad_lines, 0);
	records = records_new();
	ck_assert_ptr_nonnull(records);
}

static void
teardown(void)
{
	records_free(records);
	hosts_free(hosts);
}

/* NULL: it goes upstream. */
static const char *
ask(const char *q, enum local_zones zones)
{
	const struct local_names names = { hosts, records, zones };
	unsigned n_synthesised;
	size_t len;

	set_message(&query, q, 0x1234, false);
	len = local_answer(&names, &policy, NULL, &query.scan, 512, out,
	    &n_synthesised);
	return (len == 0 ? NULL : dns_text_read(out, len, text));
}

#define SOME LOCAL_ZONES_NOWHERE
#define ALL LOCAL_ZONES_ALL
#define Q(name, type) "NOERROR rd\n" name " " type "\n"
#define GOOD(name, type) "NOERROR aa rd ra\n" name " " type "\n"
#define NONE(name, type) "NXDOMAIN aa rd ra\n" name " " type "\n"
#define ZONE(apex)                    \
	"NS " apex " 60 IN SOA " apex \
	" nobody.invalid. 1 3600 1200 604800 60\n"
#define RECORD(name, type, data) "AN " name " 60 IN " type " " data "\n"
#define ZERO10 "0.0.0.0.0.0.0.0.0.0."
#define NIBBLES16 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

static const struct row {
	const char *query;
	const char *answer; /* NULL: it goes upstream */
	enum local_zones zones;
} rows[] = {
	/* Hosts. */
	{ Q("router.", "A"),
	    GOOD("router.", "A") RECORD("router.", "A", "198.51.100.1"),
	    SOME },
	{ Q("ROUTER.lan.", "A"),
	    GOOD("ROUTER.lan.", "A")
		RECORD("ROUTER.lan.", "A", "198.51.100.1"),
	    SOME },
	{ Q("router.", "AAAA"),
	    GOOD("router.", "AAAA")
		RECORD("router.", "AAAA", "2001:db8:64::c633:6401"),
	    SOME },
	{ Q("both.", "AAAA"),
	    GOOD("both.", "AAAA") RECORD("both.", "AAAA", "2001:db8::2"),
	    SOME },
	{ Q("both.", "A"),
	    GOOD("both.", "A") RECORD("both.", "A", "198.51.100.2"), SOME },
	{ Q("six.", "A"), GOOD("six.", "A") ZONE("six."), SOME },
	/* Other types than addresses are the upstream's. */
	{ Q("router.", "MX"), NULL, SOME },
	{ Q("router.", "HTTPS"), NULL, SOME },
	{ Q("localhost.", "MX"), GOOD("localhost.", "MX") ZONE("localhost."),
	    SOME },
	{ Q("static.lan.", "AAAA"),
	    GOOD("static.lan.", "AAAA")
		RECORD("static.lan.", "AAAA", "2001:db8:64::c633:6409"),
	    SOME },
	{ Q("scoped.", "AAAA"), NULL, SOME },
	{ Q("router.example.", "A"), NULL, SOME },
	{ "NOERROR rd\nrouter. CH A\n", NULL, SOME },
	/* Names of a block list have no address, and it has no name. */
	{ Q("ads.example.", "A"),
	    GOOD("ads.example.", "A") RECORD("ads.example.", "A", "0.0.0.0"),
	    SOME },
	{ Q("ads.example.", "AAAA"),
	    GOOD("ads.example.", "AAAA") ZONE("ads.example."), SOME },
	{ Q("ads6.example.", "AAAA"),
	    GOOD("ads6.example.", "AAAA")
		RECORD("ads6.example.", "AAAA", "::"),
	    SOME },
	{ Q("0.0.0.0.in-addr.arpa.", "PTR"), NULL, SOME },
	{ Q(NIBBLES16 NIBBLES16 "ip6.arpa.", "PTR"), NULL, SOME },
	/* Their addresses. */
	{ Q("1.100.51.198.in-addr.arpa.", "PTR"),
	    GOOD("1.100.51.198.in-addr.arpa.", "PTR")
		RECORD("1.100.51.198.in-addr.arpa.", "PTR", "router."),
	    SOME },
	{ Q("3.100.51.198.in-addr.arpa.", "PTR"), NULL, SOME },
	{ Q("x.1.100.51.198.in-addr.arpa.", "PTR"), NULL, SOME },
	{ Q("01.100.51.198.in-addr.arpa.", "PTR"), NULL, SOME },
	{ Q("7.0.0.0.0.0.0.0." NIBBLES16 "8.b.d.0.1.0.0.2.ip6.arpa.", "PTR"),
	    GOOD("7.0.0.0.0.0.0.0." NIBBLES16 "8.b.d.0.1.0.0.2.ip6.arpa.",
		"PTR") RECORD("7.0.0.0.0.0.0.0." NIBBLES16
			      "8.b.d.0.1.0.0.2.ip6.arpa.",
		"PTR", "six."),
	    SOME },
	/* 198.51.100.1 in the prefix, and an address that nobody has. */
	{ Q("1.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0."
	    "8.b.d.0.1.0.0.2.ip6.arpa.",
	      "PTR"),
	    GOOD("1.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0."
		 "8.b.d.0.1.0.0.2.ip6.arpa.",
		"PTR")
		RECORD("1.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0."
		       "8.b.d.0.1.0.0.2.ip6.arpa.",
		    "PTR", "router."),
	    ALL },
	{ Q("1.0.4.6.3.3.6.d.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0."
	    "8.b.d.0.1.0.0.2.ip6.arpa.",
	      "PTR"),
	    NULL, ALL },
	/* RFC 6761, 6.3, 6.4; RFC 7686: names that are nowhere. */
	{ Q("a.localhost.", "A"),
	    GOOD("a.localhost.", "A") RECORD("a.localhost.", "A", "127.0.0.1"),
	    SOME },
	{ Q("a.localhost.", "AAAA"),
	    GOOD("a.localhost.", "AAAA") RECORD("a.localhost.", "AAAA", "::1"),
	    SOME },
	{ Q("a.localhost.", "MX"),
	    GOOD("a.localhost.", "MX") ZONE("localhost."), SOME },
	{ Q("x.invalid.", "A"), NONE("x.invalid.", "A") ZONE("invalid."),
	    SOME },
	{ Q("x.Onion.", "AAAA"), NONE("x.Onion.", "AAAA") ZONE("Onion."),
	    SOME },
	{ Q("onions.", "A"), NULL, ALL },
	{ Q("x.alt.", "A"), NONE("x.alt.", "A") ZONE("alt."), SOME },
	/* RFC 9462, 6.4: an upstream would answer for itself. */
	{ Q("_dns.resolver.arpa.", "SVCB"),
	    NONE("_dns.resolver.arpa.", "SVCB") ZONE("resolver.arpa."), SOME },
	{ Q("resolver.arpa.", "SVCB"),
	    GOOD("resolver.arpa.", "SVCB") ZONE("resolver.arpa."), SOME },
	/* RFC 9665. */
	{ Q("default.service.arpa.", "A"), NULL, SOME },
	{ Q("default.service.arpa.", "A"),
	    NONE("default.service.arpa.", "A") ZONE("service.arpa."), ALL },
	/* An upstream is configured for the name. */
	{ Q("x.home.arpa.", "A"), NULL, LOCAL_ZONES_NONE },
	{ Q("x.onion.", "A"), NULL, LOCAL_ZONES_NONE },
	{ Q("1.0.0.10.in-addr.arpa.", "PTR"), NULL, LOCAL_ZONES_NONE },
	{ Q("router.", "A"),
	    GOOD("router.", "A") RECORD("router.", "A", "198.51.100.1"),
	    LOCAL_ZONES_NONE },
	/* Names that a site may have a use for. */
	{ Q("x.test.", "A"), NULL, SOME },
	{ Q("x.test.", "A"), NONE("x.test.", "A") ZONE("test."), ALL },
	{ Q("x.local.", "A"), NULL, SOME },
	{ Q("x.local.", "A"), NONE("x.local.", "A") ZONE("local."), ALL },
	{ Q("x.home.arpa.", "A"), NULL, SOME },
	{ Q("x.home.arpa.", "A"), NONE("x.home.arpa.", "A") ZONE("home.arpa."),
	    ALL },
	{ Q("home.arpa.", "A"), GOOD("home.arpa.", "A") ZONE("home.arpa."),
	    ALL },
	{ Q("home.arpa.", "NS"),
	    GOOD("home.arpa.", "NS") RECORD("home.arpa.", "NS", "home.arpa."),
	    ALL },
	{ Q("home.arpa.", "SOA"),
	    GOOD("home.arpa.",
		"SOA") "AN home.arpa. 60 IN SOA home.arpa. nobody.invalid. "
		       "1 3600 1200 604800 60\n",
	    ALL },
	{ Q("home.arpa.", "DS"), NULL, ALL },
	/* RFC 6303 and RFC 7793. */
	{ Q("1.0.0.10.in-addr.arpa.", "PTR"), NULL, SOME },
	{ Q("1.0.0.10.in-addr.arpa.", "PTR"),
	    NONE("1.0.0.10.in-addr.arpa.", "PTR") ZONE("10.in-addr.arpa."),
	    ALL },
	{ Q("a.b.1.0.0.10.in-addr.arpa.", "PTR"),
	    NONE("a.b.1.0.0.10.in-addr.arpa.", "PTR") ZONE("10.in-addr.arpa."),
	    ALL },
	{ Q("31.172.in-addr.arpa.", "PTR"),
	    GOOD("31.172.in-addr.arpa.", "PTR") ZONE("31.172.in-addr.arpa."),
	    ALL },
	{ Q("32.172.in-addr.arpa.", "PTR"), NULL, ALL },
	{ Q("1.127.100.in-addr.arpa.", "PTR"),
	    NONE("1.127.100.in-addr.arpa.", "PTR")
		ZONE("127.100.in-addr.arpa."),
	    ALL },
	{ Q("1.128.100.in-addr.arpa.", "PTR"), NULL, ALL },
	{ Q("1.113.0.203.in-addr.arpa.", "PTR"),
	    NONE("1.113.0.203.in-addr.arpa.", "PTR")
		ZONE("113.0.203.in-addr.arpa."),
	    ALL },
	{ Q("170.0.0.192.in-addr.arpa.", "PTR"), NULL, ALL },
	{ Q("8.8.8.8.in-addr.arpa.", "PTR"), NULL, ALL },
	{ Q("in-addr.arpa.", "NS"), NULL, ALL },
	{ Q("1."
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." NIBBLES16 "ip6.arpa.",
	      "PTR"),
	    GOOD("1."
		 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." NIBBLES16 "ip6.arpa.",
		"PTR")
		ZONE("1."
		     "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." NIBBLES16 "ip6.arpa."),
	    ALL },
	{ Q("x.d.f.ip6.arpa.", "PTR"),
	    NONE("x.d.f.ip6.arpa.", "PTR") ZONE("d.f.ip6.arpa."), ALL },
	{ Q("1.b.e.f.ip6.arpa.", "PTR"),
	    NONE("1.b.e.f.ip6.arpa.", "PTR") ZONE("b.e.f.ip6.arpa."), ALL },
	{ Q("1.c.e.f.ip6.arpa.", "PTR"), NULL, ALL },
};

/*
 * Every name of IANA's registries, "Locally-Served DNS Zones" and
 * "Special-Use Domain Names": with what the zone that answers it begins, in
 * any case and with `special-zones yes`.
 */
static const struct {
	const char *name;
	const char *some; /* NULL: it goes upstream */
	const char *all;
} registered[] = {
	/* RFC 6303, 4. */
	{ "10.in-addr.arpa", NULL, "10.in-addr.arpa." },
	{ "16.172.in-addr.arpa", NULL, "16.172.in-addr.arpa." },
	{ "1.23.172.in-addr.arpa", NULL, "23.172.in-addr.arpa." },
	{ "31.172.in-addr.arpa", NULL, "31.172.in-addr.arpa." },
	{ "168.192.in-addr.arpa", NULL, "168.192.in-addr.arpa." },
	{ "0.in-addr.arpa", NULL, "0.in-addr.arpa." },
	{ "127.in-addr.arpa", NULL, "127.in-addr.arpa." },
	{ "254.169.in-addr.arpa", NULL, "254.169.in-addr.arpa." },
	{ "2.0.192.in-addr.arpa", NULL, "2.0.192.in-addr.arpa." },
	{ "100.51.198.in-addr.arpa", NULL, "100.51.198.in-addr.arpa." },
	{ "113.0.203.in-addr.arpa", NULL, "113.0.203.in-addr.arpa." },
	{ "255.255.255.255.in-addr.arpa", NULL,
	    "255.255.255.255.in-addr.arpa." },
	{ "0.0." ZERO10 ZERO10 ZERO10 "ip6.arpa", NULL,
	    "0.0." ZERO10 ZERO10 ZERO10 "ip6.arpa." },
	{ "1.0." ZERO10 ZERO10 ZERO10 "ip6.arpa", NULL,
	    "1.0." ZERO10 ZERO10 ZERO10 "ip6.arpa." },
	{ "d.f.ip6.arpa", NULL, "d.f.ip6.arpa." },
	{ "8.e.f.ip6.arpa", NULL, "8.e.f.ip6.arpa." },
	{ "9.e.f.ip6.arpa", NULL, "9.e.f.ip6.arpa." },
	{ "a.e.f.ip6.arpa", NULL, "a.e.f.ip6.arpa." },
	{ "b.e.f.ip6.arpa", NULL, "b.e.f.ip6.arpa." },
	{ "8.b.d.0.1.0.0.2.ip6.arpa", NULL, "8.b.d.0.1.0.0.2.ip6.arpa." },
	/* RFC 7793. */
	{ "64.100.in-addr.arpa", NULL, "64.100.in-addr.arpa." },
	{ "127.100.in-addr.arpa", NULL, "127.100.in-addr.arpa." },
	/* RFC 8375, RFC 9462, RFC 9665. */
	{ "home.arpa", NULL, "home.arpa." },
	{ "resolver.arpa", "resolver.arpa.", "resolver.arpa." },
	{ "default.service.arpa", NULL, "service.arpa." },
	/* RFC 6761, 6.2 to 6.5; RFC 6762; RFC 7686; RFC 9476. */
	{ "test", NULL, "test." },
	{ "localhost", "localhost.", "localhost." },
	{ "invalid", "invalid.", "invalid." },
	{ "example", NULL, NULL },
	{ "example.com", NULL, NULL },
	{ "www.example.net", NULL, NULL },
	{ "example.org", NULL, NULL },
	{ "local", NULL, "local." },
	{ "onion", "onion.", "onion." },
	{ "alt", "alt.", "alt." },
	/* RFC 9031, RFC 9140, RFC 9965. */
	{ "6tisch.arpa", NULL, "6tisch.arpa." },
	{ "eap-noob.arpa", NULL, "eap-noob.arpa." },
	{ "tls.eap.arpa", NULL, "eap.arpa." },
	/* RFC 8880, 7: what DNS64 does not answer itself is not special. */
	{ "ipv4only.arpa", NULL, NULL },
	{ "170.0.0.192.in-addr.arpa", NULL, NULL },
	{ "171.0.0.192.in-addr.arpa", NULL, NULL },
	/* Not registered: RFC 7535, RFC 9637, and neighbours. */
	{ "empty.as112.arpa", NULL, NULL },
	{ "0.f.f.f.3.ip6.arpa", NULL, NULL },
	{ "63.100.in-addr.arpa", NULL, NULL },
	{ "128.100.in-addr.arpa", NULL, NULL },
	{ "15.172.in-addr.arpa", NULL, NULL },
	{ "11.in-addr.arpa", NULL, NULL },
	{ "c.f.ip6.arpa", NULL, NULL },
	{ "7.e.f.ip6.arpa", NULL, NULL },
	{ "2.0." ZERO10 ZERO10 ZERO10 "ip6.arpa", NULL, NULL },
	{ "arpa", NULL, NULL },
};

static const char *
zone_of(const uint8_t *name, enum local_zones which)
{
	static char zone[NAME_TEXT_MAX];
	const uint8_t *apex;

	return (local_zone_find(name, which, &apex) == LOCAL_ZONE_NONE ?
		NULL :
		name_to_text(apex, zone));
}

/* Shows: DNS64-91 */
START_TEST(registered_name_is_answered_by_its_zone_or_goes_upstream)
{
	uint8_t name[MSG_NAME_MAX];

	ck_assert_uint_gt(name_from_text(registered[_i].name, name), 0);
	ck_assert_pstr_eq(zone_of(name, LOCAL_ZONES_NONE), NULL);
	ck_assert_pstr_eq(zone_of(name, SOME), registered[_i].some);
	ck_assert_pstr_eq(zone_of(name, ALL), registered[_i].all);
}
END_TEST

/* Shows: DNS64-91 */
START_TEST(local_name_gets_the_answer_of_its_row)
{
	const struct row *row = &rows[_i];
	const char *got = ask(row->query, row->zones);

	if (row->answer == NULL)
		ck_assert_msg(got == NULL, "%s", row->query);
	else
		ck_assert_msg(got != NULL && strcmp(got, row->answer) == 0,
		    "%s%sexpected:\n%s", row->query, got, row->answer);
}
END_TEST

/* Shows: DNS64-91 DNS64-17 */
START_TEST(no_aaaa_is_made_where_rules_or_the_view_say_so)
{
	const struct prefix none = { .family = AF_INET,
		.len = 24,
		.v4.s_addr = htonl(0xc6336400) };

	ck_assert_int_eq(policy_add_rule(&policy, &none, POLICY_TARGET_NONE),
	    0);
	ck_assert_str_eq(ask(Q("router.", "AAAA"), SOME),
	    GOOD("router.", "AAAA") ZONE("router."));
	set_policy(NSP);
	policy.dns64 = POLICY_DNS64_NO;
	ck_assert_str_eq(ask(Q("router.", "AAAA"), SOME),
	    GOOD("router.", "AAAA") ZONE("router."));
}
END_TEST

/* Shows: DNS64-90 DNS64-91 */
START_TEST(filter_a_hides_local_addresses_too)
{
	policy.filter_a = true;
	ck_assert_str_eq(ask(Q("router.", "A"), SOME),
	    GOOD("router.", "A") ZONE("router."));
}
END_TEST

static Suite *
local_suite(void)
{
	Suite *s = suite_create("local");
	TCase *tc = tcase_create("local");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, local_name_gets_the_answer_of_its_row, 0,
	    NITEMS(rows));
	tcase_add_loop_test(tc,
	    registered_name_is_answered_by_its_zone_or_goes_upstream, 0,
	    NITEMS(registered));
	tcase_add_test(tc, no_aaaa_is_made_where_rules_or_the_view_say_so);
	tcase_add_test(tc, filter_a_hides_local_addresses_too);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(local_suite()));
}
