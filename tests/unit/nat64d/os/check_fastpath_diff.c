/*
 * The programs of the fast path (fastpath.bpf.c and fastpath_if.bpf.c) against
 * the translator: random packets of random sessions, most of them damaged in
 * some way, go through both. What the program may translate has to be the same,
 * byte for byte; any other packet has to come back as it was. The program is
 * run by BPF_PROG_TEST_RUN, which takes all checksums for complete ones
 * (check_fastpath_tun.c has partial ones).
 */
#define _GNU_SOURCE /* unshare() */
#include <check.h>
#include <linux/pkt_cls.h>
#include <sched.h>

#include "tests/unit/fastpath_change.h"
#include "tests/unit/fastpath_run.h"
#include "tests/unit/fastpath_util.h"
#include "tests/unit/suite.h"

#define N_CONFS 20
#define N_FLOWS 25
#define N_PACKETS 250

/* The interface where packets leave. */
#define WAY_OUT "out"
#define WAY_MTU 1400

static struct fastpath_run run;
static bool on_interface; /* fastpath_if.bpf.c */
static uint8_t buf[PKT_BUFSIZE];
static unsigned n_fast, n_slow;

/*
 * The comparison.
 */

static void
fail_with(const char *why, const struct pkt *p)
{
	print_bytes("in", run.frame, run.len);
	print_bytes("out", run.result, run.result_len);
	print_bytes("expected", p->data, p->len);
	ck_abort_msg("%s: verdict %d, segments of %u", why, run.verdict,
	    run.in.gso_size);
}

/* len: of the IP packet, without padding. */
static void
require_unchanged(const struct pkt *p, uint32_t len)
{
	n_slow++;
	if (run.verdict != TC_ACT_UNSPEC)
		fail_with("to be passed on", p);
	if (run.result_len != ETHER_HDR_LEN + len ||
	    memcmp(run.result, run.frame, run.result_len) != 0 ||
	    run.out.mark != run.in.mark ||
	    run.out.priority != run.in.priority ||
	    run.out.gso_size != run.in.gso_size)
		fail_with("passed on, but changed", p);
}

/* p: the result of the translator. */
static void
require_same(const struct pkt *p)
{
	const uint16_t type =
	    htons(p->family == PKT_V4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);

	n_fast++;
	if (run.verdict != TC_ACT_REDIRECT)
		fail_with("to be translated", p);
	if (run.result_len != ETHER_HDR_LEN + p->len ||
	    memcmp(run.result + ETHER_HDR_LEN, p->data, p->len) != 0 ||
	    (!on_interface &&
		(memcmp(run.result, run.frame, 12) != 0 ||
		    memcmp(run.result + 12, &type, 2) != 0)))
		fail_with("translated in another way", p);
	if (run.out.mark != 0 || run.out.priority != 0 ||
	    run.out.gso_size != run.in.gso_size)
		fail_with("mark, priority or segment size", p);
}

static void
require_notes(const struct fastnotes *n, const struct pkt *p, bool from6)
{
	REQUIRE((from6 ? n->last6 : n->last4) != 0);
	if (p->proto == IPPROTO_TCP)
		REQUIRE((from6 ? n->ack6 : n->ack4) ==
		    get32(pkt_l4(p) + PKT_TCP_ACK));
}

/*
 * The program of an interface removes the padding of a short Ethernet frame,
 * whatever it does then. IPv6 needs none.
 */
static void
remove_padding(struct pkt *p)
{
	const uint16_t len = wire_get16(p->data + 2);

	if (on_interface && p->data[0] >> 4 == 4 && len >= 20 &&
	    len < p->len && ETHER_HDR_LEN + p->len <= MIN_FRAME)
		p->len = len;
}

/* Does a plain packet fit the interface where it leaves? */
static bool
fits_way(const struct pkt *p)
{
	uint32_t len = pkt_l4len(p) + (p->family == PKT_V6 ? 20 : 40);

	if (p->ofl.seg != PKT_SEG_NONE)
		len -= pkt_payload_len(p) - p->ofl.seg_size;
	return (len <= WAY_MTU);
}

