/*
 * Tests of routed_linux.c: the lines of /proc/net/route and
 * /proc/net/ipv6_route.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/os/routed.h"

#include "tests/unit/suite.h"

/* As the kernel prints it: the number that is in memory. */
static const char *
line4(const char *name, const char *addr, const char *mask, unsigned flags)
{
	static char line[128];

	snprintf(line, sizeof(line),
	    "%s\t%08X\t00000000\t%04X\t0\t0\t0\t"
	    "%08X\t0\t0\t0   \n",
	    name, inet_addr(addr), flags, inet_addr(mask));
	return (line);
}

static struct prefix
prefix_of(const char *text)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(text, &p));
	return (p);
}

START_TEST(line4_routes_its_prefix_and_what_is_inside)
{
	static const struct {
		const char *name;
		const char *addr;
		const char *mask;
		unsigned flags;
		const char *dst;
		bool routed;
	} rows[] = {
		{ "tun0", "192.0.2.0", "255.255.255.0", 1, "192.0.2.0/24",
		    true },
		{ "tun0", "192.0.2.0", "255.255.255.0", 1, "192.0.2.64/28",
		    true },
		{ "tun0", "192.0.2.9", "255.255.255.255", 5, "192.0.2.9/32",
		    true },
		{ "tun0", "0.0.0.0", "0.0.0.0", 1, "192.0.2.0/24", true },
		{ "tun0", "192.0.2.0", "255.255.255.128", 1, "192.0.2.0/24",
		    false },
		{ "tun0", "192.0.3.0", "255.255.255.0", 1, "192.0.2.0/24",
		    false },
		{ "tun00", "192.0.2.0", "255.255.255.0", 1, "192.0.2.0/24",
		    false },
		{ "tun0", "192.0.2.0", "255.255.255.0", 0x201, "192.0.2.0/24",
		    false },
		{ "tun0", "192.0.2.0", "255.255.255.0", 0, "192.0.2.0/24",
		    false },
	};
	struct prefix dst;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dst = prefix_of(rows[i].dst);
		ck_assert_msg(routed_line4(line4(rows[i].name, rows[i].addr,
					       rows[i].mask, rows[i].flags),
				  "tun0", &dst) == rows[i].routed,
		    "row %zu", i);
	}
}
END_TEST

START_TEST(line6_routes_its_prefix_and_what_is_inside)
{
#define NOWHERE "00000000000000000000000000000000"
#define WKP "0064ff9b000000000000000000000000"
	static const struct {
		const char *line;
		const char *dst;
		bool routed;
	} rows[] = {
		{ WKP " 60 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun0\n",
		    "64:ff9b::/96", true },
		{ WKP " 20 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun0\n",
		    "64:ff9b::/96", true },
		{ WKP " 61 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun0\n",
		    "64:ff9b::/96", false },
		{ WKP " 60 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun00\n",
		    "64:ff9b::/96", false },
		{ WKP " 60 " NOWHERE " 00 " NOWHERE " ffffffff 00000001 "
		      "00000000 00200200     tun0\n",
		    "64:ff9b::/96", false },
		{ WKP " 60 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun0\n",
		    "64:ff9a::/96", false },
		{ WKP " 60 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
		      "00000000 00000001     tun0\n",
		    "64:ff9b:1::/96", false },
		{ NOWHERE " 00 " NOWHERE " 00 " NOWHERE " 00000400 00000001 "
			  "00000000 00000001     tun0\n",
		    "64:ff9b::/96", true },
	};
	struct prefix dst;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dst = prefix_of(rows[i].dst);
		ck_assert_msg(routed_line6(rows[i].line, "tun0", &dst) ==
			rows[i].routed,
		    "row %zu", i);
	}
}
END_TEST

START_TEST(line_without_sense_routes_nothing)
{
	static const char *const lines[] = { "", "\n", "tun0\n",
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\t"
		"Mask\t\tMTU\tWindow\tIRTT\n",
		"tun0 zz 00000000 1 0 0 0 00000000 0 0 0\n",
		"00 60 00 00 00 0 1 0 1 tun0\n",
		WKP " 81 " NOWHERE " 00 " NOWHERE " 0 1 0 1 tun0\n",
		"zz64ff9b000000000000000000000000 60 " NOWHERE " 00 " NOWHERE
		" 0 1 0 1 tun0\n" };
	const struct prefix dst4 = prefix_of("192.0.2.0/24");
	const struct prefix dst6 = prefix_of("64:ff9b::/96");
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert(!routed_line4(lines[i], "tun0", &dst4));
		ck_assert(!routed_line6(lines[i], "tun0", &dst6));
	}
}
END_TEST

START_TEST(interface_that_does_not_exist_has_no_route)
{
	const struct prefix dst4 = prefix_of("192.0.2.0/24");
	const struct prefix dst6 = prefix_of("64:ff9b::/96");

	ck_assert(!routed("no-such-if", &dst4));
	ck_assert(!routed("no-such-if", &dst6));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("routed");
	TCase *tc = tcase_create("routed");

	tcase_add_test(tc, line4_routes_its_prefix_and_what_is_inside);
	tcase_add_test(tc, line6_routes_its_prefix_and_what_is_inside);
	tcase_add_test(tc, line_without_sense_routes_nothing);
	tcase_add_test(tc, interface_that_does_not_exist_has_no_route);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
