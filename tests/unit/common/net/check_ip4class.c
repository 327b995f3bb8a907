/*
 * Unit tests of ip4class.c: tables NG and NV of the specification, with the
 * first and the last address of each block and their neighbours.
 */
#include <arpa/inet.h>

#include <check.h>

#include "common/net/ip4class.h"

#include "tests/unit/suite.h"

struct row {
	const char *name;
	const char *addr;
	bool nonglobal;
	bool never_unicast;
};

static const struct row rows[] = {
	{ "this network, first", "0.0.0.0", true, true },
	{ "this network, last", "0.255.255.255", true, true },
	{ "behind this network", "1.0.0.0", false, false },
	{ "before 10/8", "9.255.255.255", false, false },
	{ "private 10/8, first", "10.0.0.0", true, false },
	{ "private 10/8, last", "10.255.255.255", true, false },
	{ "behind 10/8", "11.0.0.0", false, false },
	{ "before shared space", "100.63.255.255", false, false },
	{ "shared space, first", "100.64.0.0", true, false },
	{ "shared space, last", "100.127.255.255", true, false },
	{ "behind shared space", "100.128.0.0", false, false },
	{ "loopback, first", "127.0.0.0", true, true },
	{ "loopback, last", "127.255.255.255", true, true },
	{ "behind loopback", "128.0.0.0", false, false },
	{ "before link-local", "169.253.255.255", false, false },
	{ "link-local, first", "169.254.0.0", true, true },
	{ "link-local, last", "169.254.255.255", true, true },
	{ "behind link-local", "169.255.0.0", false, false },
	{ "before 172.16/12", "172.15.255.255", false, false },
	{ "private 172.16/12, first", "172.16.0.0", true, false },
	{ "private 172.16/12, last", "172.31.255.255", true, false },
	{ "behind 172.16/12", "172.32.0.0", false, false },
	{ "IETF protocols, first", "192.0.0.0", true, false },
	{ "before the PCP anycast", "192.0.0.8", true, false },
	{ "PCP anycast", "192.0.0.9", false, false },
	{ "TURN anycast", "192.0.0.10", false, false },
	{ "behind the TURN anycast", "192.0.0.11", true, false },
	{ "IETF protocols: ipv4only.arpa", "192.0.0.170", true, false },
	{ "IETF protocols, last", "192.0.0.255", true, false },
	{ "between 192.0.0/24 and TEST-NET-1", "192.0.1.0", false, false },
	{ "TEST-NET-1, first", "192.0.2.0", true, false },
	{ "TEST-NET-1, last", "192.0.2.255", true, false },
	{ "behind TEST-NET-1", "192.0.3.0", false, false },
	{ "AS112-v4 is global", "192.31.196.1", false, false },
	{ "AMT is global", "192.52.193.1", false, false },
	{ "direct delegation AS112 is global", "192.175.48.1", false, false },
	{ "6to4 relay anycast is global", "192.88.99.1", false, false },
	{ "6a44 relay anycast", "192.88.99.2", true, false },
	{ "behind 6a44", "192.88.99.3", false, false },
	{ "before 192.168/16", "192.167.255.255", false, false },
	{ "private 192.168/16, first", "192.168.0.0", true, false },
	{ "private 192.168/16, last", "192.168.255.255", true, false },
	{ "behind 192.168/16", "192.169.0.0", false, false },
	{ "before benchmarking", "198.17.255.255", false, false },
	{ "benchmarking, first", "198.18.0.0", true, false },
	{ "benchmarking, last", "198.19.255.255", true, false },
	{ "behind benchmarking", "198.20.0.0", false, false },
	{ "TEST-NET-2, first", "198.51.100.0", true, false },
	{ "TEST-NET-2, last", "198.51.100.255", true, false },
	{ "behind TEST-NET-2", "198.51.101.0", false, false },
	{ "TEST-NET-3, first", "203.0.113.0", true, false },
	{ "TEST-NET-3, last", "203.0.113.255", true, false },
	{ "behind TEST-NET-3", "203.0.114.0", false, false },
	{ "before multicast", "223.255.255.255", false, false },
	{ "multicast, first", "224.0.0.0", false, true },
	{ "multicast, last", "239.255.255.255", false, true },
	{ "reserved, first", "240.0.0.0", true, true },
	{ "broadcast", "255.255.255.255", true, true },
	{ "an ordinary address", "8.8.8.8", false, false },
};

#define NROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static struct in_addr
ip4(const char *text)
{
	struct in_addr addr;

	ck_assert_int_eq(inet_pton(AF_INET, text, &addr), 1);
	return (addr);
}

/* Shows: ADR-21 */
START_TEST(nonglobal_is_table_ng)
{
	const struct row *r = &rows[_i];

	ck_assert_msg(ip4_is_nonglobal(ip4(r->addr)) == r->nonglobal, "%s: %s",
	    r->name, r->addr);
}
END_TEST

/* Shows: ADR-22 */
START_TEST(never_unicast_is_table_nv)
{
	const struct row *r = &rows[_i];

	ck_assert_msg(ip4_is_never_unicast(ip4(r->addr)) == r->never_unicast,
	    "%s: %s", r->name, r->addr);
}
END_TEST

static Suite *
ip4class_suite(void)
{
	Suite *s = suite_create("ip4class");
	TCase *tc = tcase_create("ip4class");

	tcase_add_loop_test(tc, nonglobal_is_table_ng, 0, NROWS);
	tcase_add_loop_test(tc, never_unicast_is_table_nv, 0, NROWS);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(ip4class_suite()));
}
