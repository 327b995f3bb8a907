/*
 * What becomes of explicit mappings when something else happens: another
 * configuration, static bindings, a flush, another role or process; and that
 * the epoch tells clients the truth about it (RFC 6887, 8.5).
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_role.h"
#include "nat64d/core/nat64_static.h"
#include "tests/unit/pcp_lab.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static unsigned n_restarts;

static void
restarted(void *arg)
{
	n_restarts++;
	ck_assert_ptr_eq(arg, &n_restarts);
}

/* Seconds since the epoch began, by an answer. */
static uint32_t
epoch(void)
{
	ask_from(HOST_C, pcp_head(0, 0, HOST_C));
	ck_assert_uint_eq(got.len, 24);
	return (got.epoch);
}

/* CLIENT6 has MAP of TCP, HOST_C has MAP and PEER of UDP; 100 s pass. */
static struct taddr4
begin(void)
{
	struct taddr4 out;

	pcp_on();
	nat64_pcp_set_restarted(lab.n, restarted, &n_restarts);
	n_restarts = 0;
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	out = got_out();
	ck_assert_int_eq(ask_map(HOST_C, 17, PORT, 7200), PCP_SUCCESS);
	ck_assert_int_eq(ask_peer(HOST_C, 17, PORT, SERVER6, 53, 600),
	    PCP_SUCCESS);
	lab_wait(100);
	ck_assert_uint_eq(epoch(), 100);
	ck_assert_uint_eq(n_restarts, 0);
	return (out);
}

static void
expect_mappings(size_t n, uint32_t secs)
{
	ck_assert_uint_eq(nat64_pcp_count(lab.n), n);
	ck_assert_uint_eq(epoch(), secs);
}

/* --- another configuration --- */

static void
change(void)
{
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	while (nat64_settle(lab.n, lab.now, 2))
		continue;
}

START_TEST(mappings_stay_when_they_are_still_allowed)
{
	begin();
	lab.conf.lifetime_secs[SESSION_UDP] = 200;
	lab.conf.pcp.max_secs = 300;
	change();
	expect_mappings(3, 100);
	ask_map(CLIENT6, 6, PORT, 3600);
	ck_assert_uint_eq(got.secs, 300);
	ck_assert_uint_eq(n_restarts, 0);
}
END_TEST

START_TEST(switched_off_no_mapping_stays)
{
	const struct taddr4 out = begin();

	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_SYN);
	lab_sent();
	lab.conf.pcp.on = false;
	change();
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	ck_assert_uint_ge(n_restarts, 1);
	ask_map(CLIENT6, 6, PORT, 3600);
	ck_assert_uint_eq(got.len, 0);
	/* Its session lives on, as that of any binding. */
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
	lab.conf.pcp.on = true;
	change();
	expect_mappings(0, 0);
	ck_assert_int_eq(ask_map(HOST_C, 17, PORT, 3600), PCP_SUCCESS);
}
END_TEST

