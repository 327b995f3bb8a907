/*
 * Messages to the service manager that has started us: the protocol of
 * sd_notify(3). A message is a datagram of lines "VARIABLE=value" to the Unix
 * socket that the environment variable NOTIFY_SOCKET names. Without that
 * variable nothing is sent.
 *
 *	READY=1		the start is complete
 *	STOPPING=1	we leave
 *	RELOADING=1	the configuration is read again, until READY=1
 *	MAINPID=n	process n continues in our place
 *	STATUS=text	one line for people
 *	FDSTORE=1	keep the descriptor that comes with it
 *
 * Descriptors that the manager hands over to a start are those of its sockets
 * (systemd.socket(5)) and those that it has kept; see sd_listen_fds(3).
 */
#ifndef COMMON_OS_NOTIFY_H
#define COMMON_OS_NOTIFY_H

#include <stdbool.h>

/*
 * Connect to the socket, if there is one: before the sandbox and before
 * privileges are dropped. The variable stays for processes that we start. If it
 * cannot be used, that is logged.
 */
void notify_begin(void);

/* Is there somebody who gets the messages? */
bool notify_is_used(void);

/* Send a message, lines without the last newline. A failure is logged. */
void notify_send(const char *fmt, ...)
    __attribute__((__format__(printf, 1, 2)));

/* RELOADING=1, with the time that belongs to it. */
void notify_reloading(void);

/*
 * Have the manager keep a descriptor under a name, in place of what it has kept
 * under that name. A process that is started again after its end, or after a
 * stop by a restart, gets it; a manager without FileDescriptorStoreMax= keeps
 * nothing. name: no colon. A failure is logged.
 */
void notify_store(const char *name, int fd);

/* Have it keep nothing under that name. */
void notify_unstore(const char *name);

/* Most descriptors of a start. */
#define NOTIFY_FDS_MAX 256

/*
 * Call take for each descriptor of this start, with its name ("" if it has
 * none), and remove the variables from the environment. They are close-on-exec,
 * and belong to take. To be called before anything is opened.
 */
void notify_each_fd(void (*take)(void *arg, int fd, const char *name),
    void *arg);

#endif
