/*
 * Tests of privs_user.c: whom to become, and what that user may do. They
 * run as root and as an ordinary user, who sees less; the host must have the
 * users root and nobody.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/privs.h"

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
		    rows[i].mapped, "\"%s\" %lu", rows[i].map, rows[i].id);
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
		    text) == 0, "%s", text);
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
		ck_assert_msg(privs_lookup(users[i], STANDARD, &privs, text)
		    == -1, "%s", users[i]);
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
		    text), 0);
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

START_TEST(file_is_writable_where_the_user_may_write_it)
{
	static const struct {
		const char *file;
		mode_t mode; /* of the directory */
		bool made;
		const char *why; /* in the message; NULL: it is writable */
	} rows[] = {
		{ "new", 0777, false, NULL },
		{ "new", 0755, false, "install -d -o 4321 -g 4321" },
		{ "new", 0755, true, NULL },
		{ "new", 0700, true, "may not open files there" },
		{ "open", 0755, false, NULL },
		{ "open", 0700, false, "may not write it" },
		{ "closed", 0777, false, "chown 4321:4321" },
		{ "absent/new", 0777, false, "no such directory" },
		{ "absent/new", 0777, true, "no such directory" },
	};
	size_t i;
	int rc;

	if (!is_real_root())
		return;
	ck_assert_int_eq(privs_lookup("4321", STANDARD, &privs, text), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_file("open", 0666);
	make_file("closed", 0600);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(chmod(dir, rows[i].mode), 0);
		rc = privs_can_write(&privs, in_dir(rows[i].file),
		    rows[i].made, text);
		ck_assert_msg(rc == (rows[i].why == NULL ? 0 : -1),
		    "row %zu: %s", i, text);
		if (rows[i].why != NULL)
			ck_assert_msg(strstr(text, rows[i].why) != NULL,
			    "row %zu: %s", i, text);
	}
	unlink(in_dir("open"));
	unlink(in_dir("closed"));
	rmdir(dir);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("privs");
	TCase *tc = tcase_create("privs");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, map_of_ids_has_those_of_its_lines);
	tcase_add_test(tc, root_becomes_a_user_by_name_or_number);
	tcase_add_test(tc, root_is_told_what_to_say_instead);
	tcase_add_test(tc, nobody_stands_in_for_a_user_that_nobody_named);
	tcase_add_test(tc, ordinary_user_stays);
	tcase_add_test(tc, file_is_writable_where_the_user_may_write_it);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
