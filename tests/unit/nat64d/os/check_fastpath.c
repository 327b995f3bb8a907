/*
 * Tests of fastpath_linux.c: sessions come, wait, are inserted and taken back.
 * Whether one is in the table is seen by what the program does with a packet of
 * it.
 */
#define _GNU_SOURCE /* setresuid(), unshare() */
#include <sys/wait.h>

#include <check.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "common/monotime.h"

#include "tests/unit/fastpath_run.h"
#include "tests/unit/fastpath_util.h"
#include "tests/unit/suite.h"

/* Packets that this device can hold, its default. */
#define DEVICE "lo"
#define DEVICE_QUEUE 1000

static struct xlat_conf conf;

static void
setup(void)
{
	xlat_conf_init(&conf);
}

static struct fastpath *
load(const char *device, size_t max_flows)
{
	struct fastpath *fp;
	const char *what;

	fp = fastpath_load(device, max_flows, &conf, true, &what);
	ck_assert_msg(fp != NULL, "%s: %s", what, strerror(errno));
	return (fp);
}

static uint32_t
add(struct fastpath *fp, const struct fastflow *f)
{
	return (fastpath_ops(fp)->add(fastpath_ops(fp)->arg, f));
}

static void
take_back(struct fastpath *fp, uint32_t handle)
{
	fastpath_ops(fp)->remove(fastpath_ops(fp)->arg, handle);
}

static struct fastnotes
notes_of(struct fastpath *fp, uint32_t handle)
{
	struct fastnotes n;

	fastpath_ops(fp)->read(fastpath_ops(fp)->arg, handle, &n);
	return (n);
}

static bool
is_translated(struct fastpath *fp, const struct fastflow *f, bool from6)
{
	static struct fastpath_run run;
	static uint8_t buf[PKT_BUFSIZE];
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, f, from6, 100, false);
	fastpath_run(&run, fp, &p, 0);
	return (run.verdict == TC_ACT_REDIRECT);
}

/* Both ways or none. */
static bool
is_in(struct fastpath *fp, const struct fastflow *f)
{
	const bool from6 = is_translated(fp, f, true);

	ck_assert_int_eq(is_translated(fp, f, false), from6);
	return (from6);
}

START_TEST(added_session_begins_when_the_device_is_drained)
{
	struct fastpath *fp = load(DEVICE, 2);
	const struct fastflow flow = random_flow();

	ck_assert(!fastpath_is_waiting(fp));
	ck_assert_uint_ne(add(fp, &flow), 0);
	ck_assert(!is_in(fp, &flow));
	fastpath_commit(fp, 5, false);
	ck_assert(!is_in(fp, &flow));
	ck_assert(fastpath_is_waiting(fp));
	fastpath_commit(fp, 0, true);
	ck_assert(!fastpath_is_waiting(fp));
	ck_assert(is_in(fp, &flow));
	ck_assert_uint_eq(fastpath_flows(fp), 1);
	fastpath_free(fp);
}
END_TEST

START_TEST(added_session_begins_when_the_packets_before_it_were_read)
{
	struct fastpath *fp = load(DEVICE, 2);
	const struct fastflow early = random_flow(), late = random_flow();

	ck_assert_uint_ne(add(fp, &early), 0);
	/* Those of this batch were read already when it was added. */
	fastpath_commit(fp, 256, false);
	fastpath_commit(fp, DEVICE_QUEUE - 1, false);
	ck_assert(!is_in(fp, &early));
	ck_assert_uint_ne(add(fp, &late), 0);
	fastpath_commit(fp, 1, false);
	ck_assert(is_in(fp, &early));
	ck_assert(!is_in(fp, &late));
	fastpath_commit(fp, DEVICE_QUEUE, false);
	ck_assert(is_in(fp, &late));
	fastpath_free(fp);
}
END_TEST

START_TEST(session_that_is_taken_back_before_it_began_never_begins)
{
	struct fastpath *fp = load(NULL, 1);
	const struct fastflow flow = random_flow(), other = random_flow();
	const uint32_t handle = add(fp, &flow);

	take_back(fp, handle);
	ck_assert_uint_eq(fastpath_flows(fp), 0);
	fastpath_commit(fp, 1, true);
	ck_assert(!is_in(fp, &flow));
	ck_assert_uint_ne(add(fp, &other), 0);
	fastpath_commit(fp, 1, true);
	ck_assert(is_in(fp, &other));
	fastpath_free(fp);
}
END_TEST

