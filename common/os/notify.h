/*
 * Messages to the service manager that has started us: the protocol of
 * sd_notify(3). A message is a datagram of lines "VARIABLE=value" to the Unix
 * socket that the environment variable NOTIFY_SOCKET names. Without that
 * variable nothing is sent.
 *
 *	READY=1		the start is complete
 *	STOPPING=1	we leave
 *	MAINPID=n	process n continues in our place
 *	STATUS=text	one line for people
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

#endif
