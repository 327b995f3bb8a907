/*
 * Explicit address mappings: the examples of RFC 7757, and random tables
 * compared with a search of all mappings.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/net/addr.h"

#include "nat64d/tables/eamt.h"
#include "tests/unit/nat64_lab.h"

static struct eam
eam(const char *four, const char *six)
{
	struct prefix p4, p6;

	ck_assert_ptr_null(prefix_parse_family(four, AF_INET, &p4));
	ck_assert_ptr_null(prefix_parse_family(six, AF_INET6, &p6));
	return ((struct eam){ p4.v4, p4.len, p6.v6, p6.len });
}

/* Addresses of both sides belong to each other. */
static void
expect_both(const struct eamt *t, const char *four, const char *six)
{
	const struct in_addr a4 = addr4(four);
	const struct in6_addr a6 = addr6(six);
	struct in_addr found4;
	struct in6_addr found6;

	ck_assert(eamt_4to6(t, a4, &found6));
	ck_assert_str_eq(six, text6(found6));
	ck_assert(eamt_6to4(t, &a6, &found4));
	ck_assert_str_eq(four, text4(found4));
}

START_TEST(the_table_of_rfc_7757_gives_its_examples)
{
	const struct eam maps[] = {
		eam("192.0.2.1", "2001:db8:aaaa::"),
		eam("192.0.2.2/32", "2001:db8:bbbb::b/128"),
		eam("192.0.2.16/28", "2001:db8:cccc::/124"),
		eam("192.0.2.128/26", "2001:db8:dddd::/64"),
		eam("192.0.2.192/29", "2001:db8:eeee:8::/62"),
		eam("192.0.2.224/31", "64:ff9b::/127"),
	};
	const struct in6_addr embedded = addr6("64:ff9b::c000:2f8");
	struct eamt *t = eamt_new(maps, NITEMS(maps));
	struct in6_addr a6;
	struct in_addr a4;

	ck_assert_ptr_nonnull(t);
	expect_both(t, "192.0.2.1", "2001:db8:aaaa::");
	expect_both(t, "192.0.2.2", "2001:db8:bbbb::b");
	expect_both(t, "192.0.2.16", "2001:db8:cccc::");
	expect_both(t, "192.0.2.24", "2001:db8:cccc::8");
	expect_both(t, "192.0.2.31", "2001:db8:cccc::f");
	expect_both(t, "192.0.2.128", "2001:db8:dddd::");
	expect_both(t, "192.0.2.152", "2001:db8:dddd:0:6000::");
	expect_both(t, "192.0.2.183", "2001:db8:dddd:0:dc00::");
	expect_both(t, "192.0.2.191", "2001:db8:dddd:0:fc00::");
	expect_both(t, "192.0.2.195", "2001:db8:eeee:9:8000::");
	expect_both(t, "192.0.2.225", "64:ff9b::1");
	ck_assert(!eamt_4to6(t, addr4("192.0.2.248"), &a6));
	ck_assert(!eamt_6to4(t, &embedded, &a4));
	eamt_free(t);
}
END_TEST

/* RFC 7757, figure 2; what is behind the IPv4 bits is ignored (3.3.2). */
START_TEST(the_longest_prefix_applies_on_each_side)
{
	const struct eam maps[] = {
		eam("0.0.0.0/0", "2001:db8:ff00::/40"),
		eam("198.51.100.64", "2001:db8::abcd"),
	};
	const struct in6_addr ivi = addr6("2001:db8:ffc6:3364:4000::");
	const struct in6_addr more = addr6("2001:db8:ffc6:3364:40ff::1");
	struct eamt *t = eamt_new(maps, NITEMS(maps));
	struct in_addr a4;

	expect_both(t, "198.51.100.64", "2001:db8::abcd");
	expect_both(t, "198.51.100.65", "2001:db8:ffc6:3364:4100::");
	ck_assert(eamt_6to4(t, &ivi, &a4));
	ck_assert_str_eq(text4(a4), "198.51.100.64");
	ck_assert(eamt_6to4(t, &more, &a4));
	ck_assert_str_eq(text4(a4), "198.51.100.64");
	eamt_free(t);
}
END_TEST

START_TEST(a_mapping_as_it_must_not_be_is_refused)
{
	struct eam m = eam("192.0.2.0/24", "2001:db8::/120");
	struct eamt *t = eamt_new(&m, 1);

	ck_assert_ptr_nonnull(t);
	eamt_free(t);
	m.len6 = 121;
	ck_assert_ptr_null(eamt_new(&m, 1));
	ck_assert_int_eq(errno, EINVAL);
	m.len6 = 20; /* host bits */
	ck_assert_ptr_null(eamt_new(&m, 1));
	m = eam("192.0.2.0/24", "2001:db8::/64");
	m.len4 = 22;
	ck_assert_ptr_null(eamt_new(&m, 1));
}
END_TEST

