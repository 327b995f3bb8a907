/*
 * Random packets, valid and invalid, into a small translator with few hosts,
 * few ports and low limits, so that all combinations occur. After each step the
 * emitted packets must be valid, the tables must agree with each other and with
 * the events, and no limit may be exceeded. Then the same while it is given
 * another configuration at random times.
 *
 *	check_nat64_random		100,000 steps
 *	NAT64_STEPS=n NAT64_SEED=n	other runs
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"

#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define NSTEPS 100000
#define MAX_SESSIONS 60
#define MAX_BINDINGS 40
#define FRAG_BYTES 60000
#define FRAG_DATAGRAMS 12
#define NSTATICS 3

static uint32_t random_state;

/* A number below n. */
static uint32_t
below(uint32_t n)
{
	return (wire_random(&random_state) % n);
}

static bool
one_in(uint32_t n)
{
	return (below(n) == 0);
}

#define PICK(list) ((list)[below(NITEMS(list))])

/* Blocks of four ports, with another number for each subscriber, or none. */
static void
random_blocks(void)
{
	lab.pool[0].block_size = one_in(3) ? 4 : one_in(3) ? 3 : 0;
	lab.pool[0].max_blocks = (uint16_t)(1 + below(3));
	/* For two subscribers, or for all. */
	lab.pool[0].deterministic = lab.pool[0].block_size != 0 && one_in(3);
	lab.pool[0].clients =
	    (struct prefix){ .family =
				 lab.pool[0].deterministic ? AF_INET6 : 0,
		    .len = 63,
		    .v6 = addr6("2001:db8:1::") };
	lab.conf.pool_opts.block_rest_secs = below(3) * 10;
}

static void
start(void)
{
	static const uint32_t lifetimes[SESSION_NCLASSES] = { [SESSION_UDP] =
								  30,
		[SESSION_ICMP] = 10,
		[SESSION_TCP_EST] = 60,
		[SESSION_TCP_OPEN] = 20,
		[SESSION_TCP_CLOSE] = 10,
		[SESSION_TCP_SYN] = 6 };
	struct nat64_config *c = &lab.conf;

	memcpy(c->lifetime_secs, lifetimes, sizeof(lifetimes));
	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_set_pool(POOL4, POOL4_2, 2000, 2011);
	random_blocks();
	c->adf[L4_UDP] = one_in(2);
	c->adf[L4_TCP] = one_in(2);
	c->unbound_errors = true;
	c->first_frag_errors = one_in(2);
	c->remap_fragment_id = one_in(2);
	c->soft_pooling = one_in(2);
	c->rst_refreshes = one_in(2);
	c->xlat.mtu4 = one_in(2) ? 1500 : 576;
	c->xlat.mtu6 = one_in(2) ? 1500 : 1280;
	c->xlat.mss_clamp = one_in(2);
	c->max_sessions = MAX_SESSIONS;
	c->max_bindings = MAX_BINDINGS;
	c->max_sessions_per_binding = 20;
	c->subscriber.ports = 10;
	c->subscriber.sessions = 60;
	c->subscriber.fair_share = one_in(2);
	c->max_stored_syns = 10;
	c->max_stored_syns_per_peer = 4;
	c->frag.max_bytes = FRAG_BYTES;
	c->frag.source_bytes = FRAG_BYTES / 2;
	c->frag.max_datagrams = FRAG_DATAGRAMS;
	c->frag.source_datagrams = 6;
	c->frag.per_datagram = 8;
	lab.first_ipid = 0;
	lab_add_static(L4_TCP, CLIENT6, 1, POOL4, 80);
	lab_add_static(L4_UDP, CLIENT6, 1, POOL4, 2003);
	lab_add_static(L4_ICMP, HOST_C, 1, POOL4_2, 9);
	lab_start();
}

/* Is nat64_settle() to be called? */
static bool settling;

