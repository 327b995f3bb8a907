/*
 * Tests of the HTTP server: routes and answers, and clients that send too much
 * or too little.
 */
#include <sys/resource.h>

#include "tests/unit/httpd_util.h"
#include "tests/unit/suite.h"

START_TEST(httpd_answers_json)
{
	ask(GET("/echo?a=1%2f2&b="), "200", "{\"a\":\"1/2\"}\n");
	ask(GET("/echo"), "200", "{\"a\":null}\n");
	ck_assert_ptr_nonnull(strstr(text, "Content-Type: application/json"));
}
END_TEST

START_TEST(httpd_names_what_is_possible)
{
	ask(GET("/ecko"), "404", "/echo, /body");
	ask(GET("/body"), "405", "not with GET but with POST");
	ck_assert_ptr_nonnull(strstr(text, "Allow: POST"));
	ask(GET("/echo?c=1"), "400", "possible are a, b");
	ask(GET("/echo?%ff=1"), "400", "\\\"%ff\\\"");
	ask(GET("/echo?=&&"), "400", "name=value");
	ask("PUT /echo HTTP/1.1\r\nConnection: close\r\n\r\n", "501", "");
}
END_TEST

START_TEST(httpd_ignores_bodies)
{
	ask("POST /body?a=1 HTTP/1.1\r\nConnection: close\r\n"
	    "Content-Length: 7\r\n\r\n{\"x\":1}",
	    "200", "{\"a\":\"1\"}");
}
END_TEST

START_TEST(httpd_answers_a_route_without_answer)
{
	ask(GET("/nothing"), "500", "no answer");
}
END_TEST

START_TEST(httpd_head_has_no_body)
{
	ask("HEAD /echo HTTP/1.1\r\nConnection: close\r\n\r\n", "200",
	    "Content-Length: 11\r\n");
	ck_assert_ptr_null(strstr(text, "{"));
	ask("HEAD /stream HTTP/1.1\r\nConnection: close\r\n\r\n", "200", "");
	ck_assert_ptr_null(strstr(text, "x\r\n"));
	ck_assert_uint_eq(n_ended, 1);
}
END_TEST

START_TEST(httpd_keeps_connections)
{
	int fd = dial(), i;

	for (i = 0; i < 3; i++) {
		say(fd, "GET /echo?a=z HTTP/1.1\r\nHost: x\r\n\r\n");
		hear(fd, "{\"a\":\"z\"}");
	}
	/* Several at once are answered one after the other. */
	say(fd,
	    "GET /echo?a=1 HTTP/1.1\r\n\r\nGET /echo?a=2 HTTP/1.1\r\n\r\n");
	hear(fd, "{\"a\":\"2\"}");
	close(fd);
}
END_TEST

START_TEST(httpd_answers_later)
{
	int fd = dial();

	say(fd, "GET /later HTTP/1.1\r\n\r\n");
	while (later == NULL)
		turn();
	/* What comes meanwhile waits. */
	say(fd, "GET /echo?a=2 HTTP/1.1\r\n\r\n");
	turn();
	turn();
	httpd_error(later, 409, "no %s", "way");
	hear(fd, "{\"a\":\"2\"}");
	ck_assert_ptr_nonnull(strstr(text, "409 Conflict"));
	ck_assert_ptr_nonnull(strstr(text, "{\"error\":\"no way\"}"));
	close(fd);
}
END_TEST

START_TEST(httpd_answers_later_a_client_that_has_gone)
{
	int fd = dial(), i;

	say(fd, "GET /later HTTP/1.1\r\n\r\n");
	while (later == NULL)
		turn();
	close(fd);
	/* At once, or when it has been seen that nobody waits any more. */
	for (i = 0; i < (_i == 0 ? 2 : 1500); i++)
		turn();
	httpd_json(later, 200, json_object());
	turn();
	ask(GET("/echo"), "200", "");
}
END_TEST

START_TEST(httpd_refuses_large_bodies)
{
	ask("POST /body HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n", "413",
	    "");
	ask("POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "40000000\r\n",
	    "413", "");
}
END_TEST

START_TEST(httpd_refuses_large_headers)
{
	static char request[3 * HTTPD_HEADERS_MAX];
	int fd = dial();

	memset(request, 'h', sizeof(request) - 1);
	memcpy(request, "GET /echo HTTP/1.1\r\nX: ", 23);
	say(fd, request);
	hear(fd, NULL);
	ck_assert_msg(strncmp(text, "HTTP/1.1 4", 10) == 0, "%s", text);
	close(fd);
}
END_TEST

