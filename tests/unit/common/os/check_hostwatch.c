/*
 * Tests of hostwatch_linux.c with the kernel itself: the loopback interface
 * of a network namespace of our own.
 */
#define _GNU_SOURCE /* unshare */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/os/hostwatch.h"

#include "tests/unit/own_lo.h"
#include "tests/unit/suite.h"

#define PATIENCE_MS 5000

static struct hostwatch *watch;

static void
setup(void)
{
	own_lo_enter();
	watch = hostwatch_open(HOSTWATCH_ALL);
	ck_assert_ptr_nonnull(watch);
}

static void
teardown(void)
{
	hostwatch_close(watch);
}

static void
set_up(bool up)
{
	const struct ifreq ifr = { .ifr_flags = up ? IFF_UP : 0 };

	own_lo_set(SIOCSIFFLAGS, ifr);
}

/* The bits of all that happens until those wanted have come. */
static unsigned
wait_for(unsigned wanted)
{
	struct pollfd pfd = { .fd = hostwatch_fd(watch), .events = POLLIN };
	unsigned what = 0;

	while ((what & wanted) != wanted) {
		ck_assert_int_eq(poll(&pfd, 1, PATIENCE_MS), 1);
		what |= hostwatch_read(watch);
	}
	return (what);
}

START_TEST(nothing_waits_at_first)
{
	ck_assert_uint_eq(hostwatch_read(watch), 0);
}
END_TEST

START_TEST(an_interface_that_comes_up_brings_all_kinds)
{
	set_up(true);
	wait_for(HOSTWATCH_LINK | HOSTWATCH_ADDR | HOSTWATCH_ROUTE);
	ck_assert_uint_eq(hostwatch_read(watch), 0);
}
END_TEST

START_TEST(kinds_that_nobody_wants_wake_nobody)
{
	struct hostwatch *all = watch;

	watch = hostwatch_open(HOSTWATCH_ADDR);
	ck_assert_ptr_nonnull(watch);
	set_up(true);
	ck_assert_uint_eq(wait_for(HOSTWATCH_ADDR), HOSTWATCH_ADDR);
	hostwatch_close(watch);
	watch = all;
}
END_TEST

START_TEST(an_mtu_is_a_change_of_the_link)
{
	const struct ifreq ifr = { .ifr_mtu = 1400 };

	own_lo_set(SIOCSIFMTU, ifr);
	ck_assert_uint_eq(wait_for(HOSTWATCH_LINK), HOSTWATCH_LINK);
}
END_TEST

/* How often 127.0.0.1/8 and ::1/128 of the interface were seen. */
struct seen {
	unsigned v4, v6, all;
};

static void
see(void *arg, const struct hostaddr *a)
{
	struct seen *seen = arg;

	seen->all++;
	ck_assert_uint_eq(a->ifindex, if_nametoindex("lo"));
	ck_assert_uint_eq(a->flags, 0);
	if (a->family == AF_INET && a->len == 8 &&
	    a->v4.s_addr == htonl(INADDR_LOOPBACK))
		seen->v4++;
	if (a->family == AF_INET6 && a->len == 128 &&
	    IN6_IS_ADDR_LOOPBACK(&a->v6))
		seen->v6++;
}

START_TEST(addresses_are_those_of_the_families_asked_for)
{
	static const struct {
		sa_family_t family;
		unsigned v4, v6;
	} rows[] = { { AF_INET, 1, 0 }, { AF_INET6, 0, 1 },
		{ AF_UNSPEC, 1, 1 } };
	struct seen seen = { 0 };

	set_up(true);
	ck_assert_int_eq(hostwatch_addrs(watch, rows[_i].family, see, &seen),
	    0);
	ck_assert_uint_eq(seen.v4, rows[_i].v4);
	ck_assert_uint_eq(seen.v6, rows[_i].v6);
	ck_assert_uint_eq(seen.all, seen.v4 + seen.v6);
}
END_TEST

START_TEST(link_is_found_by_name_and_by_index)
{
	const unsigned lo = if_nametoindex("lo");
	struct host_link l;

	ck_assert_int_eq(hostwatch_link(watch, 0, "lo", &l), 0);
	ck_assert_uint_eq(l.ifindex, lo);
	ck_assert(!l.up);
	set_up(true);
	ck_assert_int_eq(hostwatch_link(watch, lo, NULL, &l), 0);
	ck_assert_str_eq(l.name, "lo");
	ck_assert(l.up);
	ck_assert_uint_eq(l.mtu, 65536);
	ck_assert(!l.ipv6_off);
}
END_TEST

