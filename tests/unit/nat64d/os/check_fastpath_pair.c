/*
 * The programs of the fast path for pairs of addresses against a stateless
 * translator: random packets, most of them damaged in some way, with random
 * mappings and prefixes, go through both. What the program translates has to be
 * what the translator sends, byte for byte, after it has told of the pair by
 * itself; any other packet has to come back as it was. The program is run by
 * BPF_PROG_TEST_RUN, which takes all checksums for complete ones
 * (check_fastpath_tun.c has partial ones).
 */
#include <check.h>
#include <linux/pkt_cls.h>

#include "nat64d/core/nat64_pair.h"
#include "nat64d/os/fastpath_abi.h"
#include "tests/unit/fastpath_change.h"
#include "tests/unit/fastpath_run.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define N_CONFS 60
#define N_PAIRS 20
#define N_PACKETS 60
#define N_MAPS 6

static struct fastpath *fp;
static struct fastpath_run run;
static struct eam maps[N_MAPS];
static uint8_t buf[PKT_BUFSIZE];
static uint32_t ids[IPID_NCOUNTERS]; /* before the program has run */
static uint32_t after[IPID_NCOUNTERS];
static unsigned n_fast, n_slow, n_pairs;

/*
 * Random configurations, of few addresses, so that prefixes contain each other
 * and what is embedded is mapped as well.
 */

static struct in_addr
random_addr4(void)
{
	static const uint32_t nets[] = { 0xc0000000, 0xc0000200, 0xc6336400,
		0x08080800, 0x0a000000, 0x7f000000, 0xe0000000 };

	return ((struct in_addr){
	    htonl(nets[below(one_in(8) ? 7 : 5)] + below(8)) });
}

/* Of a host, or embedded. */
static struct in6_addr
random_addr6(void)
{
	struct in6_addr a = { { { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } } };
	const size_t i = below((uint32_t)lab.conf.n_prefixes + 2);

	if (i < lab.conf.n_prefixes) {
		pref64_embed(&lab.conf.prefixes[i], random_addr4(), &a);
		if (one_in(16))
			a.s6_addr[below(16)] ^= 1;
		return (a);
	}
	a.s6_addr[14] = (uint8_t)(one_in(4) ? below(4) : 0);
	a.s6_addr[15] = (uint8_t)below(16);
	return (a);
}

