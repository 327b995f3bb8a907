/*
 * Unit tests of addr.c: prefixes and socket addresses as text and back.
 */
#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "common/net/addr.h"

#include "tests/unit/suite.h"

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(text, &p));
	return (p);
}

static struct sockaddr_storage
sockaddr(const char *text, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, port, &ss, &len), 0);
	return (ss);
}

static const struct {
	const char *text;
	const char *printed; /* NULL: refused */
	const char *reason;
} prefixes[] = {
	{ "192.0.2.0/24", "192.0.2.0/24", NULL },
	{ "192.0.2.1", "192.0.2.1/32", NULL },
	{ "0.0.0.0/0", "0.0.0.0/0", NULL },
	{ "10.128.0.0/9", "10.128.0.0/9", NULL },
	{ "2001:db8::/32", "2001:db8::/32", NULL },
	{ "2001:DB8:0:0::/33", "2001:db8::/33", NULL },
	{ "::/0", "::/0", NULL },
	{ "::1", "::1/128", NULL },
	{ "::ffff:192.0.2.0/120", "::ffff:192.0.2.0/120", NULL },
	{ "192.0.2.1/24", NULL, "has host bits set" },
	{ "10.64.0.0/9", NULL, "has host bits set" },
	{ "2001:db8::1/127", NULL, "has host bits set" },
	{ "128.0.0.0/0", NULL, "has host bits set" },
	{ "192.0.2.0/33", NULL, "has a prefix length above 32" },
	{ "2001:db8::/129", NULL, "has a prefix length above 128" },
	{ "192.0.2.0/", NULL, "has no valid prefix length" },
	{ "192.0.2.0/-1", NULL, "has no valid prefix length" },
	{ "192.0.2.0/+8", NULL, "has no valid prefix length" },
	{ "192.0.2.0/024", NULL, "has no valid prefix length" },
	{ "192.0.2.0/24x", NULL, "has no valid prefix length" },
	{ "192.0.2.0/24/24", NULL, "has no valid prefix length" },
	{ "192.0.2.0/4294967320", NULL, "has no valid prefix length" },
	{ "", NULL, "is no address or prefix" },
	{ "/24", NULL, "is no address or prefix" },
	{ "192.0.2", NULL, "is no address or prefix" },
	{ "192.0.2.256", NULL, "is no address or prefix" },
	{ "2001:db8:::/32", NULL, "is no address or prefix" },
	{ "fe80::%2/64", NULL, "is no address or prefix" },
	{ "localhost", NULL, "is no address or prefix" },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", NULL,
	    "is no address or prefix" },
};

/* Shows: DNS64-19 */
START_TEST(prefix_parse_accepts_prefixes_and_gives_reasons)
{
	char buf[PREFIX_STRLEN];
	struct prefix p;
	const char *reason;

	memset(&p, 0x5a, sizeof(p));
	reason = prefix_parse(prefixes[_i].text, &p);
	if (prefixes[_i].printed != NULL) {
		ck_assert_msg(reason == NULL, "%s %s", prefixes[_i].text,
		    reason);
		ck_assert_str_eq(prefix_print(&p, buf, sizeof(buf)),
		    prefixes[_i].printed);
	} else {
		ck_assert_msg(reason != NULL, "%s", prefixes[_i].text);
		ck_assert_str_eq(reason, prefixes[_i].reason);
		ck_assert_uint_eq(p.len, 0x5a);
	}
}
END_TEST

START_TEST(prefix_parse_family_refuses_the_other_family)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse_family("2001:db8::/32", AF_INET6, &p));
	ck_assert_ptr_null(prefix_parse_family("192.0.2.0/24", AF_INET, &p));
	ck_assert_str_eq(prefix_parse_family("2001:db8::/32", AF_INET, &p),
	    "is not an IPv4 prefix");
	ck_assert_str_eq(prefix_parse_family("192.0.2.0/24", AF_INET6, &p),
	    "is not an IPv6 prefix");
	ck_assert_str_eq(prefix_parse_family("192.0.2.1/24", AF_INET6, &p),
	    "has host bits set");
}
END_TEST

