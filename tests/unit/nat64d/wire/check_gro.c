/*
 * Unit tests of gro.c: for pairs of packets whether they are joined; and that
 * segmentation of the super-packets (gso.c) gives the original packets.
 */
#include <netinet/in.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/gro.h"
#include "nat64d/wire/vnet.h"

#include "tests/unit/gso_split.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_PACKETS 4096
#define MAX_FLOWS 150 /* of each kind: more than there are slots */

/* One packet to be built. */
struct spec {
	enum pkt_family family;
	uint8_t proto;
	uint16_t sport;
	uint16_t payload;
	uint32_t seq;
	uint8_t flags;
	uint16_t id;
	bool df;
	uint8_t ttl;
	uint8_t tos;
	uint16_t window;
	uint32_t ack;
	uint32_t timestamp; /* an option; 0: none */
	bool damaged;
	bool partial;
	bool more; /* a fragment */
};

static const struct spec udp4 = { .family = PKT_V4,
	.proto = IPPROTO_UDP,
	.sport = 1000,
	.payload = 100,
	.id = 7,
	.ttl = 60 };
static const struct spec tcp6 = { .family = PKT_V6,
	.proto = IPPROTO_TCP,
	.sport = 1000,
	.payload = 100,
	.seq = 5,
	.flags = PKT_TH_ACK,
	.ttl = 60 };

static const struct spec tcp6_psh = { .family = PKT_V6,
	.proto = IPPROTO_TCP,
	.sport = 1000,
	.payload = 100,
	.seq = 5,
	.flags = PKT_TH_ACK | PKT_TH_PSH,
	.ttl = 60 };
static const struct spec tcp6_stamped = { .family = PKT_V6,
	.proto = IPPROTO_TCP,
	.sport = 1000,
	.payload = 100,
	.seq = 5,
	.flags = PKT_TH_ACK,
	.ttl = 60,
	.timestamp = 9 };

static uint8_t storage[PKT_BUFSIZE], segment_storage[PKT_BUFSIZE];

static void
put_ip(uint8_t *ip, const struct spec *s, size_t l4len)
{
	if (s->family == PKT_V6) {
		ip[0] = (uint8_t)(6 << 4 | s->tos >> 4);
		ip[1] = (uint8_t)(s->tos << 4);
		wire_put16(ip + 4, (uint16_t)l4len);
		ip[6] = s->proto;
		ip[7] = s->ttl;
		ip[8] = ip[24] = 0x20;
		ip[23] = 1;
		ip[39] = 2;
		return;
	}
	ip[0] = 0x45;
	ip[1] = s->tos;
	wire_put16(ip + 2, (uint16_t)(PKT_IP4_HLEN + l4len));
	wire_put16(ip + 4, s->id);
	ip[6] = (uint8_t)(s->df << 6 | s->more << 5);
	ip[8] = s->ttl;
	ip[9] = s->proto;
	memcpy(ip + 12, "\xcb\x00\x71\x05\xc6\x33\x64\x14", 8);
	wire_fix_ip4(ip);
}

static size_t
l4hlen_of(const struct spec *s)
{
	if (s->proto == IPPROTO_UDP)
		return (PKT_UDP_HLEN);
	return (PKT_TCP_HLEN + (s->timestamp != 0 ? 12 : 0));
}

static void
put_l4(uint8_t *l4, const struct spec *s, size_t l4len)
{
	wire_put16(l4, s->sport);
	wire_put16(l4 + 2, 53);
	if (s->proto == IPPROTO_UDP) {
		wire_put16(l4 + PKT_UDP_LEN, (uint16_t)l4len);
		return;
	}
	put32(l4 + 4, s->seq);
	put32(l4 + 8, s->ack);
	l4[12] = (uint8_t)(l4hlen_of(s) / 4 << 4);
	l4[PKT_TCP_FLAGS] = s->flags;
	wire_put16(l4 + 14, s->window);
	if (s->timestamp != 0) {
		memcpy(l4 + PKT_TCP_HLEN, "\x01\x01\x08\x0a", 4);
		put32(l4 + PKT_TCP_HLEN + 4, s->timestamp);
	}
}

