/*
 * A pair of translators through thousands of random fail-overs, as a
 * simulation: no external port may be given to two hosts within 120 seconds
 * (RFC 6888, REQ-8; nat64d/pool/part.h has the argument).
 *
 * The active node copies bindings to a store when they are 3 seconds old, late
 * and in order; the node at standby applies what the store has. Nodes die at
 * any moment, and what was on its way is lost from a random place on; they
 * come back without memory. The store is away now and then. Nodes are switched
 * as planned, become active before their copy is complete, and are both active
 * by mistake. There are more hosts than ports.
 *
 * The ledger knows what the world has seen: which host used a port last.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/core/nat64_kill.h"
#include "nat64d/core/nat64_restore.h"
#include "nat64d/core/nat64_role.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define FIRST 2000 /* ports of the pool */
#define BLOCKS_FIRST 1024
#define MAX_PORTS 256
#define REST 120    /* seconds, RFC 6888, REQ-8 */
#define AFTER 3	    /* "replicate after" */
#define MAX_LATE 3  /* seconds on the way to the store and back */
#define LIFETIME 60 /* of a session, so that many end */
#define N_SUBSCRIBERS 20
#define N_HOSTS 40
#define HOST_PORTS 3
#define MAX_OPS 4096
#define N_SECONDS 2000

/* What is switched off to show that the simulation finds it. */
enum weakness { SOUND, NO_PARTS, NO_REST, NO_HOLD };

enum shape { PORTS, BLOCKS, COMPUTED };

struct item {
	bool on;
	struct taddr6 in6;
	struct taddr4 out4;
};

struct op {
	unsigned at; /* second when it is in the store and applied */
	bool end;
	struct item item;
};

struct node {
	struct nat64 *n; /* NULL: dead */
	unsigned back;	 /* second when it starts again */
	bool follows;	 /* its copy was complete once */
	unsigned copied_at;
	struct item known[MAX_PORTS]; /* by the publisher */
	unsigned born[MAX_PORTS];
	bool published[MAX_PORTS];
};

static struct {
	enum weakness weakness;
	struct node nodes[2];
	unsigned now;	/* seconds */
	unsigned first; /* port */
	unsigned n_ports;
	unsigned death_rate;
	/* The store: of the node that became active last. */
	int writer; /* -1: none yet */
	unsigned complete_at;
	struct item store[MAX_PORTS];
	struct op ops[MAX_OPS];
	unsigned n_ops;
	unsigned store_away_until;
	/* Both active by mistake. */
	unsigned split_until;
	unsigned told_at;
	struct {
		struct in6_addr host;
		unsigned used; /* 0: never */
	} ledger[MAX_PORTS];
	unsigned n_twice; /* ports given to two hosts */
	unsigned n_failovers;
	unsigned n_splits;
	unsigned n_switches;
	unsigned n_given;
	unsigned n_refused;
} sim;

static uint64_t sim_random;

static unsigned
below(unsigned n)
{
	sim_random = sim_random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return ((unsigned)(sim_random >> 33) % n);
}

static bool
once_in(unsigned n)
{
	return (below(n) == 0);
}

static bool
store_is_away(void)
{
	return (sim.now < sim.store_away_until);
}

static bool
is_active(const struct node *d)
{
	return (d->n != NULL && nat64_role(d->n) != NAT64_ROLE_STANDBY);
}

static struct node *
other(const struct node *d)
{
	return (&sim.nodes[d == &sim.nodes[0]]);
}

/* --- the ledger --- */

static unsigned
place_of(uint16_t port)
{
	REQUIRE(port >= sim.first && port < sim.first + MAX_PORTS);
	return (port - sim.first);
}

/* A packet of port has come from, or has reached, a host. */
static void
see(uint16_t port, const struct in6_addr *host)
{
	const unsigned i = place_of(port);

	if (sim.ledger[i].used != 0 && sim.now - sim.ledger[i].used < REST &&
	    !IN6_ARE_ADDR_EQUAL(&sim.ledger[i].host, host))
		sim.n_twice++;
	sim.ledger[i].host = *host;
	sim.ledger[i].used = sim.now;
}

