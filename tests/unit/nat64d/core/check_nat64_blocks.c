/*
 * Port blocks in the whole translator: what is reported, what a full pool and
 * a subscriber at its limit get, and what stays when the configuration or the
 * process becomes another one.
 */
#include <netinet/icmp6.h>

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_static.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

#define SUB_1 "2001:db8:1::"
#define SUB_2 "2001:db8:2::"

static char before[64 * 1024], after[64 * 1024];

/* POOL4 with n blocks of that size, from 2000 on. */
static void
set_blocks(unsigned n, uint16_t size, uint16_t max)
{
	lab_set_pool(POOL4, POOL4, 2000, (uint16_t)(2000 + n * size - 1));
	lab.pool[0].block_size = size;
	lab.pool[0].max_blocks = max;
}

static void
start_blocks(unsigned n, uint16_t size, uint16_t max)
{
	set_blocks(n, size, max);
	lab_start();
	lab.n_events = 0;
}

static void
change(void)
{
	lab.n_events = 0;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	while (nat64_settle(lab.n, lab.now, 2))
		continue;
}

static struct pool4_block
block_of(struct taddr4 out)
{
	struct pool4_block block;

	REQUIRE(pool4_block_of(nat64_pool(lab.n), &out, &block));
	return (block);
}

static uint64_t
n_held(void)
{
	return (pool4_count_blocks(nat64_pool(lab.n)).held);
}

/* The event of that type is about the first block. */
static void
expect_first_block(enum nat64_event_type type, const char *subscriber,
    unsigned last)
{
	char text[EVENT_TEXT_SIZE];

	snprintf(text, sizeof(text),
	    "event=%s subscriber=%s/64 addr4=203.0.113.5 firstport4=2000 "
	    "lastport4=%u",
	    type == NAT64_EV_BLOCK_ALLOCATE ? "block-allocated natevent=16" :
					      "block-released natevent=17",
	    subscriber, last);
	ck_assert_uint_eq(lab_count_events(type), 1);
	ck_assert_str_eq(lab_event(type)->text, text);
}

/* Shows: LOG-03 CGN-21 */
START_TEST(bindings_of_all_protocols_share_a_block_and_a_line)
{
	struct taddr4 a, b, c, d;

	start_blocks(1, 16, 4);
	lab.n_events = 0;
	a = lab_bind(L4_TCP, CLIENT6, 5000);
	expect_first_block(NAT64_EV_BLOCK_ALLOCATE, SUB_1, 2015);
	b = lab_bind(L4_UDP, HOST_B, 5001);
	c = lab_bind(L4_ICMP, HOST_B, 5002);
	d = lab_bind(L4_TCP, HOST_B, 5003);
	ck_assert_uint_ge(a.port, 2000);
	ck_assert_uint_le(a.port | b.port | c.port | d.port, 2015 | 15);
	ck_assert_uint_eq(lab_counter(NAT64_BLOCKS_ALLOCATED), 1);
	ck_assert_uint_eq(b.port % 2, 1);
	ck_assert_uint_eq(block_of(a).n_ports, 4);
}
END_TEST

/* Shows: CGN-21 */
START_TEST(a_block_is_given_back_after_ports_and_block_have_rested)
{
	struct monotime when;

	lab.conf.pool_opts.quarantine_secs[L4_UDP] = 50;
	lab.conf.pool_opts.block_rest_secs = 100;
	start_blocks(1, 16, 4);
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_wait(300); /* the lifetime */
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	ck_assert(nat64_next_expiry(lab.n, &when));
	ck_assert_int_eq(monotime_diff_ms(when, lab.now), 50000);
	lab_wait(49);
	lab_wait(1); /* the quarantine */
	lab_wait(99);
	ck_assert_uint_eq(n_held(), 1);
	/* Nothing else is there to be waited for. */
	ck_assert(nat64_next_expiry(lab.n, &when));
	ck_assert_int_eq(when.ns, lab.now.ns + INT64_C(1000) * 1000000);
	lab.n_events = 0;
	lab_wait(1);
	expect_first_block(NAT64_EV_BLOCK_RELEASE, SUB_1, 2015);
	ck_assert_uint_eq(lab_counter(NAT64_BLOCKS_RELEASED), 1);
	/* Another subscriber gets it. */
	lab_bind(L4_TCP, HOST_C, 5000);
	expect_first_block(NAT64_EV_BLOCK_ALLOCATE, SUB_2, 2015);
}
END_TEST

