/*
 * The rules of the fragment table (RFC 6146, 3.4), one by one. Limits and
 * random sequences: check_frag_limits.c.
 */
#include "tests/unit/dgram.h"

/* Shows: FRG-10 */
START_TEST(frag_input_rest_follows_first_to_its_target)
{
	pass_first(&UDP6, 1000, 77);
	ck_assert_int_eq(input(&UDP6, 1000, 1000, true), FRAG_KNOWN);
	ck_assert_uint_eq(result.target->t4.src.port, 77);
	ck_assert_int_eq(input(&UDP6, 2000, 1000, false), FRAG_KNOWN);
	ck_assert_uint_eq(result.target->t4.src.port, 77);
}
END_TEST

/* Shows: FRG-01 FRG-10 */
START_TEST(frag_next_held_gives_early_fragments_in_arrival_order)
{
	static const uint32_t order[] = { 2000, 1000, 2504 };
	struct frag_datagram *d;
	struct pkt *p;
	size_t i;

	ck_assert_int_eq(input(&UDP4, 2000, 504, true), FRAG_HELD);
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&UDP4, 2504, 496, false), FRAG_HELD);
	ck_assert_uint_gt(frag_bytes(table), 2000);
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_FIRST);
	d = result.datagram;
	resolve(77);
	for (i = 0; i < 3; i++) {
		p = frag_next_held(table, d);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq(p->frag_off, order[i]);
		ck_assert_ptr_eq(p->data, p->buf + PKT_HEADROOM);
		check_payload(&UDP4, p);
	}
	ck_assert_ptr_null(frag_next_held(table, d));
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-02 */
START_TEST(frag_input_protocol_is_part_of_the_ipv4_key_only)
{
	struct dgram other = TCP4;

	pass_first(&UDP4, 1000, 77);
	ck_assert_int_eq(input(&other, 1000, 1000, true), FRAG_HELD);
	other.family = PKT_V6;
	pass_first(&UDP6, 1000, 78);
	ck_assert_int_eq(input(&other, 1000, 1000, true), FRAG_KNOWN);
	ck_assert_uint_eq(result.target->t4.src.port, 78);
	/* RFC 8200, 4.5: the first one's next header counts. */
	ck_assert_uint_eq(frame.pkt.proto, IPPROTO_UDP);
}
END_TEST

/* Shows: FRG-02 */
START_TEST(frag_input_each_part_of_the_key_counts)
{
	struct dgram other = UDP6;

	pass_first(&UDP6, 1000, 77);
	other.id++;
	ck_assert_int_eq(input(&other, 1000, 1000, true), FRAG_HELD);
	other = UDP6;
	other.src++;
	ck_assert_int_eq(input(&other, 1000, 1000, true), FRAG_HELD);
	make_tos(&frame, &UDP6, 1000, 1000, true, 0, 64);
	frame.pkt.ip6.dst.s6_addr[15]++;
	ck_assert_int_eq(frag_input(table, &frame.pkt, now, &result),
	    FRAG_HELD);
	ck_assert_uint_eq(frag_datagrams(table), 4);
}
END_TEST

/* Shows: FRG-13 */
START_TEST(frag_input_datagram_ends_when_all_bytes_have_passed)
{
	pass_first(&UDP4, 1000, 77);
	ck_assert_int_eq(input(&UDP4, 2000, 1000, false), FRAG_KNOWN);
	ck_assert_uint_eq(frag_datagrams(table), 1);
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_KNOWN);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-12 CFG-07 */
START_TEST(frag_expire_life_is_not_prolonged)
{
	struct monotime when, start = now;
	unsigned discarded = 0;

	ck_assert(!frag_next_expiry(table, &when));
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_HELD);
	now = monotime_add_secs(start, 4);
	ck_assert_int_eq(input(&UDP4, 2000, 1000, false), FRAG_HELD);
	ck_assert(frag_next_expiry(table, &when));
	ck_assert_int_eq(monotime_diff_ms(when, start), 5000);
	ck_assert(
	    !frag_expire(table, monotime_add_ms(start, 4999), 10, &discarded));
	ck_assert_uint_eq(discarded, 0);
	ck_assert(!frag_expire(table, when, 10, &discarded));
	ck_assert_uint_eq(discarded, 2);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-12 */
