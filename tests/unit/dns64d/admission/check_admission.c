/*
 * Tests of the admission: which messages become questions, and which options
 * the replies carry. Messages are built octet by octet, for what matters here
 * is in options that libldns knows nothing of.
 */
#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "common/rng.h"
#include "dns64d/admission/cookie.h"
#include "dns64d/admission/admission.h"
#include "dns64d/wire/msg.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1559731985

static uint8_t wire[600], out[1400];
static struct msg_scan scan;
static struct admission_rules rules;
static struct admission_pass pass;
static struct admission *admission;
static enum msg_query_verdict verdict;
static unsigned rcode;
static struct sockaddr_storage client;
static struct monotime now;
static struct admission_peer peer = { .addr = &client };

static uint32_t
counter(void *arg)
{
	uint32_t *n = arg;

	return (*n += 0x9e3779b9);
}

static uint32_t seed;
static const struct rng rng = { counter, &seed };
static const struct siphash_key seed_of_secrets = { { 1 } };

static void
setup(void)
{
	struct sockaddr_in *sin = (void *)&client;

	memset(&client, 0, sizeof(client));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0xc0000201);
	admission_rules_init(&rules);
	rules.keepalive_secs = 10;
	peer.tcp = peer.busy = false;
	peer.allowed = true;
	seed = 1;
	now.ns = 0;
	admission = admission_new(&rng, &seed_of_secrets);
	ck_assert_ptr_nonnull(admission);
}

static void
teardown(void)
{
	admission_free(admission);
}

#define WWW "\3www\7example\0\0\1\0\1"

/* A query with an OPT of these options; options NULL: without OPT. */
static void
set_query(uint16_t questions, const char *options, size_t len)
{
	size_t n = MSG_HEADER_LEN;

	memset(wire, 0, n);
	put16(wire, 0x1234);
	put16(wire + 2, MSG_RD);
	put16(wire + 4, questions);
	if (questions > 0) {
		memcpy(wire + n, WWW, sizeof(WWW) - 1);
		n += sizeof(WWW) - 1;
	}
	if (options != NULL) {
		put16(wire + 10, 1);
		put_opt(wire + n, 4096, 0, false);
		put16(wire + n + OPT_LEN - 2, (uint16_t)len);
		memcpy(wire + n + OPT_LEN, options, len);
		n += OPT_LEN + len;
	}
	verdict = msg_scan_query(wire, n, &scan, &rcode);
}

#define SET_QUERY(questions, options) \
	set_query(questions, options, sizeof(options) - 1)

static enum admission_verdict
check(uint32_t unix_secs)
{
	return (admission_check(admission, &rules, &peer, &scan, verdict,
	    &rcode, unix_secs, now, &pass));
}

#define CLIENT_COOKIE  \
	"\0\x0a\0\x08" \
	"abcdefgh"
#define SUBNET4 "\0\x08\0\7\0\1\x18\0\xc0\0\2"

