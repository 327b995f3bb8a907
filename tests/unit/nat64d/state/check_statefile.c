/*
 * Reading the state file of a start: a whole one is used, and one that was cut
 * at any byte or has any bit flipped is not, whatever it says then. Ports that
 * can still be read rest (RFC 6888, REQ-8).
 */
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"

#include "nat64d/state/statefile.h"

#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/check_statefile.XXXXXX";
static char path[sizeof(dir) + 8];
static struct statefile *file;
static struct taddr4 tcp, udp; /* what was bound */
static unsigned resting;       /* loads after which a port rested */

/* The tables of a lab in a stream, and nothing in the file yet. */
static void
setup(void)
{
	const struct privs privs = { .stay = true };

	log_init("check_statefile", true, LOG_LEVEL_ERR);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	file = statefile_new(path, 0, &privs);
	ck_assert_ptr_nonnull(file);
	lab_setup();
	lab_set_prefix(1, "2001:db8:65::", 48);
	lab_start();
	tcp = lab_bind(L4_TCP, CLIENT6, 5000);
	udp = lab_bind(L4_UDP, HOST_C, 5000);
	lab_ping(HOST_C, SERVER6, 77);
	save();
}

static void
teardown(void)
{
	lab_teardown();
	statefile_free(file);
	unlink(path);
	rmdir(dir);
}

static void
put(const void *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static bool
rests(enum l4proto proto, const struct taddr4 *out)
{
	return (pool4_port_state(nat64_pool(lab.n), proto, out) ==
	    POOL4_QUARANTINED);
}

/* A new translator starts with the file. */
static void
load(void)
{
	lab_start();
	statefile_load(file, lab.n);
	if (rests(L4_TCP, &tcp) && rests(L4_UDP, &udp))
		resting++;
}

/* The translator has nothing of the file but ports that rest. */
static void
expect_nothing(size_t where)
{
	ck_assert_msg(lab_sessions() == 0, "%zu: %zu sessions", where,
	    lab_sessions());
	ck_assert_msg(nat64_bib(lab.n, L4_TCP)->n_entries == 0 &&
		nat64_bib(lab.n, L4_UDP)->n_entries == 0 &&
		nat64_bib(lab.n, L4_ICMP)->n_entries == 0,
	    "%zu: bindings", where);
}

/* And it works. */
static void
expect_empty_start(void)
{
	load();
	expect_nothing(0);
	(void)lab_bind(L4_UDP, HOST_B, 7000);
	ck_assert_uint_eq(lab_sessions(), 1);
}

START_TEST(a_whole_file_is_used)
{
	put(stream, stream_len, 0600);
	load();
	ck_assert_uint_eq(lab_sessions(), 3);
	ck_assert_ptr_nonnull(bib_find4(nat64_bib(lab.n, L4_TCP), &tcp));
	ck_assert_ptr_nonnull(bib_find4(nat64_bib(lab.n, L4_UDP), &udp));
}
END_TEST

START_TEST(without_a_file_nothing_is_there)
{
	expect_empty_start();
	ck_assert_uint_eq(resting, 0);
}
END_TEST

/* All by the same translator, since making it is most of the work. */
START_TEST(a_file_that_was_cut_at_any_byte_is_not_used)
{
	size_t len;

	lab_start();
	for (len = 0; len < stream_len; len++) {
		put(stream, len, 0600);
		statefile_load(file, lab.n);
		expect_nothing(len);
	}
	put(stream, stream_len, 0600);
	statefile_load(file, lab.n);
	ck_assert_uint_eq(lab_sessions(), 3);
}
END_TEST

START_TEST(a_file_with_any_bit_flipped_is_not_used)
{
	size_t bit;

	lab_start();
	for (bit = 0; bit < stream_len * 8; bit++) {
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
		put(stream, stream_len, 0600);
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
		statefile_load(file, lab.n);
		expect_nothing(bit);
	}
	expect_empty_start();
}
END_TEST

START_TEST(a_file_with_something_behind_is_not_used)
{
	stream[stream_len] = 0;
	put(stream, stream_len + 1, 0600);
	expect_empty_start();
	/* Its bindings could be read. */
	ck_assert_uint_eq(resting, 1);
}
END_TEST

START_TEST(other_files_are_not_used)
{
	static const char letter[] = "This is a letter to somebody else.\n";
	static uint8_t zeros[100000];

	put(letter, sizeof(letter), 0600);
	expect_empty_start();
	put(zeros, sizeof(zeros), 0600);
	expect_empty_start();
}
END_TEST

/* Somebody else could have written it. */
START_TEST(a_file_that_others_can_write_is_not_used)
{
	static const mode_t modes[] = { 0620, 0602 };

	put(stream, stream_len, modes[_i]);
	expect_empty_start();
	ck_assert_uint_eq(resting, 0);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	char target[sizeof(path) + 8];

	put(stream, stream_len, 0600);
	snprintf(target, sizeof(target), "%s.target", path);
	ck_assert_int_eq(rename(path, target), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	expect_empty_start();
	unlink(target);
}
END_TEST

START_TEST(a_fifo_or_a_directory_is_not_waited_for)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_empty_start();
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	expect_empty_start();
	rmdir(path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("statefile");
	TCase *tc = tcase_create("statefile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_whole_file_is_used);
	tcase_add_test(tc, without_a_file_nothing_is_there);
	tcase_add_test(tc, a_file_that_was_cut_at_any_byte_is_not_used);
	tcase_add_test(tc, a_file_with_any_bit_flipped_is_not_used);
	tcase_add_test(tc, a_file_with_something_behind_is_not_used);
	tcase_add_test(tc, other_files_are_not_used);
	tcase_add_loop_test(tc, a_file_that_others_can_write_is_not_used, 0,
	    2);
	tcase_add_test(tc, a_link_is_not_followed);
	tcase_add_test(tc, a_fifo_or_a_directory_is_not_waited_for);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
