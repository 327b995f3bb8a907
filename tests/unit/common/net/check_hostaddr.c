/*
 * Tests of hostaddr.c: which address ICMPv6 errors are sent from.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <string.h>

#include "common/net/hostaddr.h"

#include "tests/unit/suite.h"

#define TUN 9
#define WAN 2 /* where the default route leads */
#define LAN 3
#define PREFIX "2001:db8:64::"

#define OK 0
#define DEP HOSTADDR_DEPRECATED
#define TMP HOSTADDR_TEMPORARY
#define BAD HOSTADDR_UNUSABLE

struct offer {
	const char *addr; /* NULL: end */
	unsigned ifindex;
	unsigned flags;
};

static const struct row {
	const char *name;
	const char *current;
	struct offer offers[4];
	const char *best;
} rows[] = {
	{ "no address at all", "::", { { NULL, 0, OK } }, "::" },
	{ "what others cannot reach is none", "::",
	    { { "::1", 1, OK }, { "fe80::1", LAN, OK }, { "ff02::1", LAN, OK },
		{ "::ffff:192.0.2.1", LAN, OK } },
	    "::" },
	{ "an address inside a prefix is no host's",
	    "::", { { PREFIX "1", LAN, OK } }, "::" },
	{ "the first of equals",
	    "::", { { "2001:db8::1", LAN, OK }, { "2001:db8::2", LAN, OK } },
	    "2001:db8::1" },
	{ "global before unique local",
	    "::", { { "fd00::1", LAN, OK }, { "2001:db8::1", LAN, OK } },
	    "2001:db8::1" },
	{ "global before site-local",
	    "::", { { "fec0::1", LAN, OK }, { "2001:db8::1", LAN, OK } },
	    "2001:db8::1" },
	{ "unique local rather than none", "::", { { "fd00::1", LAN, OK } },
	    "fd00::1" },
	{ "a deprecated global one before unique local",
	    "::", { { "fd00::1", LAN, OK }, { "2001:db8::1", LAN, DEP } },
	    "2001:db8::1" },
	{ "deprecated rather than none", "::", { { "2001:db8::1", LAN, DEP } },
	    "2001:db8::1" },
	{ "preferred before deprecated", "::",
	    { { "2001:db8::1", LAN, DEP }, { "2001:db8:1::1", LAN, OK } },
	    "2001:db8:1::1" },
	{ "even when the deprecated one is ours", "2001:db8::1",
	    { { "2001:db8::1", WAN, DEP }, { "2001:db8:1::1", LAN, OK } },
	    "2001:db8:1::1" },
	{ "tentative is not ours yet", "::", { { "2001:db8::1", LAN, BAD } },
	    "::" },
	{ "unique local before a tentative one",
	    "::", { { "2001:db8::1", LAN, BAD }, { "fd00::1", LAN, OK } },
	    "fd00::1" },
	{ "what lasts before temporary", "::",
	    { { "2001:db8::abcd", LAN, TMP }, { "2001:db8::1", LAN, OK } },
	    "2001:db8::1" },
	{ "temporary before deprecated", "::",
	    { { "2001:db8::1", LAN, DEP }, { "2001:db8::abcd", LAN, TMP } },
	    "2001:db8::abcd" },
	{ "temporary rather than none",
	    "::", { { "2001:db8::abcd", LAN, TMP } }, "2001:db8::abcd" },
	{ "none of the tun's", "::", { { "2001:db8::1", TUN, OK } }, "::" },
	{ "none of the tun's, were it the only global one", "2001:db8::1",
	    { { "2001:db8::1", TUN, OK }, { "fd00::1", LAN, OK } },
	    "fd00::1" },
	{ "where the default route leads",
	    "::", { { "2001:db8::1", LAN, OK }, { "2001:db8:1::1", WAN, OK } },
	    "2001:db8:1::1" },
	{ "scope before route",
	    "::", { { "2001:db8::1", LAN, OK }, { "fd00::1", WAN, OK } },
	    "2001:db8::1" },
	{ "what lasts before route", "::",
	    { { "2001:db8::1", LAN, OK }, { "2001:db8:1::1", WAN, TMP } },
	    "2001:db8::1" },
	{ "the current one among equals", "2001:db8::2",
	    { { "2001:db8::1", LAN, OK }, { "2001:db8::2", LAN, OK } },
	    "2001:db8::2" },
	{ "route before the current one", "2001:db8::2",
	    { { "2001:db8::2", LAN, OK }, { "2001:db8:1::1", WAN, OK } },
	    "2001:db8:1::1" },
	{ "the current one has gone", "2001:db8::2",
	    { { "2001:db8:1::1", LAN, OK } }, "2001:db8:1::1" },
	{ "the only one has gone", "2001:db8::2", { { NULL, 0, OK } }, "::" },
};

static struct in6_addr
addr6(const char *text)
{
	struct in6_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET6, text, &addr), 1);
	return (addr);
}

START_TEST(choice_is_as_in_the_table)
{
	const struct row *r = &rows[_i];
	struct pref64 prefix = { .addr = addr6(PREFIX), .len = 96 };
	struct hostaddr_choice c = { .prefixes = &prefix,
		.n_prefixes = 1,
		.tun = TUN,
		.route = WAN,
		.current = addr6(r->current) };
	struct hostaddr a = { .family = AF_INET6, .len = 64 };
	char text[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < 4 && r->offers[i].addr != NULL; i++) {
		a.v6 = addr6(r->offers[i].addr);
		a.ifindex = r->offers[i].ifindex;
		a.flags = r->offers[i].flags;
		hostaddr_offer(&c, &a);
	}
	inet_ntop(AF_INET6, &c.best, text, sizeof(text));
	ck_assert_msg(strcmp(text, r->best) == 0, "%s: found %s", r->name,
	    text);
}
END_TEST

START_TEST(ipv4_is_not_looked_at)
{
	struct hostaddr_choice c = { .tun = TUN };
	const struct hostaddr a = { .family = AF_INET,
		.len = 24,
		.ifindex = LAN,
		.v4.s_addr = inet_addr("192.0.2.1") };

	hostaddr_offer(&c, &a);
	ck_assert(IN6_IS_ADDR_UNSPECIFIED(&c.best));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("hostaddr");
	Suite *s = suite_create("hostaddr");

	tcase_add_loop_test(tc, choice_is_as_in_the_table, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, ipv4_is_not_looked_at);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
