/*
 * Port control by the whole translator (RFC 6887): who may, what is assigned,
 * whom it lets in, how long it lives.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/pcp_lab.h"
#include "tests/unit/suite.h"

#define SYN PKT_TH_SYN
#define ACK PKT_TH_ACK
#define FIN PKT_TH_FIN

static enum pool4_state
port_state(enum l4proto proto, const struct taddr4 *out)
{
	return (pool4_port_state(nat64_pool(lab.n), proto, out));
}

/* A SYN of an IPv4 host to the port out reaches port of the host. */
static void
expect_open_tcp(const struct taddr4 *out, const char *host, uint16_t port)
{
	lab_tcp(SERVER4_2, 4444, text4(out->addr), out->port, SYN);
	lab_expect_flow(lab_sent(), SERVER6_2, 4444, host, port);
}

static void
expect_open_udp(const struct taddr4 *out, const char *host, uint16_t port)
{
	lab_udp(SERVER4_2, 4444, text4(out->addr), out->port);
	lab_expect_flow(lab_sent(), SERVER6_2, 4444, host, port);
}

/* --- who may --- */

START_TEST(it_is_off_by_default)
{
	ask_map(CLIENT6, 6, PORT, 3600);
	ck_assert_uint_eq(got.len, 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(hosts_that_may_not_are_refused)
{
	static const char *const hosts[] = { "2001:db8:2::30", "fe80::1",
		"::1", "ff02::1", "::", "2001:db8:64::c633:640a",
		"::ffff:192.0.2.1" };
	static struct permit_rule permit;
	unsigned i;

	ck_assert_ptr_null(
	    prefix_parse_family("2001:db8:2::/48", AF_INET6, &permit.from));
	lab.conf.permits = &permit;
	lab.conf.n_permits = 1;
	pcp_on();
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_int_eq(ask_map(hosts[i], 6, PORT, 3600),
		    PCP_NOT_AUTHORIZED);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_uint_eq(lab_counter(NAT64_PCP_REFUSED), i);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
}
END_TEST

START_TEST(one_subscriber_does_not_use_up_the_answers_of_others)
{
	unsigned i;

	pcp_on();
	for (i = 0; i < 200; i++)
		ask_from(CLIENT6, pcp_head(0, 0, CLIENT6));
	ck_assert_uint_eq(got.len, 0);
	ck_assert_uint_eq(lab_counter(NAT64_PCP_LIMITED), 100);
	/* Of the same /64. */
	ask_from(HOST_B, pcp_head(0, 0, HOST_B));
	ck_assert_uint_eq(got.len, 0);
	ask_from(HOST_C, pcp_head(0, 0, HOST_C));
	ck_assert_uint_eq(got.len, 24);
	lab_wait(1);
	ask_from(CLIENT6, pcp_head(0, 0, CLIENT6));
	ck_assert_uint_eq(got.len, 24);
}
END_TEST

/* --- MAP --- */

START_TEST(a_mapping_is_open_to_any_host)
{
	struct taddr4 tcp, udp;

	pcp_on();
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	tcp = got_out();
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 3600), PCP_SUCCESS);
	udp = got_out();
	ck_assert_uint_eq(tcp.addr.s_addr, udp.addr.s_addr);
	expect_open_tcp(&tcp, CLIENT6, PORT);
	expect_open_udp(&udp, CLIENT6, PORT);
	/* And what its host sends comes from there. */
	lab_udp(CLIENT6, PORT, SERVER6, 53);
	lab_expect_flow(lab_sent(), text4(udp.addr), udp.port, SERVER4, 53);
}
END_TEST

/*
 * RFC 6887, 11: without FILTER any host may send.
 * Shows: CGN-10
 */
