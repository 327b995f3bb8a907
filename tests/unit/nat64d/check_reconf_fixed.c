/*
 * Tests of reconf_fixed.c: for each statement, whether a reload can change it,
 * and what is said if not.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/reconf_fixed.h"

#include "tests/unit/conf_dir.h"
#include "tests/unit/suite.h"

#define BASE "prefix 64:ff9b::/96\n"
#define POOL "pool 192.0.2.1\n"
#define INTERFACE "pool interface eth0 port 40000-49999\n"

#define ONLY(statement, old, new)   \
	"\"" statement "\" is " old \
	", and only a restart can change it to " new

/* At the start all of it is there. */
static const struct reconf_fixed all = { .fair_share = true,
	.events = true,
	.pcp = true,
	.self6_follows = true };

static struct conf *
load(const char *pool, const char *statement)
{
	char text[1024];
	struct conf *c;

	snprintf(text, sizeof(text), BASE "%s%s\n", pool, statement);
	put("t.conf", text);
	c = conf_load("t.conf", NULL, report, stderr);
	ck_assert_msg(c != NULL, "%s", text);
	return (c);
}

/* Why the one cannot become the other; "": it can. */
static const char *
change(const struct reconf_fixed *start, const char *pool, const char *old,
    const char *new)
{
	static char why[512];
	struct conf *a = load(pool, old), *b = load(pool, new);
	int rc;

	strlcpy(why, "untouched", sizeof(why));
	rc = reconf_fixed_check(start, a, b, why, sizeof(why));
	if (rc == 0) {
		ck_assert_str_eq(why, "untouched");
		why[0] = '\0';
	}
	conf_free(a);
	conf_free(b);
	return (why);
}

/* A statement with another value than the default; "": a reload takes it. */
static const struct {
	const char *statement;
	const char *why;
} rows[] = {
	{ "tun \"other\"", ONLY("tun", "nat64", "other") },
	{ "tun \"nat64\" mtu 9000", ONLY("mtu", "1500", "9000") },
	{ "routes no", ONLY("routes", "yes", "no") },
	{ "offload no", ONLY("offload", "yes", "no") },
	{ "fastpath yes", ONLY("fastpath", "auto", "yes") },
	{ "fastpath no", ONLY("fastpath", "auto", "no") },
	{ "fastpath on \"eth0\" \"eth1\"",
	    "\"fastpath on\" has changed, which only a restart can do" },
	{ "user nobody", ONLY("user", "_nat64d", "nobody") },
	{ "pidfile \"/run/x.pid\"",
	    ONLY("pidfile", "/var/run/nat64d/nat64d.pid", "/run/x.pid") },
	{ "dump \"/var/tmp/dump\"", ONLY("dump", "none", "/var/tmp/dump") },
	{ "state \"/var/lib/x\"", ONLY("state", "none", "/var/lib/x") },
	{ "state \"/var/lib/x\" every 5",
	    ONLY("state", "none", "/var/lib/x") },
	{ "control \"/run/x.sock\"",
	    "\"control\" has changed, which only a restart can do" },
	{ "control \"/var/run/nat64d/nat64d.sock\" group adm",
	    "\"control\" has changed, which only a restart can do" },
	{ "control no",
	    "\"control\" has changed, which only a restart can do" },
	{ "metrics listen on ::1 port 9464",
	    "\"metrics\" has changed, which only a restart can do" },
	{ "log events to \"/var/log/x\"",
	    ONLY("log events to", "none", "/var/log/x") },
	{ "log events to syslog", ONLY("log events to", "none", "syslog") },
	{ "subscriber prefix-length 56",
	    ONLY("subscriber prefix-length", "128", "56") },
	{ "log level debug", "" },
	{ "log events none", "" },
	{ "log events sessions", "" },
	{ "log destination yes", "" },
	{ "prefix 2001:db8:64::/96", "" },
	{ "pool 192.0.2.128/25", "" },
	{ "pool 192.0.2.2 port 5000-6000 except port 5500", "" },
	{ "address 2001:db8::1", "" },
	{ "address 192.0.2.1", "" },
	{ "static tcp 192.0.2.1 port 80 to 2001:db8::1 port 80", "" },
	{ "alg ftp for 2001:db8::/32", "" },
	{ "pcp lifetime 5m to 1h", "" },
	{ "pcp limit 5 per subscriber", "" },
	{ "exclude 198.51.100.0/24", "" },
	{ "warn pool at 80", "" },
	{ "mode nat64", "" }, /* see reconf_fixed_the_mode() */
	{ "role standby", "" },
	{ "allow from 2001:db8::/32", "" },
	{ "deny from 2001:db8::/32", "" },
	{ "mtu ipv4 1400", "" },
	{ "mtu ipv6 1400", "" },
	{ "lowest-ipv6-mtu 1300", "" },
	{ "tos 0", "" },
	{ "traffic-class 0", "" },
	{ "mss clamp", "" },
	{ "plateaus 1500 576", "" },
	{ "remap-fragment-id no", "" },
	{ "wkp-non-global allow", "" },
	{ "icmp-errors rate 5 burst 5", "" },
	{ "icmp-fragments drop", "" },
	{ "first-fragment-errors yes", "" },
	{ "unbound-errors yes", "" },
	{ "check-inner-ip no", "" },
	{ "node-id yes", "" },
	{ "pool4-echo yes", "" },
	{ "filter tcp address-dependent", "" },
	{ "filter udp address-dependent", "" },
	{ "filter icmp address-dependent", "" },
	{ "inbound tcp refuse", "" },
	{ "echo refuse", "" },
	{ "inbound-refresh no", "" },
	{ "rst-in-fin refresh", "" },
	{ "unknown-tcp reset", "" },
	{ "port-select preserve", "" },
	{ "parity no", "" },
	{ "range-fallback no", "" },
	{ "soft-pooling no", "" },
	{ "quarantine udp 10", "" },
	{ "timeout udp 200", "" },
	{ "timeout udp 400 port 5000", "" },
	{ "limit sessions 5000", "" },
	{ "limit fragments datagrams 10", "" },
	{ "fair-share no", "" },
};

