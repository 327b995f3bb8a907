/*
 * The steps by which a root process in a terminal becomes an unprivileged
 * daemon in the background. They are done while starting, in this order; a
 * failure ends the process through fatal():
 *
 *	privs_open_std()	first of all
 *	privs_require()		while the user database can be read
 *	privs_begin_pidfile()	before the fork, so that a second instance
 *				reports the first one in the terminal
 *	daemonise()		before anything that does not survive a fork
 *				(event_base_new)
 *	privs_drop()		after the last thing that needs root
 *	sandbox_enter()
 *
 * A process that is not root keeps its user, whatever user is configured;
 * privs_drop() then only gives up its capabilities. So a service manager can
 * start the daemon as its final user, with CAP_NET_ADMIN or
 * CAP_NET_BIND_SERVICE only.
 * Root of a user namespace, as in a rootless container, becomes the user if
 * the namespace maps it, and otherwise stays root there, which is an ordinary
 * user outside.
 */
#ifndef COMMON_OS_PRIVS_H
#define COMMON_OS_PRIVS_H

#include <sys/types.h>

#include <stdbool.h>

/* The user to become; with stay, the user that the process has and keeps. */
struct privs {
	uid_t uid;
	gid_t gid;
	bool stay;
	bool ports; /* keep the capability to bind ports below 1024; Linux */
};

/* Used when the default user of a configuration does not exist. */
#define PRIVS_NOBODY 65534

/* Size of a message about a user and a path. */
#define PRIVS_TEXT_SIZE 1024

/* A format for two unsigned long; the text of errno follows. */
#define PRIVS_BECOME_TEXT                                                   \
	"cannot become user id %lu and group id %lu, for which root needs " \
	"CAP_SETUID and CAP_SETGID: give it these, or start as that user "  \
	"with no more capabilities than are needed"

/*
 * Open /dev/null for those of the three standard descriptors that are closed,
 * so that no device or socket gets their numbers and receives our messages.
 */
void privs_open_std(void);

/*
 * Point the standard descriptors, which are open, to /dev/null. A failure ends
 * the process.
 */
void privs_close_std(void);

/*
 * Look up the user to become: "name", "id", "name:group" or "id:id". A name
 * implies the group of that user; a user id without a name is also used as the
 * group id. Without root: our own ids.
 *
 * standard: the default user; when it does not exist PRIVS_NOBODY is used, so
 * that a container needs no such user.
 * Returns 0 with the ids in *p; text is empty, or a warning that says which
 * user is used instead, and why. Returns -1 when the daemon must not start like
 * this; text says what to do.
 */
int privs_lookup(const char *user, const char *standard, struct privs *p,
    char text[PRIVS_TEXT_SIZE]);

/*
 * Does a map of ids, in the form of /proc/self/uid_map, contain this id of the
 * namespace? An empty map (a system without namespaces) contains all.
 */
bool privs_mapped(const char *map, unsigned long id);

/*
 * Would privs_drop() work? Tried in a child process. Returns 0, or -1 and in
 * text what to do.
 */
int privs_try(const struct privs *p, char text[PRIVS_TEXT_SIZE]);

/*
 * Is there a directory for the pid file, or one where it can be made? Whether
 * we may write there is not checked. Returns 0, or -1 and in text what to do.
 */
int privs_check_pidfile(const char *path, char text[PRIVS_TEXT_SIZE]);

/*
 * Will that user be able to write a file, once privs_make_file() has run?
 * Tried in a child process. Returns 0, or -1 and in text what to do.
 */
int privs_can_write(const struct privs *p, const char *path,
    char text[PRIVS_TEXT_SIZE]);

/*
 * Will that user be able to replace a file, that is to make another one beside
 * it and rename that, once privs_make_dir() has run? As above.
 */
int privs_can_replace(const struct privs *p, const char *path,
    char text[PRIVS_TEXT_SIZE]);

/*
 * While starting, as root: create the directory of a file, if it is missing,
 * and give it to the user, who will create and remove files there. Without
 * CAP_CHOWN it stays root's. Returns 0, or -1 with errno.
 */
int privs_make_dir(const struct privs *p, const char *path);

/*
 * While starting, as root: make sure that the user can write a file. If the
 * user can create it, or it exists, nothing is done; otherwise it is created
 * empty and given to the user, with its directory if that is missing. Never
 * follows a link. Returns 0, or -1 with errno.
 */
int privs_make_file(const struct privs *p, const char *path);

/*
 * For a start or a check of the configuration: privs_lookup() and privs_try();
 * log the warning, and end the process when the daemon must not start so.
 */
void privs_require(const char *user, const char *standard, struct privs *p);

/*
 * Check that the daemon will be able to write its files, either of which may be
 * NULL. A failure ends the process.
 */
void privs_require_files(const struct privs *p, const char *dump,
    const char *pid);

/*
 * pidfile_begin(). A missing directory is created and given to the user, who
 * will remove the file.
 */
void privs_begin_pidfile(const struct privs *p, const char *path);

/* privs_make_file(), where a failure ends the process; path may be NULL. */
void privs_require_made(const struct privs *p, const char *path);

/* Set the ids, unless we keep ours. Returns 0, or -1 with errno. */
int privs_become(const struct privs *p);

/*
 * Become that user irrevocably, without capabilities but the one that ports
 * asks for.
 */
void privs_drop(const struct privs *p);

/*
 * Go to the background: new session, root directory, standard descriptors
 * to /dev/null. The pid file is written before the parent exits. Paths that
 * are used later must be absolute.
 */
void daemonise(void);

#endif
