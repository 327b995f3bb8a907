/*
 * Tests of nameinfo.c: what evhttp is told about its clients.
 */
#include <sys/un.h>

#include <netdb.h>
#include <netinet/in.h>

#include <arpa/inet.h>

#include <check.h>
#include <stddef.h>
#include <string.h>

#include "common/http/nameinfo.h"

#include "tests/unit/suite.h"

static char host[NI_MAXHOST], serv[NI_MAXSERV];

static int
ask(const void *sa, size_t len, int flags)
{
	return (nameinfo(sa, (socklen_t)len, host, sizeof(host), serv,
	    sizeof(serv), flags));
}

static void
answers(const char *wanted_host, const char *wanted_serv)
{
	ck_assert_str_eq(host, wanted_host);
	ck_assert_str_eq(serv, wanted_serv);
}

/* Without a name, with a short one, with the longest, abstract. */
START_TEST(nameinfo_every_unix_socket_has_a_name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	ck_assert_int_eq(ask(&sun, 0, 0), 0);
	answers("unix", "0");
	ck_assert_int_eq(ask(&sun, offsetof(struct sockaddr_un, sun_path), 0),
	    0);
	answers("unix", "0");
	memset(sun.sun_path, 'n', sizeof(sun.sun_path));
	ck_assert_int_eq(ask(&sun, sizeof(sun), 0), 0);
	sun.sun_path[0] = '\0';
	ck_assert_int_eq(ask(&sun, sizeof(sun), 0), 0);
	answers("unix", "0");
}
END_TEST

START_TEST(nameinfo_addresses_are_numbers)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(65535) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(80) };

	inet_pton(AF_INET, "192.0.2.1", &sin.sin_addr);
	ck_assert_int_eq(ask(&sin, sizeof(sin),
			     NI_NUMERICHOST | NI_NUMERICSERV),
	    0);
	answers("192.0.2.1", "65535");
	inet_pton(AF_INET6, "2001:db8::1", &sin6.sin6_addr);
	ck_assert_int_eq(ask(&sin6, sizeof(sin6), 0), 0);
	answers("2001:db8::1", "80");
	inet_pton(AF_INET6, "fe80::1", &sin6.sin6_addr);
	sin6.sin6_scope_id = UINT32_MAX;
	ck_assert_int_eq(ask(&sin6, sizeof(sin6), 0), 0);
	answers("fe80::1%4294967295", "80");
	memset(&sin6.sin6_addr, 0xff, sizeof(sin6.sin6_addr));
	ck_assert_int_eq(ask(&sin6, sizeof(sin6), 0), 0);
	answers("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295", "80");
}
END_TEST

START_TEST(nameinfo_fails_as_getnameinfo_does)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr other = { .sa_family = AF_UNSPEC };
	const struct sockaddr *sa = (const struct sockaddr *)&sin;

	ck_assert_int_eq(ask(&sin, sizeof(sin) - 1, 0), EAI_FAMILY);
	ck_assert_int_eq(ask(&other, sizeof(other), 0), EAI_FAMILY);
	ck_assert_int_eq(ask(&sin, sizeof(sin), NI_NAMEREQD), EAI_NONAME);
	ck_assert_int_eq(nameinfo(sa, sizeof(sin), host, 7, NULL, 0, 0),
	    EAI_OVERFLOW);
	ck_assert_int_eq(nameinfo(sa, sizeof(sin), NULL, 0, serv, 1, 0),
	    EAI_OVERFLOW);
	ck_assert_int_eq(nameinfo(sa, sizeof(sin), host, 8, serv, 2, 0), 0);
	answers("0.0.0.0", "0");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("nameinfo");
	Suite *s = suite_create("nameinfo");

	tcase_add_test(tc, nameinfo_every_unix_socket_has_a_name);
	tcase_add_test(tc, nameinfo_addresses_are_numbers);
	tcase_add_test(tc, nameinfo_fails_as_getnameinfo_does);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
