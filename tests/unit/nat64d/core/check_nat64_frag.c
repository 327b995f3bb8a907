/*
 * Fragmented datagrams through the whole translator: cut, shuffled and handed
 * to nat64_input(). What is emitted is reassembled by code of this file and
 * must be the datagram with a correct checksum.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/iphdr.h"
#include "nat64d/core/nat64_struct.h"

#include "tests/unit/ipid_util.h"
#include "tests/unit/suite.h"

#define FRAG_ID 0xabcd1234u
#define A_PORT 4660
#define T_PORT 22136
#define B_PORT 7000
#define U_PORT 7001

/* A whole datagram to cut. */
struct dgram {
	enum pkt_family family;
	uint8_t proto;
	uint8_t l4[9000];
	uint32_t len;
};

/* What came out. */
struct joined {
	unsigned n;
	enum pkt_family family;
	uint32_t frag_id;
	uint8_t proto;
	uint16_t offs[64]; /* in order of leaving */
	uint8_t l4[65536];
	uint32_t len; /* 0: the last piece has not come */
	uint32_t got;
	uint32_t longest; /* IP packet */
	uint64_t pseudo;
	bool df;
};

static struct nat64_config conf;
static struct pool4_range pool[1];
static struct nat64_static statics[4];
static struct nat64 *n;
static struct nat64_workspace *ws;
static struct monotime now;
static struct dgram dgram;
static struct joined joined;
static struct in6_addr host_a, host_b;
static struct in_addr out4, peer4;

static uint32_t
no_random(void *arg)
{
	(void)arg;
	return (0);
}

static void
join(void *arg, struct pkt *p)
{
	struct joined *j = arg;
	struct pkt again = *p;

	/* It says of itself what its bytes say. */
	ck_assert_int_eq(pkt_parse(&again), NAT64_NONE);
	ck_assert_uint_lt(j->n, 64);
	j->offs[j->n++] = again.frag_off;
	j->family = again.family;
	j->frag_id = again.frag_id;
	j->proto = again.proto;
	j->df |= again.df;
	memcpy(j->l4 + again.frag_off, pkt_l4(&again), pkt_l4len(&again));
	j->got += pkt_l4len(&again);
	if (!again.more)
		j->len = again.frag_off + pkt_l4len(&again);
	if (again.len > j->longest)
		j->longest = again.len;
	if (again.family == PKT_V4)
		j->pseudo = cksum_pseudo4(again.ip4.src, again.ip4.dst,
		    again.proto, j->len);
	else
		j->pseudo = cksum_pseudo6(&again.ip6.src, &again.ip6.dst,
		    again.proto, j->len);
}

static void
make_translator(void)
{
	const struct nat64_sink sink = { .emit = join, .arg = &joined };
	const struct rng rng = { .next = no_random };

	nat64_free(n);
	n = nat64_new(&conf, &sink, &rng, now);
	ck_assert_ptr_nonnull(n);
	ipid_init_fixed(&n->ids, 0x1001);
}

static void
setup(void)
{
	struct in6_addr prefix;

	inet_pton(AF_INET6, "2001:db8:64::", &prefix);
	inet_pton(AF_INET6, "2001:db8:1::10", &host_a);
	inet_pton(AF_INET6, "2001:db8:1::20", &host_b);
	inet_pton(AF_INET, "203.0.113.5", &out4);
	inet_pton(AF_INET, "198.51.100.20", &peer4);
	nat64_config_init(&conf);
	conf.remap_fragment_id = false;
	ck_assert_ptr_null(pref64_init(&conf.prefixes[0], &prefix, 96));
	conf.n_prefixes = 1;
	pool[0] = (struct pool4_range){ .first = out4,
		.last = out4,
		.ports = { { 1024, 65535 }, { 1024, 65535 }, { 0, 65535 } } };
	conf.pool = pool;
	conf.n_pool = 1;
	statics[0] = (struct nat64_static){ L4_ICMP, { out4, T_PORT },
		{ host_a, A_PORT } };
	statics[1] = (struct nat64_static){ L4_UDP, { out4, T_PORT },
		{ host_a, A_PORT } };
	statics[2] = (struct nat64_static){ L4_UDP, { out4, U_PORT },
		{ host_b, B_PORT } };
	conf.statics = statics;
	conf.n_statics = 3;
	inet_pton(AF_INET, "192.0.2.1", &conf.self4);
	inet_pton(AF_INET6, "2001:db8:ffff::1", &conf.self6);
	now = (struct monotime){ .ns = 1000000000 };
	memset(&joined, 0, sizeof(joined));
	ws = nat64_workspace_new();
	ck_assert_ptr_nonnull(ws);
	make_translator();
}

