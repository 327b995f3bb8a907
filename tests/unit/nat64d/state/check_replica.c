/*
 * Values of the store: what is read is what was written, and nothing else is
 * taken for one, whatever somebody who can write to the store does with it.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/core/nat64_copy.h"
#include "nat64d/state/replica.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

static const struct replica_seal ours = {
	.key = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
	.pair = "pair",
};

static const struct replica_origin origin = { .node = 2,
	.epoch = UINT64_C(0x0102030405060708),
	.sequence = UINT64_C(0x1112131415161718) };

static struct replica_writer writer;
static struct replica_reader reader;
static struct replica_place place;
static struct nat64_copy copy;
static struct replica_item item;
static uint8_t key[REPLICA_KEY_LEN], value[REPLICA_VALUE_MAX];
static size_t len;

static const struct session *
first_session(enum l4proto proto)
{
	const struct bib *bib = nat64_bib(lab.n, proto);
	struct bib_walk w = { 0 };
	unsigned steps = UINT32_MAX;
	const struct bib_entry *e = bib_walk_at(bib, &w, &steps);

	REQUIRE(e != NULL);
	return (session_next_of_bib(e, NULL));
}

/* A session of that protocol, as a value. */
static void
write_one(enum l4proto proto)
{
	const struct nat64_clocks at = clocks();
	const struct session *s;

	lab_start();
	if (proto == L4_TCP)
		lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, PKT_TH_SYN);
	else if (proto == L4_UDP)
		lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	else
		lab_ping(CLIENT6, SERVER6, 77);
	s = first_session(proto);
	place.proto = proto;
	place.tuple = (struct tuple4){ s->out4, s->peer };
	REQUIRE(nat64_copy_session(lab.n, proto, &place.tuple, &at, &copy));
	replica_writer_init(&writer, &ours);
	replica_key(&place, key);
	len = replica_write_session(&writer, &origin, key, &copy, value);
	REQUIRE(len <= sizeof(value));
}

static enum replica_fault
read_with(const struct replica_seal *seal)
{
	replica_reader_init(&reader, seal);
	return (replica_read(&reader, key, sizeof(key), value, len, &item));
}

static void
expect_place(void)
{
	ck_assert_int_eq(item.place.proto, place.proto);
	ck_assert_int_eq(taddr4_compare(&item.place.tuple.src,
			     &place.tuple.src),
	    0);
	ck_assert_int_eq(taddr4_compare(&item.place.tuple.dst,
			     &place.tuple.dst),
	    0);
	ck_assert_uint_eq(item.origin.node, origin.node);
	ck_assert_uint_eq(item.origin.epoch, origin.epoch);
	ck_assert_uint_eq(item.origin.sequence, origin.sequence);
}

START_TEST(a_session_is_read_as_it_was_written)
{
	write_one((enum l4proto)_i);
	ck_assert_int_eq(read_with(&ours), REPLICA_GOOD);
	ck_assert_int_eq(item.kind, REPLICA_SESSION);
	expect_place();
	ck_assert(pref64_equal(&item.copy.prefix, &lab.conf.prefixes[0]));
	ck_assert_mem_eq(&item.copy.binding.in6.addr, &copy.binding.in6.addr,
	    16);
	ck_assert_uint_eq(item.copy.binding.in6.port, copy.binding.in6.port);
	ck_assert_int_eq(item.copy.session.used_ms, copy.session.used_ms);
	ck_assert_uint_eq(item.copy.session.cls, copy.session.cls);
	ck_assert_uint_eq(item.copy.session.state, copy.session.state);
}
END_TEST

START_TEST(an_end_is_read_as_it_was_written)
{
	write_one(L4_UDP);
	len = replica_write_end(&writer, &origin, key, value);
	ck_assert_int_eq(read_with(&ours), REPLICA_GOOD);
	ck_assert_int_eq(item.kind, REPLICA_END);
	expect_place();
}
END_TEST

static enum replica_fault
read_head(const char *name)
{
	return (replica_read(&reader, name, strlen(name), value, len, &item));
}

START_TEST(a_head_is_read_as_it_was_written)
{
	const struct replica_head h = { .complete = true,
		.draining = _i != 0,
		.beat = UINT64_C(1) << 40,
		.sessions = 7 };

	replica_writer_init(&writer, &ours);
	replica_reader_init(&reader, &ours);
	len = replica_write_head(&writer, &origin, &h, value);
	ck_assert_int_eq(read_head("head"), REPLICA_GOOD);
	ck_assert_int_eq(item.kind, REPLICA_HEAD);
	ck_assert(item.head.complete);
	ck_assert_int_eq(item.head.draining, h.draining);
	ck_assert_uint_eq(item.head.beat, h.beat);
	ck_assert_uint_eq(item.head.sessions, 7);
	ck_assert_int_eq(read_head("heap"), REPLICA_FORGED);
}
END_TEST

