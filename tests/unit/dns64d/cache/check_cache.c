/*
 * Unit tests of the cache: what is kept, for how long, and how it is answered.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "dns64d/cache/cache.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/wire.h"
#include "tests/unit/cache_util.h"
#include "tests/unit/suite.h"

#define n_items(a) (sizeof(a) / sizeof((a)[0]))
#define SOA "example. 300 IN SOA ns.example. root.example. 1 2 3 4 120\n"

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
	for (i = 0; i < n_items(rows); i++) {
		renew();
		put("www.example. A", 0, answer_a);
		ck_assert_msg(get("www.example. A", rows[i].secs) ==
			rows[i].verdict,
		    "%s", rows[i].name);
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
		{ "positive", "NOERROR\nAN www.example. 50 A 192.0.2.1\n",
		    50 },
		{ "lowest of all",
		    "NOERROR\nAN www.example. 50 A 192.0.2.1\n"
		    "NS example. 20 NS ns.example.\n"
		    "AR ns.example. 30 A 192.0.2.2\n",
		    20 },
		{ "cap", "NOERROR\nAN www.example. 900000 A 192.0.2.1\n",
		    CACHE_TTL_MAX },
		{ "zero", "NOERROR\nAN www.example. 0 A 192.0.2.1\n", 0 },
		{ "nodata, minimum", "NOERROR\nNS " SOA, 120 },
		{ "nodata, soa ttl",
		    "NOERROR\nNS example. 60 IN SOA "
		    "ns.example. root.example. 1 2 3 4 120\n",
		    60 },
		{ "nodata, cap",
		    "NOERROR\nNS example. 90000 IN SOA "
		    "ns.example. root.example. 1 2 3 4 90000\n",
		    CACHE_TTL_NEGATIVE },
		{ "nodata without soa",
		    "NOERROR\n"
		    "NS example. 60 NS ns.example.\n",
		    0 },
		{ "nxdomain", "NXDOMAIN\nNS " SOA, 120 },
		{ "nxdomain without soa", "NXDOMAIN\n", 0 },
		{ "chain to data",
		    "NOERROR\nAN www.example. 70 CNAME a.example.\n"
		    "AN a.example. 80 A 192.0.2.1\n",
		    70 },
		{ "chain to nothing",
		    "NOERROR\nAN www.example. 70 CNAME a.example.\n"
		    "NS " SOA,
		    70 },
		{ "chain to nxdomain",
		    "NXDOMAIN\nAN www.example. 70 CNAME a.example.\n"
		    "NS " SOA,
		    70 },
		{ "truncated", "NOERROR tc\nAN www.example. 50 A 192.0.2.1\n",
		    0 },
		{ "servfail", "SERVFAIL\nNS " SOA, 0 },
		{ "other rcode", "YXDOMAIN\nNS " SOA, 0 },
	};
	size_t i;

	rules.serve_stale = false;
	for (i = 0; i < n_items(rows); i++) {
		renew();
		put("www.example. A", 0, rows[i].reply);
		ck_assert_msg(get("www.example. A", rows[i].secs) ==
			CACHE_MISS,
		    "%s: too long", rows[i].name);
		if (rows[i].secs == 0)
			continue;
		put("www.example. A", 0, rows[i].reply);
		ck_assert_msg(get("www.example. A", rows[i].secs - 1) ==
			CACHE_FRESH,
		    "%s: too short", rows[i].name);
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

	reply = reply_to(&q,
	    "NOERROR aa ra ad\n"
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
	ck_assert_str_eq(text,
	    "NOERROR ra ad\nwww.example. A\n"
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
	ck_assert_str_eq(text,
	    "NXDOMAIN ra\nno.example. MX\nNS example. 120 "
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
	put("www.example. A", 0,
	    "NXDOMAIN\n"
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
	static const char reply[] =
	    "NXDOMAIN ra\n"
	    "NS example. 300 IN SOA ns.no.example. no.example. 1 2 3 4 120\n"
	    "NS ns.no.example. 300 IN NS no.example.\n";

	put("no.example. A", 0, reply);
	ck_assert_int_eq(get("a.b.no.example. AAAA", 1), CACHE_MISS);
	rules.nxdomain_cut = true;
	renew();
	put("no.example. A", 0, reply);
	ck_assert_int_eq(get("a.b.no.example. AAAA", 20), CACHE_FRESH);
	ck_assert_str_eq(text,
	    "NXDOMAIN ra\na.b.no.example. AAAA\n"
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
	static const int64_t secs[] = { 5, 10, 20, 30, 30, 30 };
	int64_t now = 0;
	size_t i;

	for (i = 0; i < n_items(secs); i++) {
		ck_assert_int_eq(get("www.example. A", now), CACHE_MISS);
		put_failure("www.example. A", now, "SERVFAIL ra\n");
		ck_assert_int_eq(get("www.example. A", now + secs[i] - 1),
		    CACHE_FAILED);
		/* Whoever asks then waits for the upstreams. */
		now += secs[i];
		ck_assert_int_eq(get("www.example. A", now), CACHE_MISS);
		now += 5;
	}
	/* A while without one, and all is forgotten. */
	put_failure("www.example. A", now + 300, NULL);
	ck_assert_int_eq(get("www.example. A", now + 304), CACHE_FAILED);
	ck_assert_int_eq(get("www.example. A", now + 305), CACHE_MISS);
	put("www.example. A", now + 305, answer_a);
	put_failure("www.example. A", now + 500, NULL);
	ck_assert_int_eq(get("www.example. AAAA", now + 501), CACHE_MISS);
}
END_TEST

