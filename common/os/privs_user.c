/*
 * The user to become, and which files that user may write.
 *
 * A user namespace, as of a rootless container, has only the ids in its maps,
 * often just one: then there is no user to become.
 */
#define _GNU_SOURCE /* setresuid, setresgid on Linux */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "pidfile.h"
#include "privs.h"

/* For /proc/self/uid_map: the kernel allows 340 lines, two are usual. */
#define MAP_SIZE 4096

/* A user name and its '\0'; no system has longer ones. */
#define NAME_SIZE 256

static bool
is_root(void)
{
	return (getuid() == 0 || geteuid() == 0);
}

/* The first bytes of a small file, "" when it cannot be read. */
static void
read_text(const char *path, char *text, size_t size)
{
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
}

bool
privs_mapped(const char *map, unsigned long id)
{
	unsigned long inside, outside, count;
	int len;

	if (*map == '\0')
		return (true);
	while (sscanf(map, "%lu %lu %lu%n", &inside, &outside, &count, &len) ==
	    3) {
		if (id >= inside && id - inside < count)
			return (true);
		map += len;
	}
	return (false);
}

/* Does the user namespace that we are in, if any, have these ids? */
static bool
namespace_has(const struct privs *p)
{
	char uids[MAP_SIZE], gids[MAP_SIZE];

	read_text("/proc/self/uid_map", uids, sizeof(uids));
	read_text("/proc/self/gid_map", gids, sizeof(gids));
	return (privs_mapped(uids, p->uid) && privs_mapped(gids, p->gid));
}

/* The namespace that the system starts with maps every id to itself. */
static bool
in_user_namespace(void)
{
	unsigned long inside, outside, count;
	char map[MAP_SIZE];

	read_text("/proc/self/uid_map", map, sizeof(map));
	return (sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
	    (inside != 0 || outside != 0 || count < UINT32_MAX));
}

/*
 * Did the last lookup in the user database fail, rather than find no entry?
 * POSIX leaves errno unchanged when there is none, but name services set
 * various values then.
 */
static bool
database_failed(void)
{
	return (errno == EIO || errno == EMFILE || errno == ENFILE ||
	    errno == ENOMEM);
}

/* The id -1 stands for none. */
static bool
parse_id(const char *text, unsigned *id)
{
	const char *error;

	*id = (unsigned)strtonum(text, 0, UINT32_MAX - 1, &error);
	return (error == NULL);
}

static bool
find_group(const char *name, gid_t *gid)
{
	const struct group *gr;

	errno = 0;
	gr = getgrnam(name);
	if (gr == NULL)
		return (!database_failed() && parse_id(name, gid));
	*gid = gr->gr_gid;
	return (true);
}

/*
 * A name takes precedence over a number, as with chown(8). Returns false when
 * there is no such user or group, or the lookup failed: see database_failed().
 */
static bool
find_user(const char *user, struct privs *p)
{
	char name[NAME_SIZE];
	const char *colon = strchr(user, ':');
	const size_t len =
	    colon != NULL ? (size_t)(colon - user) : strlen(user);
	const struct passwd *pw;

	errno = 0;
	if (len >= sizeof(name))
		return (false);
	memcpy(name, user, len);
	name[len] = '\0';
	pw = getpwnam(name);
	if (pw != NULL)
		p->uid = pw->pw_uid;
	else if (database_failed() || !parse_id(name, &p->uid))
		return (false);
	else
		pw = getpwuid(p->uid);
	p->gid = pw != NULL ? pw->pw_gid : p->uid;
	return (colon == NULL || find_group(colon + 1, &p->gid));
}

/* Keep our user: an ordinary one, or root of a user namespace. */
static int
stay(const char *user, const char *why, struct privs *p,
    char text[PRIVS_TEXT_SIZE])
{
	*p =
	    (struct privs){ .uid = geteuid(), .gid = getegid(), .stay = true };
	if (why != NULL)
		snprintf(text, PRIVS_TEXT_SIZE,
		    "user %s: %s; staying user "
		    "id %lu%s",
		    user, why, (unsigned long)p->uid,
		    is_root() ? ", which is root in this user namespace only" :
				"");
	return (0);
}

/* The default user does not exist on this host. */
static int
stand_in(const char *user, struct privs *p, char text[PRIVS_TEXT_SIZE])
{
	*p = (struct privs){ .uid = PRIVS_NOBODY, .gid = PRIVS_NOBODY };
	if (!namespace_has(p))
		return (stay(user,
		    "no such user, and nobody else in this "
		    "user namespace",
		    p, text));
	snprintf(text, PRIVS_TEXT_SIZE,
	    "user %s: no such user; becoming "
	    "%d:%d instead, which others may be as well: make it with "
	    "\"useradd -r -s /usr/sbin/nologin %s\", or say \"user NAME\"",
	    user, PRIVS_NOBODY, PRIVS_NOBODY, user);
	return (0);
}

