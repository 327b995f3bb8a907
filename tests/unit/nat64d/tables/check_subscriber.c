/*
 * Unit tests of subscriber.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/tables/subscriber.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static const struct siphash_key key = { "sixteen bytes ok" };
static struct subscribers subs;
static struct refusal why;
static struct in6_addr host; /* counted for the fair shares */

#define PLENTY 1000000

static void
setup(void)
{
	const struct subscriber_limits none = { 0 };

	ck_assert_int_eq(subscribers_init(&subs, 64, &none, 1000, &key), 0);
}

static void
teardown(void)
{
	subscribers_clear(&subs);
}

/* Initialise again with other settings. */
static void
remake(unsigned prefix_len, struct subscriber_limits limits, size_t max)
{
	subscribers_clear(&subs);
	ck_assert_int_eq(subscribers_init(&subs, prefix_len, &limits, max,
			     &key),
	    0);
}

static struct subscriber *
get(const char *text, int64_t secs)
{
	const struct in6_addr addr = ip6(text);

	return (
	    subscriber_get(&subs, &addr, ip4("192.0.2.7"), at(secs), &why));
}

static struct subscriber *
find(const char *text)
{
	const struct in6_addr addr = ip6(text);

	return (subscriber_find(&subs, &addr));
}

static int
add(struct subscriber *s, enum l4proto proto, int64_t secs)
{
	return (subscriber_add_binding(&subs, s, &host, proto, PLENTY,
	    at(secs), &why));
}

static int
add_session(struct subscriber *s)
{
	return (subscriber_add_session(&subs, s, &host, PLENTY, &why));
}

