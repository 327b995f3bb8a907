/*
 * Fragments through the whole translator, beyond check_nat64_frag.c: all
 * orders of arrival, attacks, limits and their events, identifications,
 * fragmented ICMP errors, and sizes that do not fit a length field.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define FRAG_ID 0xabcd1234U

#define V6(p) .family = PKT_V6, .proto = IPPROTO_##p
#define V4(p) .family = PKT_V4, .proto = IPPROTO_##p

/* What came out, put together. */
static struct {
	uint8_t l4[66000];
	uint32_t len; /* 0: the last piece has not come */
	uint32_t got;
	unsigned n;
	struct pkt last;
} joined;

static void
start(void)
{
	lab.conf.n_statics = 0;
	lab_add_statics();
	lab_start();
	memset(&joined, 0, sizeof(joined));
}

static void
join(void)
{
	const struct pkt *p;

	for (p = lab.out; p < lab.out + lab.n_out; p++) {
		memcpy(joined.l4 + p->frag_off, pkt_l4(p), pkt_l4len(p));
		joined.got += pkt_l4len(p);
		if (!p->more)
			joined.len = p->frag_off + pkt_l4len(p);
		joined.n++;
		joined.last = *p;
	}
}

/* The datagram came out whole, and its checksum is right. */
static void
expect_joined(const struct pkt *whole)
{
	const struct pkt *p = &joined.last;
	uint16_t pseudo = pseudo_sum(p->data, p->proto, joined.len);

	ck_assert_uint_eq(joined.got, pkt_l4len(whole));
	ck_assert_uint_eq(joined.len, pkt_l4len(whole));
	ck_assert_uint_eq(wire_sum(pseudo, joined.l4, joined.len), 0xffff);
	ck_assert_mem_eq(joined.l4 + 20, pkt_l4(whole) + 20, joined.len - 20);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
	ck_assert_uint_eq(frag_bytes(nat64_frags(lab.n)), 0);
}

static enum nat64_verdict
send_piece(const struct pkt *whole, size_t off, size_t len)
{
	lab_build_fragment(whole, FRAG_ID, off, len,
	    off + len < pkt_l4len(whole));
	lab_send();
	join();
	return (lab.verdict);
}

static struct pkt
make_whole(const struct spec *s, const struct flow *f)
{
	lab_build(s, f);
	return (lab_copy(&lab.in));
}

/* Shows: FRG-01 FRG-10 FRG-15 FRG-16 FRG-20 FRG-21 XLT-10 XLT-26 CSM-12 */
START_TEST(four_fragments_pass_in_each_of_their_orders)
{
	static const struct {
		struct spec s;
		struct flow f;
		bool no_cksum;
	} rows[] = {
		{ { V6(UDP), .payload = 4000 }, FLOW_OUT, false },
		{ { V6(TCP), .tcp_flags = 2, .payload = 4000 }, FLOW_OUT,
		    false },
		{ { V6(ICMPV6), .echo_type = ICMP6_ECHO_REQUEST,
		      .payload = 4000 },
		    { CLIENT6, SERVER6, ID6, 0 }, false },
		{ { V4(UDP), .payload = 4000 }, FLOW_IN, false },
		{ { V4(UDP), .payload = 4000 }, FLOW_IN, true },
		{ { V4(TCP), .tcp_flags = 2, .payload = 4000 }, FLOW_IN,
		    false },
		{ { V4(ICMP), .echo_type = ICMP_ECHO, .payload = 4000 },
		    { SERVER4, POOL4, ID4, 0 }, false },
	};
	struct pkt whole;
	unsigned order, i, k, left[4];
	size_t row, len, n = 1048;

	for (row = 0; row < NITEMS(rows); row++)
		for (order = 0; order < 24; order++) {
			start();
			whole = make_whole(&rows[row].s, &rows[row].f);
			len = pkt_l4len(&whole);
			if (rows[row].no_cksum)
				put16(pkt_l4(&whole) + 6, 0);
			for (i = 0; i < 4; i++)
				left[i] = i;
			k = order;
			for (i = 4; i > 0; i--) {
				const unsigned pick = left[k % i];

				left[k % i] = left[i - 1];
				k /= i;
				send_piece(&whole, pick * n,
				    pick == 3 ? len - 3 * n : n);
			}
			expect_joined(&whole);
			ck_assert_uint_eq(lab_sessions(), 1);
			if (joined.last.has_fh)
				ck_assert_uint_eq(joined.last.frag_id,
				    FRAG_ID & 0xffff);
		}
}
END_TEST

