/*
 * Lifetimes of sessions: one host with many sessions, whose lifetimes are
 * shorter and much longer than a round of the timing wheel (wheel.h), with
 * small and large steps of time, and calls of nat64_expire() that come late or
 * end early. A table of end times, without a wheel, gives the expected result
 * for each packet.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

#define NSTEPS 40000
#define NX 8	 /* ports or identifiers of the host, from FIRST_X on */
#define NPEERS 6 /* two addresses, three ports each */
#define FIRST_X 5000

static const char *const servers4[] = { SERVER4, SERVER4_2 };
static const char *const servers6[][2] = {
	{ SERVER6, SERVER6_2 },
	{ "2001:db8:65::198.51.100.20", "2001:db8:65::198.51.100.21" },
};

static const uint32_t lifetimes
    [L4_NPROTO] = { [L4_TCP] = 1000, [L4_UDP] = 7200, [L4_ICMP] = 60 };

struct life {
	bool begun;
	struct monotime end;
	unsigned prefix; /* by which its host spoke last */
};

static struct life lives[L4_NPROTO][NX][NPEERS];

/* That which the host of a binding took or went over to last (ADR-08). */
static unsigned last_prefix[L4_NPROTO][NX];

static uint32_t random_state;

static uint32_t
below(uint32_t n)
{
	return (wire_random(&random_state) % n);
}

static bool
is_alive(const struct life *l)
{
	return (l->begun && l->end.ns > lab.now.ns);
}

/* Has a binding a session that lives, and with that server (-1: any)? */
static bool
is_bound(unsigned proto, unsigned x, int server)
{
	unsigned peer;

	for (peer = 0; peer < NPEERS; peer++)
		if (is_alive(&lives[proto][x][peer]) &&
		    (server == -1 || (int)(peer % 2) == server))
			return (true);
	return (false);
}

static size_t
count_alive(struct monotime *first_end)
{
	const struct life *l = &lives[0][0][0];
	size_t i, n = 0;

	first_end->ns = INT64_MAX;
	for (i = 0; i < sizeof(lives) / sizeof(*l); i++) {
		if (!is_alive(&l[i]))
			continue;
		n++;
		if (l[i].end.ns < first_end->ns)
			*first_end = l[i].end;
	}
	return (n);
}

/* The port of a server; an echo has one identifier for both sides. */
static uint16_t
peer_port(unsigned proto, unsigned x, unsigned peer)
{
	return ((uint16_t)(proto == L4_ICMP ? FIRST_X + x : 1 + peer / 2));
}

static void
live(unsigned proto, struct life *l, unsigned prefix)
{
	l->begun = true;
	l->prefix = prefix;
	l->end = monotime_add_secs(lab.now, lifetimes[proto]);
}

/* The host speaks: this always goes, and refreshes. */
static void
speak(unsigned proto, unsigned x, unsigned peer)
{
	struct life *l = &lives[proto][x][peer];
	const unsigned prefix = below(8) == 0;
	const char *server = servers6[prefix][peer % 2];
	const uint16_t port = (uint16_t)(FIRST_X + x);
	const uint16_t to = peer_port(proto, x, peer);

	if (proto == L4_UDP)
		lab_udp(CLIENT6, port, server, to);
	else if (proto == L4_TCP)
		lab_tcp(CLIENT6, port, server, to, PKT_TH_SYN);
	else
		lab_ping(CLIENT6, server, port);
	lab_expect_flow(lab_sent(), POOL4, port, servers4[peer % 2], to);
	if (!is_alive(l) || l->prefix != prefix)
		last_prefix[proto][x] = prefix;
	live(proto, l, prefix);
}

/*
 * The server speaks. A TCP segment that opens nothing passes where there is
 * a binding, and changes nothing; the others make a session of their own.
 */