/* A subscriber whose hosts come and go keeps its block and its address. */
START_TEST(a_subscriber_that_comes_back_gets_its_block)
{
	struct taddr4 a, b;

	lab_set_pool(POOL4, POOL4_2, 2000, 2999);
	lab.pool[0].block_size = 20;
	lab.pool[0].max_blocks = 1;
	lab_start();
	a = lab_bind(L4_TCP, CLIENT6, 5000);
	lab_wait(240);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	lab_wait(299);
	ck_assert_ptr_null(subscriber_find(nat64_subscribers(lab.n),
	    &(struct in6_addr){
		.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } }));
	b = lab_bind(L4_UDP, HOST_B, 5000);
	ck_assert_uint_eq(a.addr.s_addr, b.addr.s_addr);
	ck_assert_uint_eq((a.port - 2000) / 20, (b.port - 2000) / 20);
	ck_assert_uint_eq(lab_counter(NAT64_BLOCKS_ALLOCATED), 1);
}
END_TEST

/* Shows: CGN-21 */
START_TEST(a_subscriber_at_its_limit_is_refused)
{
	unsigned i;

	start_blocks(3, 4, 2);
	for (i = 0; i < 8; i++)
		lab_bind(L4_TCP, CLIENT6, (uint16_t)(5000 + i));
	lab.n_events = 0;
	lab_tcp(CLIENT6, 5008, SERVER6, 80, PKT_TH_SYN);
	lab_expect_error(NAT64_SUBSCRIBER_LIMIT, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	ck_assert_str_eq(lab_event(NAT64_EV_QUOTA)->text,
	    "event=quota-exceeded natevent=13 subtype=3 quota=subscriber "
	    "limit=2 statement=\"pool blocks max\" "
	    "subscriber=2001:db8:1::/64 addr6=2001:db8:1::10");
	lab_bind(L4_UDP, CLIENT6, 5008); /* has free ports in the blocks */
	lab_bind(L4_TCP, HOST_C, 5000);
}
END_TEST

/* No session is ended for a block, as none would become free. */
START_TEST(without_a_free_block_the_pool_is_exhausted)
{
	lab_set_pool(POOL4, POOL4, 2000, 2003);
	lab_add_static(L4_UDP, HOST_B, 7, POOL4, 2003);
	lab.pool[0].block_size = 4;
	lab.pool[0].max_blocks = 1;
	lab_start();
	lab_bind(L4_UDP, CLIENT6, 5000);
	lab_udp(SERVER4_2, 53, POOL4, 2003); /* from IPv4 */
	ck_assert_uint_eq(lab_sessions(), 2);
	lab.n_events = 0;
	lab_udp(HOST_C, 5000, SERVER6, 53);
	lab_expect_error(NAT64_POOL_EXHAUSTED, ICMP6_DST_UNREACH,
	    ICMP6_DST_UNREACH_ADDR);
	ck_assert_str_eq(lab_event(NAT64_EV_POOL_EXHAUSTED)->text,
	    "event=pool-exhausted natevent=3 pool=default proto=udp "
	    "statement=\"pool\"");
	ck_assert_uint_eq(lab_sessions(), 2);
	ck_assert_uint_eq(lab_counter(NAT64_SESSIONS_EVICTED), 0);
}
END_TEST

/* --- static bindings --- */

static struct nat64_static
static_of_c(void)
{
	return ((struct nat64_static){ .proto = L4_UDP,
	    .in6 = { addr6(HOST_C), 7 },
	    .out4 = { addr4(POOL4), 2001 } });
}

START_TEST(a_static_binding_in_anothers_block_ends_with_its_sessions)
{
	const struct nat64_static st = static_of_c();
	const struct bib_entry *other;
	unsigned i;

	start_blocks(1, 4, 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    0);
	for (i = 0; i < 3; i++) /* the rest of the block */
		lab_bind(L4_UDP, CLIENT6, (uint16_t)(5000 + i));
	lab_udp(CLIENT6, 5003, SERVER6, 53);
	ck_assert_int_eq(lab.reason, NAT64_SUBSCRIBER_LIMIT);
	lab_udp(HOST_C, 7, SERVER6, 53);
	ck_assert_uint_eq(lab_sent()->sport, 2001);
	ck_assert_int_eq(nat64_static_delete(lab.n, &st, lab.now), 0);
	ck_assert_ptr_null(lab_binding(L4_UDP, HOST_C, 7));
	ck_assert_uint_eq(lab_sessions(), 4);
}
END_TEST

START_TEST(a_static_binding_takes_the_block_with_it_when_it_ends)
{
	const struct nat64_static st = static_of_c();
	const struct bib_entry *other;

	start_blocks(2, 4, 1);
	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    0);
	ck_assert_uint_eq(n_held(), 0);
	lab_udp(HOST_C, 7, SERVER6, 53);
	lab.n_events = 0;
	ck_assert_int_eq(nat64_static_delete(lab.n, &st, lab.now), 0);
	expect_first_block(NAT64_EV_BLOCK_ALLOCATE, SUB_2, 2003);
	ck_assert_ptr_nonnull(lab_binding(L4_UDP, HOST_C, 7));
	/* Static again: it does not count for the block. */
	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    0);
	ck_assert_uint_eq(block_of(st.out4).n_ports, 0);
}
END_TEST