START_TEST(a_mapping_is_open_whatever_the_filter)
{
	struct taddr4 tcp, udp, other;

	lab.conf.adf[L4_TCP] = lab.conf.adf[L4_UDP] = true;
	lab.conf.refuse_inbound_tcp = true;
	pcp_on();
	ask_map(CLIENT6, 6, PORT, 3600);
	tcp = got_out();
	ask_map(CLIENT6, 17, PORT, 3600);
	udp = got_out();
	expect_open_tcp(&tcp, CLIENT6, PORT);
	expect_open_udp(&udp, CLIENT6, PORT);
	other = lab_bind(L4_TCP, CLIENT6, 9);
	lab_tcp(SERVER4_2, 4444, text4(other.addr), other.port, SYN);
	lab_expect_drop(NAT64_INBOUND_TCP);
	other = lab_bind(L4_UDP, CLIENT6, 9);
	lab_udp(SERVER4_2, 4444, text4(other.addr), other.port);
	ck_assert_int_eq(lab.reason, NAT64_FILTERED);
}
END_TEST

START_TEST(a_mapping_lives_as_long_as_it_was_promised)
{
	struct taddr4 out;

	pcp_on();
	ask_map(CLIENT6, 6, PORT, 3600);
	out = got_out();
	ck_assert_uint_eq(got.secs, 3600);
	lab_wait(3599);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
	expect_open_tcp(&out, CLIENT6, PORT);
	lab_tcp(CLIENT6, PORT, SERVER6_2, 4444, PKT_TH_RST | ACK);
	lab_wait(2);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	/* The session keeps the binding for a while. */
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	lab_wait(300);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_uint_eq(nat64_subscribers(lab.n)->slab.used, 1);
}
END_TEST

/* RFC 6887, 15: nobody else gets it at once, also with TCP. */
START_TEST(the_port_of_a_mapping_rests)
{
	struct taddr4 out;

	pcp_on();
	ask_map(CLIENT6, 6, PORT, 120);
	out = got_out();
	lab_wait(121);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	ck_assert_int_eq(port_state(L4_TCP, &out), POOL4_QUARANTINED);
	/* A neighbour asks for it in vain; its own host gets it back. */
	ask_suggest(HOST_B, PORT, got_addr(), out.port, true);
	ck_assert_int_eq(got.result, PCP_CANNOT_PROVIDE_EXTERNAL);
	ck_assert_int_eq(ask_suggest(CLIENT6, PORT, "::", out.port, true),
	    PCP_SUCCESS);
	ck_assert_uint_eq(got.port, out.port);
}
END_TEST

START_TEST(no_packet_ends_a_mapping)
{
	struct taddr4 out;

	pcp_on();
	ask_map(CLIENT6, 6, PORT, 86400);
	out = got_out();
	expect_open_tcp(&out, CLIENT6, PORT);
	lab_tcp(CLIENT6, PORT, SERVER6_2, 4444, SYN | ACK);
	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, ACK);
	lab_tcp(SERVER4_2, 4444, text4(out.addr), out.port, FIN | ACK);
	lab_tcp(CLIENT6, PORT, SERVER6_2, 4444, FIN | ACK);
	lab_wait(20000);
	ck_assert_uint_eq(lab_sessions(), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	expect_open_tcp(&out, CLIENT6, PORT);
}
END_TEST

START_TEST(a_lifetime_is_extended_and_shortened)
{
	uint16_t port;

	pcp_on();
	ask_map(CLIENT6, 6, PORT, 3600);
	port = got.port;
	lab_wait(3000);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_uint_eq(got.port, port);
	ck_assert_uint_eq(lab.n_events, 0);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
	lab_wait(3599);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ask_map(CLIENT6, 6, PORT, 120);
	lab_wait(121);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(another_nonce_changes_nothing)
{
	pcp_on();
	ask_map(CLIENT6, 6, PORT, 3600);
	lab_wait(600);
	ask_from(CLIENT6,
	    pcp_map(CLIENT6, PCP_OTHER, 6, PORT, "::", 0, 86400));
	ck_assert_int_eq(got.result, PCP_NOT_AUTHORIZED);
	ck_assert_uint_eq(got.secs, 3000);
	ask_from(CLIENT6, pcp_map(CLIENT6, PCP_OTHER, 6, PORT, "::", 0, 0));
	ck_assert_int_eq(got.result, PCP_NOT_AUTHORIZED);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	lab_wait(3001);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(a_mapping_is_deleted_and_reported)
{
	char made[256], ended[256];

	pcp_on();
	ask_map(CLIENT6, 6, PORT, 3600);
	snprintf(made, sizeof(made),
	    "event=binding-created natevent=10 proto=tcp "
	    "addr6=2001:db8:1::10 port6=8080 addr4=%s port4=%u",
	    got_addr(), got.port);
	snprintf(ended, sizeof(ended),
	    "event=binding-deleted natevent=11 proto=tcp "
	    "addr6=2001:db8:1::10 port6=8080 addr4=%s port4=%u",
	    got_addr(), got.port);
	ck_assert_str_eq(lab_event(NAT64_EV_BIB_CREATE)->text, made);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 0), PCP_SUCCESS);
	ck_assert_uint_eq(got.secs, 0);
	ck_assert_str_eq(lab_event(NAT64_EV_BIB_DELETE)->text, ended);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
	/* A repeated request. */
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 0), PCP_SUCCESS);
	ck_assert_uint_eq(nat64_pcp_epoch(lab.n, lab.now), 0);
}
END_TEST

