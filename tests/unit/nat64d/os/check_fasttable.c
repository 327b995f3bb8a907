/*
 * Tests of the fast path's table of flows: keys against a list of them, full
 * windows, slots that rest, and a reader that reads as the programs of the
 * fast path do (find_flow6() in fastpath_base.bpf.h) while keys come and go.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/os/fasttable.h"
#include "tests/unit/suite.h"

#define MAX_KEYS 512

static uint64_t seed;
static struct fast_hash hash;
static struct fasttable table;

static uint32_t
random32(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 32));
}

/* An empty table for n keys. */
static void
table_begin(uint32_t n)
{
	unsigned i;

	hash.spread = (uint64_t)random32() << 32 | random32() | 1;
	for (i = 0; i < FAST_NKEYS; i++)
		hash.keys[i] = random32();
	hash.n_homes = fasttable_n_homes(n);
	table.hash = &hash;
	table.slots =
	    calloc(fasttable_n_slots(hash.n_homes), sizeof(*table.slots));
	ck_assert_ptr_nonnull(table.slots);
}

/* The same with one home. */
static void
table_begin_narrow(void)
{
	table_begin(1);
	hash.n_homes = 1;
}

static void
setup(void)
{
	seed = 88172645463325252u;
}

static void
teardown(void)
{
	free(table.slots);
	table.slots = NULL;
}

/* One of six kinds of keys, of few hosts, so that most differ by little. */
static struct fasttable_key
random_key(void)
{
	static const uint32_t kinds[] = { FAST_TCP, FAST_UDP, FAST_ICMP,
		FAST_TCP | FAST_FROM6, FAST_UDP | FAST_FROM6,
		FAST_ICMP | FAST_FROM6 };
	struct fasttable_key k;

	memset(&k, 0, sizeof(k));
	k.kind = kinds[random32() % 6];
	k.flow.in6[0] = 0x20;
	k.flow.in6[3] = random32() % 4;
	k.flow.peer6[3] = k.flow.peer4 = random32() % 4;
	k.flow.out4 = random32() % 2;
	k.flow.in_port = (uint16_t)(random32() % 8);
	k.flow.out_port = (uint16_t)(random32() % 8);
	k.flow.peer_port = (uint16_t)(random32() % 4);
	return (k);
}

static bool
is_same_key(const struct fasttable_key *a, const struct fasttable_key *b)
{
	const struct fast_slot *x = &a->flow, *y = &b->flow;

	if (a->kind != b->kind || x->peer_port != y->peer_port)
		return (false);
	if ((a->kind & FAST_FROM6) == 0)
		return (x->out4 == y->out4 && x->peer4 == y->peer4 &&
		    x->out_port == y->out_port);
	return (x->in6[3] == y->in6[3] && x->peer6[3] == y->peer6[3] &&
	    x->in_port == y->in_port);
}

/* The keys that are in the table, and where. */
static struct fasttable_key keys[MAX_KEYS];
static uint32_t places[MAX_KEYS];
static unsigned n_keys;

static unsigned
index_of(const struct fasttable_key *k)
{
	unsigned i;

	for (i = 0; i < n_keys && !is_same_key(&keys[i], k); i++)
		;
	return (i);
}

static void
require_slot(unsigned i)
{
	const struct fast_slot *s = &table.slots[places[i]];

	ck_assert_uint_eq(fasttable_find(&table, &keys[i]), places[i]);
	ck_assert_uint_eq(s->state & FAST_KIND_MASK, keys[i].kind);
	ck_assert_uint_eq((s->state >> FAST_ID_SHIFT) % FAST_NIDS,
	    keys[i].flow.in_port * 100u);
	ck_assert_mem_eq(s->in6, keys[i].flow.in6, sizeof(s->in6));
	ck_assert_mem_eq(s->peer6, keys[i].flow.peer6, sizeof(s->peer6));
	ck_assert_uint_eq(s->in_port, keys[i].flow.in_port);
	ck_assert_uint_eq(s->out_port, keys[i].flow.out_port);
}

