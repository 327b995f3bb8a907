/*
 * Tests of reverse names below a Pref64 and of ipv4only.arpa: rows of
 * question, reply of the upstream and answer.
 */
#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"
#include "dns64d/synth/synth_ptr.h"

#include "tests/unit/dns_text.h"
#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t query_wire[MSG_MAX], reply_wire[MSG_MAX], out[MSG_MAX];
static struct msg_scan query, reply;
static struct dns64_policy policy;
static char text[DNS_TEXT_MAX];

static int
add_prefix(const char *prefix, unsigned len)
{
	struct in6_addr addr;
	struct pref64 p;

	ck_assert_int_eq(inet_pton(AF_INET6, prefix, &addr), 1);
	ck_assert_ptr_null(pref64_init(&p, &addr, len));
	return (policy_add_prefix(&policy, &p));
}

/* Two prefixes for AAAA, and one for reverse names only. */
static void
set_policy(void)
{
	const struct prefix all = { .family = AF_INET };

	policy_clear(&policy);
	ck_assert_int_eq(policy_init(&policy), 0);
	ck_assert_int_eq(policy_add_rule(&policy, &all,
			     add_prefix("64:ff9b::", 96)),
	    0);
	ck_assert_int_eq(policy_add_rule(&policy, &all,
			     add_prefix("2001:db8:122:300::", 56)),
	    0);
	add_prefix("2001:db8:99::", 96);
	policy.ipv4only_ttl = 1800;
	ck_assert_int_eq(policy_finish(&policy), 0);
}

static void
set_query(const char *t)
{
	size_t len;

	len = dns_text_write(t, 0x1234, false, query_wire);
	ck_assert_int_eq(msg_scan(query_wire, len, &query), MSG_SCAN_OK);
}

static void
set_reply(const char *t)
{
	size_t len;

	len = dns_text_write(t, 1, true, reply_wire);
	ck_assert_int_eq(msg_scan(reply_wire, len, &reply), MSG_SCAN_OK);
}

static const char *
answer_text(struct synth *s)
{
	size_t len;

	len = synth_answer(s, 1232, out);
	ck_assert_int_eq(msg_scan(out, len, &(struct msg_scan){ 0 }),
	    MSG_SCAN_OK);
	return (dns_text_read(out, len, text));
}

#define WKP_ARPA "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa."
#define REV33 "1.2.2.0.0.0.0.c." WKP_ARPA /* 64:ff9b::192.0.2.33 */
#define REV170 "a.a.0.0.0.0.0.c." WKP_ARPA
#define REV171                                             \
	"b.a.0.0.0.0.0.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." \
	"B.9.F.F.4.6.0.0.iP6.aRPa."
/* 2001:db8:122:3c0:0:221:: under a /56 */
#define REV56                                                      \
	"0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c.3.0.2.2.1.0.8.b.d.0." \
	"1.0.0.2.ip6.arpa."
/* the same with octet 8 not zero, and with a suffix */
#define REV56_U                                                    \
	"0.0.0.0.0.0.0.0.1.2.2.0.0.0.1.0.0.c.3.0.2.2.1.0.8.b.d.0." \
	"1.0.0.2.ip6.arpa."
#define REV56_SUFFIX                                               \
	"f.f.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c.3.0.2.2.1.0.8.b.d.0." \
	"1.0.0.2.ip6.arpa."
#define REV99                                                      \
	"1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.9.9.0.0.8.b.d.0." \
	"1.0.0.2.ip6.arpa."
#define IN4 "33.2.0.192.in-addr.arpa."

