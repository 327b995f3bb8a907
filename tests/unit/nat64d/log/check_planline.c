/*
 * Tests of planline.c: the configuration of deterministic ports as a line, and
 * what is computed from the line is what is computed from the configuration.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/log/planline.h"

#include "tests/unit/suite.h"

#define TIME "time=2026-11-23T14:50:05.123Z "

static struct pool4_range range;
static struct portplan plan;
static char text[EVENT_TEXT_SIZE];
static struct logline l;

/* 128 subscribers, two addresses, and room for more. */
static void
setup(void)
{
	unsigned proto;

	memset(&range, 0, sizeof(range));
	range.first.s_addr = inet_addr("203.0.113.32");
	range.last.s_addr = inet_addr("203.0.113.33");
	for (proto = 0; proto < L4_NPROTO; proto++)
		range.ports[proto] = (struct port_range){ 0, UINT16_MAX };
	range.block_size = 936;
	range.max_blocks = 4;
	range.deterministic = true;
	ck_assert_ptr_null(prefix_parse("2001:db8:100::/49", &range.clients));
}

static void
write_line(void)
{
	ck_assert_ptr_null(portplan_init(&plan, &range, 56));
	planline_text(&plan, range.max_blocks, text);
}

static void
read_line(void)
{
	char line[sizeof(TIME) + EVENT_TEXT_SIZE];

	snprintf(line, sizeof(line), TIME "%s", text);
	ck_assert(logline_parse(line, strlen(line), &l));
	ck_assert_int_eq(l.kind, LOGLINE_PLAN);
}

/* RFC 7422, 4: all that the mapping is computed from. Shows: CGN-20 */
START_TEST(planline_has_what_is_computed_from)
{
	const struct port_range sip = { 5060, 5060 }, more = { 6000, 6010 };

	portlist_add(&range.holes[L4_UDP], sip);
	portlist_add(&range.holes[L4_TCP], more);
	write_line();
	ck_assert_str_eq(text,
	    "event=deterministic-ports clients=2001:db8:100::/49 "
	    "prefixlength=56 addr4=203.0.113.32 lastaddr4=203.0.113.33 "
	    "firstport4=1024 lastport4=64671 block=936 fixed=64 overflow=4 "
	    "max=4 algorithm=sequential except=5060,6000-6010");
}
END_TEST

START_TEST(planline_cuts_a_long_list)
{
	uint16_t port;

	for (port = 20001; port < 20001 + 2 * PORTLIST_MAX; port += 2)
		ck_assert(portlist_add(&range.holes[L4_UDP],
		    (struct port_range){ port, port }));
	write_line();
	ck_assert_uint_lt(strlen(text), EVENT_TEXT_SIZE);
	read_line();
	ck_assert_uint_eq(l.plan.n_fixed, 64);
}
END_TEST

/* Every port of every address, and those around them. */
START_TEST(planline_computes_what_the_plan_does)
{
	uint32_t addr, first = ntohl(range.first.s_addr), port;
	struct logline block;
	struct in6_addr holder;
	unsigned number;
	bool has;

	write_line();
	read_line();
	for (addr = first - 1; addr <= first + 2; addr++)
		for (port = 0; port <= UINT16_MAX; port += 13) {
			number = (unsigned)(port - 1024) / 936;
			has = port >= 1024 &&
			    portplan_holder(&plan, addr, number, &holder);
			ck_assert_int_eq(planline_block(&l,
					     (struct in_addr){ htonl(addr) },
					     (uint16_t)port, &block),
			    has);
			if (!has)
				continue;
			ck_assert_mem_eq(&block.host6.addr, &holder, 16);
			ck_assert_uint_eq(block.len6, 56);
			ck_assert_uint_le(block.ports.first, port);
			ck_assert_uint_ge(block.ports.last, port);
			ck_assert(block.computed && block.begins);
		}
}
END_TEST

/* Lines may come from anywhere. */
START_TEST(planline_that_contradicts_itself_is_nobodys)
{
	static const char *const bad[] = {
		"clients=2001:db8::/49 prefixlength=48",
		"clients=::/0 prefixlength=128",
		"lastaddr4=203.0.113.31",
		"addr4=0.0.0.0 lastaddr4=255.255.255.255",
		"block=0",
		"fixed=0",
		"fixed=69",
	};
	struct logline block;

	write_line();
	strlcat(text, " ", sizeof(text));
	strlcat(text, bad[_i], sizeof(text)); /* the last word counts */
	read_line();
	ck_assert(!planline_block(&l, range.first, 1024, &block));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("planline");
	TCase *tc = tcase_create("planline");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, planline_has_what_is_computed_from);
	tcase_add_test(tc, planline_cuts_a_long_list);
	tcase_add_test(tc, planline_computes_what_the_plan_does);
	tcase_add_loop_test(tc, planline_that_contradicts_itself_is_nobodys, 0,
	    7);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
