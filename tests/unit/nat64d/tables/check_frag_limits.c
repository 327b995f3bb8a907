/*
 * The limits of the fragment table, then random sequences: valid ones, which
 * must pass without loss, and malicious ones, which must not exceed the limits.
 */
#include "tests/unit/dgram.h"

/* Shows: FRG-40 LIM-04 */
START_TEST(frag_input_keys_in_all_are_limited)
{
	struct dgram g = UDP4;

	limits.max_datagrams = 6;
	setup_limits();
	for (g.src = 0; g.src < 3; g.src++)
		ck_assert_int_eq(input(&g, 1000, 1000, true), FRAG_HELD);
	ck_assert_uint_eq(result.evicted, 0);
	/* The oldest one makes room. */
	ck_assert_int_eq(input(&g, 1000, 1000, true), FRAG_HELD);
	ck_assert_uint_eq(result.evicted, 1);
	ck_assert_uint_eq(frag_datagrams(table), 3);
	g.src = 1;
	ck_assert_int_eq(input(&g, 0, 1000, true), FRAG_FIRST);
}
END_TEST

START_TEST(frag_input_sides_do_not_share_their_room)
{
	struct dgram g4 = UDP4, g6 = UDP6;
	unsigned i;

	limits.max_datagrams = 10;
	limits.max_bytes = 40000;
	setup_limits();
	ck_assert_int_eq(input(&g6, 1000, 8, true), FRAG_HELD);
	for (i = 0; i < 1000; i++) {
		g4.src++;
		ck_assert_int_eq(input(&g4, 1000, 8000, true), FRAG_HELD);
	}
	ck_assert_int_eq(input(&g6, 0, 1000, true), FRAG_FIRST);
	frag_refuse(table, result.datagram, NAT64_NO_BINDING);
}
END_TEST

START_TEST(frag_input_honest_datagrams_pass_a_flood_from_everywhere)
{
	struct dgram flood = UDP6, honest = UDP6;
	struct frag_datagram *d;
	unsigned i, j;

	honest.src = 65535;
	for (i = 0; i < 50; i++) {
		honest.id = i;
		ck_assert_int_eq(input(&honest, 1000, 1000, true), FRAG_HELD);
		for (j = 0; j < 1000; j++) {
			flood.src = (uint16_t)(i * 1000 + j);
			input(&flood, 1000, 1000, true);
		}
		ck_assert_int_eq(input(&honest, 0, 1000, true), FRAG_FIRST);
		d = result.datagram;
		resolve(77);
		ck_assert_ptr_nonnull(frag_next_held(table, d));
		ck_assert_ptr_null(frag_next_held(table, d));
	}
}
END_TEST