static const struct row {
	const char *name;
	const char *options;
	size_t len;
	uint16_t questions;
	enum admission_verdict verdict;
	unsigned rcode;
} rows[] = {
#define ROW(name, options, questions, verdict, rcode)                         \
	{                                                                     \
		name, options, sizeof(options) - 1, questions, verdict, rcode \
	}
	ROW("no options", "", 1, ADMISSION_PASS, 0),
	ROW("unknown option", "\xff\xfe\0\1x", 1, ADMISSION_PASS, 0),
	ROW("client cookie", CLIENT_COOKIE, 1, ADMISSION_PASS, 0),
	ROW("client cookie of 7", "\0\x0a\0\7abcdefg", 1, ADMISSION_REJECT,
	    MSG_FORMERR),
	ROW("server cookie of 7",
	    "\0\x0a\0\x0f"
	    "abcdefgh1234567",
	    1, ADMISSION_REJECT, MSG_FORMERR),
	ROW("server cookie of 8",
	    "\0\x0a\0\x10"
	    "abcdefgh12345678",
	    1, ADMISSION_PASS, 0),
	ROW("server cookie of 32",
	    "\0\x0a\0\x28"
	    "abcdefgh12345678123456781234567812345678",
	    1, ADMISSION_PASS, 0),
	ROW("server cookie of 33",
	    "\0\x0a\0\x29"
	    "abcdefgh123456781234567812345678123456789",
	    1, ADMISSION_REJECT, MSG_FORMERR),
	ROW("subnet", SUBNET4, 1, ADMISSION_PASS, 0),
	ROW("subnet of length 0", "\0\x08\0\4\0\1\0\0", 1, ADMISSION_PASS, 0),
	ROW("subnet with a scope", "\0\x08\0\7\0\1\x18\1\xc0\0\2", 1,
	    ADMISSION_REJECT, MSG_FORMERR),
	ROW("subnet with too much", "\0\x08\0\x08\0\1\x18\0\xc0\0\2\1", 1,
	    ADMISSION_REJECT, MSG_FORMERR),
	ROW("subnet with bits behind it", "\0\x08\0\7\0\1\x17\0\xc0\0\3", 1,
	    ADMISSION_REJECT, MSG_FORMERR),
	ROW("subnet of unknown family", "\0\x08\0\4\0\3\0\0", 1,
	    ADMISSION_REJECT, MSG_FORMERR),
	ROW("subnet longer than an address",
	    "\0\x08\0\x09\0\1\x21\0\xc0\0\2\0\0", 1, ADMISSION_REJECT,
	    MSG_FORMERR),
	ROW("keepalive with a time", "\0\x0b\0\2\0\1", 1, ADMISSION_REJECT,
	    MSG_FORMERR),
	ROW("no question", "", 0, ADMISSION_REJECT, MSG_FORMERR),
	ROW("no question, client cookie", CLIENT_COOKIE, 0, ADMISSION_REJECT,
	    MSG_NOERROR),
	ROW("no question, bad server cookie",
	    "\0\x0a\0\x10"
	    "abcdefgh12345678",
	    0, ADMISSION_REJECT, MSG_BADCOOKIE),
};

/* Shows: DNS64-39 DNS64-57 DNS64-60 DNS64-73 DNS64-74 */
START_TEST(message_gets_the_verdict_of_its_row)
{
	const struct row *row = &rows[_i];

	set_query(row->questions, row->options, row->len);
	ck_assert_msg(check(NOW) == row->verdict, "%s", row->name);
	if (row->verdict == ADMISSION_REJECT)
		ck_assert_msg(rcode == row->rcode, "%s: rcode %u", row->name,
		    rcode);
}
END_TEST

/* The options of the reply that the admission finishes, behind OPT's head. */
static size_t
finish(const struct msg_scan *upstream, struct msg_scan *reply)
{
	size_t len;

	len = msg_write_error(&scan, MSG_SERVFAIL, out);
	len = admission_finish(&pass, &scan, 1232, upstream, out, len);
	ck_assert_int_eq(msg_scan(out, len, reply), MSG_SCAN_OK);
	return (len);
}

static void
expect_options(const struct msg_scan *reply, const char *options, size_t len)
{
	ck_assert_uint_eq(reply->opt_end - reply->opt - OPT_LEN, len);
	ck_assert_mem_eq(reply->wire + reply->opt + OPT_LEN, options, len);
}

#define EXPECT_OPTIONS(reply, options) \
	expect_options(reply, options, sizeof(options) - 1)

/* Shows: DNS64-56 DNS64-85 */
START_TEST(reply_without_edns_has_no_options)
{
	struct msg_scan reply;

	set_query(1, NULL, 0);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	ede_add(&pass.ede, EDE_NETWORK_ERROR);
	finish(NULL, &reply);
	ck_assert_uint_eq(reply.opt, 0);
}
END_TEST

/* Shows: DNS64-73 */
START_TEST(cookie_is_given_and_known_again)
{
	static const struct siphash_key secret = { "0123456789abcde" };
	char option[4 + COOKIE_LEN] = { 0, OPTION_COOKIE, 0, COOKIE_LEN };
	uint8_t expected[COOKIE_LEN];
	struct msg_scan reply;

	rules.secret[0] = secret;
	rules.n_secrets = 1;
	cookie_make(&secret, (const uint8_t *)"abcdefgh", &client, NOW,
	    expected);
	SET_QUERY(1, CLIENT_COOKIE);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	memcpy(option + 4, expected, sizeof(expected));
	finish(NULL, &reply);
	expect_options(&reply, option, sizeof(option));

	/* Good for half an hour as it is, then replaced. */
	set_query(1, option, sizeof(option));
	ck_assert_int_eq(check(NOW + 1000), ADMISSION_PASS);
	finish(NULL, &reply);
	expect_options(&reply, option, sizeof(option));
	check(NOW + 2000);
	ck_assert_uint_eq(get32(pass.options.cookie + 12), NOW + 2000);

	rules.no_cookies = true;
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	ck_assert_uint_eq(pass.options.cookie_len, 0);
}
END_TEST