static void
random_statics(void)
{
	struct nat64_config *c = &lab.conf;
	const bool both = c->pool[0].first.s_addr != c->pool[0].last.s_addr;

	c->n_statics = 0;
	if (both && one_in(2))
		lab_add_static(L4_TCP, CLIENT6, 1, POOL4, 80);
	if (both && one_in(2))
		lab_add_static(L4_UDP, CLIENT6, (uint16_t)(1 + below(3)),
		    POOL4, (uint16_t)(2003 + below(2)));
	if (one_in(2))
		lab_add_static(L4_ICMP, HOST_C, 1, POOL4_2, 9);
}

/* Another configuration. */
static void
reconfigure(void)
{
	static struct permit_rule permit = { .from = { .family = AF_INET6,
						 .len = 128 } };
	static struct nat64_exclude exclude = { .len = 32, .any_proto = true };
	struct nat64_config *c = &lab.conf;
	const uint16_t first = (uint16_t)(2000 + below(4));
	const bool swap = one_in(4);

	lab_set_prefix(0, swap ? "2001:db8:65::" : PREF64, 96);
	if (one_in(2))
		lab_set_prefix(1, swap ? PREF64 : "2001:db8:65::", 96);
	lab_set_pool(one_in(4) ? POOL4_2 : POOL4, POOL4_2, first, first + 11);
	if (one_in(2))
		random_blocks();
	random_statics();
	permit.from.v6 = addr6(HOST_B);
	c->permits = &permit;
	c->n_permits = one_in(3);
	exclude.addr = addr4(SERVER4_2);
	c->excludes = &exclude;
	c->n_excludes = one_in(3);
	c->lifetime_secs[SESSION_UDP] = 10 + below(40);
	c->lifetime_secs[SESSION_TCP_EST] = 20 + below(40);
	c->lifetime_ports[0] =
	    (struct session_port){ SESSION_UDP, { 1, 1 }, 5 + below(50) };
	c->n_lifetime_ports = one_in(2);
	c->max_stored_syns = 5 + below(6);
	c->soft_pooling = one_in(2);
	REQUIRE(nat64_reconfigure(lab.n, c) == 0);
	settling = true;
}

static void
step_reconfigure(void)
{
	if (!settling && one_in(200))
		reconfigure();
	if (settling && one_in(8))
		settling = nat64_settle(lab.n, lab.now, below(10));
	if (!settling)
		REQUIRE(nat64_statics_refused(lab.n) == 0);
}

/* --- packets --- */

static void
random_flow(struct flow *f, enum pkt_family family)
{
	static const char *const hosts6[] = { CLIENT6, CLIENT6, HOST_B, HOST_C,
		HOST_C, ROUTER6 };
	static const char *const odd6[] = { SERVER6, "fe80::1", SELF6,
		"2001:db8:64::192.0.2.1", "2001:db8:64::127.0.0.1",
		"2001:db8:66::1", "ff02::1", "::", "::1" };
	static const char *const peers6[] = { SERVER6, SERVER6, SERVER6_2,
		"2001:db8:65::198.51.100.20", "2001:db8:64::203.0.113.5",
		"2001:db8:64::203.0.113.6", "2001:db8:65::203.0.113.5" };
	static const char *const hosts4[] = { SERVER4, SERVER4, SERVER4_2,
		ROUTER4, POOL4 };
	static const char *const odd4[] = { "127.0.0.1", "0.0.0.0", SELF4,
		"203.0.113.4", "224.0.0.1" };
	static const char *const pool4[] = { POOL4, POOL4, POOL4_2 };
	const bool odd = one_in(20);

	if (family == PKT_V6) {
		f->src = odd && one_in(2) ? PICK(odd6) : PICK(hosts6);
		f->dst = odd ? PICK(odd6) : PICK(peers6);
		f->sport = (uint16_t)(1 + below(12));
		f->dport = (uint16_t)(1 + below(2));
		if (one_in(3)) /* where a hairpin may lead */
			f->dport = (uint16_t)(1999 + below(14));
	} else {
		f->src = odd && one_in(2) ? PICK(odd4) : PICK(hosts4);
		f->dst = odd ? PICK(odd4) : PICK(pool4);
		f->sport = (uint16_t)(1 + below(2));
		f->dport = (uint16_t)(one_in(8) ? 80 : 1999 + below(14));
	}
}

