/*
 * The fast path on real devices, in a network namespace of each test:
 *
 *	world (tun, this program) <-> kernel forwards <-> nat64 (tun, program)
 *
 * Packets with all offloads of tun_linux.c are written to the one device; what
 * the program translates comes back there, and what it passes on is read from
 * the other. The kernel takes one hop more each way.
 */
#define _GNU_SOURCE /* unshare() */
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "nat64d/os/tun.h"
#include "nat64d/wire/vnet.h"
#include "tests/unit/fastpath_util.h"
#include "tests/unit/suite.h"

#define DEVICE_MTU 9000
#define N_FLOWS 40
#define N_PACKETS 200

static struct tun *world, *nat64;
static struct xlat_conf conf;
static uint8_t sent_buf[PKT_BUFSIZE], got_buf[PKT_BUFSIZE];
static struct pkt got; /* the last packet that was read */
static unsigned n_fast, n_slow, n_segments;

static void
set_sysctl(const char *path, const char *value)
{
	const int fd = open(path, O_WRONLY);

	ck_assert_msg(fd != -1 && write(fd, value, 1) == 1, "%s", path);
	close(fd);
}

static void
route_to(struct tun *t, const char *text)
{
	struct prefix dst;
	const char *what;

	ck_assert_ptr_null(prefix_parse(text, &dst));
	ck_assert_msg(tun_route(t, &dst, &what) == 0, "%s %s", text, what);
}

static struct tun *
open_device(const char *name)
{
	struct tun *t;
	const char *what;

	t = tun_open(name, true, &what);
	ck_assert_msg(t != NULL, "%s", what);
	ck_assert_msg(tun_up(t, DEVICE_MTU, &what) == 0, "%s", what);
	return (t);
}

static void
open_nat64(void)
{
	nat64 = open_device("nat64");
	route_to(nat64, "2001:db8::/32");
	route_to(nat64, "64:ff9b::/96");
	route_to(nat64, "203.0.113.0/24");
}

