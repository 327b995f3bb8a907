/*
 * Sessions through more than a thousand random fail-overs of a pair: the real
 * translators, queues of changes, publisher and follower, with a simulated
 * store and network (tests/unit/redis_fake.h). Hosts and servers open, use and
 * end sessions of TCP and UDP; the active node dies at any moment, and with it
 * what it had not sent, and from a random command on what was on its way. The
 * other one becomes active 250 to 3,000 ms later, as keepalived has it, and the
 * dead one comes back with nothing. Nodes are also switched as planned. The
 * store is lost now and then: it comes back as it was, empty, or as it was
 * some time before (a snapshot). The clocks of the nodes differ by an hour.
 *
 * RFC 7269, 3.2.1, asks of a hot standby that it has the state of all existing
 * sessions, and lets it leave out short ones. Here that is: a session is told
 * to the store when it is `replicate after' old, and one of TCP when it is
 * established. It is told with what happens in the same 10 ms (COLLECT_MS of
 * publish.c), and takes the way to the store. So, of the sessions that the
 * active node has when it dies, these must be at the other one when it becomes
 * active, and packets of both directions pass as before:
 *
 *	TOLD	the store has it, in the copy of the epoch that is complete
 *	OLD	it is older than `replicate after', or established for longer
 *		than 0, by at least SLACK_MS: the 10 ms, a turn of the event
 *		loop, and the longest way to the store
 *	THERE	the other node has it in its table
 *
 * OLD and TOLD count when the other node had a complete copy and the store was
 * there; while the store is away, or is being filled again, nothing can be told
 * and THERE is what remains. A node that dies before the other one has a copy
 * is the second failure of two, and counts for nothing.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/core/nat64_role.h"
#include "nat64d/core/nat64_struct.h"
#include "nat64d/state/follow.h"
#include "nat64d/state/publish.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/redis_fake.h"
#include "tests/unit/replica_look.h"
#include "tests/unit/suite.h"

#define STEP_MS 5
#define AFTER_SECS 3
#define DELAY_MS 40 /* to the store, at most */
#define SLACK_MS (10 + 2 * STEP_MS + DELAY_MS)
#define MAX_FLOWS 256
#define UDP_SECS 6
#define CLOSE_SECS 4
#define N_HOSTS 30
#define N_SERVERS 20
#define PAIR "pair"

enum tally { TOLD, OLD, THERE, N_TALLIES };

struct talk {
	bool on;
	enum l4proto proto;
	unsigned host, server;
	uint16_t port, server_port;
	struct taddr4 out; /* T,t */
	int64_t born_ms;
	int64_t established_ms; /* 0: not, or of UDP */
	bool ending;
	bool expected[N_TALLIES];
};

struct node {
	struct nat64 *n; /* NULL: dead */
	struct store *store;
	struct publisher *publisher;
	struct follower *follower;
	int64_t back_ms;
	int64_t since_ms; /* it may begin an epoch */
};

static struct {
	struct node nodes[2];
	struct node *heir;	     /* of whom sessions are expected */
	struct replica_origin epoch; /* of the one that was active */
	struct talk flows[MAX_FLOWS];
	int64_t elect_ms;     /* 0: nobody has to be elected */
	struct node *leaving; /* NULL: nobody */
	int64_t left_ms;
	int64_t away_until; /* the store; 0: it is there */
	int64_t save_ms;
	uint64_t random;
	uint16_t next_port;
	unsigned n_failovers, n_counted, n_switches, n_outages;
	unsigned n_expected[N_TALLIES];
	unsigned n_lost[N_TALLIES];
	unsigned n_young, n_packets, n_rivals;
} sim;

static const struct replica_seal seal = { .pair = PAIR };

static unsigned
below(unsigned n)
{
	sim.random = sim.random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return ((unsigned)(sim.random >> 33) % n);
}

static bool
once_in(unsigned n)
{
	return (below(n) == 0);
}

static int64_t
now_ms(void)
{
	return (lab.now.ns / 1000000);
}