/* Shows: FRG-16 XLT-36 */
START_TEST(a_collected_datagram_that_ipv4_cannot_describe_is_refused)
{
	const struct flow f = { CLIENT6, SERVER6, ID6, 0 };
	struct spec s = { V6(ICMPV6), .echo_type = ICMP6_ECHO_REQUEST };
	static const uint32_t lens[] = { 65515, 65516, 65520, 65527 };
	struct pkt whole;
	size_t i, off;

	for (i = 0; i < NITEMS(lens); i++) {
		start();
		s.payload = lens[i] - 8;
		whole = make_whole(&s, &f);
		for (off = 0; off < lens[i]; off += 2048)
			send_piece(&whole, off,
			    lens[i] - off < 2048 ? lens[i] - off : 2048);
		if (lens[i] == 65515) {
			expect_joined(&whole);
			continue;
		}
		ck_assert_int_eq(lab.reason, NAT64_TOO_BIG);
		lab_expect_error(NAT64_TOO_BIG, ICMP6_PACKET_TOO_BIG, 0);
	}
}
END_TEST

/* Shows: FRG-03 XLT-26 */
START_TEST(an_atomic_fragment_does_not_disturb_queued_ones)
{
	static const uint8_t atomic[] = { IPPROTO_UDP, 0, 0, 0, 0xab, 0xcd,
		0x12, 0x34 };
	const struct flow f = FLOW_OUT;
	const struct spec s = { V6(UDP), .payload = 2000 };
	const struct spec a = { V6(UDP), .next = IPPROTO_FRAGMENT,
		.ext = atomic, .extlen = 8, .payload = 20 };
	struct pkt whole;

	start();
	whole = make_whole(&s, &f);
	ck_assert_int_eq(send_piece(&whole, 1200, 808), NAT64_HELD);
	lab_build(&a, &f);
	lab_send();
	ck_assert(!lab_sent()->is_frag && !lab_sent()->df);
	ck_assert_uint_eq(lab_sent()->frag_id, FRAG_ID & 0xffff);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 1);
	send_piece(&whole, 0, 1200);
	expect_joined(&whole);
}
END_TEST

/* Shows: XLT-41 XLT-26 */
START_TEST(identifications_can_be_replaced_by_our_own)
{
	static const uint8_t atomic[] = { IPPROTO_UDP, 0, 0, 0, 0xab, 0xcd,
		0x12, 0x34 };
	const struct flow f = FLOW_OUT, ping = { CLIENT6, SERVER6, ID6, 0 };
	const struct spec s = { V6(UDP), .payload = 3000 };
	const struct spec a = { V6(UDP), .next = IPPROTO_FRAGMENT,
		.ext = atomic, .extlen = 8, .payload = 20 };
	const struct spec e = { V6(ICMPV6), .payload = 3000,
		.echo_type = ICMP6_ECHO_REQUEST };
	struct pkt whole;

	lab.conf.remap_fragment_id = true;
	start();
	whole = make_whole(&s, &f);
	send_piece(&whole, 2000, 1008);
	send_piece(&whole, 0, 1000);
	ck_assert_uint_eq(lab.out[0].frag_id, 0x1001);
	ck_assert_uint_eq(lab.out[1].frag_id, 0x1001);
	send_piece(&whole, 1000, 1000);
	ck_assert_uint_eq(lab.out[0].frag_id, 0x1001);
	expect_joined(&whole);
	/* Another datagram of the same identification is another one. */
	memset(&joined, 0, sizeof(joined));
	send_piece(&whole, 0, 1000);
	ck_assert_uint_eq(lab.out[0].frag_id, 0x1002);
	lab_build(&a, &f);
	lab_send();
	ck_assert_uint_eq(lab_sent()->frag_id, 0x1003);

	/* The numbers are those of all echoes to that server. */
	lab_wait(5);
	lab_ping(CLIENT6, SERVER6, ID6);
	ck_assert_uint_eq(lab_sent()->frag_id, 0x1001);
	whole = make_whole(&e, &ping);
	send_piece(&whole, 0, 1504);
	send_piece(&whole, 1504, 1504);
	ck_assert_uint_eq(lab.n_out, 3);
	ck_assert_uint_eq(lab.out[0].frag_id, 0x1002);
	ck_assert_uint_eq(lab.out[2].frag_id, 0x1002);
}
END_TEST

