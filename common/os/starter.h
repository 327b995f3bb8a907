/*
 * A second process that starts the program again.
 *
 * A daemon drops its privileges when it has started, and cannot start a new
 * version of its program afterwards, which needs them. So before that it starts
 * a process that only waits for this: it keeps the user, the capabilities, the
 * control group, the environment and the directory of the start. The new
 * process is started as the daemon was: the same name of the program, looked up
 * again, with the same arguments behind one more. It is no child of the
 * daemon or of the starter, but of init or of the service manager.
 *
 *	daemon (unprivileged)		starter
 *	  request, descriptor	----->	starts the program with this
 *					descriptor as STARTER_FD
 *
 * Threat: an attacker who controls the daemon. The request names no program and
 * no argument: it can only have what is installed started as the administrator
 * does, at most once a second.
 *
 * The starter ends when the daemon has ended. It ignores the signals of the
 * daemon, as the reader does (reader.h).
 */
#ifndef COMMON_OS_STARTER_H
#define COMMON_OS_STARTER_H

#include <stdbool.h>

/* The descriptor of the request in the new process. */
#define STARTER_FD 3

struct starter;

/* All is copied. */
struct starter_opts {
	char *const *argv; /* as main() got it */
	const char *const
	    *first;	  /* possible first arguments; ends with NULL */
	const char *path; /* of the configuration */
	bool foreground;  /* keep the standard descriptors */
};

/*
 * Start it with the current privileges: before daemonise(), privs_drop() and
 * the first thread. A failure ends the process through fatal(). Returns NULL on
 * systems where there is none.
 */
struct starter *starter_start(const struct starter_opts *o);

/*
 * Have the program started with first[i] as its first argument. If that is not
 * possible, the starter writes a line to fd, which says why. Returns 0, or -1
 * with errno: the starter has ended.
 */
int starter_ask(const struct starter *s, unsigned i, int fd);

/* Ends the starter. NULL is allowed. */
void starter_free(struct starter *s);

#endif
