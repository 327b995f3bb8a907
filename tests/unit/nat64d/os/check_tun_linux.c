/*
 * Tests of tun_linux.c with a simulated kernel (tun_kernel.h): its requests,
 * and how it handles the replies. Real devices are used in tests/netns.
 */
#include <sys/ioctl.h>

#include <net/if.h>

#include <check.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "nat64d/os/tun.h"
#include "nat64d/wire/vnet.h"
#include "tests/unit/tun_kernel.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

/* By number: these are the kernel's, whatever its headers call them. */
#define ALL_OFFLOADS 0x6ful
#define NO_USO 0x0ful
#define CSUM_ONLY 0x01ul

static struct tun *tun;
static uint8_t bytes[VNET_HDRLEN + PKT_MAXLEN];
static struct pkt got;
static uint8_t got_bytes[PKT_MAXLEN];
static uint32_t lens[100000]; /* of all packets received */
static unsigned n_groups;

static void
setup(void)
{
	kernel_init();
	tun = NULL;
	memset(bytes, 0, sizeof(bytes));
}

static void
teardown(void)
{
	tun_close(tun);
	kernel_clear();
}

static void
start(bool offload)
{
	const char *what;

	tun = tun_open("nat64", offload, &what);
	ck_assert_msg(tun != NULL, "%s", what);
}

/* A UDP packet over IPv4 of len bytes, made at ip. */
static void
make_udp4(uint8_t *ip, uint16_t len)
{
	memset(ip, 0, len);
	ip[0] = 0x45;
	wire_put16(ip + 2, len);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, "\xc0\x00\x02\x01\xc6\x33\x64\x01", 8);
	wire_put16(ip + 10, (uint16_t)~wire_sum(0, ip, 20));
	wire_put16(ip + 20, 4000);
	wire_put16(ip + 22, 53);
	wire_put16(ip + 24, (uint16_t)(len - 20));
}

static void
rx(void *arg, struct pkt *pkts, unsigned n_pkts)
{
	unsigned *n = arg, i;

	for (i = 0; i < n_pkts; i++) {
		got = pkts[i];
		memcpy(got_bytes, got.data, got.len);
		lens[*n + i] = got.len;
	}
	*n += n_pkts;
	n_groups++;
}

static unsigned
receive(unsigned max)
{
	unsigned n = 0;

	ck_assert_int_eq(tun_recv_batch(tun, max, 1 << 20, rx, &n), (int)n);
	return (n);
}

/* Send a UDP packet of len bytes. */
static void
send_udp4(uint16_t len)
{
	static uint8_t buf[PKT_BUFSIZE];
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	make_udp4(p.data, len);
	p.len = len;
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	tun_send(tun, &p);
}

/* Shows: GSO-01 GSO-02 GSO-32 */
START_TEST(device_has_a_header_of_ten_bytes_and_all_offloads_but_ufo)
{
	start(true);
	ck_assert_str_eq(kernel.path, "/dev/net/tun");
	ck_assert_int_eq(kernel.flags, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	ck_assert_int_eq(kernel.hdrlen, 10);
	ck_assert_uint_eq(kernel.n_asked, 1);
	ck_assert_uint_eq(kernel.asked[0], ALL_OFFLOADS);
	ck_assert_uint_eq(tun_offloads(tun), TUN_CSUM | TUN_TSO | TUN_USO);
}
END_TEST

/* Shows: GSO-02 GSO-03 GSO-32 */
START_TEST(kernel_is_asked_for_less_until_it_agrees)
{
	static const struct {
		const char *name;
		unsigned long has;
		unsigned n_asked;
		unsigned offloads;
	} rows[] = {
		{ "before 6.2: no USO", NO_USO, 2, TUN_CSUM | TUN_TSO },
		{ "USO of one family only", 0x2f, 2, TUN_CSUM | TUN_TSO },
		{ "no ECN", 0x67, 3, TUN_CSUM },
		{ "checksums only", CSUM_ONLY, 3, TUN_CSUM },
		{ "nothing", 0, 4, 0 },
	};
	static const unsigned long asked[] = { ALL_OFFLOADS, NO_USO, CSUM_ONLY,
		0 };
	unsigned j;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		teardown();
		setup();
		kernel.offloads = rows[i].has;
		start(true);
		ck_assert_msg(kernel.n_asked == rows[i].n_asked, "%s",
		    rows[i].name);
		for (j = 0; j < kernel.n_asked; j++)
			ck_assert_uint_eq(kernel.asked[j], asked[j]);
		ck_assert_msg(tun_offloads(tun) == rows[i].offloads, "%s",
		    rows[i].name);
	}
}
END_TEST