static const struct {
	const char *prefix;
	const char *addr;
	bool match;
} matches[] = {
	{ "192.0.2.0/24", "192.0.2.0", true },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.1/32", "192.0.2.1", true },
	{ "192.0.2.1/32", "192.0.2.0", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "::", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "::ffff:0:0/96", "192.0.2.1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
	{ "2001:db8::1/128", "2001:db8::", false },
};

/* Shows: DNS64-54 */
START_TEST(prefix_match_compares_the_prefix_bits_of_one_family)
{
	struct prefix p = prefix(matches[_i].prefix);
	struct sockaddr_storage ss = sockaddr(matches[_i].addr, 53);

	ck_assert_msg(prefix_match(&p, &ss) == matches[_i].match, "%s %s",
	    matches[_i].prefix, matches[_i].addr);
}
END_TEST

/* Shows: DNS64-54 */
START_TEST(prefix_match_of_other_families_is_false)
{
	struct prefix p = prefix("0.0.0.0/0");
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };

	ck_assert(!prefix_match(&p, &ss));
}
END_TEST

/* Shows: ADR-07 */
START_TEST(prefix_overlap_is_one_inside_the_other)
{
	struct prefix wide = prefix("10.0.0.0/8");
	struct prefix inside = prefix("10.1.2.0/24");
	struct prefix beside = prefix("11.0.0.0/8");
	struct prefix other = prefix("a00::/8");

	ck_assert(prefix_overlap(&wide, &wide));
	ck_assert(prefix_overlap(&wide, &inside));
	ck_assert(prefix_overlap(&inside, &wide));
	ck_assert(!prefix_overlap(&wide, &beside));
	ck_assert(!prefix_overlap(&inside, &beside));
	ck_assert(!prefix_overlap(&wide, &other));
}
END_TEST

