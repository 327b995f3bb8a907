/*
 * Unit tests of vnet.c.
 */
#include <netinet/in.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/wire/vnet.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* A header in words, as <linux/virtio_net.h> has it. */
struct words {
	uint8_t flags;
	uint8_t type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_off;
};

static void
to_bytes(const struct words *w, uint8_t hdr[VNET_HDRLEN])
{
	hdr[0] = w->flags;
	hdr[1] = w->type;
	memcpy(hdr + 2, &w->hdr_len, 2);
	memcpy(hdr + 4, &w->gso_size, 2);
	memcpy(hdr + 6, &w->csum_start, 2);
	memcpy(hdr + 8, &w->csum_off, 2);
}

/* Shows: GSO-04 GSO-32 */
START_TEST(decode_refuses_what_no_packet_can_make_true)
{
	static const struct {
		const char *name;
		struct words words;
		int result;
	} rows[] = {
		{ "plain", { 0, 0, 0, 0, 0, 0 }, 0 },
		{ "partial checksum", { 1, 0, 0, 0, 40, 6 }, 0 },
		{ "valid checksum", { 2, 0, 0, 0, 0, 0 }, 0 },
		{ "both flags", { 3, 0, 0, 0, 40, 6 }, 0 },
		{ "flag 4", { 4, 0, 0, 0, 0, 0 }, -1 },
		{ "flag 8", { 9, 0, 0, 0, 40, 6 }, -1 },
		{ "TSO4", { 1, 1, 40, 1400, 20, 16 }, 0 },
		{ "TSO6", { 1, 4, 60, 1400, 40, 16 }, 0 },
		{ "USO", { 1, 5, 48, 1200, 40, 6 }, 0 },
		{ "UFO", { 1, 3, 28, 1200, 20, 6 }, -1 },
		{ "type 2", { 1, 2, 28, 1200, 20, 6 }, -1 },
		{ "type 6", { 1, 6, 28, 1200, 20, 6 }, -1 },
		{ "type 0x21", { 1, 0x21, 40, 1400, 20, 16 }, -1 },
		{ "TSO4, ECN", { 1, 0x81, 40, 1400, 20, 16 }, 0 },
		{ "TSO6, ECN", { 1, 0x84, 60, 1400, 40, 16 }, 0 },
		{ "TSO6, accurate ECN", { 1, 0x14, 60, 1400, 40, 16 }, 0 },
		{ "USO, ECN", { 1, 0x85, 48, 1200, 40, 6 }, -1 },
		{ "USO, accurate ECN", { 1, 0x15, 48, 1200, 40, 6 }, -1 },
		{ "no type, ECN", { 1, 0x80, 0, 0, 40, 6 }, -1 },
		{ "TSO4 of size 0", { 1, 1, 40, 0, 20, 16 }, -1 },
		{ "USO of size 0", { 1, 5, 28, 0, 20, 6 }, -1 },
		{ "header length is a hint only", { 1, 1, 65535, 1, 20, 16 },
		    0 },
	};
	uint8_t hdr[VNET_HDRLEN];
	struct pkt_offload ofl;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		to_bytes(&rows[i].words, hdr);
		ck_assert_msg(vnet_decode(hdr, &ofl) == rows[i].result, "%s",
		    rows[i].name);
	}
}
END_TEST

/* Shows: GSO-04 */
START_TEST(decode_finds_every_field)
{
	const struct words words = { 1, 0x94, 60, 1400, 40, 16 };
	uint8_t hdr[VNET_HDRLEN];
	struct pkt_offload ofl;

	to_bytes(&words, hdr);
	ck_assert_int_eq(vnet_decode(hdr, &ofl), 0);
	ck_assert_int_eq(ofl.seg, PKT_SEG_TCP);
	ck_assert_uint_eq(ofl.seg_family, PKT_V6);
	ck_assert_uint_eq(ofl.seg_size, 1400);
	ck_assert(ofl.ecn && ofl.accecn);
	ck_assert(ofl.csum_partial && !ofl.csum_valid);
	ck_assert_uint_eq(ofl.csum_start, 40);
	ck_assert_uint_eq(ofl.csum_off, 16);
}
END_TEST

