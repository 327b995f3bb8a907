/*
 * The socket of the control server in the file system.
 */
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"

#include "control.h"

#define BACKLOG 64
#define REMEDY "say \"control PATH\" or \"control no\""
#define TEXT_SIZE 512

struct control {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	dev_t dev; /* of the socket that is ours */
	ino_t ino;
	pid_t pid;    /* of the process that removes it at exit(3) */
	int fd;	      /* until the server owns it; else -1 */
	int listener; /* the same, also when the server owns it */
	struct httpd *httpd;
};

/* For exit(3): the one of this process. */
static struct control *at_exit;

/* Does the configuration ask for it, other than by default? */
static bool
is_wanted(const struct control_conf *c, const char *standard)
{
	return (c->group != NULL || strcmp(c->path, standard) != 0);
}

/* The id of a name or a number; (gid_t)-1 without one. */
static int
find_group(const char *name, gid_t *gid)
{
	const struct group *gr;
	const char *error;

	*gid = (gid_t)-1;
	if (name == NULL)
		return (0);
	gr = getgrnam(name);
	if (gr != NULL) {
		*gid = gr->gr_gid;
		return (0);
	}
	*gid = (gid_t)strtonum(name, 0, UINT_MAX - 1, &error);
	return (error == NULL ? 0 : -1);
}

/* Returns 0, or -1 with a text. */
static int
check_group(const struct control_conf *c, gid_t *gid, char text[TEXT_SIZE])
{
	if (find_group(c->group, gid) == -1) {
		snprintf(text, TEXT_SIZE, "no such group: %s", c->group);
		return (-1);
	}
	return (0);
}

/* Is the path free, or that of a socket? Returns 0, or -1 with a text. */
static int
check_path(const char *path, char text[TEXT_SIZE])
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		snprintf(text, TEXT_SIZE,
		    "%s: is no socket: remove it, or " REMEDY, path);
		return (-1);
	}
	return (0);
}

void
control_check(const struct control_conf *c, const char *standard,
    const struct privs *p)
{
	char text[TEXT_SIZE], dir[PRIVS_TEXT_SIZE];
	gid_t gid;

	(void)p;
	if (c->path == NULL || !is_wanted(c, standard))
		return;
	if (check_group(c, &gid, text) == -1 ||
	    check_path(c->path, text) == -1)
		fatalx("control: %s", text);
	if (privs_check_pidfile(c->path, dir) == -1)
		fatalx(
		    "control: %s: directory is missing: make it, or " REMEDY,
		    c->path);
}

static void
set_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	strlcpy(sun->sun_path, path, sizeof(sun->sun_path));
}