/* Keys in the lists of homes, and slots that are not empty. */
static void
require_number(unsigned n)
{
	unsigned listed = 0, full = 0;
	uint32_t i, list;

	for (i = 0; i < fasttable_n_slots(hash.n_homes); i++) {
		for (list = table.slots[i].here; list != 0; list >>= 8)
			listed++;
		full += (table.slots[i].state & FAST_KIND_MASK) != 0;
	}
	ck_assert_uint_eq(listed, n);
	ck_assert_uint_eq(full, n);
}

static void
insert_random(uint16_t now)
{
	const struct fasttable_key k = random_key();
	const bool is_there = index_of(&k) < n_keys;
	const uint32_t at = fasttable_insert(&table, &k,
	    (uint16_t)(k.flow.in_port * 100), now);

	if (at == FASTTABLE_NONE) {
		ck_assert_int_eq(errno, is_there ? EEXIST : ENOSPC);
		return;
	}
	ck_assert(!is_there);
	keys[n_keys] = k;
	places[n_keys] = at;
	n_keys++;
}

static void
remove_random(uint16_t now)
{
	const unsigned i = random32() % n_keys;

	fasttable_remove(&table, places[i], now);
	ck_assert_uint_eq(fasttable_find(&table, &keys[i]), FASTTABLE_NONE);
	n_keys--;
	keys[i] = keys[n_keys];
	places[i] = places[n_keys];
}

START_TEST(keys_come_and_go_as_in_a_list)
{
	unsigned round, i, most = 0;

	table_begin(MAX_KEYS / 2);
	n_keys = 0;
	for (round = 0; round < 20000; round++) {
		const uint16_t now = (uint16_t)(round / 16);

		if (n_keys == MAX_KEYS ||
		    (n_keys > 0 && random32() % 100 < 45))
			remove_random(now);
		else
			insert_random(now);
		most = n_keys > most ? n_keys : most;
		if (n_keys > 0)
			require_slot(random32() % n_keys);
	}
	/* More than it was made for. */
	ck_assert_uint_gt(most, MAX_KEYS / 2);
	for (i = 0; i < n_keys; i++)
		require_slot(i);
	require_number(n_keys);
	while (n_keys > 0)
		remove_random(0);
	require_number(0);
}
END_TEST

/* Session i, of a host of its own. */
static struct fasttable_key
key_of(uint32_t i, uint32_t kind)
{
	struct fasttable_key k;

	memset(&k, 0, sizeof(k));
	k.kind = kind;
	k.flow.in6[0] = k.flow.peer6[0] = 0x20010db8;
	k.flow.in6[3] = i;
	k.flow.in_port = 2000;
	k.flow.out4 = 0xc6120000 + i / 50000;
	k.flow.out_port = (uint16_t)(10000 + i % 50000);
	k.flow.peer4 = k.flow.peer6[3] = 0xc6336414;
	k.flow.peer_port = 53;
	return (k);
}

START_TEST(it_has_room_for_nearly_all_that_it_was_made_for)
{
	const uint32_t n = 50000;
	uint32_t i, refused = 0;

	table_begin(2 * n);
	for (i = 0; i < n; i++) {
		const struct fasttable_key k4 = key_of(i, FAST_UDP);
		const struct fasttable_key k6 =
		    key_of(i, FAST_UDP | FAST_FROM6);

		refused +=
		    fasttable_insert(&table, &k4, 0, 0) == FASTTABLE_NONE;
		refused +=
		    fasttable_insert(&table, &k6, 0, 0) == FASTTABLE_NONE;
	}
	ck_assert_uint_le(refused, 2 * n / 500);
}
END_TEST

START_TEST(small_table_has_room_for_all)
{
	uint32_t i;

	table_begin(400);
	for (i = 0; i < 400; i++) {
		const struct fasttable_key k = key_of(i, FAST_UDP);

		ck_assert_uint_ne(fasttable_insert(&table, &k, 0, 0),
		    FASTTABLE_NONE);
	}
}
END_TEST

