/*
 * Unit tests of notify.c: the test is the service manager.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <check.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/notify.h"

#include "tests/unit/suite.h"

static int manager;
static char text[1024];
static int got_fd;

/* Listen at a path, or at an abstract name that begins with @. */
static void
listen_at(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const socklen_t len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(sun.sun_path, name, strlen(name));
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(manager, (const struct sockaddr *)&sun, len), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void
setup(void)
{
	char name[64];

	log_init("check", true, LOG_LEVEL_ERR);
	snprintf(name, sizeof(name), "@check-notify-%ld", (long)getpid());
	listen_at(name);
}

/* The next message, with got_fd; "" if there is none. */
static const char *
receive(void)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	const ssize_t n = recvmsg(manager, &m, 0);

	got_fd = -1;
	text[n > 0 ? n : 0] = '\0';
	c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c != NULL)
		memcpy(&got_fd, CMSG_DATA(c), sizeof(got_fd));
	return (text);
}

START_TEST(notify_sends_to_the_socket_of_the_environment)
{
	notify_begin();
	ck_assert(notify_is_used());
	notify_send("READY=1\nSTATUS=%s", "running");
	ck_assert_str_eq(receive(), "READY=1\nSTATUS=running");
	notify_reloading();
	ck_assert_int_eq(strncmp(receive(),
			     "RELOADING=1\nMONOTONIC_USEC=", 27),
	    0);
	ck_assert_ptr_nonnull(getenv("NOTIFY_SOCKET"));
}
END_TEST

START_TEST(notify_sends_to_a_path)
{
	char dir[] = "/tmp/check-notify-XXXXXX", path[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	listen_at(path);
	notify_begin();
	notify_send("STOPPING=1");
	ck_assert_str_eq(receive(), "STOPPING=1");
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(notify_without_a_manager_does_nothing)
{
	char longest[200];
	const char *const names[] = { "", "relative", "/nobody/there",
		"@check-notify-nobody", longest };
	size_t i;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
		notify_begin();
		ck_assert(!notify_is_used());
	}
	unsetenv("NOTIFY_SOCKET");
	notify_begin();
	notify_send("READY=1");
	notify_store("tun", STDIN_FILENO);
	ck_assert(!notify_is_used());
	ck_assert_str_eq(receive(), "");
}
END_TEST

START_TEST(notify_store_replaces_what_was_kept)
{
	struct stat sent, got;
	const int fd = open("/dev/null", O_RDONLY);

	notify_begin();
	notify_store("tun", fd);
	ck_assert_str_eq(receive(), "FDSTOREREMOVE=1\nFDNAME=tun");
	ck_assert_str_eq(receive(), "FDSTORE=1\nFDNAME=tun");
	ck_assert_int_eq(fstat(fd, &sent), 0);
	ck_assert_int_eq(fstat(got_fd, &got), 0);
	ck_assert(sent.st_rdev == got.st_rdev);
}
END_TEST

/* --- descriptors of a start --- */

static void
note(void *arg, int fd, const char *name)
{
	char one[64];

	(void)arg;
	snprintf(one, sizeof(one), "%d=%s%s ", fd, name,
	    (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? "" : " stays open");
	strlcat(text, one, sizeof(text));
}

static const char *
each_fd(pid_t pid, const char *n, const char *names)
{
	char pid_text[32];

	snprintf(pid_text, sizeof(pid_text), "%ld", (long)pid);
	setenv("LISTEN_PID", pid_text, 1);
	setenv("LISTEN_FDS", n, 1);
	unsetenv("LISTEN_FDNAMES");
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	text[0] = '\0';
	notify_each_fd(note, NULL);
	return (text);
}

START_TEST(notify_each_fd_has_names)
{
	ck_assert_int_ne(dup2(STDIN_FILENO, 3), -1);
	ck_assert_int_ne(dup2(STDIN_FILENO, 4), -1);
	ck_assert_str_eq(each_fd(getpid(), "2", "tun:state"),
	    "3=tun 4=state ");
	ck_assert_str_eq(each_fd(getpid(), "2", "tun"), "3=tun 4= ");
	ck_assert_str_eq(each_fd(getpid(), "2", NULL), "3= 4= ");
	ck_assert_str_eq(each_fd(getpid(), "1", "::a"), "3= ");
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
}
END_TEST

START_TEST(notify_each_fd_takes_those_of_others_for_none)
{
	ck_assert_str_eq(each_fd(getppid(), "2", "tun:state"), "");
	ck_assert_str_eq(each_fd(getpid(), "", "tun"), "");
	ck_assert_str_eq(each_fd(getpid(), "many", "tun"), "");
	ck_assert_ptr_null(getenv("LISTEN_PID"));
}
END_TEST

START_TEST(notify_each_fd_refuses_too_many)
{
	(void)each_fd(getpid(), "257", NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("notify");
	TCase *tc = tcase_create("notify");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, notify_sends_to_the_socket_of_the_environment);
	tcase_add_test(tc, notify_sends_to_a_path);
	tcase_add_test(tc, notify_without_a_manager_does_nothing);
	tcase_add_test(tc, notify_store_replaces_what_was_kept);
	tcase_add_test(tc, notify_each_fd_has_names);
	tcase_add_test(tc, notify_each_fd_takes_those_of_others_for_none);
	tcase_add_exit_test(tc, notify_each_fd_refuses_too_many, 1);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