START_TEST(session_that_is_taken_back_ends_at_once)
{
	struct fastpath *fp = load(NULL, 2);
	const struct fastflow flow = random_flow(), other = random_flow();
	const uint32_t handle = add(fp, &flow);

	ck_assert_uint_ne(add(fp, &other), 0);
	fastpath_commit(fp, 1, true);
	ck_assert(is_in(fp, &flow));
	take_back(fp, handle);
	ck_assert(!is_in(fp, &flow));
	ck_assert(is_in(fp, &other));
	ck_assert_uint_eq(fastpath_flows(fp), 1);
	fastpath_free(fp);
}
END_TEST

START_TEST(no_more_sessions_than_its_size)
{
	static const size_t sizes[] = { 1, 2, 100 };
	struct fastflow flows[100];
	uint32_t handles[100];
	struct fastpath *fp;
	size_t i, n;

	n = sizes[_i];
	fp = load(NULL, n);
	for (i = 0; i < n; i++) {
		flows[i] = random_flow();
		handles[i] = add(fp, &flows[i]);
		ck_assert_uint_ne(handles[i], 0);
	}
	ck_assert_uint_eq(add(fp, &flows[0]), 0);
	fastpath_commit(fp, 1, true);
	ck_assert_uint_eq(fastpath_flows(fp), n);
	for (i = 0; i < n; i++)
		ck_assert(is_in(fp, &flows[i]));
	ck_assert_uint_eq(add(fp, &flows[0]), 0);
	take_back(fp, handles[n - 1]);
	flows[n - 1] = random_flow();
	ck_assert_uint_ne(add(fp, &flows[n - 1]), 0);
	fastpath_commit(fp, 1, true);
	ck_assert(is_in(fp, &flows[n - 1]));
	fastpath_free(fp);
}
END_TEST

START_TEST(slot_that_rested_longest_is_used_next)
{
	struct fastpath *fp = load(NULL, 3);
	const struct fastflow flow = random_flow();
	uint32_t handles[3];
	unsigned i;

	for (i = 0; i < 3; i++)
		handles[i] = add(fp, &flow);
	fastpath_commit(fp, 1, true);
	take_back(fp, handles[1]);
	take_back(fp, handles[2]);
	take_back(fp, handles[0]);
	ck_assert_uint_eq(add(fp, &flow), handles[1]);
	ck_assert_uint_eq(add(fp, &flow), handles[2]);
	ck_assert_uint_eq(add(fp, &flow), handles[0]);
	fastpath_free(fp);
}
END_TEST

/* The table refuses the second one; it stays on the slow path. */
START_TEST(session_that_the_table_refuses_is_no_error)
{
	struct fastpath *fp = load(NULL, 4);
	const struct fastflow flow = random_flow();
	struct fastflow same6 = random_flow();
	uint32_t first, second, third;

	/* The same host and peer, another port of the pool. */
	same6 = flow;
	same6.out4.port ^= 1;
	first = add(fp, &flow);
	second = add(fp, &flow);
	third = add(fp, &same6);
	fastpath_commit(fp, 1, true);
	ck_assert_uint_eq(fastpath_flows(fp), 3);
	ck_assert(!is_translated(fp, &same6, false));
	take_back(fp, second);
	take_back(fp, third);
	ck_assert(is_in(fp, &flow));
	take_back(fp, first);
	ck_assert(!is_in(fp, &flow));
	fastpath_free(fp);
}
END_TEST