/* Shows: GSO-04 */
START_TEST(decode_ignores_fields_without_meaning)
{
	const struct words words = { 2, 0, 99, 1400, 40, 16 };
	uint8_t hdr[VNET_HDRLEN];
	struct pkt_offload ofl;

	to_bytes(&words, hdr);
	ck_assert_int_eq(vnet_decode(hdr, &ofl), 0);
	ck_assert_int_eq(ofl.seg, PKT_SEG_NONE);
	ck_assert(ofl.csum_valid && !ofl.csum_partial);
	ck_assert_uint_eq(ofl.seg_size, 0);
	ck_assert_uint_eq(ofl.csum_start, 0);
	ck_assert_uint_eq(ofl.csum_off, 0);
}
END_TEST

#define TCP                                                         \
	.seg = PKT_SEG_TCP, .seg_size = 1400, .csum_partial = true, \
	.csum_off = PKT_TCP_CKSUM
#define UDP                                                         \
	.seg = PKT_SEG_UDP, .seg_size = 1200, .csum_partial = true, \
	.csum_off = PKT_UDP_CKSUM

/* Shows: GSO-10 GSO-11 GSO-12 GSO-12b GSO-14 GSO-14b GSO-14c GSO-16 */
/* Shows: GSO-20 */
START_TEST(encode_describes_the_packet_as_it_stands)
{
	/* Translation does not change csum_start. */
	static const struct {
		const char *name;
		enum pkt_family family;
		uint16_t l4off, l4hlen;
		struct pkt_offload ofl;
		struct words words;
	} rows[] = {
		{ "TSO6 to TSO4", PKT_V4, 20, 20, { TCP, .csum_start = 40 },
		    { 1, 1, 40, 1400, 20, 16 } },
		{ "TSO4 to TSO6", PKT_V6, 40, 32, { TCP, .csum_start = 20 },
		    { 1, 4, 72, 1400, 40, 16 } },
		{ "TSO with ECN", PKT_V4, 20, 20, { TCP, .ecn = true },
		    { 1, 0x81, 40, 1400, 20, 16 } },
		{ "TSO with accurate ECN", PKT_V6, 40, 20,
		    { TCP, .accecn = true }, { 1, 0x14, 60, 1400, 40, 16 } },
		{ "USO6 to USO4", PKT_V4, 20, 8, { UDP, .csum_start = 40 },
		    { 1, 5, 28, 1200, 20, 6 } },
		{ "USO4 to USO6", PKT_V6, 40, 8, { UDP, .csum_start = 20 },
		    { 1, 5, 48, 1200, 40, 6 } },
		{ "partial checksum", PKT_V4, 20, 8,
		    { .csum_partial = true, .csum_off = PKT_UDP_CKSUM },
		    { 1, 0, 0, 0, 20, 6 } },
		{ "valid checksum", PKT_V6, 40, 8, { .csum_valid = true },
		    { 2, 0, 0, 0, 0, 0 } },
		{ "plain", PKT_V6, 40, 8, { .seg = PKT_SEG_NONE },
		    { 0, 0, 0, 0, 0, 0 } },
	};
	uint8_t hdr[VNET_HDRLEN], expected[VNET_HDRLEN];
	struct pkt p;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		memset(&p, 0, sizeof(p));
		p.family = rows[i].family;
		p.l4off = rows[i].l4off;
		p.l4hlen = rows[i].l4hlen;
		p.ofl = rows[i].ofl;
		to_bytes(&rows[i].words, expected);
		memset(hdr, 0xff, sizeof(hdr));
		vnet_encode(&p, hdr);
		ck_assert_msg(memcmp(hdr, expected, sizeof(hdr)) == 0, "%s",
		    rows[i].name);
	}
}
END_TEST