static const uint8_t ext_plain[] = { 0, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t ext_route[] = { 0, 0, 4, 1, 0, 0, 0, 0 };
static const uint8_t ext_atomic[] = { 0, 0, 0, 0, 0, 0, 0, 7 };
static const uint8_t ext_beyond[] = { 0, 255, 1, 4, 0, 0, 0, 0 };
static const uint8_t options[] = { 1, 7, 7, 4, 0, 0, 0, 0 };
static const uint8_t route[] = { 131, 7, 4, 192, 0, 2, 5, 0 };

static void
random_headers(struct spec *s)
{
	static uint8_t ext[8];

	if (s->family == PKT_V4) {
		s->ext = one_in(3) ? route : options;
		s->extlen = 8;
		return;
	}
	switch (below(4)) {
	case 0:
		memcpy(ext, ext_plain, 8);
		s->next = IPPROTO_DSTOPTS;
		break;
	case 1:
		memcpy(ext, ext_route, 8);
		s->next = IPPROTO_ROUTING;
		break;
	case 2:
		memcpy(ext, ext_beyond, 8);
		s->next = IPPROTO_HOPOPTS;
		break;
	default:
		memcpy(ext, ext_atomic, 8);
		s->next = IPPROTO_FRAGMENT;
		break;
	}
	ext[0] = s->proto;
	s->ext = ext;
	s->extlen = 8;
}

/* TCP, UDP or an echo, sometimes something else. */
static void
random_packet(size_t payload)
{
	static const uint8_t flags[] = { 2, 2, 2, 0x12, 0x10, 0x11, 4, 0x10,
		0x13, 0 };
	struct spec s = { .family = one_in(2) ? PKT_V6 : PKT_V4 };
	const bool v6 = s.family == PKT_V6;
	const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_UDP, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP };
	struct flow f;

	s.proto = one_in(50) ? 132 : PICK(protos);
	s.tos = (uint8_t)below(256);
	s.ttl = (uint8_t)(one_in(20) ? 1 : 2 + below(200));
	s.tcp_flags = PICK(flags);
	s.echo_type = (uint8_t)(v6 ? 128 + below(2) : below(2) * 8);
	s.id = (uint16_t)below(4);
	s.frag = one_in(2) ? 0x4000 : 0;
	s.payload = payload;
	if (one_in(10))
		random_headers(&s);
	random_flow(&f, s.family);
	if (is_icmp(s.proto) && !v6)
		f.sport = f.dport;
	lab_build(&s, &f);
	if (s.proto == IPPROTO_UDP && one_in(v6 ? 20 : 4)) /* no checksum */
		put16(lab.in.data + (v6 ? 40 : 20) + s.extlen + 6, 0);
}

static size_t
random_size(void)
{
	static const size_t sizes[] = { 0, 1, 8, 40, 100, 500, 1000, 1212,
		1232, 1233, 1240, 1400, 1452, 1453, 1472, 1480 };

	return (PICK(sizes));
}

/* A super-packet as the device gives it. */
static void
random_super_packet(void)
{
	struct pkt p;

	random_packet(2000 + below(20000));
	p = lab.in;
	if (pkt_parse(&p) != NAT64_NONE || p.is_frag || p.truncated ||
	    (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP))
		return;
	make_partial(&p, p.proto == IPPROTO_TCP ? PKT_SEG_TCP : PKT_SEG_UDP,
	    (uint16_t)(500 + below(1000)));
	lab.in.ofl = p.ofl;
}

static void
random_fragment(void)
{
	struct pkt whole;
	size_t off, len;

	random_packet(100 + below(3000));
	whole = lab.in;
	if (pkt_parse(&whole) != NAT64_NONE || whole.l4off > 40)
		return;
	whole = lab_copy(&lab.in);
	off = below(4) * 800;
	if (off >= pkt_l4len(&whole))
		off = 0;
	len = pkt_l4len(&whole) - off;
	if (len > 800)
		len = one_in(10) ? 8 + 8 * below(100) : 800;
	lab_build_fragment(&whole, below(3), off, len,
	    off + len < pkt_l4len(&whole));
}