START_TEST(mappings_of_a_host_that_may_not_end)
{
	static struct permit_rule permit;

	begin();
	ck_assert_ptr_null(
	    prefix_parse_family("2001:db8:1::/48", AF_INET6, &permit.from));
	lab.conf.permits = &permit;
	lab.conf.n_permits = 1;
	change();
	expect_mappings(2, 0);
	ck_assert_uint_eq(n_restarts, 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

/* Before nat64_settle() has got there. */
START_TEST(a_packet_finds_that_a_mapping_is_not_allowed)
{
	const struct taddr4 out = begin();

	lab.conf.pcp.on = false;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_SYN);
	ck_assert_int_ne(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	while (nat64_settle(lab.n, lab.now, 2))
		continue;
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
}
END_TEST

START_TEST(mappings_of_an_address_that_has_left_the_pool_end)
{
	begin();
	lab_set_pool("203.0.113.99", "203.0.113.99", 1024, 65535);
	change();
	expect_mappings(0, 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP) + lab_bindings(L4_UDP), 0);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_str_eq(got_addr(), "203.0.113.99");
}
END_TEST

START_TEST(mappings_of_another_pool_end)
{
	begin();
	ck_assert_int_eq(nat64_set_pool(lab.n, &lab.conf, lab.now), 0);
	expect_mappings(0, 0);
	ck_assert_uint_eq(n_restarts, 1);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
}
END_TEST

/* --- static bindings --- */

static struct nat64_static
of_client(uint16_t port, const struct taddr4 *out)
{
	return ((struct nat64_static){ .proto = L4_TCP,
	    .in6 = { addr6(CLIENT6), port },
	    .out4 = *out });
}

START_TEST(a_static_binding_takes_the_place_of_a_mapping)
{
	const struct taddr4 out = begin();
	const struct nat64_static st = of_client(9, &out);
	const struct bib_entry *other;

	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(nat64_static_add(lab.n, &st, true, lab.now, &other),
	    0);
	expect_mappings(2, 0);
}
END_TEST

START_TEST(a_configured_static_binding_does_as_well)
{
	const struct taddr4 out = begin();

	lab_add_static(L4_TCP, HOST_B, 9, text4(out.addr), out.port);
	change();
	ck_assert_uint_eq(nat64_statics_refused(lab.n), 0);
	expect_mappings(2, 0);
	ck_assert(lab_binding(L4_TCP, HOST_B, 9)->is_static);
}
END_TEST

START_TEST(a_static_binding_of_the_same_goes_and_the_mapping_stays)
{
	const struct taddr4 out = begin();
	const struct nat64_static st = of_client(PORT, &out);
	const struct bib_entry *other;

	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    0);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 600), PCP_SUCCESS);
	ck_assert_uint_eq(got.secs, UINT32_MAX);
	ck_assert_int_eq(nat64_static_delete(lab.n, &st, lab.now), 0);
	expect_mappings(3, 100);
	lab_wait(3501);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(a_static_binding_outlives_its_mapping)
{
	const struct taddr4 out = begin();
	const struct nat64_static st = of_client(PORT, &out);
	const struct bib_entry *other;

	ck_assert_int_eq(nat64_static_add(lab.n, &st, false, lab.now, &other),
	    0);
	lab_wait(3501);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert(!lab_binding(L4_TCP, CLIENT6, PORT)->held);
}
END_TEST

/* --- flush and roles --- */

START_TEST(a_flush_ends_sessions_and_no_mapping)
{
	const struct taddr4 out = begin();

	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_SYN);
	nat64_flush_begin(lab.n);
	lab_tcp(SERVER4_2, 4445, text4(out.addr), out.port, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), SERVER6_2, 4445, CLIENT6, PORT);
	while (nat64_flush(lab.n, lab.now, 1))
		continue;
	ck_assert_uint_eq(lab_sessions(), 1);
	expect_mappings(3, 100);
}
END_TEST

START_TEST(at_standby_nobody_answers_and_afterwards_it_begins_anew)
{
	begin();
	nat64_set_role(lab.n, NAT64_ROLE_STANDBY, lab.now);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ask_map(CLIENT6, 6, PORT, 3600);
	ck_assert_uint_eq(got.len, 0);
	lab_wait(10);
	nat64_set_role(lab.n, NAT64_ROLE_ACTIVE, lab.now);
	ck_assert_uint_eq(n_restarts, 2);
	expect_mappings(0, 0);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
}
END_TEST

/* --- other processes --- */

START_TEST(another_process_has_the_same_mappings)
{
	struct pcp_bytes m =
	    pcp_map(CLIENT6, PCP_OTHER, 6, PORT, "::", 0, 3600);
	const struct taddr4 out = begin();

	save();
	lab_doze(50);
	restore();
	expect_mappings(3, 150);
	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_SYN);
	lab_expect_flow(lab_sent(), SERVER6_2, 4444, CLIENT6, PORT);
	ask_from(CLIENT6, m);
	ck_assert_int_eq(got.result, PCP_NOT_AUTHORIZED);
	ck_assert_uint_eq(got.secs, 3450);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_uint_eq(got.port, out.port);
	lab_wait(500); /* that of PEER ends */
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 2);
	lab_wait(8000);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP) + lab_bindings(L4_UDP), 0);
}
END_TEST

START_TEST(slices_of_any_size_hold_all_mappings)
{
	unsigned i;

	pcp_on();
	for (i = 0; i < 40; i++)
		ask_map(CLIENT6, 6, (uint16_t)(PORT + i), 3600);
	lab_wait(7);
	save_slices((unsigned)_i + 1, NULL);
	restore();
	expect_mappings(40, 7);
}
END_TEST