/* Shows: DNS64-73 */
START_TEST(own_secret_is_renewed_and_the_old_one_still_good)
{
	char option[4 + COOKIE_LEN] = { 0, OPTION_COOKIE, 0, COOKIE_LEN };

	SET_QUERY(0, CLIENT_COOKIE);
	check(NOW);
	memcpy(option + 4, pass.options.cookie, COOKIE_LEN);
	set_query(0, option, sizeof(option));
	now = monotime_add_secs(now, ADMISSION_SECRET_LIFE_SECS);
	check(NOW + 10);
	ck_assert_uint_eq(rcode, MSG_NOERROR);
	ck_assert_mem_ne(pass.options.cookie + 16, option + 20, 8);
	now = monotime_add_secs(now, ADMISSION_SECRET_LIFE_SECS);
	check(NOW + 20);
	ck_assert_uint_eq(rcode, MSG_BADCOOKIE);
}
END_TEST

/* The client's next query may meet another admission. */
START_TEST(admissions_with_the_same_seed_take_each_others_cookies)
{
	static const struct siphash_key other_seed = { { 2 } };
	char option[4 + COOKIE_LEN] = { 0, OPTION_COOKIE, 0, COOKIE_LEN };
	struct admission *first = admission;

	SET_QUERY(0, CLIENT_COOKIE);
	check(NOW);
	memcpy(option + 4, pass.options.cookie, COOKIE_LEN);
	set_query(0, option, sizeof(option));
	now = monotime_add_secs(now, ADMISSION_SECRET_LIFE_SECS);
	admission = admission_new(&rng, &seed_of_secrets);
	check(NOW + 10);
	ck_assert_uint_eq(rcode, MSG_NOERROR);
	admission_free(admission);
	admission = admission_new(&rng, &other_seed);
	check(NOW + 10);
	ck_assert_uint_eq(rcode, MSG_BADCOOKIE);
	admission_free(admission);
	admission = first;
}
END_TEST

/* Shows: DNS64-73 DNS64-95 */
START_TEST(badcookie_comes_under_pressure_only)
{
	char option[4 + COOKIE_LEN] = { 0, OPTION_COOKIE, 0, COOKIE_LEN };

	SET_QUERY(1, CLIENT_COOKIE);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	memcpy(option + 4, pass.options.cookie, COOKIE_LEN);
	peer.busy = true;
	ck_assert_int_eq(check(NOW), ADMISSION_BADCOOKIE);
	ck_assert_uint_eq(rcode, MSG_BADCOOKIE);
	peer.tcp = true;
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	peer.tcp = false;
	set_query(1, option, sizeof(option));
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	SET_QUERY(1, "");
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
}
END_TEST

/* Shows: DNS64-95 */
START_TEST(rate_is_bounded_for_each_prefix_with_slip)
{
	struct sockaddr_in *sin = (void *)&client;
	unsigned i;

	rules.rate = 5;
	set_query(1, NULL, 0);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);
	ck_assert_int_eq(check(NOW), ADMISSION_TRUNCATE);
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);
	rules.slip = 0;
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);
	peer.tcp = true;
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	peer.tcp = false;

	/* A fifth of a second brings one token. */
	now = monotime_add_ms(now, 200);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);

	/* Another client has its own; in a /24 it would not. */
	sin->sin_addr.s_addr = htonl(0xc0000202);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	rules.rate_len4 = 24;
	for (i = 0; i < 5; i++)
		check(NOW);
	sin->sin_addr.s_addr = htonl(0xc0000203);
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);
	SET_QUERY(1, CLIENT_COOKIE);
	ck_assert_int_eq(check(NOW), ADMISSION_BADCOOKIE);
}
END_TEST