/* An error about something that has been seen not long ago. */
static void
random_error(const struct pkt *seen)
{
	static const uint8_t types4[] = { 3, 3, 3, 11, 12, 5 };
	static const uint8_t types6[] = { 1, 1, 2, 3, 4, 100 };
	const bool v6 = seen->family == PKT_V6;
	size_t len = seen->len;

	if (one_in(2) && len > 48)
		len = 28 + below((uint32_t)len - 28);
	if (len > 1400)
		len = 1400;
	lab_build_error(v6 ? ROUTER6 : ROUTER4,
	    v6 ? PICK(types6) : PICK(types4), (uint8_t)below(6),
	    one_in(2) ? below(1600) : 0, seen, len);
}

/* Damage what has been built. */
static void
mutate(void)
{
	unsigned n = 1 + below(4);

	lab.bad_cksum = true;
	while (n-- > 0)
		switch (below(4)) {
		case 0:
			lab.in.len = below(lab.in.len + 1);
			break;
		case 1:
			lab.in.len += below(40);
			break;
		default:
			lab.in.data[below(
			    lab.in.len < 80 ? lab.in.len + 1 : 80)] =
			    (uint8_t)below(256);
		}
	if (one_in(2) && lab.in.len >= 60)
		lab_fix();
}

static void
build_any(const struct pkt *seen)
{
	const uint32_t kind = below(12);

	/* Pieces of several datagrams may meet: no sum will hold. */
	lab.bad_cksum = kind < 3;
	if (kind < 3)
		random_fragment();
	else if (kind == 3)
		random_super_packet();
	else if (kind < 6 && seen->len > 0)
		random_error(seen);
	else
		random_packet(random_size());
	if (one_in(8))
		mutate();
}

/* --- what must hold --- */

static long live_bindings; /* by the events */
static long live_sessions;
static long live_blocks;

static void
count_events(void)
{
	const struct lab_event *e;

	for (e = lab.events; e < lab.events + lab.n_events; e++)
		switch (e->type) {
		case NAT64_EV_BIB_CREATE:
			live_bindings++;
			break;
		case NAT64_EV_BIB_DELETE:
			live_bindings--;
			break;
		case NAT64_EV_SESSION_CREATE:
			live_sessions++;
			break;
		case NAT64_EV_SESSION_DELETE:
			live_sessions--;
			break;
		case NAT64_EV_BLOCK_ALLOCATE:
			live_blocks++;
			break;
		case NAT64_EV_BLOCK_RELEASE:
			live_blocks--;
			break;
		default:
			break;
		}
	REQUIRE(lab.n_events < LAB_MAXEVENTS);
}

/* Is that Pref64 configured? */
static bool
has_prefix(const struct session *s)
{
	const struct in6_addr peer6 = nat64_peer6(lab.n, s);

	return (
	    pref64_find(lab.conf.prefixes, lab.conf.n_prefixes, &peer6) != -1);
}

/* Is it looked at when it ends, or as soon as the sweep gets there? */
static bool
is_in_time(const struct session_table *t, const struct session *s)
{
	const struct wheel *w = s->inbound ? &t->inbound.wheel : &t->wheel;

	return (s->due.tick <= wheel_tick(session_expires(t, s)) ||
	    s->due.tick <= w->tick);
}

static void
check_session(const struct session *s)
{
	const struct session_table *t = nat64_sessions(lab.n);
	const enum l4proto proto = (enum l4proto)s->proto;
	const struct tuple4 t4 = { .src = s->out4, .dst = s->peer };

	REQUIRE(session_find4(t, proto, &t4) == s);
	if (s->bib == NULL) {
		REQUIRE(s->tcp_state == TCP_STATE_V4_INIT_STORED);
		return;
	}
	REQUIRE(session_find6(t, proto, &s->in6, &s->peer, s->prefix) == s);
	REQUIRE(memcmp(&s->bib->in6.addr, &s->in6.addr, 16) == 0);
	REQUIRE(s->bib->in6.port == s->in6.port);
	REQUIRE(s->bib->out4.addr.s_addr == s->out4.addr.s_addr);
	REQUIRE(s->bib->out4.port == s->out4.port);
	REQUIRE(settling || has_prefix(s));
	REQUIRE(settling || is_in_time(t, s));
}