/* --- nodes --- */

static void
start_node(struct node *d)
{
	const unsigned node = d == &sim.nodes[0] ? 1 : 2;

	memset(d, 0, sizeof(*d));
	lab.conf.pool_opts.node = sim.weakness == NO_PARTS ? 0 : node;
	lab.conf.restart_quarantine_secs =
	    sim.weakness == NO_PARTS || sim.weakness == NO_REST ? 0 : REST;
	lab.n = NULL;
	lab_start();
	d->n = lab.n;
	lab.n = NULL;
	nat64_set_role(d->n, NAT64_ROLE_STANDBY, lab.now);
	d->copied_at = sim.now + 1 + below(10);
}

static void
end_node(struct node *d)
{
	nat64_free(d->n);
	d->n = NULL;
}

static void
stand_by(struct node *d, bool published)
{
	if (!published)
		nat64_ports_unknown(d->n, lab.now);
	nat64_set_role(d->n, NAT64_ROLE_STANDBY, lab.now);
	d->follows = false;
	if (d->copied_at < sim.now)
		d->copied_at = sim.now + below(5);
}

/* --- the copy --- */

static void
apply(struct node *d, const struct item *item)
{
	const struct nat64_saved_binding b = { .proto = L4_UDP,
		.in6 = item->in6,
		.out4 = item->out4,
		.paired = item->out4.addr };
	const struct nat64_saved_session s = {
		.peer = { addr4(SERVER4), 53 },
		.cls = SESSION_UDP,
	};
	const struct nat64_clocks at = { lab.now, lab.now.ns / 1000000 };
	struct nat64_restore r;

	nat64_restore_begin(&r, d->n, &at, false);
	nat64_restore_prefix(&r, 0, &lab.conf.prefixes[0]);
	nat64_restore_binding(&r, &b);
	nat64_restore_session(&r, &s);
	nat64_restore_end(&r);
}

static void
apply_end(struct node *d, const struct item *item)
{
	struct nat64_kill k = { .n_ended = 0 };
	struct bib_entry *e = bib_find4(nat64_bib(d->n, L4_UDP), &item->out4);

	if (e == NULL || memcmp(&e->in6, &item->in6, sizeof(e->in6)) != 0)
		return;
	nat64_filter_init(&k.filter);
	k.filter.protos = 1 << L4_UDP;
	k.filter.host = (struct nat64_end){ .net = { .family = AF_INET6,
						.len = 128,
						.v6 = item->in6.addr },
		.has_port = true,
		.port = item->in6.port };
	(void)nat64_kill(d->n, &k, lab.now, UINT32_MAX);
}

static void
send_op(const struct item *item, bool end)
{
	struct op *op = &sim.ops[sim.n_ops];
	unsigned at = sim.now + below(MAX_LATE + 1);

	REQUIRE(sim.n_ops < MAX_OPS);
	if (sim.n_ops > 0 && op[-1].at > at)
		at = op[-1].at;
	*op = (struct op){ .at = at, .end = end, .item = *item };
	sim.n_ops++;
}

/*
 * Compare the table of the active node with what was sent. all: however young.
 */
static void
publish(struct node *d, bool all)
{
	struct item found[MAX_PORTS];
	struct bib_walk w = { 0 };
	unsigned i, steps = UINT32_MAX;
	struct bib_entry *e;

	memset(found, 0, sizeof(found));
	while (
	    (e = bib_walk_at(nat64_bib(d->n, L4_UDP), &w, &steps)) != NULL) {
		found[place_of(e->out4.port)] =
		    (struct item){ true, e->in6, e->out4 };
		bib_walk_past(&w, e);
	}
	for (i = 0; i < MAX_PORTS; i++) {
		if (memcmp(&found[i], &d->known[i], sizeof(found[i])) != 0) {
			if (d->published[i])
				send_op(&d->known[i], true);
			d->published[i] = false;
			d->known[i] = found[i];
			d->born[i] = sim.now;
		}
		if (!found[i].on || d->published[i] ||
		    (sim.now - d->born[i] < AFTER && !all))
			continue;
		d->published[i] = true;
		send_op(&found[i], false);
	}
}