/* --- another configuration --- */

START_TEST(the_same_blocks_stay_and_nothing_is_reported)
{
	start_blocks(3, 16, 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5000);
	lab.conf.lifetime_secs[SESSION_UDP] = 200;
	lab.pool[0].max_blocks = 2;
	change();
	ck_assert_uint_eq(lab.n_events, 0);
	ck_assert_uint_eq(n_held(), 2);
	ck_assert_uint_eq(lab_sessions(), 2);
}
END_TEST

/* The larger block comes before the smaller one is given back. */
START_TEST(bindings_move_to_larger_blocks)
{
	struct taddr4 out;

	start_blocks(1, 16, 1);
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	set_blocks(2, 32, 1);
	change();
	lab_expect_events((const char *const[]){
	    "event=block-allocated natevent=16 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5 firstport4=2000 lastport4=2031",
	    "event=block-released natevent=17 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5 firstport4=2000 lastport4=2015",
	    NULL });
	lab_tcp(SERVER4, 80, text4(out.addr), out.port, PKT_TH_ACK);
	ck_assert_str_eq(text6(lab_sent()->ip6.dst), CLIENT6);
}
END_TEST

/* Two subscribers in one block: one of them stays. */
START_TEST(a_binding_in_a_block_of_another_subscriber_ends)
{
	start_blocks(2, 16, 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab_bind(L4_TCP, HOST_C, 5000);
	set_blocks(1, 32, 1);
	change();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert_uint_eq(n_held(), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BLOCK_ALLOCATE), 1);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BLOCK_RELEASE), 2);
}
END_TEST

START_TEST(blocks_begin_and_end)
{
	struct taddr4 out;

	lab_set_pool(POOL4, POOL4, 2000, 2015);
	lab.pool[0].block_size = 0;
	lab_start();
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	set_blocks(1, 16, 1);
	change();
	expect_first_block(NAT64_EV_BLOCK_ALLOCATE, SUB_1, 2015);
	ck_assert_uint_eq(block_of(out).n_ports, 1);
	lab.pool[0].block_size = 0;
	change();
	expect_first_block(NAT64_EV_BLOCK_RELEASE, SUB_1, 2015);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(n_held(), 0);
}
END_TEST

