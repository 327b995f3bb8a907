/*
 * Random packets of few sessions, random times, and everything that ends
 * sessions, with a fast path that has little room. After each step the
 * sessions that are on it are its flows, one for one, and are such as may be
 * there.
 *
 *	check_nat64_fast_random		40,000 steps for each seed
 *	NAT64_STEPS=n			other runs
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/fastpath_fake.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define NSTEPS 40000
#define NSEEDS 4
#define NX 4 /* ports of the host, each with a static binding */
#define FIRST_X 5000
#define FIRST_OUT 50000
#define MAX_SESSIONS 12
#define FLOWS 5

static const char *const servers4[] = { SERVER4, SERVER4_2, ROUTER4 };
static const char *const servers6[][3] = {
	{ SERVER6, SERVER6_2, "2001:db8:64::192.0.2.77" },
	{ "2001:db8:65::198.51.100.20", "2001:db8:65::198.51.100.21",
	    "2001:db8:65::192.0.2.77" },
};

static struct fake_fastpath fake;
static uint32_t random_state;

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

static void
start(void)
{
	struct nat64_config *c = &lab.conf;
	uint16_t x;

	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	c->max_sessions = MAX_SESSIONS;
	c->max_inbound = 4;
	c->inbound_refresh = one_in(2);
	c->adf[L4_UDP] = c->adf[L4_ICMP] = one_in(2);
	c->lifetime_secs[SESSION_UDP] = 60;
	c->lifetime_secs[SESSION_ICMP] = 60;
	c->lifetime_secs[SESSION_TCP_EST] = 120;
	for (x = 0; x < NX; x++) {
		lab_add_static(L4_TCP, CLIENT6, FIRST_X + x, POOL4,
		    FIRST_OUT + x);
		lab_add_static(L4_UDP, CLIENT6, FIRST_X + x, POOL4,
		    FIRST_OUT + x);
		lab_add_static(L4_ICMP, CLIENT6, FIRST_X + x, POOL4,
		    FIRST_OUT + x);
	}
	lab_start();
	fake_start(&fake, FLOWS);
}

/* Either side may ask, and answer. */
static void
send_echo(uint16_t x, const char *server4, const char *server6)
{
	const bool from6 = one_in(2);
	const char *src = from6 ? CLIENT6 : server4;
	const char *dst = from6 ? server6 : POOL4;
	const uint16_t id = (from6 ? FIRST_X : FIRST_OUT) + x;

	if (one_in(2))
		lab_ping(src, dst, id);
	else
		lab_pong(src, dst, id);
}

/* Mostly data, of a few sessions more than of others. */
static void
send_packet(void)
{
	static const uint8_t others[] = { PKT_TH_SYN, PKT_TH_SYN,
		PKT_TH_SYN | PKT_TH_ACK, PKT_TH_FIN | PKT_TH_ACK, PKT_TH_RST };
	const uint16_t x = (uint16_t)below(one_in(3) ? NX : 1);
	const uint32_t server = below(one_in(3) ? 3 : 1);
	const char *server6 = servers6[one_in(30)][server];
	const uint16_t port = (uint16_t)(one_in(40) ? FIRST_OUT + 1 : 53);
	const uint8_t flags =
	    one_in(8) ? others[below(NITEMS(others))] : PKT_TH_ACK;

	if (one_in(40)) /* a hairpin */
		server6 = "2001:db8:64::203.0.113.5";
	if (one_in(8))
		send_echo(x, servers4[server], server6);
	else if (one_in(2) && one_in(2))
		lab_tcp(CLIENT6, FIRST_X + x, server6, port, flags);
	else if (one_in(2))
		lab_tcp(servers4[server], port, POOL4, FIRST_OUT + x, flags);
	else if (one_in(2))
		lab_udp(CLIENT6, FIRST_X + x, server6, port);
	else
		lab_udp(servers4[server], port, POOL4, FIRST_OUT + x);
}

/* Packets that the translator does not see. */
static void
use_fast_path(void)
{
	uint32_t handle;

	for (handle = 1; handle <= FAKE_FLOWS; handle++) {
		if (!fake.used[handle] || !one_in(6))
			continue;
		if (one_in(2))
			fake_use6(&fake, handle, below(1000));
		else
			fake_use4(&fake, handle, below(1000));
	}
	fake.at_last = one_in(10) ? lab.now.ns : 0;
}