static struct event_base *
machine(struct node *d)
{
	return ((struct event_base *)d);
}

static struct node *
other(const struct node *d)
{
	return (&sim.nodes[d == &sim.nodes[0]]);
}

static uint8_t
number(const struct node *d)
{
	return (d == &sim.nodes[0] ? 1 : 2);
}

static bool
is_active(const struct node *d)
{
	return (d->n != NULL && nat64_role(d->n) != NAT64_ROLE_STANDBY);
}

/* Who gets the packets: of one that leaves and the next, the next. */
static struct node *
active(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];

	if (!is_active(a) || (is_active(b) && sim.leaving == a))
		return (is_active(b) ? b : NULL);
	return (a);
}

/* --- nodes, as nat64d/replicate.c and role.c have it --- */

static void
start_node(struct node *d)
{
	memset(d, 0, sizeof(*d));
	lab.conf.pool_opts.node = number(d);
	lab.n = NULL;
	lab_start();
	d->n = lab.n;
	lab.n = NULL;
	nat64_set_role(d->n, NAT64_ROLE_STANDBY, lab.now);
	d->store = redis_fake_connect(machine(d));
	d->publisher = publisher_new(machine(d), d->n, d->store, &seal,
	    number(d), AFTER_SECS);
	d->follower = follower_new(machine(d), d->n, d->store, &seal);
	REQUIRE(d->publisher != NULL && d->follower != NULL);
	if (sim.away_until != 0)
		redis_fake_lose(d->store);
	follower_start(d->follower, publisher_epoch(d->publisher));
}

static void
end_node(struct node *d)
{
	if (d->n == NULL)
		return;
	sim.n_rivals += publisher_count(d->publisher).rivals;
	publisher_free(d->publisher);
	follower_free(d->follower);
	redis_fake_close(d->store);
	nat64_free(d->n);
	d->n = NULL;
}

static void
activate(struct node *d)
{
	d->since_ms = now_ms();
	nat64_set_role(d->n, NAT64_ROLE_ACTIVE, lab.now);
	follower_stop(d->follower);
	publisher_start(d->publisher);
}

static void
stand_by(struct node *d)
{
	nat64_set_role(d->n, NAT64_ROLE_STANDBY, lab.now);
	publisher_stop(d->publisher);
	follower_start(d->follower, publisher_epoch(d->publisher));
}

/* --- sessions --- */

static const char *
host_of(const struct talk *f)
{
	static char text[INET6_ADDRSTRLEN];

	snprintf(text, sizeof(text), "2001:db8:1:%x::10", f->host);
	return (text);
}

static const char *
server4_of(const struct talk *f)
{
	static char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "198.51.100.%u", 20 + f->server);
	return (text);
}

static const char *
server6_of(const struct talk *f)
{
	static char text[INET6_ADDRSTRLEN];

	snprintf(text, sizeof(text), PREF64 "%s", server4_of(f));
	return (text);
}

static struct tuple4
tuple_of(const struct talk *f)
{
	return ((struct tuple4){ f->out,
	    { addr4(server4_of(f)), f->server_port } });
}

static struct session *
session_of_flow(const struct node *d, const struct talk *f)
{
	const struct tuple4 t = tuple_of(f);
	struct session *s = session_find4(&d->n->sessions, f->proto, &t);

	if (s == NULL || session_is_over(&d->n->sessions, s, lab.now) ||
	    s->bib->in6.port != f->port)
		return (NULL);
	return (s);
}

/* A packet of the host; false: it does not pass as before. */
static bool
send_out(struct node *d, struct talk *f, uint8_t flags)
{
	bool sent;

	lab.n = d->n;
	if (f->proto == L4_UDP)
		sent = lab_udp(host_of(f), f->port, server6_of(f),
			   f->server_port) == NAT64_SENT;
	else
		sent = lab_tcp(host_of(f), f->port, server6_of(f),
			   f->server_port, flags) == NAT64_SENT;
	lab.n = NULL;
	sim.n_packets++;
	if (!sent)
		return (false);
	if (f->out.port == 0)
		f->out =
		    (struct taddr4){ lab.out[0].ip4.src, lab.out[0].sport };
	return (lab.out[0].ip4.src.s_addr == f->out.addr.s_addr &&
	    lab.out[0].sport == f->out.port);
}