/* The packet of s, parsed, in storage. */
static struct pkt
build(const struct spec *s)
{
	const size_t hlen = s->family == PKT_V4 ? PKT_IP4_HLEN : PKT_IP6_HLEN;
	const size_t l4hlen = l4hlen_of(s);
	const size_t l4len = l4hlen + s->payload;
	struct pkt p;
	uint8_t *cksum, *l4;
	uint16_t sum;
	size_t i;

	pkt_init(&p, storage, sizeof(storage));
	memset(p.data, 0, hlen + l4hlen);
	l4 = p.data + hlen;
	put_ip(p.data, s, l4len);
	put_l4(l4, s, l4len);
	for (i = l4hlen; i < l4len; i++)
		l4[i] = (uint8_t)(i * 7 + s->seq + s->id);
	cksum = l4 + (s->proto == IPPROTO_TCP ? PKT_TCP_CKSUM : PKT_UDP_CKSUM);
	sum = wire_pseudo(p.data, s->proto, l4len);
	if (s->partial)
		wire_put16(cksum, sum);
	else
		wire_put16(cksum, (uint16_t)~wire_sum(sum, l4, l4len));
	if (!s->partial && wire_get16(cksum) == 0)
		wire_put16(cksum, 0xffff);
	if (s->damaged)
		l4[l4len - 1] ^= 1;
	p.len = (uint32_t)(hlen + l4len);
	/* With a complete checksum csum_start and csum_off have any value. */
	if (s->partial) {
		p.ofl.csum_partial = true;
		p.ofl.csum_start = (uint16_t)hlen;
		p.ofl.csum_off = (uint16_t)(cksum - l4);
	}
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	return (p);
}

/* The output: number of writes, and the packets after segmentation. */
static struct {
	unsigned n_written;
	unsigned n_packets;
	size_t len[MAX_PACKETS];
	uint8_t *bytes[MAX_PACKETS];
} out;

/* With DF the identification means nothing, and may change (RFC 6864, 4.1). */
static void
ignore_id(uint8_t *ip)
{
	if (ip[0] >> 4 == 4 && (ip[6] & 0x40) != 0) {
		wire_put16(ip + 4, 0);
		wire_fix_ip4(ip);
	}
}

/* Flows differ in family, protocol and source port only. */
static bool
same_flow(const uint8_t *a, const uint8_t *b)
{
	const bool v4 = a[0] >> 4 == 4;
	const size_t port = v4 ? PKT_IP4_HLEN : PKT_IP6_HLEN;
	const size_t proto = v4 ? 9 : 6;

	return (a[0] >> 4 == b[0] >> 4 && a[proto] == b[proto] &&
	    memcmp(a + port, b + port, 2) == 0);
}

static void
note_packet(const uint8_t *data, size_t len)
{
	ck_assert_uint_lt(out.n_packets, MAX_PACKETS);
	out.bytes[out.n_packets] = malloc(len);
	memcpy(out.bytes[out.n_packets], data, len);
	ignore_id(out.bytes[out.n_packets]);
	out.len[out.n_packets++] = len;
}

static void
note_segment(void *arg, struct pkt *p)
{
	(void)arg;
	note_packet(p->data, p->len);
}

static void
written(void *arg, const struct pkt *p)
{
	struct pkt copy, segment;
	uint8_t hdr[VNET_HDRLEN];
	const char *fault;

	(void)arg;
	ck_assert(pkt_offload_holds(p));
	vnet_encode(p, hdr);
	fault = vnet_fault(hdr, p->data, p->len, true);
	ck_assert_msg(fault == NULL, "%s", fault);
	out.n_written++;
	if (p->ofl.seg != PKT_SEG_NONE) {
		ck_assert_uint_le(gso_count(p), GRO_MAX_SEGMENTS);
		pkt_init(&segment, segment_storage, sizeof(segment_storage));
		ck_assert_uint_gt(gso_split(p, &segment, note_segment, NULL),
		    1);
		return;
	}
	copy = *p;
	copy.buf = segment_storage;
	copy.data = segment_storage + PKT_HEADROOM;
	memcpy(copy.data, p->data, p->len);
	pkt_complete_cksum(&copy);
	note_packet(copy.data, copy.len);
}

static void
forget_written(void)
{
	while (out.n_packets > 0)
		free(out.bytes[--out.n_packets]);
	out.n_written = 0;
}

/* The second packet of a pair, as differences from the first. */
struct pair {
	const char *name;
	const struct spec *first;
	struct spec second;
	unsigned written; /* 1: joined */
};

#define UDP4(...)                                                      \
	{                                                              \
		.family = PKT_V4, .proto = IPPROTO_UDP, .sport = 1000, \
		.payload = 100, .id = 8, .ttl = 60, __VA_ARGS__        \
	}