/* Shows: DNS64-78 */
START_TEST(failures_last_no_longer_than_the_configured_bound)
{
	static const struct {
		uint32_t first, most;
		int64_t secs[4];
	} rows[] = {
		{ 1, 3, { 1, 2, 3, 3 } },
		{ 5, 300, { 5, 10, 20, 40 } },
		{ 60, 30, { 60, 60, 60, 60 } },
	};
	int64_t now;
	size_t i, k;

	for (i = 0; i < n_items(rows); i++) {
		rules.ttl_failure = rows[i].first;
		rules.ttl_failure_max = rows[i].most;
		renew();
		for (now = 0, k = 0; k < 4; k++) {
			put_failure("www.example. A", now, "SERVFAIL ra\n");
			now += rows[i].secs[k];
			ck_assert_int_eq(get("www.example. A", now - 1),
			    CACHE_FAILED);
			ck_assert_int_eq(get("www.example. A", now),
			    CACHE_MISS);
		}
	}
}
END_TEST

/* Shows: DNS64-78 */
START_TEST(silence_is_told_from_failures_and_does_not_last_longer)
{
	struct msg_question q = question("www.example. A");
	int64_t now;
	int i;

	for (now = 0, i = 0; i < 10; i++, now += 9) {
		cache_store_silence(cache, &q, at(now), at(now + 4));
		ck_assert_int_eq(get("www.example. A", now + 8), CACHE_FAILED);
		ck_assert(hit.silence);
		ck_assert_int_eq(hit.asked_at.ns, at(now).ns);
		ck_assert_int_eq(get("www.example. A", now + 9), CACHE_MISS);
		ck_assert(!hit.silence);
	}
	/* The other way round it is a failure as before. */
	put_failure("www.example. A", now, "SERVFAIL ra\n");
	ck_assert_int_eq(get("www.example. A", now + 1), CACHE_FAILED);
	ck_assert(!hit.silence);
	/* An expired reply is there meanwhile. */
	put("www.example. A", now + 100, answer_a);
	cache_store_silence(cache, &q, at(now + 201), at(now + 205));
	ck_assert_int_eq(get("www.example. A", now + 206), CACHE_STALE);
	ck_assert(hit.recheck && hit.silence);
	ck_assert_int_eq(hit.asked_at.ns, at(now + 201).ns);
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
	ck_assert_int_eq(memcmp(reply.wire + reply.len - 6, "\0\17\0\2\0\6",
			     6),
	    0);
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
	static const uint8_t option[] = { 0, 8, 0, 7, 0, 1, 24, 24, 198, 51,
		100 };
	struct msg_question q = question("www.example. A"), other;
	struct msg_scan reply;
	uint8_t wire[512];
	size_t n;

	q.subnet.len = 7;
	memcpy(q.subnet.data, option + 4, 7);
	q.subnet.data[3] = 0;
	other = q;
	other.subnet.data[6] = 101;
	reply = reply_to(&q,
	    "NOERROR\nAN www.example. 100 A 192.0.2.1\n"
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
	struct lru_counts counts;
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
	ck_assert_uint_eq(counts.evicted + counts.entries, 1001);
	ck_assert_uint_gt(counts.entries, 20);
	ck_assert_int_eq(get("n0.example. A", 1), CACHE_MISS);
}
END_TEST

START_TEST(a_closed_cache_finds_and_keeps_nothing_and_is_freed_in_steps)
{
	struct lru_counts counts;
	char of[32];
	unsigned i;

	for (i = 0; i < 25; i++) {
		snprintf(of, sizeof(of), "n%u.example. A", i);
		put(of, 0, "NOERROR\nNS " SOA);
	}
	cache_close(cache);
	cache_count(cache, &counts);
	ck_assert_uint_eq(counts.entries, 25);
	ck_assert_int_eq(get("n7.example. A", 1), CACHE_MISS);
	put("n7.example. A", 0, "NOERROR\nNS " SOA);
	ck_assert_int_eq(get("n7.example. A", 1), CACHE_MISS);
	for (i = 25; i > 5; i -= 10) {
		ck_assert(cache_free_some(cache, 10));
		cache_count(cache, &counts);
		ck_assert_uint_eq(counts.entries, i - 10);
	}
	ck_assert(!cache_free_some(cache, 10));
	cache_count(cache, &counts);
	ck_assert_uint_eq(counts.entries, 0);
	ck_assert(!cache_free_some(cache, 10));
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

static Suite *
cache_suite(void)
{
	Suite *s = suite_create("cache");
	TCase *tc = tcase_create("cache");

	tcase_add_checked_fixture(tc, setup, teardown);
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
	tcase_add_test(tc, failures_last_no_longer_than_the_configured_bound);
	tcase_add_test(tc,
	    silence_is_told_from_failures_and_does_not_last_longer);
	tcase_add_test(tc, a_failure_is_answered_as_it_was);
	tcase_add_test(tc, an_expired_reply_is_kept_as_stale);
	tcase_add_test(tc,
	    a_stale_nxdomain_of_the_name_outlasts_a_failure_of_the_type);
	tcase_add_test(tc, data_that_have_become_bogus_are_not_served_stale);
	tcase_add_test(tc, prefetch_is_due_in_the_last_tenth_of_popular_names);
	tcase_add_test(tc,
	    a_client_subnet_is_part_of_the_key_unless_its_scope_is_zero);
	tcase_add_test(tc, size_zero_keeps_nothing);
	tcase_add_test(tc, what_was_not_used_for_the_longest_time_makes_room);
	tcase_add_test(tc, a_reply_too_large_for_the_cache_is_not_kept);
	tcase_add_test(tc,
	    a_closed_cache_finds_and_keeps_nothing_and_is_freed_in_steps);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(cache_suite()));
}