static void
activate(struct node *d)
{
	nat64_set_role(d->n, NAT64_ROLE_ACTIVE, lab.now);
	/* A new epoch: everything is written again. */
	memset(d->known, 0, sizeof(d->known));
	memset(d->published, 0, sizeof(d->published));
	memset(sim.store, 0, sizeof(sim.store));
	sim.n_ops = 0;
	sim.writer = d == &sim.nodes[1];
	publish(d, true);
	sim.complete_at = sim.now + 1;
	if (sim.n_ops > 0)
		sim.complete_at = sim.ops[sim.n_ops - 1].at;
	other(d)->follows = false;
	other(d)->copied_at = sim.complete_at + below(5);
}

/* What has arrived is in the store, and applied by who follows. */
static void
deliver(struct node *follower)
{
	unsigned i, k;

	if (store_is_away())
		return;
	for (i = 0; i < sim.n_ops && sim.ops[i].at <= sim.now; i++) {
		const struct op *op = &sim.ops[i];

		k = place_of(op->item.out4.port);
		if (!op->end)
			sim.store[k] = op->item;
		else if (memcmp(&sim.store[k], &op->item, sizeof(op->item)) ==
		    0)
			sim.store[k].on = false;
		if (follower == NULL || !follower->follows)
			continue;
		if (op->end)
			apply_end(follower, &op->item);
		else
			apply(follower, &op->item);
	}
	memmove(sim.ops, sim.ops + i, (sim.n_ops - i) * sizeof(sim.ops[0]));
	sim.n_ops -= i;
}

/* The whole copy, in place of the table that there was. */
static void
copy_all(struct node *d)
{
	unsigned i;

	nat64_flush_begin(d->n);
	while (nat64_flush(d->n, lab.now, UINT32_MAX))
		continue;
	for (i = 0; i < MAX_PORTS; i++)
		if (sim.store[i].on)
			apply(d, &sim.store[i]);
	d->follows = true;
	nat64_set_copied(d->n);
}

static void
replicate(void)
{
	struct node *writer, *follower;

	if (sim.writer < 0)
		return;
	writer = &sim.nodes[sim.writer];
	follower = other(writer);
	if (is_active(writer))
		publish(writer, false);
	if (follower->n == NULL || is_active(follower))
		follower = NULL;
	deliver(follower);
	/*
	 * A writer that is dead does not complete its copy, nor does one that
	 * still has something to send.
	 */
	if (follower != NULL && !follower->follows && !store_is_away() &&
	    is_active(writer) && sim.now >= sim.complete_at &&
	    sim.now >= follower->copied_at)
		copy_all(follower);
}

/* --- what happens --- */

static void
die(struct node *d)
{
	end_node(d);
	d->back = sim.now + 1 + below(once_in(5) ? 300 : 20);
	if (sim.writer == (d == &sim.nodes[1]))
		sim.n_ops -= below(sim.n_ops + 1);
}

/* Everything is published before the other node is active. */
static void
switch_over(struct node *d)
{
	struct node *to = other(d);
	unsigned i;

	if (to->n == NULL || is_active(to) || !to->follows || store_is_away())
		return;
	sim.n_switches++;
	nat64_set_role(d->n, NAT64_ROLE_LEAVING, lab.now);
	publish(d, true);
	for (i = 0; i < sim.n_ops; i++)
		sim.ops[i].at = sim.now;
	deliver(to);
	activate(to);
	stand_by(d, true);
}

static void
begin_split(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];

	if (a->n == NULL || b->n == NULL || is_active(a) == is_active(b))
		return;
	sim.n_splits++;
	activate(is_active(a) ? b : a);
	/* Nobody tells them while the store is away: less than a lifetime. */
	sim.told_at = sim.now + 1 + below(5);
	if (once_in(3)) {
		sim.split_until = sim.now + 1 + below(LIFETIME - 1);
		sim.store_away_until = sim.split_until;
	} else
		sim.split_until = sim.now + 1 + below(600);
}

