/*
 * What is left to a daemon once it runs: one file per operating system,
 * sandbox_<os>.c. The rights that both daemons always have (memory, clock,
 * events, timers, signals, descriptors that are open already, syslog) are
 * listed there with their reasons; what differs is said here.
 */
#ifndef COMMON_OS_SANDBOX_H
#define COMMON_OS_SANDBOX_H

#include <stdbool.h>

struct sandbox {
	/*
	 * Files that will be opened again and written, by the paths that will
	 * be used then; the list ends with NULL and may be NULL. They need
	 * not exist yet. Where the system cannot follow a file that is
	 * replaced, the rights are on its directory, which must exist.
	 */
	const char *const *write_files;
	const char *pid_file; /* will be removed; NULL: there is none */
	bool inet;	      /* makes and uses IPv4 and IPv6 sockets */
};

/*
 * Enter the sandbox for good. After privs_drop(), while starting: a failure
 * ends the process through fatal(). Every thread of a process enters it for
 * itself, the main thread last, for making a thread takes rights that nobody
 * needs later; not two threads at a time. A kernel that lacks a mechanism is
 * said so in the log, and the daemon runs without.
 */
void sandbox_enter(const struct sandbox *sb);

/*
 * Enter the sandbox of the process that reads the configuration (reader.h),
 * as who it is: it may open files to read them, whatever they are, keeps of
 * its capabilities the one for that, and does nothing else. Failures and
 * lacking mechanisms as above.
 */
void sandbox_enter_reader(void);

/*
 * Give up every capability of the process, where the system has such.
 * Returns 0, or -1 with errno. For privs_drop().
 */
int sandbox_drop_caps(void);

/*
 * The same, but keep the one to bind ports below 1024, if the process has it.
 * Before the user is changed sandbox_hold_caps() has to be called, which lets
 * them outlive that; nothing may be done with them in between.
 */
int sandbox_hold_caps(void);
int sandbox_drop_caps_but_ports(void);

#endif