/* A packet of the server. */
static bool
send_in(struct node *d, const struct talk *f, uint8_t flags)
{
	const struct in6_addr host = addr6(host_of(f));
	char pool[INET_ADDRSTRLEN];
	bool sent;

	inet_ntop(AF_INET, &f->out.addr, pool, sizeof(pool));
	lab.n = d->n;
	if (f->proto == L4_UDP)
		sent = lab_udp(server4_of(f), f->server_port, pool,
			   f->out.port) == NAT64_SENT;
	else
		sent = lab_tcp(server4_of(f), f->server_port, pool,
			   f->out.port, flags) == NAT64_SENT;
	lab.n = NULL;
	sim.n_packets++;
	return (sent && lab.out[0].dport == f->port &&
	    IN6_ARE_ADDR_EQUAL(&lab.out[0].ip6.dst, &host));
}

static struct talk *
free_flow(void)
{
	struct talk *f = &sim.flows[below(MAX_FLOWS)];

	if (f->on)
		return (NULL);
	memset(f, 0, sizeof(*f));
	return (f);
}

static struct talk *
used_flow(void)
{
	struct talk *f = &sim.flows[below(MAX_FLOWS)];

	return (f->on && f->out.port != 0 ? f : NULL);
}

static void
open_tcp(struct node *d, struct talk *f)
{
	f->on = send_out(d, f, PKT_TH_SYN);
	if (!f->on || once_in(6))
		return; /* the server does not answer */
	if (!send_in(d, f, PKT_TH_SYN | PKT_TH_ACK))
		return;
	if (send_out(d, f, PKT_TH_ACK))
		f->established_ms = now_ms();
}

/* From a host to a server, sometimes with a port that has a session already. */
static void
open_flow(struct node *d)
{
	struct talk *f = free_flow(), *of = used_flow();

	if (f == NULL)
		return;
	f->proto = once_in(2) ? L4_TCP : L4_UDP;
	f->host = below(N_HOSTS);
	f->server = below(N_SERVERS);
	f->port = (uint16_t)(1024 + sim.next_port++ % 60000);
	f->server_port = 443;
	f->born_ms = now_ms();
	if (of != NULL && f->proto == L4_UDP && of->proto == L4_UDP &&
	    of->server != f->server) {
		f->host = of->host;
		f->port = of->port;
		f->server_port = (uint16_t)(1024 + below(60000));
		f->out = of->out;
	}
	if (f->proto == L4_TCP)
		open_tcp(d, f);
	else if (f->out.port != 0 && once_in(2))
		f->on = send_in(d, f, 0); /* another peer: from outside */
	else
		f->on = send_out(d, f, 0);
}

static void
end_flow(struct node *d, struct talk *f)
{
	if (f->proto == L4_UDP)
		return;
	f->ending = true;
	if (once_in(2)) {
		(void)send_in(d, f, PKT_TH_RST);
		return;
	}
	(void)send_out(d, f, PKT_TH_FIN | PKT_TH_ACK);
	(void)send_in(d, f, PKT_TH_FIN | PKT_TH_ACK);
}

static void
use_flow(struct node *d)
{
	struct talk *f = used_flow();

	if (f == NULL)
		return;
	if (session_of_flow(d, f) == NULL) {
		f->on = false; /* its time is over, or it was lost */
		return;
	}
	if (f->ending)
		return;
	if (once_in(40))
		end_flow(d, f);
	else if (once_in(2))
		(void)send_out(d, f, PKT_TH_ACK);
	else
		(void)send_in(d, f, PKT_TH_ACK);
}

