/*
 * Tests of privs_user.c: whom to become, and what that user may do; and of
 * pidfile.c, in a process that becomes that user. They
 * run as root and as an ordinary user, who sees less; the host must have the
 * users root and nobody.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/pidfile.h"
#include "common/os/privs.h"

#include "tests/unit/suite.h"

/* What the configuration means that names no user; not on any host. */
#define STANDARD "_no_such_daemon"

static struct privs privs;
static char text[PRIVS_TEXT_SIZE];
static char dir[] = "/tmp/check_privs.XXXXXX";

/* In a user namespace that has few ids other rules hold (e2e_rootless). */
static bool
is_real_root(void)
{
	unsigned long inside, outside, count = 0;
	FILE *f;

	f = fopen("/proc/self/uid_map", "r");
	if (f != NULL) {
		if (fscanf(f, "%lu %lu %lu", &inside, &outside, &count) != 3)
			count = 0;
		fclose(f);
	}
	return (getuid() == 0 && (f == NULL || count == 0xffffffff));
}

START_TEST(map_of_ids_has_those_of_its_lines)
{
	static const struct {
		const char *map;
		unsigned long id;
		bool mapped;
	} rows[] = {
		{ "", 0, true },
		{ "", 65534, true },
		{ "         0          0 4294967295\n", 65534, true },
		{ "0 1000 1\n", 0, true },
		{ "0 1000 1\n", 1, false },
		{ "0 1000 1\n", 1000, false },
		{ "0 1000 1\n1 100000 65536\n", 65534, true },
		{ "0 1000 1\n1 100000 65536\n", 65536, true },
		{ "0 1000 1\n1 100000 65536\n", 65537, false },
		{ "1000 0 1\n", 0, false },
		{ "nonsense", 0, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(privs_mapped(rows[i].map, rows[i].id) ==
			rows[i].mapped,
		    "\"%s\" %lu", rows[i].map, rows[i].id);
}
END_TEST

START_TEST(root_becomes_a_user_by_name_or_number)
{
	const struct passwd *pw = getpwnam("nobody");
	unsigned long uid, gid;
	struct {
		const char *user;
		unsigned long uid;
		unsigned long gid;
	} rows[] = {
		{ "nobody", 0, 0 },
		{ "nobody:root", 0, 0 },
		{ "nobody:4321", 0, 4321 },
		{ "4321", 4321, 4321 },
		{ "4321:65534", 4321, 65534 },
		{ "4294967294", 4294967294, 4294967294 },
	};
	size_t i;

	if (!is_real_root())
		return;
	ck_assert_ptr_nonnull(pw);
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	rows[0].uid = rows[1].uid = rows[2].uid = uid;
	rows[0].gid = gid;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(privs_lookup(rows[i].user, STANDARD, &privs,
				  text) == 0,
		    "%s", text);
		ck_assert_str_eq(text, "");
		ck_assert_uint_eq(privs.uid, rows[i].uid);
		ck_assert_uint_eq(privs.gid, rows[i].gid);
		ck_assert(!privs.stay);
		ck_assert_int_eq(privs_try(&privs, text), 0);
	}
}
END_TEST

START_TEST(root_is_told_what_to_say_instead)
{
	static const char *const users[] = { "root", "0", "0:65534",
		"nosuchuser", "nobody:nosuchgroup", "4294967295", "-1", "",
		":0", "1:2:3", "0x10" };
	size_t i;

	if (!is_real_root())
		return;
	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		ck_assert_msg(privs_lookup(users[i], STANDARD, &privs, text) ==
			-1,
		    "%s", users[i]);
		ck_assert_ptr_nonnull(strstr(text, "\"user 65534\""));
	}
}
END_TEST

START_TEST(nobody_stands_in_for_a_user_that_nobody_named)
{
	if (!is_real_root())
		return;
	ck_assert_int_eq(privs_lookup(STANDARD, STANDARD, &privs, text), 0);
	ck_assert_uint_eq(privs.uid, 65534);
	ck_assert_uint_eq(privs.gid, 65534);
	ck_assert(!privs.stay);
	ck_assert_ptr_nonnull(strstr(text, "useradd -r"));
}
END_TEST

/* In a child of its own, as Check runs each test. */
static void
be_ordinary(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(setuid(4321), 0);
}

