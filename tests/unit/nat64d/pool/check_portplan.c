/*
 * Deterministic ports: the example of RFC 7422, 2, and that both directions of
 * the computation agree.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/pool/portplan.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

static struct pool4_range range;
static struct portplan plan;

static void
set_range(const char *first, const char *last, const char *clients,
    uint16_t size)
{
	const struct port_range ports = { 1, 65535 };

	range = (struct pool4_range){ .first = ip4(first),
		.last = ip4(last),
		.ports = { ports, ports, { 0, 65535 } },
		.block_size = size,
		.deterministic = true };
	ck_assert_ptr_null(prefix_parse(clients, &range.clients));
}

/* Of that subscriber the block has these ports. */
static void
expect(const char *host, const char *addr, unsigned first, unsigned last)
{
	const struct in6_addr client = ip6(host);
	struct in6_addr holder;
	struct port_range ports;
	unsigned number;
	uint32_t a;

	ck_assert(portplan_find(&plan, &client, &a, &number));
	ck_assert_uint_eq(htonl(a), ip4(addr).s_addr);
	ports = portplan_ports(&plan, number);
	ck_assert_uint_eq(ports.first, first);
	ck_assert_uint_eq(ports.last, last);
	ck_assert(portplan_holder(&plan, a, number, &holder));
	ck_assert(prefix_match6(&(struct prefix){ .family = AF_INET6,
				    .len = (unsigned char)plan.subscriber_len,
				    .v6 = holder },
	    &client));
}

START_TEST(the_example_of_the_rfc)
{
	struct in6_addr holder;

	/* 16 subscribers do not fit beside two spare blocks, 8 do. */
	set_range("192.0.2.1", "192.0.2.1", "2001:db8::/53", 4032);
	ck_assert_ptr_null(portplan_init(&plan, &range, 56));
	ck_assert_uint_eq(plan.n_blocks, 16);
	ck_assert_uint_eq(plan.n_fixed, 8);
	expect("2001:db8::1", "192.0.2.1", 1024, 5055);
	expect("2001:db8:0:100::1", "192.0.2.1", 5056, 9087);
	expect("2001:db8:0:7ff::1", "192.0.2.1", 29248, 33279);
	ck_assert(!portplan_holder(&plan, plan.first, 13, &holder));
	ck_assert_uint_eq(portplan_ports(&plan, 13).first, 53440);
	ck_assert_uint_eq(portplan_ports(&plan, 13).last, 57471);
	ck_assert_uint_eq(portplan_ports(&plan, 15).last, 65535);
}
END_TEST

START_TEST(subscribers_are_spread_evenly)
{
	struct in6_addr holder;

	/* 256 subscribers, three addresses: 86, 86 and 84. */
	set_range("192.0.2.1", "192.0.2.3", "2001:db8:5::/48", 512);
	ck_assert_ptr_null(portplan_init(&plan, &range, 56));
	ck_assert_uint_eq(plan.n_fixed, 86);
	expect("2001:db8:5:5500::1", "192.0.2.1", 44544, 45055);
	expect("2001:db8:5:5600::1", "192.0.2.2", 1024, 1535);
	expect("2001:db8:5:ff00::1", "192.0.2.3", 43520, 44031);
	ck_assert(portplan_holder(&plan, plan.first + 2, 83, &holder));
	ck_assert(!portplan_holder(&plan, plan.first + 2, 84, &holder));
	ck_assert(!portplan_holder(&plan, plan.first + 3, 0, &holder));
	ck_assert(!portplan_holder(&plan, plan.first - 1, 0, &holder));
}
END_TEST

START_TEST(both_directions_agree)
{
	struct seeded seeded;
	const struct rng rng = seeded_rng(&seeded, 1);
	struct in6_addr client, holder;
	struct port_range ports;
	unsigned number, i;
	uint32_t addr;

	set_range("203.0.113.0", "203.0.113.255", "2001:db8::/40", 250);
	ck_assert_ptr_null(portplan_init(&plan, &range, 56));
	for (i = 0; i < 20000; i++) {
		client = range.clients.v6;
		client.s6_addr[5] = (uint8_t)rng_below(&rng, 256);
		client.s6_addr[6] = (uint8_t)rng_below(&rng, 256);
		ck_assert(portplan_find(&plan, &client, &addr, &number));
		ck_assert_uint_lt(addr - plan.first, 256);
		ports = portplan_ports(&plan, number);
		ck_assert_uint_eq(ports.last - ports.first, 249);
		ck_assert(portplan_holder(&plan, addr, number, &holder));
		ck_assert_mem_eq(&holder, &client, sizeof(client));
	}
	client.s6_addr[4] = 1;
	ck_assert(!portplan_find(&plan, &client, &addr, &number));
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	set_range("192.0.2.1", "192.0.2.1", "2001:db8::/48", 256);
	ck_assert_ptr_null(portplan_init(&plan, &range, 0));
	ck_assert_ptr_nonnull(
	    strstr(portplan_init(&plan, &range, 56), "more subscribers"));
	ck_assert_ptr_nonnull(
	    strstr(portplan_init(&plan, &range, 128), "more subscribers"));
	range.clients.len = 50;
	ck_assert_ptr_null(portplan_init(&plan, &range, 56));
	portlist_add(&range.holes[L4_TCP], (struct port_range){ 1280, 1535 });
	ck_assert_ptr_nonnull(
	    strstr(portplan_init(&plan, &range, 56), "no port"));
	range.clients.family = 0;
	ck_assert_ptr_nonnull(
	    strstr(portplan_init(&plan, &range, 56), "\"for\""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("portplan");
	TCase *tc = tcase_create("portplan");

	tcase_add_test(tc, the_example_of_the_rfc);
	tcase_add_test(tc, subscribers_are_spread_evenly);
	tcase_add_test(tc, both_directions_agree);
	tcase_add_test(tc, what_cannot_be_is_refused);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
