/*
 * Static bindings that come and go while the translator runs.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>

#include "nat64d/core/nat64_static.h"
#include "tests/unit/nat64_lab.h"

static const struct bib_entry *other;

static struct nat64_static
binding(enum l4proto proto, const char *host, uint16_t port6, const char *out,
    uint16_t port4)
{
	return ((struct nat64_static){ .proto = proto,
	    .in6 = { addr6(host), port6 },
	    .out4 = { addr4(out), port4 } });
}

static int
add(const struct nat64_static *st, bool end_dynamic)
{
	lab.n_events = 0;
	errno = 0;
	return (nat64_static_add(lab.n, st, end_dynamic, lab.now, &other));
}

static int delete (const struct nat64_static *st)
{
	lab.n_events = 0;
	errno = 0;
	return (nat64_static_delete(lab.n, st, lab.now));
}

START_TEST(added_it_works_and_deleted_it_is_gone)
{
	const struct nat64_static st =
	    binding(L4_TCP, CLIENT6, PORT6, POOL4, PORT_IN);

	lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, PKT_TH_SYN);
	ck_assert_int_ne(lab.verdict, NAT64_SENT);
	ck_assert_int_eq(add(&st, false), 0);
	lab_expect_events((const char *const[]){
	    "event=address-bound natevent=14 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5",
	    "event=binding-created natevent=10 proto=tcp "
	    "addr6=2001:db8:1::10 port6=49152 addr4=203.0.113.5 port4=50000",
	    NULL });
	lab_tcp(SERVER4_2, PORT_SERVER, POOL4, PORT_IN, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), SERVER6_2, PORT_SERVER, CLIENT6, PORT6);
	lab_wait(240);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_int_eq(delete (&st), 0);
	lab_expect_events((const char *const[]){
	    "event=binding-deleted natevent=11 proto=tcp "
	    "addr6=2001:db8:1::10 port6=49152 addr4=203.0.113.5 port4=50000",
	    "event=address-released natevent=15 subscriber=2001:db8:1::/64 "
	    "addr4=203.0.113.5",
	    NULL });
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_int_eq(delete (&st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_dynamic_one_of_the_same_becomes_static_and_lives_on)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, PORT6);
	const struct nat64_static st = {
		.proto = L4_UDP,
		.in6 = { addr6(CLIENT6), PORT6 },
		.out4 = out,
	};

	ck_assert_int_eq(add(&st, false), 0);
	ck_assert_uint_eq(lab.n_events, 0);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert(lab_binding(L4_UDP, CLIENT6, PORT6)->is_static);
	/* Deleted, it lives as long as its session. */
	ck_assert_int_eq(delete (&st), 0);
	ck_assert_uint_eq(lab.n_events, 0);
	ck_assert(!lab_binding(L4_UDP, CLIENT6, PORT6)->is_static);
	lab_wait(300);
	ck_assert_ptr_null(lab_binding(L4_UDP, CLIENT6, PORT6));
}
END_TEST

START_TEST(a_dynamic_one_in_the_way_is_named_or_ended)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, PORT6);
	const struct nat64_static st =
	    binding(L4_UDP, HOST_C, 53, text4(out.addr), out.port);

	lab_bind(L4_UDP, HOST_C, 53);
	ck_assert_int_eq(add(&st, false), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(other->in6.port, 53);
	ck_assert_uint_eq(lab_sessions(), 2);
	/* Both ends are taken by others: both go. */
	ck_assert_int_eq(add(&st, true), 0);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_ptr_null(lab_binding(L4_UDP, CLIENT6, PORT6));
	ck_assert_uint_eq(lab_count_events(NAT64_EV_BIB_DELETE), 2);
}
END_TEST

START_TEST(one_with_very_many_sessions_is_not_ended_at_once)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, PORT6);
	const struct nat64_static st =
	    binding(L4_UDP, HOST_C, 53, text4(out.addr), out.port);
	unsigned i;

	for (i = 0; i <= NAT64_STATIC_MAX_ENDED; i++)
		lab_udp(CLIENT6, PORT6, SERVER6_2, (uint16_t)(1000 + i));
	ck_assert_int_eq(add(&st, true), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_uint_eq(lab_sessions(), NAT64_STATIC_MAX_ENDED + 2);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	static const struct {
		const char *host;
		const char *out;
		uint16_t port6;
		uint16_t port4;
		int error;
	} rows[] = {
		{ SERVER6, POOL4, 1, 1, EINVAL },
		{ "::", POOL4, 1, 1, EINVAL },
		{ "::1", POOL4, 1, 1, EINVAL },
		{ "fe80::1", POOL4, 1, 1, EINVAL },
		{ "ff02::1", POOL4, 1, 1, EINVAL },
		{ CLIENT6, POOL4, 0, 1, EINVAL },
		{ CLIENT6, POOL4, 1, 0, EINVAL },
		{ CLIENT6, SERVER4, 1, 1, EADDRNOTAVAIL },
	};
	struct nat64_static st;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		st = binding(L4_TCP, rows[i].host, rows[i].port6, rows[i].out,
		    rows[i].port4);
		ck_assert_int_eq(add(&st, true), -1);
		ck_assert_int_eq(errno, rows[i].error);
		ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	}
	/* An identifier may be 0. */
	st = binding(L4_ICMP, CLIENT6, 0, POOL4, 0);
	ck_assert_int_eq(add(&st, false), 0);
}
END_TEST

START_TEST(a_static_one_is_never_in_the_way_in_silence)
{
	struct nat64_static st =
	    binding(L4_TCP, CLIENT6, PORT6, POOL4, PORT_IN);

	ck_assert_int_eq(add(&st, false), 0);
	ck_assert_int_eq(add(&st, true), -1);
	ck_assert_int_eq(errno, EEXIST);
	st.out4.port++;
	ck_assert_int_eq(add(&st, true), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(other->out4.port, PORT_IN);
	/* Deleting needs both ends, too. */
	ck_assert_int_eq(delete (&st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
}
END_TEST

START_TEST(a_dynamic_one_is_not_deleted)
{
	const struct taddr4 out = lab_bind(L4_UDP, CLIENT6, PORT6);
	const struct nat64_static st = {
		.proto = L4_UDP,
		.in6 = { addr6(CLIENT6), PORT6 },
		.out4 = out,
	};

	ck_assert_int_eq(delete (&st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		added_it_works_and_deleted_it_is_gone,
		a_dynamic_one_of_the_same_becomes_static_and_lives_on,
		a_dynamic_one_in_the_way_is_named_or_ended,
		one_with_very_many_sessions_is_not_ended_at_once,
		what_cannot_be_is_refused,
		a_static_one_is_never_in_the_way_in_silence,
		a_dynamic_one_is_not_deleted,
	};

	return (lab_main("nat64_static", tests, NITEMS(tests)));
}