#define TCP6(...)                                                           \
	{                                                                   \
		.family = PKT_V6, .proto = IPPROTO_TCP, .sport = 1000,      \
		.payload = 100, .seq = 105, .flags = PKT_TH_ACK, .ttl = 60, \
		__VA_ARGS__                                                 \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct pair pairs[] = {
	{ "the next datagram", &udp4, UDP4(.tos = 0), 1 },
	{ "a shorter datagram ends it", &udp4, UDP4(.payload = 99), 1 },
	{ "a longer datagram", &udp4, UDP4(.payload = 101), 2 },
	{ "an empty datagram", &udp4, UDP4(.payload = 0), 2 },
	{ "another port", &udp4, UDP4(.sport = 1001), 2 },
	{ "another TTL", &udp4, UDP4(.ttl = 59), 2 },
	{ "another TOS", &udp4, UDP4(.tos = 4), 2 },
	{ "an identification that jumps", &udp4, UDP4(.id = 9), 2 },
	{ "another DF", &udp4, UDP4(.df = true), 2 },
	{ "a damaged datagram", &udp4, UDP4(.damaged = true), 2 },
	{ "a partial checksum", &udp4, UDP4(.partial = true), 1 },
	{ "a fragment", &udp4, UDP4(.more = true, .payload = 104), 2 },
	{ "the next segment", &tcp6, TCP6(.tos = 0), 1 },
	{ "the next segment with PSH", &tcp6,
	    TCP6(.flags = PKT_TH_ACK | PKT_TH_PSH), 1 },
	{ "a segment behind PSH", &tcp6_psh, TCP6(.tos = 0), 2 },
	{ "a segment that is urgent", &tcp6, TCP6(.flags = PKT_TH_ACK | 0x20),
	    2 },
	{ "a segment with ECE", &tcp6, TCP6(.flags = PKT_TH_ACK | 0x40), 2 },
	{ "a segment with CWR", &tcp6, TCP6(.flags = PKT_TH_ACK | PKT_TH_CWR),
	    2 },
	{ "a segment with RST", &tcp6, TCP6(.flags = PKT_TH_ACK | PKT_TH_RST),
	    2 },
	{ "another acknowledgement", &tcp6, TCP6(.ack = 1), 2 },
	{ "the same options", &tcp6_stamped, TCP6(.timestamp = 9), 1 },
	{ "another timestamp", &tcp6_stamped, TCP6(.timestamp = 10), 2 },
	{ "options where none were", &tcp6, TCP6(.timestamp = 9), 2 },
	{ "no options where some were", &tcp6_stamped, TCP6(.tos = 0), 2 },
	{ "a segment marked by ECN", &tcp6, TCP6(.tos = 3), 2 },
	{ "a shorter segment ends it", &tcp6, TCP6(.payload = 99), 1 },
	{ "a longer segment", &tcp6, TCP6(.payload = 101), 2 },
	{ "a segment with FIN", &tcp6, TCP6(.flags = PKT_TH_ACK | PKT_TH_FIN),
	    2 },
	{ "a segment out of order", &tcp6, TCP6(.seq = 104), 2 },
	{ "another window", &tcp6, TCP6(.window = 1), 2 },
	{ "a bare acknowledgement", &tcp6, TCP6(.payload = 0), 2 },
	{ "a damaged segment", &tcp6, TCP6(.damaged = true), 2 },
};
#pragma GCC diagnostic pop

/* Shows: GSO-31 CSM-02 GSO-15 XLT-15 */
START_TEST(two_packets_are_joined_when_the_second_continues_the_first)
{
	const struct pair *row = &pairs[_i];
	struct gro *g = gro_new(true, true, written, NULL);
	struct pkt p;
	uint8_t first[PKT_MAXLEN], second[PKT_MAXLEN];
	size_t first_len, second_len;
	struct spec whole;

	p = build(row->first);
	first_len = p.len;
	memcpy(first, p.data, p.len);
	ignore_id(first);
	gro_send(g, &p);
	p = build(&row->second);
	gro_send(g, &p);
	gro_flush(g);
	ck_assert_msg(out.n_written == row->written, "%s: %u writes",
	    row->name, out.n_written);

	/* The same bytes, but with a complete checksum. */
	whole = row->second;
	whole.partial = false;
	p = build(&whole);
	second_len = p.len;
	memcpy(second, p.data, p.len);
	ignore_id(second);
	ck_assert_uint_eq(out.n_packets, 2);
	ck_assert_uint_eq(out.len[0], first_len);
	ck_assert_mem_eq(out.bytes[0], first, first_len);
	ck_assert_uint_eq(out.len[1], second_len);
	ck_assert_mem_eq(out.bytes[1], second, second_len);
	forget_written();
	gro_free(g);
}
END_TEST

/* Shows: GSO-25 */
START_TEST(a_long_run_leaves_in_super_packets_of_64)
{
	struct gro *g = gro_new(true, true, written, NULL);
	struct spec s = udp4;
	struct pkt p;
	unsigned i;

	for (i = 0; i < 130; i++) {
		p = build(&s);
		gro_send(g, &p);
		s.id++;
	}
	gro_flush(g);
	ck_assert_uint_eq(out.n_written, 3);
	ck_assert_uint_eq(out.n_packets, 130);
	forget_written();
	gro_free(g);
}
END_TEST

/* Shows: GSO-18 */
START_TEST(a_super_packet_never_exceeds_the_length_field)
{
	struct gro *g = gro_new(true, true, written, NULL);
	struct spec s = udp4;
	struct pkt p;
	unsigned i;

	s.payload = 1472;
	for (i = 0; i < 64; i++) {
		p = build(&s);
		gro_send(g, &p);
		s.id++;
	}
	gro_flush(g);
	ck_assert_uint_eq(out.n_written, 2);
	ck_assert_uint_eq(out.n_packets, 64);
	forget_written();
	gro_free(g);
}
END_TEST

START_TEST(nothing_is_joined_that_the_device_does_not_take)
{
	struct gro *g = gro_new(false, false, written, NULL);
	struct spec s = udp4;
	struct pkt p;

	p = build(&s);
	gro_send(g, &p);
	s.id++;
	p = build(&s);
	gro_send(g, &p);
	ck_assert_uint_eq(out.n_written, 2);
	forget_written();
	gro_free(g);
}
END_TEST

static struct spec
random_spec(uint32_t *seed, uint32_t *seqs, unsigned n_flows)
{
	const bool v4 = wire_random(seed) % 2, tcp = wire_random(seed) % 2;
	const unsigned flow = wire_random(seed) % n_flows;
	const unsigned odd = wire_random(seed) % 8;
	struct spec s = { .family = v4 ? PKT_V4 : PKT_V6,
		.proto = tcp ? IPPROTO_TCP : IPPROTO_UDP,
		.sport = (uint16_t)(1000 + flow),
		.payload =
		    odd == 0 ? (uint16_t)(wire_random(seed) % 300) : 200,
		.flags = odd == 1 ? PKT_TH_ACK | PKT_TH_PSH : PKT_TH_ACK,
		.ttl = odd == 2 ? 9 : 60,
		.df = odd != 3,
		.damaged = odd == 4,
		.partial = odd == 5 };

	s.seq = seqs[flow];
	s.id = (uint16_t)seqs[flow];
	seqs[flow] += s.payload;
	return (s);
}

/*
 * Random packets of few or many flows of each kind: those of a flow are
 * written in their order and with their bytes.
 */
/* Shows: XLT-15 CSM-02 */
START_TEST(any_sequence_comes_out_whole_and_in_order_of_its_flows)
{
	static uint8_t *sent[MAX_PACKETS];
	static size_t sent_len[MAX_PACKETS];
	uint32_t seed = 4711 + (uint32_t)_i, seqs[MAX_FLOWS] = { 0 };
	const unsigned n_flows = _i % 2 == 0 ? 6 : MAX_FLOWS;
	struct gro *g = gro_new(true, true, written, NULL);
	unsigned n, i, j;
	struct spec s;
	struct pkt p;

	for (n = 0; n < 2000; n++) {
		s = random_spec(&seed, seqs, n_flows);
		p = build(&s);
		gro_send(g, &p);
		pkt_complete_cksum(&p);
		sent[n] = malloc(p.len);
		memcpy(sent[n], p.data, p.len);
		ignore_id(sent[n]);
		sent_len[n] = p.len;
		if (wire_random(&seed) % 8 == 0)
			gro_release(g);
		if (wire_random(&seed) % (10 * n_flows) == 0)
			gro_flush(g);
	}
	gro_flush(g);
	ck_assert_uint_eq(out.n_packets, n);
	ck_assert_uint_lt(out.n_written, n);
	/* Each packet written is the oldest one of its flow not yet written. */
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++)
			if (sent[j] != NULL &&
			    same_flow(sent[j], out.bytes[i]))
				break;
		ck_assert_uint_lt(j, n);
		ck_assert_uint_eq(out.len[i], sent_len[j]);
		ck_assert_mem_eq(out.bytes[i], sent[j], sent_len[j]);
		free(sent[j]);
		sent[j] = NULL;
	}
	forget_written();
	gro_free(g);
}
END_TEST

