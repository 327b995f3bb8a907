/*
 * Which pairs of addresses of a stateless translator are offered to the fast
 * path, and when they are forgotten.
 */
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_pair.h"
#include "nat64d/core/nat64_role.h"
#include "tests/unit/nat64_lab.h"

#define HOST4 "192.0.0.1"

static struct {
	struct fastpath_ops ops;
	struct fastpair last;
	unsigned n, n_forgotten;
	uint32_t ids[IPID_NCOUNTERS];
} fake;

static struct eam maps[2];

static void
add_pair(void *arg, const struct fastpair *pair)
{
	(void)arg;
	fake.last = *pair;
	fake.n++;
}

static void
forget_pairs(void *arg)
{
	(void)arg;
	fake.n_forgotten++;
}

static void
start_with(void (*add)(void *, const struct fastpair *))
{
	maps[0] = (struct eam){ addr4(HOST4), 32, addr6(CLIENT6), 128 };
	maps[1] = (struct eam){ addr4("192.0.0.2"), 32, addr6(HOST_B), 128 };
	lab.conf.maps = maps;
	lab.conf.n_maps = 2;
	lab.conf.mode = NAT64_CLAT;
	lab.conf.pool = NULL;
	lab.conf.n_pool = 0;
	lab_start();
	memset(&fake, 0, sizeof(fake));
	fake.ops.add_pair = add;
	fake.ops.forget_pairs = forget_pairs;
	fake.ops.ids = fake.ids;
	nat64_set_fastpath(lab.n, &fake.ops);
}

static void
start(void)
{
	start_with(add_pair);
}

static void
udp4(unsigned n)
{
	for (; n > 0; n--) {
		lab_udp(HOST4, (uint16_t)(1000 + n), SERVER4, 53);
		lab_sent();
	}
}

static void
udp6(unsigned n)
{
	for (; n > 0; n--) {
		lab_udp(SERVER6, 53, CLIENT6, (uint16_t)(1000 + n));
		lab_sent();
	}
}

static void
expect_pair(enum l4proto proto, bool from6, const char *src6, const char *dst6,
    const char *src4, const char *dst4)
{
	ck_assert_uint_eq(fake.last.proto, proto);
	ck_assert_int_eq(fake.last.from6, from6);
	ck_assert_str_eq(text6(fake.last.src6), src6);
	ck_assert_str_eq(text6(fake.last.dst6), dst6);
	ck_assert_str_eq(text4(fake.last.src4), src4);
	ck_assert_str_eq(text4(fake.last.dst4), dst4);
}

START_TEST(pair_is_offered_whatever_the_ports_are)
{
	start();
	udp4(PAIR_AFTER - 1);
	ck_assert_uint_eq(fake.n, 0);
	udp4(1);
	ck_assert_uint_eq(fake.n, 1);
	expect_pair(L4_UDP, false, CLIENT6, "2001:db8:64::c633:6414", HOST4,
	    SERVER4);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_OFFERED), 1);
}
END_TEST

START_TEST(each_direction_and_protocol_is_a_pair_by_itself)
{
	unsigned i;

	start();
	udp4(PAIR_AFTER - 1);
	udp6(PAIR_AFTER - 1);
	for (i = 1; i < PAIR_AFTER; i++)
		lab_tcp(HOST4, 1, SERVER4, 80, PKT_TH_ACK);
	ck_assert_uint_eq(fake.n, 0);
	udp6(PAIR_AFTER);
	ck_assert_uint_eq(fake.n, 1);
	expect_pair(L4_UDP, true, "2001:db8:64::c633:6414", CLIENT6, SERVER4,
	    HOST4);
	ck_assert_uint_eq(fake.last.id_counter,
	    ipid_index(&lab.n->ids, addr4(SERVER4), addr4(HOST4),
		IPPROTO_UDP));
	for (i = 0; i < PAIR_AFTER; i++)
		lab_ping(HOST4, SERVER4, (uint16_t)i);
	ck_assert_uint_eq(fake.n, 2);
	ck_assert_uint_eq(fake.last.proto, L4_ICMP);
}
END_TEST