/* --- what a death costs --- */

static bool
is_told(const struct talk *f)
{
	const struct replica_place place = { f->proto, tuple_of(f) };

	return (sim.epoch.node != 0 &&
	    replica_look_session(redis_fake_db(), &seal, &sim.epoch, &place));
}

static bool
is_old(const struct talk *f)
{
	const int64_t now = now_ms();

	return (now - f->born_ms >= AFTER_SECS * 1000 + SLACK_MS ||
	    (f->established_ms != 0 && now - f->established_ms >= SLACK_MS));
}

/* Has the other one copied all that d writes? */
static bool
is_followed(const struct node *d)
{
	const struct node *to = other(d);
	struct replica_origin o, followed;

	if (sim.away_until != 0 || to->n == NULL || is_active(to) ||
	    !publisher_count(d->publisher).complete ||
	    !replica_look_epoch(redis_fake_db(), &seal, &o))
		return (false);
	/* A new epoch is not known to the store at once. */
	if (o.epoch != publisher_epoch(d->publisher) &&
	    now_ms() - d->since_ms < 3000)
		return (false);
	followed = follower_count(to->follower).origin;
	return (o.node == followed.node && o.epoch == followed.epoch);
}

/*
 * d is about to die, or to leave: note what has to be at the other one. old_ms:
 * so old a session has to be, unless that is 0.
 */
static void
expect_sessions(struct node *d, int64_t old_ms)
{
	const bool followed = is_followed(d);
	struct node *to = other(d);
	struct talk *f;

	sim.heir = to->n != NULL && !is_active(to) ? to : NULL;
	if (!followed ||
	    !replica_look_epoch(redis_fake_db(), &seal, &sim.epoch))
		sim.epoch.node = 0;
	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++) {
		memset(f->expected, 0, sizeof(f->expected));
		if (!f->on || session_of_flow(d, f) == NULL) {
			f->on = false;
			continue;
		}
		f->expected[THERE] =
		    sim.heir != NULL && session_of_flow(to, f) != NULL;
		f->expected[OLD] = followed &&
		    (old_ms != 0 ? now_ms() - f->born_ms >= old_ms :
				   is_old(f));
		sim.n_young += !f->expected[OLD];
	}
	sim.n_counted += followed;
}

static bool
goes_on(struct node *d, struct talk *f)
{
	if (session_of_flow(d, f) == NULL)
		return (false);
	if (f->ending)
		return (true);
	if (once_in(2))
		return (
		    send_out(d, f, PKT_TH_ACK) && send_in(d, f, PKT_TH_ACK));
	return (send_in(d, f, PKT_TH_ACK) && send_out(d, f, PKT_TH_ACK));
}

static void
tell_lost(const struct talk *f, unsigned tally)
{
	static const char *const names[] = { "told", "old", "there" };

	if (sim.n_lost[tally] < 5)
		printf("# lost: %s, %s, %lld ms old, established for %lld ms "
		       "at %lld\n",
		    names[tally], f->proto == L4_TCP ? "TCP" : "UDP",
		    (long long)(now_ms() - f->born_ms),
		    (long long)(f->established_ms != 0 ?
			    now_ms() - f->established_ms :
			    -1),
		    (long long)now_ms());
	sim.n_lost[tally]++;
}

static void
check_sessions(struct node *d)
{
	struct talk *f;
	unsigned i;
	bool good;

	for (f = sim.flows; f < sim.flows + MAX_FLOWS; f++) {
		if (!f->on)
			continue;
		f->expected[TOLD] =
		    d == sim.heir && sim.leaving == NULL && is_told(f);
		good = goes_on(d, f);
		for (i = 0; i < N_TALLIES; i++) {
			sim.n_expected[i] += d == sim.heir && f->expected[i];
			if (d == sim.heir && f->expected[i] && !good)
				tell_lost(f, i);
		}
		f->on = good;
	}
}

/* --- what happens --- */

