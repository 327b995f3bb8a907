#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/sandbox.h"

#include "writer.h"

/* The first byte of a message; an answer to a commit is an int. */
enum message { MESSAGE_DATA, MESSAGE_COMMIT, MESSAGE_CANCEL };

struct writer {
	int fd;
};

/* --- the other process --- */

struct file {
	const char *path;
	char fresh[PATH_MAX]; /* beside it */
	int fd;		      /* of fresh, or -1 */
	int error;	      /* the first one, or 0 */
};

/* Whatever was there under that name, it is not followed and not shared. */
static void
begin(struct file *f)
{
	(void)unlink(f->fresh);
	f->error = 0;
	f->fd = open(f->fresh,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd == -1)
		f->error = errno;
}

static void
append(struct file *f, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0 && f->error == 0) {
		n = write(f->fd, bytes, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			f->error = errno;
			break;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

static void
discard(struct file *f)
{
	if (f->fd == -1)
		return;
	close(f->fd);
	f->fd = -1;
	(void)unlink(f->fresh);
}

/* The name is on the disk when its directory is. */
static void
sync_dir(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	strlcpy(copy, path, sizeof(copy));
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Returns 0 or an errno. */
static int
commit(struct file *f)
{
	if (f->error == 0 &&
	    (fsync(f->fd) == -1 || rename(f->fresh, f->path) == -1))
		f->error = errno;
	if (f->error != 0) {
		discard(f);
		return (f->error);
	}
	close(f->fd);
	f->fd = -1;
	sync_dir(f->path);
	return (0);
}

static void
obey(struct file *f, int s, const char *message, size_t len)
{
	int error;

	if (message[0] == MESSAGE_CANCEL) {
		discard(f);
		return;
	}
	if (f->fd == -1 && f->error == 0)
		begin(f);
	if (message[0] == MESSAGE_DATA) {
		append(f, message + 1, len - 1);
		return;
	}
	error = commit(f);
	f->error = 0;
	if (write(s, &error, sizeof(error)) == -1)
		_exit(1); /* nobody is there any more */
}

static void __attribute__((__noreturn__)) serve(struct file *f, int s)
{
	static char message[1 + WRITER_MAX];
	ssize_t n;

	for (;;) {
		n = read(s, message, sizeof(message));
		if (n > 0)
			obey(f, s, message, (size_t)n);
		else if (n == 0 || errno != EINTR)
			break;
	}
	discard(f);
	_exit(0);
}

/* Descriptors of the daemon must not stay open when it has ended. */
static void
close_others(int s)
{
	int fd, max = (int)sysconf(_SC_OPEN_MAX);

	if (max < 0 || max > 65536)
		max = 65536;
	for (fd = 3; fd < max; fd++)
		if (fd != s)
			close(fd);
}

/* It ends when the daemon does, and not by the signals that end that. */
static void __attribute__((__noreturn__))
run(const char *path, const struct privs *privs, int s)
{
	static struct file f = { .fd = -1 };
	const struct sandbox sb = { .replaced_file = path };

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	close_others(s);
	f.path = path;
	snprintf(f.fresh, sizeof(f.fresh), "%s.new", path);
	privs_drop(privs);
	sandbox_enter(&sb);
	serve(&f, s);
}

/* --- the daemon --- */

struct writer *
writer_start(const char *path, const struct privs *privs)
{
	struct writer *w;
	int fds[2];
	pid_t pid;

	if (strlen(path) + sizeof(".new") > PATH_MAX) {
		errno = ENAMETOOLONG;
		return (NULL);
	}
	w = malloc(sizeof(*w));
	if (w == NULL)
		return (NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == -1) {
		free(w);
		return (NULL);
	}
	pid = fork();
	if (pid == 0)
		run(path, privs, fds[1]);
	close(fds[1]);
	w->fd = fds[0];
	if (pid == -1 || fcntl(w->fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(w->fd, F_SETFL, O_NONBLOCK) == -1) {
		close(w->fd);
		free(w);
		return (NULL);
	}
	return (w);
}

int
writer_fd(const struct writer *w)
{
	return (w->fd);
}

/* A message is sent whole or not at all. */
static int
send_message(const struct writer *w, enum message message, const void *bytes,
    size_t len)
{
	/* writev(2) does not change what it is given */
	union {
		const void *in;
		void *out;
	} data = { .in = bytes };
	char first = (char)message;
	struct iovec iov[2] = {
		{ .iov_base = &first, .iov_len = 1 },
		{ .iov_base = data.out, .iov_len = len },
	};
	ssize_t n;

	do {
		n = writev(w->fd, iov, len > 0 ? 2 : 1);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == ENOBUFS || errno == EWOULDBLOCK))
		errno = EAGAIN;
	return (n == -1 ? -1 : 0);
}

int
writer_send(struct writer *w, const void *bytes, size_t len)
{
	return (send_message(w, MESSAGE_DATA, bytes, len));
}

int
writer_commit(struct writer *w)
{
	return (send_message(w, MESSAGE_COMMIT, NULL, 0));
}

int
writer_cancel(struct writer *w)
{
	return (send_message(w, MESSAGE_CANCEL, NULL, 0));
}

int
writer_result(struct writer *w, int *error)
{
	ssize_t n;

	do {
		n = read(w->fd, error, sizeof(*error));
	} while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(*error))
		return (0);
	if (n != -1)
		errno = EPIPE;
	return (-1);
}

void
writer_stop(struct writer *w)
{
	if (w == NULL)
		return;
	close(w->fd);
	free(w);
}