START_TEST(frag_expire_stops_at_max_and_says_so)
{
	struct dgram g = UDP4;
	unsigned discarded = 0;

	for (g.id = 0; g.id < 3; g.id++)
		ck_assert_int_eq(input(&g, 1000, 1000, true), FRAG_HELD);
	now = monotime_add_secs(now, 5);
	ck_assert(frag_expire(table, now, 2, &discarded));
	ck_assert_uint_eq(discarded, 2);
	ck_assert(!frag_expire(table, now, 2, &discarded));
	ck_assert_uint_eq(discarded, 3);
}
END_TEST

/* Shows: FRG-12 TBL-05 */
START_TEST(frag_input_datagram_past_its_time_is_not_found)
{
	unsigned discarded = 0;

	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_HELD);
	now = monotime_add_secs(now, 5);
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_FIRST);
	resolve(77);
	ck_assert_ptr_null(frag_next_held(table, result.datagram));
	ck_assert(!frag_expire(table, now, 10, &discarded));
	ck_assert_uint_eq(discarded, 1);
}
END_TEST

/* Shows: FRG-11 FRG-14 */
START_TEST(frag_input_first_without_whole_l4_header_ends_datagram)
{
	ck_assert_int_eq(input(&TCP4, 1000, 1000, true), FRAG_HELD);
	expect_drop(&TCP4, 0, 16, true, NAT64_FRAG_TINY);
	ck_assert_uint_eq(result.discarded, 1);
	expect_drop(&TCP4, 16, 984, true, NAT64_FRAG_TINY);
	expect_drop(&TCP4, 2000, 1000, false, NAT64_FRAG_TINY);
	/* 8 bytes hold the header of UDP and ICMP. */
	pass_first(&UDP6, 8, 77);
	ck_assert_int_eq(input(&ICMP6, 0, 8, true), FRAG_HELD);
}
END_TEST

/* Shows: FRG-15 */
START_TEST(frag_input_ipv4_udp_without_checksum_is_collected)
{
	struct pkt *w;

	ck_assert_int_eq(input(&ZERO4, 1480, 1520, false), FRAG_HELD);
	frag_input(table, make_tos(&frame, &ZERO4, 0, 1480, true, 0x28, 60),
	    now, &result);
	w = result.whole;
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->len, PKT_IP4_HLEN + 3000);
	ck_assert(!w->is_frag && !w->df);
	ck_assert_uint_eq(w->frag_id, 7);
	ck_assert_uint_eq(w->ttl, 60);
	ck_assert_uint_eq(w->tclass, 0x28);
	check_payload(&ZERO4, w);
	ck_assert_int_eq(pkt_parse_l4(w), NAT64_NONE);
	ck_assert_uint_eq(w->sport, SPORT);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-15 */
START_TEST(frag_input_ipv6_udp_without_checksum_is_not_collected)
{
	struct dgram g = UDP6;

	/* CSM-11 drops it: that is not for the table to say. */
	g.no_cksum = true;
	ck_assert_int_eq(input(&g, 0, 1000, true), FRAG_FIRST);
}
END_TEST

/* Shows: FRG-16 */
START_TEST(frag_input_icmp_is_collected)
{
	const struct dgram *rows[] = { &ICMP4, &ICMP6 };
	struct pkt *w;
	size_t i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(input(rows[i], 0, 1000, true), FRAG_HELD);
		ck_assert_int_eq(input(rows[i], 2000, 1000, false), FRAG_HELD);
		ck_assert_int_eq(input(rows[i], 1000, 1000, true), FRAG_WHOLE);
		w = result.whole;
		ck_assert_uint_eq(pkt_l4len(w), 3000);
		ck_assert(!w->is_frag);
		ck_assert_uint_eq(w->frag_id, rows[i]->id);
		check_payload(rows[i], w);
		ck_assert_int_eq(pkt_parse_l4(w), NAT64_NONE);
		ck_assert_uint_eq(w->sport, SPORT);
	}
	/* XLT-26 is to see the identification. */
	ck_assert(w->has_fh);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-16 */
START_TEST(frag_input_icmp_fragments_can_be_refused)
{
	limits.drop_icmp = true;
	setup_limits();
	expect_drop(&ICMP4, 0, 1000, true, NAT64_FRAG_ICMP);
	expect_drop(&ICMP6, 1000, 2000, false, NAT64_FRAG_ICMP);
	expect_nothing_left();
	pass_first(&UDP4, 1000, 77);
}
END_TEST