/* The session comes after the mapping, and belongs to the same binding. */
START_TEST(a_mapping_is_restored_with_its_sessions)
{
	const struct taddr4 out = begin();

	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_SYN);
	lab_tcp(CLIENT6, PORT, SERVER6_2, 4444, PKT_TH_SYN | PKT_TH_ACK);
	save();
	restore();
	ck_assert_uint_eq(lab_sessions(), 1);
	ck_assert_uint_eq(recovered.restore.counts.bindings, 2);
	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, PKT_TH_ACK);
	lab_expect_flow(lab_sent(), SERVER6_2, 4444, CLIENT6, PORT);
	expect_mappings(3, 100);
}
END_TEST

START_TEST(what_ended_meanwhile_was_not_lost)
{
	begin();
	save();
	lab_doze(4000);
	restore();
	expect_mappings(1, 4100);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(what_cannot_be_restored_was_lost)
{
	begin();
	save();
	lab_set_pool("203.0.113.99", "203.0.113.99", 1024, 65535);
	restore();
	expect_mappings(0, 0);
}
END_TEST

START_TEST(switched_off_meanwhile_they_are_not_restored)
{
	begin();
	save();
	lab.conf.pcp.on = false;
	restore();
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP) + lab_bindings(L4_UDP), 0);
}
END_TEST

/*
 * A file that is written now and then does not know of the last mappings: those
 * that it has are restored, and clients are told to look.
 */
START_TEST(from_a_file_the_epoch_begins_anew)
{
	const struct nat64_clocks at = { .wall_ms = WALL_MS };
	struct nat64_clocks now = at;
	const uint8_t *bytes;
	struct snapshot *s;
	size_t len;

	begin();
	now.mono = lab.now;
	now.wall_ms += lab.now.ns / 1000000;
	s = snapshot_new(lab.n, &now, "nat64d test", false);
	ck_assert_ptr_nonnull(s);
	ck_assert(!snapshot_slice(s, UINT32_MAX, &bytes, &len));
	memcpy(stream, bytes, len);
	stream_len = len;
	snapshot_free(s);
	restore();
	expect_mappings(3, 0);
}
END_TEST

START_TEST(a_clock_that_was_set_back_begins_another_epoch)
{
	struct nat64_clocks at;

	begin();
	save();
	lab_start();
	at = (struct nat64_clocks){ lab.now, WALL_MS - 1000000 };
	recover_begin(&recovered, lab.n, &at, false);
	(void)record_read(&recovered.reader, stream, stream_len);
	ck_assert_int_eq(recover_end(&recovered), 0);
	ck_assert_uint_eq(epoch(), 0);
}
END_TEST

START_TEST(a_stream_that_is_not_trusted_brings_no_mapping)
{
	const struct taddr4 out = begin();
	const struct nat64_clocks at = clocks();

	save();
	lab_start();
	recover_begin(&recovered, lab.n, &at, true);
	(void)record_read(&recovered.reader, stream, stream_len);
	ck_assert_int_eq(recover_end(&recovered), 0);
	expect_mappings(0, 0);
	ck_assert_int_eq(pool4_port_state(nat64_pool(lab.n), L4_TCP, &out),
	    POOL4_QUARANTINED);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		mappings_stay_when_they_are_still_allowed,
		switched_off_no_mapping_stays,
		mappings_of_a_host_that_may_not_end,
		a_packet_finds_that_a_mapping_is_not_allowed,
		mappings_of_an_address_that_has_left_the_pool_end,
		mappings_of_another_pool_end,
		a_static_binding_takes_the_place_of_a_mapping,
		a_configured_static_binding_does_as_well,
		a_static_binding_of_the_same_goes_and_the_mapping_stays,
		a_static_binding_outlives_its_mapping,
		a_flush_ends_sessions_and_no_mapping,
		at_standby_nobody_answers_and_afterwards_it_begins_anew,
		another_process_has_the_same_mappings,
		a_mapping_is_restored_with_its_sessions,
		what_ended_meanwhile_was_not_lost,
		what_cannot_be_restored_was_lost,
		switched_off_meanwhile_they_are_not_restored,
		from_a_file_the_epoch_begins_anew,
		a_clock_that_was_set_back_begins_another_epoch,
		a_stream_that_is_not_trusted_brings_no_mapping,
	};
	Suite *s = suite_create("nat64_pcp_life");
	TCase *tc = tcase_create("nat64_pcp_life");
	size_t i;

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, slices_of_any_size_hold_all_mappings, 0, 12);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
