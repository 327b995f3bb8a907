/*
 * Filters: how they are read, and what they match.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_filter.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

/* --- reading --- */

START_TEST(ends_are_read)
{
	static const struct {
		const char *text;
		const char *net;
		int port; /* -1: none */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1/32", -1 },
		{ "192.0.2.0/24", "192.0.2.0/24", -1 },
		{ "192.0.2.1:0", "192.0.2.1/32", 0 },
		{ "192.0.2.0/24:53", "192.0.2.0/24", 53 },
		{ "2001:db8::1", "2001:db8::1/128", -1 },
		{ "::", "::/128", -1 },
		{ "2001:db8::/32", "2001:db8::/32", -1 },
		{ "[2001:db8::1]", "2001:db8::1/128", -1 },
		{ "[2001:db8::1]:65535", "2001:db8::1/128", 65535 },
		{ "[2001:db8::/32]:80", "2001:db8::/32", 80 },
		{ "2001:DB8:0:0::A", "2001:db8::a/128", -1 },
		{ "::ffff:192.0.2.1", "192.0.2.1/32", -1 },
		{ "[::FFFF:C000:201]:80", "192.0.2.1/32", 80 },
		{ "::ffff:192.0.2.0/120", "192.0.2.0/24", -1 },
		{ "::ffff:0:0/96", "0.0.0.0/0", -1 },
		{ "::/95", "::/95", -1 },
	};
	struct nat64_end end;
	char text[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		ck_assert_msg(nat64_end_parse(rows[i].text, &end) == NULL,
		    "%s", rows[i].text);
		ck_assert_str_eq(prefix_print(&end.net, text, sizeof(text)),
		    rows[i].net);
		ck_assert_int_eq(end.has_port ? end.port : -1, rows[i].port);
	}
}
END_TEST

START_TEST(what_is_no_end_is_refused_and_changes_nothing)
{
	static const char *const rows[] = { "", ":", "[", "[]", "]:1",
		"192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:99999999999999",
		"192.0.2.1:-1", "192.0.2.1: 1", "192.0.2.1:1x", "192.0.2.1/33",
		"192.0.2.1/24", "[2001:db8::1", "[2001:db8::1]1",
		"[2001:db8::1]:", "2001:db8::1/64", "example.com",
		"2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0" };
	struct nat64_end end;
	size_t i;

	memset(&end, 0x5a, sizeof(end));
	for (i = 0; i < NITEMS(rows); i++) {
		ck_assert_msg(nat64_end_parse(rows[i], &end) != NULL, "%s",
		    rows[i]);
		ck_assert_uint_eq(end.port, 0x5a5a);
	}
}
END_TEST

/* --- matching --- */

static struct nat64_filter f;

/* Sets f to match everything, and the named end of it to text. */
static void
filter(struct nat64_end *end, const char *text)
{
	nat64_filter_init(&f);
	if (end != NULL)
		ck_assert_ptr_null(nat64_end_parse(text, end));
}

static bool
matches_binding(void)
{
	return (nat64_filter_binding(&f, lab_binding(L4_TCP, CLIENT6, PORT6)));
}

static bool
matches_session(void)
{
	return (nat64_filter_session(&f, lab.n,
	    lab_session(L4_TCP, CLIENT6, PORT6)));
}

START_TEST(an_empty_one_matches_everything)
{
	filter(NULL, NULL);
	ck_assert(nat64_filter_is_empty(&f));
	lab_bind(L4_TCP, CLIENT6, PORT6);
	ck_assert(matches_binding());
	ck_assert(matches_session());
	f.tcp_state = TCP_STATE_CLOSED;
	ck_assert(!nat64_filter_is_empty(&f));
}
END_TEST

