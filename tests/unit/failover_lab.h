/*
 * Two simulated nodes, and the sessions of hosts and servers through the one
 * that is active, for check_failover.c, which describes them.
 */
#ifndef TESTS_UNIT_FAILOVER_LAB_H
#define TESTS_UNIT_FAILOVER_LAB_H

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
#include "tests/unit/replica_look.h" /* before seal */

#define STEP_MS 5
#define AFTER_SECS 3
#define DELAY_MS 40 /* to the store, at most */
#define SLOW_MS 2000
#define LATE_MS 6000 /* two ways, what was asked before, and a margin */
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
	bool awaited; /* it has not come yet */
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
	/* of a run: */
	unsigned delay_ms; /* to the store, at most */
	int64_t slack_ms;
	bool is_slow;
	unsigned life_ms; /* of an active node, on average */

	struct node nodes[2];
	struct node *heir;	     /* of whom sessions are expected */
	struct replica_origin epoch; /* of the one that was active */
	struct talk flows[MAX_FLOWS];
	int64_t elect_ms;     /* 0: nobody has to be elected */
	int64_t check_ms;     /* sessions late; 0: they have been */
	struct node *leaving; /* NULL: nobody */
	int64_t left_ms;
	int64_t away_until; /* the store; 0: it is there */
	int64_t save_ms;
	int64_t dropped_ms; /* keys of the store, the last time */
	uint64_t random;
	uint16_t next_port;
	unsigned n_failovers, n_counted, n_switches, n_outages;
	unsigned n_expected[N_TALLIES];
	unsigned n_lost[N_TALLIES];
	unsigned n_young, n_packets, n_rivals;
	unsigned n_drops;
	unsigned n_awaited, n_early, n_moved, n_cut;
	uint64_t n_late;
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
	sim.n_drops += (unsigned)publisher_count(d->publisher).drops;
	sim.n_rivals += publisher_count(d->publisher).rivals;
	sim.n_late += follower_count(d->follower).late;
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

	return (f->on && f->out.port != 0 && !f->awaited ? f : NULL);
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
	memset(f->expected, 0, sizeof(f->expected));
	if (once_in(2)) {
		(void)send_in(d, f, PKT_TH_RST);
		return;
	}
	(void)send_out(d, f, PKT_TH_FIN | PKT_TH_ACK);
	(void)send_in(d, f, PKT_TH_FIN | PKT_TH_ACK);
}

/*
 * Its session is still on its way: nobody is to be told that there is none, and
 * what the server sends, or what belongs to a connection, changes nothing.
 */
static void
use_early(struct node *d, struct talk *f)
{
	const struct taddr4 out = f->out;

	sim.n_early++;
	if (session_of_flow(d, f) != NULL) {
		f->awaited = false;
		return;
	}
	d->n->conf.reset_unknown_tcp = d->n->conf.unbound_errors = true;
	if (f->proto == L4_TCP && once_in(2))
		(void)send_out(d, f, PKT_TH_ACK);
	else if (f->proto == L4_TCP || !once_in(4))
		(void)send_in(d, f, PKT_TH_ACK);
	else {
		f->out.port = 0;
		(void)send_out(d, f, 0);
		if (f->out.port != out.port) {
			memset(f->expected, 0, sizeof(f->expected));
			f->awaited = false;
			sim.n_moved++;
		}
	}
	d->n->conf.reset_unknown_tcp = d->n->conf.unbound_errors = false;
	ck_assert_uint_eq(d->n->stats.counters[NAT64_RESETS6], 0);
	ck_assert_uint_eq(d->n->stats.counters[NAT64_ERRORS4], 0);
}

static void
use_flow(struct node *d)
{
	struct talk *f = &sim.flows[below(MAX_FLOWS)];

	if (f->on && f->awaited)
		use_early(d, f);
	f = used_flow();
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

#endif