static void
teardown(void)
{
	nat64_workspace_free(ws);
	nat64_free(n);
	n = NULL;
}

static void
dst_of(struct in6_addr *dst6, bool hairpin)
{
	pref64_embed(&conf.prefixes[0], hairpin ? out4 : peer4, dst6);
}

/* A datagram of len L4 bytes with its checksum; first: four header bytes. */
static void
make_dgram(enum pkt_family family, uint8_t proto, uint32_t len, uint16_t first,
    uint16_t second, bool hairpin)
{
	const uint32_t cksum =
	    proto == IPPROTO_UDP ? PKT_UDP_CKSUM : PKT_ICMP_CKSUM;
	struct in6_addr dst6;
	uint64_t sum;
	uint32_t i;

	dgram.family = family;
	dgram.proto = proto;
	dgram.len = len;
	for (i = 0; i < len; i++)
		dgram.l4[i] = (uint8_t)(i * 7 + (i >> 8));
	put16(dgram.l4, first);
	put16(dgram.l4 + 2, second);
	put16(dgram.l4 + 4,
	    proto == IPPROTO_UDP ? (uint16_t)len :
		family == PKT_V6 ? A_PORT :
				   T_PORT);
	put16(dgram.l4 + cksum, 0);
	dst_of(&dst6, hairpin);
	if (family == PKT_V6)
		sum = cksum_pseudo6(&host_a, &dst6, proto, len);
	else
		sum = proto == IPPROTO_UDP ?
		    cksum_pseudo4(peer4, out4, proto, len) :
		    0;
	put16(dgram.l4 + cksum, cksum_finish(cksum_add(sum, dgram.l4, len)));
}

/* Hand in the bytes [off, off + len) of the datagram. */
static enum nat64_verdict
put_piece(uint32_t off, uint32_t len, bool hairpin)
{
	const bool more = off + len < dgram.len;
	uint8_t *buf =
	    malloc(PKT_HEADROOM + PKT_IP6_HLEN + PKT_FRAG_HLEN + len);
	const struct iphdr4 h4 = { .ttl = 64,
		.proto = dgram.proto,
		.more = more,
		.frag_off = (uint16_t)off,
		.id = (uint16_t)FRAG_ID,
		.len = (uint16_t)(20 + len),
		.src = peer4,
		.dst = out4 };
	struct iphdr6 h6 = { .hlim = 64,
		.proto = dgram.proto,
		.frag = true,
		.more = more,
		.frag_off = (uint16_t)off,
		.id = FRAG_ID,
		.len = PKT_FRAG_HLEN + len,
		.src = host_a };
	enum nat64_verdict verdict;
	struct pkt p;
	uint32_t hlen;

	ck_assert_ptr_nonnull(buf);
	pkt_init(&p, buf, PKT_HEADROOM + PKT_IP6_HLEN + PKT_FRAG_HLEN + len);
	dst_of(&h6.dst, hairpin);
	if (dgram.family == PKT_V4) {
		iphdr_put4(p.data, &h4);
		hlen = PKT_IP4_HLEN;
	} else {
		iphdr_put6(p.data, &h6);
		hlen = PKT_IP6_HLEN + PKT_FRAG_HLEN;
	}
	memcpy(p.data + hlen, dgram.l4 + off, len);
	p.len = hlen + len;
	verdict = nat64_input(n, ws, &p, now, NULL);
	free(buf);
	return (verdict);
}