static const struct {
	unsigned len;
	const char *prefix;
} prefixes[] = {
	{ 1, "8000::" },
	{ 7, "fe00::" },
	{ 8, "ff00::" },
	{ 48, "ffff:ffff:ffff::" },
	{ 56, "ffff:ffff:ffff:ff00::" },
	{ 60, "ffff:ffff:ffff:fff0::" },
	{ 64, "ffff:ffff:ffff:ffff::" },
	{ 127, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" },
	{ 128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

/* Shows: CGN-04 */
START_TEST(subscriber_is_a_prefix_of_configured_length)
{
	const struct in6_addr ones =
	    ip6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	const struct in6_addr want = ip6(prefixes[_i].prefix);
	struct in6_addr got;
	struct subscriber *s;

	remake(prefixes[_i].len, (struct subscriber_limits){ 0 }, 10);
	got = subscriber_prefix(&subs, &ones);
	ck_assert_mem_eq(&got, &want, sizeof(want));
	s = subscriber_get(&subs, &ones, ip4("192.0.2.7"), at(0), &why);
	ck_assert_mem_eq(&s->prefix, &want, sizeof(want));
	ck_assert_ptr_eq(subscriber_find(&subs, &want), s);
	ck_assert_uint_eq(s->pool_addr.s_addr, ip4("192.0.2.7").s_addr);
}
END_TEST

/* Shows: CGN-02 CGN-04 */
START_TEST(hosts_of_one_prefix_are_one_subscriber)
{
	struct subscriber *s = get("2001:db8::1", 0);

	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_eq(get("2001:db8::ffff:1", 0), s);
	ck_assert_ptr_eq(find("2001:db8:0:0:1::"), s);
	ck_assert_ptr_null(find("2001:db8:0:1::"));
	ck_assert_ptr_ne(get("2001:db8:0:1::", 0), s);
}
END_TEST

/* Shows: LIM-01 CGN-04 */
START_TEST(bindings_are_limited_per_protocol)
{
	struct subscriber *s;
	int i;

	remake(64, (struct subscriber_limits){ .ports = 3 }, 10);
	s = get("2001:db8::1", 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(add(s, L4_TCP, 0), 0);
	ck_assert_int_eq(add(s, L4_TCP, 0), -1);
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_PORTS);
	ck_assert_uint_eq(why.prefix_len, 64);
	ck_assert_uint_eq(why.limit, 3);
	ck_assert_uint_eq(s->n_bindings[L4_TCP], 3);
	ck_assert_int_eq(add(s, L4_UDP, 0), 0);
	ck_assert_int_eq(add(s, L4_ICMP, 0), 0);
	subscriber_remove_binding(&subs, s, &host, L4_TCP);
	ck_assert_int_eq(add(s, L4_TCP, 0), 0);
	/* The administrator's neither ask nor take away. */
	subscriber_add_static(&subs, s, L4_TCP);
	ck_assert_uint_eq(s->n_bindings[L4_TCP], 4);
	subscriber_remove_binding(&subs, s, &host, L4_TCP);
	ck_assert_int_eq(add(s, L4_TCP, 0), 0);
	ck_assert_int_eq(add(s, L4_TCP, 0), -1);
}
END_TEST

/* Shows: LIM-02 CGN-05 */
START_TEST(rate_of_new_bindings_is_limited_over_all_protocols)
{
	const struct subscriber_limits limits = {
		.new_bindings = { .per_sec = 2, .burst = 4 }
	};
	struct subscriber *s;
	int i;

	remake(64, limits, 10);
	s = get("2001:db8::1", 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(add(s, (enum l4proto)(i % L4_NPROTO), 0), 0);
	ck_assert_int_eq(add(s, L4_UDP, 0), -1);
	ck_assert_int_eq(why.by, REFUSED_NEW_BINDINGS);
	ck_assert_int_eq(add(s, L4_UDP, 1), 0);
	ck_assert_int_eq(add(s, L4_UDP, 1), 0);
	ck_assert_int_eq(add(s, L4_UDP, 1), -1);
	ck_assert_int_eq(add(get("2001:db8:1::", 1), L4_UDP, 1), 0);
}
END_TEST

/* Shows: LIM-01 CGN-05 */
START_TEST(sessions_are_limited)
{
	struct subscriber *s;

	remake(64, (struct subscriber_limits){ .sessions = 2 }, 10);
	s = get("2001:db8::1", 0);
	ck_assert_int_eq(add_session(s), 0);
	ck_assert_int_eq(add_session(s), 0);
	ck_assert_int_eq(add_session(s), -1);
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBER_SESSIONS);
	subscriber_remove_session(&subs, s, &host);
	ck_assert_uint_eq(s->n_sessions, 1);
	ck_assert_int_eq(add_session(s), 0);
}
END_TEST

/* Shows: LIM-01 */
START_TEST(limit_of_0_is_none)
{
	struct subscriber *s = get("2001:db8::1", 0);
	int i;

	for (i = 0; i < 100000; i++)
		if (add(s, L4_TCP, 0) != 0 || add_session(s) != 0)
			ck_abort_msg("refused after %d", i);
}
END_TEST

/* Shows: LIM-02 */
START_TEST(going_away_does_not_refill_the_bucket)
{
	const struct subscriber_limits limits = {
		.new_bindings = { .per_sec = 1, .burst = 10 }
	};
	struct subscriber *s;
	int i;

	remake(64, limits, 10);
	s = get("2001:db8::1", 0);
	for (i = 0; i < 10; i++) {
		ck_assert_int_eq(add(s, L4_TCP, 0), 0);
		subscriber_remove_binding(&subs, s, &host, L4_TCP);
	}
	ck_assert(subscriber_is_idle(s));
	subscribers_expire(&subs, at(10), 100);
	ck_assert_ptr_eq(find("2001:db8::1"), s);
	subscribers_expire(&subs, at(11), 0);
	ck_assert_ptr_eq(find("2001:db8::1"), s);
	subscribers_expire(&subs, at(11), 100);
	ck_assert_ptr_null(find("2001:db8::1"));
}
END_TEST

START_TEST(subscriber_with_a_binding_is_never_forgotten)
{
	struct subscriber *s = get("2001:db8::1", 0);

	add(s, L4_TCP, 0);
	subscriber_add_static(&subs, s, L4_ICMP);
	get("2001:db8:1::1", 0);
	subscribers_expire(&subs, at(1000000), 100);
	ck_assert_ptr_eq(find("2001:db8::1"), s);
	ck_assert_ptr_null(find("2001:db8:1::1"));
	subscriber_remove_binding(&subs, s, &host, L4_TCP);
	subscribers_expire(&subs, at(1000000), 100);
	ck_assert_ptr_eq(find("2001:db8::1"), s);
	subscriber_set_static(&subs, s, &host, L4_ICMP, false);
	subscriber_remove_binding(&subs, s, &host, L4_ICMP);
	subscribers_expire(&subs, at(1000000), 100);
	ck_assert_ptr_null(find("2001:db8::1"));
}
END_TEST

/* Shows: LIM-01 CGN-05 */
START_TEST(full_table_reuses_the_oldest_idle_subscriber_only)
{
	struct subscriber *a, *b;

	remake(64, (struct subscriber_limits){ 0 }, 3);
	a = get("2001:db8:0:a::", 0);
	b = get("2001:db8:0:b::", 0);
	get("2001:db8:0:c::", 0);
	add(a, L4_TCP, 0);
	ck_assert_ptr_nonnull(get("2001:db8:0:d::", 0));
	ck_assert_ptr_null(find("2001:db8:0:b::"));
	ck_assert_ptr_eq(find("2001:db8:0:a::"), a);
	ck_assert_ptr_nonnull(find("2001:db8:0:c::"));

	b = find("2001:db8:0:c::");
	add(b, L4_UDP, 0);
	add(find("2001:db8:0:d::"), L4_UDP, 0);
	ck_assert_ptr_null(get("2001:db8:0:e::", 0));
	ck_assert_int_eq(why.by, REFUSED_SUBSCRIBERS);
	ck_assert_ptr_eq(get("2001:db8:0:c::", 0), b);
}
END_TEST

/* How often a walk in steps of 3 has met the subscriber of each host. */
static unsigned met[300];

static void
walk_on(struct subscriber_walk *w)
{
	const struct subscriber *s;
	unsigned steps = 3;

	while ((s = subscriber_walk_next(&subs, w, &steps)) != NULL)
		met[s->prefix.s6_addr[6] << 8 | s->prefix.s6_addr[7]]++;
}

static struct subscriber *
get_numbered(unsigned i)
{
	char text[INET6_ADDRSTRLEN];

	snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
	return (get(text, 0));
}

START_TEST(walk_meets_each_once_whatever_comes_and_goes)
{
	struct subscriber_walk w = { 0 };
	unsigned i;

	/* 1 to 99 stay, 100 to 199 are idle and go, the others come. */
	for (i = 1; i < 200; i++) {
		if (i < 100)
			add(get_numbered(i), L4_UDP, 0);
		else
			get_numbered(i);
	}
	for (i = 0; i < 100; i++) {
		walk_on(&w);
		subscribers_expire(&subs, at(1), 1);
		add(get_numbered(200 + i), L4_UDP, 0);
	}
	for (i = 0; i < 1000; i++)
		walk_on(&w);
	for (i = 1; i < 100; i++)
		ck_assert_uint_eq(met[i], 1);
	for (; i < 300; i++)
		ck_assert_uint_le(met[i], 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("subscriber");
	TCase *tc = tcase_create("subscriber");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, subscriber_is_a_prefix_of_configured_length, 0,
	    NITEMS(prefixes));
	tcase_add_test(tc, hosts_of_one_prefix_are_one_subscriber);
	tcase_add_test(tc, bindings_are_limited_per_protocol);
	tcase_add_test(tc, rate_of_new_bindings_is_limited_over_all_protocols);
	tcase_add_test(tc, sessions_are_limited);
	tcase_add_test(tc, limit_of_0_is_none);
	tcase_add_test(tc, going_away_does_not_refill_the_bucket);
	tcase_add_test(tc, subscriber_with_a_binding_is_never_forgotten);
	tcase_add_test(tc, full_table_reuses_the_oldest_idle_subscriber_only);
	tcase_add_test(tc, walk_meets_each_once_whatever_comes_and_goes);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