START_TEST(reconf_fixed_each_statement)
{
	ck_assert_msg(strcmp(change(&all, POOL, "", rows[_i].statement),
			  rows[_i].why) == 0,
	    "%s: %s", rows[_i].statement,
	    change(&all, POOL, "", rows[_i].statement));
}
END_TEST

/* And the way back, which names the same statement. */
START_TEST(reconf_fixed_each_statement_back)
{
	const char *why = change(&all, POOL, rows[_i].statement, "");
	const size_t name = strcspn(rows[_i].why, " ");

	ck_assert_msg(strncmp(why, rows[_i].why, name) == 0 &&
		(*why == '\0') == (rows[_i].why[0] == '\0'),
	    "%s: %s", rows[_i].statement, why);
}
END_TEST

START_TEST(reconf_fixed_the_same_is_possible)
{
	ck_assert_str_eq(change(&all, POOL, rows[_i].statement,
			     rows[_i].statement),
	    "");
}
END_TEST

/* Does a row begin with the first word of a line? */
static bool
has_row(const char *line)
{
	const size_t len = strcspn(line, " \n");
	int i;

	for (i = 0; i < NITEMS(rows); i++)
		if (strncmp(rows[i].statement, line, len) == 0 &&
		    rows[i].statement[len] == ' ')
			return (true);
	return (false);
}

/* A statement of the canonical form that is new has to get a row. */
START_TEST(reconf_fixed_all_statements_have_a_row)
{
	struct conf *c = load(POOL, "");
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	conf_print(c, f);
	ck_assert_int_eq(fclose(f), 0);
	conf_free(c);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		ck_assert_msg(*line == '\0' || has_row(line), "%s", line);
	free(text);
}
END_TEST

/* Of what is possible, a start may have left something out. */
START_TEST(reconf_fixed_what_was_off_stays_off)
{
	struct reconf_fixed start = all;

	start.fair_share = false;
	ck_assert_str_eq(change(&start, POOL, "fair-share no",
			     "fair-share yes"),
	    ONLY("fair-share", "no", "yes"));
	ck_assert_str_eq(change(&start, POOL, "fair-share no",
			     "fair-share no"),
	    "");
	start = all;
	start.events = false;
	ck_assert_str_eq(change(&start, POOL, "log events none",
			     "log events bindings"),
	    ONLY("log events", "none", "some"));
	ck_assert_str_eq(change(&start, POOL, "log events none",
			     "log events none"),
	    "");
	start = all;
	start.pcp = false;
	ck_assert_str_eq(change(&start, POOL, "", "pcp listen on 2001:db8::1"),
	    ONLY("pcp listen", "none", "some"));
	ck_assert_str_eq(change(&start, POOL, "pcp limit 5 per subscriber",
			     "pcp limit 6 per subscriber"),
	    "");
	start = all;
	start.self6_follows = false;
	ck_assert_str_eq(change(&start, POOL, "address 2001:db8::1", ""),
	    ONLY("address (IPv6)", "configured", "one of the host"));
	ck_assert_str_eq(change(&start, POOL, "address 2001:db8::1",
			     "address 2001:db8::2"),
	    "");
}
END_TEST