static const struct name_row {
	const char *name;
	const char *query;
	enum ptr_kind kind;
	const char *addr4;
} name_rows[] = {
	{ "in 64:ff9b::/96", REV33 " PTR", PTR_PREF64, "192.0.2.33" },
	{ "in a /56", REV56 " PTR", PTR_PREF64, "192.0.2.33" },
	{ "suffix is ignored", REV56_SUFFIX " PTR", PTR_PREF64, "192.0.2.33" },
	{ "prefix for reverse names only", REV99 " PTR", PTR_PREF64,
	    "192.0.2.33" },
	{ "192.0.0.170", REV170 " PTR", PTR_PREF64_SPECIAL, "192.0.0.170" },
	{ "192.0.0.171 in capitals", REV171 " PTR", PTR_PREF64_SPECIAL,
	    "192.0.0.171" },
	{ "octet 8 not zero", REV56_U " PTR", PTR_NONE, NULL },
	{ "TXT", REV33 " TXT", PTR_NONE, NULL },
	{ "CNAME", REV33 " CNAME", PTR_NONE, NULL },
	{ "ANY", REV33 " ANY", PTR_NONE, NULL },
	{ "class CH", REV33 " CH PTR", PTR_NONE, NULL },
	{ "31 nibbles", "2.2.0.0.0.0.c." WKP_ARPA " PTR", PTR_NONE, NULL },
	{ "33 nibbles", "1." REV33 " PTR", PTR_NONE, NULL },
	{ "no hexadecimal digit", "g.2.2.0.0.0.0.c." WKP_ARPA " PTR", PTR_NONE,
	    NULL },
	{ "label of two digits", "11.2.2.0.0.0.0.c." WKP_ARPA " PTR", PTR_NONE,
	    NULL },
	{ "outside every prefix",
	    "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.b.9.f.f.4.6.1.0.ip6.arpa. PTR",
	    PTR_NONE, NULL },
	{ "under another tree",
	    "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpx. PTR",
	    PTR_NONE, NULL },
	{ "ip6.arpa itself", "ip6.arpa. PTR", PTR_NONE, NULL },
	{ "the root", ". PTR", PTR_NONE, NULL },
	{ "in-addr.arpa of 170", "170.0.0.192.in-addr.arpa. PTR", PTR_NONE,
	    NULL },
	{ "ipv4only.arpa", "ipv4only.arpa. AAAA", PTR_IPV4ONLY, NULL },
	{ "ipv4only.arpa in capitals", "IPV4only.ARPA. MX", PTR_IPV4ONLY,
	    NULL },
	{ "ipv4only.arpa DS", "ipv4only.arpa. DS", PTR_NONE, NULL },
	{ "ipv4only.arpa in CH", "ipv4only.arpa. CH A", PTR_NONE, NULL },
	{ "below ipv4only.arpa", "www.ipv4only.arpa. A", PTR_IPV4ONLY_BELOW,
	    NULL },
	{ "like ipv4only.arpa", "xipv4only.arpa. A", PTR_NONE, NULL },
};

/* Shows: DNS64-23 DNS64-24 DNS64-31 DNS64-32 DNS64-49 DNS64-50 DNS64-51 */
START_TEST(question_is_of_the_kind_of_its_row)
{
	const struct name_row *row = &name_rows[_i];
	struct in_addr addr4 = { 0 }, expected;
	char t[400];

	set_policy();
	snprintf(t, sizeof(t), "NOERROR rd\n%s", row->query);
	set_query(t);
	ck_assert_msg(ptr_classify(&policy, &query, &addr4) == row->kind, "%s",
	    row->name);
	if (row->addr4 == NULL)
		return;
	inet_pton(AF_INET, row->addr4, &expected);
	ck_assert_msg(addr4.s_addr == expected.s_addr, "%s", row->name);
}
END_TEST

#define Q(name) "NOERROR rd\n" name "\n"
#define HEAD "NOERROR rd ra\n" REV33 " PTR\n"
#define SOA "NS 2.0.192.in-addr.arpa. 60 IN SOA a. b. 1 2 3 4 5\n"

