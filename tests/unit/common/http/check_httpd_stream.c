/*
 * Tests of the HTTP server: long answers and streams of events, and clients
 * that read slowly, no more, or send no more.
 */
#include "tests/unit/httpd_util.h"
#include "tests/unit/suite.h"

START_TEST(httpd_streams)
{
	int fd = dial();
	size_t len;

	say(fd, GET("/stream"));
	len = hear(fd, NULL);
	ck_assert_uint_ge(len, (size_t)SLICES * SLICE);
	ck_assert_uint_eq(slices, SLICES);
	ck_assert_uint_eq(n_ended, 1);
	close(fd);
}
END_TEST

START_TEST(httpd_empty_slices_let_others_pass)
{
	int fd = dial(), other = dial();

	say(fd, GET("/slow"));
	say(other, GET("/echo"));
	hear(fd, "done");
	ck_assert_uint_eq(slices, 1000);
	ck_assert_uint_eq(n_ended, 1);
	ck_assert_uint_lt(slices_at_echo, 1000);
	close(fd);
	close(other);
}
END_TEST

START_TEST(httpd_empty_slices_end_when_the_client_goes)
{
	int fd = dial();

	say(fd, GET("/slow"));
	close(fd);
	while (n_ended == 0)
		turn();
	ck_assert_uint_lt(slices, 1000);
}
END_TEST

START_TEST(httpd_stream_waits_for_its_reader)
{
	int fd = dial(), i;
	unsigned made;

	say(fd, GET("/stream"));
	for (i = 0; i < 100; i++)
		turn();
	made = slices;
	/* What a socket takes, and one slice. */
	ck_assert_uint_lt(made, SLICES / 2);
	ask(GET("/echo"), "200", "");
	ck_assert_uint_eq(slices, made);
	ck_assert_uint_ge(hear(fd, NULL), (size_t)SLICES * SLICE);
	close(fd);
}
END_TEST

START_TEST(httpd_drops_who_reads_nothing)
{
	const struct monotime end = monotime_add_ms(monotime_now(), WAIT_MS);
	int fd = dial();

	say(fd, GET("/stream"));
	while (n_ended == 0) {
		ck_assert(!monotime_reached(end, monotime_now()));
		turn();
	}
	ck_assert_uint_lt(slices, SLICES);
	close(fd);
}
END_TEST

START_TEST(httpd_ends_streams_of_clients_that_go)
{
	int fd = dial();

	say(fd, GET("/stream"));
	hear(fd, "xxx");
	close(fd);
	while (n_ended == 0)
		turn();
	ask(GET("/echo"), "200", "");
}
END_TEST

/* The end of what a client sends is not the end of the connection (nc -N). */
START_TEST(httpd_sends_all_to_who_sends_no_more)
{
	static const char *const requests[] = { GET("/stream"),
		"GET /stream HTTP/1.1\r\n\r\n",
		"GET /stream HTTP/1.0\r\n\r\n" };
	unsigned i;
	int fd;

	for (i = 0; i < 3; i++) {
		fd = dial();
		say(fd, requests[i]);
		ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
		ck_assert_uint_ge(hear(fd, NULL), (size_t)SLICES * SLICE);
		ck_assert_uint_eq(n_ended, i + 1);
		close(fd);
	}
}
END_TEST

/* One that does not fit into the socket at once. */
START_TEST(httpd_sends_a_long_text_to_who_sends_no_more)
{
	int fd = dial();

	say(fd, "GET /long HTTP/1.1\r\n\r\n");
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_uint_ge(hear(fd, NULL), LONG);
	close(fd);
}
END_TEST

START_TEST(httpd_events_go_on_until_the_client_has_gone)
{
	int fd = dial(), i;

	say(fd, GET("/events"));
	while (events == NULL)
		turn();
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	/* Longer than the interval at which connections are looked at. */
	for (i = 0; i < 1500; i++)
		turn();
	ck_assert_int_eq(httpd_push(events, "one\n", 4), 0);
	hear(fd, "one\n");
	close(fd);
	while (n_ended == 0)
		turn();
}
END_TEST

START_TEST(httpd_pushes_events)
{
	int fd = dial(), i;

	say(fd, GET("/events"));
	while (events == NULL)
		turn();
	/* Longer than the deadlines: a quiet stream is no idle connection. */
	for (i = 0; i < 2500; i++)
		turn();
	ck_assert_uint_eq(n_ended, 0);
	ck_assert_int_eq(httpd_push(events, "one\n", 4), 0);
	ck_assert_int_eq(httpd_push(events, "two\n", 4), 0);
	hear(fd, "two\n");
	httpd_finish(events);
	hear(fd, NULL);
	ck_assert_uint_eq(n_ended, 1);
	close(fd);
}
END_TEST

START_TEST(httpd_push_loses_what_nobody_reads)
{
	static char event[1024];
	unsigned lost = 0;
	int fd = dial(), i;

	memset(event, 'e', sizeof(event));
	say(fd, GET("/events"));
	while (events == NULL)
		turn();
	for (i = 0; i < 2 * HTTPD_PUSH_MAX / 1024; i++)
		if (httpd_push(events, event, sizeof(event)) == -1)
			lost++;
	ck_assert_uint_ge(lost, HTTPD_PUSH_MAX / 1024);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("httpd_stream");
	TCase *tc = tcase_create("httpd_stream");

	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(s, tc);
	tcase_add_test(tc, httpd_streams);
	tcase_add_test(tc, httpd_empty_slices_let_others_pass);
	tcase_add_test(tc, httpd_empty_slices_end_when_the_client_goes);
	tcase_add_test(tc, httpd_stream_waits_for_its_reader);
	tcase_add_test(tc, httpd_drops_who_reads_nothing);
	tcase_add_test(tc, httpd_ends_streams_of_clients_that_go);
	tcase_add_test(tc, httpd_sends_all_to_who_sends_no_more);
	tcase_add_test(tc, httpd_sends_a_long_text_to_who_sends_no_more);
	tcase_add_test(tc, httpd_events_go_on_until_the_client_has_gone);
	tcase_add_test(tc, httpd_pushes_events);
	tcase_add_test(tc, httpd_push_loses_what_nobody_reads);
	return (suite_run(s));
}
