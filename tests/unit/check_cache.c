/*
 * Unit tests of the cache, with a clock and random numbers of our own.
 * Messages are written and read by libldns.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns64d/cache.h"
#include "dns64d/msg.h"
#include "dns64d/wire.h"
#include "tests/unit/dns_text.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define WIRE_MAX 65536
#define SOA "example. 300 IN SOA ns.example. root.example. 1 2 3 4 120\n"

static const struct monotime start = { .ns = INT64_C(5000000000000) };
static const struct siphash_key key = { { 1, 2, 3 } };
static struct cache_rules rules;
static struct cache *cache;
static struct cache_hit hit;
static char text[DNS_TEXT_MAX];

static uint32_t
next_random(void *arg)
{
	uint32_t *state = arg;

	*state = *state * 1664525 + 1013904223;
	return (*state >> 4 | *state << 28);
}

static uint32_t seed;
static const struct rng rng = { next_random, &seed };

static struct monotime
at(int64_t secs)
{
	return (monotime_add_secs(start, secs));
}

static void
renew(void)
{
	cache_free(cache);
	cache = cache_new(&rules, &key);
	ck_assert_ptr_nonnull(cache);
}

static void
setup(void)
{
	cache_rules_init(&rules);
	renew();
}

static void
teardown(void)
{
	cache_free(cache);
	cache = NULL;
}

/* of: "www.example. AAAA". The question has RD=1. */
static struct msg_question
question(const char *of)
{
	static uint8_t wire[WIRE_MAX];
	struct msg_question q;
	struct msg_scan scan;
	char query[1100];
	size_t len;

	snprintf(query, sizeof(query), "NOERROR rd\n%s\n", of);
	len = dns_text_write(query, 1, false, wire);
	ck_assert_int_eq(msg_scan(wire, len, &scan), MSG_SCAN_OK);
	msg_question_from(&scan, &q);
	return (q);
}

/* A reply from text behind the question; in a buffer of its own. */
static struct msg_scan
reply_to(const struct msg_question *q, const char *rest)
{
	static uint8_t wire[WIRE_MAX];
	static char whole[DNS_TEXT_MAX];
	const char *records = strchr(rest, '\n') + 1;
	struct msg_scan reply;
	char name[1100];
	uint8_t query[MSG_QUERY_MAX];
	size_t len;

	len = msg_write_query(q, 1, false, query);
	dns_text_read(query, len, name);
	*strrchr(name, '\n') = '\0';
	snprintf(whole, sizeof(whole), "%.*s\n%s\n%s",
	    (int)(records - 1 - rest), rest, strrchr(name, '\n') + 1,
	    records);
	len = dns_text_write(whole, 4711, true, wire);
	ck_assert_int_eq(msg_scan(wire, len, &reply), MSG_SCAN_OK);
	return (reply);
}

static void
store(const struct msg_question *q, int64_t secs, const char *rest)
{
	struct msg_scan reply = reply_to(q, rest);

	cache_store(cache, q, &reply, at(secs), &rng);
}

static void
put(const char *of, int64_t secs, const char *rest)
{
	struct msg_question q = question(of);

	store(&q, secs, rest);
}

static void
put_failure(const char *of, int64_t secs, const char *rest)
{
	struct msg_question q = question(of);
	struct msg_scan reply;

	if (rest != NULL)
		reply = reply_to(&q, rest);
	cache_store_failure(cache, &q, rest != NULL ? &reply : NULL,
	    at(secs));
}

static enum cache_verdict
find(const struct msg_question *q, int64_t secs)
{
	static uint8_t wire[WIRE_MAX];
	struct msg_scan reply;

	text[0] = '\0';
	cache_find(cache, q, false, at(secs), &hit);
	if (hit.verdict == CACHE_MISS || !hit.replied)
		return (hit.verdict);
	ck_assert_int_eq(cache_write(&hit, q, at(secs), wire, &reply), 0);
	ck_assert_uint_le(reply.len, hit.len);
	ck_assert_uint_eq(reply.id, 0);
	ck_assert(msg_is_reply_to(&reply, q, 0));
	dns_text_read(wire, reply.len, text);
	return (hit.verdict);
}