/* Shows: TUN-01 GSO-03 */
START_TEST(without_a_header_packets_are_plain)
{
	size_t len;
	int i;

	for (i = 0; i < 2; i++) {
		teardown();
		setup();
		/* A kernel without it, or nobody wants it. */
		if (i == 0)
			kernel.features &= (unsigned)~IFF_VNET_HDR;
		start(i == 0);
		ck_assert_int_eq(kernel.flags, IFF_TUN | IFF_NO_PI);
		ck_assert_uint_eq(kernel.n_asked, 1);
		ck_assert_uint_eq(kernel.asked[0], 0);
		ck_assert_uint_eq(tun_offloads(tun), 0);

		make_udp4(bytes, 100);
		kernel_put(bytes, 100);
		ck_assert_uint_eq(receive(8), 1);
		ck_assert_uint_eq(got.len, 100);
		ck_assert_mem_eq(got_bytes, bytes, 100);
		send_udp4(200);
		ck_assert_uint_eq(tun_flush(tun), 0);
		len = kernel_get(bytes, sizeof(bytes));
		ck_assert_uint_eq(len, 200);
		ck_assert_uint_eq(bytes[0], 0x45);
	}
}
END_TEST

/* Shows: GSO-01 GSO-04 */
START_TEST(largest_packet_is_read_whole_behind_its_header)
{
	uint16_t size = 1200, start_at = 20, off = 6;

	start(true);
	make_udp4(bytes + VNET_HDRLEN, UINT16_MAX);
	bytes[0] = 1; /* NEEDS_CSUM */
	bytes[1] = 5; /* UDP_L4 */
	memcpy(bytes + 4, &size, 2);
	memcpy(bytes + 6, &start_at, 2);
	memcpy(bytes + 8, &off, 2);
	kernel_put(bytes, sizeof(bytes));
	ck_assert_uint_eq(receive(8), 1);
	ck_assert_uint_eq(got.len, UINT16_MAX);
	ck_assert_mem_eq(got_bytes, bytes + VNET_HDRLEN, UINT16_MAX);
	ck_assert_int_eq(got.ofl.seg, PKT_SEG_UDP);
	ck_assert_uint_eq(got.ofl.seg_size, 1200);
	ck_assert(got.ofl.csum_partial);
	ck_assert(got.data >= got.buf + PKT_HEADROOM);
}
END_TEST

