/*
 * Unit tests of pcapng.c: the blocks byte by byte, as
 * draft-ietf-opsawg-pcapng, 4.1 to 4.3 draws them.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "common/octets.h"

#include "nat64d/wire/pcapng.h"
#include "tests/unit/suite.h"

static uint8_t buf[PCAPNG_PACKET_MAX(PCAPNG_SNAPLEN + 1)];

START_TEST(begin_is_a_section_header_and_an_interface)
{
	static const uint8_t expected[] = {
		0x0a,
		0x0d,
		0x0d,
		0x0a,
		0,
		0,
		0,
		44, /* type, length */
		0x1a,
		0x2b,
		0x3c,
		0x4d,
		0,
		1,
		0,
		0, /* order, version */
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0,
		4,
		0,
		6,
		'n',
		'a',
		't',
		'6',
		'4',
		'd',
		0,
		0,
		0,
		0,
		0,
		0, /* opt_endofopt */
		0,
		0,
		0,
		44,
		0,
		0,
		0,
		1,
		0,
		0,
		0,
		32, /* interface */
		0,
		101,
		0,
		0,
		0,
		0,
		0xff,
		0xff, /* LINKTYPE_RAW */
		0,
		2,
		0,
		4,
		't',
		'u',
		'n',
		'7',
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		32,
	};

	ck_assert_uint_eq(pcapng_begin(buf, "nat64d", "tun7"),
	    sizeof(expected));
	ck_assert_mem_eq(buf, expected, sizeof(expected));
}
END_TEST

START_TEST(packet_has_its_time_lengths_and_comment)
{
	static const uint8_t data[] = { 0x60, 1, 2, 3, 4 };
	static const uint8_t expected[] = {
		0,
		0,
		0,
		6,
		0,
		0,
		0,
		60,
		0,
		0,
		0,
		0, /* interface */
		0,
		6,
		0x0f,
		0x38,
		0x1a,
		0x2b,
		0x3c,
		0x4d, /* time */
		0,
		0,
		0,
		5,
		0,
		0,
		5,
		0xdc, /* lengths */
		0x60,
		1,
		2,
		3,
		4,
		0,
		0,
		0,
		0,
		1,
		0,
		10,
		'n',
		'o',
		'-',
		'b',
		'i',
		'n',
		'd',
		'i',
		'n',
		'g',
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		60,
	};

	ck_assert_uint_eq(pcapng_packet(buf, INT64_C(0x60f381a2b3c4d), data,
			      sizeof(data), 1500, "no-binding"),
	    sizeof(expected));
	ck_assert_mem_eq(buf, expected, sizeof(expected));
}
END_TEST

START_TEST(what_is_too_long_is_cut_and_fits)
{
	static uint8_t data[PCAPNG_SNAPLEN + 1];
	char text[2 * PCAPNG_TEXT_MAX];
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_uint_le(pcapng_begin(buf, text, text), PCAPNG_BEGIN_MAX);
	len = pcapng_packet(buf, 0, data, sizeof(data), sizeof(data), text);
	ck_assert_uint_le(len, PCAPNG_PACKET_MAX(PCAPNG_SNAPLEN));
	ck_assert_uint_eq(len % 4, 0);
	ck_assert_uint_eq(get32(buf + 4), len);
	ck_assert_uint_eq(get32(buf + len - 4), len);
	ck_assert_uint_eq(get32(buf + 20), PCAPNG_SNAPLEN);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pcapng");
	TCase *tc = tcase_create("pcapng");

	tcase_add_test(tc, begin_is_a_section_header_and_an_interface);
	tcase_add_test(tc, packet_has_its_time_lengths_and_comment);
	tcase_add_test(tc, what_is_too_long_is_cut_and_fits);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