START_TEST(pair_that_still_comes_is_offered_again)
{
	start();
	udp4(PAIR_AFTER + PAIR_RETRY - 1);
	ck_assert_uint_eq(fake.n, 1);
	udp4(1);
	ck_assert_uint_eq(fake.n, 2);
}
END_TEST

START_TEST(scan_is_not_offered)
{
	char dst[32];
	unsigned i;

	start();
	for (i = 0; i < 20000; i++) {
		snprintf(dst, sizeof(dst), "8.%u.%u.1", i >> 8 & 255, i & 255);
		lab_udp(HOST4, 1000, dst, 53);
		lab_sent();
	}
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

/* RFC 7757, 4.2.2 */
START_TEST(hairpin_is_not_offered)
{
	unsigned i;

	start();
	for (i = 0; i < 4 * PAIR_AFTER; i++) {
		lab_udp(CLIENT6, 1, "2001:db8:64::192.0.0.2", 53);
		lab_expect_flow(lab_sent(), "2001:db8:64::192.0.0.1", 1,
		    HOST_B, 53);
	}
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

START_TEST(what_is_not_translated_in_the_same_way_is_not_offered)
{
	static const struct flow f = { HOST4, SERVER4, 1, 2 };
	const struct spec s = { .family = PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = 64 };
	struct pkt whole;
	unsigned i;

	start();
	lab_build(&s, &f);
	whole = lab_copy(&lab.in);
	for (i = 0; i < 4 * PAIR_AFTER; i++) {
		lab_build_fragment(&whole, i, 0, 32, true);
		lab_send();
		lab_build_proto(&f, 132, 20);
		lab_send();
		lab_build_error(SERVER4, ICMP_UNREACH, ICMP_UNREACH_PORT, 0,
		    &whole, 28);
		lab_send();
		lab_udp("192.0.2.99", 1, SERVER4, 53);
		lab_udp(HOST4, 1, "224.0.0.1", 53);
	}
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

START_TEST(other_addresses_forget_all_pairs_at_once)
{
	struct pref64 other;

	start();
	udp4(PAIR_AFTER);
	ck_assert_uint_eq(fake.n_forgotten, 0);

	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	ck_assert_uint_eq(fake.n_forgotten, 1);
	udp4(PAIR_AFTER - 1);
	ck_assert_uint_eq(fake.n, 1);
	udp4(1);
	ck_assert_uint_eq(fake.n, 2);

	nat64_set_prefix(lab.n, NULL);
	ck_assert_uint_eq(fake.n_forgotten, 2);
	ck_assert_ptr_null(
	    pref64_init(&other, &(struct in6_addr){ { { 0x20, 1 } } }, 96));
	nat64_set_prefix(lab.n, &other);
	ck_assert_uint_eq(fake.n_forgotten, 3);
	udp4(PAIR_AFTER);
	expect_pair(L4_UDP, false, CLIENT6, "2001::c633:6414", HOST4, SERVER4);

	nat64_set_self6(lab.n, &lab.conf.self6);
	ck_assert_uint_eq(fake.n_forgotten, 4);
	nat64_set_role(lab.n, NAT64_ROLE_STANDBY, lab.now);
	ck_assert_uint_eq(fake.n_forgotten, 5);
	nat64_set_fastpath(lab.n, NULL);
	ck_assert_uint_eq(fake.n_forgotten, 6);
}
END_TEST

START_TEST(fast_path_of_sessions_gets_no_pairs)
{
	start_with(NULL);
	udp4(2 * PAIR_AFTER);
	nat64_set_self6(lab.n, &lab.conf.self6);
	ck_assert_uint_eq(fake.n + fake.n_forgotten, 0);
	ck_assert_uint_eq(lab_counter(NAT64_FAST_OFFERED), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		pair_is_offered_whatever_the_ports_are,
		each_direction_and_protocol_is_a_pair_by_itself,
		pair_that_still_comes_is_offered_again,
		scan_is_not_offered,
		hairpin_is_not_offered,
		what_is_not_translated_in_the_same_way_is_not_offered,
		other_addresses_forget_all_pairs_at_once,
		fast_path_of_sessions_gets_no_pairs,
	};

	return (
	    lab_main("nat64_pair", tests, sizeof(tests) / sizeof(tests[0])));
}
