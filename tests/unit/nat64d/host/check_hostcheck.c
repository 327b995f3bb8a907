/*
 * Unit tests of hostcheck.c: hosts and configurations as rows.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/host/hostcheck.h"

#include "tests/unit/suite.h"

#define MAX_ADDRS 8
#define MAX_POOL 40

/* The interfaces of every host here, by their numbers. */
enum { LO, ETH0, ETH1, TUN, NIFS };

static struct host_if ifs[NIFS];
static struct host_addr addrs[MAX_ADDRS];
static struct host_path paths[HOSTCHECK_PROBES];
static struct host_neigh neighs[4];
static struct host host;
static struct pool4_range pool[MAX_POOL];
static struct nat64_config nat64;
static struct hostcheck_conf conf;
static struct hostcheck found;

/* A host that is as it should be. */
static void
setup(void)
{
	static const char *const names[] = { "lo", "eth0", "eth1", "nat64" };
	const struct host_settings good = { .forward4 = 1,
		.forward6 = 1,
		.rp_filter = 2,
		.proxy_arp = 1 };
	int i;

	memset(ifs, 0, sizeof(ifs));
	for (i = 0; i < NIFS; i++) {
		strcpy(ifs[i].name, names[i]);
		ifs[i].loopback = i == LO;
		ifs[i].set = good;
	}
	host = (struct host){ .all = good,
		.ifs = ifs,
		.n_ifs = NIFS,
		.addrs = addrs,
		.paths = paths,
		.neighs = neighs,
		.to_forward4 = "forward4=1",
		.to_forward6 = "forward6=1" };
	nat64_config_init(&nat64);
	nat64.pool = pool;
	conf = (struct hostcheck_conf){ .nat64 = &nat64,
		.tun = "nat64",
		.routes = true };
}

static struct prefix
prefix_of(const char *text)
{
	struct prefix p;

	ck_assert_ptr_null(prefix_parse(text, &p));
	return (p);
}

static void
add_addr(size_t ifn, const char *own, const char *net)
{
	ck_assert_uint_lt(host.n_addrs, MAX_ADDRS);
	addrs[host.n_addrs++] = (struct host_addr){ .own = prefix_of(own),
		.net = prefix_of(net),
		.ifn = ifn };
}

static void
add_pool(const char *first, const char *last)
{
	ck_assert_uint_lt(nat64.n_pool, MAX_POOL);
	pool[nat64.n_pool].first.s_addr = inet_addr(first);
	pool[nat64.n_pool++].last.s_addr = inet_addr(last);
}

static void
add_prefix(const char *text)
{
	const struct prefix p = prefix_of(text);

	ck_assert_ptr_null(
	    pref64_init(&nat64.prefixes[nat64.n_prefixes++], &p.v6, p.len));
}

/* All the paths that are asked for go one way. */
static void
set_paths(enum host_way way, size_t ifn)
{
	struct prefix probes[HOSTCHECK_PROBES];
	size_t i;

	host.n_paths = hostcheck_probes(&nat64, probes);
	for (i = 0; i < host.n_paths; i++)
		paths[i] = (struct host_path){ .dst = probes[i],
			.way = way,
			.ifn = ifn };
}

/* Is this, and nothing else, what is found? */
static void
check_finds(bool error, const char *text)
{
	hostcheck(&conf, &host, &found);
	if (text == NULL) {
		ck_assert_msg(found.n_findings == 0, "%s",
		    found.findings[0].text);
		return;
	}
	ck_assert_uint_eq(found.n_findings, 1);
	ck_assert_int_eq(found.findings[0].error, error);
	ck_assert_msg(strstr(found.findings[0].text, text) != NULL, "%s",
	    found.findings[0].text);
}

/*
 * Pools.
 */

