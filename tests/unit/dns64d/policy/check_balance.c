/*
 * Tests of the choice among prefixes: what each mode promises, as properties
 * over many clients and answers.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dns64d/policy/balance.h"
#include "dns64d/policy/load.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define CLIENTS 20000

/*
 * For what is asserted of each of many clients: a ck_assert() that holds
 * writes to a pipe all the same.
 */
#define REQUIRE(x)                                            \
	do {                                                  \
		if (!(x))                                     \
			ck_abort_msg("%s does not hold", #x); \
	} while (0)

static struct dns64_policy policy;
static struct balance balance;
static struct balance_target target[POLICY_PREFIXES_MAX];
static uint64_t seed;

/* splitmix64 */
static uint32_t
next_random(void *arg)
{
	uint64_t z;

	(void)arg;
	z = seed += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return ((uint32_t)(z >> 32));
}

static const struct rng rng = { next_random, NULL };

static void
set_targets(void)
{
	size_t i;

	balance_init(&balance, &policy);
	for (i = 0; i < policy.n_prefixes; i++)
		balance.target[i] = &target[i];
}

/* Prefix i is 2001:db8:i::/96, for all of IPv4. */
static void
set_prefixes(unsigned n, enum policy_balance mode)
{
	const struct prefix all = { .family = AF_INET };
	struct pref64 p = { .len = 96 };
	unsigned i;

	seed = 1;
	policy_clear(&policy);
	ck_assert_int_eq(policy_init(&policy), 0);
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::", &p.addr), 1);
	for (i = 0; i < n; i++) {
		p.addr.s6_addr[5] = (uint8_t)i;
		ck_assert_int_eq(policy_add_rule(&policy, &all,
				     policy_add_prefix(&policy, &p)),
		    0);
	}
	ck_assert_int_eq(policy_finish(&policy), 0);
	policy.balance = mode;
	/* Each address is a client of its own. */
	policy.balance_len6 = 128;
	memset(target, 0, sizeof(target));
	set_targets();
}

static void
teardown(void)
{
	policy_clear(&policy);
}

/* The i-th client: hosts of networks of very different size. */
static struct sockaddr_storage
client(unsigned i)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *sin6 = (void *)&ss;

	REQUIRE(inet_pton(AF_INET6, "2001:db8:c::", &sin6->sin6_addr) == 1);
	sin6->sin6_addr.s6_addr[7] = i % 7;
	sin6->sin6_addr.s6_addr[13] = (uint8_t)(i >> 16);
	sin6->sin6_addr.s6_addr[14] = (uint8_t)(i >> 8);
	sin6->sin6_addr.s6_addr[15] = (uint8_t)i;
	sin6->sin6_port = (in_port_t)next_random(NULL);
	return (ss);
}