/* Shows: DNS64-95 */
START_TEST(rate_of_an_ipv6_client_is_that_of_its_network)
{
	struct sockaddr_in6 *sin6 = (void *)&client;

	rules.rate = 1;
	set_query(1, NULL, 0);
	memset(&client, 0, sizeof(client));
	sin6->sin6_family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8:0:100::1", &sin6->sin6_addr);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
	inet_pton(AF_INET6, "2001:db8:0:1ff::2", &sin6->sin6_addr);
	ck_assert_int_eq(check(NOW), ADMISSION_DROP);
	inet_pton(AF_INET6, "2001:db8:0:200::1", &sin6->sin6_addr);
	ck_assert_int_eq(check(NOW), ADMISSION_PASS);
}
END_TEST

/* Shows: DNS64-54 DNS64-85 */
START_TEST(refused_client_is_told_why)
{
	struct msg_scan reply;

	SET_QUERY(1, "");
	peer.allowed = false;
	ck_assert_int_eq(check(NOW), ADMISSION_REJECT);
	ck_assert_uint_eq(rcode, MSG_REFUSED);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, "\0\x0f\0\2\0\x12");
	peer.allowed = true;
}
END_TEST

/* Shows: DNS64-85 */
START_TEST(what_is_not_supported_says_so)
{
	struct msg_scan reply;

	SET_QUERY(1, "");
	wire[2] = 0x29;
	verdict = msg_scan_query(wire, scan.len, &scan, &rcode);
	ck_assert_int_eq(check(NOW), ADMISSION_REJECT);
	ck_assert_uint_eq(rcode, MSG_NOTIMP);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, "\0\x0f\0\2\0\x15");
}
END_TEST

/* Shows: DNS64-64 */
START_TEST(keepalive_is_answered_over_tcp_only)
{
	struct msg_scan reply;

	SET_QUERY(1, "\0\x0b\0\0");
	check(NOW);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, "");
	peer.tcp = true;
	check(NOW);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, "\0\x0b\0\2\0\x64");
	SET_QUERY(1, "");
	check(NOW);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, "");
	peer.tcp = false;
}
END_TEST

/* An upstream's reply with these options. */
static struct msg_scan *
upstream_reply(const char *options, size_t len)
{
	static uint8_t theirs[600];
	static struct msg_scan m;
	size_t n = MSG_HEADER_LEN + sizeof(WWW) - 1;

	memcpy(theirs, wire, n);
	put16(theirs + 2, MSG_QR);
	put16(theirs + 10, 1);
	put_opt(theirs + n, 1232, 0, false);
	put16(theirs + n + OPT_LEN - 2, (uint16_t)len);
	memcpy(theirs + n + OPT_LEN, options, len);
	ck_assert_int_eq(msg_scan(theirs, n + OPT_LEN + len, &m), MSG_SCAN_OK);
	return (&m);
}

#define UPSTREAM(options) upstream_reply(options, sizeof(options) - 1)

/* Shows: DNS64-60 */
START_TEST(subnet_is_forwarded_when_allowed_and_its_scope_comes_back)
{
	struct msg_question q = { .name_len = 0 };
	struct msg_scan reply;

	SET_QUERY(1, SUBNET4);
	check(NOW);
	admission_question(&pass, &q);
	ck_assert_uint_eq(q.subnet.len, 0);
	finish(UPSTREAM("\0\x08\0\7\0\1\x18\x10\xc0\0\2"), &reply);
	EXPECT_OPTIONS(&reply, "");

	rules.forward_subnet = true;
	check(NOW);
	admission_question(&pass, &q);
	ck_assert_uint_eq(q.subnet.len, 7);
	finish(UPSTREAM("\0\x08\0\7\0\1\x18\x10\xc0\0\2"), &reply);
	EXPECT_OPTIONS(&reply, "\0\x08\0\7\0\1\x18\x10\xc0\0\2");
	/* Another subnet than ours tells nothing. */
	finish(UPSTREAM("\0\x08\0\7\0\1\x18\x10\xc0\0\3"), &reply);
	EXPECT_OPTIONS(&reply, SUBNET4);
	finish(NULL, &reply);
	EXPECT_OPTIONS(&reply, SUBNET4);
}
END_TEST