START_TEST(ordinary_user_stays)
{
	static const struct {
		const char *user;
		bool warned;
	} rows[] = {
		{ STANDARD, false },
		{ "nobody", false },
		{ "root", false },
		{ "4322", false },
		{ "nosuchuser", true },
	};
	size_t i;

	if (!is_real_root() && getuid() == 0)
		return;
	be_ordinary();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(privs_lookup(rows[i].user, STANDARD, &privs,
				     text),
		    0);
		ck_assert_uint_eq(privs.uid, getuid());
		ck_assert(privs.stay);
		ck_assert_msg((text[0] != '\0') == rows[i].warned, "%s: %s",
		    rows[i].user, text);
		ck_assert_int_eq(privs_try(&privs, text), 0);
	}
}
END_TEST

/* dir/NAME */
static const char *
in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (path);
}

static void
make_file(const char *name, mode_t mode)
{
	FILE *f = fopen(in_dir(name), "w");

	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(chmod(in_dir(name), mode), 0);
}

/* Root makes what the user cannot make. */
START_TEST(file_is_writable_where_the_user_may_write_it)
{
	static const struct {
		const char *file;
		mode_t mode;	 /* of the directory */
		const char *why; /* in the message; NULL: it is writable */
	} rows[] = {
		{ "new", 0777, NULL },
		{ "new", 0755, NULL },
		{ "new", 0700, "may not make files there" },
		{ "open", 0755, NULL },
		{ "open", 0700, "may not write it" },
		{ "closed", 0777, "chown 4321:4321" },
		{ "link", 0777, "symbolic link" },
		{ "absent/new", 0777, NULL },
		{ "absent/absent/new", 0777, "install -d -o 4321 -g 4321" },
	};
	size_t i;
	int rc;

	if (!is_real_root())
		return;
	ck_assert_int_eq(privs_lookup("4321", STANDARD, &privs, text), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_file("open", 0666);
	make_file("closed", 0600);
	ck_assert_int_eq(symlink("open", in_dir("link")), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(chmod(dir, rows[i].mode), 0);
		rc = privs_can_write(&privs, in_dir(rows[i].file), text);
		ck_assert_msg(rc == (rows[i].why == NULL ? 0 : -1),
		    "row %zu: %s", i, text);
		if (rows[i].why != NULL)
			ck_assert_msg(strstr(text, rows[i].why) != NULL,
			    "row %zu: %s", i, text);
	}
	unlink(in_dir("open"));
	unlink(in_dir("closed"));
	unlink(in_dir("link"));
	rmdir(dir);
}
END_TEST

START_TEST(ordinary_user_makes_his_files_himself)
{
	if (getuid() == 0 && !is_real_root())
		return;
	be_ordinary();
	ck_assert_int_eq(privs_lookup("4321", STANDARD, &privs, text), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(privs_can_write(&privs, in_dir("new"), text), 0);
	ck_assert_int_eq(privs_can_write(&privs, in_dir("absent/new"), text),
	    -1);
	ck_assert_int_eq(chmod(dir, 0500), 0);
	ck_assert_int_eq(privs_can_write(&privs, in_dir("new"), text), -1);
	rmdir(dir);
}
END_TEST

static void
check_owner(const char *name, uid_t uid, mode_t mode)
{
	struct stat st;

	ck_assert_int_eq(lstat(in_dir(name), &st), 0);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert_uint_eq(st.st_gid, uid);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
}

/* Become a user whom a directory of root's, dir, is open to. */
static bool
become_4321(void)
{
	if (!is_real_root())
		return (false);
	umask(077);
	ck_assert_int_eq(privs_lookup("4321", STANDARD, &privs, text), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	return (true);
}

START_TEST(file_is_made_for_the_user_where_he_cannot)
{
	if (!become_4321())
		return;
	ck_assert_int_eq(privs_make_file(&privs, in_dir("new")), 0);
	check_owner("new", 4321, 0600); /* 0640 but for the umask */
	/* One that exists stays as it is, and a link is not followed. */
	make_file("old", 0644);
	ck_assert_int_eq(privs_make_file(&privs, in_dir("old")), 0);
	check_owner("old", 0, 0644);
	ck_assert_int_eq(symlink("target", in_dir("link")), 0);
	ck_assert_int_eq(privs_make_file(&privs, in_dir("link")), 0);
	ck_assert_int_eq(access(in_dir("target"), F_OK), -1);
	unlink(in_dir("new"));
	unlink(in_dir("old"));
	unlink(in_dir("link"));
	rmdir(dir);
}
END_TEST

START_TEST(directory_is_made_for_the_user_where_he_makes_the_file)
{
	if (!become_4321())
		return;
	ck_assert_int_eq(privs_make_file(&privs, in_dir("sub/new")), 0);
	check_owner("sub", 4321, 0755);
	ck_assert_int_eq(access(in_dir("sub/new"), F_OK), -1);
	ck_assert_int_eq(privs_make_file(&privs, in_dir("no/such/new")), -1);
	rmdir(in_dir("sub"));
	rmdir(dir);
}
END_TEST

/* A daemon from its start to its end; how: what it does before that. */
static int
live(const char *path, void (*how)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		privs_begin_pidfile(&privs, path);
		how();
		exit(0); /* as fatal() does */
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void
drop(void)
{
	if (pidfile_fill() == -1 || privs_become(&privs) == -1)
		_exit(9);
}

static void
fail_to_start(void)
{
	fatalx("this failure is wanted");
}

START_TEST(pid_file_goes_with_the_process)
{
	if (!become_4321())
		return;
	ck_assert_int_eq(live(in_dir("sub/pid"), drop), 0);
	ck_assert_int_eq(access(in_dir("sub/pid"), F_OK), -1);
	/* Root can still remove it when it does not get that far. */
	ck_assert_int_eq(live(in_dir("pid"), fail_to_start), 1);
	ck_assert_int_eq(access(in_dir("pid"), F_OK), -1);
	rmdir(in_dir("sub"));
	rmdir(dir);
}
END_TEST

START_TEST(pid_file_in_a_directory_of_others_stays_empty)
{
	struct stat st;

	if (!become_4321())
		return;
	ck_assert_int_eq(live(in_dir("pid"), drop), 0);
	ck_assert_int_eq(stat(in_dir("pid"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	/* And does not keep the next one from starting. */
	ck_assert_int_eq(live(in_dir("pid"), fail_to_start), 1);
	ck_assert_int_eq(access(in_dir("pid"), F_OK), -1);
	rmdir(dir);
}
END_TEST

/* What a daemon that was taken over may leave for root. */
START_TEST(pid_file_is_a_plain_one)
{
	char target[256];
	struct stat st;

	if (!become_4321())
		return;
	make_file("target", 0644);
	ck_assert_int_eq(truncate(in_dir("target"), 7), 0);
	snprintf(target, sizeof(target), "%s", in_dir("target"));
	ck_assert_int_eq(symlink("target", in_dir("pid")), 0);
	ck_assert_int_eq(live(in_dir("pid"), fail_to_start), 1);
	unlink(in_dir("pid"));
	ck_assert_int_eq(link(target, in_dir("pid")), 0);
	ck_assert_int_eq(live(in_dir("pid"), fail_to_start), 1);
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_int_eq(st.st_size, 7);
	unlink(in_dir("pid"));
	alarm(20);
	ck_assert_int_eq(mkfifo(in_dir("pid"), 0600), 0);
	ck_assert_int_eq(live(in_dir("pid"), fail_to_start), 1);
	unlink(in_dir("pid"));
	unlink(target);
	rmdir(dir);
}
END_TEST

START_TEST(pid_file_of_another_process_is_left_alone)
{
	int fd;

	if (!become_4321())
		return;
	fd = open(in_dir("pid"), O_RDWR | O_CREAT, 0644);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(write(fd, "4711", 4), 4);
	ck_assert_int_eq(live(in_dir("pid"), drop), 1);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 4);
	ck_assert_int_eq(access(in_dir("pid"), F_OK), 0);
	close(fd);
	unlink(in_dir("pid"));
	rmdir(dir);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("privs");
	TCase *tc = tcase_create("privs");

	tcase_add_test(tc, map_of_ids_has_those_of_its_lines);
	tcase_add_test(tc, root_becomes_a_user_by_name_or_number);
	tcase_add_test(tc, root_is_told_what_to_say_instead);
	tcase_add_test(tc, nobody_stands_in_for_a_user_that_nobody_named);
	tcase_add_test(tc, ordinary_user_stays);
	tcase_add_test(tc, file_is_writable_where_the_user_may_write_it);
	tcase_add_test(tc, ordinary_user_makes_his_files_himself);
	tcase_add_test(tc, file_is_made_for_the_user_where_he_cannot);
	tcase_add_test(tc,
	    directory_is_made_for_the_user_where_he_makes_the_file);
	tcase_add_test(tc, pid_file_goes_with_the_process);
	tcase_add_test(tc, pid_file_in_a_directory_of_others_stays_empty);
	tcase_add_test(tc, pid_file_is_a_plain_one);
	tcase_add_test(tc, pid_file_of_another_process_is_left_alone);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
