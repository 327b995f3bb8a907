/*
 * The steps of a start that both daemons share: options, log, the user and
 * the files of the configuration, going to the background. In this order:
 *
 *	startup_parse()		first of all
 *	startup_configure()	once the configuration is read
 *	startup_log()		unless -n was given
 *	startup_check()		before anything is changed; -n ends after it
 *	startup_claim()		before the fork
 *	startup_background()
 *	startup_take_signals()	once the signals have handlers
 *	startup_leave_signals()	before the handlers go
 *
 * A failure ends the process through fatal(), unless noted otherwise. For the
 * steps between and after these see privs.h.
 */
#ifndef COMMON_OS_STARTUP_H
#define COMMON_OS_STARTUP_H

#include <stdbool.h>

#include "log.h"
#include "privs.h"
#include "version.h"

/* The differences between the daemons. All strings are static. */
struct startup_program {
	const char *name;
	const char *usage;     /* what follows the name in the usage line */
	const char *conf_file; /* without -f */
	const char *options;   /* further ones, as for getopt(3); or "" */
	const struct version_lib *libs; /* for -V */

	/* Take one of these options; false: print the usage line and exit. */
	bool (*option)(void *arg, int ch, const char *value);
	void *arg;
};

/* The settings of a configuration for the start; strings are borrowed. */
struct startup_conf {
	const char *user; /* NULL: standard_user */
	const char *standard_user;
	const char *pidfile;
	const char *dump; /* or NULL */
	enum log_level log_level;
};

struct startup {
	const char *name;
	const char *conf_file; /* -f */
	bool foreground;       /* -d */
	unsigned check_only;   /* -n; twice: the file alone */
	bool verbose;	       /* -v */
	bool inherits;	       /* another process hands over its pid file */
	struct startup_conf conf;
	struct privs privs; /* the user to become */
};

/*
 * Open the standard descriptors and read the options: -d, -f file, -n, -V, -v
 * and those of the program. -V prints the versions and exits; a wrong option
 * prints the usage line and exits with 1. Without -n, SIGHUP, SIGUSR1 and
 * SIGUSR2 are blocked from here on, because before they have handlers they
 * would end the process.
 */
void startup_parse(struct startup *s, const struct startup_program *program,
    int argc, char *argv[]);

/* Use the settings of the configuration. */
void startup_configure(struct startup *s, const struct startup_conf *conf);

/*
 * Log to standard error until startup_background(): errors of a start
 * are read there.
 */
void startup_log(const struct startup *s);

/* The configured level, or debug with -v. */
enum log_level startup_log_level(const struct startup *s,
    enum log_level configured);

/* The pid file; NULL in the foreground, where none is written. */
const char *startup_pidfile(const struct startup *s);

/*
 * Look up the user, and check whether the daemon can become this user, who can
 * write the dump, and whether a pid file can be made. Changes nothing.
 */
void startup_check(struct startup *s);

/*
 * Write the pid file, unless it is inherited, and make the dump's file for the
 * user.
 */
void startup_claim(const struct startup *s);

/*
 * Leave the terminal and log to syslog, unless -d was given. SIGTERM and SIGINT
 * are then blocked as well.
 */
void startup_background(const struct startup *s);

/* Unblock the signals that the functions above have blocked. */
void startup_take_signals(void);

/*
 * At the end: block SIGHUP, SIGUSR1 and SIGUSR2 again, which would end the
 * process with their own status. SIGTERM and SIGINT still end it at once.
 */
void startup_leave_signals(void);

#endif