static enum cache_verdict
get(const char *of, int64_t secs)
{
	struct msg_question q = question(of);

	return (find(&q, secs));
}

static const char answer_a[] = "NOERROR ra\nAN www.example. 100 A 192.0.2.1\n";

/* Shows: DNS64-76 */
START_TEST(a_reply_is_answered_until_its_ttl_has_passed)
{
	static const struct {
		const char *name;
		int64_t secs;
		enum cache_verdict verdict;
		const char *ttl;
	} rows[] = {
		{ "at once", 0, CACHE_FRESH, " 100 IN" },
		{ "later", 40, CACHE_FRESH, " 60 IN" },
		{ "last second", 99, CACHE_FRESH, " 1 IN" },
		{ "over", 100, CACHE_MISS, "" },
		{ "long over", 100000000, CACHE_MISS, "" },
	};
	size_t i;

	rules.serve_stale = false;
	for (i = 0; i < nitems(rows); i++) {
		renew();
		put("www.example. A", 0, answer_a);
		ck_assert_msg(get("www.example. A", rows[i].secs) ==
		    rows[i].verdict, "%s", rows[i].name);
		ck_assert_msg(strstr(text, rows[i].ttl) != NULL, "%s: %s",
		    rows[i].name, text);
	}
}
END_TEST

/* Shows: DNS64-76 DNS64-77 DNS64-15 */
START_TEST(how_long_a_reply_is_good_for)
{
	static const struct {
		const char *name;
		const char *reply;
		int64_t secs; /* 0: it is not kept */
	} rows[] = {
		{ "positive", "NOERROR\nAN www.example. 50 A 192.0.2.1\n", 50 },
		{ "lowest of all", "NOERROR\nAN www.example. 50 A 192.0.2.1\n"
		    "NS example. 20 NS ns.example.\n"
		    "AR ns.example. 30 A 192.0.2.2\n", 20 },
		{ "cap", "NOERROR\nAN www.example. 900000 A 192.0.2.1\n",
		    CACHE_TTL_MAX },
		{ "zero", "NOERROR\nAN www.example. 0 A 192.0.2.1\n", 0 },
		{ "nodata, minimum", "NOERROR\nNS " SOA, 120 },
		{ "nodata, soa ttl", "NOERROR\nNS example. 60 IN SOA "
		    "ns.example. root.example. 1 2 3 4 120\n", 60 },
		{ "nodata, cap", "NOERROR\nNS example. 90000 IN SOA "
		    "ns.example. root.example. 1 2 3 4 90000\n",
		    CACHE_TTL_NEGATIVE },
		{ "nodata without soa", "NOERROR\n"
		    "NS example. 60 NS ns.example.\n", 0 },
		{ "nxdomain", "NXDOMAIN\nNS " SOA, 120 },
		{ "nxdomain without soa", "NXDOMAIN\n", 0 },
		{ "chain to data",
		    "NOERROR\nAN www.example. 70 CNAME a.example.\n"
		    "AN a.example. 80 A 192.0.2.1\n", 70 },
		{ "chain to nothing",
		    "NOERROR\nAN www.example. 70 CNAME a.example.\n"
		    "NS " SOA, 70 },
		{ "chain to nxdomain",
		    "NXDOMAIN\nAN www.example. 70 CNAME a.example.\n"
		    "NS " SOA, 70 },
		{ "truncated", "NOERROR tc\nAN www.example. 50 A 192.0.2.1\n",
		    0 },
		{ "servfail", "SERVFAIL\nNS " SOA, 0 },
		{ "other rcode", "YXDOMAIN\nNS " SOA, 0 },
	};
	size_t i;

	rules.serve_stale = false;
	for (i = 0; i < nitems(rows); i++) {
		renew();
		put("www.example. A", 0, rows[i].reply);
		ck_assert_msg(get("www.example. A", rows[i].secs) ==
		    CACHE_MISS, "%s: too long", rows[i].name);
		if (rows[i].secs == 0)
			continue;
		put("www.example. A", 0, rows[i].reply);
		ck_assert_msg(get("www.example. A", rows[i].secs - 1) ==
		    CACHE_FRESH, "%s: too short", rows[i].name);
	}
}
END_TEST