/* Shows: XLT-15 */
START_TEST(packets_that_are_not_joined_do_not_overtake_their_flow)
{
	struct gro *g = gro_new(true, true, written, NULL);
	struct spec s = tcp6;
	struct pkt p;

	p = build(&s);
	gro_send(g, &p);
	s.seq += s.payload;
	s.payload = 0;
	s.flags = PKT_TH_ACK | PKT_TH_FIN;
	p = build(&s);
	gro_send(g, &p);
	ck_assert_uint_eq(out.n_written, 2);
	ck_assert_uint_eq(out.bytes[1][PKT_IP6_HLEN + PKT_TCP_FLAGS],
	    PKT_TH_ACK | PKT_TH_FIN);
	forget_written();
	gro_free(g);
}
END_TEST

/* Send the next packet of a flow of datagrams. */
static void
send_next(struct gro *g, struct spec *s)
{
	struct pkt p = build(s);

	gro_send(g, &p);
	s->id++;
}

START_TEST(a_lone_packet_does_not_wait_for_the_end_of_the_batch)
{
	struct gro *g = gro_new(true, true, written, NULL);
	struct spec lone = udp4, busy = udp4;
	unsigned i;

	busy.sport++;
	send_next(g, &busy);
	send_next(g, &lone);
	send_next(g, &busy);
	ck_assert_uint_eq(out.n_written, 0);
	gro_release(g);
	ck_assert_uint_eq(out.n_written, 1);
	ck_assert_uint_eq(wire_get16(out.bytes[0] + PKT_IP4_HLEN), lone.sport);
	for (i = 0; i < 5; i++) {
		send_next(g, &busy);
		gro_release(g);
	}
	ck_assert_uint_eq(out.n_written, 1);
	gro_flush(g);
	ck_assert_uint_eq(out.n_written, 2);
	ck_assert_uint_eq(out.n_packets, 8);
	forget_written();
	gro_free(g);
}
END_TEST