/* The slots of both wheels, one after the other. */
static const struct wheel_slot *
slot(const struct session_table *t, unsigned i)
{
	if (i < WHEEL_NSLOTS)
		return (&t->wheel.slots[i]);
	return (&t->inbound.wheel.slots[i - WHEEL_NSLOTS]);
}

/* A younger session is never behind an older one, where no flush sees it. */
static void
check_order(const struct session_table *t, const struct wheel_slot *slot)
{
	struct wheel_entry *e;
	bool stale = false;

	TAILQ_FOREACH(e, slot, link) {
		REQUIRE(!stale || session_is_stale(t, session_of(e)));
		stale = session_is_stale(t, session_of(e));
	}
}

static size_t
check_sessions(void)
{
	const struct session_table *t = nat64_sessions(lab.n);
	const struct session *s;
	struct wheel_entry *e;
	size_t n = 0, n_stale = 0;
	unsigned i, n_syns = 0, n_bound = 0;

	for (i = 0; i < 2 * WHEEL_NSLOTS; i++) {
		check_order(t, slot(t, i));
		TAILQ_FOREACH(e, slot(t, i), link) {
			s = session_of(e);
			check_session(s);
			n_stale += s->epoch != t->epoch;
			REQUIRE(s->inbound == (i >= WHEEL_NSLOTS));
			n_syns += s->tcp_state == TCP_STATE_V4_INIT_STORED;
			n_bound += s->bib != NULL;
			n++;
		}
	}
	REQUIRE(n == session_count(t));
	REQUIRE(n_stale == t->n_stale);
	REQUIRE(n_syns == nat64_stored_syns(lab.n));
	REQUIRE((long)n_bound == live_sessions);
	return (n);
}

/* A dynamic binding has its port from a block of its subscriber. */
static void
check_block(const struct bib_entry *e)
{
	const struct pool4 *pool = nat64_pool(lab.n);
	struct pool4_block block;

	if (settling || e->is_static || lab.pool[0].block_size == 0)
		return;
	REQUIRE(pool4_block_of(pool, &e->out4, &block));
	REQUIRE(memcmp(&block.holder, &e->sub->prefix, 16) == 0);
	REQUIRE(block.n_ports > 0);
}

/* Those that have been reported: not the computed ones. */
static long
count_blocks(void)
{
	struct pool4_block_walk w = { 0, 0 };
	struct pool4_block block;
	unsigned steps = UINT_MAX;
	long n = 0;

	while (pool4_block_walk_next(nat64_pool(lab.n), &w, &steps, &block))
		n += !block.fixed;
	return (n);
}

static size_t
check_bindings(void)
{
	const struct pool4 *pool = nat64_pool(lab.n);
	const struct session *s;
	struct bib_entry *e;
	size_t n = 0, n_statics = 0;
	unsigned proto, n_sessions, steps = UINT_MAX;
	struct bib_walk walk;
	const struct bib *b;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		b = nat64_bib(lab.n, (enum l4proto)proto);
		memset(&walk, 0, sizeof(walk));
		for (; (e = bib_walk_at(b, &walk, &steps)) != NULL;
		     bib_walk_past(&walk, e)) {
			REQUIRE(bib_find4(b, &e->out4) == e);
			REQUIRE(settling ||
			    pool4_port_state(pool, (enum l4proto)proto,
				&e->out4) == POOL4_TAKEN);
			n_statics += e->is_static;
			check_block(e);
			n_sessions = 0;
			for (s = session_next_of_bib(e, NULL); s != NULL;
			     s = session_next_of_bib(e, &s->peer)) {
				REQUIRE(s->bib == e);
				n_sessions++;
			}
			REQUIRE(n_sessions == e->n_sessions);
			REQUIRE(n_sessions > 0 || e->is_static);
			n++;
		}
	}
	REQUIRE(n == (size_t)live_bindings + NSTATICS);
	REQUIRE(settling || n_statics == lab.conf.n_statics);
	REQUIRE(settling || count_blocks() == live_blocks);
	return (n);
}