/* Nothing is missing, the checksum holds, the payload is what it was. */
static void
check_joined(enum pkt_family family, uint32_t id, uint32_t mtu)
{
	uint64_t sum = joined.pseudo;

	ck_assert_int_eq(joined.family, family);
	ck_assert_uint_eq(joined.len, dgram.len);
	ck_assert_uint_eq(joined.got, dgram.len);
	ck_assert_uint_eq(joined.frag_id, id);
	ck_assert_uint_le(joined.longest, mtu);
	ck_assert(!joined.df);
	if (joined.proto == IPPROTO_ICMP)
		sum = 0;
	ck_assert_uint_eq(cksum_finish(cksum_add(sum, joined.l4, joined.len)),
	    0);
	ck_assert_mem_eq(joined.l4 + 8, dgram.l4 + 8, dgram.len - 8);
}

/* Shows: FRG-16 XLT-26 ICM-01 */
START_TEST(nat64_fragmented_echo_6to4_is_cut_again_with_its_identification)
{
	make_dgram(PKT_V6, IPPROTO_ICMPV6, 4000, 0x8000, 0, false);
	ck_assert_int_eq(put_piece(2464, 1536, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1232, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(1232, 1232, false), NAT64_SENT);
	check_joined(PKT_V4, FRAG_ID & 0xffff, 1500);
	ck_assert_uint_eq(joined.n, 3);
	ck_assert_uint_eq(joined.l4[0], 8);
	ck_assert_uint_eq(get16(joined.l4 + PKT_ICMP_ID), T_PORT);
}
END_TEST

/* Shows: FRG-16 XLT-12 ICM-10 */
START_TEST(nat64_fragmented_echo_4to6_is_cut_to_the_lowest_ipv6_mtu)
{
	make_dgram(PKT_V4, IPPROTO_ICMP, 4000, 0x0000, 0, false);
	ck_assert_int_eq(put_piece(1480, 1480, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(2960, 1040, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1480, false), NAT64_SENT);
	check_joined(PKT_V6, FRAG_ID & 0xffff, 1280);
	ck_assert_uint_eq(joined.l4[0], 129);
	ck_assert_uint_eq(get16(joined.l4 + PKT_ICMP_ID), A_PORT);
}
END_TEST

/* Shows: FRG-01 FRG-10 FRG-20 XLT-10 XLT-12 */
START_TEST(nat64_fragmented_udp_4to6_in_any_order)
{
	make_dgram(PKT_V4, IPPROTO_UDP, 4000, 53, T_PORT, false);
	ck_assert_int_eq(put_piece(2960, 1040, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1480, false), NAT64_SENT);
	ck_assert_int_eq(put_piece(1480, 1480, false), NAT64_SENT);
	check_joined(PKT_V6, FRAG_ID & 0xffff, 1280);
	ck_assert_uint_eq(get16(joined.l4 + 2), A_PORT);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(n)), 0);
}
END_TEST

/* Shows: FRG-15 */
START_TEST(nat64_fragmented_udp_without_checksum_gets_one)
{
	make_dgram(PKT_V4, IPPROTO_UDP, 3001, 53, T_PORT, false);
	put16(dgram.l4 + PKT_UDP_CKSUM, 0);
	ck_assert_int_eq(put_piece(1480, 1521, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1480, false), NAT64_SENT);
	check_joined(PKT_V6, FRAG_ID & 0xffff, 1280);
	ck_assert_uint_eq(joined.n, 3);
}
END_TEST

/* Shows: FRG-10 FRG-01 HPN-01 HPN-02 */
START_TEST(nat64_fragmented_udp_hairpins_in_any_order)
{
	make_dgram(PKT_V6, IPPROTO_UDP, 4000, A_PORT, U_PORT, true);
	ck_assert_int_eq(put_piece(1232, 1232, true), NAT64_HELD);
	ck_assert_int_eq(put_piece(2464, 1232, true), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1232, true), NAT64_SENT);
	ck_assert_uint_eq(joined.n, 3);
	ck_assert_uint_eq(joined.offs[0], 0);
	ck_assert_uint_eq(joined.offs[1], 1232);
	ck_assert_int_eq(put_piece(3696, 304, true), NAT64_SENT);
	check_joined(PKT_V6, FRAG_ID & 0xffff, 1280);
	ck_assert_uint_eq(get16(joined.l4), T_PORT);
	ck_assert_uint_eq(get16(joined.l4 + 2), B_PORT);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(n)), 0);
}
END_TEST