/* Shows: GSO-04 */
START_TEST(header_without_sense_is_left_to_the_parser_to_refuse)
{
	start(true);
	make_udp4(bytes + VNET_HDRLEN, 100);
	bytes[1] = 3; /* UFO */
	kernel_put(bytes, VNET_HDRLEN + 100);
	ck_assert_uint_eq(receive(8), 1);
	got.data = got_bytes;
	ck_assert_int_eq(pkt_parse(&got), NAT64_BAD_OFFLOAD);
	/* Shorter than a header. */
	kernel_put(bytes, 4);
	ck_assert_uint_eq(receive(8), 1);
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

/* Shows: GSO-14 GSO-12b */
START_TEST(plain_packet_is_written_behind_a_header_of_zeros)
{
	static const uint8_t zeros[VNET_HDRLEN];
	size_t len;

	start(true);
	send_udp4(200);
	ck_assert_uint_eq(tun_flush(tun), 0);
	len = kernel_get(bytes, sizeof(bytes));
	ck_assert_uint_eq(len, VNET_HDRLEN + 200);
	ck_assert_mem_eq(bytes, zeros, sizeof(zeros));
	ck_assert_uint_eq(bytes[VNET_HDRLEN], 0x45);
}
END_TEST

START_TEST(batch_is_no_larger_than_asked_for)
{
	int i;

	start(true);
	make_udp4(bytes + VNET_HDRLEN, 100);
	for (i = 0; i < 5; i++)
		kernel_put(bytes, VNET_HDRLEN + 100);
	ck_assert_uint_eq(receive(3), 3);
	ck_assert_uint_eq(receive(3), 2);
	ck_assert_uint_eq(receive(3), 0);
}
END_TEST

/* Small ones come together, and a large one is the last of its group. */
START_TEST(packets_come_in_groups_and_in_their_order)
{
	enum { NSIZES = 12 };
	static const uint16_t sizes[NSIZES] = { 100, 101, 4000, 102, 103, 104,
		105, 106, 107, 108, 109, 110 };
	unsigned i;

	start(true);
	for (i = 0; i < NSIZES; i++) {
		make_udp4(bytes + VNET_HDRLEN, sizes[i]);
		kernel_put(bytes, VNET_HDRLEN + (size_t)sizes[i]);
	}
	n_groups = 0;
	ck_assert_uint_eq(receive(100), NSIZES);
	for (i = 0; i < NSIZES; i++)
		ck_assert_uint_eq(lens[i], sizes[i]);
	ck_assert_uint_eq(n_groups, 3);
}
END_TEST

START_TEST(batch_ends_with_the_packet_that_makes_it_large_enough)
{
	unsigned n = 0;
	int i;

	start(true);
	make_udp4(bytes + VNET_HDRLEN, 100);
	for (i = 0; i < 5; i++)
		kernel_put(bytes, VNET_HDRLEN + 100);
	ck_assert_int_eq(tun_recv_batch(tun, 8, 101, rx, &n), 2);
	ck_assert_int_eq(tun_recv_batch(tun, 8, 200, rx, &n), 2);
	ck_assert_int_eq(tun_recv_batch(tun, 8, 200, rx, &n), 1);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(device_is_not_drained_when_packets_came_after_the_batch)
{
	start(true);
	make_udp4(bytes + VNET_HDRLEN, 100);
	kernel_put(bytes, VNET_HDRLEN + 100);
	ck_assert(!tun_is_drained(tun));
	ck_assert_uint_eq(receive(8), 1);
	ck_assert(tun_is_drained(tun));
	kernel_put(bytes, VNET_HDRLEN + 100);
	ck_assert(!tun_is_drained(tun));
	ck_assert_uint_eq(receive(8), 1);
	ck_assert(tun_is_drained(tun));
}
END_TEST

/* Shows: TUN-07 GSO-25 */
START_TEST(refused_packets_are_counted_and_not_tried_again)
{
	unsigned refused, sent = 0;
	int i;

	start(false);
	for (i = 0; i < 100000; i++)
		send_udp4(1000);
	refused = tun_flush(tun);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(tun_flush(tun), 0);
	while (kernel_get(bytes, sizeof(bytes)) > 0)
		sent++;
	ck_assert_uint_eq(sent + refused, 100000);
}
END_TEST

/* A partial checksum that stands nowhere, as gro.c once left it. */
START_TEST(packet_that_contradicts_itself_is_not_written_but_told_of)
{
	static uint8_t buf[PKT_BUFSIZE];
	const struct tun_refusal *r;
	struct pkt p;

	start(true);
	r = tun_refusal(tun);
	ck_assert_uint_eq(r->count, 0);
	pkt_init(&p, buf, sizeof(buf));
	make_udp4(p.data, 100);
	p.len = 100;
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	p.ofl.seg = PKT_SEG_UDP;
	p.ofl.seg_size = 40;
	p.ofl.csum_partial = true;
	p.ofl.csum_start = p.l4off;
	tun_send(tun, &p);
	ck_assert_uint_eq(tun_flush(tun), 1);
	ck_assert_uint_eq(kernel_get(bytes, sizeof(bytes)), 0);
	ck_assert_uint_eq(r->count, 1);
	ck_assert_int_eq(r->error, EPROTO);
	ck_assert_str_eq(r->packet,
	    "IPv4 protocol 17, 100 bytes, flags 1 "
	    "type 5 hdr_len 28 gso_size 40 csum_start 20 csum_offset 0: "
	    "wrong csum_offset");
}
END_TEST

START_TEST(failed_device_is_an_error_of_the_batch)
{
	unsigned n = 0;

	start(true);
	close(tun_fd(tun));
	ck_assert_int_eq(tun_recv_batch(tun, 8, 1 << 20, rx, &n), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(interface_comes_up_with_its_mtu)
{
	const char *what;

	start(true);
	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	ck_assert_int_eq(kernel.mtu, 1400);
	ck_assert_uint_eq(tun_mtu(tun), 1400);
	ck_assert(kernel.up);
	kernel.mtu = 9000;
	ck_assert_int_eq(tun_up(tun, 0, &what), 0);
	ck_assert_uint_eq(tun_mtu(tun), 9000);
}
END_TEST

START_TEST(queue_is_made_longer_unless_somebody_chose_its_length)
{
	static const struct {
		const char *name;
		int before;
		unsigned long broken;
		int after;
	} rows[] = {
		{ "the kernel's default", 500, 0, 4096 },
		{ "chosen, shorter", 100, 0, 100 },
		{ "chosen, longer", 10000, 0, 10000 },
		{ "cannot be asked", 500, SIOCGIFTXQLEN, 500 },
		{ "cannot be changed", 500, SIOCSIFTXQLEN, 500 },
	};
	const char *what;
	size_t i;

	start(true);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kernel.queue_len = rows[i].before;
		kernel.broken = rows[i].broken;
		ck_assert_msg(tun_up(tun, 1500, &what) == 0, "%s",
		    rows[i].name);
		ck_assert_msg(kernel.queue_len == rows[i].after, "%s: %d",
		    rows[i].name, kernel.queue_len);
	}
}
END_TEST

START_TEST(interface_of_several_queues_is_taken_by_one)
{
	kernel.multi_queue = true;
	start(true);
	ck_assert_int_eq(kernel.flags & 0xffff,
	    IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
}
END_TEST

START_TEST(what_is_so_already_takes_no_right)
{
	const char *what;

	start(true);
	kernel.mtu = 1400;
	kernel.broken = SIOCSIFMTU;
	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	ck_assert_int_eq(tun_up(tun, 1500, &what), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_ptr_nonnull(strstr(what, "ip link set NAME mtu"));
	kernel.broken = SIOCSIFFLAGS;
	ck_assert_int_eq(tun_up(tun, 1400, &what), 0);
	kernel.up = false;
	ck_assert_int_eq(tun_up(tun, 1400, &what), -1);
	ck_assert_ptr_nonnull(strstr(what, "ip link set NAME up"));
}
END_TEST

START_TEST(route_that_is_denied_says_why)
{
	const char *what;
	struct prefix dst;

	ck_assert_ptr_null(prefix_parse("64:ff9b::/96", &dst));
	start(true);
	kernel.broken = SIOCADDRT;
	kernel.error = EACCES;
	ck_assert_int_eq(tun_route(tun, &dst, &what), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_str_eq(what,
	    "is IPv6 disabled? sysctl "
	    "net.ipv6.conf.NAME.disable_ipv6=0");
}
END_TEST

/* lo is on every host, and no tun interface. */
START_TEST(failure_says_what_to_do)
{
	static const struct {
		unsigned long request; /* 0: the device cannot be opened */
		int error;
		const char *name;
		const char *what; /* is said */
	} rows[] = {
		{ 0, ENOENT, "nat64", "modprobe tun" },
		{ 0, ENODEV, "nat64", "--device /dev/net/tun" },
		{ 0, EACCES, "nat64", "chmod 666 /dev/net/tun" },
		{ 0, EPERM, "nat64", "--device /dev/net/tun" },
		{ TUNSETIFF, EPERM, "nat64", "CAP_NET_ADMIN" },
		{ TUNSETIFF, EPERM, "nat64",
		    "ip tuntap add NAME mode tun "
		    "user" },
		{ TUNSETIFF, EBUSY, "nat64", "another process has it" },
		{ TUNSETIFF, EINVAL, "lo", "is no tun interface" },
		{ TUNSETIFF, EINVAL, "no-such-if", "is no name" },
		{ TUNSETIFF, ENOMEM, "nat64", "TUNSETIFF" },
		{ TUNSETVNETHDRSZ, EPERM, "nat64", "TUNSETVNETHDRSZ" },
		{ TUNSETOFFLOAD, EPERM, "nat64", "TUNSETOFFLOAD" },
	};
	const char *what;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kernel_clear();
		kernel.broken = rows[i].request;
		kernel.error = rows[i].error;
		kernel.open_error = rows[i].request == 0 ? rows[i].error : 0;
		ck_assert_ptr_null(tun_open(rows[i].name, true, &what));
		ck_assert_int_eq(errno, rows[i].error);
		ck_assert_msg(strstr(what, rows[i].what) != NULL,
		    "row %zu: %s", i, what);
	}
	kernel.broken = 0;
	ck_assert_ptr_null(tun_open("a-name-that-is-too-long", true, &what));
	ck_assert_str_eq(what, "name");
	ck_assert_str_eq(tun_why(EBADFD), "the interface was removed");
	ck_assert_str_eq(tun_why(EIO), strerror(EIO));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tun_linux");
	TCase *tc = tcase_create("tun_linux");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    device_has_a_header_of_ten_bytes_and_all_offloads_but_ufo);
	tcase_add_test(tc, kernel_is_asked_for_less_until_it_agrees);
	tcase_add_test(tc, without_a_header_packets_are_plain);
	tcase_add_test(tc, largest_packet_is_read_whole_behind_its_header);
	tcase_add_test(tc,
	    header_without_sense_is_left_to_the_parser_to_refuse);
	tcase_add_test(tc, plain_packet_is_written_behind_a_header_of_zeros);
	tcase_add_test(tc, batch_is_no_larger_than_asked_for);
	tcase_add_test(tc, packets_come_in_groups_and_in_their_order);
	tcase_add_test(tc,
	    batch_ends_with_the_packet_that_makes_it_large_enough);
	tcase_add_test(tc,
	    device_is_not_drained_when_packets_came_after_the_batch);
	tcase_add_test(tc, refused_packets_are_counted_and_not_tried_again);
	tcase_add_test(tc,
	    packet_that_contradicts_itself_is_not_written_but_told_of);
	tcase_add_test(tc, failed_device_is_an_error_of_the_batch);
	tcase_add_test(tc, interface_comes_up_with_its_mtu);
	tcase_add_test(tc,
	    queue_is_made_longer_unless_somebody_chose_its_length);
	tcase_add_test(tc, interface_of_several_queues_is_taken_by_one);
	tcase_add_test(tc, what_is_so_already_takes_no_right);
	tcase_add_test(tc, route_that_is_denied_says_why);
	tcase_add_test(tc, failure_says_what_to_do);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
