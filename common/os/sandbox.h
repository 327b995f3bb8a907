/*
 * What a running daemon may do: one file per operating system,
 * sandbox_<os>.c. The rights that both daemons always have (memory, clock,
 * events, timers, signals, open descriptors, syslog) are listed there with
 * their reasons; struct sandbox has the others.
 */
#ifndef COMMON_OS_SANDBOX_H
#define COMMON_OS_SANDBOX_H

#include <stdbool.h>

struct sandbox {
	/*
	 * Paths of files that will be opened and written; the list ends with
	 * NULL and may be NULL. The files need not exist yet, but their
	 * directories must: on Linux the rights are given on the directory,
	 * because a file may be replaced by another one.
	 */
	const char *const *write_files;
	const char *read_file; /* as write_files, read; NULL: there is none */
	const char *pid_file;  /* will be removed; NULL: there is none */
	/*
	 * A file that will be replaced: another one is made in its directory
	 * and renamed; NULL: there is none.
	 */
	const char *replaced_file;
	const char *socket; /* of the control socket: will be removed */
	bool accepts;	    /* accepts connections of sockets that listen */
	bool inet;	    /* makes and uses IPv4 and IPv6 sockets */
	bool connects;	    /* makes such sockets only to connect them */
	bool bpf_entries;   /* changes entries of BPF maps that are open */
};

/*
 * Enter the sandbox irrevocably, after privs_drop(): a failure ends the
 * process through fatal(). Each thread calls it, one after the other and the
 * main thread last, since creating a thread takes rights that are not needed
 * later. When the kernel lacks a mechanism, that is logged, and the daemon
 * runs without it.
 */
void sandbox_enter(const struct sandbox *sb);

/*
 * Enter the sandbox of the process that reads the configuration (reader.h),
 * with its user: it may open any file to read it, keeps the capability for
 * that, and may do nothing else. Failures and missing mechanisms as above.
 */
void sandbox_enter_reader(void);

#endif
