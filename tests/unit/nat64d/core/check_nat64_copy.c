/*
 * Sessions that are copied to another node while both run: what is told of
 * changes, and what a standby makes of single copies.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_copy.h"
#include "nat64d/core/nat64_role.h"
#include "tests/unit/ftp_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static struct nat64_copy copies[16];
static unsigned told[NAT64_CHANGE_END + 1]; /* by enum nat64_change */
static struct nat64_restore r;

static void
changed(void *arg, const struct session *s, enum nat64_change what)
{
	ck_assert_ptr_eq(arg, told);
	ck_assert_ptr_nonnull(s->bib);
	told[what]++;
}

static void
listen_to_changes(void)
{
	lab_start();
	memset(told, 0, sizeof(told));
	nat64_set_changes(lab.n, changed, told);
}

static void
send_tcp(uint8_t flags)
{
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, flags);
}

/* Copy all sessions of a protocol; returns how many. */
static unsigned
copy_all(enum l4proto proto)
{
	const struct nat64_clocks at = clocks();
	const struct bib_entry *e;
	const struct session *s;
	struct nat64_walk w = { 0 };
	unsigned n = 0, steps = UINT32_MAX;

	while (nat64_walk_next(lab.n, &w, &steps, &e, &s) != NAT64_MET_END) {
		if (s == NULL || s->proto != proto)
			continue;
		ck_assert(nat64_copy_session(lab.n, proto,
		    &(struct tuple4){ s->out4, s->peer }, &at, &copies[n++]));
	}
	return (n);
}

static void
start_standby(void)
{
	lab_start();
	nat64_set_role(lab.n, NAT64_ROLE_STANDBY, lab.now);
}

static bool is_late;

static void
begin_restore(void)
{
	const struct nat64_clocks at = clocks();

	nat64_restore_begin(&r, lab.n, &at, false);
	if (is_late)
		nat64_restore_late(&r);
}

static void
apply(const struct nat64_copy *c)
{
	begin_restore();
	nat64_restore_prefix(&r, 0, &c->prefix);
	nat64_restore_binding(&r, &c->binding);
	nat64_restore_session(&r, &c->session);
	nat64_restore_end(&r);
}

static void
apply_end(const struct nat64_copy *c)
{
	const struct tuple4 tuple = { c->binding.out4, c->session.peer };

	begin_restore();
	nat64_restore_ended(&r, c->binding.proto, &tuple);
	nat64_restore_end(&r);
}

START_TEST(each_change_of_a_session_is_told)
{
	listen_to_changes();
	send_tcp(SYN);
	ck_assert_uint_eq(told[NAT64_CHANGE_NEW], 1);
	ck_assert_uint_eq(told[NAT64_CHANGE_STATE], 0);
	lab_wait(1);
	send_tcp(SYN); /* again: nothing changes */
	ck_assert_uint_eq(told[NAT64_CHANGE_STATE], 0);
	lab_wait(10000);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(told[NAT64_CHANGE_END], 1);
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	ck_assert_uint_eq(told[NAT64_CHANGE_NEW], 2);
}
END_TEST

START_TEST(nobody_is_told_of_what_is_restored)
{
	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	ck_assert_uint_eq(copy_all(L4_UDP), 1);
	listen_to_changes();
	apply(&copies[0]);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(told[NAT64_CHANGE_NEW], 0);
}
END_TEST

START_TEST(a_copy_of_a_known_session_brings_it_up_to_date)
{
	struct nat64_copy later;

	lab_start();
	send_tcp(SYN);
	ck_assert_uint_eq(copy_all(L4_TCP), 1);
	later = copies[0];
	later.session.state = TCP_STATE_ESTABLISHED;
	later.session.cls = SESSION_TCP_EST;
	later.session.ack6 = 77;
	start_standby();
	apply(&copies[0]);
	apply(&later);
	apply(&later);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(r.counts.sessions, 1);
	ck_assert_uint_eq(copy_all(L4_TCP), 1);
	ck_assert_uint_eq(copies[0].session.state, TCP_STATE_ESTABLISHED);
	ck_assert_uint_eq(copies[0].session.ack6, 77);
}
END_TEST

START_TEST(an_end_takes_the_binding_with_the_last_session)
{
	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	lab_udp(CLIENT6, PORT6, SERVER6_2, 53);
	ck_assert_uint_eq(copy_all(L4_UDP), 2);
	start_standby();
	apply(&copies[0]);
	apply(&copies[1]);
	apply_end(&copies[0]);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_nonnull(
	    bib_find4(nat64_bib(lab.n, L4_UDP), &copies[0].binding.out4));
	apply_end(&copies[0]); /* of one that is not there */
	apply_end(&copies[1]);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_ptr_null(
	    bib_find4(nat64_bib(lab.n, L4_UDP), &copies[0].binding.out4));
}
END_TEST