static void
run_program(const struct fastpath *fp, const struct pkt *p)
{
	if (on_interface)
		fastpath_run_fd(&run, fastpath_if_prog_fd(fp), 0, p,
		    random32());
	else
		fastpath_run(&run, fp, p, random32());
}

static uint32_t
insert(struct fastpath *fp, const struct fastflow *f)
{
	const struct fastpath_ops *ops = fastpath_ops(fp);
	const uint32_t handle = ops->add(ops->arg, f);

	ck_assert_uint_ne(handle, 0);
	fastpath_commit(fp, 1, true);
	return (handle);
}

/* Returns the handle that the session has then. */
static uint32_t
compare_one(struct fastpath *fp, uint32_t handle, const struct fastflow *f,
    const struct xlat_conf *c)
{
	const struct fastpath_ops *ops = fastpath_ops(fp);
	const uint16_t id = (uint16_t)random32();
	const bool from6 = one_in(2);
	struct fastnotes notes;
	bool super;
	struct pkt p;
	uint32_t len;
	unsigned n_ids;

	random_packet(&p, buf, sizeof(buf), f, from6);
	ops->ids[f->id_counter] = id;
	run_program(fp, &p);
	remove_padding(&p);
	len = p.len;
	super = p.ofl.seg != PKT_SEG_NONE;
	if (!is_plain(&p, f, c) || (on_interface && !fits_way(&p))) {
		require_unchanged(&p, len);
		REQUIRE((uint16_t)ops->ids[f->id_counter] == id);
		/* What comes after a list or fragment has to follow it. */
		if (!super && (from6 || (p.data[6] & 0x60) == 0x40))
			return (handle);
		ops->remove(ops->arg, handle);
		return (insert(fp, f));
	}
	n_ids = p.ofl.seg == PKT_SEG_NONE ? 1 : gso_count(&p);
	translate(&p, f, c, id);
	require_same(&p);
	ops->read(ops->arg, handle, &notes);
	require_notes(&notes, &p, from6);
	if (from6)
		REQUIRE((uint16_t)ops->ids[f->id_counter] ==
		    (uint16_t)(id + n_ids));
	return (handle);
}

static void
compare_all(const char *device)
{
	struct xlat_conf conf;
	struct fastpath *fp;
	struct fastpath_count count;
	struct fastflow flow;
	const char *what;
	uint32_t handle;
	unsigned i, j, k;

	for (i = 0; i < N_CONFS; i++) {
		conf = random_conf();
		fp = fastpath_load(device, 4, &conf, true, &what);
		ck_assert_msg(fp != NULL, "%s", what);
		if (on_interface)
			ck_assert_msg(fastpath_add_if(fp, WAY_OUT, &what) == 0,
			    "%s: %s", what, strerror(errno));
		n_fast = 0;
		for (j = 0; j < N_FLOWS; j++) {
			flow = random_flow();
			handle = insert(fp, &flow);
			for (k = 0; k < N_PACKETS; k++)
				handle = compare_one(fp, handle, &flow, &conf);
			fastpath_ops(fp)->remove(fastpath_ops(fp)->arg,
			    handle);
		}
		fastpath_counters(fp, &count);
		ck_assert_uint_eq(count.packets6 + count.packets4, n_fast);
		ck_assert_uint_eq(count.failed, 0);
		fastpath_free(fp);
	}
	/* Both ways are taken often enough. */
	ck_assert_uint_gt(n_fast, N_FLOWS * N_PACKETS / 4);
	ck_assert_uint_gt(n_slow, N_CONFS * N_FLOWS * N_PACKETS / 8);
}

START_TEST(program_and_translator_give_the_same)
{
	compare_all(NULL);
}
END_TEST