/* Shows: FRG-16 */
START_TEST(frag_input_whole_too_long_for_ipv4_is_dropped)
{
	const uint32_t piece = 8184;
	uint32_t off;

	limits.source_bytes = 1 << 20;
	setup_limits();
	for (off = 0; off + piece <= 65472; off += piece)
		ck_assert_int_eq(input(&ICMP4, off, piece, true), FRAG_HELD);
	expect_drop(&ICMP4, off, 65535 - off, false, NAT64_FRAG_BAD);
	ck_assert_uint_eq(result.discarded, 8);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-17 */
START_TEST(frag_input_ecn_of_a_collected_datagram)
{
	static const struct {
		const char *name;
		uint8_t first, second;
		int want; /* -1: dropped */
	} rows[] = {
		{ "no ECN", 0x28, 0x28, 0x28 },
		{ "first one's DSCP", 0x28, 0x48, 0x28 },
		{ "ECT(0) and ECT(1)", 0x2a, 0x29, 0x2a },
		{ "CE and ECT", 0x2a, 0x2b, 0x2b },
		{ "CE first", 0x2b, 0x2a, 0x2b },
		{ "all CE", 0x2b, 0x2b, 0x2b },
		{ "ECT and not-ECT", 0x2a, 0x28, 0x2a },
		{ "CE and not-ECT", 0x28, 0x2b, -1 },
		{ "not-ECT and CE", 0x2b, 0x28, -1 },
	};
	const struct dgram *g;
	enum frag_verdict v;
	size_t i;

	for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		g = i % 2 == 0 ? &ICMP4 : &ICMP6;
		frag_input(table,
		    make_tos(&frame, g, 0, 1000, true, rows[i / 2].first, 9),
		    now, &result);
		v = frag_input(table,
		    make_tos(&frame, g, 1000, 2000, false, rows[i / 2].second,
			8),
		    now, &result);
		if (rows[i / 2].want == -1) {
			ck_assert_int_eq(v, FRAG_DROP);
			ck_assert_int_eq(result.reason, NAT64_FRAG_ECN);
			ck_assert_uint_eq(result.discarded, 1);
		} else {
			ck_assert_int_eq(v, FRAG_WHOLE);
			ck_assert_msg(result.whole->tclass == rows[i / 2].want,
			    "%s", rows[i / 2].name);
			ck_assert_uint_eq(result.whole->ttl, 8);
		}
		expect_nothing_left();
	}
}
END_TEST