/* RFC 6887, 11.3 and 15.1: the outbound mapping goes on without it. */
START_TEST(a_binding_of_packets_gets_a_mapping)
{
	struct taddr4 out;

	pcp_on();
	out = lab_bind(L4_UDP, CLIENT6, PORT);
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 0), PCP_NOT_AUTHORIZED);
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 3600), PCP_SUCCESS);
	ck_assert_uint_eq(got.port, out.port);
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 0), PCP_SUCCESS);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	lab_wait(301);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

START_TEST(a_static_binding_is_told)
{
	lab_add_statics();
	pcp_on();
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT6, 3600), PCP_SUCCESS);
	ck_assert_uint_eq(got.port, PORT_IN);
	ck_assert_str_eq(got_addr(), POOL4);
	ck_assert_uint_eq(got.secs, UINT32_MAX);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT6, 0), PCP_NOT_AUTHORIZED);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
}
END_TEST

/* --- what is assigned --- */

START_TEST(a_suggestion_is_followed_where_possible)
{
	const char *other;

	pcp_on();
	ask_suggest(CLIENT6, PORT, "::", 40000, false);
	ck_assert_uint_eq(got.port, 40000);
	other = strcmp(got_addr(), POOL4) == 0 ? POOL4_2 : POOL4;
	/* The address is that of the subscriber (RFC 6888, REQ-2). */
	ask_suggest(CLIENT6, PORT + 1,
	    strcmp(other, POOL4) == 0 ? "::ffff:203.0.113.5" :
					"::ffff:203.0.113.6",
	    40001, false);
	ck_assert_str_ne(got_addr(), other);
	ck_assert_uint_eq(got.port, 40001);
	/* Taken, and outside of the pool. */
	ck_assert_int_eq(ask_suggest(HOST_B, PORT, "::", 40000, false),
	    PCP_SUCCESS);
	ck_assert_uint_ne(got.port, 40000);
	ck_assert_int_eq(ask_suggest(HOST_B, PORT + 1, "::", 80, false),
	    PCP_SUCCESS);
	ck_assert_uint_ge(got.port, 1024);
	ck_assert_int_eq(ask_suggest(HOST_B, PORT + 2, "::ffff:127.0.0.1",
			     40005, false),
	    PCP_SUCCESS);
	ck_assert_uint_eq(got.port, 40005);
}
END_TEST

START_TEST(a_suggested_address_is_followed_by_a_new_subscriber)
{
	pcp_on();
	ask_suggest(CLIENT6, PORT, "::ffff:203.0.113.6", 40000, true);
	ck_assert_int_eq(got.result, PCP_SUCCESS);
	ck_assert_str_eq(got_addr(), POOL4_2);
	ask_suggest(HOST_C, PORT, "::ffff:203.0.113.5", 40000, true);
	ck_assert_int_eq(got.result, PCP_SUCCESS);
	ck_assert_str_eq(got_addr(), POOL4);
}
END_TEST