static void
hold(bool on)
{
	unsigned i;

	for (i = 0; i < 2; i++)
		if (sim.nodes[i].n != NULL && sim.weakness != NO_HOLD)
			nat64_hold_ports(sim.nodes[i].n, on, lab.now);
}

static void
go_on_with_split(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];
	struct node *loser;

	if (!is_active(a) || !is_active(b)) {
		hold(false);
		return;
	}
	if (sim.now >= sim.told_at && !store_is_away())
		hold(true);
	if (sim.now < sim.split_until)
		return;
	hold(false);
	loser = &sim.nodes[1 - sim.writer];
	stand_by(loser, false);
}

/* Who is alive and the only one is active after a second. */
static void
elect(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];

	if ((a->n != NULL && is_active(a)) || (b->n != NULL && is_active(b)))
		return;
	if (a->n == NULL && b->n == NULL)
		return;
	sim.n_failovers++;
	activate(a->n == NULL || (b->n != NULL && b->follows) ? b : a);
}

/* Once in so many seconds. Both being active may last for long. */
static unsigned
death_rate(const struct node *d)
{
	if (is_active(d) && is_active(other(d)))
		return (500);
	return (is_active(d) ? sim.death_rate : 300);
}

static void
happen(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL && sim.now >= d->back)
			start_node(d);
		else if (d->n != NULL && once_in(death_rate(d)))
			die(d);
		else if (d->n != NULL && is_active(d) && once_in(60))
			switch_over(d);
	}
	if (once_in(150))
		begin_split();
	if (once_in(150) && !store_is_away())
		sim.store_away_until = sim.now + below(LIFETIME - 10);
	go_on_with_split();
	elect();
}

/* --- packets --- */

static struct node *
some_active(void)
{
	struct node *d = &sim.nodes[below(2)];

	if (!is_active(d))
		d = other(d);
	return (is_active(d) ? d : NULL);
}

/* Hosts come and go, so that ports change their owners. */
static void
send_one(struct node *d)
{
	const unsigned host =
	    (sim.now / 45 * 5 + below(N_HOSTS / 2)) % N_HOSTS;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr src;

	snprintf(text, sizeof(text), "2001:db8:1:%x::%x", host % N_SUBSCRIBERS,
	    16 + host);
	src = addr6(text);
	lab.n = d->n;
	if (lab_udp(text, (uint16_t)(1000 + below(HOST_PORTS)), SERVER6, 53) ==
	    NAT64_SENT) {
		sim.n_given++;
		see(lab.out[0].sport, &src);
	} else
		sim.n_refused++;
	lab.n = NULL;
}

/* A packet for who has used a port. */
static void
answer_one(struct node *d)
{
	const unsigned i = below(sim.n_ports);

	if (sim.ledger[i].used == 0 || sim.now - sim.ledger[i].used >= REST)
		return;
	lab.n = d->n;
	if (lab_udp(SERVER4, 53, POOL4, (uint16_t)(sim.first + i)) ==
	    NAT64_SENT)
		see((uint16_t)(sim.first + i), &lab.out[0].ip6.dst);
	lab.n = NULL;
}

static void
exchange(void)
{
	struct node *d;
	unsigned i;

	for (i = 0; i < 7; i++)
		if ((d = some_active()) != NULL)
			send_one(d);
	for (i = 0; i < 3; i++)
		if ((d = some_active()) != NULL)
			answer_one(d);
}

static void
pass_second(void)
{
	unsigned i;

	sim.now++;
	lab_doze(1);
	for (i = 0; i < 2; i++)
		while (sim.nodes[i].n != NULL &&
		    nat64_expire(sim.nodes[i].n, lab.ws, lab.now, 1000))
			continue;
}

/* --- the simulation --- */

