/*
 * Tests of top.c: what nat64ctl top makes of two samples, without a terminal.
 */
#include <check.h>

#include "nat64d/ctl/commands.h"

#include "tests/unit/common/ctl/page_util.h"
#include "tests/unit/suite.h"

/* Only run_top() asks a daemon. */
int
ctl_top(struct ctl *ctl, const struct top_program *p)
{
	(void)ctl;
	(void)p;
	return (CTL_REFUSED);
}

#define STATUS                                                              \
	"\"pid\":1,\"sessions\":50,\"sessions-max\":200,\"pool\":["         \
	"{\"transport-protocol\":\"tcp\",\"percent\":12,\"ports-free\":88," \
	"\"ports\":100},{\"transport-protocol\":\"icmp\",\"percent\":0,"    \
	"\"ports-free\":5,\"ports\":5}],\"dropped\":{\"packets\":46},"

static const char first[] = "{" STATUS "\"counters\":{\"ipv6-packets-in\":0,"
			    "\"ipv6-bytes-in\":0,\"sessions-created\":9},"
			    "\"dropped-packets\":{\"filtered\":30,"
			    "\"no-binding\":1,\"jumbogram\":0},"
			    "\"fast-path\":{\"flows\":3,\"packets\":100,"
			    "\"bytes\":1000}}";
static const char second[] =
    "{" STATUS "\"seconds\":2.0,\"counters\":{\"ipv6-packets-in\":2000,"
    "\"ipv6-bytes-in\":2000000,\"sessions-created\":10},"
    "\"dropped-packets\":{\"filtered\":30,\"no-binding\":16,\"jumbogram\":0},"
    "\"fast-path\":{\"flows\":4,\"packets\":300,\"bytes\":1250},"
    "\"subscribers\":[{\"subscriber\":\"2001:db8:1::/64\","
    "\"external-src-address\":\"192.0.2.1\",\"sessions\":40,"
    "\"sessions-max\":4000,\"bindings\":30,\"tcp\":20,\"udp\":9,"
    "\"icmp\":1},{\"subscriber\":\"2001:db8:2::/64\","
    "\"external-src-address\":\"192.0.2.1\",\"sessions\":10,"
    "\"sessions-max\":4000,\"bindings\":3,\"tcp\":1,\"udp\":1,"
    "\"icmp\":1}]}";

/* The page of the second sample; without the first one if that is NULL. */
static const char *
draw(const char *before_text, const char *now_text, unsigned columns,
    unsigned rows)
{
	json_t *before = before_text != NULL ? page_load(before_text) : NULL;
	json_t *now = page_load(now_text);
	struct page p;

	nat64_top.compare(now, before, 2, "sessions");
	page_init(&p, columns, rows);
	nat64_top.draw(&p, now, rows > 0 ? rows : 10);
	json_decref(before);
	json_decref(now);
	return (page_text(&p));
}

START_TEST(nat64_top_shows_rates)
{
	ck_assert_str_eq(draw(first, second, 90, 0),
	    "IPv6       in 1000 packets/s, 8.00 Mbit/s  out - packets/s, "
	    "- bit/s\n"
	    "IPv4       in - packets/s, - bit/s  out - packets/s, - bit/s\n"
	    "fast path  100 packets/s, 1000 bit/s  4 flows\n"
	    "sessions   50 of 200, 25 %  0.5 new/s  - expired/s\n"
	    "pool       tcp 12 %, 88 of 100 free  icmp 0 %, 5 of 5 free\n"
	    "dropped    7.5 packets/s  46 so far\n"
	    "\n"
	    "DROPS/S  DROPS  REASON\n"
	    "    7.5     16  no-binding\n"
	    "      0     30  filtered\n"
	    "\n"
	    "SUBSCRIBER       POOL       SESSIONS  TCP  UDP  ICMP  BINDINGS\n"
	    "2001:db8:1::/64  192.0.2.1   40/4000   20    9     1        30\n"
	    "2001:db8:2::/64  192.0.2.1   10/4000    1    1     1         3\n");
}
END_TEST

START_TEST(nat64_top_without_an_earlier_sample_has_no_rates)
{
	const char *text = draw(NULL, second, 90, 0);

	ck_assert_ptr_nonnull(strstr(text, "in - packets/s, - bit/s"));
	ck_assert_ptr_nonnull(strstr(text, "dropped    - packets/s  46 so"));
	ck_assert_ptr_nonnull(strstr(text, "      -     30  filtered\n"));
}
END_TEST

START_TEST(nat64_top_fits_forty_columns)
{
	ck_assert_str_eq(draw(first, second, 40, 18),
	    "IPv6\n"
	    "  in 1000 packets/s, 8.00 Mbit/s\n"
	    "  out - packets/s, - bit/s\n"
	    "IPv4       in - packets/s, - bit/s\n"
	    "  out - packets/s, - bit/s\n"
	    "fast path  100 packets/s, 1000 bit/s\n"
	    "  4 flows\n"
	    "sessions   50 of 200, 25 %  0.5 new/s\n"
	    "  - expired/s\n"
	    "pool       tcp 12 %, 88 of 100 free\n"
	    "  icmp 0 %, 5 of 5 free\n"
	    "dropped    7.5 packets/s  46 so far\n"
	    "\n"
	    "DROPS/S  DROPS  REASON\n"
	    "    7.5     16  no-binding\n"
	    "\n"
	    "SUBSCRIBER       POOL       SESSIONS\n"
	    "2001:db8:1::/64  192.0.2.1   40/4000\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_top");
	TCase *tc = tcase_create("nat64_top");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, nat64_top_shows_rates);
	tcase_add_test(tc, nat64_top_without_an_earlier_sample_has_no_rates);
	tcase_add_test(tc, nat64_top_fits_forty_columns);
	return (suite_run(s));
}