/* A source that has reached its limit is refused and evicts nothing. */
START_TEST(frag_input_one_source_evicts_nothing)
{
	struct dgram g = UDP4, other = UDP4;
	unsigned i;

	limits.max_datagrams = 200;
	setup_limits();
	other.src = 2;
	ck_assert_int_eq(input(&other, 1000, 8, true), FRAG_HELD);
	for (i = 0; i < 1000; i++) {
		g.id++;
		input(&g, 1000, 8, true);
		ck_assert_uint_eq(result.evicted, 0);
	}
	ck_assert_uint_eq(frag_datagrams(table), 65);
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_input_keys_per_source_are_limited)
{
	struct dgram g = UDP6;

	for (g.id = 0; g.id < 64; g.id++)
		ck_assert_int_eq(input(&g, 1000, 8, true), FRAG_HELD);
	expect_drop(&g, 1000, 8, true, NAT64_FRAG_LIMIT);
	/* Another address of the same subscriber. */
	make_tos(&frame, &g, 1000, 8, true, 0, 64);
	frame.pkt.ip6.src.s6_addr[15]++;
	ck_assert_int_eq(frag_input(table, &frame.pkt, now, &result),
	    FRAG_DROP);
	g.src++;
	ck_assert_int_eq(input(&g, 1000, 8, true), FRAG_HELD);
	/* Time makes room. */
	now = monotime_add_secs(now, 5);
	frag_expire(table, now, 100, &result.discarded);
	g.src--;
	ck_assert_int_eq(input(&g, 1000, 8, true), FRAG_HELD);
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_input_subscriber_prefix_of_any_length)
{
	struct dgram g = UDP6;

	limits.source6_len = 61;
	limits.source_datagrams = 1;
	setup_limits();
	g.src = 8;
	ck_assert_int_eq(input(&g, 1000, 8, true), FRAG_HELD);
	for (g.src = 9; g.src < 16; g.src++)
		expect_drop(&g, 1000, 8, true, NAT64_FRAG_LIMIT);
	ck_assert_int_eq(input(&g, 1000, 8, true), FRAG_HELD);
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_input_bytes_per_source_are_limited)
{
	struct dgram g = UDP4;
	uint32_t off = 8;

	while (input(&g, off, 8192 - 8, true) == FRAG_HELD) {
		off += 8192 - 8;
		if (off > 50000) {
			g.id++;
			off = 8;
		}
	}
	ck_assert_int_eq(result.reason, NAT64_FRAG_LIMIT);
	ck_assert_uint_le(frag_bytes(table), 256 << 10);
	ck_assert_uint_gt(frag_bytes(table), 240 << 10);
	g.src++;
	ck_assert_int_eq(input(&g, 8, 8000, true), FRAG_HELD);
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_input_bytes_in_all_are_limited)
{
	struct dgram g = UDP4;

	limits.max_bytes = 100000;
	setup_limits();
	for (g.src = 0; g.src < 100; g.src++)
		ck_assert_int_eq(input(&g, 1000, 8000, true), FRAG_HELD);
	ck_assert_uint_eq(result.evicted, 1);
	ck_assert_uint_le(frag_bytes(table), 50000);
	ck_assert_uint_gt(frag_bytes(table), 40000);
	/* Who was evicted leaves no key behind. */
	ck_assert_uint_eq(frag_datagrams(table), 6);
	/* What need not be kept passes. */
	pass_first(&UDP6, 1000, 77);
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_input_fragments_per_datagram_are_limited)
{
	struct frag_datagram *d;
	uint32_t i;

	for (i = 1; i <= 255; i++)
		ck_assert_int_eq(input(&UDP6, i * 24, 24, true), FRAG_HELD);
	ck_assert_int_eq(input(&UDP6, 0, 24, true), FRAG_FIRST);
	d = result.datagram;
	resolve(77);
	for (i = 1; i <= 255; i++)
		ck_assert_ptr_nonnull(frag_next_held(table, d));
	ck_assert_ptr_null(frag_next_held(table, d));
	expect_drop(&UDP6, 256 * 24, 24, false, NAT64_FRAG_LIMIT);
}
END_TEST

/* 64 KiB over a link of 576 bytes are 119 pieces of 552. */
START_TEST(frag_input_largest_datagram_in_small_pieces_is_taken)
{
	struct frag_datagram *d;
	uint32_t i;

	for (i = 1; i <= 118; i++)
		ck_assert_int_eq(input(&UDP4, i * 552, i < 118 ? 552 : 376,
				     i < 118),
		    FRAG_HELD);
	ck_assert_int_eq(input(&UDP4, 0, 552, true), FRAG_FIRST);
	d = result.datagram;
	resolve(77);
	for (i = 1; i <= 118; i++)
		ck_assert_ptr_nonnull(frag_next_held(table, d));
	ck_assert_ptr_null(frag_next_held(table, d));
}
END_TEST

/* Shows: FRG-40 */
START_TEST(frag_flush_forgets_everything)
{
	ck_assert_int_eq(input(&UDP4, 1000, 1000, true), FRAG_HELD);
	ck_assert_int_eq(input(&ICMP6, 0, 1000, true), FRAG_HELD);
	frag_flush(table);
	expect_nothing_left();
}
END_TEST

