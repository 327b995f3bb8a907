/*
 * OpenBSD: unveil(2) for files, pledge(2) for everything else.
 */
#include <unistd.h>

#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "sandbox.h"

static void
unveil_all(const char *const *file, const char *rights)
{
	for (; file != NULL && *file != NULL; file++) {
		if (unveil(*file, rights) == -1)
			fatal("sandbox: unveil %s", *file);
	}
}

static void
unveil_dir_of(const char *file, const char *rights)
{
	char copy[PATH_MAX];
	const char *dir;

	strlcpy(copy, file, sizeof(copy));
	dir = dirname(copy);
	if (unveil(dir, rights) == -1)
		fatal("sandbox: unveil %s", dir);
}

/*
 * stdio: the device, sockets that are open, clock, syslog; wpath and
 * cpath: the dump; cpath: the pid file; rpath: the directory of a file that is
 * replaced, and a file that is read; inet and unix: connections that are
 * accepted; inet: sockets for queries, and to collectors; route: getifaddrs(),
 * the addresses of this host.
 *
 * Both calls apply to all threads of the process, so only the first thread
 * makes them; unveil(2) is not allowed after pledge(2).
 */
void
sandbox_enter(const struct sandbox *sb)
{
	static bool entered;
	const bool inet = sb->inet || sb->accepts || sb->connects;
	char promises[64];

	if (entered)
		return;
	entered = true;
	unveil_all(sb->write_files, "wc");
	if (sb->pid_file != NULL && unveil(sb->pid_file, "rc") == -1)
		fatal("sandbox: unveil %s", sb->pid_file);
	if (sb->socket != NULL && unveil(sb->socket, "rc") == -1)
		fatal("sandbox: unveil %s", sb->socket);
	if (sb->replaced_file != NULL)
		unveil_dir_of(sb->replaced_file, "rwc");
	if (sb->read_file != NULL)
		unveil_dir_of(sb->read_file, "r");
	snprintf(promises, sizeof(promises), "stdio wpath cpath%s%s%s%s",
	    inet ? " inet" : "", sb->inet ? " route" : "",
	    sb->accepts ? " unix" : "",
	    sb->replaced_file != NULL || sb->read_file != NULL ? " rpath" :
								 "");
	if (pledge(promises, NULL) == -1)
		fatal("sandbox: pledge");
}

/* stdio: the socket that is open; rpath: the files. */
void
sandbox_enter_reader(void)
{
	if (pledge("stdio rpath", NULL) == -1)
		fatal("sandbox: pledge");
}