/* Shows: DNS64-60 */
START_TEST(query_upstream_carries_the_subnet)
{
	struct msg_question q;
	struct msg_subnet subnet;
	struct msg_scan m;
	size_t len;

	rules.forward_subnet = true;
	SET_QUERY(1, SUBNET4);
	check(NOW);
	msg_question_from(&scan, &q);
	admission_question(&pass, &q);
	len = msg_write_query(&q, 7, true, out);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	msg_subnet_read(&m, &subnet);
	ck_assert_uint_eq(subnet.len, 7);
	ck_assert_mem_eq(subnet.data, &SUBNET4[4], 7);
	len = msg_write_query(&q, 7, false, out);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.opt, 0);
}
END_TEST

/* Shows: DNS64-85 DNS64-86 */
START_TEST(errors_of_the_upstream_are_passed_once_and_nothing_else_is)
{
	struct msg_scan reply;

	SET_QUERY(1, "");
	check(NOW);
	ede_add(&pass.ede, EDE_NO_REACHABLE_AUTHORITY);
	ede_add(&pass.ede, EDE_NO_REACHABLE_AUTHORITY);
	/* A cookie, ours again, one with text, and a report channel. */
	finish(UPSTREAM("\0\x0a\0\x08"
			"abcdefgh"
			"\0\x0f\0\2\0\x16"
			"\0\x0f\0\5\0\6why"
			"\0\x12\0\1\0"),
	    &reply);
	EXPECT_OPTIONS(&reply,
	    "\0\x0f\0\2\0\x16"
	    "\0\x0f\0\5\0\6why");
}
END_TEST

/* Shows: DNS64-85 DNS64-36 */
START_TEST(errors_give_way_when_there_is_no_room)
{
	static char options[504] = "\0\x0f\1\xf4\0\6";
	struct msg_scan reply;
	size_t len;

	memset(options + 6, 'x', sizeof(options) - 6);
	SET_QUERY(1, CLIENT_COOKIE);
	check(NOW);
	len = admission_limit(&pass, &scan, 512);
	ck_assert_uint_eq(len, 512 - 4 - COOKIE_LEN);
	len = msg_write_error(&scan, MSG_SERVFAIL, out);
	len = admission_finish(&pass, &scan, 512,
	    upstream_reply(options, sizeof(options)), out, len);
	ck_assert_uint_le(len, 512);
	ck_assert_int_eq(msg_scan(out, len, &reply), MSG_SCAN_OK);
	ck_assert_uint_eq(reply.opt_end - reply.opt - OPT_LEN,
	    4 + COOKIE_LEN + 6);
	ck_assert(msg_has_dnssec_error(&reply));
}
END_TEST

/* Shows: DNS64-74 */
START_TEST(options_of_another_version_mean_nothing)
{
	SET_QUERY(1, "\0\x0a\0\7abcdefg");
	wire[scan.opt + 6] = 1;
	verdict = msg_scan_query(wire, scan.len, &scan, &rcode);
	ck_assert_int_eq(check(NOW), ADMISSION_REJECT);
	ck_assert_uint_eq(rcode, MSG_BADVERS);
}
END_TEST

static Suite *
admission_suite(void)
{
	Suite *s = suite_create("admission");
	TCase *tc = tcase_create("admission");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, message_gets_the_verdict_of_its_row, 0,
	    NITEMS(rows));
	tcase_add_test(tc, reply_without_edns_has_no_options);
	tcase_add_test(tc, cookie_is_given_and_known_again);
	tcase_add_test(tc, own_secret_is_renewed_and_the_old_one_still_good);
	tcase_add_test(tc,
	    admissions_with_the_same_seed_take_each_others_cookies);
	tcase_add_test(tc, badcookie_comes_under_pressure_only);
	tcase_add_test(tc, rate_is_bounded_for_each_prefix_with_slip);
	tcase_add_test(tc, rate_of_an_ipv6_client_is_that_of_its_network);
	tcase_add_test(tc, refused_client_is_told_why);
	tcase_add_test(tc, what_is_not_supported_says_so);
	tcase_add_test(tc, keepalive_is_answered_over_tcp_only);
	tcase_add_test(tc,
	    subnet_is_forwarded_when_allowed_and_its_scope_comes_back);
	tcase_add_test(tc, query_upstream_carries_the_subnet);
	tcase_add_test(tc,
	    errors_of_the_upstream_are_passed_once_and_nothing_else_is);
	tcase_add_test(tc, errors_give_way_when_there_is_no_room);
	tcase_add_test(tc, options_of_another_version_mean_nothing);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(admission_suite()));
}