/* Make a UDP or TCP packet with payload bytes; returns its length. */
static uint32_t
make_packet(uint8_t *ip, enum pkt_family family, uint8_t proto, size_t payload,
    bool fragment)
{
	const size_t hlen = family == PKT_V4 ? PKT_IP4_HLEN : PKT_IP6_HLEN;
	const size_t l4hlen = proto == IPPROTO_TCP ? 32 : 8;
	const size_t len = hlen + l4hlen + payload;

	memset(ip, 0, len);
	if (family == PKT_V4) {
		ip[0] = 0x45;
		wire_put16(ip + 2, (uint16_t)len);
		ip[6] = fragment ? 0x20 : 0;
		ip[8] = 64;
		ip[9] = proto;
		wire_fix_ip4(ip);
	} else {
		ip[0] = 0x60;
		wire_put16(ip + 4, (uint16_t)(len - hlen));
		ip[6] = proto;
		ip[7] = 64;
	}
	wire_put16(ip + hlen, 1000);
	wire_put16(ip + hlen + 2, 53);
	if (proto == IPPROTO_TCP)
		ip[hlen + 12] = 8 << 4;
	else
		wire_put16(ip + hlen + 4, (uint16_t)(l4hlen + payload));
	return ((uint32_t)len);
}

#define TCP4 PKT_V4, IPPROTO_TCP
#define TCP6 PKT_V6, IPPROTO_TCP
#define UDP4 PKT_V4, IPPROTO_UDP
#define UDP6 PKT_V6, IPPROTO_UDP

/* Shows: GSO-10 GSO-11 GSO-12 GSO-12b GSO-14 GSO-14b GSO-14c GSO-25 */
START_TEST(fault_of_a_header_is_found_whoever_made_it)
{
	static const struct {
		const char *fault; /* begin of the text; NULL: no fault */
		enum pkt_family family;
		uint8_t proto;
		struct words words;
	} rows[] = {
		{ NULL, UDP4, { 0, 0, 0, 0, 0, 0 } },
		{ NULL, UDP4, { 2, 0, 0, 0, 0, 0 } },
		{ NULL, UDP4, { 1, 0, 0, 0, 20, 6 } },
		{ NULL, UDP6, { 1, 5, 48, 1000, 40, 6 } },
		{ NULL, TCP4, { 1, 1, 52, 1000, 20, 16 } },
		{ NULL, TCP6, { 1, 4, 72, 2000, 40, 16 } },
		{ NULL, TCP6, { 2, 4, 72, 1000, 0, 0 } },
		{ NULL, TCP6, { 1, 0x94, 72, 1000, 40, 16 } },
		{ "ECN", UDP4, { 1, 0x85, 28, 1000, 20, 6 } },
		{ "wrong segment type", TCP4, { 1, 4, 52, 1000, 20, 16 } },
		{ "wrong segment type", TCP6, { 1, 1, 72, 1000, 40, 16 } },
		{ "wrong segment type", TCP6, { 1, 5, 72, 1000, 40, 16 } },
		{ "wrong segment type", UDP6, { 1, 4, 48, 1000, 40, 6 } },
		{ "wrong segment type", UDP4, { 1, 3, 28, 1000, 20, 6 } },
		{ "wrong segment type", TCP4, { 1, 2, 52, 1000, 20, 16 } },
		{ "wrong hdr_len", TCP4, { 1, 1, 40, 1000, 20, 16 } },
		{ "wrong hdr_len", TCP6, { 1, 4, 52, 1000, 40, 16 } },
		{ "wrong hdr_len", UDP6, { 1, 5, 28, 1000, 40, 6 } },
		{ "segment size 0", TCP4, { 1, 1, 52, 0, 20, 16 } },
		{ "segment size above", TCP4, { 1, 1, 52, 2001, 20, 16 } },
		{ "segment size above", TCP4, { 1, 1, 52, 65535, 20, 16 } },
		{ "UDP segments", UDP6, { 0, 5, 48, 1000, 0, 0 } },
		{ "UDP segments", UDP6, { 2, 5, 48, 1000, 0, 0 } },
		{ "wrong csum_start", TCP4, { 1, 1, 52, 1000, 40, 16 } },
		{ "wrong csum_start", UDP6, { 1, 0, 0, 0, 20, 6 } },
		{ "wrong csum_offset", UDP4, { 1, 5, 28, 1000, 20, 0 } },
		{ "wrong csum_offset", TCP6, { 1, 4, 72, 1000, 40, 0 } },
		{ "wrong csum_offset", TCP6, { 1, 0, 0, 0, 40, 6 } },
		{ "wrong csum_offset", UDP6, { 1, 0, 0, 0, 40, 16 } },
	};
	uint8_t hdr[VNET_HDRLEN], packet[4096];
	const char *fault;
	uint32_t len;
	size_t i;

	for (i = 0; i < NITEMS(rows); i++) {
		len = make_packet(packet, rows[i].family, rows[i].proto, 2000,
		    false);
		to_bytes(&rows[i].words, hdr);
		fault = vnet_fault(hdr, packet, len, true);
		if (rows[i].fault == NULL)
			ck_assert_msg(fault == NULL, "row %zu: %s", i, fault);
		else
			ck_assert_msg(fault != NULL &&
				strncmp(fault, rows[i].fault,
				    strlen(rows[i].fault)) == 0,
			    "row %zu: %s", i, fault == NULL ? "-" : fault);
	}
}
END_TEST