/* The session is CLIENT6:PORT6, POOL:port, SERVER:443. */
START_TEST(ends_match_either_family)
{
	static const struct {
		const char *text; /* @: the pool port */
		bool binding;
		bool host;
		bool peer;
	} rows[] = {
		{ CLIENT6, true, true, false },
		{ "2001:db8:1::/48", true, true, false },
		{ "[" CLIENT6 "]:49152", true, true, false },
		{ "[" CLIENT6 "]:443", false, false, false },
		{ "203.0.113.0/24", true, true, false },
		{ "203.0.113.0/24:@", true, true, false },
		{ "203.0.113.0/24:49152", false, false, false },
		{ SERVER4, false, false, true },
		{ SERVER4 ":443", false, false, true },
		{ SERVER4 ":80", false, false, false },
		{ "2001:db8:64::c633:6414", false, false, true },
		{ "[" PREF64 "/96]:443", false, false, true },
		{ "[::/0]:1", false, false, false },
		{ HOST_C, false, false, false },
	};
	const struct taddr4 out = lab_bind(L4_TCP, CLIENT6, PORT6);
	char text[128];
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].text);
		if (strchr(text, '@') != NULL)
			snprintf(strchr(text, '@'), 6, "%u", out.port);
		filter(&f.any, text);
		ck_assert_msg(matches_binding() == rows[i].binding, "%s",
		    text);
		ck_assert_msg(matches_session() ==
			(rows[i].host || rows[i].peer),
		    "%s", text);
		filter(&f.host, text);
		ck_assert_msg(matches_binding() == rows[i].host, "%s", text);
		ck_assert_msg(matches_session() == rows[i].host, "%s", text);
		filter(&f.peer, text);
		ck_assert_msg(matches_session() == rows[i].peer, "%s", text);
		/* What a binding is not asked for does not keep it out. */
		ck_assert(matches_binding());
	}
}
END_TEST

START_TEST(protocol_state_and_subscriber_match)
{
	lab_bind(L4_TCP, CLIENT6, PORT6);
	filter(NULL, NULL);
	f.protos = 1u << L4_TCP | 1u << L4_ICMP;
	ck_assert(matches_session());
	f.protos = 1u << L4_UDP;
	ck_assert(!matches_session());
	ck_assert(!matches_binding());
	filter(NULL, NULL);
	f.tcp_state = TCP_STATE_V6_INIT;
	ck_assert(matches_session());
	f.tcp_state = TCP_STATE_ESTABLISHED;
	ck_assert(!matches_session());
	filter(NULL, NULL);
	ck_assert_ptr_null(prefix_parse("2001:db8:1::/64", &f.subscriber));
	ck_assert(matches_session());
	ck_assert_ptr_null(prefix_parse("2001:db8:2::/64", &f.subscriber));
	ck_assert(!matches_session());
}
END_TEST

START_TEST(an_address_and_a_port_may_be_of_two_ends)
{
	lab_bind(L4_TCP, CLIENT6, PORT6);
	filter(&f.any, CLIENT6);
	f.port = (struct nat64_end){ .has_port = true, .port = PORT_SERVER };
	ck_assert(matches_session());
	ck_assert(!matches_binding());
	f.port.port = PORT6;
	ck_assert(matches_session());
	ck_assert(matches_binding());
	f.port.port = 1;
	ck_assert(!matches_session());
	ck_assert(!nat64_filter_is_empty(&f));
}
END_TEST

START_TEST(only_tcp_has_a_state)
{
	lab_bind(L4_UDP, CLIENT6, PORT6);
	filter(NULL, NULL);
	f.tcp_state = TCP_STATE_CLOSED;
	ck_assert(!nat64_filter_session(&f, lab.n,
	    lab_session(L4_UDP, CLIENT6, PORT6)));
}
END_TEST

START_TEST(an_identifier_belongs_to_the_host)
{
	const struct session *s;

	lab_bind(L4_ICMP, CLIENT6, 77);
	s = lab_session(L4_ICMP, CLIENT6, 77);
	filter(&f.any, "[" CLIENT6 "]:77");
	ck_assert(nat64_filter_session(&f, lab.n, s));
	filter(&f.any, "0.0.0.0/0:0");
	ck_assert(!nat64_filter_session(&f, lab.n, s));
	filter(&f.peer, SERVER4);
	ck_assert(nat64_filter_session(&f, lab.n, s));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		ends_are_read,
		what_is_no_end_is_refused_and_changes_nothing,
		an_empty_one_matches_everything,
		ends_match_either_family,
		protocol_state_and_subscriber_match,
		an_address_and_a_port_may_be_of_two_ends,
		only_tcp_has_a_state,
		an_identifier_belongs_to_the_host,
	};

	return (lab_main("nat64_filter", tests, NITEMS(tests)));
}
