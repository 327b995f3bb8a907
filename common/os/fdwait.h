/*
 * Waiting for one descriptor, where nothing else is to be done meanwhile.
 */
#ifndef COMMON_OS_FDWAIT_H
#define COMMON_OS_FDWAIT_H

#include <errno.h>
#include <poll.h>

/*
 * Wait at most ms for events of poll(2). Returns 0, or -1 with errno: ETIMEDOUT
 * when the time is over.
 */
static inline int
fdwait(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&pfd, 1, ms);
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return (n > 0 ? 0 : -1);
}

#endif
