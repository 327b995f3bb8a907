/*
 * Tests of the control socket in the file system: its mode, a stale one, one
 * that is in use, and its end.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/http/control.h"

#include "tests/unit/suite.h"

#define STANDARD "/nonexistent/dir/standard.sock"

static char dir[] = "/tmp/check_control.XXXXXX";
static char path[sizeof(dir) + 32];
static struct privs self;

static void
setup(void)
{
	self =
	    (struct privs){ .uid = geteuid(), .gid = getegid(), .stay = true };
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sub/socket", dir);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct control *
open_at(const char *group)
{
	const struct control_conf conf = { .path = path,
		.group = (char *)(uintptr_t)group };

	return (control_open(&conf, STANDARD, &self));
}

static mode_t
mode_of(void)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	return (st.st_mode & 07777);
}

/* Does control_open() end the process? */
static bool
is_refused(void)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		open_at(NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

START_TEST(control_socket_is_for_its_user)
{
	struct control *c = open_at(NULL);

	ck_assert_uint_eq(mode_of(), 0600);
	ck_assert_str_eq(control_path(c), path);
	control_close(c);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(control_socket_is_for_a_group)
{
	char group[16];
	struct control *c;

	snprintf(group, sizeof(group), "%u", getegid());
	c = open_at(group);
	ck_assert_uint_eq(mode_of(), 0660);
	control_close(c);
}
END_TEST

START_TEST(control_socket_in_use_is_refused)
{
	struct control *c = open_at(NULL);

	ck_assert(is_refused());
	ck_assert_uint_eq(mode_of(), 0600);
	control_close(c);
}
END_TEST

START_TEST(control_stale_socket_is_replaced)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control *c = open_at(NULL);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	control_close(c);
	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	c = open_at(NULL);
	ck_assert_uint_eq(mode_of(), 0600);
	control_close(c);
}
END_TEST

START_TEST(control_other_file_is_refused)
{
	control_close(open_at(NULL));
	close(open(path, O_WRONLY | O_CREAT, 0644));
	ck_assert(is_refused());
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* Somebody has replaced it: it is not ours to remove. */
START_TEST(control_close_leaves_another_socket)
{
	struct control *c = open_at(NULL), *other;

	unlink(path);
	other = open_at(NULL);
	control_close(c);
	ck_assert_uint_eq(mode_of(), 0600);
	control_close(other);
}
END_TEST

START_TEST(control_default_path_may_fail)
{
	struct control_conf conf;

	control_conf_init(&conf, STANDARD);
	ck_assert_ptr_null(control_open(&conf, STANDARD, &self));
	control_conf_clear(&conf);
	ck_assert_ptr_null(control_open(&conf, STANDARD, &self));
}
END_TEST

/* As with a unit that leaves root without CAP_DAC_OVERRIDE. */
START_TEST(control_user_makes_the_socket)
{
	const struct privs nobody = { .uid = PRIVS_NOBODY,
		.gid = PRIVS_NOBODY };
	const struct control_conf conf = { .path = path };
	struct control *c;
	struct stat st;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(dir, 0755), 0);
	c = control_open(&conf, STANDARD, &nobody);
	ck_assert_uint_eq(mode_of(), 0600);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, PRIVS_NOBODY);
	ck_assert_uint_eq(geteuid(), 0);
	control_close(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("control");
	TCase *tc = tcase_create("socket");

	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(s, tc);
	tcase_add_test(tc, control_socket_is_for_its_user);
	tcase_add_test(tc, control_socket_is_for_a_group);
	tcase_add_test(tc, control_socket_in_use_is_refused);
	tcase_add_test(tc, control_stale_socket_is_replaced);
	tcase_add_test(tc, control_other_file_is_refused);
	tcase_add_test(tc, control_close_leaves_another_socket);
	tcase_add_test(tc, control_default_path_may_fail);
	tcase_add_test(tc, control_user_makes_the_socket);
	return (suite_run(s));
}