static void
random_map(struct eam *m)
{
	static const uint8_t lens[] = { 32, 32, 32, 30, 29, 24 };
	unsigned i;

	m->len4 = lens[below(6)];
	m->len6 =
	    (uint8_t)(one_in(3) ? 120 - below(3) * 8 : 128U - (32U - m->len4));
	if (m->len6 > 128 - (32 - m->len4))
		m->len6 = (uint8_t)(128U - (32U - m->len4));
	m->addr4 = random_addr4();
	m->addr4.s_addr &= htonl(UINT32_MAX << (32 - m->len4));
	m->addr6 = (struct in6_addr){ { { 0x20, 0x01, 0x0d, 0xb8, 0, 1 } } };
	m->addr6.s6_addr[14] = (uint8_t)(one_in(4) ? below(4) : 0);
	m->addr6.s6_addr[15] = (uint8_t)below(16);
	for (i = m->len6; i < 128; i++)
		m->addr6.s6_addr[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static bool
is_new_map(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((maps[i].len4 == maps[n].len4 &&
			maps[i].addr4.s_addr == maps[n].addr4.s_addr) ||
		    (maps[i].len6 == maps[n].len6 &&
			IN6_ARE_ADDR_EQUAL(&maps[i].addr6, &maps[n].addr6)))
			return (false);
	return (true);
}

static void
random_prefix(size_t i)
{
	static const char *const prefixes[] = { "64:ff9b::", "2001:db8:8000::",
		"2001:db8:8000:0:1::", "2001:db8:9000::" };
	static const unsigned lens[] = { 96, 40, 96, 56 };
	const unsigned which = (below(2) * 2 + (unsigned)i) % 4;

	lab_set_prefix(i, prefixes[which], lens[which]);
}

static void
random_config(void)
{
	size_t n;

	lab.conf.xlat = random_conf();
	lab.conf.xlat.mss_clamp = one_in(2);
	lab.conf.mode = one_in(2) ? NAT64_CLAT : NAT64_SIIT;
	lab.conf.pool = NULL;
	lab.conf.n_pool = 0;
	lab.conf.wkp_nonglobal_ok = one_in(2);
	lab.conf.self4 = random_addr4();
	random_prefix(0);
	if (one_in(2))
		random_prefix(1);
	lab.conf.self6 = random_addr6();
	for (n = 0; n < N_MAPS; n++)
		do
			random_map(&maps[n]);
		while (!is_new_map(n));
	lab.conf.maps = maps;
	lab.conf.n_maps = 1 + below(N_MAPS);
}

/* Addresses of a packet each way; what they have to do with each other is
 * found by the translator. */
static struct fastflow
random_pair(void)
{
	struct fastflow f = random_flow();

	f.in6.addr = random_addr6();
	f.peer6 = random_addr6();
	f.peer4.addr = random_addr4();
	f.out4.addr = random_addr4();
	return (f);
}

/*
 * The comparison.
 */

static void
fail_with(const char *why)
{
	print_bytes("in", run.frame, run.len);
	print_bytes("out", run.result, run.result_len);
	if (lab.n_out > 0)
		print_bytes("expected", lab.out[0].data, lab.out[0].len);
	ck_abort_msg("%s: verdict %d, segments of %u; translator: %d, %s, %u",
	    why, run.verdict, run.in.gso_size, lab.verdict,
	    nat64_reason_name(lab.reason), lab.n_out);
}

/*
 * Hand the packet to the translator as the kernel would. The checksum of a
 * super-packet's segments is partial then.
 */
static void
ask_translator(const struct pkt *p)
{
	struct pkt copy = *p;
	const bool tcp = p->data[p->data[0] >> 4 == 6 ? 6 : 9] == IPPROTO_TCP;

	if (p->ofl.seg != PKT_SEG_NONE) {
		copy.ofl.csum_partial = true;
		copy.ofl.csum_start = p->data[0] >> 4 == 6 ? 40 : 20;
		copy.ofl.csum_off = tcp ? PKT_TCP_CKSUM : PKT_UDP_CKSUM;
	}
	lab_resend(&copy);
}

/* Leave out the checksum of a super-packet, which is partial on one side. */
static void
hide_cksum(uint8_t *ip, bool tcp)
{
	wire_put16(ip + (ip[0] >> 4 == 6 ? 40 : 20) +
		(tcp ? PKT_TCP_CKSUM : PKT_UDP_CKSUM),
	    0);
}

static void
require_same(const struct pkt *p)
{
	struct pkt *want = &lab.out[0];
	uint8_t *got = run.result + ETHER_HDR_LEN;

	n_fast++;
	if (lab.verdict != NAT64_SENT || lab.n_out != 1 ||
	    run.result_len != ETHER_HDR_LEN + want->len)
		fail_with("translated");
	if (p->ofl.seg != PKT_SEG_NONE) {
		hide_cksum(want->data, want->proto == IPPROTO_TCP);
		hide_cksum(got, want->proto == IPPROTO_TCP);
	}
	if (memcmp(got, want->data, want->len) != 0)
		fail_with("translated in another way");
	if (run.out.gso_size != run.in.gso_size)
		fail_with("segment size");
}

static void
require_unchanged(void)
{
	n_slow++;
	if (run.verdict != TC_ACT_UNSPEC)
		fail_with("verdict");
	if (run.result_len != run.len ||
	    memcmp(run.result, run.frame, run.len) != 0)
		fail_with("passed on, but changed");
	if (memcmp(after, ids, sizeof(ids)) != 0)
		fail_with("an identification was taken");
}

/*
 * Both handle p, and have to agree. Returns whether the program has translated
 * it.
 */
static bool
compare(const struct pkt *p)
{
	uint32_t *shared = fastpath_ops(fp)->ids;

	memcpy(ids, shared, sizeof(ids));
	fastpath_run(&run, fp, p, 0);
	memcpy(after, shared, sizeof(after));
	memcpy(shared, ids, sizeof(ids));
	ask_translator(p);
	if (run.verdict != TC_ACT_REDIRECT) {
		require_unchanged();
		return (false);
	}
	require_same(p);
	if (memcmp(after, shared, sizeof(after)) != 0)
		fail_with("identifications");
	return (true);
}

/* A packet of f that nothing is wrong with. */
static bool
compare_plain(const struct fastflow *f, bool from6)
{
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, f, from6, 200, false);
	return (compare(&p));
}

/*
 * The translator sees plain packets of f until it tells of it, if it does at
 * all; false: it does not, since it does not translate them, or twice.
 */
static bool
open_pair(const struct fastflow *f, bool from6)
{
	unsigned i;

	clear_notes(fp);
	/* Another pair of the same IPv4 addresses may have been told of. */
	for (i = 0; i < PAIR_RETRY + PAIR_AFTER; i++) {
		if (compare_plain(f, from6))
			return (true);
		if (lab.verdict != NAT64_SENT || lab.n_out != 1 ||
		    lab.out[0].family == (from6 ? PKT_V6 : PKT_V4))
			return (false);
		if (fastpath_is_waiting(fp))
			fastpath_commit(fp, 1, true);
	}
	fail_with("not told of");
	return (false);
}

static void
compare_pair(const struct fastflow *f, bool from6)
{
	struct pkt p, copy;
	unsigned i;
	bool open = open_pair(f, from6), fast;

	n_pairs += open;
	for (i = 0; i < N_PACKETS; i++) {
		clear_notes(fp);
		random_packet(&p, buf, sizeof(buf), f, from6);
		copy = p;
		fast = compare(&p);
		if (open && is_plain(&copy, f, &lab.conf.xlat) && !fast)
			fail_with("to be translated");
		if (one_in(8))
			fastpath_commit(fp, 1, true);
	}
}

static void
start(void)
{
	const char *what;

	random_config();
	lab.bad_cksum = true;
	lab.first_ipid = 0;
	lab_start();
	fp = fastpath_load(NULL, FASTPATH_PAIRS, &lab.conf.xlat, true, &what);
	ck_assert_msg(fp != NULL, "%s", what);
	ck_assert_int_eq(fastpath_check(fp, &what), 0);
	nat64_set_fastpath(lab.n, fastpath_ops(fp));
}

/* As engine_reconfigure(). */
static void
reconfigure(void)
{
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	fastpath_set_xlat(fp, nat64_xlat(lab.n));
	while (nat64_settle(lab.n, lab.now, 1000))
		;
}

static void
end(void)
{
	nat64_set_fastpath(lab.n, NULL);
	fastpath_free(fp);
}

START_TEST(program_and_translator_give_the_same)
{
	struct fastpath_count count;
	struct fastflow f;
	unsigned i, j;

	for (i = 0; i < N_CONFS; i++) {
		start();
		n_fast = 0;
		for (j = 0; j < N_PAIRS; j++) {
			f = random_pair();
			compare_pair(&f, one_in(2));
		}
		fastpath_counters(fp, &count);
		ck_assert_uint_eq(count.packets6 + count.packets4, n_fast);
		ck_assert_uint_eq(count.failed, 0);
		end();
	}
	/* Both ways are taken often enough. */
	ck_assert_uint_gt(n_pairs, N_CONFS * N_PAIRS / 8);
	ck_assert_uint_gt(n_slow, N_CONFS * N_PACKETS);
}
END_TEST

/* Each configuration is in force with the first packet after the change. */
START_TEST(another_configuration_is_in_force_at_once)
{
	struct fastflow f[N_PAIRS];
	bool from6[N_PAIRS];
	unsigned i, j;

	start();
	for (i = 0; i < N_CONFS; i++) {
		for (j = 0; j < N_PAIRS; j++) {
			f[j] = random_pair();
			from6[j] = one_in(2);
			n_pairs += open_pair(&f[j], from6[j]);
		}
		lab.conf.mode = nat64_config(lab.n)->mode;
		random_config();
		lab.conf.mode = nat64_config(lab.n)->mode;
		reconfigure();
		for (j = 0; j < N_PAIRS; j++)
			ck_assert(!compare_plain(&f[j], from6[j]));
		for (j = 0; j < N_PAIRS; j++)
			if (open_pair(&f[j], from6[j]))
				ck_assert(compare_plain(&f[j], from6[j]));
	}
	ck_assert_uint_gt(n_pairs, N_CONFS * N_PAIRS / 8);
	end();
}
END_TEST

/* One that both translate, from this side. */
static struct fastflow
any_pair(enum l4proto proto, bool from6)
{
	struct fastflow f;

	do {
		f = random_pair();
		f.proto = proto;
	} while (!open_pair(&f, from6));
	return (f);
}

static struct pkt
segment(const struct fastflow *f, bool from6, uint8_t flags)
{
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, f, from6, 0, false);
	p.data[from6 ? 53 : 33] = flags;
	return (p);
}

