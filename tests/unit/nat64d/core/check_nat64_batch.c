/*
 * nat64_input_batch() gives the same result as nat64_input() for each packet:
 * two translators with the same secret and random numbers get the same valid
 * and random packets and must emit the same bytes.
 */
#include <check.h>
#include <string.h>

#include "nat64d/core/nat64.h"
#include "tests/unit/fnv.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

#define NHOSTS 6000 /* enough sessions for the tables to be looked ahead */
#define NPACKETS 60000
#define MAX_LEN 80

/* A translator, and a sum of all that came out of it. */
struct side {
	struct nat64 *n;
	struct seeded seeded;
	uint64_t sum;
	unsigned n_out;
};

static struct side single, batched;

static void
emit(void *arg, struct pkt *p)
{
	struct side *side = arg;

	side->sum = fnv_add(side->sum, p->data, p->len);
	side->n_out++;
}

/* One is enough for both: it holds nothing between two calls. */
static struct nat64_workspace *ws;

static void
start(struct side *side)
{
	const struct port_range ports = { 1024, 65535 };
	const struct pool4_range pool = { .first = ip4("198.18.0.0"),
		.last = ip4("198.18.0.3"),
		.ports = { ports, ports, ports } };
	const struct nat64_sink sink = { .emit = emit, .arg = side };
	const struct in6_addr prefix = ip6("2001:db8:64::");
	struct nat64_config c;
	struct rng rng;

	nat64_config_init(&c);
	pref64_init(&c.prefixes[0], &prefix, 96);
	c.n_prefixes = 1;
	c.pool = &pool;
	c.n_pool = 1;
	c.self4 = ip4("198.18.0.1");
	c.self6 = ip6("2001:db8:ffff::1");
	c.max_sessions = 100000;
	memset(&c.subscriber, 0, sizeof(c.subscriber));
	rng = seeded_rng(&side->seeded, 1);
	side->sum = FNV_FIRST;
	side->n_out = 0;
	side->n = nat64_new(&c, &sink, &rng, at(0));
	ck_assert_ptr_nonnull(side->n);
}

static void
setup(void)
{
	ws = nat64_workspace_new();
	ck_assert_ptr_nonnull(ws);
	start(&single);
	start(&batched);
}

static void
teardown(void)
{
	nat64_free(single.n);
	nat64_free(batched.n);
	nat64_workspace_free(ws);
}

static struct seeded draws;

static unsigned
draw(unsigned n)
{
	return (seeded_next(&draws) % n);
}

/* UDP of host i. Its checksum does not matter to the one who updates it. */
static uint32_t
udp6(uint8_t *p, unsigned i)
{
	const struct in6_addr src = ip6("2001:db8:1::"),
			      dst = ip6("2001:db8:64::c633:6414");

	memset(p, 0, 60);
	p[0] = 6 << 4;
	put16(p + 4, 20);
	p[6] = IPPROTO_UDP;
	p[7] = 64;
	memcpy(p + 8, &src, sizeof(src));
	put32(p + 20, i);
	memcpy(p + 24, &dst, sizeof(dst));
	put16(p + 40, (uint16_t)(1024 + i % 50000));
	put16(p + 42, 53);
	put16(p + 44, 20);
	put16(p + 46, 0x1234);
	return (60);
}

/* A packet of a known host or of a new one, whole or spoilt. */
static uint32_t
random_packet(uint8_t *p)
{
	uint32_t len = udp6(p, draw(2 * NHOSTS));
	unsigned n;

	switch (draw(8)) {
	case 0: /* bytes that have changed */
		for (n = 1 + draw(4); n > 0; n--)
			p[draw(len)] ^= (uint8_t)(1 + draw(255));
		return (len);
	case 1: /* and some that have gone */
		return (draw(len));
	case 2: /* IPv4, mostly to nobody */
		memset(p, 0, 40);
		p[0] = 0x45;
		p[3] = 40;
		p[8] = 64;
		p[9] = draw(2) ? IPPROTO_UDP : IPPROTO_TCP;
		put32(p + 12, 0xc6336414);
		put32(p + 16, 0xc6120000 + draw(4));
		put16(p + 10, 0xffff);
		put16(p + 22, (uint16_t)draw(65536));
		return (draw(3) ? 40 : draw(40));
	default:
		return (len);
	}
}

static void
fill(struct pkt *p, uint8_t *buf, const uint8_t *bytes, uint32_t len)
{
	pkt_init(p, buf, PKT_BUFSIZE);
	memcpy(p->data, bytes, len);
	p->len = len;
}

/* Hand a number of packets to both; more than are looked at together. */
static void
input(unsigned n_packets, uint32_t (*make)(uint8_t *, unsigned),
    unsigned first, struct monotime now)
{
	static uint8_t bufs[2 * NAT64_BATCH][PKT_BUFSIZE], buf[PKT_BUFSIZE];
	struct pkt pkts[2 * NAT64_BATCH], p;
	uint8_t bytes[MAX_LEN];
	uint32_t len;
	unsigned i;

	for (i = 0; i < n_packets; i++) {
		len = make != NULL ? make(bytes, first + i) :
				     random_packet(bytes);
		fill(&p, buf, bytes, len);
		nat64_input(single.n, ws, &p, now, NULL);
		fill(&pkts[i], bufs[i], bytes, len);
	}
	nat64_input_batch(batched.n, ws, pkts, n_packets, now);
	ck_assert_uint_eq(single.n_out, batched.n_out);
	ck_assert_uint_eq(single.sum, batched.sum);
}

START_TEST(a_batch_becomes_what_its_packets_become)
{
	unsigned i, n;

	draws.state = 7;
	for (i = 0; i < NHOSTS; i += n) {
		n = 1 + draw(2 * NAT64_BATCH);
		input(n, udp6, i, at(0));
	}
	for (i = 0; i < NPACKETS; i += n) {
		n = 1 + draw(2 * NAT64_BATCH);
		input(n, NULL, 0, at(1 + i / 1000));
	}
	ck_assert_uint_gt(single.n_out, NPACKETS / 2);
	ck_assert_uint_eq(session_count(nat64_sessions(single.n)),
	    session_count(nat64_sessions(batched.n)));
}
END_TEST

START_TEST(an_empty_batch_is_nothing)
{
	nat64_input_batch(batched.n, ws, NULL, 0, at(0));
	ck_assert_uint_eq(batched.n_out, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("nat64_batch");
	Suite *s = suite_create("nat64_batch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_batch_becomes_what_its_packets_become);
	tcase_add_test(tc, an_empty_batch_is_nothing);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