START_TEST(a_mapping_that_must_have_a_port_has_it_or_fails)
{
	pcp_on();
	ck_assert_int_eq(ask_suggest(CLIENT6, PORT, "::", 40000, true),
	    PCP_SUCCESS);
	ck_assert_int_eq(ask_suggest(HOST_B, PORT, "::", 40000, true),
	    PCP_CANNOT_PROVIDE_EXTERNAL);
	ck_assert_int_eq(ask_suggest(HOST_B, PORT, "::", 80, true),
	    PCP_CANNOT_PROVIDE_EXTERNAL);
	ck_assert_int_eq(ask_suggest(HOST_B, PORT, "::ffff:192.0.2.99", 40001,
			     true),
	    PCP_CANNOT_PROVIDE_EXTERNAL);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
	ck_assert_uint_eq(lab_drops(NAT64_SUBSCRIBER_LIMIT), 0);
}
END_TEST

/* RFC 6887, 11.3 */
START_TEST(ports_of_pcp_are_never_assigned)
{
	unsigned i;

	lab_set_pool(POOL4, POOL4, 5344, 5359);
	pcp_on();
	for (i = 0; i < 14; i++) {
		ck_assert_int_eq(ask_map(CLIENT6, 17, (uint16_t)(PORT + i),
				     3600),
		    PCP_SUCCESS);
		ck_assert(got.port != 5350 && got.port != 5351);
	}
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT + 20, 3600),
	    PCP_NO_RESOURCES);
	ask_from(CLIENT6,
	    pcp_map(CLIENT6, PCP_NONCE, 17, PORT + 20, "::", 5351, 3600));
	ck_assert_int_eq(got.result, PCP_NO_RESOURCES);
	/* TCP may have them. */
	ck_assert_int_eq(ask_suggest(CLIENT6, PORT, "::", 5351, true),
	    PCP_SUCCESS);
}
END_TEST

/* --- limits --- */

START_TEST(mappings_count_as_ports_of_their_subscriber)
{
	unsigned i;

	lab.conf.subscriber.ports = 3;
	pcp_on();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(ask_map(CLIENT6, 6, (uint16_t)(PORT + i),
				     3600),
		    PCP_SUCCESS);
	ck_assert_int_eq(ask_map(HOST_B, 6, PORT, 3600), PCP_USER_EX_QUOTA);
	ck_assert_uint_eq(got.secs, 30);
	ck_assert_uint_eq(lab_count_events(NAT64_EV_QUOTA), 1);
	lab_tcp(CLIENT6, 1, SERVER6, 80, SYN);
	ck_assert_int_eq(lab.reason, NAT64_SUBSCRIBER_LIMIT);
	ck_assert_int_eq(ask_map(HOST_C, 6, PORT, 3600), PCP_SUCCESS);
	/* Another protocol, and after the end of one. */
	ck_assert_int_eq(ask_map(HOST_B, 17, PORT, 3600), PCP_SUCCESS);
	ask_map(CLIENT6, 6, PORT, 0);
	ck_assert_int_eq(ask_map(HOST_B, 6, PORT, 3600), PCP_SUCCESS);
}
END_TEST

START_TEST(a_subscriber_has_so_many_mappings)
{
	lab.conf.pcp.per_subscriber = 2;
	pcp_on();
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_int_eq(ask_peer(HOST_B, 6, PORT, SERVER6, 80, 3600),
	    PCP_SUCCESS);
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 3600), PCP_USER_EX_QUOTA);
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_int_eq(ask_map(HOST_C, 17, PORT, 3600), PCP_SUCCESS);
	ask_map(CLIENT6, 6, PORT, 0);
	ck_assert_int_eq(ask_map(CLIENT6, 17, PORT, 3600), PCP_SUCCESS);
}
END_TEST

START_TEST(without_a_free_port_there_is_no_mapping)
{
	lab_set_pool(POOL4, POOL4, 2000, 2000);
	pcp_on();
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_SUCCESS);
	ck_assert_int_eq(ask_map(HOST_C, 6, PORT, 3600), PCP_NO_RESOURCES);
	lab.conf.n_pool = 0;
	lab_start();
	ck_assert_int_eq(ask_map(CLIENT6, 6, PORT, 3600), PCP_NETWORK_FAILURE);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
}
END_TEST

/* --- PEER --- */