/* No session waits for them; but the MSS of a SYN may have to be lowered. */
START_TEST(segments_with_any_flags_are_translated)
{
	const bool from6 = _i % 2 == 0;
	struct fastflow f;
	struct pkt p;
	unsigned flags;

	start();
	lab.conf.xlat.mss_clamp = _i / 2 % 2;
	reconfigure();
	f = any_pair(L4_TCP, from6);
	for (flags = 0; flags < 64; flags++) {
		p = segment(&f, from6, (uint8_t)flags);
		ck_assert_int_eq(compare(&p),
		    (flags & PKT_TH_SYN) == 0 || !lab.conf.xlat.mss_clamp);
	}
	end();
}
END_TEST

/* A plain one of another flow between the same addresses. */
static bool
compare_other(struct fastflow f, bool from6)
{
	f.in6.port ^= 1;
	f.out4.port ^= 1;
	return (compare_plain(&f, from6));
}

/* The translator is slower, and packets of a flow must not be overtaken. */
START_TEST(packets_of_a_flow_follow_one_that_was_passed_on)
{
	const bool from6 = _i % 2 == 0;
	struct fastflow f;
	struct pkt p;

	start();
	f = any_pair(_i / 2 % 2 == 0 ? L4_UDP : L4_TCP, from6);
	ck_assert(compare_plain(&f, from6));
	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, &f, from6, 1000, false);
	if (_i < 4) { /* a list of packets */
		p.ofl.seg = f.proto == L4_TCP ? PKT_SEG_TCP : PKT_SEG_UDP;
		p.ofl.seg_size = 100;
	} else { /* the first fragment */
		p.len = (from6 ? 40 : 20) + 64;
		if (from6) {
			memmove(p.data + 48, p.data + 40, 56);
			put32(p.data + 40, 17u << 24 | 1);
			p.data[6] = IPPROTO_FRAGMENT;
			wire_put16(p.data + 4, 64);
		} else {
			wire_put16(p.data + 2, 84);
			p.data[6] = 0x20;
			wire_fix_ip4(p.data);
		}
	}
	ck_assert(!compare(&p));
	ck_assert(!compare_plain(&f, from6));
	ck_assert(compare_other(f, from6));
	ck_assert(!compare_plain(&f, from6));
	end();
}
END_TEST