/* Shows: GSO-04 GSO-06 */
START_TEST(fault_is_what_no_header_can_make_right)
{
	const struct words partial = { 1, 0, 0, 0, 20, 6 };
	const struct words segments = { 1, 5, 28, 1000, 20, 6 };
	uint8_t hdr[VNET_HDRLEN], packet[4096];
	uint32_t len;

	to_bytes(&partial, hdr);
	len = make_packet(packet, UDP4, 2000, true);
	ck_assert_str_eq(vnet_fault(hdr, packet, len, true),
	    "offload of a fragment");
	len = make_packet(packet, PKT_V4, IPPROTO_ICMP, 2000, false);
	ck_assert_str_eq(vnet_fault(hdr, packet, len, true),
	    "offload of neither TCP nor UDP");
	len = make_packet(packet, UDP4, 2000, false);
	ck_assert_ptr_null(vnet_fault(hdr, packet, len, true));
	ck_assert_str_eq(vnet_fault(hdr, packet, len + 1, true),
	    "bad IP header");
	ck_assert_str_eq(vnet_fault(hdr, packet, len, false),
	    "offload, but the device has none");
	to_bytes(&segments, hdr);
	wire_put16(packet + 20 + 4, 7);
	ck_assert_str_eq(vnet_fault(hdr, packet, len, true), "bad L4 header");
	wire_put16(packet + 20 + 4, 8);
	ck_assert_str_eq(vnet_fault(hdr, packet, len, true),
	    "wrong UDP length");
}
END_TEST

static Suite *
vnet_suite(void)
{
	Suite *s = suite_create("vnet");
	TCase *tc = tcase_create("vnet");

	tcase_add_test(tc, decode_refuses_what_no_packet_can_make_true);
	tcase_add_test(tc, decode_finds_every_field);
	tcase_add_test(tc, decode_ignores_fields_without_meaning);
	tcase_add_test(tc, encode_describes_the_packet_as_it_stands);
	tcase_add_test(tc, fault_of_a_header_is_found_whoever_made_it);
	tcase_add_test(tc, fault_is_what_no_header_can_make_right);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(vnet_suite()));
}