/* Packets far from each other, as when many flows are mixed, are joined. */
START_TEST(a_flow_waits_when_it_sent_several_packets_in_its_last_batch)
{
	struct gro *g = gro_new(true, true, written, NULL);
	static const struct {
		unsigned n_packets, released, written;
	} batches[] = {
		{ 1, 1, 1 }, /* unknown: not expected to send another one */
		{ 4, 1, 2 }, /* one in its last batch */
		{ 4, 0, 1 },
		{ 1, 0, 1 },
		{ 1, 1, 1 },
		{ 2, 1, 2 },
		{ 2, 0, 1 },
	};
	struct spec s = udp4;
	unsigned i, k;

	for (i = 0; i < NITEMS(batches); i++) {
		for (k = 0; k < batches[i].n_packets; k++) {
			send_next(g, &s);
			gro_release(g);
		}
		ck_assert_uint_eq(out.n_written, batches[i].released);
		gro_flush(g);
		ck_assert_uint_eq(out.n_written, batches[i].written);
		ck_assert_uint_eq(out.n_packets, batches[i].n_packets);
		forget_written();
	}
	gro_free(g);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("gro");
	Suite *s = suite_create("gro");

	tcase_add_loop_test(tc,
	    two_packets_are_joined_when_the_second_continues_the_first, 0,
	    NITEMS(pairs));
	tcase_add_test(tc, a_long_run_leaves_in_super_packets_of_64);
	tcase_add_test(tc, a_super_packet_never_exceeds_the_length_field);
	tcase_add_test(tc, nothing_is_joined_that_the_device_does_not_take);
	tcase_add_test(tc,
	    a_lone_packet_does_not_wait_for_the_end_of_the_batch);
	tcase_add_test(tc,
	    a_flow_waits_when_it_sent_several_packets_in_its_last_batch);
	tcase_add_loop_test(tc,
	    any_sequence_comes_out_whole_and_in_order_of_its_flows, 0, 10);
	tcase_add_test(tc,
	    packets_that_are_not_joined_do_not_overtake_their_flow);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