static void
setup(void)
{
	xlat_conf_init(&conf);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	set_sysctl("/proc/sys/net/ipv4/ip_forward", "1");
	set_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	set_sysctl("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	set_sysctl("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	/* No packets of the kernel's own. */
	set_sysctl("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	world = open_device("world");
	route_to(world, "2000::/8");
	route_to(world, "8.0.0.0/8");
	open_nat64();
}

static struct fastpath *
fastpath_start(void)
{
	struct fastpath *fp;
	const char *what;

	fp = fastpath_new(tun_name(nat64), stateless ? FASTPATH_PAIRS : 4,
	    &conf, &what);
	ck_assert_msg(fp != NULL, "%s: %s", what, strerror(errno));
	return (fp);
}

/* Returns the handle; of pairs of addresses 0. */
static uint32_t
insert(struct fastpath *fp, const struct fastflow *f)
{
	uint32_t handle;

	if (stateless) {
		insert_pairs(fp, f);
		return (0);
	}
	handle = fastpath_ops(fp)->add(fastpath_ops(fp)->arg, f);
	ck_assert_uint_ne(handle, 0);
	fastpath_commit(fp, 1, true);
	return (handle);
}

static void
take_back(struct fastpath *fp, uint32_t handle)
{
	if (stateless)
		clear_notes(fp);
	else
		fastpath_ops(fp)->remove(fastpath_ops(fp)->arg, handle);
}

/* Of a session, or of packets between two addresses. */
static struct fastflow
any_flow(void)
{
	struct fastflow f = random_flow();

	if (stateless)
		f.out4.port = f.in6.port;
	return (f);
}

static void
keep(void *arg, struct pkt *pkts, unsigned n)
{
	(void)arg;
	ck_assert_uint_eq(n, 1);
	memcpy(got_buf + PKT_HEADROOM, pkts[0].data, pkts[0].len);
	pkt_init(&got, got_buf, sizeof(got_buf));
	got.len = pkts[0].len;
	got.ofl = pkts[0].ofl;
}

/* Not one of the kernel's own. */
static bool
is_ours(const struct pkt *p)
{
	const bool v4 = p->data[0] >> 4 == 4;
	const uint8_t type = p->data[v4 ? 20 : 40];

	switch (p->data[v4 ? 9 : 6]) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return (true);
	case IPPROTO_ICMP:
		return (type == 8 || type == 0);
	case IPPROTO_ICMPV6:
		return (type == 128 || type == 129);
	default:
		return (false);
	}
}

/* Read one packet of ours to got; false: none is there. */
static bool
receive(struct tun *t)
{
	while (tun_recv_batch(t, 1, SIZE_MAX, keep, NULL) == 1)
		if (is_ours(&got))
			return (true);
	return (false);
}

/* The same, but the kernel of a slow machine may take its time. */
static bool
await(struct tun *t)
{
	unsigned i;

	for (i = 0; i < 10000; i++) {
		if (receive(t))
			return (true);
		usleep(1000);
	}
	return (false);
}

/* p: parsed. It is not changed. */
static void
send_to_world(const struct pkt *p)
{
	uint8_t hdr[VNET_HDRLEN];
	struct iovec iov[2] = {
		{ .iov_base = hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = p->data, .iov_len = p->len },
	};

	vnet_encode(p, hdr);
	ck_assert_msg(writev(tun_fd(world), iov, 2) != -1, "%s",
	    strerror(errno));
}

/* What the kernel does to a packet that it forwards. */
static void
forward(struct pkt *p)
{
	if (p->family == PKT_V6) {
		p->data[7]--;
	} else {
		p->data[8]--;
		wire_fix_ip4(p->data);
	}
	p->ttl--;
}

/* Before Linux 6.2 the device takes none of UDP. */
static bool
takes_segments(uint8_t proto)
{
	return (proto == L4_TCP ||
	    (proto == L4_UDP && (tun_offloads(world) & TUN_USO) != 0));
}

/*
 * A plain packet, or one with a change that sends it the other way. Some
 * kernels of Debian 12 make segments of less than 8 bytes larger.
 */
static void
random_packet(struct pkt *p, const struct fastflow *f, bool from6)
{
	bool partial = one_in(2);
	uint32_t payload = below(1440), size = 0;
	uint8_t *l4;

	if (one_in(3) && takes_segments(f->proto)) {
		partial = true;
		size = 8 + below(1453);
		payload = 1 + below(size > 900 ? 60000 : 60 * size);
	}
	pkt_init(p, sent_buf, sizeof(sent_buf));
	build_plain(p, f, from6, payload, partial);
	p->ofl.seg_size = (uint16_t)size;
	if (size > 0)
		p->ofl.seg = f->proto == L4_TCP ? PKT_SEG_TCP : PKT_SEG_UDP;
	p->data[from6 ? 7 : 8] = (uint8_t)(8 + below(240)); /* hops */
	l4 = p->data + (from6 ? 40 : 20);
	if (f->proto == L4_TCP)
		l4[13] = one_in(4) ? PKT_TH_ACK | PKT_TH_FIN : PKT_TH_ACK;
	if (f->proto == L4_TCP && !partial)
		l4[13] = PKT_TH_ACK | (l4[13] & PKT_TH_FIN);
	if (!from6)
		wire_fix_ip4(p->data);
	REQUIRE(pkt_parse(p) == NAT64_NONE && pkt_parse_l4(p) == NAT64_NONE);
}

static void
print_pkt(const char *what, const struct pkt *p)
{
	fprintf(stderr, "partial %d, segments of %u, ", p->ofl.csum_partial,
	    p->ofl.seg_size);
	print_bytes(what, p->data, p->len);
}

static void
require_got(const struct pkt *p)
{
	REQUIRE(pkt_parse(&got) == NAT64_NONE);
	REQUIRE(pkt_parse_l4(&got) == NAT64_NONE);
	if (got.len == p->len && memcmp(got.data, p->data, p->len) == 0 &&
	    got.ofl.csum_partial == p->ofl.csum_partial &&
	    got.ofl.seg == p->ofl.seg && got.ofl.seg_size == p->ofl.seg_size)
		return;
	print_pkt("got", &got);
	print_pkt("expected", p);
	ck_abort_msg("another packet was expected");
}

/*
 * Returns the handle that the session has then. After a packet that was passed
 * on it is a new one, which need not follow it.
 */
static uint32_t
compare_one(struct fastpath *fp, uint32_t handle, const struct fastflow *f)
{
	const uint16_t id = (uint16_t)random32();
	struct pkt p;

	random_packet(&p, f, one_in(2));
	fastpath_ops(fp)->ids[f->id_counter] = id;
	send_to_world(&p);
	forward(&p);
	if (is_plain(&p, f, &conf)) {
		n_fast++;
		n_segments += p.ofl.seg != PKT_SEG_NONE;
		translate(&p, f, &conf, id);
		forward(&p);
		ck_assert_msg(await(world), "nothing was translated");
	} else {
		n_slow++;
		ck_assert_msg(await(nat64), "nothing was passed on");
		take_back(fp, handle);
		handle = insert(fp, f);
	}
	require_got(&p);
	REQUIRE(!receive(world) && !receive(nat64));
	return (handle);
}

START_TEST(devices_and_translator_give_the_same)
{
	struct fastpath *fp;
	struct fastpath_count count;
	struct fastflow flow;
	uint32_t handle;
	unsigned i, j;

	stateless = _i == 1;
	fp = fastpath_start();
	for (i = 0; i < N_FLOWS; i++) {
		flow = any_flow();
		handle = insert(fp, &flow);
		for (j = 0; j < N_PACKETS; j++)
			handle = compare_one(fp, handle, &flow);
		take_back(fp, handle);
	}
	fastpath_counters(fp, &count);
	ck_assert_uint_eq(count.packets6 + count.packets4, n_fast);
	ck_assert_uint_eq(count.failed, 0);
	ck_assert_uint_gt(n_segments, N_FLOWS * N_PACKETS / 64);
	ck_assert_uint_gt(n_slow, N_FLOWS * N_PACKETS / 16);
	fastpath_free(fp);
}
END_TEST

/* Is a packet of f translated? It has to arrive somewhere, or nowhere. */
static bool
is_translated(const struct fastflow *f)
{
	struct pkt p;

	pkt_init(&p, sent_buf, sizeof(sent_buf));
	build_plain(&p, f, true, 100, false);
	p.data[7] = 64;
	REQUIRE(pkt_parse(&p) == NAT64_NONE && pkt_parse_l4(&p) == NAT64_NONE);
	send_to_world(&p);
	return (receive(world));
}

START_TEST(removed_session_is_translated_no_more)
{
	struct fastpath *fp = fastpath_start();
	const struct fastflow flow = random_flow();
	const uint32_t handle = insert(fp, &flow);

	ck_assert(is_translated(&flow));
	take_back(fp, handle);
	ck_assert(!is_translated(&flow));
	ck_assert(receive(nat64));
	fastpath_free(fp);
}
END_TEST

/* IPv6 has room for more bytes than IPv4, which counts its own header. */
START_TEST(super_packet_that_is_too_large_for_ipv4_is_passed_on)
{
	static const uint32_t payloads[] = { 65507, 65508, 65527 };
	struct fastpath *fp;
	struct fastflow flow = random_flow();
	struct pkt p;

	if (!takes_segments(L4_UDP))
		return;
	fp = fastpath_start();
	flow.proto = L4_UDP;
	(void)insert(fp, &flow);
	pkt_init(&p, sent_buf, sizeof(sent_buf));
	build_plain(&p, &flow, true, payloads[_i], true);
	p.data[7] = 64;
	p.ofl.seg = PKT_SEG_UDP;
	p.ofl.seg_size = 1400;
	REQUIRE(pkt_parse(&p) == NAT64_NONE && pkt_parse_l4(&p) == NAT64_NONE);
	send_to_world(&p);
	if (_i == 0) {
		ck_assert(receive(world));
		ck_assert_uint_eq(got.len, 65535);
	} else {
		/* Not as it was sent: the device takes less than 64 kB. */
		ck_assert(receive(nat64));
		ck_assert(!receive(world));
	}
	fastpath_free(fp);
}
END_TEST

/*
 * The outer checksum is complete, the inner one is left to the device, as in a
 * tunnel that begins on the translator's host.
 */
START_TEST(tunnel_with_a_partial_inner_checksum_is_passed_on)
{
	struct fastpath *fp = fastpath_start();
	struct fastflow flow = random_flow();
	struct iovec iov[2];
	uint8_t hdr[VNET_HDRLEN];
	struct pkt p;

	flow.proto = L4_UDP;
	(void)insert(fp, &flow);
	pkt_init(&p, sent_buf, sizeof(sent_buf));
	build_plain(&p, &flow, _i == 0, 100, false);
	p.data[_i == 0 ? 7 : 8] = 64;
	if (_i != 0)
		wire_fix_ip4(p.data);
	REQUIRE(pkt_parse(&p) == NAT64_NONE && pkt_parse_l4(&p) == NAT64_NONE);
	p.ofl.csum_partial = true;
	p.ofl.csum_off = 6;
	p.l4off += 8 + 40; /* for the encoding only */
	vnet_encode(&p, hdr);
	p.l4off -= 8 + 40;
	iov[0] = (struct iovec){ hdr, sizeof(hdr) };
	iov[1] = (struct iovec){ p.data, p.len };
	ck_assert_int_ne(writev(tun_fd(world), iov, 2), -1);
	forward(&p);
	ck_assert(receive(nat64));
	ck_assert_uint_eq(got.len, p.len);
	ck_assert(memcmp(got.data, p.data, p.len) == 0);
	fastpath_free(fp);
}
END_TEST

/* Filters on the way out of the device. */
static int
count_filters(void)
{
	char line[256];
	int n = 0;
	FILE *p = popen("tc filter show dev nat64 egress", "r");

	ck_assert_ptr_nonnull(p);
	while (fgets(line, sizeof(line), p) != NULL)
		if (strstr(line, "fast_enter") != NULL)
			n++;
	pclose(p);
	return (n);
}

START_TEST(freed_fast_path_leaves_no_filter)
{
	struct fastpath *fp = fastpath_start();
	const struct fastflow flow = random_flow();

	(void)insert(fp, &flow);
	ck_assert_int_eq(count_filters(), 1);
	fastpath_free(fp);
	ck_assert_int_eq(count_filters(), 0);
	ck_assert(!is_translated(&flow));
	ck_assert(receive(nat64));
}
END_TEST

START_TEST(filters_of_others_stay)
{
	struct fastpath *fp;

	ck_assert_int_eq(system("tc qdisc add dev nat64 clsact && "
				"tc filter add dev nat64 egress prio 7 "
				"protocol ip u32 match u32 0 0 flowid 1:1"),
	    0);
	fp = fastpath_start();
	ck_assert_int_eq(count_filters(), 1);
	fastpath_free(fp);
	ck_assert_int_eq(system("tc filter show dev nat64 egress | "
				"grep -q 'pref 7 u32'"),
	    0);
}
END_TEST

/* Before that version, three capabilities are needed. */
static bool
needs_perfmon(void)
{
	struct utsname name;
	unsigned major, minor;

	ck_assert_int_eq(uname(&name), 0);
	ck_assert_int_eq(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return (major < 6 || (major == 6 && minor < 8));
}

/* Keep only the capabilities that are needed. */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	data[0].permitted = data[0].effective = 1u << CAP_NET_ADMIN;
	data[1].permitted = data[1].effective = 1u << (39 - 32); /* CAP_BPF */
	if (needs_perfmon())
		data[1].permitted |= 1u << (38 - 32); /* CAP_PERFMON */
	data[1].effective = data[1].permitted;
	ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

START_TEST(few_capabilities_are_enough)
{
	struct fastflow flow;
	struct fastpath *fp;

	stateless = _i == 1;
	flow = any_flow();
	drop_capabilities();
	fp = fastpath_start();
	(void)insert(fp, &flow);
	ck_assert(is_translated(&flow));
	fastpath_free(fp);
}
END_TEST

/* A process with a fast path of its own, until it is killed. */
static pid_t
start_other(const struct fastflow *flow)
{
	int ready[2];
	char octet;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		close(ready[0]);
		(void)insert(fastpath_start(), flow);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	return (pid);
}

static void
kill_other(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(killed_process_translates_nothing_on_a_persistent_device)
{
	struct fastflow flow;
	struct fastpath *fp;
	unsigned i;
	pid_t pid;

	stateless = _i == 1;
	flow = any_flow();
	ck_assert_int_eq(ioctl(tun_fd(nat64), TUNSETPERSIST, 1), 0);
	pid = start_other(&flow);
	ck_assert(is_translated(&flow));
	kill_other(pid);
	/* The kernel empties the array a moment later. */
	for (i = 0; i < 5000 && is_translated(&flow); i++)
		usleep(1000);
	ck_assert(!is_translated(&flow));
	ck_assert_int_eq(count_filters(), 1);

	/* The next one replaces it. */
	tun_close(nat64);
	open_nat64();
	fp = fastpath_start();
	ck_assert_int_eq(count_filters(), 1);
	ck_assert(!is_translated(&flow));
	ck_assert(receive(nat64));
	(void)insert(fp, &flow);
	ck_assert(is_translated(&flow));
	fastpath_free(fp);
}
END_TEST

START_TEST(instances_are_independent)
{
	struct fastpath *fp = fastpath_start(), *other;
	const struct fastflow flow = random_flow(), flow2 = random_flow();
	struct tun *second = open_device("second");
	const char *what;

	other = fastpath_new("second", 4, &conf, &what);
	ck_assert_msg(other != NULL, "%s: %s", what, strerror(errno));
	(void)insert(fp, &flow);
	(void)insert(other, &flow2);
	ck_assert(is_translated(&flow));
	ck_assert(!is_translated(&flow2));
	ck_assert(receive(nat64));
	fastpath_free(other);
	ck_assert(is_translated(&flow));
	tun_close(second);
	fastpath_free(fp);
}
END_TEST

/* Programs where packets of the world arrive. */
static int
count_arriving(void)
{
	char line[256];
	int n = 0;
	FILE *p = popen("tc filter show dev world ingress", "r");

	ck_assert_ptr_nonnull(p);
	while (fgets(line, sizeof(line), p) != NULL)
		if (strstr(line, "fast_enter") != NULL)
			n++;
	pclose(p);
	return (n);
}

static void
add_world(struct fastpath *fp)
{
	const char *what;

	ck_assert_msg(fastpath_add_if(fp, "world", &what) == 0, "%s: %s", what,
	    strerror(errno));
}

START_TEST(interface_may_have_programs_of_several_instances)
{
	struct fastpath *fp = fastpath_start(), *other;
	struct tun *second = open_device("second");
	const char *what;

	other = fastpath_new("second", 4, &conf, &what);
	ck_assert_msg(other != NULL, "%s: %s", what, strerror(errno));
	add_world(fp);
	add_world(other);
	add_world(other);
	ck_assert_int_eq(count_arriving(), 2);
	fastpath_free(other);
	ck_assert_int_eq(count_arriving(), 1);
	fastpath_free(fp);
	ck_assert_int_eq(count_arriving(), 0);
	tun_close(second);
}
END_TEST

/* As after a process without privileges, which cannot remove its own. */
START_TEST(program_on_an_interface_is_replaced_by_the_next_process)
{
	struct fastflow flow;
	struct fastpath *fp;
	int pid, status;

	stateless = _i == 1;
	flow = any_flow();
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		add_world(fastpath_start());
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(count_arriving(), 1);
	fp = fastpath_start();
	add_world(fp);
	ck_assert_int_eq(count_arriving(), 1);
	(void)insert(fp, &flow);
	ck_assert(is_translated(&flow));
	fastpath_free(fp);
	ck_assert_int_eq(count_arriving(), 0);
}
END_TEST

START_TEST(interface_of_an_unknown_kind_is_refused)
{
	struct fastpath *fp = fastpath_start();
	const char *what;

	ck_assert_int_eq(fastpath_add_if(fp, "lo", &what), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
	ck_assert_int_eq(fastpath_add_if(fp, "none", &what), -1);
	ck_assert_int_eq(errno, ENODEV);
	fastpath_free(fp);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fastpath_tun");
	TCase *tc = tcase_create("fastpath_tun");
	const char *why = fastpath_missing();

	if (why != NULL)
		return (suite_skip("fastpath_tun", why));
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, devices_and_translator_give_the_same, 0, 2);
	tcase_add_test(tc, removed_session_is_translated_no_more);
	tcase_add_loop_test(tc,
	    super_packet_that_is_too_large_for_ipv4_is_passed_on, 0, 3);
	tcase_add_loop_test(tc,
	    tunnel_with_a_partial_inner_checksum_is_passed_on, 0, 2);
	tcase_add_test(tc, freed_fast_path_leaves_no_filter);
	tcase_add_test(tc, filters_of_others_stay);
	tcase_add_loop_test(tc, few_capabilities_are_enough, 0, 2);
	tcase_add_loop_test(tc,
	    killed_process_translates_nothing_on_a_persistent_device, 0, 2);
	tcase_add_test(tc, instances_are_independent);
	tcase_add_test(tc, interface_may_have_programs_of_several_instances);
	tcase_add_loop_test(tc,
	    program_on_an_interface_is_replaced_by_the_next_process, 0, 2);
	tcase_add_test(tc, interface_of_an_unknown_kind_is_refused);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