/* Shows: DNS64-14 DNS64-77 */
START_TEST(the_soa_of_a_denial_counts_down_from_the_negative_ttl)
{
	put("www.example. AAAA", 0, "NOERROR\nNS " SOA);
	ck_assert_int_eq(get("www.example. AAAA", 50), CACHE_FRESH);
	ck_assert_ptr_nonnull(strstr(text, "NS example. 70 IN SOA"));
}
END_TEST

/* Shows: DNS64-76 */
START_TEST(the_key_is_name_type_class_do_cd_and_ad)
{
	const struct msg_question base = question("www.example. A");
	struct msg_question q;

	put("www.example. A", 0, answer_a);
	q = base;
	q.flags = 0;
	ck_assert_int_eq(find(&q, 1), CACHE_FRESH);
	ck_assert_int_eq(get("WwW.eXample. A", 1), CACHE_FRESH);
	ck_assert_int_eq(get("ww.example. A", 1), CACHE_MISS);
	ck_assert_int_eq(get("www.example. AAAA", 1), CACHE_MISS);
	q = base;
	q.class = 3;
	ck_assert_int_eq(find(&q, 1), CACHE_MISS);
	q = base;
	q.dnssec_ok = true;
	ck_assert_int_eq(find(&q, 1), CACHE_MISS);
	q = base;
	q.flags |= MSG_CD;
	ck_assert_int_eq(find(&q, 1), CACHE_MISS);
	q = base;
	q.flags |= MSG_AD;
	ck_assert_int_eq(find(&q, 1), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-38 */
START_TEST(a_reply_to_rd_0_is_not_kept)
{
	struct msg_question q = question("www.example. A");

	q.flags = 0;
	store(&q, 0, answer_a);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	cache_store_failure(cache, &q, NULL, at(0));
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-57 DNS64-76 */
START_TEST(opt_tsig_and_aa_are_not_kept)
{
	static const uint8_t tsig[] = { 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 16,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct msg_question q = question("www.example. A");
	struct msg_scan reply;
	uint8_t wire[512];
	size_t n;

	reply = reply_to(&q, "NOERROR aa ra ad\n"
	    "AN www.example. 100 A 192.0.2.1\nOPT 4096 do\n");
	memcpy(wire, reply.wire, reply.len);
	n = reply.len;
	memcpy(wire + n, tsig, sizeof(tsig));
	put16(wire + 10, 2); /* ARCOUNT */
	ck_assert_int_eq(msg_scan(wire, n + sizeof(tsig), &reply),
	    MSG_SCAN_OK);
	ck_assert_uint_ne(reply.tsig, 0);
	cache_store(cache, &q, &reply, at(0), &rng);
	ck_assert_int_eq(get("www.example. A", 0), CACHE_FRESH);
	ck_assert_str_eq(text, "NOERROR ra ad\nwww.example. A\n"
	    "AN www.example. 100 IN A 192.0.2.1\n");
}
END_TEST

/* Shows: DNS64-77 */
START_TEST(nodata_is_of_the_type_and_nxdomain_of_the_name)
{
	struct msg_question q = question("no.example. A");

	put("some.example. AAAA", 0, "NOERROR\nNS " SOA);
	ck_assert_int_eq(get("some.example. AAAA", 1), CACHE_FRESH);
	ck_assert_int_eq(get("some.example. A", 1), CACHE_MISS);
	put("no.example. AAAA", 0, "NXDOMAIN ra\nNS " SOA);
	ck_assert_int_eq(get("no.example. MX", 0), CACHE_FRESH);
	ck_assert_str_eq(text, "NXDOMAIN ra\nno.example. MX\nNS example. 120 "
	    "IN SOA ns.example. root.example. 1 2 3 4 120\n");
	/* A view that does not believe it of other types. */
	cache_find(cache, &q, true, at(1), &hit);
	ck_assert_int_eq(hit.verdict, CACHE_MISS);
	q = question("no.example. AAAA");
	cache_find(cache, &q, true, at(1), &hit);
	ck_assert_int_eq(hit.verdict, CACHE_FRESH);
}
END_TEST

/* Shows: DNS64-77 */
START_TEST(nxdomain_behind_a_chain_is_of_the_type)
{
	put("www.example. A", 0, "NXDOMAIN\n"
	    "AN www.example. 70 CNAME no.example.\nNS " SOA);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FRESH);
	ck_assert_int_eq(get("www.example. CNAME", 1), CACHE_MISS);
}
END_TEST

START_TEST(data_of_a_name_end_its_expired_nxdomain)
{
	put("www.example. A", 0, "NXDOMAIN\nNS " SOA);
	put("www.example. A", 200, answer_a);
	ck_assert_int_eq(get("www.example. MX", 201), CACHE_MISS);
}
END_TEST

START_TEST(a_younger_nxdomain_is_preferred_to_expired_data)
{
	put("www.example. A", 0, answer_a);
	put("www.example. AAAA", 110, "NXDOMAIN\nNS " SOA);
	ck_assert_int_eq(get("www.example. A", 111), CACHE_FRESH);
	ck_assert_ptr_nonnull(strstr(text, "NXDOMAIN"));
	ck_assert_int_eq(get("www.example. A", 300), CACHE_STALE);
	ck_assert_ptr_nonnull(strstr(text, "NXDOMAIN"));
}
END_TEST

/* Shows: DNS64-79 */
START_TEST(nxdomain_cut_denies_what_is_below_when_wanted)
{
	static const char reply[] = "NXDOMAIN ra\n"
	    "NS example. 300 IN SOA ns.no.example. no.example. 1 2 3 4 120\n"
	    "NS ns.no.example. 300 IN NS no.example.\n";

	put("no.example. A", 0, reply);
	ck_assert_int_eq(get("a.b.no.example. AAAA", 1), CACHE_MISS);
	rules.nxdomain_cut = true;
	renew();
	put("no.example. A", 0, reply);
	ck_assert_int_eq(get("a.b.no.example. AAAA", 20), CACHE_FRESH);
	ck_assert_str_eq(text, "NXDOMAIN ra\na.b.no.example. AAAA\n"
	    "NS example. 100 IN SOA ns.no.example. no.example. 1 2 3 4 120\n"
	    "NS ns.no.example. 100 IN NS no.example.\n");
	ck_assert_int_eq(get("bno.example. A", 20), CACHE_MISS);
	ck_assert_int_eq(get("example. A", 20), CACHE_MISS);
	/* Not a day longer than it holds, and never when stale. */
	ck_assert_int_eq(get("b.no.example. A", 120), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-78 */
START_TEST(failures_in_a_row_last_longer_and_longer)
{
	static const int64_t secs[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	int64_t now = 0;
	size_t i;

	for (i = 0; i < nitems(secs); i++) {
		ck_assert_int_eq(get("www.example. A", now), CACHE_MISS);
		put_failure("www.example. A", now, "SERVFAIL ra\n");
		ck_assert_int_eq(get("www.example. A", now + secs[i] - 1),
		    CACHE_FAILED);
		now += secs[i];
	}
	ck_assert_int_eq(get("www.example. A", now), CACHE_MISS);
	/* As long again without one, and all is forgotten. */
	put_failure("www.example. A", now + 300, NULL);
	ck_assert_int_eq(get("www.example. A", now + 304), CACHE_FAILED);
	ck_assert_int_eq(get("www.example. A", now + 305), CACHE_MISS);
	put("www.example. A", now + 305, answer_a);
	put_failure("www.example. A", now + 500, NULL);
	ck_assert_int_eq(get("www.example. AAAA", now + 501), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-78 DNS64-57 */
START_TEST(a_failure_is_answered_as_it_was)
{
	static const uint8_t ede[] = { 0, 15, 0, 4, 0, 6, 'h', 'i' };
	struct msg_question q = question("www.example. A");
	struct msg_scan reply;
	uint8_t wire[512];
	size_t n;

	put_failure("www.example. A", 0, NULL);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FAILED);
	ck_assert(!hit.replied);
	renew();
	put_failure("www.example. A", 0, "REFUSED ra\n");
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FAILED);
	ck_assert_str_eq(text, "REFUSED ra\nwww.example. A\nOPT 1232\n");
	/* With its extended error, but not its text. */
	renew();
	reply = reply_to(&q, "SERVFAIL ra\nOPT 4096\n");
	n = reply.len;
	memcpy(wire, reply.wire, n);
	memcpy(wire + n, ede, sizeof(ede));
	put16(wire + n - 2, sizeof(ede));
	n += sizeof(ede);
	ck_assert_int_eq(msg_scan(wire, n, &reply), MSG_SCAN_OK);
	cache_store_failure(cache, &q, &reply, at(0));
	cache_find(cache, &q, false, at(1), &hit);
	ck_assert_int_eq(cache_write(&hit, &q, at(1), wire, &reply), 0);
	ck_assert_uint_eq(reply.len, hit.len);
	ck_assert_uint_eq(reply.rcode, MSG_SERVFAIL);
	ck_assert(msg_has_dnssec_error(&reply));
	ck_assert_int_eq(memcmp(reply.wire + reply.len - 6,
	    "\0\17\0\2\0\6", 6), 0);
}
END_TEST

/* Shows: DNS64-81 */
START_TEST(an_expired_reply_is_kept_as_stale)
{
	put("www.example. A", 0, answer_a);
	ck_assert_int_eq(get("www.example. A", 100), CACHE_STALE);
	ck_assert(!hit.recheck);
	ck_assert_ptr_nonnull(strstr(text, "www.example. 30 IN A"));
	/* A failure leaves it in place, for 30 seconds or longer. */
	put_failure("www.example. A", 101, "SERVFAIL\n");
	ck_assert_int_eq(get("www.example. A", 130), CACHE_STALE);
	ck_assert(hit.recheck);
	ck_assert_int_eq(get("www.example. A", 131), CACHE_STALE);
	ck_assert(!hit.recheck);
	ck_assert_int_eq(get("www.example. A", 100 + CACHE_TTL_STALE - 1),
	    CACHE_STALE);
	ck_assert_int_eq(get("www.example. A", 100 + CACHE_TTL_STALE),
	    CACHE_MISS);
}
END_TEST

/* Shows: DNS64-81 */
START_TEST(a_stale_nxdomain_of_the_name_outlasts_a_failure_of_the_type)
{
	put("no.example. AAAA", 0, "NXDOMAIN\nNS " SOA);
	put_failure("no.example. A", 200, NULL);
	ck_assert_int_eq(get("no.example. A", 201), CACHE_STALE);
	ck_assert(hit.recheck);
	ck_assert_ptr_nonnull(strstr(text, "NXDOMAIN"));
}
END_TEST

/* Shows: DNS64-81 DNS64-44 */
START_TEST(data_that_have_become_bogus_are_not_served_stale)
{
	struct msg_question q = question("www.example. A");
	static const uint8_t ede[] = { 0, 15, 0, 2, 0, 6 };
	struct msg_scan reply;
	uint8_t wire[512];

	put("www.example. A", 0, answer_a);
	reply = reply_to(&q, "SERVFAIL\nOPT 512\n");
	memcpy(wire, reply.wire, reply.len);
	memcpy(wire + reply.len, ede, sizeof(ede));
	put16(wire + reply.len - 2, sizeof(ede));
	ck_assert_int_eq(msg_scan(wire, reply.len + sizeof(ede), &reply),
	    MSG_SCAN_OK);
	cache_store_failure(cache, &q, &reply, at(101));
	ck_assert_int_eq(get("www.example. A", 102), CACHE_FAILED);
}
END_TEST

/* Shows: DNS64-82 */
START_TEST(prefetch_is_due_in_the_last_tenth_of_popular_names)
{
	unsigned i, due_at = 0, first = 100, last = 0;

	for (i = 0; i < 50; i++) {
		renew();
		put("www.example. A", 0, answer_a);
		get("www.example. A", 95);
		ck_assert(!hit.prefetch);
		get("www.example. A", 89);
		ck_assert(!hit.prefetch);
		for (due_at = 90; due_at < 100; due_at++) {
			get("www.example. A", due_at);
			if (hit.prefetch)
				break;
		}
		first = due_at < first ? due_at : first;
		last = due_at > last ? due_at : last;
	}
	ck_assert_uint_ge(first, 90);
	ck_assert_uint_le(last, 95);
	ck_assert_uint_lt(first, last);
	/* Not when that has just failed. */
	put_failure("www.example. A", 96, NULL);
	ck_assert_int_eq(get("www.example. A", 97), CACHE_FRESH);
	ck_assert(!hit.prefetch);
}
END_TEST

/* Shows: DNS64-60 DNS64-76 */
START_TEST(a_client_subnet_is_part_of_the_key_unless_its_scope_is_zero)
{
	static const uint8_t option[] = { 0, 8, 0, 7, 0, 1, 24, 24,
		198, 51, 100 };
	struct msg_question q = question("www.example. A"), other;
	struct msg_scan reply;
	uint8_t wire[512];
	size_t n;

	q.subnet.len = 7;
	memcpy(q.subnet.data, option + 4, 7);
	q.subnet.data[3] = 0;
	other = q;
	other.subnet.data[6] = 101;
	reply = reply_to(&q, "NOERROR\nAN www.example. 100 A 192.0.2.1\n"
	    "OPT 512\n");
	n = reply.len;
	memcpy(wire, reply.wire, n);
	put16(wire + n - 2, sizeof(option));
	memcpy(wire + n, option, sizeof(option));
	n += sizeof(option);
	ck_assert_int_eq(msg_scan(wire, n, &reply), MSG_SCAN_OK);
	cache_store(cache, &other, &reply, at(0), &rng);
	ck_assert_int_eq(find(&other, 1), CACHE_MISS);
	cache_store(cache, &q, &reply, at(0), &rng);
	ck_assert_int_eq(find(&q, 1), CACHE_FRESH);
	ck_assert_int_eq(find(&other, 1), CACHE_MISS);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	/* Scope 0 is for all; nothing said is scope 0. */
	renew();
	wire[n - 4] = 0;
	cache_store(cache, &q, &reply, at(0), &rng);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FRESH);
	cache_find(cache, &other, false, at(1), &hit);
	ck_assert_int_eq(cache_write(&hit, &other, at(1), wire, &reply), 0);
	msg_subnet_read(&reply, &q.subnet);
	ck_assert_uint_eq(q.subnet.len, other.subnet.len);
	ck_assert_int_eq(memcmp(q.subnet.data, other.subnet.data, 7), 0);
	/* What was got without a subnet may not be for this one. */
	renew();
	put("www.example. A", 0, answer_a);
	ck_assert_int_eq(find(&other, 1), CACHE_MISS);
}
END_TEST

START_TEST(size_zero_keeps_nothing)
{
	rules.bytes = 0;
	renew();
	put("www.example. A", 0, answer_a);
	put_failure("www.example. AAAA", 0, NULL);
	ck_assert_int_eq(get("www.example. A", 0), CACHE_MISS);
	ck_assert_int_eq(get("www.example. AAAA", 0), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-76 */
START_TEST(what_was_not_used_for_the_longest_time_makes_room)
{
	struct cache_counts counts;
	char of[32];
	unsigned i;

	rules.bytes = 20000;
	renew();
	put("www.example. A", 0, answer_a);
	for (i = 0; i < 1000; i++) {
		snprintf(of, sizeof(of), "n%u.example. A", i);
		put(of, 0, "NOERROR\nNS " SOA);
		ck_assert_int_eq(get("www.example. A", 1), CACHE_FRESH);
		ck_assert_int_eq(get(of, 1), CACHE_FRESH);
		cache_count(cache, &counts);
		ck_assert_uint_le(counts.bytes, rules.bytes);
	}
	ck_assert_uint_gt(counts.evicted, 900);
	ck_assert_uint_gt(counts.entries, 20);
	ck_assert_int_eq(get("n0.example. A", 1), CACHE_MISS);
	cache_clear(cache);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
}
END_TEST

START_TEST(a_reply_too_large_for_the_cache_is_not_kept)
{
	static char big[DNS_TEXT_MAX];
	size_t n;
	unsigned i;

	n = (size_t)snprintf(big, sizeof(big), "NOERROR\n");
	for (i = 0; i < 250; i++)
		n += (size_t)snprintf(big + n, sizeof(big) - n,
		    "AN www.example. 100 A 192.0.2.%u\n", i);
	rules.bytes = 8192;
	renew();
	put("www.example. A", 0, big);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_MISS);
	rules.bytes = 65536;
	renew();
	put("www.example. A", 0, big);
	ck_assert_int_eq(get("www.example. A", 1), CACHE_FRESH);
}
END_TEST

/*
 * A random sequence against a model: an array with what was stored last for
 * each of a few names and types.
 */
#define MODEL_NAMES 60
#define MODEL_TYPES 2

struct model {
	bool stored;
	int64_t expires;
	unsigned value;
	bool failed;
	int64_t failed_until;
	int64_t fail_secs;
};

static struct model model[MODEL_NAMES][MODEL_TYPES];
static const char *const model_types[MODEL_TYPES] = { "A", "TXT" };

static void
model_store(struct model *m, const char *of, int64_t now)
{
	char rest[128];
	unsigned ttl = 1 + next_random(&seed) % 50;
	unsigned value = next_random(&seed) % 250;

	if (strstr(of, "TXT") != NULL)
		snprintf(rest, sizeof(rest),
		    "NOERROR\nAN %.*s %u TXT \"%u\"\n",
		    (int)strcspn(of, " "), of, ttl, value);
	else
		snprintf(rest, sizeof(rest),
		    "NOERROR\nAN %.*s %u A 192.0.2.%u\n",
		    (int)strcspn(of, " "), of, ttl, value);
	put(of, now, rest);
	*m = (struct model){ .stored = true, .expires = now + ttl,
		.value = value };
}

static void
model_fail(struct model *m, const char *of, int64_t now)
{
	int64_t hold;

	put_failure(of, now, NULL);
	if (m->failed && now < m->failed_until + m->fail_secs)
		m->fail_secs = m->fail_secs * 2 < 300 ? m->fail_secs * 2 :
		    300;
	else
		m->fail_secs = 5;
	hold = m->fail_secs;
	if (m->stored && now < m->expires + CACHE_TTL_STALE && hold < 30)
		hold = 30;
	m->failed = true;
	m->failed_until = now + hold;
}

static enum cache_verdict
model_verdict(const struct model *m, int64_t now)
{
	if (m->stored && now < m->expires)
		return (CACHE_FRESH);
	if (m->stored && now < m->expires + CACHE_TTL_STALE)
		return (CACHE_STALE);
	return (m->failed && now < m->failed_until ? CACHE_FAILED :
	    CACHE_MISS);
}

static void
model_check(const struct model *m, const char *of, int64_t now, bool exact)
{
	enum cache_verdict verdict = get(of, now);
	char value[80];

	if (!exact && verdict == CACHE_MISS)
		return;
	/* A failure may have stayed where the reply had to go. */
	if (exact || verdict != CACHE_FAILED)
		ck_assert_msg(verdict == model_verdict(m, now),
		    "%s: %u, not %u", of, verdict, model_verdict(m, now));
	if (verdict != CACHE_FRESH && verdict != CACHE_STALE)
		return;
	snprintf(value, sizeof(value), strstr(of, "TXT") != NULL ?
	    " %d IN TXT \"%u\"" : " %d IN A 192.0.2.%u",
	    verdict == CACHE_STALE ? 30 : (int)(m->expires - now), m->value);
	ck_assert_msg(strstr(text, value) != NULL, "%s: %s", value, text);
}

static void
run_model(size_t bytes, bool exact, unsigned steps)
{
	struct cache_counts counts;
	int64_t now = 0;
	unsigned i, n, t, what;
	char of[64];

	rules.bytes = bytes;
	renew();
	memset(model, 0, sizeof(model));
	for (i = 0; i < steps; i++) {
		n = next_random(&seed) % MODEL_NAMES;
		t = next_random(&seed) % MODEL_TYPES;
		what = next_random(&seed) % 16;
		snprintf(of, sizeof(of), "name%u.example. %s", n,
		    model_types[t]);
		if (what < 4)
			model_store(&model[n][t], of, now);
		else if (what == 4)
			model_fail(&model[n][t], of, now);
		else if (what == 5)
			now += next_random(&seed) % 20;
		else if (what == 6 && next_random(&seed) % 64 == 0)
			now += CACHE_TTL_STALE;
		else
			model_check(&model[n][t], of, now, exact);
		cache_count(cache, &counts);
		ck_assert_uint_le(counts.bytes, bytes);
		ck_assert_uint_le(counts.entries, MODEL_NAMES * MODEL_TYPES);
	}
	ck_assert(exact == (counts.evicted == 0));
}

/* Shows: DNS64-76 DNS64-78 DNS64-81 */
START_TEST(a_random_sequence_agrees_with_the_model)
{
	run_model(1 << 20, true, 20000);
}
END_TEST

/* Shows: DNS64-76 DNS64-94 */
START_TEST(a_random_sequence_in_a_small_cache_stays_within_its_bytes)
{
	run_model(6000, false, 10000);
}
END_TEST

static Suite *
cache_suite(void)
{
	Suite *s = suite_create("cache");
	TCase *tc = tcase_create("cache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_reply_is_answered_until_its_ttl_has_passed);
	tcase_add_test(tc, how_long_a_reply_is_good_for);
	tcase_add_test(tc,
	    the_soa_of_a_denial_counts_down_from_the_negative_ttl);
	tcase_add_test(tc, the_key_is_name_type_class_do_cd_and_ad);
	tcase_add_test(tc, a_reply_to_rd_0_is_not_kept);
	tcase_add_test(tc, opt_tsig_and_aa_are_not_kept);
	tcase_add_test(tc, nodata_is_of_the_type_and_nxdomain_of_the_name);
	tcase_add_test(tc, nxdomain_behind_a_chain_is_of_the_type);
	tcase_add_test(tc, data_of_a_name_end_its_expired_nxdomain);
	tcase_add_test(tc, a_younger_nxdomain_is_preferred_to_expired_data);
	tcase_add_test(tc, nxdomain_cut_denies_what_is_below_when_wanted);
	tcase_add_test(tc, failures_in_a_row_last_longer_and_longer);
	tcase_add_test(tc, a_failure_is_answered_as_it_was);
	tcase_add_test(tc, an_expired_reply_is_kept_as_stale);
	tcase_add_test(tc,
	    a_stale_nxdomain_of_the_name_outlasts_a_failure_of_the_type);
	tcase_add_test(tc, data_that_have_become_bogus_are_not_served_stale);
	tcase_add_test(tc,
	    prefetch_is_due_in_the_last_tenth_of_popular_names);
	tcase_add_test(tc,
	    a_client_subnet_is_part_of_the_key_unless_its_scope_is_zero);
	tcase_add_test(tc, size_zero_keeps_nothing);
	tcase_add_test(tc,
	    what_was_not_used_for_the_longest_time_makes_room);
	tcase_add_test(tc, a_reply_too_large_for_the_cache_is_not_kept);
	tcase_add_test(tc, a_random_sequence_agrees_with_the_model);
	tcase_add_test(tc,
	    a_random_sequence_in_a_small_cache_stays_within_its_bytes);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	SRunner *sr = srunner_create(cache_suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