START_TEST(an_address_that_leaves_gives_back_its_blocks)
{
	start_blocks(1, 16, 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab_set_pool(POOL4_2, POOL4_2, 2000, 2015);
	change();
	expect_first_block(NAT64_EV_BLOCK_RELEASE, SUB_1, 2015);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(n_held(), 0);
	/* As with "pool interface" when its address changes. */
	lab_bind(L4_TCP, CLIENT6, 5000);
	lab.n_events = 0;
	set_blocks(1, 16, 1);
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), 0);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BLOCK_RELEASE), 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	expect_first_block(NAT64_EV_BLOCK_ALLOCATE, SUB_1, 2015);
}
END_TEST

/* --- another process --- */

START_TEST(blocks_are_restored_and_not_reported_again)
{
	struct taddr4 out;

	start_blocks(3, 16, 1);
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	lab_bind(L4_UDP, HOST_C, 5000);
	text_tables(before, sizeof(before));
	save();
	lab.n_events = 0;
	restore();
	text_tables(after, sizeof(after));
	ck_assert_str_eq(after, before);
	ck_assert_uint_eq(lab.n_events, 0);
	ck_assert_uint_eq(n_held(), 2);
	ck_assert_uint_eq(block_of(out).n_ports, 1);
}
END_TEST

START_TEST(a_block_that_rested_rests_again)
{
	struct taddr4 out;

	start_blocks(1, 16, 1);
	out = lab_bind(L4_TCP, CLIENT6, 5000);
	lab_wait(240);
	ck_assert_uint_eq(lab_sessions(), 0);
	save();
	lab.n_events = 0;
	restore();
	ck_assert_uint_eq(block_of(out).n_ports, 0);
	lab_wait(299);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BLOCK_RELEASE), 0);
	lab_wait(1);
	expect_first_block(NAT64_EV_BLOCK_RELEASE, SUB_1, 2015);
}
END_TEST

START_TEST(a_block_that_is_not_configured_any_more_is_reported)
{
	start_blocks(1, 16, 1);
	lab_bind(L4_TCP, CLIENT6, 5000);
	save();
	set_blocks(1, 32, 1);
	lab.n_events = 0;
	restore();
	lab_expect_events((const char *const[]){
	    "event=block-released natevent=17 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5 firstport4=2000 lastport4=2015",
	    "event=block-allocated natevent=16 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5 firstport4=2000 lastport4=2031",
	    NULL });
	ck_assert_uint_eq(lab_sessions(), 1);
	save();
	lab.conf.subscriber_len = 56;
	lab.n_events = 0;
	restore();
	ck_assert_str_eq(lab.events[0].text,
	    "event=block-released natevent=17 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5 firstport4=2000 lastport4=2031");
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		bindings_of_all_protocols_share_a_block_and_a_line,
		a_block_is_given_back_after_ports_and_block_have_rested,
		a_subscriber_that_comes_back_gets_its_block,
		a_subscriber_at_its_limit_is_refused,
		without_a_free_block_the_pool_is_exhausted,
		a_static_binding_in_anothers_block_ends_with_its_sessions,
		a_static_binding_takes_the_block_with_it_when_it_ends,
		the_same_blocks_stay_and_nothing_is_reported,
		bindings_move_to_larger_blocks,
		a_binding_in_a_block_of_another_subscriber_ends,
		blocks_begin_and_end,
		an_address_that_leaves_gives_back_its_blocks,
		blocks_are_restored_and_not_reported_again,
		a_block_that_rested_rests_again,
		a_block_that_is_not_configured_any_more_is_reported,
	};

	return (lab_main("nat64_blocks", tests, NITEMS(tests)));
}