/* --- random sequences --- */

#define NDGRAMS 24
#define NPIECES 12

struct model {
	struct dgram g;
	uint8_t out[MAXTOTAL]; /* bytes that came out */
	uint16_t held[64];     /* offsets that wait, as far as we know */
	unsigned n_held;
};

struct piece {
	struct model *m;
	uint32_t off, len;
};

static uint32_t seed;

static uint32_t
rnd(uint32_t bound)
{
	seed = seed * 1664525 + 1013904223;
	return ((uint32_t)(((uint64_t)seed * bound) >> 32));
}

static void
came_out(struct model *m, const struct pkt *p)
{
	ck_assert_uint_le(p->frag_off + pkt_l4len(p), MAXTOTAL);
	check_payload(&m->g, p);
	memset(m->out + p->frag_off, 1, pkt_l4len(p));
}

static void
model_first(struct model *m, struct pkt *p, bool check_order)
{
	struct frag_datagram *d = result.datagram;
	struct pkt *held;
	unsigned n = 0;

	came_out(m, p);
	if (rnd(20) == 0 && !check_order) {
		frag_refuse(table, d, NAT64_NO_BINDING);
		return;
	}
	resolve(m->g.sport);
	while ((held = frag_next_held(table, d)) != NULL) {
		came_out(m, held);
		if (check_order)
			ck_assert_uint_eq(held->frag_off, m->held[n]);
		n++;
	}
	if (check_order)
		ck_assert_uint_eq(n, m->n_held);
	m->n_held = 0;
}

/* One fragment; friendly: only duplicated and reordered. */
static void
model_input(struct model *m, uint32_t off, uint32_t len, bool more,
    bool friendly)
{
	struct pkt *p;

	p = make_tos(&frame, &m->g, off, len, more, 0, 64);
	switch (frag_input(table, p, now, &result)) {
	case FRAG_FIRST:
		model_first(m, p, friendly);
		break;
	case FRAG_KNOWN:
		if (friendly)
			ck_assert_uint_eq(result.target->t4.src.port,
			    m->g.sport);
		came_out(m, p);
		break;
	case FRAG_HELD:
		if (friendly)
			m->held[m->n_held++] = (uint16_t)off;
		break;
	case FRAG_WHOLE:
		came_out(m, result.whole);
		if (friendly)
			ck_assert_uint_eq(pkt_l4len(result.whole), m->g.total);
		m->n_held = 0;
		break;
	case FRAG_DROP:
		ck_assert_int_ne(result.reason, NAT64_NONE);
		if (friendly)
			ck_assert_int_eq(result.reason, NAT64_FRAG_OVERLAP);
		break;
	}
	ck_assert_uint_le(frag_bytes(table), limits.max_bytes);
	ck_assert_uint_le(frag_datagrams(table), limits.max_datagrams);
}

static void
random_dgram(struct model *m, uint32_t id)
{
	static const struct dgram *const kinds[] = { &UDP4, &UDP6, &TCP4,
		&ZERO4, &ICMP4, &ICMP6 };

	memset(m, 0, sizeof(*m));
	m->g = *kinds[rnd(6)];
	m->g.id = id;
	m->g.src = (uint16_t)rnd(4);
	m->g.sport = (uint16_t)(1 + rnd(65535));
	m->g.total = 32 + rnd(6000);
}

/* Cut at random; the first piece holds the L4 header. */
static unsigned
random_pieces(struct piece *out, struct model *m)
{
	uint32_t off, len;
	unsigned n = 0;

	for (off = 0; off < m->g.total; off += len) {
		len = n == NPIECES - 1 ? m->g.total : 24 + 8 * rnd(200);
		if (len > m->g.total - off)
			len = m->g.total - off;
		out[n++] = (struct piece){ m, off, len };
	}
	/* One piece alone would not be a fragment. */
	return (n > 1 ? n : 0);
}