START_TEST(a_value_that_was_cut_or_lengthened_is_refused)
{
	size_t whole, n;

	write_one(L4_TCP);
	whole = len;
	for (n = 0; n <= sizeof(value); n++) {
		len = n;
		if (n != whole)
			ck_assert_int_ne(read_with(&ours), REPLICA_GOOD);
	}
	replica_reader_init(&reader, &ours);
	ck_assert_int_eq(replica_read(&reader, key, sizeof(key), value,
			     sizeof(value) + 1, &item),
	    REPLICA_NO_VALUE);
	ck_assert_int_eq(replica_read(&reader, value, sizeof(value), value,
			     whole, &item),
	    REPLICA_NO_VALUE);
}
END_TEST

START_TEST(a_value_with_any_bit_flipped_is_refused)
{
	size_t bit;

	write_one(L4_TCP);
	for (bit = 0; bit < len * 8; bit++) {
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(read_with(&ours), REPLICA_FORGED);
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(read_with(&ours), REPLICA_GOOD);
}
END_TEST

START_TEST(a_value_under_any_other_key_is_refused)
{
	size_t bit, n;

	write_one(L4_UDP);
	for (bit = 0; bit < sizeof(key) * 8; bit++) {
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(read_with(&ours), REPLICA_FORGED);
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	replica_reader_init(&reader, &ours);
	for (n = 0; n < sizeof(key); n++)
		ck_assert_int_eq(replica_read(&reader, key, n, value, len,
				     &item),
		    REPLICA_FORGED);
}
END_TEST

/* A character more of the pair is not one less of the key. */
START_TEST(a_value_of_another_pair_or_secret_is_refused)
{
	struct replica_seal other = ours;
	size_t bit;

	write_one(L4_UDP);
	strlcpy(other.pair, "pai", sizeof(other.pair));
	ck_assert_int_eq(read_with(&other), REPLICA_FORGED);
	strlcpy(other.pair, "pair2", sizeof(other.pair));
	ck_assert_int_eq(read_with(&other), REPLICA_FORGED);
	other = ours;
	for (bit = 0; bit < 8 * SIPHASH_KEYLEN; bit++) {
		other.key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(read_with(&other), REPLICA_FORGED);
		other.key.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

/* A node with our secret that is newer than we are, or mad. */
START_TEST(a_sealed_value_that_we_do_not_understand_is_refused)
{
	struct replica_place other;

	write_one(L4_UDP);
	other = place;
	other.tuple.src.port++;
	replica_key(&other, key);
	len = replica_write_session(&writer, &origin, key, &copy, value);
	ck_assert_int_eq(read_with(&ours), REPLICA_NONSENSE);
	replica_key(&place, key);
	copy.binding.proto = L4_TCP;
	len = replica_write_session(&writer, &origin, key, &copy, value);
	ck_assert_int_eq(read_with(&ours), REPLICA_NONSENSE);
	key[0] = 132; /* SCTP */
	len = replica_write_end(&writer, &origin, key, value);
	ck_assert_int_eq(read_with(&ours), REPLICA_NONSENSE);
}
END_TEST

START_TEST(a_session_that_was_copied_is_marked)
{
	write_one(L4_UDP);
	ck_assert(nat64_is_copied(lab.n, L4_UDP, &place.tuple));
	place.tuple.dst.port++;
	ck_assert(!nat64_is_copied(lab.n, L4_UDP, &place.tuple));
	ck_assert(!nat64_copy_session(lab.n, L4_UDP, &place.tuple,
	    &(struct nat64_clocks){ lab.now, 0 }, &copy));
}
END_TEST

START_TEST(a_secret_has_32_digits)
{
	struct siphash_key k;

	ck_assert_int_eq(replica_parse_key("00112233445566778899aAbBcCdDeEfF",
			     &k),
	    0);
	ck_assert_uint_eq(k.bytes[1], 0x11);
	ck_assert_uint_eq(k.bytes[15], 0xff);
	ck_assert_int_eq(replica_parse_key("", &k), -1);
	ck_assert_int_eq(replica_parse_key("00112233445566778899aabbccddeef",
			     &k),
	    -1);
	ck_assert_int_eq(replica_parse_key("00112233445566778899aabbccddeeffa",
			     &k),
	    -1);
	ck_assert_int_eq(replica_parse_key("0x112233445566778899aabbccddeeff",
			     &k),
	    -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("replica");
	TCase *tc = tcase_create("replica");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_loop_test(tc, a_session_is_read_as_it_was_written, 0,
	    L4_NPROTO);
	tcase_add_test(tc, an_end_is_read_as_it_was_written);
	tcase_add_loop_test(tc, a_head_is_read_as_it_was_written, 0, 2);
	tcase_add_test(tc, a_value_that_was_cut_or_lengthened_is_refused);
	tcase_add_test(tc, a_value_with_any_bit_flipped_is_refused);
	tcase_add_test(tc, a_value_under_any_other_key_is_refused);
	tcase_add_test(tc, a_value_of_another_pair_or_secret_is_refused);
	tcase_add_test(tc,
	    a_sealed_value_that_we_do_not_understand_is_refused);
	tcase_add_test(tc, a_session_that_was_copied_is_marked);
	tcase_add_test(tc, a_secret_has_32_digits);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
