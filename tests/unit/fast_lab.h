/*
 * The lab with a fast path: one session between the static binding of CLIENT6
 * and a server, packet by packet.
 */
#ifndef TESTS_UNIT_FAST_LAB_H
#define TESTS_UNIT_FAST_LAB_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "nat64d/core/nat64_fast.h"
#include "tests/unit/fastpath_fake.h"
#include "tests/unit/nat64_lab.h"

#define EST 7200 /* lifetimes, as in lab_setup() */
#define CLOSE 240
#define UDP 300
#define ECHO 60

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define FIN PKT_TH_FIN
#define RST PKT_TH_RST

static struct fake_fastpath fake;

/* The binding of PORT6 is static; the fast path has room for 100 flows. */
static inline void
start(void)
{
	lab.conf.n_statics = 0;
	lab_add_statics();
	lab_start();
	fake_start(&fake, 100);
}

/* --- packets of one session --- */

static inline void
udp6(void)
{
	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	lab_sent();
}

static inline void
udp4(void)
{
	lab_udp(SERVER4, PORT_SERVER, POOL4, PORT_IN);
	lab_sent();
}

static inline void
tcp6(uint8_t flags)
{
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, flags);
	lab_sent();
}

static inline void
tcp4(uint8_t flags)
{
	lab_tcp(SERVER4, PORT_SERVER, POOL4, PORT_IN, flags);
	lab_sent();
}

static inline void
ack6(void)
{
	tcp6(ACK);
}

static inline void
ack4(void)
{
	tcp4(ACK);
}

/* An echo request of IPv6, which is answered. */
static inline void
echo6(void)
{
	lab_ping(CLIENT6, SERVER6, ID6);
	lab_sent();
}

static inline void
echo4(void)
{
	lab_pong(SERVER4, POOL4, ID4);
	lab_sent();
}

static inline struct session *
session(enum l4proto proto)
{
	const bool echo = proto == L4_ICMP;
	const struct tuple4 t4 = { { addr4(POOL4), echo ? ID4 : PORT_IN },
		{ addr4(SERVER4), echo ? 0 : PORT_SERVER } };
	struct session *s = session_find4(nat64_sessions(lab.n), proto, &t4);

	REQUIRE(s != NULL);
	return (s);
}

/* n packets that count, the first one from IPv6. */
static inline void
exchange(enum l4proto proto, unsigned n)
{
	static void (*const send[L4_NPROTO][2])(void) = {
		[L4_TCP] = { ack6, ack4 },
		[L4_UDP] = { udp6, udp4 },
		[L4_ICMP] = { echo6, echo4 },
	};
	unsigned i;

	for (i = 0; i < n; i++)
		send[proto][i % 2]();
}

/* A session that is on the fast path; inbound: IPv4 has opened it. */
static inline struct session *
fast_session(enum l4proto proto, bool inbound)
{
	struct session *s;

	if (proto == L4_TCP) {
		if (inbound)
			tcp4(SYN);
		tcp6(SYN | (inbound ? ACK : 0));
		if (!inbound)
			tcp4(SYN | ACK);
	} else if (inbound && proto == L4_ICMP)
		lab_ping(SERVER4, POOL4, ID4);
	else if (inbound)
		udp4();
	exchange(proto, FAST_AFTER);
	s = session(proto);
	ck_assert_uint_ne(s->fast, 0);
	ck_assert_int_eq(s->inbound, inbound);
	return (s);
}

static inline void
expect_slow(void)
{
	ck_assert_uint_eq(fake.n, 0);
	ck_assert_uint_eq(nat64_sessions(lab.n)->n_fast, 0);
}

#endif