static void
configure(enum shape shape)
{
	struct pool4_range *r = &lab.pool[0];

	nat64_free(lab.n);
	lab.n = NULL;
	lab.conf.max_sessions = 512;
	lab.conf.lifetime_secs[SESSION_UDP] = LIFETIME;
	lab.conf.pool_opts.quarantine_max_percent = 100;
	lab.conf.subscriber.new_bindings = (struct bucket_rate){ 0, 0 };
	if (shape == PORTS) {
		lab_set_pool(POOL4, POOL4, FIRST, FIRST + 63);
		sim.first = FIRST;
		sim.n_ports = 64;
		return;
	}
	lab_set_pool(POOL4, POOL4, BLOCKS_FIRST,
	    (uint16_t)(BLOCKS_FIRST + MAX_PORTS - 1));
	sim.first = BLOCKS_FIRST;
	sim.n_ports = MAX_PORTS;
	r->block_size = 16;
	r->max_blocks = 2;
	if (shape == COMPUTED) {
		/* 16 subscribers, and 16 blocks. */
		lab.conf.subscriber_len = 64;
		r->clients = (struct prefix){ .family = AF_INET6,
			.len = 60,
			.v6 = addr6("2001:db8:1::") };
		r->deterministic = true;
	}
}

static void
run(enum weakness weakness, enum shape shape, unsigned seed, unsigned n_runs)
{
	static const unsigned rates[] = { 15, 40, 100, 300 };
	unsigned i;

	memset(&sim, 0, sizeof(sim));
	sim.weakness = weakness;
	configure(shape);
	for (i = 0; i < n_runs; i++) {
		sim_random = seed * 1000 + i;
		sim.death_rate = rates[i % 4];
		sim.writer = -1;
		start_node(&sim.nodes[0]);
		start_node(&sim.nodes[1]);
		for (unsigned t = 0; t < N_SECONDS; t++) {
			happen();
			exchange();
			replicate();
			pass_second();
		}
		end_node(&sim.nodes[0]);
		end_node(&sim.nodes[1]);
		/* The next two are of another world. */
		sim.now += REST;
		lab_doze(REST);
		sim.n_ops = 0;
	}
	printf("# %u fail-overs, %u switches, %u times both active; "
	       "%u packets sent, %u refused; %u ports given to two hosts\n",
	    sim.n_failovers, sim.n_switches, sim.n_splits, sim.n_given,
	    sim.n_refused, sim.n_twice);
}

START_TEST(no_port_is_given_to_two_hosts)
{
	const char *seed = getenv("PAIR_SEED"); /* for a longer hunt */

	run(SOUND, (enum shape)_i, seed != NULL ? (unsigned)atoi(seed) : 1,
	    40);
	ck_assert_uint_eq(sim.n_twice, 0);
	ck_assert_uint_gt(sim.n_failovers, 500);
	ck_assert_uint_gt(sim.n_switches, 20);
	ck_assert_uint_gt(sim.n_splits, 20);
	ck_assert_uint_gt(sim.n_given, 10000);
}
END_TEST

/* That the ones above find none says something only if these find some. */
START_TEST(without_parts_some_are)
{
	run(NO_PARTS, PORTS, 1, 1);
	ck_assert_uint_gt(sim.n_twice, 0);
}
END_TEST

START_TEST(without_the_rest_after_a_start_some_are)
{
	run(NO_REST, PORTS, 1, 1);
	ck_assert_uint_gt(sim.n_twice, 0);
}
END_TEST

START_TEST(without_holding_while_both_are_active_some_are)
{
	run(NO_HOLD, PORTS, 1, 24);
	ck_assert_uint_gt(sim.n_twice, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_pair");
	TCase *tc = tcase_create("pair");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, no_port_is_given_to_two_hosts, PORTS,
	    COMPUTED + 1);
	tcase_add_test(tc, without_parts_some_are);
	tcase_add_test(tc, without_the_rest_after_a_start_some_are);
	tcase_add_test(tc, without_holding_while_both_are_active_some_are);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
