/*
 * Tests of tun_bsd.c with a simulated kernel; they run on every system. The
 * ioctls that set the mode of the device exist on one system only and are not
 * tested.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/conf/defaults.h"
#include "nat64d/os/tun.h"
#include "nat64d/os/tun_bsd.h"
#include "tests/unit/tun_kernel.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

static struct tun *tun;
static struct pkt got;
static unsigned n_setups;
static uint8_t bytes[256];

/* In the place of tun_ifhead.c and tun_openbsd.c. */
int
tun_bsd_setup(int fd, const char **what)
{
	ck_assert_int_ne(fd, -1);
	*what = "setup";
	n_setups++;
	return (0);
}

static void
setup(void)
{
	const char *what;

	kernel_init();
	tun = tun_open("tun3", true, &what);
	ck_assert_ptr_nonnull(tun);
}

static void
teardown(void)
{
	tun_close(tun);
	kernel_clear();
}

static void
rx(void *arg, struct pkt *pkts, unsigned n)
{
	(void)arg;
	ck_assert_uint_eq(n, 1);
	got = pkts[0];
}

/* What a device reads: a family, and 48 bytes of that version. */
static void
receive(uint32_t family, uint8_t version)
{
	memset(bytes, 0, sizeof(bytes));
	wire_put16(bytes, (uint16_t)(family >> 16));
	wire_put16(bytes + 2, (uint16_t)family);
	bytes[4] = (uint8_t)(version << 4);
	kernel_put(bytes, 52);
	ck_assert_int_eq(tun_recv_batch(tun, 8, 1 << 20, rx, NULL), 1);
}

/* Shows: TUN-02 TUN-04 */
START_TEST(device_is_opened_by_name_and_has_no_offloads)
{
	ck_assert_str_eq(kernel.path, "/dev/tun3");
	ck_assert_uint_eq(n_setups, 1);
	ck_assert_uint_eq(tun_offloads(tun), 0);
}
END_TEST

/* A configuration that says nothing about it can start. */
START_TEST(default_interface_has_a_device_and_needs_no_routes)
{
	const struct prefix all = { .family = AF_INET6 };
	const char *what;

	tun_close(tun);
	tun = tun_open(conf_defaults.tun, true, &what);
	ck_assert_ptr_nonnull(tun);
	ck_assert_str_eq(kernel.path, "/dev/tun0");
	ck_assert(!conf_defaults.routes || tun_route(tun, &all, &what) == 0);
}
END_TEST

/* Shows: TUN-02 TUN-04 */
START_TEST(packets_are_read_behind_their_family)
{
	receive(AF_INET6, 6);
	ck_assert_uint_eq(got.len, 48);
	ck_assert_uint_eq(got.data[0], 0x60);
	ck_assert_int_eq(got.ofl.seg, PKT_SEG_NONE);
	ck_assert(!got.ofl.csum_partial);
	receive(AF_INET, 4);
	ck_assert_uint_eq(got.len, 48);
	ck_assert_uint_eq(got.data[0], 0x40);
}
END_TEST

/* Shows: TUN-02 */
START_TEST(packets_are_written_behind_their_family_in_one_piece)
{
	static const uint8_t versions[] = { 4, 6 };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	uint8_t buf[PKT_HEADROOM + 64];
	struct pkt p;
	int i;

	for (i = 0; i < 2; i++) {
		pkt_init(&p, buf, sizeof(buf));
		memset(p.data, 0, 48);
		p.data[0] = (uint8_t)(versions[i] << 4);
		p.len = 48;
		tun_send(tun, &p);
		ck_assert_uint_eq(tun_flush(tun), 0);
		ck_assert_uint_eq(kernel_get(bytes, sizeof(bytes)), 52);
		ck_assert_uint_eq(wire_get16(bytes), 0);
		ck_assert_uint_eq(wire_get16(bytes + 2), families[i]);
		ck_assert_mem_eq(bytes + 4, p.data, 48);
	}
}
END_TEST

/* Shows: TUN-05 */
START_TEST(family_that_contradicts_the_version_is_refused)
{
	static const struct {
		uint32_t family;
		uint8_t version;
	} rows[] = {
		{ AF_INET, 6 },
		{ AF_INET6, 4 },
		{ 0, 4 },
		{ AF_INET6 + 256, 6 },
		{ (uint32_t)AF_INET6 << 24, 6 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		receive(rows[i].family, rows[i].version);
		ck_assert_uint_eq(got.len, 0);
		ck_assert_int_ne(pkt_parse(&got), NAT64_NONE);
	}
	kernel_put(bytes, 4);
	ck_assert_int_eq(tun_recv_batch(tun, 8, 1 << 20, rx, NULL), 1);
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

/* Shows: TUN-07 */
START_TEST(refused_packets_are_counted_and_not_tried_again)
{
	static uint8_t buf[PKT_HEADROOM + 1000];
	uint8_t taken[1100];
	unsigned refused, sent = 0;
	struct pkt p;
	int i;

	pkt_init(&p, buf, sizeof(buf));
	p.data[0] = 0x45;
	p.len = 1000;
	for (i = 0; i < 100000; i++)
		tun_send(tun, &p);
	refused = tun_flush(tun);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(tun_flush(tun), 0);
	while (kernel_get(taken, sizeof(taken)) > 0)
		sent++;
	ck_assert_uint_eq(sent + refused, 100000);
}
END_TEST

START_TEST(interface_comes_up_and_routes_are_left_to_the_administrator)
{
	const struct prefix dst = { .family = AF_INET, .len = 24 };
	const char *what;

	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	ck_assert_uint_eq(tun_mtu(tun), 1400);
	ck_assert(kernel.up);
	/* What is so already takes no right. */
	kernel.broken = SIOCSIFMTU;
	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	ck_assert_int_eq(tun_up(tun, 1500, &what), -1);
	kernel.broken = SIOCSIFFLAGS;
	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	kernel.up = false;
	ck_assert_int_eq(tun_up(tun, 1400, &what), -1);
	kernel.broken = 0;
	ck_assert_int_eq(tun_route(tun, &dst, &what), -1);
	ck_assert_int_eq(errno, EOPNOTSUPP);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tun_bsd");
	TCase *tc = tcase_create("tun_bsd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, device_is_opened_by_name_and_has_no_offloads);
	tcase_add_test(tc, default_interface_has_a_device_and_needs_no_routes);
	tcase_add_test(tc, packets_are_read_behind_their_family);
	tcase_add_test(tc,
	    packets_are_written_behind_their_family_in_one_piece);
	tcase_add_test(tc, family_that_contradicts_the_version_is_refused);
	tcase_add_test(tc, refused_packets_are_counted_and_not_tried_again);
	tcase_add_test(tc,
	    interface_comes_up_and_routes_are_left_to_the_administrator);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