START_TEST(peer_keeps_a_connection_beyond_its_session)
{
	struct taddr4 out;

	pcp_on();
	out = lab_bind(L4_UDP, CLIENT6, PORT);
	ck_assert_int_eq(ask_peer(CLIENT6, 17, PORT, SERVER6, PORT_SERVER, 0),
	    PCP_SUCCESS);
	ck_assert_uint_eq(got.port, out.port);
	/* That of the session. */
	ck_assert_uint_eq(got.secs, 300);
	ask_peer(CLIENT6, 17, PORT, SERVER6, PORT_SERVER, 3600);
	ck_assert_uint_eq(got.secs, 3600);
	lab_wait(3500);
	ck_assert_uint_eq(lab_sessions(), 0);
	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, PORT_SERVER, CLIENT6, PORT);
	lab_wait(101);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	lab_wait(400);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);
}
END_TEST

/* RFC 6887, 16.3.1: the state of a connection was lost. */
START_TEST(peer_restores_a_connection)
{
	struct pcp_bytes m =
	    pcp_map(CLIENT6, PCP_NONCE, 6, PORT, "::", 40000, 3600);

	pcp_on();
	ask_from(CLIENT6, pcp_peer(m, SERVER6, 80));
	ck_assert_int_eq(got.result, PCP_SUCCESS);
	ck_assert_uint_eq(got.port, 40000);
	lab_tcp(CLIENT6, PORT, SERVER6, 80, ACK);
	lab_expect_flow(lab_sent(), got_addr(), 40000, SERVER4, 80);
	lab_tcp(SERVER4, 80, got_addr(), 40000, ACK);
	lab_expect_flow(lab_sent(), SERVER6, 80, CLIENT6, PORT);
	/* A neighbour cannot have that. */
	m = pcp_map(HOST_B, PCP_NONCE, 6, PORT, "::", 40000, 3600);
	ask_from(HOST_B, pcp_peer(m, SERVER6, 80));
	ck_assert_int_eq(got.result, PCP_CANNOT_PROVIDE_EXTERNAL);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
}
END_TEST

START_TEST(peer_lets_in_that_peer_only)
{
	struct taddr4 out;

	lab.conf.adf[L4_UDP] = true;
	pcp_on();
	ask_peer(CLIENT6, 17, PORT, SERVER6, 53, 3600);
	out = got_out();
	lab_udp(SERVER4_2, 53, text4(out.addr), out.port);
	ck_assert_int_eq(lab.reason, NAT64_FILTERED);
	lab_udp(SERVER4, 99, text4(out.addr), out.port);
	lab_expect_flow(lab_sent(), SERVER6, 99, CLIENT6, PORT);
	/* With MAP beside it, everybody; afterwards only that one again. */
	ask_map(CLIENT6, 17, PORT, 3600);
	expect_open_udp(&out, CLIENT6, PORT);
	ask_map(CLIENT6, 17, PORT, 0);
	lab_wait(400);
	lab_udp(SERVER4_2, 53, text4(out.addr), out.port);
	ck_assert_int_eq(lab.reason, NAT64_FILTERED);
}
END_TEST

START_TEST(a_peer_that_packets_cannot_have_is_refused)
{
	static const char *const peers[] = { "2001:db8::1",
		"::", "::ffff:198.51.100.20", "2001:db8:64::127.0.0.1",
		"2001:db8:64::224.0.0.1", "2001:db8:64::203.0.114.9" };
	static struct nat64_exclude exclude;
	unsigned i;

	exclude = (struct nat64_exclude){ .addr = addr4("203.0.114.0"),
		.len = 24,
		.any_proto = true };
	lab.conf.excludes = &exclude;
	lab.conf.n_excludes = 1;
	pcp_on();
	for (i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		ck_assert_int_eq(ask_peer(CLIENT6, 6, PORT, peers[i], 80, 600),
		    PCP_MALFORMED_REQUEST);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

START_TEST(mappings_of_a_binding_have_their_own_lifetimes)
{
	pcp_on();
	ask_peer(CLIENT6, 6, PORT, SERVER6, 80, 600);
	ask_peer(CLIENT6, 6, PORT, SERVER6, 81, 1200);
	ask_peer(CLIENT6, 6, PORT, SERVER6_2, 80, 1800);
	ask_map(CLIENT6, 6, PORT, 900);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 4);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	lab_wait(901);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 2);
	/* PEER deletes nothing. */
	ask_peer(CLIENT6, 6, PORT, SERVER6, 81, 0);
	ck_assert_uint_eq(got.secs, 299);
	lab_wait(300);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 1);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 1);
	lab_wait(700);
	ck_assert_uint_eq(lab_bindings(L4_TCP), 0);
}
END_TEST

