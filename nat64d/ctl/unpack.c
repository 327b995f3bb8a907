#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "unpack.h"

extern char **environ;

#define MAGIC_MAX 6

static const struct {
	char magic[MAGIC_MAX + 1];
	const char *program;
} formats[] = {
	{ "\x1f\x8b", "gzip" },
	{ "\xfd"
	  "7zXZ",
	    "xz" },
	{ "BZh", "bzip2" },
	{ "\x28\xb5\x2f\xfd", "zstd" },
};

const char *
unpack_program(const char *p, size_t len)
{
	size_t i, n;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		n = strlen(formats[i].magic);
		if (len >= n && memcmp(p, formats[i].magic, n) == 0)
			return (formats[i].program);
	}
	return (NULL);
}

const char *
unpack_program_of(FILE *f)
{
	char buf[MAGIC_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(fileno(f), &st) == -1 || !S_ISREG(st.st_mode))
		return (NULL);
	n = pread(fileno(f), buf, sizeof(buf), 0);
	return (n == -1 ? NULL : unpack_program(buf, (size_t)n));
}

/* out: the end of a pipe. Returns 0 or an errno. */
static int
spawn(pid_t *pid, const char *program, int in, int out)
{
	char name[16], option[] = "-dc";
	char *const argv[] = { name, option, NULL };
	posix_spawn_file_actions_t actions;
	int error;

	strlcpy(name, program, sizeof(name));
	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return (error);
	error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, out,
		    STDOUT_FILENO);
	if (error == 0)
		error =
		    posix_spawnp(pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return (error);
}

int
unpack_start(struct unpack *u, const char *program, FILE *f)
{
	int fds[2], error;

	if (pipe(fds) == -1)
		return (errno);
	/* The program has them as 0 and 1 only. */
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	error = spawn(&u->pid, program, fileno(f), fds[1]);
	close(fds[1]);
	if (error != 0) {
		close(fds[0]);
		return (error);
	}
	u->out = fdopen(fds[0], "r");
	if (u->out != NULL)
		return (0);
	error = errno;
	close(fds[0]); /* which ends the program */
	while (waitpid(u->pid, NULL, 0) == -1 && errno == EINTR)
		;
	return (error);
}

bool
unpack_finish(struct unpack *u)
{
	int status;

	fclose(u->out);
	while (waitpid(u->pid, &status, 0) == -1)
		if (errno != EINTR)
			return (false);
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