static void
something_else(void)
{
	switch (below(2000)) {
	case 9:
		lab.conf.refuse_echo6 = !lab.conf.refuse_echo6;
		ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
		while (nat64_settle(lab.n, lab.now, 100))
			continue;
		break;
	case 0:
		nat64_flush_begin(lab.n);
		nat64_flush(lab.n, lab.now, 1 + below(20));
		break;
	case 1:
		nat64_set_pool(lab.n, &lab.conf, lab.now);
		break;
	case 2:
		nat64_set_fastpath(lab.n, NULL);
		break;
	case 3:
	case 4:
	case 5:
		nat64_set_fastpath(lab.n, &fake.ops);
		break;
	case 6:
		fake.max = below(FLOWS + 1);
		break;
	case 7:
	case 8:
		fake.max = FLOWS;
		break;
	}
}

static void
check_session(const struct session *s)
{
	const struct session_table *t = nat64_sessions(lab.n);
	const int64_t lifetime = t->lifetime_secs[s->cls];
	const struct fastflow f = { .in6 = s->in6,
		.peer6 = nat64_peer6(lab.n, s),
		.out4 = s->out4,
		.peer4 = s->peer,
		.proto = s->proto };

	REQUIRE(s->bib != NULL && s->fast <= FAKE_FLOWS);
	REQUIRE(fake.used[s->fast]);
	REQUIRE(fake_same_flow(&fake.flows[s->fast], &f));
	REQUIRE(s->proto != L4_TCP || s->tcp_state == TCP_STATE_ESTABLISHED);
	REQUIRE(pool4_index(nat64_pool(lab.n), s->peer.addr) == -1);
	REQUIRE(session_expires(t, s).ns >=
	    fake.notes[s->fast].last6 + lifetime * INT64_C(1000000000));
	REQUIRE(s->due.tick <= wheel_tick(session_expires(t, s)));
}

static void
check_all(void)
{
	const struct session_table *t = nat64_sessions(lab.n);
	const struct wheel_slot *slot;
	struct wheel_entry *e;
	size_t n = 0, n_fast = 0;
	unsigned i;

	for (i = 0; i < 2 * WHEEL_NSLOTS; i++) {
		slot = i < WHEEL_NSLOTS ?
		    &t->wheel.slots[i] :
		    &t->inbound.wheel.slots[i - WHEEL_NSLOTS];
		TAILQ_FOREACH(e, slot, link) {
			n++;
			if (session_of(e)->fast == 0)
				continue;
			check_session(session_of(e));
			n_fast++;
		}
	}
	REQUIRE(n == session_count(t) && n <= MAX_SESSIONS);
	REQUIRE(n_fast == fake.n && n_fast == t->n_fast);
	REQUIRE(fake.n <= FLOWS);
}

START_TEST(sessions_and_flows_are_the_same_after_every_step)
{
	const char *text = getenv("NAT64_STEPS");
	unsigned long steps = text != NULL ? strtoul(text, NULL, 0) : NSTEPS;

	random_state = (uint32_t)_i + 1;
	start();
	for (; steps > 0; steps--) {
		send_packet();
		check_all();
		use_fast_path();
		something_else();
		lab_doze_ms(one_in(200) ? 1000 * below(200) : below(100));
		if (one_in(2))
			nat64_expire(lab.n, lab.ws, lab.now, 1 + below(20));
		check_all();
	}
	ck_assert_uint_gt(lab_counter(NAT64_FAST_OFFERED), 50);
	ck_assert_uint_gt(lab_counter(NAT64_FAST_FULL), 0);
	ck_assert_uint_gt(lab_counter(NAT64_SESSIONS_EVICTED), 0);
	ck_assert_uint_gt(lab_counter(NAT64_PROBES), 0);
	/* In the end everything ends. */
	fake.at_last = 0;
	lab_wait(300);
	lab_wait(300);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(fake.n, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_fast_random");
	TCase *tc = tcase_create("nat64_fast_random");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 0);
	tcase_add_loop_test(tc,
	    sessions_and_flows_are_the_same_after_every_step, 0, NSEEDS);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