static void
friendly_round(uint32_t round)
{
	static struct model models[NDGRAMS];
	static struct piece pieces[2 * NDGRAMS * NPIECES];
	struct piece tmp;
	const struct model *m;
	unsigned i, j, n = 0, cut[NDGRAMS];

	for (i = 0; i < NDGRAMS; i++) {
		random_dgram(&models[i], round * NDGRAMS + i);
		cut[i] = random_pieces(pieces + n, &models[i]);
		n += cut[i];
	}
	for (i = 0, j = n; i < j / 8; i++)
		pieces[n++] = pieces[rnd(j)];
	for (i = n; i > 1; i--) {
		j = rnd(i);
		tmp = pieces[i - 1];
		pieces[i - 1] = pieces[j];
		pieces[j] = tmp;
	}
	for (i = 0; i < n; i++)
		model_input(pieces[i].m, pieces[i].off, pieces[i].len,
		    pieces[i].off + pieces[i].len < pieces[i].m->g.total,
		    true);
	for (i = 0; i < NDGRAMS; i++) {
		m = &models[i];
		if (cut[i] > 0)
			ck_assert_ptr_null(memchr(m->out, 0, m->g.total));
	}
}

/* Shows: FRG-01 FRG-10 FRG-13 FRG-15 FRG-16 */
START_TEST(frag_input_random_order_loses_nothing)
{
	unsigned discarded = 0;
	uint32_t round;

	limits.source_datagrams = 1000;
	limits.source_bytes = 1 << 20;
	limits.max_bytes = 1 << 22;
	setup_limits();
	seed = 1;
	for (round = 0; round < 400; round++) {
		friendly_round(round);
		now = monotime_add_secs(now, 5);
		ck_assert(!frag_expire(table, now, 100000, &discarded));
		expect_nothing_left();
	}
}
END_TEST

/* Shows: FRG-30 FRG-31 FRG-40 LIM-07 */
START_TEST(frag_input_random_attack_stays_in_bounds)
{
	static struct model models[NDGRAMS];
	unsigned i, step, discarded = 0;
	uint32_t off, len;

	limits.max_bytes = 40000;
	limits.max_datagrams = 12;
	limits.source_bytes = 15000;
	limits.source_datagrams = 5;
	limits.per_datagram = 8;
	setup_limits();
	seed = 2;
	for (i = 0; i < NDGRAMS; i++)
		random_dgram(&models[i], i);
	for (step = 0; step < 100000; step++) {
		off = rnd(3) == 0 ? 0 : rnd(40) * 64;
		len = rnd(4) == 0 ? rnd(1000) : 64 * (1 + rnd(8));
		model_input(&models[rnd(NDGRAMS)], off, len,
		    off == 0 || rnd(4) > 0, false);
		now = monotime_add_ms(now, rnd(50));
		if (rnd(20) == 0)
			frag_expire(table, now, rnd(4), &discarded);
	}
	now = monotime_add_secs(now, 5);
	ck_assert(!frag_expire(table, now, 100, &discarded));
	expect_nothing_left();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		frag_input_keys_in_all_are_limited,
		frag_input_sides_do_not_share_their_room,
		frag_input_honest_datagrams_pass_a_flood_from_everywhere,
		frag_input_one_source_evicts_nothing,
		frag_input_keys_per_source_are_limited,
		frag_input_subscriber_prefix_of_any_length,
		frag_input_bytes_per_source_are_limited,
		frag_input_bytes_in_all_are_limited,
		frag_input_fragments_per_datagram_are_limited,
		frag_input_largest_datagram_in_small_pieces_is_taken,
		frag_flush_forgets_everything,
		frag_input_random_order_loses_nothing,
		frag_input_random_attack_stays_in_bounds,
	};

	return (
	    run_tests("frag_limits", tests, sizeof(tests) / sizeof(tests[0])));
}