static const struct cname_row {
	const char *name;
	const char *reply; /* NULL: none */
	const char *answer;
} cname_rows[] = {
	{ "PTR",
	    "NOERROR aa ra ad\n" IN4 " PTR\n"
	    "AN " IN4 " 300 IN PTR www.example.\nNS example. 9 IN NS a.\n",
	    "NOERROR aa rd ra\n" REV33 " PTR\n"
	    "AN " REV33 " 300 IN CNAME " IN4 "\n"
	    "AN " IN4 " 300 IN PTR www.example.\nNS example. 9 IN NS a.\n" },
	{ "two PTR",
	    "NOERROR ra\n" IN4 " PTR\n"
	    "AN " IN4 " 300 IN PTR a.example.\n"
	    "AN " IN4 " 300 IN PTR b.example.\n",
	    HEAD "AN " REV33 " 300 IN CNAME " IN4 "\n"
		 "AN " IN4 " 300 IN PTR a.example.\n"
		 "AN " IN4 " 300 IN PTR b.example.\n" },
	{ "chain",
	    "NOERROR ra\n" IN4 " PTR\n"
	    "AN " IN4 " 77 IN CNAME 33.x.example.\n"
	    "AN 33.x.example. 300 IN PTR www.example.\n",
	    HEAD "AN " REV33 " 77 IN CNAME " IN4 "\n"
		 "AN " IN4 " 77 IN CNAME 33.x.example.\n"
		 "AN 33.x.example. 300 IN PTR www.example.\n" },
	{ "TTL is capped",
	    "NOERROR ra\n" IN4 " PTR\n"
	    "AN " IN4 " 86400 IN PTR www.example.\n",
	    HEAD "AN " REV33 " 600 IN CNAME " IN4 "\n"
		 "AN " IN4 " 86400 IN PTR www.example.\n" },
	{ "TTL is never 0",
	    "NOERROR ra\n" IN4 " PTR\n"
	    "AN " IN4 " 0 IN PTR www.example.\n",
	    HEAD "AN " REV33 " 1 IN CNAME " IN4 "\n"
		 "AN " IN4 " 0 IN PTR www.example.\n" },
	{ "NXDOMAIN", "NXDOMAIN ra\n" IN4 " PTR\n" SOA,
	    "NXDOMAIN rd ra\n" REV33 " PTR\n" SOA },
	{ "NODATA", "NOERROR ra\n" IN4 " PTR\n" SOA, HEAD SOA },
	{ "chain without PTR",
	    "NOERROR ra\n" IN4 " PTR\n"
	    "AN " IN4 " 77 IN CNAME 33.x.example.\n" SOA,
	    HEAD SOA },
	{ "SERVFAIL", "SERVFAIL ra\n" IN4 " PTR\n",
	    "SERVFAIL rd ra\n" REV33 " PTR\n" },
	{ "no reply", NULL, "SERVFAIL rd ra\n" REV33 " PTR\n" },
};

/* Shows: DNS64-29 DNS64-30 */
START_TEST(cname_leads_to_the_name_in_in_addr_arpa)
{
	const struct cname_row *row = &cname_rows[_i];
	struct msg_question q;
	struct synth s;

	set_policy();
	set_query(Q(REV33 " PTR"));
	ck_assert_uint_eq(synth_begin(&s, &policy, &query), SYNTH_ASK_MAIN);
	synth_question(&s, SYNTH_MAIN, &q);
	ck_assert_uint_eq(q.type, MSG_T_PTR);
	ck_assert_uint_eq(q.flags, MSG_RD);
	ck_assert_uint_eq(q.name_len, 25);
	ck_assert_mem_eq(q.name, "\00233\0012\0010\003192\007in-addr\004arpa",
	    25);
	if (row->reply != NULL) {
		set_reply(row->reply);
		ck_assert_uint_eq(synth_reply(&s, SYNTH_MAIN, &reply),
		    SYNTH_ANSWER);
	} else
		ck_assert_uint_eq(synth_fail(&s, SYNTH_MAIN), SYNTH_ANSWER);
	ck_assert_msg(strcmp(answer_text(&s), row->answer) == 0,
	    "%s:\n%sexpected:\n%s", row->name, text, row->answer);
}
END_TEST

#define LOCAL_SOA                                       \
	"NS ipv4only.arpa. 1800 IN SOA ipv4only.arpa. " \
	"nobody.invalid. 1 3600 1200 604800 1800\n"