START_TEST(link_that_is_not_there_is_enodev)
{
	static const char *const names[] = { "none", "far-too-long-for-one" };
	struct host_link l;

	ck_assert_int_eq(hostwatch_link(watch, 0, names[_i], &l), -1);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_int_eq(hostwatch_link(watch, 12345, NULL, &l), -1);
	ck_assert_int_eq(errno, ENODEV);
}
END_TEST

START_TEST(route_says_where_an_address_is_reached)
{
	const char *texts[] = { "127.0.0.1", "::1" };
	const unsigned lens[] = { 32, 128 };
	struct host_route r;
	struct prefix dst;

	ck_assert_ptr_null(prefix_parse(texts[_i], &dst));
	ck_assert_int_eq(hostwatch_route(watch, &dst, &r), -1);
	set_up(true);
	ck_assert_int_eq(hostwatch_route(watch, &dst, &r), 0);
	ck_assert_uint_eq(r.ifindex, if_nametoindex("lo"));
	ck_assert_uint_eq(r.len, lens[_i]);
}
END_TEST

START_TEST(no_route_is_enetunreach)
{
	const char *texts[] = { "192.0.2.1", "2001:db8::1" };
	struct host_route r;
	struct prefix dst;

	set_up(true);
	ck_assert_ptr_null(prefix_parse(texts[_i], &dst));
	ck_assert_int_eq(hostwatch_route(watch, &dst, &r), -1);
	ck_assert_int_eq(errno, ENETUNREACH);
}
END_TEST

/* False: /proc is read-only here. */
static bool
set_sysctl(const char *file, const char *value)
{
	int fd;

	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return (false);
	ck_assert_int_eq(write(fd, value, 1), 1);
	close(fd);
	return (true);
}

START_TEST(change_of_forwarding_is_told)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv4/conf/all/forwarding",
		"/proc/sys/net/ipv6/conf/all/forwarding",
	};
	int i;

	for (i = 1; i >= 0; i--) {
		if (!set_sysctl(files[_i], i == 1 ? "1" : "0"))
			return;
		wait_for(HOSTWATCH_CONF);
	}
}
END_TEST

START_TEST(link_knows_whether_ipv6_is_off)
{
	struct host_link l;

	set_up(true);
	if (!set_sysctl("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1"))
		return;
	ck_assert_int_eq(hostwatch_link(watch, 0, "lo", &l), 0);
	ck_assert(l.ipv6_off);
	set_sysctl("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0");
	ck_assert_int_eq(hostwatch_link(watch, 0, "lo", &l), 0);
	ck_assert(!l.ipv6_off);
}
END_TEST

/* Each half of a storm is read in bounded slices, none is forgotten. */
START_TEST(storm_is_read_in_slices)
{
	struct pollfd pfd = { .fd = hostwatch_fd(watch), .events = POLLIN };
	int i, slices = 0;

	for (i = 0; i < 20; i++)
		set_up(i % 2 == 0);
	while (poll(&pfd, 1, 0) == 1) {
		ck_assert_uint_ne(hostwatch_read(watch), 0);
		slices++;
	}
	ck_assert_int_gt(slices, 1);
}
END_TEST

START_TEST(lost_messages_count_as_everything)
{
	const int tiny = 1;
	int i;

	ck_assert_int_eq(setsockopt(hostwatch_fd(watch), SOL_SOCKET, SO_RCVBUF,
			     &tiny, sizeof(tiny)),
	    0);
	for (i = 0; i < 100; i++)
		set_up(i % 2 == 0);
	ck_assert_uint_eq(hostwatch_read(watch), HOSTWATCH_ALL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("hostwatch");
	Suite *s = suite_create("hostwatch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_waits_at_first);
	tcase_add_test(tc, an_interface_that_comes_up_brings_all_kinds);
	tcase_add_test(tc, kinds_that_nobody_wants_wake_nobody);
	tcase_add_test(tc, an_mtu_is_a_change_of_the_link);
	tcase_add_loop_test(tc, addresses_are_those_of_the_families_asked_for,
	    0, 3);
	tcase_add_test(tc, link_is_found_by_name_and_by_index);
	tcase_add_loop_test(tc, link_that_is_not_there_is_enodev, 0, 2);
	tcase_add_loop_test(tc, route_says_where_an_address_is_reached, 0, 2);
	tcase_add_loop_test(tc, no_route_is_enetunreach, 0, 2);
	tcase_add_loop_test(tc, change_of_forwarding_is_told, 0, 2);
	tcase_add_test(tc, link_knows_whether_ipv6_is_off);
	tcase_add_test(tc, storm_is_read_in_slices);
	tcase_add_test(tc, lost_messages_count_as_everything);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
