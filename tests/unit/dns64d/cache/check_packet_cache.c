/*
 * Tests of the answers that are kept whole: what a hit is, and what is none.
 * Messages are written and read by libldns.
 */
#include <check.h>
#include <string.h>

#include "dns64d/cache/packet_cache.h"
#include "dns64d/wire/msg.h"

#include "tests/unit/dns_text.h"
#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

#define QUERY "NOERROR rd\nwww.example. AAAA\n"
#define ANSWER                                     \
	"NOERROR rd ra\nwww.example. AAAA\n"       \
	"AN www.example. 20 IN CNAME t.example.\n" \
	"AN t.example. 60 IN AAAA 2001:db8::1\n"   \
	"NS example. 300 IN NS ns.example.\n"      \
	"AR ns.example. 400 IN A 192.0.2.1\n"

static const struct siphash_key key = { { 1, 2, 3 } };
static const struct monotime start = { .ns = INT64_C(5000000000000) };
static struct packet_cache *answers;
static uint8_t wire[MSG_MAX], out[MSG_MAX];
static struct msg_scan scan;
static struct packet_cache_query query = { .scan = &scan };
static struct packet_cache_note note;
static char text[DNS_TEXT_MAX];

static void
renew(size_t bytes)
{
	packet_cache_free(answers);
	answers = packet_cache_new(bytes, &key);
	ck_assert_ptr_nonnull(answers);
}

static void
setup(void)
{
	query.policy = 0;
	query.limit = MSG_UDP_OURS;
	renew(1 << 16);
}

static void
teardown(void)
{
	packet_cache_free(answers);
	answers = NULL;
}

static struct monotime
at(int64_t secs)
{
	return (monotime_add_secs(start, secs));
}

static void
ask(const char *q, uint16_t id)
{
	size_t len = dns_text_write(q, id, false, wire);

	ck_assert_int_eq(msg_scan(wire, len, &scan), MSG_SCAN_OK);
}

static void
keep(const char *q, const char *a, int64_t now, int64_t until)
{
	uint8_t answer[MSG_MAX];
	size_t len;

	ask(q, 1);
	len = dns_text_write(a, 1, true, answer);
	packet_cache_keep(answers, &query, at(now), at(until), answer, len,
	    &note);
}

/* What is found, as text; "" when nothing is. */
static const char *
find(const char *q, int64_t now)
{
	size_t len;

	ask(q, 0x4711);
	len = packet_cache_find(answers, &query, at(now), out, &note);
	if (len == 0)
		return ("");
	ck_assert_uint_le(len, query.limit);
	ck_assert_uint_eq(get16(out), 0x4711);
	return (dns_text_read(out, len, text));
}

static bool
has(const char *q, int64_t now)
{
	return (*find(q, now) != '\0');
}

static struct lru_counts
counts(void)
{
	struct lru_counts c;

	packet_cache_count(answers, &c);
	return (c);
}

/* Shows: DNS64-76 */
START_TEST(an_answer_is_given_again_with_id_and_case_of_the_query)
{
	note = (struct packet_cache_note){ 3, 2, { 1, { EDE_SYNTHESIZED } } };
	keep(QUERY, ANSWER, 0, 3600);
	memset(&note, 0, sizeof(note));
	ck_assert_str_eq(find("NOERROR rd\nwWw.eXample. AAAA\n", 0),
	    "NOERROR rd ra\nwWw.eXample. AAAA\n"
	    "AN wWw.eXample. 20 IN CNAME t.eXample.\n"
	    "AN t.eXample. 60 IN AAAA 2001:db8::1\n"
	    "NS eXample. 300 IN NS ns.eXample.\n"
	    "AR ns.eXample. 400 IN A 192.0.2.1\n");
	ck_assert_uint_eq(note.outcome, 3);
	ck_assert_uint_eq(note.n_hits, 2);
	ck_assert_uint_eq(note.ede.n, 1);
	ck_assert_uint_eq(note.ede.code[0], EDE_SYNTHESIZED);
}
END_TEST