static void
die(struct node *d)
{
	if (active() == d) {
		expect_sessions(d, 0);
		sim.n_failovers++;
	} else if (d == sim.heir)
		sim.heir = NULL;
	end_node(d);
	if (sim.leaving == d)
		sim.leaving = NULL;
	d->back_ms = now_ms() + 500 + below(once_in(5) ? 20000 : 3000);
}

static void
begin_switch(struct node *d)
{
	if (!is_followed(d))
		return;
	sim.leaving = d;
	sim.left_ms = now_ms();
	nat64_set_role(d->n, NAT64_ROLE_LEAVING, lab.now);
	publisher_hurry(d->publisher);
}

/* keepalived needs a while to see it; what is not told then is not expected. */
static void
go_on_with_switch(void)
{
	struct node *d = sim.leaving, *to;
	const int64_t ms = now_ms() - sim.left_ms;

	if (d == NULL)
		return;
	to = other(d);
	if (is_active(to)) {
		if (ms > 2500) {
			stand_by(d);
			sim.leaving = NULL;
		}
	} else if (to->n != NULL && ms > 300 &&
	    publisher_is_done(d->publisher)) {
		expect_sessions(d, 4 * SLACK_MS);
		sim.n_switches++;
		activate(to);
		check_sessions(to);
	} else if (ms > 1500 || to->n == NULL) {
		nat64_set_role(d->n, NAT64_ROLE_ACTIVE, lab.now);
		publisher_start(d->publisher);
		d->since_ms = now_ms();
		sim.leaving = NULL;
	}
}

static void
lose_store(void)
{
	unsigned i;

	sim.n_outages++;
	sim.away_until = now_ms() + 100 + below(8000);
	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL)
			continue;
		redis_fake_lose(d->store);
		publisher_lost(d->publisher);
		follower_lost(d->follower);
	}
	/* Else it was the network. */
	if (!once_in(3))
		redis_fake_restart(once_in(2));
}

static void
find_store(void)
{
	unsigned i;

	sim.away_until = 0;
	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL)
			continue;
		d->since_ms = now_ms();
		redis_fake_make_ready(d->store);
		publisher_ready(d->publisher);
		follower_ready(d->follower);
	}
}

/* Somebody alive, who has a copy if there is one. */
static void
elect(void)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1], *d;

	if (active() != NULL) {
		sim.elect_ms = 0;
		return;
	}
	if (sim.elect_ms == 0)
		sim.elect_ms = now_ms() + 250 + below(2750);
	if (now_ms() < sim.elect_ms || (a->n == NULL && b->n == NULL))
		return;
	if (a->n == NULL || b->n == NULL)
		d = a->n == NULL ? b : a;
	else
		d = follower_incomplete(b->follower) == NULL ? b : a;
	activate(d);
	check_sessions(d);
	sim.heir = NULL;
}

/* Once in so many milliseconds. */
static bool
once_in_ms(unsigned ms)
{
	return (once_in(ms / STEP_MS));
}

static void
happen(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct node *d = &sim.nodes[i];

		if (d->n == NULL && now_ms() >= d->back_ms)
			start_node(d);
		else if (d->n == NULL)
			continue;
		else if (once_in_ms(d == active() ? 6000 : 60000))
			die(d);
		else if (d == active() && sim.leaving == NULL &&
		    once_in_ms(30000))
			begin_switch(d);
		else if (once_in_ms(20000))
			redis_fake_set_skew(machine(d),
			    INT64_C(3600000) * ((int)below(3) - 1));
	}
	go_on_with_switch();
	if (sim.away_until == 0 && once_in_ms(60000))
		lose_store();
	else if (sim.away_until != 0 && now_ms() >= sim.away_until)
		find_store();
	if (once_in_ms(15000))
		redis_fake_save();
	elect();
}

static void
exchange(void)
{
	struct node *d = active();

	if (d != NULL && once_in_ms(50))
		open_flow(d);
	if (d != NULL && once_in_ms(20))
		use_flow(d);
}

