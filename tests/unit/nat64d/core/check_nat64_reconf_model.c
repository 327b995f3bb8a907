/*
 * Random configurations one after the other, with random flows between two of
 * them: the sessions and bindings that survive are those that a model of the
 * rules names, with the timeouts of the new configuration, however the work is
 * divided into slices.
 */
#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/net/addr.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define NROUNDS 400
#define MAX_KNOWN 200
#define NPREFIXES 4

static uint32_t random_state;

/* A number below n. */
static uint32_t
below(uint32_t n)
{
	return (wire_random(&random_state) % n);
}

static const char *const hosts[] = { CLIENT6, HOST_B, HOST_C };
static const char *const peers[] = { SERVER4, SERVER4_2, ROUTER4 };
static const char *const prefixes[NPREFIXES] = { "2001:db8:64::",
	"2001:db8:65::", "2001:db8:66::", "2001:db8:67::" };

/* A session before the change. */
struct known {
	enum l4proto proto;
	struct taddr6 in6;
	struct taddr4 out4;
	struct taddr4 peer;
	struct in6_addr peer6;
	struct monotime stamp;
};

static struct known known[MAX_KNOWN];
static unsigned n_known;

static struct permit_rule permit;
static struct nat64_exclude exclude;

/* --- configurations --- */

static void
random_prefixes(void)
{
	const uint32_t first = below(NPREFIXES), n = 1 + below(NPREFIXES);
	uint32_t i;

	for (i = 0; i < n; i++)
		lab_set_prefix(i, prefixes[(first + i) % NPREFIXES], 96);
}

static void
random_pool(void)
{
	const uint16_t first = (uint16_t)(2000 + below(8));
	struct pool4_range *r = &lab.pool[0];

	lab_set_pool(POOL4, POOL4_2, first, (uint16_t)(first + 6 + below(9)));
	if (below(3) == 0)
		r->first = r->last;
	else if (below(2) == 0)
		r->last = r->first;
	memset(r->holes, 0, sizeof(r->holes));
	if (below(3) == 0)
		portlist_add(&r->holes[L4_UDP],
		    (struct port_range){ 2008, 2010 });
}

/* No two with the same side, and each in the pool. */
static void
random_statics(void)
{
	const struct pool4_range *r = &lab.pool[0];
	unsigned i;

	lab.conf.n_statics = 0;
	for (i = 0; i < 3; i++)
		if (below(2) == 0)
			lab_add_static(i == 2 ? L4_TCP : L4_UDP, hosts[i],
			    (uint16_t)(1 + below(3)),
			    below(2) == 0 ? text4(r->first) : text4(r->last),
			    (uint16_t)(2002 + 2 * i + below(2)));
}

static void
random_conf(void)
{
	struct nat64_config *c = &lab.conf;

	random_prefixes();
	random_pool();
	random_statics();
	permit.from = (struct prefix){ .family = AF_INET6,
		.len = 128,
		.v6 = addr6(hosts[below(3)]) };
	permit.allow = true; /* and nobody else */
	c->permits = &permit;
	/* The host of a static binding is allowed. */
	c->n_permits = c->n_statics == 0 && below(2) == 0;
	exclude.proto = L4_UDP;
	exclude.addr = addr4(peers[below(3)]);
	exclude.len = 32;
	exclude.ports = (struct port_range){ 1, (uint16_t)(1 + below(3)) };
	c->excludes = &exclude;
	c->n_excludes = below(2);
	c->lifetime_secs[SESSION_UDP] = 100 + below(400);
	c->lifetime_secs[SESSION_ICMP] = 100 + below(400);
	c->lifetime_secs[SESSION_TCP_OPEN] = 100 + below(400);
	c->lifetime_ports[0] =
	    (struct session_port){ SESSION_UDP, { 2, 3 }, 100 + below(400) };
	c->n_lifetime_ports = below(2);
}

/* --- the model --- */

static bool
in_pool(struct in_addr addr)
{
	const uint32_t a = ntohl(addr.s_addr);

	return (a >= ntohl(lab.pool[0].first.s_addr) &&
	    a <= ntohl(lab.pool[0].last.s_addr));
}

static bool
same6(const struct taddr6 *a, const struct taddr6 *b)
{
	return (a->port == b->port &&
	    memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0);
}

static bool
same4(const struct taddr4 *a, const struct taddr4 *b)
{
	return (a->port == b->port && a->addr.s_addr == b->addr.s_addr);
}

/* The sides of s that a static binding has: both, one or none. */
static unsigned
static_sides(const struct known *k)
{
	const struct nat64_static *st;
	unsigned both = 0, one = 0;
	size_t i;

	for (i = 0; i < lab.conf.n_statics; i++) {
		st = &lab.statics[i];
		if (st->proto != k->proto)
			continue;
		both |= same6(&st->in6, &k->in6) && same4(&st->out4, &k->out4);
		one |= same6(&st->in6, &k->in6) || same4(&st->out4, &k->out4);
	}
	return (both ? 2 : one);
}

static bool
is_dynamic_port(const struct known *k)
{
	const struct pool4_range *r = &lab.pool[0];

	return (k->out4.port >= r->ports[k->proto].first &&
	    k->out4.port <= r->ports[k->proto].last &&
	    !portlist_has(&r->holes[k->proto], k->out4.port));
}