/* Shows: DNS64-76 */
START_TEST(ttls_count_down_and_opt_has_none)
{
	static const char q[] = "NOERROR rd\nwww.example. AAAA\nOPT 4096 do\n";

	keep(q, ANSWER "OPT 1232 do\n", 0, 3600);
	ck_assert_str_eq(find(q, 7),
	    "NOERROR rd ra\nwww.example. AAAA\n"
	    "AN www.example. 13 IN CNAME t.example.\n"
	    "AN t.example. 53 IN AAAA 2001:db8::1\n"
	    "NS example. 293 IN NS ns.example.\n"
	    "AR ns.example. 393 IN A 192.0.2.1\nOPT 1232 do\n");
	ck_assert_ptr_nonnull(strstr(find(q, 7), " 13 IN CNAME"));
	ck_assert_ptr_nonnull(strstr(find(q, 19), " 1 IN CNAME"));
}
END_TEST

/* Shows: DNS64-76 */
START_TEST(ttls_count_down_at_full_seconds)
{
	size_t len;

	keep(QUERY, ANSWER, 0, 3600);
	ask(QUERY, 1);
	len = packet_cache_find(answers, &query,
	    (struct monotime){ at(1).ns - 1 }, out, &note);
	dns_text_read(out, len, text);
	ck_assert_ptr_nonnull(strstr(text, " 20 IN CNAME"));
}
END_TEST

static const struct {
	int64_t until;
	uint32_t ttl;
	int64_t last; /* second that it is there; -1: it never is */
} lives[] = {
	{ 3600, 20, 19 },
	{ 3600, 1, 0 },
	{ 3600, 0, -1 },
	{ 7, 20, 6 },
	{ 0, 20, -1 },
	{ -3600, 20, -1 },
	{ 3600, 3600, PACKET_CACHE_LIFE_SECS - 1 },
};

/* Shows: DNS64-76 */
START_TEST(an_answer_lives_as_long_as_it_is_sure)
{
	char a[200];

	snprintf(a, sizeof(a),
	    "NOERROR rd ra\nwww.example. AAAA\n"
	    "AN www.example. %u IN AAAA 2001:db8::1\n",
	    lives[_i].ttl);
	keep(QUERY, a, 0, lives[_i].until);
	if (lives[_i].last == -1) {
		ck_assert_uint_eq(counts().entries, 0);
		return;
	}
	ck_assert(has(QUERY, lives[_i].last));
	ck_assert(!has(QUERY, lives[_i].last + 1));
	ck_assert_uint_eq(counts().entries, 0);
}
END_TEST

static const char *const others[] = {
	"NOERROR\nwww.example. AAAA\n",
	"NOERROR rd cd\nwww.example. AAAA\n",
	"NOERROR rd ad\nwww.example. AAAA\n",
	"NOERROR rd\nwww.example. A\n",
	"NOERROR rd\nwww.example. CH AAAA\n",
	"NOERROR rd\nwww.example.org. AAAA\n",
	"NOERROR rd\nexample. AAAA\n",
	"NOERROR rd\nwwx.example. AAAA\n",
	"NOERROR rd\nwww.example. AAAA\nOPT 1232\n",
	"NOERROR rd\nwww.example. AAAA\nOPT 1232 do\n",
};

/* Shows: DNS64-76 DNS64-42 DNS64-43 */
START_TEST(another_question_is_no_hit)
{
	keep(QUERY, ANSWER, 0, 3600);
	ck_assert(!has(others[_i], 0));
	keep(others[_i], ANSWER, 0, 3600);
	ck_assert(has(QUERY, 0));
}
END_TEST

/* Shows: DNS64-76 */
START_TEST(another_policy_is_no_hit)
{
	keep(QUERY, ANSWER, 0, 3600);
	query.policy = 1;
	ck_assert(!has(QUERY, 0));
	query.policy = 0;
	ck_assert(has(QUERY, 0));
}
END_TEST

/* Shows: DNS64-61 */
START_TEST(an_answer_is_good_for_limits_from_its_length_to_its_own)
{
	size_t len;

	query.limit = 700;
	keep(QUERY, ANSWER, 0, 3600);
	ask(QUERY, 1);
	len = packet_cache_find(answers, &query, at(0), out, &note);
	query.limit = len;
	ck_assert(has(QUERY, 0));
	query.limit = len - 1;
	ck_assert(!has(QUERY, 0));
	query.limit = 701;
	ck_assert(!has(QUERY, 0));
	keep(QUERY, ANSWER, 0, 3600);
	ck_assert(has(QUERY, 0));
	query.limit = 700;
	keep(QUERY, ANSWER, 0, 3600);
	query.limit = 701;
	ck_assert_msg(has(QUERY, 0), "the one of the wider limit stays");
}
END_TEST

