/*
 * Configurations as files for unit tests, in a directory of their own, which
 * the tests leave for the working directory, so that messages show plain
 * names.
 */
#ifndef TESTS_UNIT_CONF_DIR_H
#define TESTS_UNIT_CONF_DIR_H

#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NITEMS(a) ((int)(sizeof(a) / sizeof((a)[0])))

static char dir[32];
static const char *const files[] = { "t.conf", "a.conf", "b.conf",
	"sub/c.conf", "sub/d.conf" };

static inline void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_conf.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("sub", 0700), 0);
}

static inline void
teardown(void)
{
	int i;

	for (i = 0; i < NITEMS(files); i++)
		unlink(files[i]);
	ck_assert_int_eq(rmdir("sub"), 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

static inline void
put_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static inline void
put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* Messages go to a stream, or nowhere. */
static inline void
report(void *out, bool warning, const char *msg)
{
	(void)warning;
	if (out != NULL)
		fprintf(out, "%s\n", msg);
}

#endif