START_TEST(an_empty_table_maps_nothing)
{
	const struct in6_addr any = addr6("2001:db8::1");
	struct eamt *t = eamt_new(NULL, 0);
	struct in6_addr a6;
	struct in_addr a4;

	ck_assert(!eamt_4to6(t, addr4("192.0.2.1"), &a6));
	ck_assert(!eamt_6to4(t, &any, &a4));
	eamt_free(t);
	eamt_free(NULL);
}
END_TEST

START_TEST(the_addresses_of_the_service_prefix_are_the_hosts)
{
	struct eam m = eam("192.0.0.1", "2001:db8::1");

	ck_assert(eam_is_of_host(&m));
	m = eam("192.0.0.7", "2001:db8::1");
	ck_assert(eam_is_of_host(&m));
	m = eam("192.0.0.8", "2001:db8::1");
	ck_assert(!eam_is_of_host(&m));
	m = eam("192.0.0.0/29", "2001:db8::/64");
	ck_assert(!eam_is_of_host(&m));
}
END_TEST

#define MAX_MAPS 24

/* A mapping of few bits, so that prefixes contain each other. */
static struct eam
random_map(uint32_t *state)
{
	struct eam m;

	memset(&m, 0, sizeof(m));
	m.len4 = (uint8_t)(wire_random(state) % 33);
	m.len6 = (uint8_t)(wire_random(state) % (96U + m.len4 + 1));
	m.addr4.s_addr =
	    htonl(0xc0000000 | (wire_random(state) & 0x03030303)) &
	    htonl(PREFIX4_MASK(m.len4));
	m.addr6 = addr6("2001:db8::");
	m.addr6.s6_addr[wire_random(state) % 16] ^=
	    (uint8_t)(wire_random(state) & 3);
	m.addr6 = addr6_prefix(&m.addr6, m.len6);
	return (m);
}

/* By the definition: compare with all of them. */
static const struct eam *
slow_find4(const struct eam *maps, size_t n, struct in_addr addr)
{
	const struct eam *best = NULL, *m;

	for (m = maps; m < maps + n; m++)
		if ((addr.s_addr & htonl(PREFIX4_MASK(m->len4))) ==
			m->addr4.s_addr &&
		    (best == NULL || m->len4 > best->len4))
			best = m;
	return (best);
}

static const struct eam *
slow_find6(const struct eam *maps, size_t n, const struct in6_addr *addr)
{
	const struct eam *best = NULL, *m;
	struct in6_addr head;

	for (m = maps; m < maps + n; m++) {
		head = addr6_prefix(addr, m->len6);
		if (IN6_ARE_ADDR_EQUAL(&head, &m->addr6) &&
		    (best == NULL || m->len6 > best->len6))
			best = m;
	}
	return (best);
}

/* There and back by the mapping that was found, if that is the same. */
static void
check_there_and_back(const struct eamt *t, struct in_addr addr)
{
	const struct eam *m = eamt_find4(t, addr), *back;
	struct in6_addr a6;
	struct in_addr a4;

	if (m == NULL)
		return;
	REQUIRE(eamt_4to6(t, addr, &a6));
	back = eamt_find6(t, &a6);
	REQUIRE(back != NULL && back->len6 >= m->len6);
	if (memcmp(back, m, sizeof(*m)) != 0)
		return;
	REQUIRE(eamt_6to4(t, &a6, &a4));
	REQUIRE(a4.s_addr == addr.s_addr);
}

START_TEST(random_tables_find_what_a_search_of_all_finds)
{
	struct eam maps[MAX_MAPS];
	uint32_t state = 7;
	const struct eam *found, *slow;
	struct in6_addr a6;
	struct in_addr a4;
	struct eamt *t;
	size_t n, i;
	int round;

	for (round = 0; round < 3000; round++) {
		n = wire_random(&state) % MAX_MAPS;
		for (i = 0; i < n; i++)
			maps[i] = random_map(&state);
		t = eamt_new(maps, n);
		REQUIRE(t != NULL);
		for (i = 0; i < 20; i++) {
			a4.s_addr = htonl(
			    0xc0000000 | (wire_random(&state) & 0x03030303));
			found = eamt_find4(t, a4);
			slow = slow_find4(maps, n, a4);
			REQUIRE((found == NULL) == (slow == NULL));
			REQUIRE(found == NULL || found->len4 == slow->len4);
			a6 = random_map(&state).addr6;
			found = eamt_find6(t, &a6);
			slow = slow_find6(maps, n, &a6);
			REQUIRE((found == NULL) == (slow == NULL));
			REQUIRE(found == NULL || found->len6 == slow->len6);
			check_there_and_back(t, a4);
		}
		eamt_free(t);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_table_of_rfc_7757_gives_its_examples,
		the_longest_prefix_applies_on_each_side,
		a_mapping_as_it_must_not_be_is_refused,
		an_empty_table_maps_nothing,
		the_addresses_of_the_service_prefix_are_the_hosts,
		random_tables_find_what_a_search_of_all_finds,
	};

	return (lab_main("eamt", tests, NITEMS(tests)));
}