/* Of the node itself, when it was active, or of an earlier epoch. */
START_TEST(what_a_new_copy_does_not_have_is_swept)
{
	struct nat64_walk w = { 0 };
	unsigned i, slices = 0;

	lab_start();
	for (i = 0; i < 10; i++)
		lab_udp(CLIENT6, (uint16_t)(5000 + i), SERVER6, 53);
	ck_assert_uint_eq(copy_all(L4_UDP), 10);
	start_standby();
	for (i = 0; i < 10; i++)
		apply(&copies[i]);
	while (nat64_copy_unmark(lab.n, &w, 3))
		slices++;
	ck_assert_uint_ge(slices, 3);
	for (i = 0; i < 4; i++)
		apply(&copies[i]);
	ck_assert_uint_eq(lab_sessions(), 10);
	memset(&w, 0, sizeof(w));
	while (nat64_copy_sweep(lab.n, &w, lab.now, 3))
		;
	ck_assert_uint_eq(lab_sessions(), 4);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(bib_find6(nat64_bib(lab.n, L4_UDP),
				     &copies[i].binding.in6) != NULL,
		    i < 4);
}
END_TEST

START_TEST(a_port_that_another_host_has_now_is_its)
{
	struct nat64_copy other;

	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	ck_assert_uint_eq(copy_all(L4_UDP), 1);
	other = copies[0];
	other.binding.in6.addr = addr6(HOST_C);
	start_standby();
	apply(&copies[0]);
	apply(&other);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_ptr_null(
	    bib_find6(nat64_bib(lab.n, L4_UDP), &copies[0].binding.in6));
	ck_assert_ptr_nonnull(
	    bib_find6(nat64_bib(lab.n, L4_UDP), &other.binding.in6));
}
END_TEST

/* The active node has reported it. */
START_TEST(a_standby_reports_nothing)
{
	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, 53);
	ck_assert_uint_eq(copy_all(L4_UDP), 1);
	start_standby();
	lab.n_events = 0;
	apply(&copies[0]);
	apply_end(&copies[0]);
	ck_assert_uint_eq(lab.n_events, 0);
}
END_TEST

/* --- connections with a gateway --- */

/* One EPSV, after which numbers differ. */
static void
passive(void)
{
	client_says("EPSV\r\n", PSH);
	server_gets("PASV\r\n");
	server_says("227 =198,51,100,20,4,1\r\n", PSH);
	client_gets("229 Entering Extended Passive Mode (|||1025|)\r\n");
	client_says("", 0);
	server_gets("");
}

static void
begin_ftp(void)
{
	ftp_configure();
	listen_to_changes();
	ftp_open(1000, 2000);
	ck_assert_uint_eq(copy_all(L4_TCP), 1);
}

/* The standby knows these, and becomes active. */
static void
fail_over(const struct nat64_copy *first, const struct nat64_copy *second)
{
	start_standby();
	apply(first);
	apply(second);
	nat64_set_role(lab.n, NAT64_ROLE_ACTIVE, lab.now);
}

START_TEST(numbers_of_a_gateway_are_told_once_for_each_copy)
{
	unsigned i, before;

	begin_ftp();
	for (i = 0; i < 3; i++) {
		before = told[NAT64_CHANGE_NUMBERS];
		passive();
		passive();
		ck_assert_uint_eq(told[NAT64_CHANGE_NUMBERS], before + 1);
		ck_assert_uint_eq(copy_all(L4_TCP), 1);
		ck_assert_uint_eq(copies[0].session.alg.mode, NAT64_ALG_IDLE);
		ck_assert_uint_eq(copies[0].session.alg.old[0], ftp.c_seq);
		ck_assert_uint_eq(copies[0].session.alg.new[0], ftp.s_got);
		ck_assert_uint_eq(copies[0].session.alg.old[1], ftp.s_seq);
		ck_assert_uint_eq(copies[0].session.alg.new[1], ftp.c_got);
	}
}
END_TEST

START_TEST(a_connection_with_a_gateway_goes_on_at_the_standby)
{
	struct nat64_copy first;

	begin_ftp();
	first = copies[0];
	passive();
	ck_assert_uint_eq(copy_all(L4_TCP), 1);
	fail_over(&first, &copies[0]);
	ck_assert_uint_ne(ftp.s_seq, ftp.c_got);
	passive();
}
END_TEST

/* Nobody knows its numbers: it must not go on with wrong ones. */
START_TEST(with_an_old_copy_only_it_ends)
{
	struct nat64_copy first;

	begin_ftp();
	first = copies[0];
	passive();
	fail_over(&first, &first);
	client_says("EPSV\r\n", PSH);
	ck_assert_int_eq(lab.reason, NAT64_GATEWAY_ENDED);
}
END_TEST

