#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "pidfile.h"

/* The pid file of this process, open and locked. */
static struct {
	char path[PATH_MAX];
	int fd;
} file = { .fd = -1 };

/* Is the open file still the one at the path? */
static bool
is_ours(void)
{
	struct stat by_name, open_one;

	return (lstat(file.path, &by_name) == 0 &&
	    fstat(file.fd, &open_one) == 0 &&
	    by_name.st_dev == open_one.st_dev &&
	    by_name.st_ino == open_one.st_ino);
}

static void
require_plain_file(void)
{
	struct stat st;

	if (fstat(file.fd, &st) == -1)
		fatal("%s", file.path);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		fatalx("%s: is no plain file with one name: remove it",
		    file.path);
}

static void __attribute__((__noreturn__)) refuse_second(void)
{
	char text[sizeof("2147483647")] = "";

	if (pread(file.fd, text, sizeof(text) - 1, 0) <= 0)
		fatalx("already running");
	fatalx("already running, pid %ld", strtol(text, NULL, 10));
}

/* Returns false when the previous owner has just removed it. */
static bool
open_and_lock(void)
{
	file.fd = open(file.path,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (file.fd == -1)
		fatal("%s: cannot be made: " PIDFILE_REMEDY, file.path);
	require_plain_file();
	if (flock(file.fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			refuse_second();
		fatal("%s: cannot be locked: " PIDFILE_REMEDY, file.path);
	}
	if (is_ours())
		return (true);
	close(file.fd);
	return (false);
}

void
pidfile_begin(const char *path)
{
	strlcpy(file.path, path, sizeof(file.path));
	while (!open_and_lock())
		continue;
	if (ftruncate(file.fd, 0) == -1 || atexit(pidfile_end) != 0)
		fatal("%s", file.path);
}

int
pidfile_adopt(int fd, const char *path)
{
	strlcpy(file.path, path, sizeof(file.path));
	file.fd = fd;
	if (is_ours() && atexit(pidfile_end) == 0)
		return (0);
	file.fd = -1;
	close(fd);
	errno = EINVAL;
	return (-1);
}

int
pidfile_fd(void)
{
	return (file.fd);
}

void
pidfile_leave(void)
{
	if (file.fd != -1)
		close(file.fd);
	file.fd = -1;
}

int
pidfile_fill(void)
{
	char text[sizeof("2147483647\n")];
	int len;

	if (file.fd == -1)
		return (0);
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(file.fd, 0) == -1 ||
	    pwrite(file.fd, text, (size_t)len, 0) != len)
		return (-1);
	return (0);
}

void
pidfile_end(void)
{
	if (file.fd == -1)
		return;
	/* A file that remains must not contain our pid. */
	if (is_ours() &&
	    (ftruncate(file.fd, 0) == -1 || unlink(file.path) == -1))
		log_info("%s: stays behind: %s", file.path, strerror(errno));
	close(file.fd);
	file.fd = -1;
}