/*
 * How many of forty datagrams of either host arrive, when their pieces come
 * in turn with the same identification, and from one address: a receiver
 * takes what has the same for one datagram (RFC 791, 3.2).
 */
static unsigned
interleave(void)
{
	static const struct flow flows[] = { FLOW_OUT,
		{ HOST_B, SERVER6, PORT6, PORT_SERVER } };
	const struct spec s = { V6(UDP), .payload = 1500 };
	uint32_t ids[2];
	struct pkt whole;
	unsigned arrived = 0, i, host;
	size_t off;

	for (i = 0; i < 40; i++) {
		for (off = 0; off < 1508; off += 1000)
			for (host = 0; host < 2; host++) {
				whole = make_whole(&s, &flows[host]);
				lab_build_fragment(&whole, i, off,
				    off == 0 ? 1000 : 508, off == 0);
				lab_send();
				ck_assert_str_eq(text4(lab_sent()->ip4.src),
				    POOL4);
				if (off == 0)
					ids[host] = lab_sent()->frag_id;
				ck_assert_uint_eq(lab_sent()->frag_id,
				    ids[host]);
			}
		arrived += ids[0] != ids[1];
	}
	return (arrived);
}

/* Shows: XLT-41 */
START_TEST(hosts_behind_one_address_do_not_mix_their_fragments)
{
	static struct nat64_config defaults;

	nat64_config_init(&defaults);
	ck_assert(defaults.remap_fragment_id);
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	lab.conf.remap_fragment_id = true;
	lab_start();
	ck_assert_uint_eq(interleave(), 40);
	lab.conf.remap_fragment_id = false;
	lab_start();
	ck_assert_uint_eq(interleave(), 0);
}
END_TEST

/* Shows: FRG-11 FRG-31 XLT-30 ERR-14 */
START_TEST(tiny_fragments_are_dropped_and_answered_only_if_told_to)
{
	const struct flow out = FLOW_OUT, in = FLOW_IN;
	const struct spec tcp6 = { V6(TCP), .tcp_flags = 2, .payload = 100 };
	const struct spec tcp4 = { V4(TCP), .tcp_flags = 2, .payload = 100 };
	struct pkt whole;

	start();
	whole = make_whole(&tcp6, &out);
	send_piece(&whole, 0, 16);
	lab_expect_drop(NAT64_FRAG_TINY);
	send_piece(&whole, 16, 104);
	lab_expect_drop(NAT64_FRAG_TINY);
	whole = make_whole(&tcp4, &in);
	send_piece(&whole, 8, 112);
	lab_expect_drop(NAT64_FRAG_TINY);
	ck_assert_uint_eq(lab_sessions(), 0);

	lab.conf.first_frag_errors = true;
	start();
	whole = make_whole(&tcp6, &out);
	ck_assert_int_eq(send_piece(&whole, 16, 104), NAT64_HELD);
	send_piece(&whole, 0, 16);
	ck_assert_uint_eq(lab_drops(NAT64_FRAG_TINY), 2);
	lab_expect_error(NAT64_FRAG_TINY, ICMP6_PARAM_PROB, 3);
	ck_assert_uint_eq(get32(pkt_l4(&lab.out[0]) + 4), 0);
	whole = make_whole(&tcp4, &in);
	send_piece(&whole, 8, 112);
	lab_expect_drop(NAT64_FRAG_TINY);
}
END_TEST