/* Shows: DNS64-61 */
START_TEST(a_truncated_answer_is_not_kept)
{
	keep(QUERY, "NOERROR tc rd ra\nwww.example. AAAA\n", 0, 3600);
	ck_assert(!has(QUERY, 0));
}
END_TEST

static void
name_query(char *q, size_t size, unsigned i)
{
	snprintf(q, size, "NOERROR rd\nn%u.example. AAAA\n", i);
}

static void
keep_name(unsigned i, int64_t now)
{
	char q[100], a[200];

	name_query(q, sizeof(q), i);
	snprintf(a, sizeof(a),
	    "NOERROR rd ra\nn%u.example. AAAA\n"
	    "AN n%u.example. 900 IN AAAA 2001:db8::1\n",
	    i, i);
	keep(q, a, now, 3600);
}

/* Shows: DNS64-94 */
START_TEST(what_was_not_used_for_longest_makes_room)
{
	char q[100];
	unsigned i;

	renew(2000);
	keep_name(0, 0);
	for (i = 1; i < PACKET_CACHE_LIFE_SECS; i++) {
		name_query(q, sizeof(q), 0);
		ck_assert(has(q, i));
		keep_name(i, i);
		ck_assert_uint_le(counts().bytes, 2000);
		name_query(q, sizeof(q), i);
		ck_assert(has(q, i));
	}
	ck_assert_uint_gt(counts().entries, 5);
	ck_assert_uint_eq(counts().entries + counts().evicted,
	    PACKET_CACHE_LIFE_SECS);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(what_is_too_large_is_not_kept)
{
	renew(400);
	keep(QUERY, ANSWER, 0, 3600);
	ck_assert(!has(QUERY, 0));
}
END_TEST

START_TEST(without_memory_nothing_is_kept)
{
	renew(0);
	keep(QUERY, ANSWER, 0, 3600);
	ck_assert(!has(QUERY, 0));
	ck_assert_uint_eq(counts().bytes, 0);
}
END_TEST

START_TEST(what_is_closed_finds_and_keeps_nothing_and_is_freed_in_steps)
{
	const size_t before = counts().bytes;

	keep(QUERY, ANSWER, 0, 3600);
	ck_assert_uint_gt(counts().bytes, before);
	packet_cache_close(answers);
	ck_assert(!has(QUERY, 0));
	keep(QUERY, ANSWER, 0, 3600);
	ck_assert(!has(QUERY, 0));
	ck_assert_uint_eq(counts().entries, 1);
	ck_assert(packet_cache_free_some(answers, 0));
	ck_assert(!packet_cache_free_some(answers, 1));
	ck_assert_uint_eq(counts().bytes, before);
}
END_TEST

START_TEST(a_flush_forgets_all_that_was_kept_before)
{
	keep(QUERY, ANSWER, 0, 100);
	packet_cache_flush(answers);
	ck_assert(!has(QUERY, 0));
	ck_assert_uint_eq(counts().entries, 0);
	keep(QUERY, ANSWER, 0, 100);
	ck_assert(has(QUERY, 0));
	packet_cache_flush(answers);
	query.limit--;
	keep(QUERY, ANSWER, 0, 100);
	ck_assert(has(QUERY, 0));
}
END_TEST

static Suite *
packet_cache_suite(void)
{
	Suite *s = suite_create("packet_cache");
	TCase *tc = tcase_create("packet_cache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    an_answer_is_given_again_with_id_and_case_of_the_query);
	tcase_add_test(tc, ttls_count_down_and_opt_has_none);
	tcase_add_test(tc, ttls_count_down_at_full_seconds);
	tcase_add_loop_test(tc, an_answer_lives_as_long_as_it_is_sure, 0,
	    NITEMS(lives));
	tcase_add_loop_test(tc, another_question_is_no_hit, 0, NITEMS(others));
	tcase_add_test(tc, another_policy_is_no_hit);
	tcase_add_test(tc,
	    an_answer_is_good_for_limits_from_its_length_to_its_own);
	tcase_add_test(tc, a_truncated_answer_is_not_kept);
	tcase_add_test(tc, what_was_not_used_for_longest_makes_room);
	tcase_add_test(tc, what_is_too_large_is_not_kept);
	tcase_add_test(tc, without_memory_nothing_is_kept);
	tcase_add_test(tc,
	    what_is_closed_finds_and_keeps_nothing_and_is_freed_in_steps);
	tcase_add_test(tc, a_flush_forgets_all_that_was_kept_before);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(packet_cache_suite()));
}