/* Only what there was at the start counts, and not what was used since. */
START_TEST(reconf_fixed_what_was_on_may_come_back)
{
	ck_assert_str_eq(change(&all, POOL, "fair-share no", "fair-share yes"),
	    "");
	ck_assert_str_eq(change(&all, POOL, "", "pcp listen on 2001:db8::1"),
	    "");
	ck_assert_str_eq(change(&all, POOL, "log events none",
			     "log events sessions"),
	    "");
	ck_assert_str_eq(change(&all, POOL, "address 2001:db8::1", ""), "");
}
END_TEST

START_TEST(reconf_fixed_pool_interface)
{
	struct conf *a = load(POOL, ""), *b = load(INTERFACE, "");
	char why[256];

	ck_assert_int_eq(reconf_fixed_check(&all, a, b, why, sizeof(why)), -1);
	ck_assert_str_eq(why, ONLY("pool interface", "none", "eth0"));
	ck_assert_int_eq(reconf_fixed_check(&all, b, a, why, sizeof(why)), -1);
	ck_assert_str_eq(why, ONLY("pool interface", "eth0", "none"));
	conf_free(a);
	conf_free(b);
	a = load(INTERFACE, "");
	b = load("pool interface eth0 port 40000-49998\n", "");
	ck_assert_int_eq(reconf_fixed_check(&all, a, b, why, sizeof(why)), -1);
	ck_assert_str_eq(why,
	    "\"pool interface\" gets other ports, which only a restart can "
	    "do");
	conf_free(a);
	conf_free(b);
	ck_assert_str_eq(change(&all, INTERFACE,
			     "static tcp interface eth0 port 80 to "
			     "2001:db8::1 port 80",
			     "static tcp interface eth0 port 81 to "
			     "2001:db8::1 port 80"),
	    "with \"pool interface\", static bindings get other ports, which "
	    "only a restart can do");
	/* The host behind the port may be another one. */
	ck_assert_str_eq(change(&all, INTERFACE,
			     "static tcp interface eth0 port 80 to "
			     "2001:db8::1 port 80",
			     "static tcp interface eth0 port 80 to "
			     "2001:db8::2 port 80"),
	    "");
}
END_TEST

START_TEST(reconf_fixed_only_the_first_one_is_reported)
{
	ck_assert_str_eq(change(&all, POOL, "", "user nobody\ntun \"x\""),
	    ONLY("tun", "nat64", "x"));
}
END_TEST

/* Its mappings are no pool, so it has no row. */
START_TEST(reconf_fixed_the_mode)
{
	const char *clat = "mode clat\nmap 192.0.0.1 to 2001:db8::1\n";
	const char *other = "mode clat\nmap 192.0.0.2 to 2001:db8::2\n";

	ck_assert_str_eq(change(&all, "", clat, POOL),
	    ONLY("mode", "clat", "nat64"));
	ck_assert_str_eq(change(&all, "", clat, other), "");
}
END_TEST

/* Whatever the room, the text ends. */
START_TEST(reconf_fixed_a_short_text_is_cut)
{
	struct conf *a = load(POOL, ""), *b = load(POOL, "tun \"other\"");
	char why[16];

	ck_assert_int_eq(reconf_fixed_check(&all, a, b, why, 10), -1);
	ck_assert_str_eq(why, "\"tun\" is ");
	conf_free(a);
	conf_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reconf_fixed");
	TCase *tc = tcase_create("reconf_fixed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, reconf_fixed_each_statement, 0, NITEMS(rows));
	tcase_add_loop_test(tc, reconf_fixed_each_statement_back, 0,
	    NITEMS(rows));
	tcase_add_loop_test(tc, reconf_fixed_the_same_is_possible, 0,
	    NITEMS(rows));
	tcase_add_test(tc, reconf_fixed_all_statements_have_a_row);
	tcase_add_test(tc, reconf_fixed_the_mode);
	tcase_add_test(tc, reconf_fixed_what_was_off_stays_off);
	tcase_add_test(tc, reconf_fixed_what_was_on_may_come_back);
	tcase_add_test(tc, reconf_fixed_pool_interface);
	tcase_add_test(tc, reconf_fixed_only_the_first_one_is_reported);
	tcase_add_test(tc, reconf_fixed_a_short_text_is_cut);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
