/*
 * Tests of views: who gets which policy.
 */
#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dns64d/policy/view.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct views views;

static void
setup(void)
{
	ck_assert_int_eq(views_init(&views), 0);
}

static void
teardown(void)
{
	views_clear(&views);
}

static struct scoped_addr
addr(const char *t, uint16_t port)
{
	struct scoped_addr a;

	ck_assert_ptr_null(scoped_addr_parse(t, port, &a));
	return (a);
}

/* from and on may be NULL: any. */
static void
add_match(struct view *view, const char *from, const char *on)
{
	struct view_match *m = view_add_match(view);

	ck_assert_ptr_nonnull(m);
	if (from != NULL)
		ck_assert_ptr_null(prefix_parse(from, &m->from));
	if (on != NULL)
		m->on = addr(on, 53);
}

static struct view *
add(const char *name)
{
	struct view *view = views_add(&views, name);

	ck_assert_ptr_nonnull(view);
	return (view);
}

static const char *
selected(const char *client, const char *listener)
{
	struct scoped_addr c = addr(client, 40000);
	struct scoped_addr l = addr(listener, 53);
	const struct view *view = view_select(&views, &c.ss, &l);

	return (view->name != NULL ? view->name : "default");
}

/* Shows: DNS64-54 DNS64-55 */
START_TEST(first_view_with_a_match_holds)
{
	static const struct {
		const char *client, *listener, *view;
	} rows[] = {
		{ "2001:db8:1::7", "2001:db8::53", "lan" },
		{ "2001:db8:1:bad::7", "2001:db8::53", "lan" },
		{ "192.0.2.7", "192.0.2.53", "lan" },
		{ "2001:db8:2::7", "2001:db8::53", "guests" },
		{ "2001:db8:2::7", "2001:db8::54", "both" },
		{ "2001:db8:3::7", "2001:db8::54", "listener" },
		{ "2001:db8:3::7", "2001:db8::53", "default" },
		{ "198.51.100.7", "192.0.2.53", "default" },
		{ "::ffff:192.0.2.7", "2001:db8::53", "default" },
	};
	const char *got;
	size_t i;

	add_match(add("lan"), "2001:db8:1::/48", NULL);
	add_match(&views.v[1], "192.0.2.0/24", NULL);
	add_match(add("shadowed"), "2001:db8:1:bad::/64", NULL);
	add_match(add("both"), "2001:db8:2::/48", "2001:db8::54");
	add_match(add("guests"), "2001:db8:2::/48", NULL);
	add_match(add("listener"), NULL, "2001:db8::54");
	ck_assert_int_eq(views_finish(&views), 0);
	for (i = 0; i < NITEMS(rows); i++) {
		got = selected(rows[i].client, rows[i].listener);
		ck_assert_msg(strcmp(got, rows[i].view) == 0, "%s at %s: %s",
		    rows[i].client, rows[i].listener, got);
	}
}
END_TEST

/* Shows: DNS64-55 */
START_TEST(listener_is_known_by_address_and_port)
{
	struct scoped_addr client = addr("::1", 1);
	struct scoped_addr other = addr("2001:db8::53", 5353);

	add_match(add("main"), NULL, "2001:db8::53");
	ck_assert_str_eq(selected("::1", "2001:db8::53"), "main");
	ck_assert_ptr_null(view_select(&views, &client.ss, &other)->name);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(view_without_match_is_seen_by_nobody)
{
	add("nobody");
	ck_assert_str_eq(selected("::1", "::1"), "default");
}
END_TEST

/* Shows: DNS64-55 */
START_TEST(ipv4_clients_can_be_left_without_dns64)
{
	struct scoped_addr v4 = addr("192.0.2.7", 1);
	struct scoped_addr v6 = addr("2001:db8::7", 1);
	static const struct {
		enum policy_dns64 dns64, v4, v6;
	} rows[] = {
		{ POLICY_DNS64_YES, POLICY_DNS64_YES, POLICY_DNS64_YES },
		{ POLICY_DNS64_NO, POLICY_DNS64_NO, POLICY_DNS64_NO },
		{ POLICY_DNS64_IPV6_CLIENTS, POLICY_DNS64_NO,
		    POLICY_DNS64_IPV6_CLIENTS },
	};
	const struct view *view = &views.v[0];
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		views.v[0].policy.dns64 = rows[i].dns64;
		views.v[0].policy.force = true;
		ck_assert_int_eq(views_finish(&views), 0);
		ck_assert_int_eq(view_policy(view, &v4.ss)->dns64, rows[i].v4);
		ck_assert_int_eq(view_policy(view, &v6.ss)->dns64, rows[i].v6);
		ck_assert(view_policy(view, &v4.ss)->force);
	}
}
END_TEST