static void
pass_step(void)
{
	unsigned i;

	lab_doze_ms(STEP_MS);
	if (now_ms() % 100 != 0)
		return;
	for (i = 0; i < 2; i++)
		while (sim.nodes[i].n != NULL &&
		    nat64_expire(sim.nodes[i].n, lab.ws, lab.now, 1000))
			continue;
}

static void
begin_sim(unsigned seed)
{
	memset(&sim, 0, sizeof(sim));
	sim.random = seed;
	redis_fake_begin();
	redis_fake_set_delay(DELAY_MS);
	nat64_free(lab.n);
	lab.n = NULL;
	lab_set_pool(POOL4, POOL4, 1024, 8191);
	lab.conf.max_sessions = 4 * MAX_FLOWS;
	lab.conf.lifetime_secs[SESSION_UDP] = UDP_SECS;
	lab.conf.lifetime_secs[SESSION_TCP_OPEN] = CLOSE_SECS;
	lab.conf.lifetime_secs[SESSION_TCP_CLOSE] = CLOSE_SECS;
	lab.conf.subscriber.new_bindings = (struct bucket_rate){ 0, 0 };
}

static void
run(unsigned seed, unsigned n_failovers)
{
	begin_sim(seed);
	start_node(&sim.nodes[0]);
	start_node(&sim.nodes[1]);
	while (sim.n_counted < n_failovers) {
		happen();
		exchange();
		redis_fake_run();
		pass_step();
	}
	end_node(&sim.nodes[0]);
	end_node(&sim.nodes[1]);
	redis_fake_end();
	printf("# %u nodes died that were active, %u were switched, %u of "
	       "both with a complete copy; the store was lost %u times; "
	       "%u packets\n",
	    sim.n_failovers, sim.n_switches, sim.n_counted, sim.n_outages,
	    sim.n_packets);
	printf("# sessions that had to go on, and that were lost: told %u, "
	       "%u; old %u, %u; there %u, %u; too young: %u\n",
	    sim.n_expected[TOLD], sim.n_lost[TOLD], sim.n_expected[OLD],
	    sim.n_lost[OLD], sim.n_expected[THERE], sim.n_lost[THERE],
	    sim.n_young);
	fflush(stdout);
}

START_TEST(no_session_is_lost)
{
	const char *seed = getenv("FAILOVER_SEED"); /* for a longer hunt */

	run(seed != NULL ? (unsigned)atoi(seed) : 1, 1000);
	ck_assert_uint_eq(sim.n_lost[TOLD], 0);
	ck_assert_uint_eq(sim.n_lost[OLD], 0);
	ck_assert_uint_eq(sim.n_lost[THERE], 0);
	/* A planned switch is no mistake. */
	ck_assert_uint_eq(sim.n_rivals, 0);
	ck_assert_uint_gt(sim.n_failovers, 1000);
	ck_assert_uint_gt(sim.n_switches, 50);
	ck_assert_uint_gt(sim.n_outages, 50);
	ck_assert_uint_gt(sim.n_expected[OLD], 50000);
}
END_TEST

/* Something changes all the time: there is no moment without news. */
START_TEST(a_copy_is_complete_although_changes_go_on)
{
	struct node *a = &sim.nodes[0], *b = &sim.nodes[1];
	unsigned i;

	begin_sim(1);
	start_node(a);
	activate(a);
	for (i = 0; i < 20000 / STEP_MS; i++) {
		if (i == 5000 / STEP_MS)
			start_node(b);
		open_flow(a);
		use_flow(a);
		redis_fake_run();
		pass_step();
	}
	ck_assert_uint_eq(follower_count(b->follower).copies, 1);
	ck_assert_ptr_null(follower_incomplete(b->follower));
	ck_assert(is_followed(a));
	end_node(a);
	end_node(b);
	redis_fake_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("failover");
	TCase *tc = tcase_create("failover");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, a_copy_is_complete_although_changes_go_on);
	tcase_add_test(tc, no_session_is_lost);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
