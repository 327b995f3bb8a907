/*
 * Unit tests of watchdog.c: the test is the service manager.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/notify.h"
#include "common/os/watchdog.h"

#include "tests/unit/suite.h"

static int manager;
static struct event_base *base;

/* Listen at an abstract name, and tell the code under test so. */
static void
listen_as_manager(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char name[64];
	socklen_t len;

	snprintf(name, sizeof(name), "@check-watchdog-%ld", (long)getpid());
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	memcpy(sun.sun_path + 1, name + 1, strlen(name) - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(manager, (const struct sockaddr *)&sun, len), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	notify_begin();
}

static void
setup(void)
{
	log_init("check", true, LOG_LEVEL_ERR);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
}

static void
teardown(void)
{
	event_base_free(base);
}

START_TEST(watchdog_tells_again_and_again)
{
	struct event *ev;
	char text[64];
	ssize_t n;
	int i;

	listen_as_manager();
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "2000", 1), 0);
	ev = watchdog_start(base);
	ck_assert_ptr_nonnull(ev);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
		n = recv(manager, text, sizeof(text), 0);
		ck_assert_int_eq(n, (ssize_t)strlen("WATCHDOG=1"));
		ck_assert_mem_eq(text, "WATCHDOG=1", (size_t)n);
	}
	event_free(ev);
}
END_TEST

START_TEST(watchdog_is_not_started_unless_wanted)
{
	static const char *const wrong[] = { "", "0", "1", "-5", "x", "5s",
		"99999999999999999999" };
	size_t i;

	ck_assert_int_eq(setenv("WATCHDOG_USEC", "2000", 1), 0);
	ck_assert_ptr_null(watchdog_start(base)); /* no manager */
	listen_as_manager();
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_eq(setenv("WATCHDOG_USEC", wrong[i], 1), 0);
		ck_assert_ptr_null(watchdog_start(base));
	}
	ck_assert_int_eq(unsetenv("WATCHDOG_USEC"), 0);
	ck_assert_ptr_null(watchdog_start(base));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watchdog");
	TCase *tc = tcase_create("messages");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, watchdog_tells_again_and_again);
	tcase_add_test(tc, watchdog_is_not_started_unless_wanted);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