START_TEST(full_home_refuses_and_changes_nothing)
{
	struct fasttable_key k;
	uint32_t at[FAST_PER_HOME], i;

	table_begin_narrow();
	for (i = 0; i < FAST_PER_HOME; i++) {
		k = key_of(i, FAST_TCP);
		at[i] = fasttable_insert(&table, &k, 0, 0);
		ck_assert_uint_ne(at[i], FASTTABLE_NONE);
	}
	k = key_of(i, FAST_TCP);
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 0), FASTTABLE_NONE);
	ck_assert_int_eq(errno, ENOSPC);
	require_number(FAST_PER_HOME);
	for (i = 0; i < FAST_PER_HOME; i++) {
		k = key_of(i, FAST_TCP);
		ck_assert_uint_eq(fasttable_find(&table, &k), at[i]);
	}
	fasttable_remove(&table, at[2], 0);
	k = key_of(FAST_PER_HOME, FAST_TCP);
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 0), at[2]);
	require_number(FAST_PER_HOME);
}
END_TEST

/* All slots that a home can name have keys of the homes before it. */
START_TEST(full_window_refuses_and_changes_nothing)
{
	struct fasttable_key k = key_of(0, FAST_TCP);
	uint32_t i;

	table_begin_narrow();
	for (i = 0; i < FAST_WINDOW; i++)
		table.slots[i].state = FAST_TCP;
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 0), FASTTABLE_NONE);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(table.slots[0].here, 0);
	/* The last one. */
	table.slots[FAST_WINDOW - 1].state = 0;
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 0), FAST_WINDOW - 1);
	ck_assert_uint_eq(fasttable_find(&table, &k), FAST_WINDOW - 1);
}
END_TEST

START_TEST(slot_rests_if_there_are_others)
{
	const struct fasttable_key first = key_of(1, FAST_TCP);
	const struct fasttable_key next = key_of(2, FAST_TCP);
	uint16_t now;
	uint32_t at;

	table_begin_narrow();
	for (now = 65530; now != 100; now = (uint16_t)(now + 7)) {
		at = fasttable_insert(&table, &first, 0, now);
		fasttable_remove(&table, at, now);
		ck_assert_uint_ne(fasttable_insert(&table, &next, 0, now), at);
		fasttable_remove(&table, fasttable_find(&table, &next), now);
	}
}
END_TEST

START_TEST(slot_that_has_rested_is_used_again)
{
	const struct fasttable_key k = key_of(1, FAST_TCP);
	uint32_t at;

	table_begin_narrow();
	at = fasttable_insert(&table, &k, 0, 65534);
	fasttable_remove(&table, at, 65534);
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 2), at);
}
END_TEST

START_TEST(notes_begin_empty_and_stay_after_removal)
{
	const struct fasttable_key k = key_of(1, FAST_TCP);
	struct fast_slot *s;
	uint32_t at;

	table_begin_narrow();
	at = fasttable_insert(&table, &k, 0, 100);
	s = &table.slots[at];
	s->last = 5;
	s->ack = 6;
	s->passed = 7;
	fasttable_remove(&table, at, 100);
	ck_assert_uint_eq(s->last, 5);
	ck_assert_uint_eq(s->ack, 6);
	ck_assert_uint_eq(fasttable_insert(&table, &k, 0, 110), at);
	ck_assert_uint_eq(s->last, 0);
	ck_assert_uint_eq(s->ack, 0);
	ck_assert_uint_eq(s->passed, 0);
}
END_TEST

START_TEST(memory_is_enough_for_its_number_of_keys)
{
	uint64_t bytes;
	uint32_t n;

	for (bytes = 400000; bytes < UINT64_C(1) << 30;
	     bytes = bytes * 3 / 2) {
		n = fasttable_n_keys(bytes);
		ck_assert_uint_le(fasttable_n_slots(fasttable_n_homes(n)) *
			(uint64_t)sizeof(struct fast_slot),
		    bytes);
		ck_assert_uint_gt(fasttable_n_slots(fasttable_n_homes(n + 4)) *
			(uint64_t)sizeof(struct fast_slot),
		    bytes);
	}
	ck_assert_uint_eq(fasttable_n_keys(0), 2);
	ck_assert_uint_eq(fasttable_n_keys(UINT64_MAX), FASTTABLE_MAX_KEYS);
}
END_TEST