static bool
survives(const struct known *k)
{
	const struct nat64_config *c = &lab.conf;
	const unsigned sides = static_sides(k);

	if (pref64_find(c->prefixes, c->n_prefixes, &k->peer6) == -1)
		return (false);
	if (c->n_excludes > 0 && k->proto == L4_UDP &&
	    k->peer.addr.s_addr == exclude.addr.s_addr &&
	    k->peer.port <= exclude.ports.last)
		return (false);
	if (sides == 2)
		return (true);
	return (sides == 0 && in_pool(k->out4.addr) && is_dynamic_port(k) &&
	    (c->n_permits == 0 ||
		memcmp(&k->in6.addr, &permit.from.v6, 16) == 0));
}

static uint32_t
lifetime(const struct known *k)
{
	const struct nat64_config *c = &lab.conf;

	if (k->proto == L4_UDP && c->n_lifetime_ports > 0 &&
	    (k->peer.port == 2 || k->peer.port == 3))
		return (c->lifetime_ports[0].secs);
	return (c->lifetime_secs[k->proto == L4_UDP ? SESSION_UDP :
		k->proto == L4_TCP		    ? SESSION_TCP_OPEN :
						      SESSION_ICMP]);
}

/* --- the translator --- */

static void
open_flows(void)
{
	struct in6_addr addr;
	struct in_addr peer;
	const char *dst;
	unsigned i;

	for (i = 0; i < 30; i++) {
		peer = addr4(peers[below(3)]);
		pref64_embed(
		    &lab.conf.prefixes[below((uint32_t)lab.conf.n_prefixes)],
		    peer, &addr);
		dst = text6(addr);
		if (below(3) == 0)
			lab_tcp(hosts[below(3)], (uint16_t)(1 + below(4)), dst,
			    (uint16_t)(1 + below(3)), PKT_TH_SYN);
		else if (below(2) == 0)
			lab_ping(hosts[below(3)], dst,
			    (uint16_t)(1 + below(4)));
		else
			lab_udp(hosts[below(3)], (uint16_t)(1 + below(4)), dst,
			    (uint16_t)(1 + below(5)));
		lab_doze_ms((int64_t)below(500));
	}
}

static void
note(const struct bib_entry *e)
{
	const struct session *s;

	for (s = session_next_of_bib(e, NULL); s != NULL;
	     s = session_next_of_bib(e, &s->peer)) {
		REQUIRE(n_known < MAX_KNOWN);
		known[n_known++] =
		    (struct known){ .proto = (enum l4proto)s->proto,
			    .in6 = s->in6,
			    .out4 = s->out4,
			    .peer = s->peer,
			    .peer6 = nat64_peer6(lab.n, s),
			    .stamp = s->stamp };
	}
}

static void
note_all(void)
{
	unsigned proto, steps = UINT_MAX;
	struct bib_walk walk;
	struct bib_entry *e;

	n_known = 0;
	for (proto = 0; proto < L4_NPROTO; proto++) {
		memset(&walk, 0, sizeof(walk));
		while ((e = bib_walk_at(nat64_bib(lab.n, (enum l4proto)proto),
			    &walk, &steps)) != NULL) {
			note(e);
			bib_walk_past(&walk, e);
		}
	}
}

/* Returns the number of sessions that there must be. */
static unsigned
compare(void)
{
	const struct session_table *t = nat64_sessions(lab.n);
	const struct session *s;
	const struct known *k;
	struct in6_addr peer6;
	struct tuple4 t4;
	unsigned n = 0;

	for (k = known; k < known + n_known; k++) {
		t4 = (struct tuple4){ .src = k->out4, .dst = k->peer };
		s = session_find4(t, k->proto, &t4);
		REQUIRE((s != NULL) == survives(k));
		if (s == NULL)
			continue;
		n++;
		REQUIRE(same6(&s->in6, &k->in6));
		REQUIRE(session_find6(t, k->proto, &k->in6, &k->peer,
			    s->prefix) == s);
		peer6 = nat64_peer6(lab.n, s);
		REQUIRE(memcmp(&peer6, &k->peer6, sizeof(peer6)) == 0);
		REQUIRE(session_expires(t, s).ns ==
		    monotime_add_secs(k->stamp, lifetime(k)).ns);
		REQUIRE(s->due.tick <= wheel_tick(session_expires(t, s)));
	}
	return (n);
}

static void
check_statics(void)
{
	const struct nat64_static *st;
	const struct bib_entry *e;
	size_t i;

	for (i = 0; i < lab.conf.n_statics; i++) {
		st = &lab.statics[i];
		e = bib_find6(nat64_bib(lab.n, st->proto), &st->in6);
		REQUIRE(e != NULL && e->is_static);
		REQUIRE(same4(&e->out4, &st->out4));
	}
	REQUIRE(nat64_statics_refused(lab.n) == 0);
}

START_TEST(what_survives_is_what_the_model_says)
{
	unsigned round, n, ended;

	random_state = (uint32_t)_i + 1;
	memset(&lab.conf.subscriber, 0, sizeof(lab.conf.subscriber));
	lab.conf.soft_pooling = true;
	lab.conf.pool_opts.quarantine_secs[L4_UDP] = 3;
	for (round = 0; round < NROUNDS; round++) {
		open_flows();
		note_all();
		random_conf();
		lab.n_events = 0;
		ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
		while (nat64_settle(lab.n, lab.now, 1 + below(5)))
			continue;
		n = compare();
		ended = lab_count_events(NAT64_EV_SESSION_DELETE);
		ck_assert_uint_eq(lab_sessions(), n);
		ck_assert_uint_eq(ended, n_known - n);
		check_statics();
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_reconf_model");
	TCase *tc = tcase_create("nat64_reconf_model");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 0);
	tcase_add_loop_test(tc, what_survives_is_what_the_model_says, 0, 4);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
