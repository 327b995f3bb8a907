/*
 * Tests of connected.c with the kernel itself: the loopback interface of a
 * network namespace of our own.
 */
#define _GNU_SOURCE /* unshare */

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

#include "common/net/acl.h"
#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/watch.h"
#include "dns64d/client/connected.h"

#include "tests/unit/own_lo.h"
#include "tests/unit/suite.h"

static const struct acl *networks;
static unsigned handed;
static struct event_base *base;
static struct hostwatch *host;

static void
setup(void)
{
	own_lo_enter();
	host = hostwatch_open(0);
	ck_assert_ptr_nonnull(host);
	log_set_level(LOG_LEVEL_ERR);
	networks = NULL;
	handed = 0;
}

static void
teardown(void)
{
	hostwatch_close(host);
}

/* The address and the netmask of the interface; all that was goes. */
static void
set_address(const char *addr, const char *mask)
{
	const char *text[] = { addr, mask };
	const unsigned long request[] = { SIOCSIFADDR, SIOCSIFNETMASK };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ifreq ifr = { 0 };
	size_t i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(inet_pton(AF_INET, text[i], &sin.sin_addr),
		    1);
		memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
		own_lo_set(request[i], ifr);
	}
}

static void
take(void *arg, const struct acl *acl)
{
	(void)arg;
	networks = acl;
	handed++;
	if (base != NULL)
		event_base_loopbreak(base);
}

static bool
is_connected(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_int_eq(sockaddr_parse(text, 53, &ss, &len), 0);
	return (acl_check(networks, &ss) == ACL_ALLOW);
}

START_TEST(networks_are_those_of_the_moment)
{
	struct connected *c = connected_new(host, take, NULL);

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(handed, 1);
	ck_assert(is_connected("127.0.0.1") && is_connected("::1"));
	ck_assert(!is_connected("192.0.2.9"));

	set_address("192.0.2.1", "255.255.255.240");
	connected_look(c);
	ck_assert_uint_eq(handed, 2);
	ck_assert(is_connected("192.0.2.9"));
	ck_assert(!is_connected("192.0.2.16"));
	ck_assert(is_connected("127.0.0.1"));

	set_address("198.51.100.1", "255.255.255.0");
	connected_look(c);
	ck_assert_uint_eq(handed, 3);
	ck_assert(!is_connected("192.0.2.9"));
	ck_assert(is_connected("198.51.100.9"));
	connected_free(c);
}
END_TEST

START_TEST(nothing_is_handed_over_when_no_network_has_changed)
{
	struct connected *c;

	set_address("192.0.2.1", "255.255.255.0");
	c = connected_new(host, take, NULL);
	connected_look(c);
	set_address("192.0.2.2", "255.255.255.0");
	connected_look(c);
	ck_assert_uint_eq(handed, 1);
	connected_free(c);
}
END_TEST

START_TEST(a_netmask_of_zero_is_no_network)
{
	struct connected *c;

	set_address("192.0.2.1", "0.0.0.0");
	c = connected_new(host, take, NULL);
	ck_assert(!is_connected("192.0.2.9"));
	ck_assert(!is_connected("203.0.113.1"));
	connected_free(c);
}
END_TEST

START_TEST(an_address_that_comes_is_told_of)
{
	struct watch *w = watch_new(HOSTWATCH_ADDR);
	struct connected *c = connected_new(host, take, NULL);

	ck_assert_ptr_nonnull(w);
	base = event_base_new();
	connected_follow(c, w);
	ck_assert_int_eq(watch_attach(w, base), 0);
	set_address("192.0.2.1", "255.255.255.0");
	event_base_dispatch(base);
	ck_assert(is_connected("192.0.2.9"));
	watch_detach(w);
	watch_free(w);
	event_base_free(base);
	base = NULL;
	connected_free(c);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("connected");
	Suite *s = suite_create("connected");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, networks_are_those_of_the_moment);
	tcase_add_test(tc, nothing_is_handed_over_when_no_network_has_changed);
	tcase_add_test(tc, a_netmask_of_zero_is_no_network);
	tcase_add_test(tc, an_address_that_comes_is_told_of);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