START_TEST(times_are_never_zero)
{
	ck_assert_uint_eq(fast_last(0), 1);
	ck_assert_uint_eq(fast_passed(0), 1);
	ck_assert_uint_eq(fast_last(INT64_C(1) << (FAST_LAST_SHIFT + 32)), 1);
	ck_assert_uint_eq(fast_passed(INT64_C(1) << (FAST_PASSED_SHIFT + 16)),
	    1);
	ck_assert_uint_eq(fast_last(INT64_C(12345) << FAST_LAST_SHIFT), 12345);
	ck_assert_uint_eq(fast_passed(INT64_C(12345) << FAST_PASSED_SHIFT),
	    12345);
}
END_TEST

/*
 * Two threads, one of which writes.
 */

#define SHARED_KEYS 3 /* of one home; each has other values than the others */
#define CHANGES 300000

static bool ended; /* atomic */

/* A key whose other addresses and ports can be told from it. */
static struct fasttable_key
shared_key(uint32_t i)
{
	struct fasttable_key k;

	memset(&k, 0, sizeof(k));
	k.kind = FAST_UDP;
	k.flow.peer4 = i;
	k.flow.out4 = i;
	k.flow.in6[0] = k.flow.in6[3] = i * 3;
	k.flow.peer6[0] = k.flow.peer6[3] = i * 5;
	k.flow.in_port = (uint16_t)(i * 7);
	return (k);
}

/* Is it the key at s, as a whole? 0: no; 1: yes; -1: a part of another one. */
static int
read_slot(const struct fast_slot *s, uint32_t i)
{
	const uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	const volatile struct fast_slot *v = s;
	bool good;

	if ((state & FAST_KIND_MASK) != FAST_UDP || v->peer4 != i ||
	    v->out4 != i)
		return (0);
	good = v->in6[0] == i * 3 && v->in6[3] == i * 3 &&
	    v->peer6[0] == i * 5 && v->peer6[3] == i * 5 &&
	    v->in_port == (uint16_t)(i * 7);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&s->state, __ATOMIC_RELAXED) != state)
		return (0);
	return (good ? 1 : -1);
}

/* Returns how often keys were found, or NULL: one was mixed up. */
static void *
read_all(void *arg)
{
	static unsigned long found;
	uint32_t i, list;
	int got;

	(void)arg;
	while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) {
		i = 1 + random32() % SHARED_KEYS;
		list = __atomic_load_n(&table.slots[0].here, __ATOMIC_ACQUIRE);
		for (; list != 0; list >>= 8) {
			got = read_slot(&table.slots[(list & 0xff) - 1], i);
			if (got == -1)
				return (NULL);
			found += got == 1;
		}
	}
	return (&found);
}

START_TEST(reader_never_mixes_up_keys)
{
	struct fasttable_key k;
	pthread_t reader;
	uint32_t n, at;
	void *found;

	table_begin_narrow();
	ended = false;
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, NULL), 0);
	for (n = 0; n < CHANGES; n++) {
		k = shared_key(1 + n % SHARED_KEYS);
		/* None has rested: the first one is used again at once. */
		at = fasttable_insert(&table, &k, 0, 0);
		fasttable_remove(&table, at, 0);
	}
	__atomic_store_n(&ended, true, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_join(reader, &found), 0);
	ck_assert_ptr_nonnull(found);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fasttable");
	TCase *tc = tcase_create("fasttable");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, keys_come_and_go_as_in_a_list);
	tcase_add_test(tc, it_has_room_for_nearly_all_that_it_was_made_for);
	tcase_add_test(tc, small_table_has_room_for_all);
	tcase_add_test(tc, full_home_refuses_and_changes_nothing);
	tcase_add_test(tc, full_window_refuses_and_changes_nothing);
	tcase_add_test(tc, slot_rests_if_there_are_others);
	tcase_add_test(tc, slot_that_has_rested_is_used_again);
	tcase_add_test(tc, notes_begin_empty_and_stay_after_removal);
	tcase_add_test(tc, memory_is_enough_for_its_number_of_keys);
	tcase_add_test(tc, times_are_never_zero);
	tcase_add_test(tc, reader_never_mixes_up_keys);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