static void
check_all(bool reconfigures)
{
	REQUIRE(check_sessions() <= MAX_SESSIONS);
	/* Static bindings of another configuration may come on top. */
	REQUIRE(
	    check_bindings() <= MAX_BINDINGS + (reconfigures ? NSTATICS : 0));
	REQUIRE(nat64_stored_syns(lab.n) <= 10);
	REQUIRE(frag_bytes(nat64_frags(lab.n)) <= FRAG_BYTES);
	REQUIRE(frag_datagrams(nat64_frags(lab.n)) <= FRAG_DATAGRAMS);
	/* REPLIED and SENT mean that something came out. */
	REQUIRE(lab.n_out > 0 ||
	    (lab.verdict != NAT64_SENT && lab.verdict != NAT64_REPLIED));
}

/* Keep something to quote: what went in or what came out. */
static void
remember(struct pkt *seen)
{
	const struct pkt *p;

	if (lab.n_out == 0 || one_in(3))
		return;
	p = &lab.out[below(lab.n_out)];
	if (p->len <= 2000 && (p->l4 != L4_ICMP || p->sport != 0))
		*seen = lab_copy(p);
}

static void
step_time(bool reconfigures)
{
	static const int64_t steps_ms[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 10, 50,
		200, 500 };
	int64_t ms = PICK(steps_ms);

	if (one_in(1500))
		ms = 60000 + below(300000);
	lab_doze_ms(ms);
	lab.n_events = lab.n_out = 0;
	lab.bad_cksum = true; /* of what was collected */
	if (one_in(3))
		nat64_expire(lab.n, lab.ws, lab.now, 1 + below(20));
	if (one_in(2000))
		nat64_flush_begin(lab.n);
	if (one_in(8))
		nat64_flush(lab.n, lab.now, below(10));
	if (reconfigures)
		step_reconfigure();
	count_events();
}

static unsigned long
env_number(const char *name, unsigned long or_else)
{
	const char *text = getenv(name);

	return (text != NULL ? strtoul(text, NULL, 0) : or_else);
}

static void
run(uint32_t seed, unsigned long n_steps, bool reconfigures)
{
	struct pkt seen = { .len = 0 };
	uint64_t sent = 0;

	random_state = seed;
	live_bindings = live_sessions = live_blocks = 0;
	settling = false;
	start();
	for (; n_steps > 0; n_steps--) {
		build_any(&seen);
		lab_send();
		count_events();
		check_all(reconfigures);
		remember(&seen);
		sent += lab.n_out;
		step_time(reconfigures);
	}
	lab.n_events = 0;
	while (settling)
		settling = nat64_settle(lab.n, lab.now, 10);
	count_events();
	ck_assert_uint_gt(sent, 0);
	/* In the end everything ends. */
	lab_wait(60);
	count_events();
	lab_wait(60);
	count_events();
	ck_assert_uint_eq(check_sessions(), 0);
	ck_assert_uint_eq(check_bindings(), lab.conf.n_statics);
	ck_assert_uint_eq(frag_bytes(nat64_frags(lab.n)), 0);
}

/*
 * Shows: FLT-14 LIM-01 LIM-03 LIM-04 LIM-07 TBL-02 TBL-03 TBL-04 FRG-40
 * HPN-08 CSM-01 CSM-02 CSM-03 CSM-04 CSM-09 CSM-10
 */
START_TEST(nothing_that_comes_in_brings_the_tables_out_of_step)
{
	const unsigned long n_steps = env_number("NAT64_STEPS", NSTEPS);

	run((uint32_t)env_number("NAT64_SEED", 1) * 8 + (uint32_t)_i + 1,
	    n_steps / 8, false);
}
END_TEST

START_TEST(nor_does_another_configuration_at_any_time)
{
	const unsigned long n_steps = env_number("NAT64_STEPS", NSTEPS);

	run((uint32_t)env_number("NAT64_SEED", 1) * 8 + (uint32_t)_i + 1,
	    n_steps / 8, true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_random");
	TCase *tc = tcase_create("nat64_random");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 0);
	tcase_add_loop_test(tc,
	    nothing_that_comes_in_brings_the_tables_out_of_step, 0, 8);
	tcase_add_loop_test(tc, nor_does_another_configuration_at_any_time, 0,
	    8);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