static const struct {
	const char *text;
	const char *printed; /* NULL: refused */
} sockaddrs[] = {
	{ "192.0.2.1", "192.0.2.1:5353" },
	{ "2001:db8::1", "[2001:db8::1]:5353" },
	{ "::", "[::]:5353" },
	{ "fe80::1", "[fe80::1]:5353" },
	{ "fe80::1%2", "[fe80::1%2]:5353" },
	{ "fe80::1%4294967295", "[fe80::1%4294967295]:5353" },
	{ "fe80::1%4294967296", NULL },
	{ "fe80::1%99999999999999999999", NULL },
	{ "fe80::1%0", NULL },
	{ "fe80::1%", NULL },
	{ "fe80::1%2x", NULL },
	{ "fe80::1%eth0", NULL },
	{ "2001:db8::1%2", NULL },
	{ "192.0.2.1%2", NULL },
	{ "192.0.2.1:53", NULL },
	{ "[::1]", NULL },
	{ "192.0.2.0/24", NULL },
	{ "", NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", NULL },
};

START_TEST(sockaddr_parse_and_print_are_inverse)
{
	struct sockaddr_storage ss;
	char buf[SOCKADDR_STRLEN];
	socklen_t len = 0;
	int rc;

	rc = sockaddr_parse(sockaddrs[_i].text, 5353, &ss, &len);
	if (sockaddrs[_i].printed == NULL) {
		ck_assert_msg(rc == -1, "%s", sockaddrs[_i].text);
		ck_assert_uint_eq(len, 0);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(sockaddr_print(&ss, buf, sizeof(buf)),
	    sockaddrs[_i].printed);
	ck_assert_uint_eq(sockaddr_port(&ss), 5353);
	ck_assert_uint_eq(len,
	    ss.ss_family == AF_INET ? sizeof(struct sockaddr_in) :
				      sizeof(struct sockaddr_in6));
}
END_TEST

START_TEST(sockaddr_print_of_the_longest_address_fits)
{
	struct sockaddr_storage ss =
	    sockaddr("fe80:1111:2222:3333:4444:5555:6666:7777%4294967295",
		65535);
	char buf[SOCKADDR_STRLEN];

	ck_assert_str_eq(sockaddr_print(&ss, buf, sizeof(buf)),
	    "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}
END_TEST

START_TEST(sockaddr_of_other_families_prints_and_has_no_port)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	char buf[SOCKADDR_STRLEN];

	ck_assert_str_eq(sockaddr_print(&ss, buf, sizeof(buf)),
	    "address family 1");
	ck_assert_uint_eq(sockaddr_port(&ss), 0);
	ck_assert(!sockaddr_equal(&ss, &ss));
}
END_TEST

static const struct {
	const char *name;
	const char *a;
	uint16_t a_port;
	const char *b;
	uint16_t b_port;
	bool equal;
} pairs[] = {
	{ "same IPv4", "192.0.2.1", 53, "192.0.2.1", 53, true },
	{ "other address", "192.0.2.1", 53, "192.0.2.2", 53, false },
	{ "other port", "192.0.2.1", 53, "192.0.2.1", 54, false },
	{ "same IPv6", "2001:db8::1", 53, "2001:db8::1", 53, true },
	{ "other IPv6", "2001:db8::1", 53, "2001:db8::2", 53, false },
	{ "other IPv6 port", "2001:db8::1", 53, "2001:db8::1", 5, false },
	{ "same scope", "fe80::1%2", 53, "fe80::1%2", 53, true },
	{ "other scope", "fe80::1%2", 53, "fe80::1%3", 53, false },
	{ "mapped", "192.0.2.1", 53, "::ffff:192.0.2.1", 53, false },
};

START_TEST(sockaddr_equal_compares_address_port_and_scope)
{
	struct sockaddr_storage a = sockaddr(pairs[_i].a, pairs[_i].a_port);
	struct sockaddr_storage b = sockaddr(pairs[_i].b, pairs[_i].b_port);

	ck_assert_msg(sockaddr_equal(&a, &b) == pairs[_i].equal, "%s",
	    pairs[_i].name);
}
END_TEST

/* What the kernel fills in beside the address must not matter. */
START_TEST(sockaddr_equal_ignores_flow_label_and_padding)
{
	struct sockaddr_storage a, b = sockaddr("2001:db8::1", 53);
	struct sockaddr_in6 sin6;

	memset(&a, 0xff, sizeof(a));
	memcpy(&sin6, &b, sizeof(sin6));
	sin6.sin6_flowinfo = htonl(0x12345);
	memcpy(&a, &sin6, sizeof(sin6));
	ck_assert(sockaddr_equal(&a, &b));
}
END_TEST

static const struct {
	uint8_t mask[4];
	int len;
} netmasks[] = {
	{ { 0 }, 0 },
	{ { 0x80 }, 1 },
	{ { 0xff, 0xff, 0xff }, 24 },
	{ { 0xff, 0xff, 0xff, 0xfe }, 31 },
	{ { 0xff, 0xff, 0xff, 0xff }, 32 },
	{ { 0, 0xff }, -1 },
	{ { 0xff, 0xfd }, -1 },
	{ { 0xfe, 0, 0, 1 }, -1 },
};

START_TEST(netmask_len_refuses_holes)
{
	ck_assert_int_eq(netmask_len(netmasks[_i].mask, 4), netmasks[_i].len);
}
END_TEST

START_TEST(mask_and_length_agree)
{
	uint32_t mask = htonl(PREFIX4_MASK(_i)), all = 0xffffffff;

	ck_assert_int_eq(netmask_len(&mask, sizeof(mask)), _i);
	addr_clear_host(&all, sizeof(all), (unsigned)_i);
	ck_assert_uint_eq(all, mask);
}
END_TEST

static Suite *
addr_suite(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("addr");

	tcase_add_loop_test(tc,
	    prefix_parse_accepts_prefixes_and_gives_reasons, 0,
	    NITEMS(prefixes));
	tcase_add_test(tc, prefix_parse_family_refuses_the_other_family);
	tcase_add_loop_test(tc,
	    prefix_match_compares_the_prefix_bits_of_one_family, 0,
	    NITEMS(matches));
	tcase_add_loop_test(tc, netmask_len_refuses_holes, 0,
	    NITEMS(netmasks));
	tcase_add_loop_test(tc, mask_and_length_agree, 0, 33);
	tcase_add_test(tc, prefix_match_of_other_families_is_false);
	tcase_add_test(tc, prefix_overlap_is_one_inside_the_other);
	tcase_add_loop_test(tc, sockaddr_parse_and_print_are_inverse, 0,
	    NITEMS(sockaddrs));
	tcase_add_test(tc, sockaddr_print_of_the_longest_address_fits);
	tcase_add_test(tc, sockaddr_of_other_families_prints_and_has_no_port);
	tcase_add_loop_test(tc, sockaddr_equal_compares_address_port_and_scope,
	    0, NITEMS(pairs));
	tcase_add_test(tc, sockaddr_equal_ignores_flow_label_and_padding);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(addr_suite()));
}