static void
answer(unsigned proto, unsigned x, unsigned peer)
{
	struct life *l = &lives[proto][x][peer];
	const bool adf = lab.conf.adf[proto] && proto != L4_TCP;
	const unsigned prefix =
	    is_alive(l) ? l->prefix : last_prefix[proto][x];
	const char *server = servers4[peer % 2];
	const uint16_t port = (uint16_t)(FIRST_X + x);
	const uint16_t from = peer_port(proto, x, peer);

	if (proto == L4_UDP)
		lab_udp(server, from, POOL4, port);
	else if (proto == L4_TCP)
		lab_tcp(server, from, POOL4, port, PKT_TH_ACK);
	else
		lab_ping(server, POOL4, port);
	if (!is_bound(proto, x, adf ? (int)(peer % 2) : -1)) {
		ck_assert_int_ne(lab.verdict, NAT64_SENT);
		return;
	}
	lab_expect_flow(lab_sent(), servers6[prefix][peer % 2], from, CLIENT6,
	    port);
	if (proto != L4_TCP)
		live(proto, l, prefix);
}

/* Some milliseconds, and seldom much more than any lifetime. */
static void
pass_time(void)
{
	switch (below(400)) {
	case 0:
		lab_doze(below(8000));
		break;
	case 1:
		lab_doze(100 * 24 * 3600);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		lab_doze(below(600));
		break;
	default:
		lab_doze_ms(below(500));
		break;
	}
}

/* Nobody goes too early, and whoever comes when told to is not late. */
static void
check_alive(void)
{
	struct monotime first_end, when;
	const size_t n = count_alive(&first_end);

	ck_assert_uint_ge(lab_sessions(), n);
	if (n == 0)
		return;
	ck_assert(nat64_next_expiry(lab.n, &when));
	ck_assert_int_le(when.ns, first_end.ns + WHEEL_TICK_NS);
}

static void
check_swept(void)
{
	struct monotime first_end;

	while (nat64_expire(lab.n, lab.ws, lab.now, NX))
		continue;
	/* The last tick may have been left out. */
	ck_assert(!nat64_expire(lab.n, lab.ws, lab.now, 10000));
	ck_assert_uint_eq(lab_sessions(), count_alive(&first_end));
}

static void
step(void)
{
	const unsigned proto = below(L4_NPROTO), x = below(NX);
	const unsigned peer = below(proto == L4_ICMP ? 2 : NPEERS);

	pass_time();
	if (below(4) == 0)
		nat64_expire(lab.n, lab.ws, lab.now, 1 + below(3));
	if (below(2) == 0)
		speak(proto, x, peer);
	else
		answer(proto, x, peer);
	check_alive();
	if (below(500) == 0)
		check_swept();
}

/* Shows: TBL-04 TBL-05 TBL-06 SES-01 SES-11 SES-12 ADR-08 */
START_TEST(sessions_live_as_long_as_a_plain_table_says)
{
	struct nat64_config *c = &lab.conf;
	struct monotime when;
	unsigned i;

	memset(lives, 0, sizeof(lives));
	random_state = (uint32_t)_i + 1;
	lab_set_prefix(1, "2001:db8:65::", 96);
	lab_set_pool(POOL4, POOL4, 1024, 65535);
	c->pool_opts.select = POOL4_PRESERVE;
	c->adf[L4_TCP] = c->adf[L4_UDP] = c->adf[L4_ICMP] = _i % 2;
	c->lifetime_secs[SESSION_UDP] = lifetimes[L4_UDP];
	c->lifetime_secs[SESSION_ICMP] = lifetimes[L4_ICMP];
	c->lifetime_secs[SESSION_TCP_OPEN] = lifetimes[L4_TCP];
	memset(&c->subscriber, 0, sizeof(c->subscriber));
	lab_start();
	for (i = 0; i < NSTEPS; i++)
		step();
	check_swept();
	lab_doze(7200);
	check_swept();
	ck_assert(!nat64_next_expiry(lab.n, &when));
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_lifetimes");
	TCase *tc = tcase_create("nat64_lifetimes");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, sessions_live_as_long_as_a_plain_table_says, 0,
	    4);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