START_TEST(notes_begin_empty)
{
	struct fastpath *fp = load(NULL, 1);
	const struct fastflow flow = random_flow();
	struct fastnotes n;
	unsigned i;

	for (i = 0; i < 100; i++) {
		const uint32_t handle = add(fp, &flow);

		n = notes_of(fp, handle);
		ck_assert_int_eq(n.last6, 0);
		ck_assert_int_eq(n.last4, 0);
		ck_assert_uint_eq(n.ack6, 0);
		ck_assert_uint_eq(n.ack4, 0);
		fastpath_commit(fp, 1, true);
		n = notes_of(fp, handle);
		ck_assert_int_eq(n.last6, 0);
		ck_assert_int_eq(n.last4, 0);
		ck_assert_uint_eq(n.ack6, 0);
		ck_assert_uint_eq(n.ack4, 0);
		ck_assert(is_in(fp, &flow));
		take_back(fp, handle);
		/* Valid until the next one is added. */
		n = notes_of(fp, handle);
		ck_assert_int_ne(n.last6, 0);
		ck_assert_int_ne(n.last4, 0);
	}
	fastpath_free(fp);
}
END_TEST

/* The clock of the notes is that of the daemon. */
START_TEST(notes_have_the_monotonic_time)
{
	struct fastpath *fp = load(NULL, 1);
	const struct fastflow flow = random_flow();
	const uint32_t handle = add(fp, &flow);
	struct fastnotes n;
	int64_t before, after;

	fastpath_commit(fp, 1, true);
	before = monotime_now().ns;
	ck_assert(is_translated(fp, &flow, true));
	after = monotime_now().ns;
	/* It ticks at least a hundred times a second. */
	n = notes_of(fp, handle);
	ck_assert_int_ge(n.last6, before - 20000000);
	ck_assert_int_le(n.last6, after);
	ck_assert_int_eq(n.last4, 0);
	fastpath_free(fp);
}
END_TEST

START_TEST(other_mtu_is_used_from_now_on)
{
	struct fastpath *fp = load(NULL, 1);
	const struct fastflow flow = random_flow();

	(void)add(fp, &flow);
	fastpath_commit(fp, 1, true);
	ck_assert(is_translated(fp, &flow, true));
	conf.mtu4 = 100;
	fastpath_set_xlat(fp, &conf);
	ck_assert(!is_translated(fp, &flow, true));
	ck_assert(is_translated(fp, &flow, false));
	fastpath_free(fp);
}
END_TEST

START_TEST(packets_and_bytes_are_counted)
{
	struct fastpath *fp = load(NULL, 1);
	struct fastflow flow = random_flow();
	struct fastpath_count c;
	unsigned i;

	flow.proto = L4_UDP;
	(void)add(fp, &flow);
	fastpath_commit(fp, 1, true);
	for (i = 0; i < 3; i++)
		ck_assert(is_translated(fp, &flow, true));
	ck_assert(is_translated(fp, &flow, false));
	fastpath_counters(fp, &c);
	ck_assert_uint_eq(c.packets6, 3);
	ck_assert_uint_eq(c.bytes6, 3 * (40 + 8 + 100));
	ck_assert_uint_eq(c.packets4, 1);
	ck_assert_uint_eq(c.bytes4, 20 + 8 + 100);
	ck_assert_uint_eq(c.failed, 0);
	fastpath_free(fp);
}
END_TEST

START_TEST(instances_are_independent)
{
	struct fastpath *one = load(NULL, 2), *two = load(NULL, 2);
	const struct fastflow flow = random_flow();

	(void)add(one, &flow);
	fastpath_commit(one, 1, true);
	fastpath_commit(two, 1, true);
	ck_assert(is_in(one, &flow));
	ck_assert(!is_in(two, &flow));
	fastpath_free(two);
	ck_assert(is_in(one, &flow));
	fastpath_free(one);
}
END_TEST

/* As the daemon does: only the descriptors are left. */
START_TEST(sessions_come_and_go_without_privileges)
{
	struct fastpath *fp = load(NULL, 2);
	const struct fastflow flow = random_flow();
	struct fastpath_count c;
	const char *what;
	uint32_t handle;

	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	if (fastpath_check(fp, &what) == -1) {
		/* A kernel before 5.19; the daemon does without. */
		ck_assert_int_eq(errno, EPERM);
		fastpath_free(fp);
		return;
	}
	handle = add(fp, &flow);
	fastpath_commit(fp, 1, true);
	ck_assert_uint_eq(fastpath_flows(fp), 1);
	take_back(fp, handle);
	fastpath_counters(fp, &c);
	ck_assert_uint_eq(c.failed, 0);
	fastpath_free(fp);
}
END_TEST