/* Shows: FRG-30 */
START_TEST(frag_input_ipv6_overlap_ends_datagram_until_its_time)
{
	unsigned discarded = 0;

	ck_assert_int_eq(input(&UDP6, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&UDP6, 2000, 1000, false), FRAG_HELD);
	expect_drop(&UDP6, 1992, 16, true, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 2);
	ck_assert_uint_eq(frag_bytes(table), 0);
	expect_drop(&UDP6, 0, 1000, true, NAT64_FRAG_OVERLAP);
	expect_drop(&UDP6, 1000, 1000, true, NAT64_FRAG_OVERLAP);
	expect_drop(&UDP6, 2000, 1000, false, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(frag_datagrams(table), 1);
	frag_expire(table, monotime_add_secs(now, 5), 10, &discarded);
	ck_assert_uint_eq(discarded, 0);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-30 */
START_TEST(frag_input_ipv6_overlap_ends_datagram_that_passes)
{
	pass_first(&UDP6, 1000, 77);
	expect_drop(&UDP6, 992, 1000, true, NAT64_FRAG_OVERLAP);
	expect_drop(&UDP6, 1000, 2000, false, NAT64_FRAG_OVERLAP);
}
END_TEST

/* Shows: FRG-30 */
START_TEST(frag_input_ipv6_fragment_behind_the_end_is_an_overlap)
{
	pass_first(&UDP6, 1000, 77);
	ck_assert_int_eq(input(&UDP6, 2000, 1000, false), FRAG_KNOWN);
	expect_drop(&UDP6, 3000, 1000, true, NAT64_FRAG_OVERLAP);
}
END_TEST

/* Shows: FRG-30 */
START_TEST(frag_input_ipv6_last_before_bytes_seen_is_an_overlap)
{
	ck_assert_int_eq(input(&UDP6, 2000, 1000, true), FRAG_HELD);
	expect_drop(&UDP6, 1000, 1000, false, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 1);
}
END_TEST

/* Shows: FRG-30 */
START_TEST(frag_input_duplicates_do_no_harm)
{
	struct frag_datagram *d;

	ck_assert_int_eq(input(&UDP6, 1000, 1000, true), FRAG_HELD);
	expect_drop(&UDP6, 1000, 1000, true, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 0);
	ck_assert_int_eq(input(&UDP6, 0, 1000, true), FRAG_FIRST);
	d = result.datagram;
	resolve(77);
	ck_assert_ptr_nonnull(frag_next_held(table, d));
	ck_assert_ptr_null(frag_next_held(table, d));
	expect_drop(&UDP6, 0, 1000, true, NAT64_FRAG_OVERLAP);
	ck_assert_int_eq(input(&UDP6, 2000, 1000, false), FRAG_KNOWN);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-30 FRG-31 */
START_TEST(frag_input_impossible_sizes_are_dropped)
{
	static const struct {
		const char *name;
		uint32_t off, len;
		bool more;
	} rows[] = {
		{ "not a multiple of 8", 1000, 1001, true },
		{ "beyond 65535", 65528, 8, false },
		{ "beyond 65535, long", 65000, 1000, true },
		{ "empty", 1000, 0, true },
		{ "empty last", 1000, 0, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_drop(&UDP4, rows[i].off, rows[i].len, rows[i].more,
		    NAT64_FRAG_BAD);
		expect_drop(&UDP6, rows[i].off, rows[i].len, rows[i].more,
		    NAT64_FRAG_BAD);
	}
	expect_nothing_left();
	ck_assert_int_eq(input(&UDP6, 65528, 7, false), FRAG_HELD);
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_input_tcp_fragment_with_offset_1_is_dropped)
{
	expect_drop(&TCP4, 8, 1000, true, NAT64_FRAG_TINY);
	expect_nothing_left();
	pass_first(&TCP4, 1000, 77);
	expect_drop(&TCP4, 8, 1000, true, NAT64_FRAG_TINY);
	ck_assert_int_eq(input(&TCP4, 1000, 2000, false), FRAG_KNOWN);
	ck_assert_int_eq(input(&UDP4, 8, 1000, true), FRAG_HELD);
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_input_second_first_with_other_ports_is_dropped)
{
	struct dgram other = UDP4;

	pass_first(&UDP4, 1000, 77);
	other.sport++;
	expect_drop(&other, 0, 1000, true, NAT64_FRAG_OVERLAP);
	expect_drop(&other, 0, 1008, true, NAT64_FRAG_OVERLAP);
	/* A sender may repeat itself: IPv4 identifications wrap. */
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_KNOWN);
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_KNOWN);
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_KNOWN);
	ck_assert_int_eq(input(&UDP4, 2000, 1000, false), FRAG_KNOWN);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_input_ipv4_overlap_passes_uncollected)
{
	pass_first(&UDP4, 1000, 77);
	ck_assert_int_eq(input(&UDP4, 992, 1000, true), FRAG_KNOWN);
	ck_assert_int_eq(input(&UDP4, 1984, 1016, false), FRAG_KNOWN);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_input_ipv4_overlap_ends_collected_datagram)
{
	ck_assert_int_eq(input(&ZERO4, 0, 1000, true), FRAG_HELD);
	expect_drop(&ZERO4, 992, 1000, true, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 1);
	expect_drop(&ZERO4, 1000, 2000, false, NAT64_FRAG_OVERLAP);
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_input_ipv4_overlap_before_first_ends_collected_datagram)
{
	ck_assert_int_eq(input(&ICMP4, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&ICMP4, 1992, 1008, false), FRAG_HELD);
	expect_drop(&ICMP4, 0, 1000, true, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 2);
}
END_TEST

static enum frag_verdict
want_whole(void)
{
	return (frag_want_whole(table, result.datagram, &frame.pkt, &result));
}

START_TEST(frag_want_whole_collects_what_comes_in_any_order)
{
	ck_assert_int_eq(input(&TCP4, 2000, 1000, false), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 0, 1000, true), FRAG_FIRST);
	ck_assert_int_eq(want_whole(), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 1000, 1000, true), FRAG_WHOLE);
	check_payload(&TCP4, result.whole);
	expect_nothing_left();
	/* The first one as the last one. */
	ck_assert_int_eq(input(&TCP4, 1000, 2000, false), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 0, 1000, true), FRAG_FIRST);
	ck_assert_int_eq(want_whole(), FRAG_WHOLE);
	ck_assert_uint_eq(result.discarded, 0);
	check_payload(&TCP4, result.whole);
	expect_nothing_left();
}
END_TEST