/* --- many --- */

static uint32_t seed = 17;

static unsigned
pick(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return ((seed >> 8) % n);
}

/* No port has two hosts, and the counts are those of the tables. */
static void
expect_sane(void)
{
	const struct nat64_mapping *m = NULL;
	size_t n = 0;

	while ((m = nat64_mapping_after(lab.n, m)) != NULL) {
		n++;
		ck_assert(m->bib->held);
		ck_assert_ptr_eq(bib_find4(nat64_bib(lab.n,
					       (enum l4proto)m->proto),
				     &m->bib->out4),
		    m->bib);
		ck_assert_int_gt(m->end.ns, lab.now.ns);
	}
	ck_assert_uint_eq(n, nat64_pcp_count(lab.n));
	ck_assert_uint_le(n, 8 * 8);
}

START_TEST(requests_and_packets_at_random)
{
	char host[64];
	unsigned i, j;

	seed += (uint32_t)_i * 7919;
	lab_set_pool(POOL4, POOL4, 2000, 2039);
	lab.conf.pcp.per_subscriber = 8;
	lab.conf.adf[L4_UDP] = _i % 2;
	pcp_on();
	for (i = 0; i < 4000; i++) {
		snprintf(host, sizeof(host), "2001:db8:%x::%x", 1 + pick(8),
		    1 + pick(2));
		j = pick(10);
		if (j < 5)
			ask_from(host,
			    pcp_map(host, pick(9) ? PCP_NONCE : PCP_OTHER,
				pick(2) ? 6 : 17, (uint16_t)(1 + pick(12)),
				"::", (uint16_t)(pick(2) * (2000 + pick(40))),
				pick(4) * 100));
		else if (j < 7)
			ask_peer(host, pick(2) ? 6 : 17,
			    (uint16_t)(1 + pick(12)), SERVER6,
			    (uint16_t)(1 + pick(3)), pick(4) * 100);
		else if (j < 8)
			lab_udp(host, (uint16_t)(1 + pick(12)), SERVER6, 1);
		else if (j < 9)
			lab_udp(SERVER4, 1, POOL4,
			    (uint16_t)(2000 + pick(40)));
		else
			lab_wait(1 + pick(30));
		expect_sane();
	}
	lab_wait(2000);
	ck_assert_uint_eq(nat64_pcp_count(lab.n), 0);
	ck_assert_uint_eq(lab_bindings(L4_TCP) + lab_bindings(L4_UDP), 0);
	ck_assert_uint_gt(lab_counter(NAT64_PCP_MAPPED), 100);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		it_is_off_by_default,
		hosts_that_may_not_are_refused,
		one_subscriber_does_not_use_up_the_answers_of_others,
		a_mapping_is_open_to_any_host,
		a_mapping_is_open_whatever_the_filter,
		a_mapping_lives_as_long_as_it_was_promised,
		the_port_of_a_mapping_rests,
		no_packet_ends_a_mapping,
		a_lifetime_is_extended_and_shortened,
		another_nonce_changes_nothing,
		a_mapping_is_deleted_and_reported,
		a_binding_of_packets_gets_a_mapping,
		a_static_binding_is_told,
		a_suggestion_is_followed_where_possible,
		a_suggested_address_is_followed_by_a_new_subscriber,
		a_mapping_that_must_have_a_port_has_it_or_fails,
		ports_of_pcp_are_never_assigned,
		mappings_count_as_ports_of_their_subscriber,
		a_subscriber_has_so_many_mappings,
		without_a_free_port_there_is_no_mapping,
		peer_keeps_a_connection_beyond_its_session,
		peer_restores_a_connection,
		peer_lets_in_that_peer_only,
		a_peer_that_packets_cannot_have_is_refused,
		mappings_of_a_binding_have_their_own_lifetimes,
	};
	Suite *s = suite_create("nat64_pcp");
	TCase *tc = tcase_create("nat64_pcp");
	size_t i;

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, requests_and_packets_at_random, 0, 4);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