/* As root, with the ids found in *p. */
static int
lookup_found(const char *user, struct privs *p, char text[PRIVS_TEXT_SIZE])
{
	if (in_user_namespace()) {
		if (p->uid == 0)
			return (stay(user, NULL, p, text));
		if (!namespace_has(p))
			return (stay(user,
			    "not in the maps of this user "
			    "namespace",
			    p, text));
	}
	if (p->uid != 0)
		return (0);
	snprintf(text, PRIVS_TEXT_SIZE,
	    "user %s: has the rights of root, "
	    "which are to be given up: say \"user NAME\" or \"user %d\"",
	    user, PRIVS_NOBODY);
	return (-1);
}

int
privs_lookup(const char *user, const char *standard, struct privs *p,
    char text[PRIVS_TEXT_SIZE])
{
	const bool is_standard = strcmp(user, standard) == 0;
	bool found;

	text[0] = '\0';
	*p = (struct privs){ .stay = false };
	found = find_user(user, p);
	if (!is_root())
		return (stay(user,
		    found || is_standard ? NULL : "no such user or group", p,
		    text));
	if (found)
		return (lookup_found(user, p, text));
	if (database_failed()) {
		snprintf(text, PRIVS_TEXT_SIZE, "user %s: %s", user,
		    strerror(errno));
		return (-1);
	}
	if (is_standard)
		return (stand_in(user, p, text));
	snprintf(text, PRIVS_TEXT_SIZE,
	    "user %s: no such user or group: make "
	    "it, or say \"user NAME\", \"user %d\" or nothing",
	    user, PRIVS_NOBODY);
	return (-1);
}

/*
 * A user namespace may forbid setgroups(2), so that nobody drops a group that
 * denies access; we then keep our groups.
 */
static bool
groups_are_fixed(void)
{
	char text[sizeof("deny")];

	read_text("/proc/self/setgroups", text, sizeof(text));
	return (strcmp(text, "deny") == 0);
}

/* Real, effective and saved ids; those of NetBSD are set together. */
static int
set_gid(gid_t gid)
{
#ifdef __NetBSD__
	return (setgid(gid));
#else
	return (setresgid(gid, gid, gid));
#endif
}

static int
set_uid(uid_t uid)
{
#ifdef __NetBSD__
	return (setuid(uid));
#else
	return (setresuid(uid, uid, uid));
#endif
}

/* Groups first: they cannot be changed without user id 0. */
int
privs_become(const struct privs *p)
{
	if (p->stay)
		return (0);
	if (setgroups(1, &p->gid) == -1 && !groups_are_fixed())
		return (-1);
	if (set_gid(p->gid) == -1)
		return (-1);
	return (set_uid(p->uid));
}

/*
 * Call access(2) as that user, in a child process: mode bits alone do not cover
 * access lists, mounts and the directories above.
 */
