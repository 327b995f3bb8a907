/*
 * Tests of the answers that leave together: the same way, the same size.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dns64d/os/udp_group.h"

#include "tests/unit/suite.h"

static struct udp_batch batch;
static struct udp_groups groups;

static void
setup(void)
{
	memset(&batch, 0, sizeof(batch));
}

static struct udp_path *
add(unsigned host, unsigned port, size_t len)
{
	struct udp_path *path = &batch.msg[batch.n].path;
	struct sockaddr_in *sin = (void *)&path->peer;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(0xc0000200 | host);
	sin->sin_port = htons((uint16_t)port);
	batch.msg[batch.n++].len = len;
	return (path);
}

/* The groups as text: "0 2|1". */
static const char *
grouped(bool together)
{
	static char text[1000];
	unsigned i, k, at;
	size_t n = 0;

	udp_group(&batch, together, &groups);
	text[0] = '\0';
	for (i = 0; i < groups.n; i++) {
		at = groups.v[i].first;
		for (k = 0; k < groups.v[i].n; k++) {
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%u",
			    k > 0     ? " " :
				i > 0 ? "|" :
					"",
			    at);
			at = groups.next[at];
		}
	}
	return (text);
}

START_TEST(answers_to_one_port_of_one_size_leave_together)
{
	add(1, 1000, 80);
	add(2, 1000, 80);
	add(1, 1000, 80);
	add(1, 1001, 80);
	add(1, 1000, 81);
	add(2, 1000, 80);
	add(1, 1000, 80);
	ck_assert_str_eq(grouped(true), "0 2 6|1 5|3|4");
	ck_assert_str_eq(grouped(false), "0|1|2|3|4|5|6");
}
END_TEST

START_TEST(an_empty_batch_has_no_group)
{
	ck_assert_str_eq(grouped(true), "");
}
END_TEST

START_TEST(answers_from_different_addresses_of_ours_stay_apart)
{
	struct udp_path *path;

	path = add(1, 1000, 80);
	path->local_family = AF_INET;
	path->local4.s_addr = htonl(0xc0000201);
	path = add(1, 1000, 80);
	path->local_family = AF_INET;
	path->local4.s_addr = htonl(0xc0000202);
	path = add(1, 1000, 80);
	path->local_family = AF_INET6;
	path->local6.s6_addr[15] = 1;
	path = add(1, 1000, 80);
	path->local_family = AF_INET6;
	path->local6.s6_addr[15] = 2;
	path = add(1, 1000, 80);
	path->local_family = AF_INET6;
	path->local6.s6_addr[15] = 2;
	add(1, 1000, 80)->ifindex = 3;
	ck_assert_str_eq(grouped(true), "0|1|2|3 4|5");
}
END_TEST

/* Ports that share a slot, for the slots are fewer than ports. */
START_TEST(a_full_batch_of_all_sorts_is_grouped)
{
	unsigned i, n = 0;

	for (i = 0; i < UDP_BATCH; i++)
		add(i % 3, 1000 + i % 5 * 256, 80);
	udp_group(&batch, true, &groups);
	ck_assert_uint_eq(groups.n, UDP_BATCH < 15 ? UDP_BATCH : 15);
	for (i = 0; i < groups.n; i++)
		n += groups.v[i].n;
	ck_assert_uint_eq(n, UDP_BATCH);
}
END_TEST

START_TEST(a_group_fits_one_datagram)
{
	unsigned i;

	for (i = 0; i < UDP_BATCH; i++)
		add(1, 1000, UDP_GROUP_BYTES / 4);
	udp_group(&batch, true, &groups);
	for (i = 0; i < groups.n; i++)
		ck_assert_uint_le(groups.v[i].n, 4);
}
END_TEST

static Suite *
udp_group_suite(void)
{
	Suite *s = suite_create("udp_group");
	TCase *tc = tcase_create("udp_group");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, answers_to_one_port_of_one_size_leave_together);
	tcase_add_test(tc, an_empty_batch_has_no_group);
	tcase_add_test(tc,
	    answers_from_different_addresses_of_ours_stay_apart);
	tcase_add_test(tc, a_full_batch_of_all_sorts_is_grouped);
	tcase_add_test(tc, a_group_fits_one_datagram);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(udp_group_suite()));
}
