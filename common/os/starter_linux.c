/*
 * The protocol: a request is one octet, the index of the first argument, with
 * a descriptor. There is no answer.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privs.h"
#include "starter.h"

/* Least time between two starts. */
#define PAUSE_SECS 1

struct starter {
	int fd;
};

/* What the other process knows. */
struct command {
	char **argv; /* argv[1] is the first argument, of first */
	char **first;
	unsigned n_first;
};

/* --- the starter --- */

static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2, SIGALRM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };

static void
set_signals(void (*how)(int))
{
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], how);
}

/* In the new process: become the program. */
static void __attribute__((__noreturn__))
become(const struct command *c, unsigned i, int fd)
{
	sigset_t none;

	if (dup2(fd, STARTER_FD) == -1)
		_exit(1);
	closefrom(STARTER_FD + 1);
	set_signals(SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	c->argv[1] = c->first[i];
	execvp(c->argv[0], c->argv);
	dprintf(STARTER_FD, "%s: cannot be started: %s\n", c->argv[0],
	    strerror(errno));
	_exit(1);
}

/* The process between is there to end, so that the new one is nobody's. */
static void
start(const struct command *c, unsigned i, int fd)
{
	const pid_t between = fork();

	if (between == 0) {
		if (fork() == 0)
			become(c, i, fd);
		_exit(0);
	}
	while (
	    between != -1 && waitpid(between, NULL, 0) == -1 && errno == EINTR)
		continue;
}

/* Returns the descriptor of a request, or -1: there will be none any more. */
static int
receive(int s, uint8_t *i)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = i, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	while ((n = recvmsg(s, &m, MSG_CMSG_CLOEXEC)) == -1 && errno == EINTR)
		continue;
	c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return (-1);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return (fd);
}

static void __attribute__((__noreturn__)) serve(int s, const struct command *c)
{
	uint8_t i;
	int fd;

	while ((fd = receive(s, &i)) != -1) {
		if (i < c->n_first)
			start(c, i, fd);
		close(fd);
		sleep(PAUSE_SECS);
	}
	_exit(0);
}

/* A path that depends on the directory of the start? */
static bool
is_relative(const char *path)
{
	return (path[0] != '/' && strchr(path, '/') != NULL);
}

/*
 * Keep no descriptor but the socket; the standard ones, which the new process
 * is to have, only if the daemon keeps them. Not dumpable: a daemon that was
 * not started as root runs as the same user, and must not be able to trace the
 * starter.
 */
static void __attribute__((__noreturn__))
run(int s, const struct command *c, bool foreground, bool leave_directory)
{
	setproctitle("starter");
	set_signals(SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("starter: not dumpable");
	if (leave_directory && chdir("/") == -1)
		fatal("/");
	if (!foreground)
		privs_close_std();
	if (dup2(s, STARTER_FD) == -1 ||
	    fcntl(STARTER_FD, F_SETFD, FD_CLOEXEC) == -1)
		_exit(1);
	closefrom(STARTER_FD + 1);
	serve(STARTER_FD, c);
}

/* --- the daemon --- */

/* Where setproctitle() does not write. */
static char *
copy(const char *text)
{
	char *s = strdup(text);

	if (s == NULL)
		fatal("starter");
	return (s);
}

static bool
is_first(const struct command *c, const char *word)
{
	unsigned i;

	for (i = 0; i < c->n_first; i++)
		if (strcmp(c->first[i], word) == 0)
			return (true);
	return (false);
}

/* The arguments of the start; without the first one, if a starter made it. */
static void
prepare(struct command *c, const struct starter_opts *o)
{
	unsigned n, to = 2;

	for (n = 0; o->first[n] != NULL; n++)
		continue;
	c->first = calloc(n + 1, sizeof(*c->first));
	if (c->first == NULL)
		fatal("starter");
	for (; c->n_first < n; c->n_first++)
		c->first[c->n_first] = copy(o->first[c->n_first]);
	for (n = 0; o->argv[n] != NULL; n++)
		continue;
	if (n == 0)
		fatalx("starter: the process has no name");
	c->argv = calloc(n + 2, sizeof(*c->argv));
	if (c->argv == NULL)
		fatal("starter");
	c->argv[0] = copy(o->argv[0]);
	n = o->argv[1] != NULL && is_first(c, o->argv[1]) ? 2 : 1;
	for (; o->argv[n] != NULL; n++)
		c->argv[to++] = copy(o->argv[n]);
}

static void
release(struct command *c)
{
	unsigned i;

	free(c->argv[0]);
	for (i = 2; c->argv[i] != NULL; i++)
		free(c->argv[i]);
	free(c->argv);
	for (i = 0; i < c->n_first; i++)
		free(c->first[i]);
	free(c->first);
}

struct starter *
starter_start(const struct starter_opts *o)
{
	struct command c = { NULL };
	struct starter *s;
	int pair[2];

	s = malloc(sizeof(*s));
	if (s == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("starter");
	prepare(&c, o);
	switch (fork()) {
	case -1:
		fatal("starter: process");
	case 0:
		close(pair[0]);
		run(pair[1], &c, o->foreground,
		    o->path[0] == '/' && !is_relative(c.argv[0]));
	default:
		break;
	}
	release(&c);
	close(pair[1]);
	s->fd = pair[0];
	return (s);
}

int
starter_ask(const struct starter *s, unsigned i, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	uint8_t request = (uint8_t)i;
	struct iovec iov = { .iov_base = &request, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = &control.align;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return (sendmsg(s->fd, &m, MSG_NOSIGNAL) == 1 ? 0 : -1);
}

void
starter_free(struct starter *s)
{
	if (s == NULL)
		return;
	close(s->fd);
	free(s);
}