static int
access_as(const struct privs *p, const char *path, int mode)
{
	pid_t pid;
	int status;

	pid = fork();
	if (pid == 0) {
		if (privs_become(p) == -1 || caps_drop() == -1 ||
		    access(path, mode) == -1)
			_exit(errno);
		_exit(0);
	}
	while (pid != -1 && waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (-1);
	if (pid == -1)
		return (-1);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return (errno == 0 ? 0 : -1);
}

int
privs_try(const struct privs *p, char text[PRIVS_TEXT_SIZE])
{
	if (p->stay || access_as(p, "/", F_OK) == 0)
		return (0);
	snprintf(text, PRIVS_TEXT_SIZE, PRIVS_BECOME_TEXT ": %s",
	    (unsigned long)p->uid, (unsigned long)p->gid, strerror(errno));
	return (-1);
}

/* Is the directory of a file missing? */
static bool
is_missing(const char *dir)
{
	struct stat st;

	return (stat(dir, &st) == -1 && (errno == ENOENT || errno == ENOTDIR));
}

/*
 * The directory of a file that has to be created first: its own if that is
 * missing, or the one above if that is missing too; else NULL. The name is in
 * buf.
 */
static const char *
missing_dir(const char *path, bool made, char buf[PATH_MAX])
{
	char copy[PATH_MAX];
	const char *dir;

	strlcpy(buf, path, PATH_MAX);
	dir = dirname(buf);
	if (!is_missing(dir))
		return (NULL);
	strlcpy(copy, dir, sizeof(copy));
	return (made && !is_missing(dirname(copy)) ? NULL : dir);
}

int
privs_check_pidfile(const char *path, char text[PRIVS_TEXT_SIZE])
{
	char buf[PATH_MAX];
	const char *dir;

	dir = missing_dir(path, true, buf);
	if (dir == NULL)
		return (0);
	snprintf(text, PRIVS_TEXT_SIZE,
	    "%s: no such directory: make it, " PIDFILE_REMEDY, dir);
	return (-1);
}

/* Will the user, or root for the user, be able to create a file in dir? */
static int
can_make(const struct privs *p, const char *dir)
{
	if (access_as(p, dir, W_OK | X_OK) == 0)
		return (0);
	if (p->stay || access_as(p, dir, X_OK) == -1)
		return (-1);
	return (access(dir, W_OK));
}

/* Is there a directory for the file, or will there be one? */
static int
check_dir(const struct privs *p, const char *path, char text[PRIVS_TEXT_SIZE])
{
	char buf[PATH_MAX];
	const char *dir;

	dir = missing_dir(path, !p->stay, buf);
	if (dir == NULL)
		return (0);
	snprintf(text, PRIVS_TEXT_SIZE,
	    "%s: no such directory: "
	    "install -d -o %lu -g %lu %s",
	    dir, (unsigned long)p->uid, (unsigned long)p->gid, dir);
	return (-1);
}

/* The user cannot make files in dir, for the reason of errno. */
static int
no_files_in(const struct privs *p, const char *dir, char text[PRIVS_TEXT_SIZE])
{
	const unsigned long uid = p->uid, gid = p->gid;

	snprintf(text, PRIVS_TEXT_SIZE,
	    "%s: user id %lu may not make files "
	    "there: %s: name a file in a directory of that user, made with "
	    "install -d -o %lu -g %lu DIRECTORY",
	    dir, uid, strerror(errno), uid, gid);
	return (-1);
}

int
privs_can_replace(const struct privs *p, const char *path,
    char text[PRIVS_TEXT_SIZE])
{
	char buf[PATH_MAX];
	const char *dir;

	if (check_dir(p, path, text) == -1)
		return (-1);
	strlcpy(buf, path, sizeof(buf));
	dir = dirname(buf);
	if (is_missing(dir) || access_as(p, dir, W_OK | X_OK) == 0)
		return (0);
	return (no_files_in(p, dir, text));
}

int
privs_can_write(const struct privs *p, const char *path,
    char text[PRIVS_TEXT_SIZE])
{
	const unsigned long uid = p->uid, gid = p->gid;
	char buf[PATH_MAX];
	const char *dir;
	struct stat st;

	if (check_dir(p, path, text) == -1)
		return (-1);
	strlcpy(buf, path, sizeof(buf));
	dir = dirname(buf);
	if (is_missing(dir)) /* it will be created */
		return (0);
	if (lstat(path, &st) == 0) {
		if (S_ISLNK(st.st_mode)) {
			snprintf(text, PRIVS_TEXT_SIZE,
			    "%s: is a symbolic "
			    "link, which is not followed: remove it",
			    path);
			return (-1);
		}
		if (access_as(p, path, W_OK) == 0)
			return (0);
		snprintf(text, PRIVS_TEXT_SIZE,
		    "%s: user id %lu may not "
		    "write it: %s: chown %lu:%lu %s",
		    path, uid, strerror(errno), uid, gid, path);
		return (-1);
	}
	if (can_make(p, dir) == 0)
		return (0);
	return (no_files_in(p, dir, text));
}

int
privs_make_dir(const struct privs *p, const char *path)
{
	char buf[PATH_MAX];
	const char *dir;
	int fd, rc;

	dir = missing_dir(path, false, buf);
	if (dir == NULL)
		return (0);
	if (mkdir(dir, 0755) == -1)
		return (-1);
	if (p->stay)
		return (0);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	rc = fchmod(fd, 0755); /* whatever the umask is */
	if (rc == 0 && fchown(fd, p->uid, p->gid) == -1 && errno != EPERM)
		rc = -1;
	close(fd);
	return (rc);
}

int
privs_make_file(const struct privs *p, const char *path)
{
	char buf[PATH_MAX];
	int fd, rc, saved_errno;

	if (p->stay)
		return (0);
	if (privs_make_dir(p, path) == -1)
		return (-1);
	strlcpy(buf, path, sizeof(buf));
	if (access_as(p, dirname(buf), W_OK | X_OK) == 0)
		return (0);
	/* O_EXCL: do not follow links, and do not open an existing file. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd == -1)
		return (errno == EEXIST ? 0 : -1);
	rc = fchown(fd, p->uid, p->gid);
	saved_errno = errno;
	if (rc == -1)
		unlink(path);
	close(fd);
	errno = saved_errno;
	return (rc);
}
