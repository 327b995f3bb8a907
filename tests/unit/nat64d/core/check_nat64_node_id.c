/*
 * ICMPv6 errors from routers that have no IPv4 address: from which address they
 * leave, and whether they tell the router's own
 * (draft-ietf-v6ops-icmpext-xlat-v6only-source, 4 and 5). The object itself is
 * tested in check_xlat_icmp_ext.c.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define DUMMY4 "192.0.0.8"
#define HOST4 "192.168.1.10" /* CLIENT6 */
#define MAPPED6 "2001:db8:2::1"
#define MAPPED4 "192.168.2.1"
#define ROUTER_IN4 "2001:db8:64::192.0.2.77"

static struct eam maps[2];

static void
map(size_t i, const char *four, const char *six)
{
	maps[i] = (struct eam){ addr4(four), 32, addr6(six), 128 };
}

static void
start_stateless(enum nat64_mode mode)
{
	map(0, HOST4, CLIENT6);
	map(1, MAPPED4, MAPPED6);
	lab.conf.maps = maps;
	lab.conf.n_maps = 2;
	lab.conf.mode = mode;
	lab.conf.pool = NULL;
	lab.conf.n_pool = 0;
	lab.conf.node_id = true;
	lab_start();
}

/* The error that came out tells this address, or none (NULL). */
static void
expect_node(const struct pkt *p, const char *router)
{
	static const uint8_t head[] = { 0, 24, 5, 4, 0, 2, 0, 0 };
	const uint8_t *icmp = pkt_l4(p), *ext;
	const uint32_t unit = p->family == PKT_V6 ? 8 : 4;
	const uint32_t attr = icmp[p->family == PKT_V6 ? 4 : 5];
	struct in6_addr a;

	if (router == NULL) {
		ck_assert_uint_eq(attr, 0);
		return;
	}
	a = addr6(router);
	ck_assert_uint_ge(attr * unit, 128);
	ck_assert_uint_eq(8 + attr * unit + 28, pkt_l4len(p));
	ext = icmp + 8 + attr * unit;
	ck_assert_uint_eq(ext[0], 0x20);
	ck_assert_uint_eq(wire_sum(0, ext, 28), 0xffff);
	ck_assert_mem_eq(ext + 4, head, sizeof(head));
	ck_assert_mem_eq(ext + 12, &a, sizeof(a));
}

/* HOST4 sends to SERVER4, and somebody answers with an error. */
static const struct pkt *
error_to_host4(const char *from, uint8_t type, uint32_t param)
{
	struct pkt sent;

	lab_udp(HOST4, 1000, SERVER4, 53);
	sent = lab_copy(lab_sent());
	lab_build_error(from, type, 0, param, &sent, sent.len);
	lab_fix();
	lab_send();
	return (lab_sent());
}

/* Shows: ICM-38 */
START_TEST(a_router_without_ipv4_tells_its_address)
{
	static const struct {
		uint8_t type;
		uint8_t type4;
		uint32_t param;
	} rows[] = { { ICMP6_DST_UNREACH, ICMP_UNREACH, 0 },
		{ ICMP6_TIME_EXCEEDED, ICMP_TIMXCEED, 0 },
		{ ICMP6_PACKET_TOO_BIG, ICMP_UNREACH, 1400 },
		{ ICMP6_PARAM_PROB, ICMP_PARAMPROB, 7 } };
	const struct pkt *p;
	size_t i;
	int mode;

	for (mode = NAT64_CLAT; mode <= NAT64_SIIT; mode++) {
		start_stateless((enum nat64_mode)mode);
		for (i = 0; i < NITEMS(rows); i++) {
			p = error_to_host4(ROUTER6, rows[i].type,
			    rows[i].param);
			lab_expect_flow(p, DUMMY4, 0, HOST4, 0);
			ck_assert_uint_eq(p->icmp_type, rows[i].type4);
			expect_node(p, ROUTER6);
		}
		ck_assert_uint_eq(wire_get16(pkt_l4(p) + 6), 0);
	}
}
END_TEST

/*
 * "MUST NOT add the extension if the address is translatable" (4.1)
 *
 * Shows: ICM-38
 */
