#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "divert.h"

/* The PATH of the commands, whatever our own is. */
#define COMMAND_PATH "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Our ends of two pipes. Nothing is written to them; they only close. */
struct divert {
	int alive; /* closed by us: the other process undoes everything */
	int done;  /* closed by the other process: it has ended */
};

/*
 * inherited: a descriptor that stays open until the commands have ended, or -1.
 * Returns 0; -1 with errno when a command failed (EIO) or none was run.
 */
static int
run(const char *commands, int inherited)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == -1)
		return (-1);
	if (pid == 0) {
		if (inherited != -1)
			(void)fcntl(inherited, F_SETFD, 0);
		setenv("PATH", COMMAND_PATH, 1);
		execl("/bin/sh", "sh", "-ec", commands, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (-1);
	errno = EIO;
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1);
}

/* Wait until the other end is closed. */
static void
wait_for_end(int fd)
{
	ssize_t n;
	char c;

	do {
		n = read(fd, &c, 1);
	} while (n > 0 || (n == -1 && errno == EINTR));
}

/*
 * Wait for the end of the daemon, and put back what others have removed. While
 * they replace their rules, tables may be removed several times.
 */
static void
wait_and_repair(int alive, const char *repair)
{
	struct pollfd fds[] = { { .fd = alive, .events = POLLIN },
		{ .fd = divert_watch(), .events = POLLIN } };

	while (poll(fds, 2, -1) == -1 || fds[0].revents == 0)
		if (fds[1].revents != 0 && divert_removed(fds[1].fd))
			(void)run(repair, -1);
	wait_for_end(alive);
}

/*
 * The process that waits. It closes all other descriptors, since somebody may
 * be waiting for their end of file, and ignores the signals that end the daemon
 * or its process group.
 */
static void __attribute__((__noreturn__))
wait_and_end(int alive, int done, const char *repair, const char *commands)
{
	int fd, max = (int)sysconf(_SC_OPEN_MAX);

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (max < 0 || max > 65536)
		max = 65536;
	for (fd = 0; fd < max; fd++)
		if (fd != alive && fd != done)
			close(fd);
	for (fd = 0; fd != -1 && fd < 3;)
		fd = open("/dev/null", O_RDWR);
	wait_and_repair(alive, repair);
	(void)run(commands, -1);
	_exit(0);
}

/* A pipe that commands do not inherit, unless run() says so. */
static int
make_pipe(int fds[2])
{
	if (pipe(fds) == -1)
		return (-1);
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return (0);
}

static int
start_waiting(struct divert *d, const char *repair, const char *commands)
{
	int alive[2], done[2];
	pid_t pid;

	if (make_pipe(alive) == -1)
		return (-1);
	d->alive = alive[1];
	if (make_pipe(done) == -1) {
		close(alive[0]);
		return (-1);
	}
	d->done = done[0];
	pid = fork();
	if (pid == 0)
		wait_and_end(alive[0], done[1], repair, commands);
	close(alive[0]);
	close(done[1]);
	return (pid == -1 ? -1 : 0);
}

/*
 * The commands inherit d->alive, so that the commands that undo them wait for
 * their end even if the daemon is killed while they run.
 */
struct divert *
divert_start(const struct conf *c, const char *tun)
{
	char *begin, *end, *repair;
	struct divert *d;

	d = malloc(sizeof(*d));
	if (d == NULL)
		return (NULL);
	d->alive = d->done = -1;
	begin = divert_begin_commands(c, tun);
	end = divert_end_commands(c, tun);
	repair = divert_repair_commands(c, tun);
	if (begin == NULL || end == NULL || repair == NULL ||
	    start_waiting(d, repair, end) == -1 ||
	    run(begin, d->alive) == -1) {
		divert_stop(d);
		d = NULL;
	}
	free(begin);
	free(end);
	free(repair);
	return (d);
}

void
divert_stop(struct divert *d)
{
	int saved_errno = errno;

	if (d == NULL)
		return;
	if (d->alive != -1)
		close(d->alive);
	if (d->done != -1) {
		wait_for_end(d->done);
		close(d->done);
	}
	free(d);
	errno = saved_errno;
}
