/*
 * Unit tests of siphash.c against the vectors that its authors publish with
 * the reference implementation: key 00 01 .. 0f, message 00 01 .. of every
 * length.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "common/siphash.h"

#include "tests/unit/suite.h"

static const uint64_t published[] = {
	0x726fdb47dd0e0e31ULL,
	0x74f839c593dc67fdULL,
	0x0d6c8009d9a94f5aULL,
	0x85676696d7fb7e2dULL,
	0xcf2794e0277187b7ULL,
	0x18765564cd99a68dULL,
	0xcbc9466e58fee3ceULL,
	0xab0200f58b01d137ULL,
	0x93f5f5799a932462ULL,
};

static struct siphash_key
counting_key(void)
{
	struct siphash_key key;
	uint8_t i;

	for (i = 0; i < SIPHASH_KEYLEN; i++)
		key.bytes[i] = i;
	return (key);
}

START_TEST(hash_matches_published_vectors)
{
	struct siphash_key key = counting_key();
	uint8_t data[16];
	size_t len;

	for (len = 0; len < sizeof(data); len++)
		data[len] = (uint8_t)len;
	for (len = 0; len < sizeof(published) / sizeof(published[0]); len++)
		ck_assert_msg(siphash24(&key, data, len) == published[len],
		    "length %zu", len);
}
END_TEST

/* The example of the paper's appendix A: a word and a tail of seven bytes. */
START_TEST(hash_matches_example_of_the_paper)
{
	struct siphash_key key = counting_key();
	uint8_t data[15];
	uint8_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i;
	ck_assert(
	    siphash24(&key, data, sizeof(data)) == 0xa129ca6149be45e5ULL);
}
END_TEST

START_TEST(hash_is_the_same_at_every_alignment)
{
	struct siphash_key key = counting_key();
	uint8_t room[40];
	uint64_t first = 0, h;
	size_t at;

	for (at = 0; at < 8; at++) {
		memset(room, 0x5a, sizeof(room));
		h = siphash24(&key, room + at, 21);
		if (at == 0)
			first = h;
		ck_assert(h == first);
	}
}
END_TEST

START_TEST(hash_depends_on_every_bit_of_key_and_data)
{
	struct siphash_key key = counting_key();
	uint8_t data[11] = { 0 };
	uint64_t h = siphash24(&key, data, sizeof(data));
	size_t bit;

	for (bit = 0; bit < 8 * sizeof(data); bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(siphash24(&key, data, sizeof(data)) != h);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (bit = 0; bit < 8 * SIPHASH_KEYLEN; bit++) {
		key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(siphash24(&key, data, sizeof(data)) != h);
		key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

/* As OpenSSL 3.0 has them: openssl mac -macopt size:16 ... SIPHASH */
START_TEST(mac_matches_another_implementation)
{
	static const struct {
		size_t len;
		uint8_t mac[SIPHASH_MACLEN];
	} known[] = {
		{ 0,
		    { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d,
			0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 } },
		{ 7,
		    { 0xa1, 0xf1, 0xeb, 0xbe, 0xd8, 0xdb, 0xc1, 0x53, 0xc0,
			0xb8, 0x4a, 0xa6, 0x1f, 0xf0, 0x82, 0x39 } },
		{ 8,
		    { 0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f,
			0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4 } },
		{ 63,
		    { 0x51, 0x50, 0xd1, 0x77, 0x2f, 0x50, 0x83, 0x4a, 0x50,
			0x3e, 0x06, 0x9a, 0x97, 0x3f, 0xbd, 0x7c } },
	};
	struct siphash_key key = counting_key();
	uint8_t data[64], mac[SIPHASH_MACLEN];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		siphash24_mac(&key, data, known[i].len, mac);
		ck_assert_mem_eq(mac, known[i].mac, sizeof(mac));
	}
}
END_TEST

static Suite *
siphash_suite(void)
{
	Suite *s = suite_create("siphash");
	TCase *tc = tcase_create("siphash");

	tcase_add_test(tc, hash_matches_published_vectors);
	tcase_add_test(tc, hash_matches_example_of_the_paper);
	tcase_add_test(tc, hash_is_the_same_at_every_alignment);
	tcase_add_test(tc, hash_depends_on_every_bit_of_key_and_data);
	tcase_add_test(tc, mac_matches_another_implementation);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(siphash_suite()));
}