/* Shows: FRG-21 XLT-33 */
START_TEST(nat64_too_big_fragment_is_answered_only_at_offset_0)
{
	conf.xlat.mtu4 = 1400;
	make_translator();
	make_dgram(PKT_V6, IPPROTO_UDP, 4000, A_PORT, 53, false);
	ck_assert_int_eq(put_piece(0, 1448, false), NAT64_REPLIED);
	ck_assert_uint_eq(joined.n, 1);
	/* ICMPv6 2/0, MTU 1400 + 28. */
	ck_assert_uint_eq(joined.l4[0], 2);
	ck_assert_uint_eq(get32(joined.l4 + 4), 1428);
	ck_assert_int_eq(put_piece(1448, 1448, false), NAT64_DROPPED);
	ck_assert_uint_eq(joined.n, 1);
}
END_TEST

/* Shows: FRG-21 XLT-34 */
START_TEST(nat64_small_fragment_6to4_is_cut_for_a_small_mtu)
{
	conf.xlat.mtu4 = 1000;
	make_translator();
	make_dgram(PKT_V6, IPPROTO_UDP, 2464, A_PORT, 53, false);
	ck_assert_int_eq(put_piece(0, 1232, false), NAT64_SENT);
	ck_assert_int_eq(put_piece(1232, 1232, false), NAT64_SENT);
	ck_assert_uint_eq(joined.n, 4);
	check_joined(PKT_V4, FRAG_ID & 0xffff, 1000);
}
END_TEST

/* Shows: FRG-12 FRG-14 */
START_TEST(nat64_fragments_without_first_make_no_state_and_time_out)
{
	struct monotime when;

	make_dgram(PKT_V6, IPPROTO_UDP, 4000, 9999, 53, false);
	ck_assert_int_eq(put_piece(1232, 1232, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(2464, 1536, false), NAT64_HELD);
	ck_assert_uint_eq(session_count(nat64_sessions(n)), 0);
	ck_assert(nat64_next_expiry(n, &when));
	ck_assert_int_eq(monotime_diff_ms(when, now), 5000);
	nat64_expire(n, ws, when, 100);
	ck_assert_uint_eq(nat64_stats(n)->drops[NAT64_FRAG_TIMEOUT], 2);
	ck_assert_uint_eq(frag_bytes(nat64_frags(n)), 0);
	ck_assert_uint_eq(joined.n, 0);
}
END_TEST

/* Shows: FRG-10 FRG-14 */
START_TEST(nat64_refused_datagram_drops_all_its_fragments)
{
	make_dgram(PKT_V4, IPPROTO_UDP, 4000, 53, 5555, false);
	ck_assert_int_eq(put_piece(1480, 1480, false), NAT64_HELD);
	ck_assert_int_eq(put_piece(0, 1480, false), NAT64_DROPPED);
	ck_assert_int_eq(put_piece(2960, 1040, false), NAT64_DROPPED);
	ck_assert_uint_eq(nat64_stats(n)->drops[NAT64_NO_BINDING], 3);
	ck_assert_uint_eq(joined.n, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		nat64_fragmented_echo_6to4_is_cut_again_with_its_identification,
		nat64_fragmented_echo_4to6_is_cut_to_the_lowest_ipv6_mtu,
		nat64_fragmented_udp_4to6_in_any_order,
		nat64_fragmented_udp_without_checksum_gets_one,
		nat64_fragmented_udp_hairpins_in_any_order,
		nat64_too_big_fragment_is_answered_only_at_offset_0,
		nat64_small_fragment_6to4_is_cut_for_a_small_mtu,
		nat64_fragments_without_first_make_no_state_and_time_out,
		nat64_refused_datagram_drops_all_its_fragments,
	};
	Suite *s = suite_create("nat64_frag");
	TCase *tc = tcase_create("nat64_frag");
	size_t i;

	tcase_add_checked_fixture(tc, setup, teardown);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