/* Shows: FRG-30 FRG-31 FRG-14 */
START_TEST(overlaps_end_what_must_not_be_ambiguous)
{
	const struct flow out = FLOW_OUT, in = FLOW_IN;
	const struct spec s6 = { V6(UDP), .payload = 3000 };
	const struct spec s4 = { V4(UDP), .payload = 3000 };
	struct pkt whole;

	/* IPv6: all of it, also what would have been right. */
	start();
	whole = make_whole(&s6, &out);
	ck_assert_int_eq(send_piece(&whole, 1000, 1000), NAT64_HELD);
	send_piece(&whole, 1992, 1016);
	lab_expect_drop(NAT64_FRAG_OVERLAP);
	send_piece(&whole, 0, 1000);
	lab_expect_drop(NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(lab_drops(NAT64_FRAG_OVERLAP), 3);
	ck_assert_uint_eq(lab_sessions(), 0);

	/* IPv4: a second beginning with other ports. */
	start();
	whole = make_whole(&s4, &in);
	ck_assert_int_eq(send_piece(&whole, 0, 1000), NAT64_SENT);
	put16(pkt_l4(&whole), 9);
	send_piece(&whole, 0, 1000);
	lab_expect_drop(NAT64_FRAG_OVERLAP);

	/* IPv4 collected: nothing of it. */
	start();
	whole = make_whole(&s4, &in);
	put16(pkt_l4(&whole) + 6, 0);
	ck_assert_int_eq(send_piece(&whole, 0, 1000), NAT64_HELD);
	send_piece(&whole, 992, 1000);
	lab_expect_drop(NAT64_FRAG_OVERLAP);
	send_piece(&whole, 1000, 2008);
	lab_expect_drop(NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Shows: FRG-40 FRG-41 LOG-20 LIM-04 */
START_TEST(limits_drop_what_is_new_with_an_event_and_keep_the_rest)
{
	const struct flow out = FLOW_OUT, in = FLOW_IN;
	const struct spec s6 = { V6(UDP), .payload = 2000 };
	const struct spec s4 = { V4(UDP), .payload = 2000 };
	const struct lab_event *ev;
	struct pkt whole;

	lab.conf.frag.source_datagrams = 1;
	start();
	whole = make_whole(&s6, &out);
	ck_assert_int_eq(send_piece(&whole, 1000, 1008), NAT64_HELD);
	lab_build_fragment(&whole, FRAG_ID + 1, 1000, 1008, false);
	lab_send();
	lab_expect_drop(NAT64_FRAG_LIMIT);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_QUOTA), 1);
	ev = lab_event(NAT64_EV_QUOTA);
	ck_assert_int_eq(ev->reason, NAT64_FRAG_LIMIT);
	ck_assert(ev->has_in6 && !ev->has_peer4);
	ck_assert_str_eq(text6(ev->in6.addr), CLIENT6);
	/* Neither what is whole nor what runs is hindered. */
	lab_udp(CLIENT6, PORT6, SERVER6, 9);
	lab_sent();
	send_piece(&whole, 0, 1000);
	expect_joined(&whole);

	whole = make_whole(&s4, &in);
	ck_assert_int_eq(send_piece(&whole, 1000, 1008), NAT64_HELD);
	lab_build_fragment(&whole, FRAG_ID + 1, 1000, 1008, false);
	lab_send();
	lab_expect_drop(NAT64_FRAG_LIMIT);
	ev = lab_event(NAT64_EV_QUOTA);
	ck_assert(!ev->has_in6 && ev->has_peer4);
	ck_assert_str_eq(text4(ev->peer4), SERVER4);
}
END_TEST

/* Shows: FRG-17 FRG-15 */
START_TEST(congestion_marks_survive_or_end_a_collected_datagram)
{
	const struct flow f = { CLIENT6, SERVER6, ID6, 0 };
	const struct spec s = { V6(ICMPV6), .payload = 2000, .tos = 2,
		.echo_type = ICMP6_ECHO_REQUEST };
	struct pkt whole;

	start();
	whole = make_whole(&s, &f);
	send_piece(&whole, 0, 1000);
	whole.data[1] |= 0x10; /* CE */
	send_piece(&whole, 1000, 1008);
	ck_assert_uint_eq(lab.n_out, 2);
	ck_assert_uint_eq(lab.out[0].tclass, 3);
	ck_assert_uint_eq(lab.out[1].tclass, 3);

	start();
	whole = make_whole(&s, &f);
	send_piece(&whole, 1000, 1008);
	whole.data[1] &= 0xcf; /* not ECT */
	send_piece(&whole, 0, 1000);
	ck_assert_uint_eq(lab.n_out, 2);
	whole.data[1] |= 0x30;
	send_piece(&whole, 1000, 1008);
	whole.data[1] &= 0xcf;
	send_piece(&whole, 0, 1000);
	lab_expect_drop(NAT64_FRAG_ECN);
}
END_TEST

/* Shows: FRG-16 ICM-56 ICM-30 */
START_TEST(a_fragmented_error_is_collected_and_passes)
{
	struct pkt out4, in6, whole;
	const struct flow f = FLOW_OUT;
	const struct spec s = { V6(UDP), .payload = 1400 };

	start();
	lab_build(&s, &f);
	lab_send();
	out4 = lab_copy(lab_sent());
	lab_build_error(ROUTER4, ICMP_UNREACH, 1, 0, &out4, out4.len);
	whole = lab_copy(&lab.in);
	ck_assert_int_eq(send_piece(&whole, 800, pkt_l4len(&whole) - 800),
	    NAT64_HELD);
	ck_assert_int_eq(send_piece(&whole, 0, 800), NAT64_SENT);
	ck_assert_uint_eq(lab_sent()->len, 1280);
	ck_assert_uint_eq(lab_sent()->icmp_type, ICMP6_DST_UNREACH);

	lab_udp(SERVER4, PORT_SERVER, POOL4, PORT_IN);
	in6 = lab_copy(lab_sent());
	lab_build_error(ROUTER6, ICMP6_DST_UNREACH, 4, 0, &in6, in6.len);
	whole = lab_copy(&lab.in);
	ck_assert_int_eq(send_piece(&whole, 0, 40), NAT64_HELD);
	ck_assert_int_eq(send_piece(&whole, 40, pkt_l4len(&whole) - 40),
	    NAT64_SENT);
	lab_expect_flow(lab_sent(), POOL4, 0, SERVER4, 0);
}
END_TEST

/* Shows: FRG-16 */
START_TEST(fragmented_icmp_can_be_refused)
{
	const struct flow f = { CLIENT6, SERVER6, ID6, 0 };
	const struct spec s = { V6(ICMPV6), .payload = 2000,
		.echo_type = ICMP6_ECHO_REQUEST };
	struct pkt whole;

	lab.conf.frag.drop_icmp = true;
	start();
	whole = make_whole(&s, &f);
	send_piece(&whole, 0, 1000);
	lab_expect_drop(NAT64_FRAG_ICMP);
}
END_TEST

/* Shows: FRG-10 FRG-14 TCP-03 FLT-14 */
START_TEST(only_the_first_fragment_touches_the_tables)
{
	const struct flow out = FLOW_OUT;
	const struct spec s = { V6(UDP), .payload = 3000 };
	struct pkt whole;
	uint64_t before;

	start();
	whole = make_whole(&s, &out);
	send_piece(&whole, 0, 1000);
	ck_assert_int_eq(lab_left(lab_session(L4_UDP, CLIENT6, PORT6)), 300);
	lab_doze(2);
	before = lab_state();
	send_piece(&whole, 1000, 1000);
	lab_sent();
	ck_assert_uint_eq(lab_state(), before);

	/* A SYN in pieces that is stored takes the others with it. */
	whole = make_whole(&(struct spec){ V4(TCP), .tcp_flags = 2,
			       .payload = 2000 },
	    &(struct flow){ SERVER4, POOL4, 1, 2 });
	lab_build_fragment(&whole, 5, 1000, 1020, false);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	lab_build_fragment(&whole, 5, 0, 1000, true);
	lab_send();
	ck_assert_int_eq(lab.verdict, NAT64_HELD);
	ck_assert_int_eq(lab.reason, NAT64_SYN_STORED);
	ck_assert_uint_eq(lab_drops(NAT64_SYN_STORED), 2);
	lab_wait(6);
	ck_assert_uint_eq(lab.n_out, 1);
}
END_TEST

/* Shows: FRG-14 CSM-11 */
START_TEST(a_refused_first_fragment_takes_the_waiting_ones_along)
{
	const struct flow f = FLOW_OUT;
	const struct spec s = { V6(UDP), .payload = 3000 };
	struct pkt whole;

	start();
	whole = make_whole(&s, &f);
	put16(pkt_l4(&whole) + 6, 0);
	ck_assert_int_eq(send_piece(&whole, 1000, 1000), NAT64_HELD);
	send_piece(&whole, 0, 1000);
	lab_expect_drop(NAT64_UDP_ZERO_CKSUM);
	send_piece(&whole, 2000, 1008);
	lab_expect_drop(NAT64_UDP_ZERO_CKSUM);
	ck_assert_uint_eq(lab_drops(NAT64_UDP_ZERO_CKSUM), 3);
	ck_assert_uint_eq(lab_sessions(), 0);
}
END_TEST

/* Shows: FRG-12 FRG-13 CFG-07 */
START_TEST(a_datagram_lives_five_seconds_from_its_first_fragment)
{
	const struct flow out = FLOW_OUT;
	const struct spec s = { V6(UDP), .payload = 3000 };
	struct pkt whole;

	start();
	whole = make_whole(&s, &out);
	send_piece(&whole, 0, 1000);
	lab_doze(3);
	ck_assert_int_eq(send_piece(&whole, 1000, 1000), NAT64_SENT);
	lab_doze(2);
	/* Its target is forgotten: the rest waits in vain. */
	ck_assert_int_eq(send_piece(&whole, 2000, 1008), NAT64_HELD);
	lab_wait(5);
	ck_assert_uint_eq(lab_drops(NAT64_FRAG_TIMEOUT), 1);
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		four_fragments_pass_in_each_of_their_orders,
		a_collected_datagram_that_ipv4_cannot_describe_is_refused,
		an_atomic_fragment_does_not_disturb_queued_ones,
		identifications_can_be_replaced_by_our_own,
		hosts_behind_one_address_do_not_mix_their_fragments,
		tiny_fragments_are_dropped_and_answered_only_if_told_to,
		overlaps_end_what_must_not_be_ambiguous,
		limits_drop_what_is_new_with_an_event_and_keep_the_rest,
		congestion_marks_survive_or_end_a_collected_datagram,
		a_fragmented_error_is_collected_and_passes,
		fragmented_icmp_can_be_refused,
		only_the_first_fragment_touches_the_tables,
		a_refused_first_fragment_takes_the_waiting_ones_along,
		a_datagram_lives_five_seconds_from_its_first_fragment,
	};

	return (lab_main("nat64_fragments", tests, NITEMS(tests)));
}