/* Run the program until we are killed; end when it mixes up two sessions. */
static void
watch(struct fastpath *fp, const struct fastflow *f)
{
	static struct fastpath_run run;
	static uint8_t in_buf[PKT_BUFSIZE], out_buf[PKT_BUFSIZE];
	struct pkt in, out;

	pkt_init(&in, in_buf, sizeof(in_buf));
	build_plain(&in, f, false, 30, false);
	pkt_init(&out, out_buf, sizeof(out_buf));
	memcpy(out.data, in.data, in.len);
	out.len = in.len;
	REQUIRE(is_plain(&out, f, &conf));
	translate(&out, f, &conf, 0);
	for (;;) {
		fastpath_run(&run, fp, &in, 0);
		if (run.verdict == TC_ACT_REDIRECT &&
		    memcmp(run.result + ETHER_HDR_LEN, out.data, out.len) != 0)
			_exit(1);
	}
}

/* Slots get another session while the program reads them. */
START_TEST(session_that_is_replaced_while_it_is_read_is_not_mixed_up)
{
	struct fastpath *fp = load(NULL, 2);
	struct fastflow flows[2];
	pid_t pids[2];
	int64_t end;
	unsigned i;

	for (i = 0; i < 2; i++) {
		flows[i] = random_flow();
		pids[i] = fork();
		ck_assert_int_ne(pids[i], -1);
		if (pids[i] == 0)
			watch(fp, &flows[i]);
	}
	end = monotime_now().ns + 700000000;
	for (i = 0; monotime_now().ns < end; i ^= 1) {
		const uint32_t handle = add(fp, &flows[i]);

		fastpath_commit(fp, 1, true);
		take_back(fp, handle);
	}
	for (i = 0; i < 2; i++) {
		int status;

		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFSIGNALED(status));
	}
	fastpath_free(fp);
}
END_TEST

/* The times of the notes would be wrong. */
START_TEST(clock_of_its_own_is_an_error)
{
	const char *what;
	FILE *file;
	pid_t pid;
	int status;

	/* A kernel without time namespaces has no such clocks. */
	if (unshare(0x80 /* CLONE_NEWTIME */) == -1)
		return;
	file = fopen("/proc/self/timens_offsets", "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "monotonic 1000 0\n");
	ck_assert_int_eq(fclose(file), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		if (fastpath_load(NULL, 1, &conf, false, &what) != NULL)
			_exit(1);
		_exit(errno == ENOTSUP ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(device_that_is_not_there_is_an_error)
{
	const char *what = NULL;

	ck_assert_ptr_null(fastpath_new("no-such-if", 1, &conf, &what));
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_ptr_nonnull(what);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fastpath");
	TCase *tc = tcase_create("fastpath");
	const char *why = fastpath_missing();

	if (why != NULL)
		return (suite_skip("fastpath", why));
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, added_session_begins_when_the_device_is_drained);
	tcase_add_test(tc,
	    added_session_begins_when_the_packets_before_it_were_read);
	tcase_add_test(tc,
	    session_that_is_taken_back_before_it_began_never_begins);
	tcase_add_test(tc, session_that_is_taken_back_ends_at_once);
	tcase_add_loop_test(tc, no_more_sessions_than_its_size, 0, 3);
	tcase_add_test(tc, slot_that_rested_longest_is_used_next);
	tcase_add_test(tc, session_that_the_table_refuses_is_no_error);
	tcase_add_test(tc, notes_begin_empty);
	tcase_add_test(tc, notes_have_the_monotonic_time);
	tcase_add_test(tc, other_mtu_is_used_from_now_on);
	tcase_add_test(tc, packets_and_bytes_are_counted);
	tcase_add_test(tc, instances_are_independent);
	tcase_add_test(tc, sessions_come_and_go_without_privileges);
	tcase_add_test(tc,
	    session_that_is_replaced_while_it_is_read_is_not_mixed_up);
	tcase_add_test(tc, clock_of_its_own_is_an_error);
	tcase_add_test(tc, device_that_is_not_there_is_an_error);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
