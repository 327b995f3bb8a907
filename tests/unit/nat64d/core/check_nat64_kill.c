/*
 * Ending what a filter matches: all of it, nothing else, and in slices,
 * whatever happens between them.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_kill.h"
#include "tests/unit/nat64_lab.h"

static struct nat64_kill k;

#define TURN 16 /* entries in a call */

static void
begin(void)
{
	memset(&k, 0, sizeof(k));
	nat64_filter_init(&k.filter);
}

static void
finish(void)
{
	while (nat64_kill(lab.n, &k, lab.now, TURN))
		continue;
}

/* n sessions of a host to as many ports, over one binding. */
static void
open_peers(const char *host, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		lab_udp(host, 5000, SERVER6, (uint16_t)(100 + i));
		lab_sent();
	}
}

/* n bindings of a host, with a session each. */
static void
open_bindings(const char *host, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		lab_bind(i % 2 == 0 ? L4_UDP : L4_TCP, host,
		    (uint16_t)(2000 + i));
}

START_TEST(all_of_a_host_and_nothing_else)
{
	open_bindings(CLIENT6, 50);
	open_peers(CLIENT6, 50);
	open_bindings(HOST_B, 50);
	open_peers(HOST_C, 50);
	lab.n_events = 0;
	begin();
	ck_assert_ptr_null(nat64_end_parse(CLIENT6, &k.filter.host));
	finish();
	ck_assert_uint_eq(k.n_ended, 100);
	ck_assert_uint_eq(lab_sessions(), 100);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 26);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 25);
	/* Each of them is reported. */
	ck_assert_uint_eq(lab_count_events(NAT64_EV_SESSION_DELETE), 100);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 51);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_ADDRESS_DELETE), 0);
}
END_TEST

START_TEST(one_session_of_many)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, 5000);
	char text[64];

	open_peers(CLIENT6, 20);
	begin();
	snprintf(text, sizeof(text), "%s:%u", text4(out.addr), out.port);
	ck_assert_ptr_null(nat64_end_parse(text, &k.filter.host));
	ck_assert_ptr_null(nat64_end_parse(SERVER4 ":107", &k.filter.peer));
	finish();
	ck_assert_uint_eq(k.n_ended, 1);
	ck_assert_uint_eq(lab_sessions(), 20);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
}
END_TEST

START_TEST(a_static_binding_stays)
{
	lab_add_statics();
	lab_start();
	lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, PKT_TH_SYN);
	lab_sent();
	begin();
	finish();
	ck_assert_uint_eq(k.n_ended, 1);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_ptr_nonnull(lab_binding(L4_TCP, CLIENT6, PORT6));
}
END_TEST

START_TEST(a_call_is_bounded_also_if_nothing_matches)
{
	uint64_t n_ended = 0;
	unsigned calls = 1;

	open_peers(CLIENT6, 100);
	begin();
	ck_assert_ptr_null(nat64_end_parse(SERVER4 ":9", &k.filter.peer));
	while (nat64_kill(lab.n, &k, lab.now, TURN))
		calls++;
	ck_assert_uint_ge(calls, 101 / TURN);
	ck_assert_uint_eq(k.n_ended, 0);
	ck_assert_uint_eq(lab_sessions(), 100);
	/* To end one takes longer than to look at one. */
	begin();
	while (nat64_kill(lab.n, &k, lab.now, TURN)) {
		ck_assert_uint_le(k.n_ended - n_ended, TURN / 4);
		n_ended = k.n_ended;
	}
	ck_assert_uint_eq(k.n_ended, 100);
}
END_TEST

/*
 * Sessions that exist all the time are ended once, whatever comes and goes
 * before and behind the place of the walk.
 */
START_TEST(packets_between_the_slices_change_nothing)
{
	unsigned i = 0;

	open_peers(CLIENT6, 100);
	open_bindings(CLIENT6, 100);
	begin();
	ck_assert_ptr_null(nat64_end_parse(CLIENT6, &k.filter.host));
	while (nat64_kill(lab.n, &k, lab.now, TURN) && i < 1000) {
		lab_udp(HOST_C, 7000, SERVER6, (uint16_t)(1 + i));
		lab_bind(L4_TCP, HOST_C, (uint16_t)(3000 + i % 500));
		i++;
	}
	ck_assert_uint_lt(i, 1000);
	ck_assert_uint_eq(k.n_ended, 200);
	ck_assert_ptr_null(lab_binding(L4_UDP, CLIENT6, 5000));
}
END_TEST

START_TEST(it_ends_though_the_host_goes_on)
{
	unsigned i = 0, p;

	open_peers(CLIENT6, 200);
	begin();
	ck_assert_ptr_null(nat64_end_parse(CLIENT6, &k.filter.host));
	while (nat64_kill(lab.n, &k, lab.now, TURN) && i++ < 1000)
		for (p = 0; p < 8; p++)
			lab_udp(CLIENT6, 5000, SERVER6,
			    (uint16_t)(100 + (i * 8 + p) % 200));
	ck_assert_uint_lt(i, 1000);
}
END_TEST

START_TEST(a_flush_meanwhile_takes_all)
{
	open_peers(CLIENT6, 100);
	begin();
	nat64_kill(lab.n, &k, lab.now, TURN);
	nat64_flush_begin(lab.n);
	finish();
	while (nat64_flush(lab.n, lab.now, 10))
		continue;
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

START_TEST(another_pool_meanwhile_is_no_harm)
{
	open_bindings(CLIENT6, 100);
	begin();
	nat64_kill(lab.n, &k, lab.now, TURN);
	lab.conf.n_statics = 0;
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), 0);
	open_bindings(HOST_C, 10);
	finish();
	ck_assert_uint_le(lab_sessions(), 10);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		all_of_a_host_and_nothing_else,
		one_session_of_many,
		a_static_binding_stays,
		a_call_is_bounded_also_if_nothing_matches,
		packets_between_the_slices_change_nothing,
		it_ends_though_the_host_goes_on,
		a_flush_meanwhile_takes_all,
		another_pool_meanwhile_is_no_harm,
	};

	return (lab_main("nat64_kill", tests, NITEMS(tests)));
}