static int
new_socket(void)
{
	return (
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/*
 * Remove a socket at which nobody listens. Returns 0 when the path is free, or
 * -1 with errno: EADDRINUSE: somebody listens there.
 */
static int
clear_path(const struct sockaddr_un *sun)
{
	int fd = new_socket(), rc, error;

	if (fd == -1)
		return (-1);
	rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	error = rc == 0 ? EADDRINUSE : errno;
	close(fd);
	if (error == ENOENT)
		return (0);
	if (error == ECONNREFUSED)
		return (unlink(sun->sun_path));
	/* EAGAIN: too many connections wait there. EPROTOTYPE: datagrams. */
	errno = error == EAGAIN || error == EPROTOTYPE ? EADDRINUSE : error;
	return (-1);
}

/* The umask sets the mode, so that nobody else can connect meanwhile. */
static int
bind_socket(struct control *c, const struct sockaddr_un *sun, bool grouped)
{
	const mode_t old = umask(grouped ? 0117 : 0177);
	const int rc = bind(c->fd, (const struct sockaddr *)sun, sizeof(*sun));
	const int saved_errno = errno;
	struct stat st;

	umask(old);
	errno = saved_errno;
	if (rc == -1 || lstat(sun->sun_path, &st) == -1)
		return (-1);
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	return (0);
}

static int
place(struct control *c, const struct sockaddr_un *sun, bool grouped)
{
	if (clear_path(sun) == -1)
		return (-1);
	return (bind_socket(c, sun, grouped));
}

/*
 * As the user, who owns the directory: root may lack CAP_DAC_OVERRIDE, as in
 * the units of systemd, and may not write there then.
 */
static int
place_as_user(struct control *c, const struct sockaddr_un *sun, bool grouped,
    const struct privs *p)
{
	const gid_t gid = getegid();
	const uid_t uid = geteuid();
	int rc = -1, saved_errno;

	if (p->stay)
		return (place(c, sun, grouped));
	if (setegid(p->gid) == 0 && seteuid(p->uid) == 0)
		rc = place(c, sun, grouped);
	saved_errno = errno;
	if (seteuid(uid) == -1 || setegid(gid) == -1)
		fatal("control: user");
	errno = saved_errno;
	return (rc);
}

/* Returns 0, or -1 with errno. */
static int
place_and_give(struct control *c, const struct sockaddr_un *sun,
    const struct privs *p, gid_t group)
{
	const bool grouped = group != (gid_t)-1;

	if (place_as_user(c, sun, grouped, p) == -1) {
		if (p->stay || (errno != EACCES && errno != EPERM))
			return (-1);
		/* The directory is root's. Links are not followed. */
		if (place(c, sun, grouped) == -1)
			return (-1);
		if (lchown(sun->sun_path, p->uid, p->gid) == -1 &&
		    errno != EPERM)
			return (-1);
	}
	if (grouped && lchown(sun->sun_path, (uid_t)-1, group) == -1)
		return (-1);
	return (listen(c->fd, BACKLOG));
}

/* Remove the socket, if it is still ours. */
static void
remove_socket(const struct control *c)
{
	struct stat st;

	if (c->ino == 0 || lstat(c->path, &st) == -1 || st.st_dev != c->dev ||
	    st.st_ino != c->ino)
		return;
	if (unlink(c->path) == -1)
		log_info("%s: stays behind: %s", c->path, strerror(errno));
}

/*
 * Two daemons that start at the same time must not remove each other's socket:
 * the directory is locked meanwhile. Returns its descriptor, or -1.
 */
static int
lock_directory(const char *path)
{
	char buf[PATH_MAX];
	int fd;

	strlcpy(buf, path, sizeof(buf));
	fd = open(dirname(buf), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1 && flock(fd, LOCK_EX) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* Returns 0, or -1 with a text. */
static int
make(struct control *c, const struct privs *p, gid_t group,
    char text[TEXT_SIZE])
{
	struct sockaddr_un sun;
	int lock = -1, rc = -1;

	if (check_path(c->path, text) == -1)
		return (-1);
	set_address(&sun, c->path);
	c->fd = new_socket();
	if (c->fd != -1 && privs_make_dir(p, c->path) == 0 &&
	    (lock = lock_directory(c->path)) != -1)
		rc = place_and_give(c, &sun, p, group);
	if (rc == -1 && errno == EADDRINUSE)
		snprintf(text, TEXT_SIZE,
		    "%s: another process listens there: " REMEDY, c->path);
	else if (rc == -1)
		snprintf(text, TEXT_SIZE, "%s: cannot be made: %s: " REMEDY,
		    c->path, strerror(errno));
	if (lock != -1)
		close(lock);
	return (rc);
}

/* At exit(3) of the daemon, not of processes that it forks. */
static void
remove_at_exit(void)
{
	if (at_exit != NULL && at_exit->pid == getpid())
		remove_socket(at_exit);
}

static struct control *
open_it(const struct control_conf *conf, const struct privs *p,
    char text[TEXT_SIZE])
{
	struct control *c;
	gid_t group;

	if (check_group(conf, &group, text) == -1)
		return (NULL);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		fatal("control");
	c->fd = -1;
	strlcpy(c->path, conf->path, sizeof(c->path));
	if (make(c, p, group, text) == 0)
		return (c);
	if (c->fd != -1)
		close(c->fd);
	remove_socket(c);
	free(c);
	return (NULL);
}

static void
keep_for_exit(struct control *c)
{
	at_exit = c;
	c->listener = c->fd;
	c->pid = getpid();
	if (atexit(remove_at_exit) != 0)
		fatal("control");
}

struct control *
control_open(const struct control_conf *conf, const char *standard,
    const struct privs *p)
{
	char text[TEXT_SIZE];
	struct control *c;

	if (conf->path == NULL)
		return (NULL);
	c = open_it(conf, p, text);
	if (c == NULL && is_wanted(conf, standard))
		fatalx("control: %s", text);
	if (c == NULL) {
		log_warn("no control socket: %s", text);
		return (NULL);
	}
	keep_for_exit(c);
	return (c);
}

struct control *
control_adopt(const struct control_conf *conf, int fd)
{
	struct control *c;
	struct stat st;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		fatal("control");
	c->fd = c->listener = fd;
	strlcpy(c->path, conf->path, sizeof(c->path));
	if (lstat(c->path, &st) == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	keep_for_exit(c);
	return (c);
}

int
control_fd(const struct control *c)
{
	return (c != NULL ? c->listener : -1);
}

void
control_leave(struct control *c)
{
	if (c != NULL)
		c->ino = 0;
}

const char *
control_path(const struct control *c)
{
	return (c != NULL ? c->path : NULL);
}

int
control_start(struct control *c, struct event_base *base,
    const struct httpd_route *routes, size_t n_routes, void *arg)
{
	const struct httpd_opts opts = { .name = "control",
		.routes = routes,
		.n_routes = n_routes,
		.arg = arg };

	if (c == NULL)
		return (0);
	c->pid = getpid(); /* after going to the background */
	c->httpd = httpd_new(base, &opts);
	if (c->httpd == NULL || httpd_accept(c->httpd, c->fd) == -1)
		return (-1);
	c->fd = -1;
	return (0);
}

void
control_stop(struct control *c)
{
	if (c == NULL)
		return;
	httpd_free(c->httpd);
	c->httpd = NULL;
}

void
control_close(struct control *c)
{
	if (c == NULL)
		return;
	control_stop(c);
	remove_socket(c);
	if (c->fd != -1)
		close(c->fd);
	at_exit = NULL;
	free(c);
}