static const struct local_row {
	const char *name;
	const char *query;
	const char *answer;
} local_rows[] = {
	{ "A", Q("ipv4only.arpa. A"),
	    "NOERROR aa rd ra\nipv4only.arpa. A\n"
	    "AN ipv4only.arpa. 1800 IN A 192.0.0.170\n"
	    "AN ipv4only.arpa. 1800 IN A 192.0.0.171\n" },
	{ "AAAA in every prefix that makes AAAA", Q("ipv4only.arpa. AAAA"),
	    "NOERROR aa rd ra\nipv4only.arpa. AAAA\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 64:ff9b::c000:aa\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 64:ff9b::c000:ab\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 2001:db8:122:3c0:0:aa::\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 2001:db8:122:3c0:0:ab::\n" },
	{ "ANY", Q("ipv4only.arpa. ANY"),
	    "NOERROR aa rd ra\nipv4only.arpa. ANY\n"
	    "AN ipv4only.arpa. 1800 IN A 192.0.0.170\n"
	    "AN ipv4only.arpa. 1800 IN A 192.0.0.171\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 64:ff9b::c000:aa\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 64:ff9b::c000:ab\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 2001:db8:122:3c0:0:aa::\n"
	    "AN ipv4only.arpa. 1800 IN AAAA 2001:db8:122:3c0:0:ab::\n" },
	{ "another type", Q("ipv4only.arpa. MX"),
	    "NOERROR aa rd ra\nipv4only.arpa. MX\n" LOCAL_SOA },
	{ "a name below", Q("www.ipv4only.arpa. AAAA"),
	    "NXDOMAIN aa rd ra\nwww.ipv4only.arpa. AAAA\n" LOCAL_SOA },
	{ "PTR of .170", Q(REV170 " PTR"),
	    "NOERROR aa rd ra\n" REV170 " PTR\n"
	    "AN " REV170 " 1800 IN PTR ipv4only.arpa.\n" },
	{ "RD=0, CD=1, DO=1 and capitals",
	    "NOERROR cd\nIpv4only.arpa. A\nOPT 4096 do",
	    "NOERROR aa ra cd\nIpv4only.arpa. A\n"
	    "AN Ipv4only.arpa. 1800 IN A 192.0.0.170\n"
	    "AN Ipv4only.arpa. 1800 IN A 192.0.0.171\nOPT 1232 do\n" },
};

/* Shows: DNS64-48 DNS64-50 DNS64-52 */
START_TEST(ipv4only_is_answered_without_upstream)
{
	const struct local_row *row = &local_rows[_i];
	struct synth s;

	set_policy();
	policy.force = true;
	set_query(row->query);
	ck_assert_uint_eq(synth_begin(&s, &policy, &query), SYNTH_ANSWER);
	ck_assert_msg(strcmp(answer_text(&s), row->answer) == 0,
	    "%s:\n%sexpected:\n%s", row->name, text, row->answer);
	ck_assert_int_eq(s.outcome, SYNTH_O_LOCAL);
}
END_TEST

/* Shows: DNS64-29 DNS64-32 */
START_TEST(local_mode_gives_the_configured_name)
{
	static const uint8_t name[] = "\5nat64\7example";
	struct synth s;

	set_policy();
	policy.ptr_mode = POLICY_PTR_LOCAL;
	memcpy(policy.ptr_name, name, sizeof(name));
	policy.ptr_name_len = sizeof(name);
	set_query(Q(REV33 " PTR"));
	ck_assert_uint_eq(synth_begin(&s, &policy, &query), SYNTH_ANSWER);
	ck_assert_str_eq(answer_text(&s),
	    "NOERROR aa rd ra\n" REV33 " PTR\nAN " REV33
	    " 600 IN PTR nat64.example.\n");

	set_query(Q(REV33 " TXT"));
	ck_assert_uint_eq(synth_begin(&s, &policy, &query), SYNTH_ASK_MAIN);
}
END_TEST

/* Shows: DNS64-38 DNS64-42 */
START_TEST(reverse_name_is_passed_without_rd_or_with_cd)
{
	struct msg_question q;
	struct synth s;

	set_policy();
	set_query("NOERROR\n" REV33 " PTR");
	synth_begin(&s, &policy, &query);
	synth_question(&s, SYNTH_MAIN, &q);
	ck_assert_uint_eq(q.name_len, query.qname_len);
	set_query("NOERROR rd cd\n" REV33 " PTR\nOPT 1232 do");
	synth_begin(&s, &policy, &query);
	synth_question(&s, SYNTH_MAIN, &q);
	ck_assert_uint_eq(q.name_len, query.qname_len);
}
END_TEST

static Suite *
synth_ptr_suite(void)
{
	Suite *s = suite_create("synth_ptr");
	TCase *tc = tcase_create("ptr");

	tcase_add_loop_test(tc, question_is_of_the_kind_of_its_row, 0,
	    NITEMS(name_rows));
	tcase_add_loop_test(tc, cname_leads_to_the_name_in_in_addr_arpa, 0,
	    NITEMS(cname_rows));
	tcase_add_loop_test(tc, ipv4only_is_answered_without_upstream, 0,
	    NITEMS(local_rows));
	tcase_add_test(tc, local_mode_gives_the_configured_name);
	tcase_add_test(tc, reverse_name_is_passed_without_rd_or_with_cd);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(synth_ptr_suite()));
}