/* Somebody sends on and on and is read no further than the bounds. */
START_TEST(httpd_reads_no_endless_request)
{
	static char part[65536];
	int fd = dial(), i;
	size_t sent = 0;
	ssize_t n;

	memset(part, '1', sizeof(part));
	say(fd, "POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < 300; i++) {
		n = write(fd, part, sizeof(part));
		if (n > 0)
			sent += (size_t)n;
		turn();
	}
	ck_assert_uint_lt(sent, 2 * 1024 * 1024);
	close(fd);
}
END_TEST

START_TEST(httpd_closes_half_requests)
{
	int fd = dial(), silent = dial();

	say(fd, "GET /echo HTTP/1.1\r\nHo");
	ck_assert_uint_eq(hear(fd, NULL), 0);
	ck_assert_uint_eq(hear(silent, NULL), 0);
	close(fd);
	close(silent);
}
END_TEST

/* Browsers open connections that they may never use. */
START_TEST(httpd_says_nothing_of_unused_connections)
{
	FILE *log = tmpfile();
	const int saved = dup(STDERR_FILENO);
	int fd;

	ck_assert_ptr_nonnull(log);
	ck_assert_int_ne(dup2(fileno(log), STDERR_FILENO), -1);
	fd = dial();
	ck_assert_uint_eq(hear(fd, NULL), 0);
	close(fd);
	ck_assert_int_eq(lseek(fileno(log), 0, SEEK_END), 0);
	fd = dial();
	say(fd, "G");
	ck_assert_uint_eq(hear(fd, NULL), 0);
	close(fd);
	ck_assert_int_gt(lseek(fileno(log), 0, SEEK_END), 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(log);
}
END_TEST

/* One octet before each deadline does not keep a connection. */
START_TEST(httpd_closes_requests_that_trickle)
{
	const struct monotime end = monotime_add_ms(monotime_now(), WAIT_MS);
	int fd = dial(), i;
	char c;

	for (i = 0;; i++) {
		ck_assert(!monotime_reached(end, monotime_now()));
		if (i % 100 == 0 && write(fd, "G", 1) == -1)
			break;
		turn();
		if (read(fd, &c, 1) == 0)
			break;
	}
	close(fd);
}
END_TEST

START_TEST(httpd_many_connections_are_bounded)
{
	int fds[100], i, fd;

	/* Idle ones make room for the next. */
	for (i = 0; i < 100; i++) {
		fds[i] = dial();
		if (i % 7 == 0)
			turn();
	}
	fd = dial();
	say(fd, GET("/echo?a=here"));
	hear(fd, "{\"a\":\"here\"}");
	close(fd);
	for (i = 0; i < 100; i++)
		close(fds[i]);
}
END_TEST

START_TEST(httpd_busy_connections_are_kept)
{
	int fds[CONNECTIONS], i, fd;

	for (i = 0; i < CONNECTIONS; i++) {
		fds[i] = dial();
		say(fds[i], GET("/events"));
		hear(fds[i], "\r\n\r\n");
	}
	fd = dial();
	say(fd, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(fd, NULL);
	ck_assert_ptr_null(strstr(text, "200 OK"));
	close(fd);
	ck_assert_uint_eq(n_ended, 0);
	close(fds[0]);
	while (n_ended == 0)
		turn();
	ask(GET("/echo"), "200", "");
	for (i = 1; i < CONNECTIONS; i++)
		close(fds[i]);
}
END_TEST

START_TEST(httpd_free_ends_all)
{
	int fds[3], i;

	for (i = 0; i < 3; i++)
		fds[i] = dial();
	say(fds[0], GET("/stream"));
	hear(fds[0], "xxx");
	say(fds[1], GET("/later"));
	while (later == NULL)
		turn();
	httpd_free(server);
	server = NULL;
	ck_assert_uint_eq(n_ended, 1);
	/* The route still has it. */
	httpd_json(later, 200, json_object());
	for (i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

static void
ask_host(const char *headers, const char *status)
{
	char request[512];

	snprintf(request, sizeof(request),
	    "GET /echo HTTP/1.1\r\nConnection: close\r\n%s\r\n", headers);
	ask(request, status, "");
}

START_TEST(httpd_refuses_foreign_hosts)
{
	httpd_free(server);
	unlink(at.sun_path);
	start(true);
	ask_host("Host: 192.0.2.1:9464\r\n", "200");
	ask_host("Host: [2001:db8::1]:9464\r\n", "200");
	ask_host("Host: Gateway.example.net\r\n", "200");
	ask_host("Host: evil.example.com\r\n", "403");
	ask_host("", "403");
	ask_host("Host: 192.0.2.1\r\nOrigin: http://evil.example.com\r\n",
	    "403");
	ask_host("Host: 192.0.2.1\r\nSec-Fetch-Site: cross-site\r\n", "403");
}
END_TEST

/* The name of a client's socket may be longer than what libevent expects. */
START_TEST(httpd_takes_clients_with_long_names)
{
	struct sockaddr_un from = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(from.sun_path + 1, 'n', sizeof(from.sun_path) - 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(from.sun_path, sizeof(from.sun_path), "%s/%080d", dir, 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	say(fd, GET("/echo?a=1"));
	hear(fd, "{\"a\":\"1\"}");
	close(fd);
	unlink(from.sun_path);
}
END_TEST

/* Accepting fails: it pauses, and goes on when there are descriptors again. */
START_TEST(httpd_waits_for_descriptors)
{
	struct rlimit old, none;
	int fd = dial(), i;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	say(fd, GET("/echo?a=1"));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (i = 0; i < 100; i++)
		turn();
	ck_assert_int_eq(read(fd, text, 1), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	hear(fd, "{\"a\":\"1\"}");
	close(fd);
}
END_TEST

/* More requests than the rate wait; the event loop does other work. */
START_TEST(httpd_bounds_the_rate)
{
	const struct httpd_opts opts = { .name = "test",
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(routes[0]),
		.max_rate = 20 };
	const struct monotime begin = monotime_now();
	int fd, fds[5], i, k;

	httpd_free(server);
	unlink(at.sun_path);
	server = httpd_new(base, &opts);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(httpd_accept(server, fd), 0);
	for (i = 0; i < 5; i++)
		fds[i] = dial();
	for (k = 0; k < 4; k++) {
		for (i = 0; i < 5; i++)
			say(fds[i], "GET /echo?a=1 HTTP/1.1\r\n\r\n");
		for (i = 0; i < 5; i++)
			hear(fds[i], "{\"a\":\"1\"}");
	}
	/* The burst is 3. */
	ck_assert_int_ge(monotime_diff_ms(monotime_now(), begin),
	    (20 - 3) * 1000 / 20 - 1);
	/* One that has gone while it waited, and the end of the server. */
	for (i = 0; i < 5; i++) {
		say(fds[i], GET("/stream"));
		close(fds[i]);
	}
	while (n_ended < 4)
		turn();
}
END_TEST

static TCase *
new_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(s, tc);
	return (tc);
}

int
main(void)
{
	Suite *s = suite_create("httpd");
	TCase *tc = new_case(s, "answers");

	tcase_add_test(tc, httpd_answers_json);
	tcase_add_test(tc, httpd_names_what_is_possible);
	tcase_add_test(tc, httpd_ignores_bodies);
	tcase_add_test(tc, httpd_answers_a_route_without_answer);
	tcase_add_test(tc, httpd_head_has_no_body);
	tcase_add_test(tc, httpd_keeps_connections);
	tcase_add_test(tc, httpd_answers_later);
	tcase_add_loop_test(tc, httpd_answers_later_a_client_that_has_gone, 0,
	    2);
	tc = new_case(s, "bounds");
	tcase_add_test(tc, httpd_refuses_large_bodies);
	tcase_add_test(tc, httpd_refuses_large_headers);
	tcase_add_test(tc, httpd_reads_no_endless_request);
	tcase_add_test(tc, httpd_closes_half_requests);
	tcase_add_test(tc, httpd_says_nothing_of_unused_connections);
	tcase_add_test(tc, httpd_closes_requests_that_trickle);
	tcase_add_test(tc, httpd_many_connections_are_bounded);
	tcase_add_test(tc, httpd_busy_connections_are_kept);
	tcase_add_test(tc, httpd_waits_for_descriptors);
	tcase_add_test(tc, httpd_bounds_the_rate);
	tcase_add_test(tc, httpd_free_ends_all);
	tcase_add_test(tc, httpd_takes_clients_with_long_names);
	tcase_add_test(tc, httpd_refuses_foreign_hosts);
	return (suite_run(s));
}