START_TEST(one_with_a_counterpart_does_not)
{
	const struct pkt *p;

	start_stateless(NAT64_CLAT);
	p = error_to_host4(ROUTER_IN4, ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(p, ROUTER4, 0, HOST4, 0);
	expect_node(p, NULL);
	p = error_to_host4(MAPPED6, ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(p, MAPPED4, 0, HOST4, 0);
	expect_node(p, NULL);
	p = error_to_host4("2001:db8:64::192.0.0.8", ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(p, DUMMY4, 0, HOST4, 0);
	expect_node(p, NULL);
}
END_TEST

/* An address that the prefix may not carry is none that is translated. */
START_TEST(one_that_may_not_be_embedded_tells_its_address)
{
	const struct pkt *p;
	struct pkt sent;

	lab_set_prefix(0, "64:ff9b::", 96);
	map(0, HOST4, CLIENT6);
	lab.conf.maps = maps;
	lab.conf.n_maps = 1;
	lab.conf.mode = NAT64_CLAT;
	lab.conf.pool = NULL;
	lab.conf.n_pool = 0;
	lab.conf.node_id = true;
	lab_start();
	lab_udp(HOST4, 1000, "8.8.8.8", 53);
	sent = lab_copy(lab_sent());
	lab_build_error("64:ff9b::10.0.0.1", ICMP6_TIME_EXCEEDED, 0, 0, &sent,
	    sent.len);
	lab_fix();
	lab_send();
	p = lab_sent();
	lab_expect_flow(p, DUMMY4, 0, HOST4, 0);
	expect_node(p, "64:ff9b::10.0.0.1");
}
END_TEST

START_TEST(both_can_be_configured)
{
	const struct pkt *p;

	lab.conf.router4 = addr4("192.0.2.99");
	start_stateless(NAT64_SIIT);
	p = error_to_host4(ROUTER6, ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(p, "192.0.2.99", 0, HOST4, 0);
	expect_node(p, ROUTER6);
	lab.conf.node_id = false;
	ck_assert_int_eq(nat64_reconfigure(lab.n, &lab.conf), 0);
	p = error_to_host4(ROUTER6, ICMP6_TIME_EXCEEDED, 0);
	lab_expect_flow(p, "192.0.2.99", 0, HOST4, 0);
	expect_node(p, NULL);
}
END_TEST

/*
 * A packet that is turned back to IPv6, too; the object goes all the way.
 *
 * Shows: ICM-38
 */
START_TEST(errors_about_stateless_hairpins_tell_it_as_well)
{
	struct pkt sent;

	start_stateless(NAT64_SIIT);
	lab_udp(CLIENT6, 1, "2001:db8:64::192.168.2.1", 2);
	sent = lab_copy(lab_sent());
	lab_expect_flow(&sent, "2001:db8:64::192.168.1.10", 1, MAPPED6, 2);
	lab_build_error(ROUTER6, ICMP6_TIME_EXCEEDED, 0, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), "2001:db8:64::192.0.0.8", 0, CLIENT6, 0);
	expect_node(lab_sent(), ROUTER6);
	lab_build_error(MAPPED6, ICMP6_TIME_EXCEEDED, 0, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	expect_node(lab_sent(), NULL);
}
END_TEST

/*
 * RFC 7600, 4.8: the dummy address is the source of errors, and no more.
 *
 * Shows: ICM-30 FLT-07
 */
START_TEST(errors_from_the_dummy_address_come_in)
{
	struct pkt sent;

	lab_udp(CLIENT6, PORT6, SERVER6, PORT_SERVER);
	sent = lab_copy(lab_sent());
	lab_build_error(DUMMY4, ICMP_TIMXCEED, 0, 0, &sent, sent.len);
	lab_send();
	lab_expect_flow(lab_sent(), "2001:db8:64::192.0.0.8", 0, CLIENT6, 0);

	lab_set_prefix(0, "64:ff9b::", 96);
	lab_start();
	lab_udp(CLIENT6, PORT6, "64:ff9b::8.8.8.8", PORT_SERVER);
	sent = lab_copy(lab_sent());
	lab_build_error(DUMMY4, ICMP_TIMXCEED, 0, 0, &sent, sent.len);
	lab_send();
	lab_expect_flow(lab_sent(), SELF6, 0, CLIENT6, 0);

	start_stateless(NAT64_SIIT);
	lab_udp(CLIENT6, 2, "64:ff9b::8.8.8.8", 1);
	sent = lab_copy(lab_sent());
	lab_build_error(DUMMY4, ICMP_TIMXCEED, 0, 0, &sent, sent.len);
	lab_send();
	lab_expect_flow(lab_sent(), SELF6, 0, CLIENT6, 0);
}
END_TEST

/* --- with state --- */

/* CLIENT6 talks to SERVER6; somebody near CLIENT6 sends an error. */
static const struct pkt *
error_to_server4(const char *from)
{
	struct taddr4 out = lab_bind(L4_UDP, CLIENT6, PORT6);
	struct pkt sent;

	lab_udp(SERVER4, PORT_SERVER, text4(out.addr), out.port);
	sent = lab_copy(lab_sent());
	lab_build_error(from, ICMP6_DST_UNREACH, 0, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), text4(out.addr), 0, SERVER4, 0);
	return (lab_sent());
}

/*
 * RFC 6146, 3.6.1: the source is the binding's, whoever has sent it.
 *
 * Shows: ICM-35 ICM-38
 */
START_TEST(with_state_routers_tell_nothing_unless_asked)
{
	expect_node(error_to_server4(ROUTER6), NULL);
	lab.conf.node_id = true;
	lab_start();
	expect_node(error_to_server4(ROUTER6), ROUTER6);
	expect_node(error_to_server4(CLIENT6), NULL);
}
END_TEST

START_TEST(with_state_errors_about_hairpins_tell_it_as_well)
{
	struct taddr4 a, b;
	struct pkt sent;

	lab.conf.node_id = true;
	lab_start();
	a = lab_bind(L4_UDP, CLIENT6, PORT6);
	b = lab_bind(L4_UDP, MAPPED6, 7);
	lab_udp(CLIENT6, PORT6, pref(b.addr), b.port);
	sent = lab_copy(lab_sent());
	lab_expect_flow(&sent, pref(a.addr), a.port, MAPPED6, 7);
	lab_build_error(ROUTER6, ICMP6_TIME_EXCEEDED, 0, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	lab_expect_flow(lab_sent(), pref(b.addr), 0, CLIENT6, 0);
	expect_node(lab_sent(), ROUTER6);
	lab_build_error(MAPPED6, ICMP6_TIME_EXCEEDED, 0, 0, &sent, sent.len);
	lab_fix();
	lab_send();
	expect_node(lab_sent(), NULL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_router_without_ipv4_tells_its_address,
		one_with_a_counterpart_does_not,
		one_that_may_not_be_embedded_tells_its_address,
		both_can_be_configured,
		errors_about_stateless_hairpins_tell_it_as_well,
		errors_from_the_dummy_address_come_in,
		with_state_routers_tell_nothing_unless_asked,
		with_state_errors_about_hairpins_tell_it_as_well,
	};

	return (lab_main("nat64_node_id", tests, NITEMS(tests)));
}