/* Shows: FRG-31 */
START_TEST(frag_want_whole_takes_nothing_ambiguous)
{
	ck_assert_int_eq(input(&TCP4, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 1992, 1008, false), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 0, 1000, true), FRAG_FIRST);
	ck_assert_int_eq(want_whole(), FRAG_DROP);
	ck_assert_int_eq(result.reason, NAT64_FRAG_OVERLAP);
	ck_assert_uint_eq(result.discarded, 2);
	ck_assert_uint_eq(frag_bytes(table), 0);
	expect_drop(&TCP4, 2000, 1000, false, NAT64_FRAG_OVERLAP);
}
END_TEST

/* What does not fit into the limits is not waited for. */
START_TEST(frag_want_whole_keeps_the_limits)
{
	limits.source_bytes = 2500;
	setup_limits();
	ck_assert_int_eq(input(&TCP4, 1400, 1400, true), FRAG_HELD);
	ck_assert_int_eq(input(&TCP4, 0, 1400, true), FRAG_FIRST);
	ck_assert_int_eq(want_whole(), FRAG_DROP);
	ck_assert_int_eq(result.reason, NAT64_FRAG_LIMIT);
	ck_assert_uint_eq(result.discarded, 1);
	ck_assert_uint_eq(frag_bytes(table), 0);
}
END_TEST

/* Shows: FRG-14 */
START_TEST(frag_refuse_rest_is_dropped_for_the_same_reason)
{
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_FIRST);
	ck_assert_uint_eq(frag_refuse(table, result.datagram,
			      NAT64_NO_BINDING),
	    1);
	ck_assert_uint_eq(frag_bytes(table), 0);
	expect_drop(&UDP4, 0, 1000, true, NAT64_NO_BINDING);
	/* All has been seen: the next one may have better luck. */
	expect_drop(&UDP4, 2000, 1000, false, NAT64_NO_BINDING);
	expect_nothing_left();
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_FIRST);
}
END_TEST

/* Shows: FRG-13 */
START_TEST(frag_refuse_ends_datagram_that_was_complete)
{
	ck_assert_int_eq(input(&UDP4, 1000, 2000, false), FRAG_HELD);
	ck_assert_int_eq(input(&UDP4, 0, 1000, true), FRAG_FIRST);
	ck_assert_uint_eq(frag_refuse(table, result.datagram,
			      NAT64_NO_BINDING),
	    1);
	expect_nothing_left();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		frag_input_rest_follows_first_to_its_target,
		frag_next_held_gives_early_fragments_in_arrival_order,
		frag_input_protocol_is_part_of_the_ipv4_key_only,
		frag_input_each_part_of_the_key_counts,
		frag_input_datagram_ends_when_all_bytes_have_passed,
		frag_expire_life_is_not_prolonged,
		frag_expire_stops_at_max_and_says_so,
		frag_input_datagram_past_its_time_is_not_found,
		frag_input_first_without_whole_l4_header_ends_datagram,
		frag_input_ipv4_udp_without_checksum_is_collected,
		frag_input_ipv6_udp_without_checksum_is_not_collected,
		frag_input_icmp_is_collected,
		frag_input_icmp_fragments_can_be_refused,
		frag_input_whole_too_long_for_ipv4_is_dropped,
		frag_input_ecn_of_a_collected_datagram,
		frag_input_ipv6_overlap_ends_datagram_until_its_time,
		frag_input_ipv6_overlap_ends_datagram_that_passes,
		frag_input_ipv6_fragment_behind_the_end_is_an_overlap,
		frag_input_ipv6_last_before_bytes_seen_is_an_overlap,
		frag_input_duplicates_do_no_harm,
		frag_input_impossible_sizes_are_dropped,
		frag_input_tcp_fragment_with_offset_1_is_dropped,
		frag_input_second_first_with_other_ports_is_dropped,
		frag_input_ipv4_overlap_passes_uncollected,
		frag_input_ipv4_overlap_ends_collected_datagram,
		frag_input_ipv4_overlap_before_first_ends_collected_datagram,
		frag_want_whole_collects_what_comes_in_any_order,
		frag_want_whole_takes_nothing_ambiguous,
		frag_want_whole_keeps_the_limits,
		frag_refuse_rest_is_dropped_for_the_same_reason,
		frag_refuse_ends_datagram_that_was_complete,
	};

	return (run_tests("frag", tests, sizeof(tests) / sizeof(tests[0])));
}