START_TEST(that_a_gateway_is_gone_is_told)
{
	struct nat64_copy first;
	unsigned before;

	begin_ftp();
	first = copies[0];
	ck_assert_uint_ne(first.session.alg.mode, NAT64_ALG_NONE);
	before = told[NAT64_CHANGE_STATE];
	client_says("AUTH TLS\r\n", PSH);
	server_gets("AUTH TLS\r\n");
	server_says("234 ok\r\n", PSH);
	client_gets("234 ok\r\n");
	ck_assert_uint_eq(told[NAT64_CHANGE_STATE], before + 1);
	ck_assert_uint_eq(copy_all(L4_TCP), 1);
	ck_assert_uint_eq(copies[0].session.alg.mode, NAT64_ALG_NONE);
	client_says("not translated: EPSV\r\n", PSH);
	server_gets("not translated: EPSV\r\n");
	fail_over(&first, &copies[0]);
	client_says("EPSV\r\n", PSH);
	server_gets("EPSV\r\n");
}
END_TEST

/* Copies of two hosts' sessions; then a node that is active without them. */
static void
become_active(void)
{
	lab_start();
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	lab_udp(CLIENT6, PORT6 + 1, SERVER6, PORT_SERVER);
	ck_assert_uint_eq(copy_all(L4_UDP), 2);
	start_standby();
	lab_wait(1);
	nat64_set_role(lab.n, NAT64_ROLE_ACTIVE, lab.now);
	memset(told, 0, sizeof(told));
	nat64_set_changes(lab.n, changed, told);
	is_late = true;
}

/* And it is told to the store of this node. */
START_TEST(what_comes_late_and_excludes_nothing_is_restored)
{
	become_active();
	lab_wait(3);
	apply(&copies[0]);
	apply(&copies[1]);
	ck_assert_uint_eq(lab_sessions(), 2);
	ck_assert_uint_eq(told[NAT64_CHANGE_NEW], 0);
	ck_assert_uint_eq(told[NAT64_CHANGE_STATE], 2);
	apply_end(&copies[0]);
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(told[NAT64_CHANGE_END], 1);
}
END_TEST

START_TEST(a_session_that_was_used_since_is_left_as_it_is)
{
	start_standby();
	become_active();
	apply(&copies[0]);
	lab_udp(CLIENT6, copies[0].binding.in6.port, SERVER6, PORT_SERVER);
	lab_wait(1);
	apply(&copies[0]);
	ck_assert_uint_eq(r.counts.left_sessions[NAT64_LEFT_NEWER], 1);
	apply_end(&copies[0]);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* The host has another port, or the port another host. */
START_TEST(a_late_binding_that_excludes_another_one_is_left)
{
	struct nat64_copy taken;

	become_active();
	taken = copies[1];
	lab_udp(CLIENT6, copies[0].binding.in6.port, SERVER6, PORT_SERVER);
	copies[0].binding.out4.port ^= 2;
	apply(&copies[0]);
	ck_assert_uint_eq(r.counts.left_bindings[NAT64_LEFT_NEWER], 1);
	ck_assert_uint_eq(copy_all(L4_UDP), 1);
	taken.binding.out4 = copies[0].binding.out4;
	apply(&taken);
	ck_assert_uint_eq(r.counts.left_bindings[NAT64_LEFT_NEWER], 1);
	ck_assert_uint_eq(lab_sessions(), 1);
}
END_TEST

/* The other node has reported it. */
START_TEST(a_late_end_is_not_reported)
{
	unsigned n;

	become_active();
	apply(&copies[0]);
	n = lab.n_events;
	apply_end(&copies[0]);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab.n_events, n);
}
END_TEST

START_TEST(nobody_is_refused_while_sessions_may_come)
{
	lab.conf.reset_unknown_tcp = lab.conf.unbound_errors = true;
	lab_start();
	nat64_await_copy(lab.n, true);
	ck_assert_int_eq(lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK),
	    NAT64_DROPPED);
	ck_assert_int_eq(lab_udp(SERVER4, PORT_SERVER, POOL4, 5000),
	    NAT64_DROPPED);
	nat64_await_copy(lab.n, false);
	ck_assert_int_eq(lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, ACK),
	    NAT64_REPLIED);
	ck_assert_int_eq(lab_udp(SERVER4, PORT_SERVER, POOL4, 5000),
	    NAT64_REPLIED);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		each_change_of_a_session_is_told,
		nobody_is_told_of_what_is_restored,
		a_copy_of_a_known_session_brings_it_up_to_date,
		an_end_takes_the_binding_with_the_last_session,
		what_a_new_copy_does_not_have_is_swept,
		a_port_that_another_host_has_now_is_its,
		a_standby_reports_nothing,
		numbers_of_a_gateway_are_told_once_for_each_copy,
		a_connection_with_a_gateway_goes_on_at_the_standby,
		with_an_old_copy_only_it_ends,
		that_a_gateway_is_gone_is_told,
		what_comes_late_and_excludes_nothing_is_restored,
		a_session_that_was_used_since_is_left_as_it_is,
		a_late_binding_that_excludes_another_one_is_left,
		a_late_end_is_not_reported,
		nobody_is_refused_while_sessions_may_come,
	};

	return (lab_main("nat64_copy", tests, NITEMS(tests)));
}
