/*
 * From a root process in a terminal to an unprivileged one in the
 * background. All of it happens while starting, in this order, and whatever
 * fails ends the process through fatal():
 *
 *	privs_open_std()	first of all
 *	privs_require()		while the user database can be read
 *	privs_begin_pidfile()	before the fork, so that a second instance
 *				still tells its user
 *	daemonise()		before anything that does not survive a fork
 *				(event_base_new)
 *	privs_drop()		after the last thing that needs root
 *	sandbox_enter()
 *
 * A process that is not root stays who it is, whatever user is configured;
 * privs_drop() then only gives up what capabilities it has. That is how a
 * service manager starts us as the right user with CAP_NET_ADMIN or
 * CAP_NET_BIND_SERVICE and nothing else. Root of a user namespace, as in a
 * rootless container, becomes the user if the namespace has it, and else
 * stays too: outside it is an ordinary user.
 */
#ifndef COMMON_OS_PRIVS_H
#define COMMON_OS_PRIVS_H

#include <sys/types.h>

#include <stdbool.h>

/* The user to become, or that we are already and stay. */
struct privs {
	uid_t uid;
	gid_t gid;
	bool stay;
	bool ports; /* keep the right to bind those below 1024; Linux */
};

/* Stands in for the user of a configuration that names none. */
#define PRIVS_NOBODY 65534

/* Enough for what is to be said about a user and a path. */
#define PRIVS_TEXT_SIZE 1024

/* For two unsigned long; why follows. */
#define PRIVS_BECOME_TEXT                                                   \
	"cannot become user id %lu and group id %lu, for which root needs " \
	"CAP_SETUID and CAP_SETGID: give it these, or start as that user "  \
	"with no more capabilities than are needed"

/*
 * Open /dev/null for what is closed of the three standard descriptors, so
 * that no device or socket takes their place and is written messages to.
 */
void privs_open_std(void);

/*
 * Look up the user to become: "name", "id", "name:group" or "id:id". A name
 * brings its group along; a user id without a name is its own group id. Not
 * as root: our own ids.
 *
 * standard: the user of a configuration that names none; where that one does
 * not exist it is PRIVS_NOBODY, so that a container does without it.
 * Returns 0 with the ids in *p; text is then empty or a warning: whom we
 * become or stay instead, and why. Returns -1 when it is not to be started
 * like this; text says what to do about it.
 */
int privs_lookup(const char *user, const char *standard, struct privs *p,
    char text[PRIVS_TEXT_SIZE]);

/*
 * Does a map of ids, in the form of /proc/self/uid_map, have this id inside
 * the namespace? An empty map, where there are no namespaces, has all.
 */
bool privs_mapped(const char *map, unsigned long id);

/*
 * Would privs_drop() work? Tried in a child. Returns 0, or -1 with what to
 * do about it in text.
 */
int privs_try(const struct privs *p, char text[PRIVS_TEXT_SIZE]);

/*
 * Is there a directory for the pid file, or one where it can be made? Whether
 * we may write there shows when we try. Returns 0, or -1 with what to do about
 * it in text.
 */
int privs_check_pidfile(const char *path, char text[PRIVS_TEXT_SIZE]);

/*
 * Will that user be able to write a file, once privs_make_file() has run?
 * Tried in a child. Returns 0, or -1 with what to do about it in text.
 */
int privs_can_write(const struct privs *p, const char *path,
    char text[PRIVS_TEXT_SIZE]);

/*
 * While starting, as root: make the directory of a file, if it is missing,
 * for the user who will make and remove files there. Where the right to give
 * it away is missing it is root's. Returns 0, or -1 with errno.
 */
int privs_make_dir(const struct privs *p, const char *path);

/*
 * While starting, as root: see to it that the user can write a file. If he
 * can make it, or if it exists, nothing is done; else it is made for him,
 * empty, with its directory if that is missing. Never follows a link.
 * Returns 0, or -1 with errno.
 */
int privs_make_file(const struct privs *p, const char *path);

/*
 * The same for a daemon that starts or checks its configuration: look up the
 * user and try to become it, log a warning, end the process when it is not
 * to be started like this.
 */
void privs_require(const char *user, const char *standard, struct privs *p);

/*
 * The files that a daemon writes; either may be NULL. What keeps it from
 * writing them ends the process.
 */
void privs_require_files(const struct privs *p, const char *dump,
    const char *pid);

/*
 * pidfile_begin() in a directory that is made for the user, who will remove
 * the file, if it is missing.
 */
void privs_begin_pidfile(const struct privs *p, const char *path);

/* privs_make_file(), where a failure ends the process; path may be NULL. */
void privs_require_made(const struct privs *p, const char *path);

/* Take the ids, unless we stay. Returns 0, or -1 with errno. */
int privs_become(const struct privs *p);

/*
 * Become that user for good, without a capability, unless ports says so, and
 * without a way back.
 */
void privs_drop(const struct privs *p);

/*
 * Go to the background: new session, root directory, standard descriptors
 * to /dev/null. The pid file is there when the parent has left. Paths that
 * are needed later must be absolute by now.
 */
void daemonise(void);

#endif
