/*
 * From a root process in a terminal to an unprivileged one in the
 * background. All of it happens while starting, in this order, and whatever
 * fails ends the process through fatal():
 *
 *	privs_open_std()	first of all
 *	privs_lookup()		while the user database can be read
 *	pidfile_begin()		before the fork, so that a second instance
 *				still tells its user
 *	daemonise()		before anything that does not survive a fork
 *				(event_base_new)
 *	privs_drop()		after the last thing that needs root
 *	sandbox_enter()
 *
 * A process that is not root stays who it is, whatever user is configured;
 * privs_drop() then only gives up what capabilities it has. That is how a
 * service manager starts us as the right user with CAP_NET_ADMIN or
 * CAP_NET_BIND_SERVICE and nothing else.
 */
#ifndef COMMON_PRIVS_H
#define COMMON_PRIVS_H

#include <sys/types.h>

/* The user to become. */
struct privs {
	uid_t uid;
	gid_t gid;
};

/*
 * Open /dev/null for what is closed of the three standard descriptors, so
 * that no device or socket takes their place and is written messages to.
 */
void privs_open_std(void);

/*
 * Look up the user to become. Not as root: our own ids, user is not looked
 * at. Returns 0; -1 with errno ENOENT when there is no such user, EPERM when
 * it is root, or the error of the user database.
 */
int privs_lookup(const char *user, struct privs *p);

/* Become that user for good, without a capability and without a way back. */
void privs_drop(const struct privs *p);

/*
 * Open and lock the pid file; a fatal error names the process that holds it.
 * Without this call daemonise() writes none.
 */
void pidfile_begin(const char *path);

/*
 * Go to the background: new session, root directory, standard descriptors
 * to /dev/null. The pid file is there when the parent has left. Paths that
 * are needed later must be absolute by now.
 */
void daemonise(void);

/*
 * On the way out: remove the pid file. When the directory does not allow it
 * any more the file stays, empty.
 */
void pidfile_end(void);

#endif