/* Shows: DNS64-54 DNS64-20 */
START_TEST(view_begins_as_a_copy_of_the_default)
{
	const struct prefix all = { .family = AF_INET };
	struct dns64_policy *base = &views.v[0].policy, *own;
	struct pref64 nsp = { .len = 96 };

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:64::", &nsp.addr), 1);
	ck_assert_int_eq(policy_add_rule(base, &all,
			     policy_add_prefix(base, &nsp)),
	    0);
	base->force = true;
	policy_clear_excludes(base, AF_INET6);

	own = &add("own")->policy;
	ck_assert(own->force);
	ck_assert_uint_eq(own->n_rules, 1);
	ck_assert_uint_eq(own->exclude_aaaa.n, 0);
	ck_assert_uint_eq(own->exclude_a.n, views.v[0].policy.exclude_a.n);
	policy_clear_prefixes(own);
	own->force = false;
	ck_assert_int_eq(views_finish(&views), 0);

	ck_assert(views.v[0].policy.force);
	ck_assert_uint_eq(views.v[0].policy.prefixes[0].addr.s6_addr[1], 1);
	ck_assert(pref64_is_wkp(&views.v[1].policy.prefixes[0]));
}
END_TEST

/* The view of the last of some matches; an earlier one may have them all. */
START_TEST(view_is_hidden_by_what_contains_its_matches)
{
	static const struct {
		const char *name;
		const char *early_from, *early_on, *from, *on;
		size_t by;
	} rows[] = {
		{ "same", "2001:db8::/32", NULL, "2001:db8::/32", NULL, 1 },
		{ "longer", "2001:db8::/32", NULL, "2001:db8:1::/48", NULL,
		    1 },
		{ "shorter", "2001:db8:1::/48", NULL, "2001:db8::/32", NULL,
		    0 },
		{ "other", "2001:db8::/32", NULL, "2001:db9::/48", NULL, 0 },
		{ "other family", "::/0", NULL, "192.0.2.0/24", NULL, 0 },
		{ "listener", NULL, "::1", "2001:db8::/32", "::1", 1 },
		{ "other listener", NULL, "::1", "2001:db8::/32", "::2", 0 },
		{ "any listener", NULL, "::1", "2001:db8::/32", NULL, 0 },
		{ "one of all listeners", "::/0", NULL, "2001:db8::/32", "::1",
		    1 },
		{ "all of a listener", "::/0", NULL, NULL, "::1", 1 },
		{ "all of one of IPv4", "::/0", NULL, NULL, "192.0.2.1", 0 },
		{ "some of a listener", "2001:db8::/32", NULL, NULL, "::1",
		    0 },
	};
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		add_match(add("early"), rows[i].early_from, rows[i].early_on);
		add_match(add("late"), rows[i].from, rows[i].on);
		ck_assert_msg(views_hidden_by(&views, 2) == rows[i].by, "%s",
		    rows[i].name);
		ck_assert_uint_eq(views_hidden_by(&views, 1), 0);
		views_clear(&views);
		ck_assert_int_eq(views_init(&views), 0);
	}
	ck_assert_uint_eq(views_hidden_by(&views, 0), 0);
}
END_TEST

START_TEST(view_is_hidden_only_with_all_its_matches)
{
	struct view *view;

	add_match(add("a"), "2001:db8:a::/48", NULL);
	add_match(add("b"), "2001:db8:b::/48", NULL);
	view = add("late");
	add_match(view, "2001:db8:b:1::/64", NULL);
	ck_assert_uint_eq(views_hidden_by(&views, 3), 2);
	add_match(view, "2001:db8:a:1::/64", NULL);
	ck_assert_uint_eq(views_hidden_by(&views, 3), 2);
	add_match(view, "2001:db8:c::/48", NULL);
	ck_assert_uint_eq(views_hidden_by(&views, 3), 0);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(names_are_unique_and_views_bounded)
{
	struct view *view;
	char name[8];
	size_t i;

	add("a");
	ck_assert_ptr_null(views_add(&views, "a"));
	ck_assert_int_eq(errno, EEXIST);
	for (i = views.n; i < VIEWS_MAX; i++) {
		snprintf(name, sizeof(name), "v%zu", i);
		add(name);
	}
	ck_assert_ptr_null(views_add(&views, "more"));
	ck_assert_int_eq(errno, ENOSPC);
	view = &views.v[1];
	for (i = 0; i < VIEW_MATCHES_MAX; i++)
		ck_assert_ptr_nonnull(view_add_match(view));
	ck_assert_ptr_null(view_add_match(view));
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view");
	TCase *tc = tcase_create("view");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, first_view_with_a_match_holds);
	tcase_add_test(tc, listener_is_known_by_address_and_port);
	tcase_add_test(tc, view_without_match_is_seen_by_nobody);
	tcase_add_test(tc, ipv4_clients_can_be_left_without_dns64);
	tcase_add_test(tc, view_begins_as_a_copy_of_the_default);
	tcase_add_test(tc, view_is_hidden_by_what_contains_its_matches);
	tcase_add_test(tc, view_is_hidden_only_with_all_its_matches);
	tcase_add_test(tc, names_are_unique_and_views_bounded);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