static const struct {
	const char *first, *last;   /* of the pool */
	const char *first2, *last2; /* of a second range, or NULL */
	size_t ifn;
	const char *own, *net;
	const char *error; /* NULL: none */
} pools[] = {
	/* beside the network */
	{ "192.0.2.0", "192.0.2.255", NULL, NULL, ETH0, "192.0.3.1",
	    "192.0.3.0/24", NULL },
	/* a part of it that is nobody's */
	{ "192.0.2.10", "192.0.2.20", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/24", NULL },
	/* equal, around, and all that are neighbours */
	{ "192.0.2.0", "192.0.2.255", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/24", "covers 192.0.2.0/24, the network of eth0" },
	{ "192.0.0.0", "192.0.255.255", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/24", "covers 192.0.2.0/24, the network of eth0" },
	{ "192.0.2.2", "192.0.2.254", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/24", "covers 192.0.2.0/24" },
	/* all but one */
	{ "192.0.2.2", "192.0.2.253", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/24", NULL },
	/* in two parts */
	{ "192.0.2.0", "192.0.2.127", "192.0.2.128", "192.0.2.255", ETH0,
	    "192.0.2.1", "192.0.2.0/24", "covers 192.0.2.0/24" },
	/* small networks */
	{ "192.0.2.1", "192.0.2.1", NULL, NULL, ETH0, "192.0.2.0",
	    "192.0.2.0/31", "covers 192.0.2.0/31" },
	{ "192.0.2.2", "192.0.2.2", NULL, NULL, ETH0, "192.0.2.1",
	    "192.0.2.0/30", "covers 192.0.2.0/30" },
	/* the other end of a point-to-point link */
	{ "192.0.2.7", "192.0.2.7", NULL, NULL, ETH0, "198.51.100.1",
	    "192.0.2.7/32", "covers 192.0.2.7/32" },
	/* the host's own */
	{ "192.0.2.0", "192.0.2.5", NULL, NULL, ETH0, "192.0.2.5",
	    "192.0.2.5/32", "192.0.2.5 is this host's own (eth0)" },
	{ "192.0.2.4", "192.0.2.5", NULL, NULL, ETH0, "192.0.2.5",
	    "192.0.2.0/24", "192.0.2.5 is this host's own (eth0)" },
	{ "192.0.2.9", "192.0.2.9", NULL, NULL, TUN, "192.0.2.9",
	    "192.0.2.9/32", "192.0.2.9 is this host's own (nat64)" },
	/* of the loopback it has the whole network */
	{ "192.0.2.9", "192.0.2.9", NULL, NULL, LO, "192.0.2.1",
	    "192.0.2.0/24", "192.0.2.0/24 is this host's own (lo)" },
	/* our own interface may be connected to the pool */
	{ "192.0.2.0", "192.0.2.255", NULL, NULL, TUN, "198.51.100.1",
	    "192.0.2.0/24", NULL },
	/* no hosts */
	{ "192.0.2.0", "192.0.2.3", NULL, NULL, ETH0, "192.0.2.9",
	    "192.0.2.0/24", "192.0.2.0 is a broadcast address" },
	{ "192.0.2.250", "192.0.2.255", NULL, NULL, ETH0, "192.0.2.9",
	    "192.0.2.0/24", "192.0.2.255 is a broadcast address" },
};

START_TEST(pool_and_network)
{
	add_pool(pools[_i].first, pools[_i].last);
	if (pools[_i].first2 != NULL)
		add_pool(pools[_i].first2, pools[_i].last2);
	add_addr(pools[_i].ifn, pools[_i].own, pools[_i].net);
	check_finds(true, pools[_i].error);
	ck_assert_int_eq(found.cut_off,
	    pools[_i].error != NULL &&
		strstr(pools[_i].error, "covers") != NULL);
}
END_TEST

START_TEST(routes_of_others_do_no_harm_of_ours)
{
	conf.routes = false;
	add_pool(pools[_i].first, pools[_i].last);
	if (pools[_i].first2 != NULL)
		add_pool(pools[_i].first2, pools[_i].last2);
	add_addr(pools[_i].ifn, pools[_i].own, pools[_i].net);
	check_finds(false, pools[_i].error);
	ck_assert(!found.cut_off);
}
END_TEST

START_TEST(pool_with_the_default_router_in_it)
{
	add_pool("192.0.2.10", "192.0.2.20");
	add_addr(ETH0, "192.0.2.1", "192.0.2.0/24");
	set_paths(HOST_WAY_OUT, ETH0);
	paths[0].gateway.s_addr = inet_addr("192.0.2.21");
	check_finds(true, NULL);
	paths[0].gateway.s_addr = inet_addr("192.0.2.20");
	check_finds(true, "192.0.2.20 is the router");
}
END_TEST

START_TEST(a_second_address_is_no_second_network)
{
	add_pool("192.0.2.0", "192.0.2.255");
	add_addr(ETH0, "192.0.2.1", "192.0.2.0/24");
	add_addr(ETH0, "192.0.2.2", "192.0.2.0/24");
	hostcheck(&conf, &host, &found);
	ck_assert_ptr_nonnull(strstr(found.findings[0].text, "covers"));
	ck_assert_uint_eq(found.n_errors, 2);
	ck_assert_ptr_nonnull(strstr(found.findings[1].text, "own"));
}
END_TEST

/*
 * Prefixes.
 */

static const struct {
	const char *prefix;
	size_t ifn;
	const char *own, *net;
	bool error;
	const char *text; /* NULL: nothing is found */
} prefixes[] = {
	{ "2001:db8:64::/64", ETH0, "2001:db8::1", "2001:db8::/64", true,
	    NULL },
	{ "2001:db8::/64", ETH0, "2001:db8::1", "2001:db8::/64", true,
	    "prefix 2001:db8::/64 covers 2001:db8::/64, the network of eth0" },
	{ "2001:db8::/32", ETH0, "2001:db8::1", "2001:db8::/64", true,
	    "covers 2001:db8::/64" },
	{ "2001:db8::/96", ETH0, "2001:db8::1", "2001:db8::/64", true,
	    "2001:db8::1 is this host's own (eth0)" },
	{ "2001:db8:64::/96", LO, "2001:db8:64::1", "2001:db8:64::1/128", true,
	    "2001:db8:64::1 is this host's own (lo)" },
	{ "2001:db8::64:0:0/96", ETH0, "2001:db8::1", "2001:db8::/64", false,
	    "is inside 2001:db8::/64, the network of eth0" },
	/* ours */
	{ "2001:db8:64::/96", TUN, "2001:db8:64::1", "2001:db8:64::/96", true,
	    NULL },
	{ "64:ff9b::/96", ETH0, "fe80::1", "fe80::/64", true, NULL },
};

START_TEST(prefix_and_network)
{
	add_prefix(prefixes[_i].prefix);
	add_addr(prefixes[_i].ifn, prefixes[_i].own, prefixes[_i].net);
	check_finds(prefixes[_i].error, prefixes[_i].text);
}
END_TEST

/*
 * Settings. -1: as it is.
 */

static const struct {
	int all4, all6, tun4, eth0_4; /* forwarding */
	const char *text;
} forwarding[] = {
	{ 1, 1, 1, 1, NULL },
	{ 0, 1, 0, 0, "does not forward IPv4: forward4=1" },
	{ 0, 1, 1, 0, "does not forward IPv4: forward4=1" },
	{ 0, 1, 0, 1, "does not forward IPv4: forward4=1" },
	/* those that matter do */
	{ 0, 1, 1, 1, NULL },
	{ 1, 0, 1, 1, "does not forward IPv6: forward6=1" },
	{ 1, 1, 0, 1,
	    "nat64 does not forward IPv4: "
	    "sysctl net.ipv4.conf.nat64.forwarding=1" },
	{ 1, 1, 1, 0, "eth0 does not forward IPv4: " },
	{ -1, -1, -1, -1, NULL },
};

static void
forward(int i)
{
	host.all.forward4 = forwarding[i].all4;
	host.all.forward6 = forwarding[i].all6;
	ifs[TUN].set.forward4 = forwarding[i].tun4;
	ifs[ETH0].set.forward4 = forwarding[i].eth0_4;
}

START_TEST(forwarding_is_needed)
{
	add_pool("192.0.2.0", "192.0.2.255");
	forward(_i);
	set_paths(HOST_WAY_OUT, ETH0);
	check_finds(false, forwarding[_i].text);
}
END_TEST

/* The programs of the host itself need no forwarding of IPv4. */
START_TEST(a_clat_of_its_host_forwards_ipv6_only)
{
	struct eam map = { { htonl(0xc0000001) }, 32, { { { 0x20, 1 } } },
		128 };

	nat64.mode = NAT64_CLAT;
	nat64.maps = &map;
	nat64.n_maps = 1;
	host.all.forward4 = ifs[TUN].set.forward4 = 0;
	check_finds(false, NULL);
	host.all.forward6 = 0;
	check_finds(false, "does not forward IPv6: forward6=1");
	host.all.forward6 = 1;
	map.addr4.s_addr = htonl(0xc0a80101); /* of a host behind it */
	check_finds(false, "does not forward IPv4: forward4=1");
}
END_TEST

START_TEST(a_host_without_a_network_is_not_warned)
{
	add_pool("192.0.2.0", "192.0.2.255");
	forward(_i);
	ifs[ETH0].loopback = ifs[ETH1].loopback = true;
	check_finds(false, NULL);
}
END_TEST

START_TEST(neighbours_ask_for_a_pool_among_them)
{
	add_pool("192.0.2.10", "192.0.2.20");
	add_addr(ETH0, "192.0.2.1", "192.0.2.0/24");
	ifs[ETH0].set.proxy_arp = 0;
	check_finds(false, NULL); /* "all" is on */
	host.all.proxy_arp = 0;
	check_finds(false, "sysctl net.ipv4.conf.eth0.proxy_arp=1");
	ifs[ETH0].set.proxy_arp = 1;
	check_finds(false, NULL);
	ifs[ETH0].set.proxy_arp = HOST_UNKNOWN;
	check_finds(false, NULL);
}
END_TEST

static void
add_neigh(size_t ifn, const char *addr, bool proxy)
{
	neighs[host.n_neighs++] = (struct host_neigh){ .ifn = ifn,
		.addr.s_addr = inet_addr(addr),
		.proxy = proxy };
}

START_TEST(single_addresses_can_be_answered_for)
{
	add_pool("192.0.2.10", "192.0.2.11");
	add_addr(ETH0, "192.0.2.1", "192.0.2.0/24");
	host.all.proxy_arp = ifs[ETH0].set.proxy_arp = 0;
	add_neigh(ETH0, "192.0.2.10", true);
	add_neigh(ETH0, "192.0.2.12", true);
	add_neigh(ETH1, "192.0.2.11", true);
	check_finds(false, "net.ipv4.conf.eth0.proxy_arp=1");
	add_neigh(ETH0, "192.0.2.11", true);
	check_finds(false, NULL);
}
END_TEST

START_TEST(neighbours_keep_their_addresses)
{
	add_pool("192.0.2.10", "192.0.2.11");
	add_neigh(ETH0, "192.0.2.12", false);
	add_neigh(TUN, "192.0.2.10", false);
	check_finds(false, NULL);
	add_neigh(ETH0, "192.0.2.11", false);
	check_finds(false, "192.0.2.11 is used by another host on eth0");
}
END_TEST

START_TEST(errors_from_the_hosts_own_address_are_lost)
{
	add_pool("192.0.2.10", "192.0.2.11");
	nat64.self4.s_addr = inet_addr("198.51.100.1");
	set_paths(HOST_WAY_OUT, ETH0);
	check_finds(false, NULL);
	ifs[TUN].set.rp_filter = host.all.rp_filter = 1;
	check_finds(false, "address 198.51.100.1: nat64 drops");
	set_paths(HOST_WAY_LOCAL, 0);
	check_finds(false, "address 198.51.100.1 is this host's own");
	nat64.self4.s_addr = inet_addr("192.0.2.11");
	set_paths(HOST_WAY_LOCAL, 0);
	check_finds(false, NULL);
}
END_TEST

START_TEST(errors_of_routers_without_ipv4_are_lost)
{
	nat64.mode = NAT64_SIIT;
	nat64.router4.s_addr = inet_addr("192.0.0.8");
	set_paths(HOST_WAY_OUT, ETH0);
	check_finds(false, NULL);
	ifs[TUN].set.rp_filter = host.all.rp_filter = 1;
	check_finds(false, "router-address 192.0.0.8: nat64 drops");
	set_paths(HOST_WAY_LOCAL, 0);
	check_finds(false, "router-address 192.0.0.8 is this host's own");
	nat64.mode = NAT64_STATEFUL;
	check_finds(false, NULL);
}
END_TEST

START_TEST(strict_bites_where_the_default_route_does_not_lead)
{
	add_pool("192.0.2.10", "192.0.2.20");
	add_addr(ETH0, "192.0.2.1", "192.0.2.0/24");
	host.all.rp_filter = 0;
	ifs[ETH0].set.rp_filter = 1;
	set_paths(HOST_WAY_OUT, ETH0);
	check_finds(false, NULL);
	set_paths(HOST_WAY_OUT, ETH1);
	check_finds(false, "sysctl net.ipv4.conf.eth0.rp_filter=2");
	host.all.rp_filter = 2;
	check_finds(false, NULL);
}
END_TEST

START_TEST(strict_bites_where_the_pool_is_not_routed_to_us)
{
	add_pool("192.0.2.10", "192.0.2.20");
	conf.running = true;
	host.all.rp_filter = 1;
	ifs[TUN].set.rp_filter = 0;
	set_paths(HOST_WAY_OUT, TUN);
	check_finds(false, NULL);
	set_paths(HOST_WAY_NONE, 0);
	hostcheck(&conf, &host, &found);
	ck_assert_uint_eq(found.n_findings, 2);
	ck_assert_ptr_nonnull(strstr(found.findings[1].text,
	    "sysctl net.ipv4.conf.nat64.rp_filter=2"));
}
END_TEST

/*
 * Routes.
 */

START_TEST(routes_must_lead_to_us)
{
	add_prefix("64:ff9b::/96");
	conf.routes = false;
	conf.running = true;
	set_paths(HOST_WAY_OUT, TUN);
	check_finds(false, NULL);
	set_paths(HOST_WAY_UNKNOWN, 0);
	check_finds(false, NULL);
	set_paths(HOST_WAY_OUT, ETH0);
	check_finds(false,
	    "prefix 64:ff9b::/96: packets to "
	    "64:ff9b::c629:4 go out through eth0, not to nat64; add a route");
	set_paths(HOST_WAY_NONE, 0);
	check_finds(false, "have no route to nat64; add a route");
	conf.routes = true;
	check_finds(false, "our route has gone");
	conf.running = false;
	check_finds(false, NULL);
}
END_TEST

START_TEST(both_ends_of_a_range_are_looked_at)
{
	add_pool("192.0.2.1", "192.0.2.9");
	conf.running = true;
	set_paths(HOST_WAY_OUT, TUN);
	ck_assert_uint_eq(host.n_paths, 4);
	paths[3].way = HOST_WAY_NONE;
	check_finds(false, "pool 192.0.2.1-192.0.2.9: packets to 192.0.2.9 ");
}
END_TEST

/*
 * Bounds.
 */

START_TEST(errors_come_first_and_are_not_lost)
{
	char text[INET_ADDRSTRLEN];
	int i;

	conf.running = true;
	for (i = 0; i < MAX_POOL; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", 2 * i);
		add_pool(text, text);
	}
	set_paths(HOST_WAY_NONE, 0);
	hostcheck(&conf, &host, &found);
	ck_assert_uint_eq(found.n_findings, HOSTCHECK_MAX);
	ck_assert_uint_eq(found.n_more, MAX_POOL - HOSTCHECK_MAX);
	ck_assert_uint_eq(found.n_errors, 0);
	add_addr(ETH0, "192.0.2.4", "192.0.2.4/32");
	add_addr(ETH0, "192.0.2.8", "192.0.2.8/32");
	hostcheck(&conf, &host, &found);
	ck_assert_uint_eq(found.n_errors, 2);
	ck_assert_ptr_nonnull(strstr(found.findings[0].text, "192.0.2.4"));
	ck_assert_ptr_nonnull(strstr(found.findings[1].text, "192.0.2.8"));
	ck_assert(!found.findings[2].error);
	ck_assert_uint_eq(found.n_findings, HOSTCHECK_MAX);
}
END_TEST

START_TEST(probes_are_bounded)
{
	struct prefix probes[HOSTCHECK_PROBES];
	static struct pool4_range many[1024];
	size_t i;

	for (i = 0; i < 1024; i++)
		many[i].first.s_addr = many[i].last.s_addr =
		    htonl(0xc0000200 + (uint32_t)i);
	nat64.pool = many;
	nat64.n_pool = 1024;
	nat64.n_prefixes = NAT64_MAX_PREFIXES;
	for (i = 0; i < nat64.n_prefixes; i++)
		nat64.prefixes[i].len = 96;
	ck_assert_uint_le(hostcheck_probes(&nat64, probes), HOSTCHECK_PROBES);
}
END_TEST

#define ROWS(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	TCase *tc = tcase_create("hostcheck");
	Suite *s = suite_create("hostcheck");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, pool_and_network, 0, ROWS(pools));
	tcase_add_loop_test(tc, routes_of_others_do_no_harm_of_ours, 0,
	    ROWS(pools));
	tcase_add_test(tc, pool_with_the_default_router_in_it);
	tcase_add_test(tc, a_second_address_is_no_second_network);
	tcase_add_loop_test(tc, prefix_and_network, 0, ROWS(prefixes));
	tcase_add_loop_test(tc, forwarding_is_needed, 0, ROWS(forwarding));
	tcase_add_test(tc, a_clat_of_its_host_forwards_ipv6_only);
	tcase_add_loop_test(tc, a_host_without_a_network_is_not_warned, 0,
	    ROWS(forwarding));
	tcase_add_test(tc, neighbours_ask_for_a_pool_among_them);
	tcase_add_test(tc, single_addresses_can_be_answered_for);
	tcase_add_test(tc, neighbours_keep_their_addresses);
	tcase_add_test(tc, errors_from_the_hosts_own_address_are_lost);
	tcase_add_test(tc, errors_of_routers_without_ipv4_are_lost);
	tcase_add_test(tc, strict_bites_where_the_default_route_does_not_lead);
	tcase_add_test(tc, strict_bites_where_the_pool_is_not_routed_to_us);
	tcase_add_test(tc, routes_must_lead_to_us);
	tcase_add_test(tc, both_ends_of_a_range_are_looked_at);
	tcase_add_test(tc, errors_come_first_and_are_not_lost);
	tcase_add_test(tc, probes_are_bounded);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
