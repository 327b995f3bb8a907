/*
 * The steps from root to an unprivileged daemon, each of which ends the process
 * when it fails. privs_user.c finds out whether it would and says what to do.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "caps.h"
#include "log.h"
#include "pidfile.h"
#include "privs.h"

void
privs_require(const char *user, const char *standard, struct privs *p)
{
	char text[PRIVS_TEXT_SIZE];

	if (privs_lookup(user, standard, p, text) == -1 ||
	    privs_try(p, text) == -1)
		fatalx("%s", text);
	if (text[0] != '\0')
		log_warn("%s", text);
}

void
privs_require_files(const struct privs *p, const char *dump, const char *pid)
{
	char text[PRIVS_TEXT_SIZE];

	if (dump != NULL && privs_can_write(p, dump, text) == -1)
		fatalx("dump: %s", text);
	if (pid != NULL && privs_check_pidfile(pid, text) == -1)
		fatalx("pid file: %s", text);
}

void
privs_begin_pidfile(const struct privs *p, const char *path)
{
	if (privs_make_dir(p, path) == -1)
		fatal("%s: its directory cannot be made: " PIDFILE_REMEDY,
		    path);
	pidfile_begin(path);
}

void
privs_require_made(const struct privs *p, const char *path)
{
	if (path != NULL && privs_make_file(p, path) == -1)
		fatal("%s: cannot be made for user id %lu", path,
		    (unsigned long)p->uid);
}

void
privs_drop(const struct privs *p)
{
	if (p->ports && caps_hold() == -1)
		fatal("cannot keep capabilities");
	if (privs_become(p) == -1)
		fatal(PRIVS_BECOME_TEXT, (unsigned long)p->uid,
		    (unsigned long)p->gid);
	if (!p->stay && (setuid(0) != -1 || seteuid(0) != -1))
		fatalx("user id 0 can be taken back");
	if (!p->stay && p->gid != 0 && (setgid(0) != -1 || setegid(0) != -1))
		fatalx("group id 0 can be taken back");
	if ((p->ports ? caps_drop_but_ports() : caps_drop()) == -1)
		fatal("cannot give up capabilities");
}

void
privs_open_std(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd == -1)
			_exit(1); /* there is no place for a message */
	} while (fd <= STDERR_FILENO);
	close(fd);
}

void
privs_close_std(void)
{
	int fd, std;

	fd = open("/dev/null", O_RDWR);
	if (fd == -1)
		fatal("/dev/null");
	for (std = STDIN_FILENO; std <= STDERR_FILENO; std++)
		if (dup2(fd, std) == -1)
			fatal("/dev/null");
	if (fd > STDERR_FILENO)
		close(fd);
}

/* In the parent: exit when the child has written the pid file or has ended. */
static void __attribute__((__noreturn__)) leave_to_child(int ready)
{
	char byte;

	_exit(read(ready, &byte, 1) == 1 ? 0 : 1);
}

/*
 * daemon(3) is not used, since its parent exits at once: a service manager
 * reads the pid file when the parent has exited.
 */
void
daemonise(void)
{
	int ready[2];

	if (pipe(ready) == -1)
		fatal("cannot go to the background");
	switch (fork()) {
	case -1:
		fatal("cannot go to the background");
	case 0:
		break;
	default:
		close(ready[1]);
		leave_to_child(ready[0]);
	}
	close(ready[0]);
	if (setsid() == -1 || chdir("/") == -1)
		fatal("cannot go to the background");
	if (pidfile_fill() == -1)
		fatal("cannot write the pid file");
	privs_close_std();
	if (write(ready[1], "", 1) == -1)
		log_debug("nobody waits in the foreground");
	close(ready[1]);
}