/*
 * A pair is told of when a packet of it was handled. Later ones may wait behind
 * it in the device, and are not overtaken.
 */
START_TEST(pair_waits_until_the_device_is_drained)
{
	struct fastflow f;
	unsigned i;

	start();
	do {
		f = random_pair();
		for (i = 0; i < PAIR_AFTER && !fastpath_is_waiting(fp); i++)
			(void)compare_plain(&f, true);
	} while (!fastpath_is_waiting(fp));
	fastpath_commit(fp, 1, false);
	ck_assert(!fastpath_is_waiting(fp)); /* without a device, none waits */
	ck_assert(compare_plain(&f, true));
	end();
}
END_TEST

/* The i-th pair of a host that the translator does not know. */
static struct fastflow
unknown_pair(uint32_t i)
{
	struct fastflow f = random_flow();

	f.proto = L4_UDP;
	f.in6.addr = (struct in6_addr){ { { 0x3f, 0xff } } };
	put32(f.in6.addr.s6_addr + 12, i);
	f.peer6 = (struct in6_addr){ { { 0x3f, 0xff, 1 } } };
	return (f);
}

static void
add_unknown(uint32_t i)
{
	const struct fastflow f = unknown_pair(i);
	const struct fastpair pair = { .src6 = f.in6.addr,
		.dst6 = f.peer6,
		.src4 = f.out4.addr,
		.dst4 = f.peer4.addr,
		.proto = L4_UDP,
		.from6 = true };

	fastpath_ops(fp)->add_pair(fastpath_ops(fp)->arg, &pair);
	fastpath_commit(fp, 1, true);
}

static bool
has_unknown(uint32_t i)
{
	const struct fastflow f = unknown_pair(i);
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	build_plain(&p, &f, true, 100, false);
	fastpath_run(&run, fp, &p, 0);
	return (run.verdict == TC_ACT_REDIRECT);
}

/* Those that are not used give way first. */
START_TEST(number_of_pairs_is_bounded)
{
	struct fastflow f;
	uint32_t i;

	start();
	f = any_pair(L4_UDP, true);
	ck_assert(compare_plain(&f, true));
	for (i = 0; i < 2 * FAST_PAIRS; i++)
		add_unknown(i);
	ck_assert(has_unknown(i - 1));
	ck_assert(!has_unknown(0));
	ck_assert(compare_plain(&f, true));
	end();
}
END_TEST

/* A ring of those that wait; later ones come again. */
START_TEST(number_of_waiting_pairs_is_bounded)
{
	const struct fastpath_ops *ops;
	struct fastpair pair = { .proto = L4_UDP, .from6 = true };
	unsigned i;

	start();
	ops = fastpath_ops(fp);
	for (i = 0; i < 100000; i++) {
		pair.src4.s_addr = i;
		ops->add_pair(ops->arg, &pair);
	}
	ck_assert(fastpath_is_waiting(fp));
	ops->forget_pairs(ops->arg);
	ck_assert(!fastpath_is_waiting(fp));
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fastpath_pair");
	TCase *tc = tcase_create("fastpath_pair");
	const char *why = fastpath_missing();

	if (why != NULL)
		return (suite_skip("fastpath_pair", why));
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_test(tc, program_and_translator_give_the_same);
	tcase_add_test(tc, another_configuration_is_in_force_at_once);
	tcase_add_loop_test(tc, segments_with_any_flags_are_translated, 0, 4);
	tcase_add_loop_test(tc,
	    packets_of_a_flow_follow_one_that_was_passed_on, 0, 6);
	tcase_add_test(tc, pair_waits_until_the_device_is_drained);
	tcase_add_test(tc, number_of_pairs_is_bounded);
	tcase_add_test(tc, number_of_waiting_pairs_is_bounded);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