/* The number in the prefix of the only address that a client gets. */
static unsigned
ask(unsigned who)
{
	struct sockaddr_storage ss = client(who);
	const struct in_addr addr4 = { htonl(0x08080808) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct balance_pick pick;

	balance_begin(&pick, &balance, &ss, &rng);
	REQUIRE(balance_synthesise(&pick, &policy, addr4, out) == 1);
	return (out[0].s6_addr[5]);
}

/* How often each of n prefixes comes is near its fair share. */
static void
check_shares(const unsigned *count, unsigned n, unsigned total)
{
	unsigned i, fair = total / n;

	for (i = 0; i < n; i++)
		ck_assert_msg(count[i] > fair - fair / 8 &&
			count[i] < fair + fair / 8,
		    "prefix %u: %u of %u", i, count[i], total);
}

/* A number is what chance makes of the expected one, within a twentieth. */
static void
check_near(unsigned found, unsigned expected)
{
	ck_assert_msg(found > expected - expected / 20 - 40 &&
		found < expected + expected / 20 + 40,
	    "%u, not near %u", found, expected);
}

/* Shows: DNS64-13 */
START_TEST(all_gives_one_address_for_each_prefix)
{
	const struct in_addr addr4 = { htonl(0x08080808) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct sockaddr_storage ss;
	struct balance_pick pick;
	unsigned i;

	set_prefixes(3, POLICY_BALANCE_ALL);
	ss = client(1);
	balance_begin(&pick, &balance, &ss, &rng);
	ck_assert_uint_eq(balance_synthesise(&pick, &policy, addr4, out), 3);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(out[i].s6_addr[5], i);
	set_prefixes(3, POLICY_BALANCE_RANDOM);
	ck_assert_uint_eq(balance_synthesise(NULL, &policy, addr4, out), 3);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(round_robin_gives_each_prefix_its_turn)
{
	unsigned i, n;

	for (n = 1; n <= POLICY_PREFIXES_MAX; n++) {
		set_prefixes(n, POLICY_BALANCE_ROUND_ROBIN);
		for (i = 0; i < 3 * n; i++)
			ck_assert_uint_eq(ask(7), i % n);
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(question_without_synthesis_takes_no_turn)
{
	struct sockaddr_storage ss;
	struct balance_pick unused;
	unsigned i;

	set_prefixes(2, POLICY_BALANCE_ROUND_ROBIN);
	for (i = 0; i < 10; i++) {
		ss = client(i);
		balance_begin(&unused, &balance, &ss, &rng);
		ck_assert_uint_eq(ask(i), i % 2);
	}
}
END_TEST

/* Shows: DNS64-13 */
START_TEST(addresses_of_one_answer_have_the_same_prefix)
{
	static const enum policy_balance modes[] = {
		POLICY_BALANCE_ROUND_ROBIN,
		POLICY_BALANCE_RANDOM,
		POLICY_BALANCE_CLIENT_HASH,
		POLICY_BALANCE_LEAST_LOADED,
	};
	struct in6_addr first[POLICY_PREFIXES_MAX];
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct sockaddr_storage ss;
	struct balance_pick pick;
	struct in_addr addr4;
	unsigned i, k, who;

	for (i = 0; i < NITEMS(modes); i++) {
		for (who = 0; who < 50; who++) {
			set_prefixes(5, modes[i]);
			ss = client(who);
			balance_begin(&pick, &balance, &ss, &rng);
			addr4.s_addr = htonl(0x08080808);
			balance_synthesise(&pick, &policy, addr4, first);
			for (k = 0; k < 20; k++) {
				addr4.s_addr = htonl(0x08080809 + k);
				ck_assert_uint_eq(balance_synthesise(&pick,
						      &policy, addr4, out),
				    1);
				ck_assert_mem_eq(&out[0], &first[0], 12);
			}
		}
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(random_is_fair_and_does_not_repeat_itself)
{
	unsigned count[5] = { 0 }, same = 0, last = 9, now, i;

	set_prefixes(5, POLICY_BALANCE_RANDOM);
	for (i = 0; i < CLIENTS; i++) {
		now = ask(7);
		count[now]++;
		same += now == last;
		last = now;
	}
	check_shares(count, 5, CLIENTS);
	ck_assert_uint_lt(same, CLIENTS / 4);
	ck_assert_uint_gt(same, CLIENTS / 6);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(client_hash_is_fair_and_keeps_each_client)
{
	unsigned count[POLICY_PREFIXES_MAX], i, n;

	for (n = 2; n <= 5; n++) {
		set_prefixes(n, POLICY_BALANCE_CLIENT_HASH);
		memset(count, 0, sizeof(count));
		for (i = 0; i < CLIENTS; i++)
			count[ask(i)]++;
		check_shares(count, n, CLIENTS);
		for (i = 0; i < 100; i++)
			ck_assert_uint_eq(ask(i), ask(i));
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(client_hash_moves_only_the_clients_of_the_prefix_that_goes)
{
	static unsigned before[CLIENTS];
	unsigned gone, i, moved, now;

	for (gone = 0; gone < 5; gone++) {
		set_prefixes(5, POLICY_BALANCE_CLIENT_HASH);
		for (i = 0; i < CLIENTS; i++)
			before[i] = ask(i);
		target[gone].state = BALANCE_DOWN;
		for (i = moved = 0; i < CLIENTS; i++) {
			now = ask(i);
			REQUIRE(now != gone);
			REQUIRE(now == before[i] || before[i] == gone);
			moved += now != before[i];
		}
		ck_assert_uint_gt(moved, CLIENTS / 5 - CLIENTS / 40);
		ck_assert_uint_lt(moved, CLIENTS / 5 + CLIENTS / 40);
		target[gone].state = BALANCE_UP;
		for (i = 0; i < CLIENTS; i++)
			REQUIRE(ask(i) == before[i]);
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(client_hash_moves_one_of_n_plus_1_when_a_prefix_comes)
{
	static unsigned before[CLIENTS];
	unsigned i, moved, now;

	set_prefixes(4, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	set_prefixes(5, POLICY_BALANCE_CLIENT_HASH);
	for (i = moved = 0; i < CLIENTS; i++) {
		now = ask(i);
		REQUIRE(now == before[i] || now == 4);
		moved += now == 4;
	}
	ck_assert_uint_gt(moved, CLIENTS / 5 - CLIENTS / 40);
	ck_assert_uint_lt(moved, CLIENTS / 5 + CLIENTS / 40);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(client_hash_does_not_depend_on_the_order_of_prefixes)
{
	struct pref64 first;
	unsigned before, i;

	set_prefixes(2, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < 200; i++) {
		before = ask(i);
		first = policy.prefixes[0];
		policy.prefixes[0] = policy.prefixes[1];
		policy.prefixes[1] = first;
		set_targets();
		ck_assert_uint_eq(ask(i), before);
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(least_loaded_takes_the_least_and_shares_among_equals)
{
	unsigned count[3] = { 0 }, i;

	set_prefixes(3, POLICY_BALANCE_LEAST_LOADED);
	target[0].load = LOAD_FAILING;
	target[1].load = 200;
	target[2].load = LOAD_FULL;
	for (i = 0; i < CLIENTS; i++)
		REQUIRE(ask(i) == 1);
	target[0].load = 200;
	for (i = 0; i < CLIENTS; i++)
		count[ask(i)]++;
	check_shares(count, 2, CLIENTS);
	target[0].state = BALANCE_DOWN;
	target[1].state = BALANCE_DRAINING;
	ck_assert_uint_eq(ask(0), 2);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(least_loaded_shares_when_all_are_full)
{
	unsigned count[3] = { 0 }, i;

	set_prefixes(3, POLICY_BALANCE_LEAST_LOADED);
	for (i = 0; i < 3; i++)
		target[i].load = LOAD_FULL;
	for (i = 0; i < CLIENTS; i++)
		count[ask(i)]++;
	check_shares(count, 3, CLIENTS);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(least_loaded_moves_no_more_clients_than_the_loads_differ)
{
	static unsigned before[CLIENTS];
	unsigned i, now, moved = 0;

	set_prefixes(4, POLICY_BALANCE_LEAST_LOADED);
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	/* The mean is 33, so its weight is 4/5: 1/4 becomes 4/19. */
	target[2].load = 133;
	for (i = 0; i < CLIENTS; i++) {
		now = ask(i);
		REQUIRE(now == before[i] || before[i] == 2);
		moved += now != before[i];
	}
	check_near(moved, CLIENTS / 4 - CLIENTS * 4 / 19);
}
END_TEST

/*
 * It takes what it had before, and not everybody.
 *
 * Shows: DNS64-16
 */
START_TEST(least_loaded_gives_an_empty_translator_its_share_only)
{
	unsigned count[4] = { 0 }, i;

	set_prefixes(4, POLICY_BALANCE_LEAST_LOADED);
	for (i = 1; i < 4; i++)
		target[i].load = 600;
	for (i = 0; i < CLIENTS; i++)
		count[ask(i)]++;
	/* The others have 150 of 500 less than their weight. */
	check_near(count[0], CLIENTS * 10 / 31);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(weights_give_shares_in_proportion)
{
	static const enum policy_balance modes[] = {
		POLICY_BALANCE_ROUND_ROBIN,
		POLICY_BALANCE_RANDOM,
		POLICY_BALANCE_CLIENT_HASH,
		POLICY_BALANCE_LEAST_LOADED,
	};
	static const unsigned weights[] = { 1, 2, 5, 12 };
	unsigned count[4], i, k;

	for (i = 0; i < NITEMS(modes); i++) {
		set_prefixes(4, modes[i]);
		for (k = 0; k < 4; k++)
			policy_set_weight(&policy, (int)k, weights[k]);
		memset(count, 0, sizeof(count));
		for (k = 0; k < CLIENTS; k++)
			count[ask(k)]++;
		for (k = 0; k < 4; k++) {
			check_near(count[k], CLIENTS * weights[k] / 20);
			ck_assert_uint_eq(balance_share(&balance, k),
			    weights[k] * 50);
		}
	}
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(weight_that_changes_moves_clients_of_this_prefix_only)
{
	static unsigned before[CLIENTS];
	unsigned i, now, moved = 0;

	set_prefixes(4, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	policy_set_weight(&policy, 3, 2);
	for (i = 0; i < CLIENTS; i++) {
		now = ask(i);
		REQUIRE(now == before[i] || now == 3);
		moved += now != before[i];
	}
	check_near(moved, CLIENTS * 2 / 5 - CLIENTS / 4);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(equal_weights_choose_as_no_weights)
{
	static unsigned before[CLIENTS];
	unsigned i, k;

	set_prefixes(5, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	for (k = 0; k < 5; k++)
		policy_set_weight(&policy, (int)k, 7);
	for (i = 0; i < CLIENTS; i++)
		REQUIRE(ask(i) == before[i]);
}
END_TEST

/* The number in the prefix that an address gets. */
static unsigned
ask_from(int family, const char *text)
{
	struct sockaddr_storage ss = { .ss_family = (sa_family_t)family };
	struct sockaddr_in *sin = (void *)&ss;
	struct sockaddr_in6 *sin6 = (void *)&ss;
	const struct in_addr addr4 = { htonl(0x08080808) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct balance_pick pick;

	ck_assert_int_eq(inet_pton(family, text,
			     family == AF_INET6 ? (void *)&sin6->sin6_addr :
						  (void *)&sin->sin_addr),
	    1);
	balance_begin(&pick, &balance, &ss, &rng);
	ck_assert_uint_eq(balance_synthesise(&pick, &policy, addr4, out), 1);
	return (out[0].s6_addr[5]);
}

/* Whether hosts with any number between head and tail have one prefix. */
static bool
all_same(int family, const char *head, const char *tail)
{
	unsigned i, first = 0, now;
	char text[INET6_ADDRSTRLEN];

	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text),
		    family == AF_INET6 ? "%s%x%s" : "%s%u%s", head, i, tail);
		now = ask_from(family, text);
		if (i == 0)
			first = now;
		if (now != first)
			return (false);
	}
	return (true);
}

/*
 * Temporary addresses (RFC 8981) and the other hosts of the network, and
 * neighbours whose networks are told apart.
 *
 * Shows: DNS64-16
 */
START_TEST(network_has_one_prefix_by_the_length_that_is_set)
{
	static const enum policy_balance modes[] = {
		POLICY_BALANCE_CLIENT_HASH,
		POLICY_BALANCE_LEAST_LOADED,
	};
	unsigned i;

	for (i = 0; i < NITEMS(modes); i++) {
		set_prefixes(8, modes[i]);
		policy.balance_len6 = POLICY_BALANCE_LEN6;
		ck_assert(all_same(AF_INET6, "2001:db8:0:1::", ""));
		ck_assert(all_same(AF_INET6, "2001:db8:0:1:", "::1"));
		ck_assert(!all_same(AF_INET6, "2001:db8:0:", "::1"));
		policy.balance_len6 = 57;
		ck_assert(all_same(AF_INET6, "2001:db8:0:", "::1"));
		ck_assert(!all_same(AF_INET6, "2001:db8:0:", "00::1"));
		policy.balance_len6 = 128;
		ck_assert(!all_same(AF_INET6, "2001:db8:0:1::", ""));
		ck_assert(!all_same(AF_INET, "192.0.2.", ""));
		policy.balance_len4 = 24;
		ck_assert(all_same(AF_INET, "192.0.2.", ""));
		ck_assert(!all_same(AF_INET, "192.0.", ".2"));
	}
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(draining_prefix_gets_no_client_and_others_keep_theirs)
{
	static unsigned before[CLIENTS];
	unsigned i, now;

	set_prefixes(5, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	target[3].state = BALANCE_DRAINING;
	for (i = 0; i < CLIENTS; i++) {
		now = ask(i);
		REQUIRE(now != 3);
		REQUIRE(now == before[i] || before[i] == 3);
	}
	ck_assert_uint_eq(balance_share(&balance, 3), 0);
	ck_assert_uint_eq(balance_share(&balance, 0), 250);
}
END_TEST

/*
 * The first one died an hour ago. When the others go, too, within a minute,
 * this host has lost its way to them.
 *
 * Shows: DNS64-92
 */
START_TEST(when_all_are_down_clients_stay_at_those_that_were_last)
{
	static unsigned before[CLIENTS];
	unsigned i;

	set_prefixes(3, POLICY_BALANCE_CLIENT_HASH);
	target[0].state = BALANCE_DOWN;
	target[0].down_ms = 1000;
	for (i = 0; i < CLIENTS; i++)
		before[i] = ask(i);
	target[1].state = target[2].state = BALANCE_DOWN;
	target[1].down_ms = 3600000;
	target[2].down_ms = 3600000 + BALANCE_TOGETHER_MS;
	for (i = 0; i < CLIENTS; i++)
		REQUIRE(ask(i) == before[i]);
	target[2].down_ms++;
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(ask(i), 2);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(answer_is_counted_once_for_its_translator)
{
	const struct in_addr one = { htonl(0x08080808) };
	const struct in_addr two = { htonl(0x08080809) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct sockaddr_storage ss = client(1);
	struct balance_pick pick;
	unsigned i;

	set_prefixes(3, POLICY_BALANCE_ROUND_ROBIN);
	balance.target[2] = NULL;
	for (i = 0; i < 9; i++) {
		balance_begin(&pick, &balance, &ss, &rng);
		balance_synthesise(&pick, &policy, one, out);
		balance_synthesise(&pick, &policy, two, out);
	}
	ck_assert_uint_eq(target[0].answers, 3);
	ck_assert_uint_eq(target[1].answers, 3);
	ck_assert_uint_eq(target[2].answers, 0);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(as_many_prefixes_as_there_may_be_share_the_clients)
{
	unsigned count[POLICY_PREFIXES_MAX] = { 0 }, i;

	set_prefixes(POLICY_PREFIXES_MAX, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < 10 * CLIENTS; i++)
		count[ask(i)]++;
	check_shares(count, POLICY_PREFIXES_MAX, 10 * CLIENTS);
}
END_TEST

/* Shows: DNS64-92 */
START_TEST(only_prefixes_in_the_best_state_are_used)
{
	static const struct {
		const char *name;
		enum balance_state state[3];
		const char *used;
	} rows[] = {
		{ "all up", { BALANCE_UP, BALANCE_UP, BALANCE_UP }, "012" },
		{ "one down", { BALANCE_UP, BALANCE_DOWN, BALANCE_UP }, "02" },
		{ "one draining", { BALANCE_DRAINING, BALANCE_UP, BALANCE_UP },
		    "12" },
		{ "none up",
		    { BALANCE_DOWN, BALANCE_DRAINING, BALANCE_DRAINING },
		    "12" },
		{ "one left", { BALANCE_DOWN, BALANCE_DOWN, BALANCE_UP },
		    "2" },
		{ "one draining left",
		    { BALANCE_DOWN, BALANCE_DOWN, BALANCE_DRAINING }, "2" },
		{ "all down", { BALANCE_DOWN, BALANCE_DOWN, BALANCE_DOWN },
		    "012" },
	};
	const struct in_addr addr4 = { htonl(0x08080808) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	char used[POLICY_PREFIXES_MAX + 1];
	struct sockaddr_storage ss;
	struct balance_pick pick;
	size_t i, k, n;

	for (i = 0; i < NITEMS(rows); i++) {
		set_prefixes(3, POLICY_BALANCE_ALL);
		for (k = 0; k < 3; k++)
			target[k].state = rows[i].state[k];
		ss = client(1);
		balance_begin(&pick, &balance, &ss, &rng);
		n = balance_synthesise(&pick, &policy, addr4, out);
		for (k = 0; k < n; k++)
			used[k] = (char)('0' + out[k].s6_addr[5]);
		used[n] = '\0';
		ck_assert_msg(strcmp(used, rows[i].used) == 0, "%s: %s",
		    rows[i].name, used);

		policy.balance = POLICY_BALANCE_ROUND_ROBIN;
		balance.turn = 0;
		for (k = 0; k < 2 * n; k++)
			ck_assert_uint_eq(ask(1), used[k % n] - '0');
	}
}
END_TEST

/* Shows: DNS64-16 DNS64-92 */
START_TEST(range_with_one_prefix_keeps_it_even_down)
{
	struct prefix range = { .family = AF_INET,
		.len = 8,
		.v4.s_addr = htonl(0x14000000) };
	const struct in_addr special = { htonl(0x14000001) };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct sockaddr_storage ss;
	struct balance_pick pick;

	set_prefixes(3, POLICY_BALANCE_CLIENT_HASH);
	ck_assert_int_eq(policy_add_rule(&policy, &range, 1), 0);
	target[1].state = BALANCE_DOWN;
	ss = client(1);
	balance_begin(&pick, &balance, &ss, &rng);
	ck_assert_uint_eq(balance_synthesise(&pick, &policy, special, out), 1);
	ck_assert_uint_eq(out[0].s6_addr[5], 1);
	ck_assert_uint_ne(ask(1), 1);
}
END_TEST

/* Shows: DNS64-16 */
START_TEST(ipv4_clients_have_a_hash_of_their_own)
{
	const struct in_addr addr4 = { htonl(0x08080808) };
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct sockaddr_in *sin = (void *)&ss;
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct balance_pick pick;
	unsigned count[3] = { 0 }, i;

	set_prefixes(3, POLICY_BALANCE_CLIENT_HASH);
	for (i = 0; i < CLIENTS; i++) {
		sin->sin_addr.s_addr = htonl(0x0a000000 + i);
		balance_begin(&pick, &balance, &ss, &rng);
		REQUIRE(balance_synthesise(&pick, &policy, addr4, out) == 1);
		count[out[0].s6_addr[5]]++;
	}
	check_shares(count, 3, CLIENTS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("balance");
	TCase *tc = tcase_create("balance");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, all_gives_one_address_for_each_prefix);
	tcase_add_test(tc, round_robin_gives_each_prefix_its_turn);
	tcase_add_test(tc, question_without_synthesis_takes_no_turn);
	tcase_add_test(tc, addresses_of_one_answer_have_the_same_prefix);
	tcase_add_test(tc, random_is_fair_and_does_not_repeat_itself);
	tcase_add_test(tc, client_hash_is_fair_and_keeps_each_client);
	tcase_add_test(tc,
	    client_hash_moves_only_the_clients_of_the_prefix_that_goes);
	tcase_add_test(tc,
	    client_hash_moves_one_of_n_plus_1_when_a_prefix_comes);
	tcase_add_test(tc,
	    client_hash_does_not_depend_on_the_order_of_prefixes);
	tcase_add_test(tc,
	    least_loaded_takes_the_least_and_shares_among_equals);
	tcase_add_test(tc, least_loaded_shares_when_all_are_full);
	tcase_add_test(tc,
	    least_loaded_gives_an_empty_translator_its_share_only);
	tcase_add_test(tc,
	    least_loaded_moves_no_more_clients_than_the_loads_differ);
	tcase_add_test(tc, weights_give_shares_in_proportion);
	tcase_add_test(tc,
	    weight_that_changes_moves_clients_of_this_prefix_only);
	tcase_add_test(tc, equal_weights_choose_as_no_weights);
	tcase_add_test(tc, network_has_one_prefix_by_the_length_that_is_set);
	tcase_add_test(tc,
	    draining_prefix_gets_no_client_and_others_keep_theirs);
	tcase_add_test(tc,
	    when_all_are_down_clients_stay_at_those_that_were_last);
	tcase_add_test(tc, answer_is_counted_once_for_its_translator);
	tcase_add_test(tc, as_many_prefixes_as_there_may_be_share_the_clients);
	tcase_add_test(tc, only_prefixes_in_the_best_state_are_used);
	tcase_add_test(tc, range_with_one_prefix_keeps_it_even_down);
	tcase_add_test(tc, ipv4_clients_have_a_hash_of_their_own);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