START_TEST(program_of_interfaces_and_translator_give_the_same)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(system("sysctl -qw net.ipv4.ip_forward=1"
				" net.ipv6.conf.all.forwarding=1 &&"
				"ip link add " WAY_OUT
				" type veth peer name nat64 &&"
				"ip link set " WAY_OUT
				" up && ip link set nat64 up &&"
				"ip route add 0.0.0.0/0 dev " WAY_OUT " &&"
				"ip route add ::/0 dev " WAY_OUT " &&"
				"ip link set " WAY_OUT " mtu 1400"),
	    0);
	on_interface = true;
	compare_all("nat64");
}
END_TEST

enum kind { PLAIN, LIST, TO_FRAGMENT };

static bool
is_translated(const struct fastpath *fp, const struct fastflow *f, bool from6,
    enum kind kind)
{
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, f, from6, kind == TO_FRAGMENT ? 1300 : 1000, false);
	if (kind == LIST) {
		p.ofl.seg = f->proto == L4_TCP ? PKT_SEG_TCP : PKT_SEG_UDP;
		p.ofl.seg_size = 100;
	}
	if (kind == TO_FRAGMENT) {
		p.data[6] = 0; /* no DF */
		wire_fix_ip4(p.data);
	}
	run_program(fp, &p);
	return (run.verdict == TC_ACT_REDIRECT);
}

/* The daemon is slower, and packets must not overtake each other. */
static void
expect_followers(enum l4proto proto, bool from6, enum kind kind)
{
	struct xlat_conf conf;
	struct fastflow flow = random_flow();
	struct fastpath *fp;
	const char *what;
	unsigned n = 0;

	on_interface = false;
	xlat_conf_init(&conf);
	fp = fastpath_load(NULL, 4, &conf, true, &what);
	ck_assert_msg(fp != NULL, "%s", what);
	flow.proto = proto;
	(void)insert(fp, &flow);
	ck_assert(is_translated(fp, &flow, from6, PLAIN));
	ck_assert(!is_translated(fp, &flow, from6, kind));
	ck_assert(!is_translated(fp, &flow, from6, PLAIN));
	ck_assert(is_translated(fp, &flow, !from6, PLAIN));
	while (!is_translated(fp, &flow, from6, PLAIN) && n++ < 3000)
		usleep(10000);
	ck_assert_uint_lt(n, 3000);
	fastpath_free(fp);
}

START_TEST(packets_after_a_list_follow_it)
{
	expect_followers(_i / 2 == 0 ? L4_UDP : L4_TCP, _i % 2 == 0, LIST);
}
END_TEST

START_TEST(packets_after_one_to_fragment_follow_it)
{
	expect_followers(_i == 0 ? L4_UDP : L4_TCP, false, TO_FRAGMENT);
}
END_TEST

/* They are numbered, so their order means nothing. */
START_TEST(echo_messages_do_not_follow_one_to_fragment)
{
	struct xlat_conf conf;
	struct fastflow flow;
	struct fastpath *fp;
	const char *what;

	on_interface = false;
	xlat_conf_init(&conf);
	fp = fastpath_load(NULL, 4, &conf, true, &what);
	ck_assert_msg(fp != NULL, "%s", what);
	do
		flow = random_flow();
	while (flow.proto != L4_ICMP);
	(void)insert(fp, &flow);
	ck_assert(!is_translated(fp, &flow, false, TO_FRAGMENT));
	ck_assert(is_translated(fp, &flow, false, PLAIN));
	fastpath_free(fp);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fastpath_diff");
	TCase *tc = tcase_create("fastpath_diff");
	const char *why = fastpath_missing();

	if (why != NULL)
		return (suite_skip("fastpath_diff", why));
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, program_and_translator_give_the_same);
	tcase_add_test(tc, program_of_interfaces_and_translator_give_the_same);
	tcase_add_loop_test(tc, packets_after_a_list_follow_it, 0, 4);
	tcase_add_loop_test(tc, packets_after_one_to_fragment_follow_it, 0, 2);
	tcase_add_test(tc, echo_messages_do_not_follow_one_to_fragment);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
