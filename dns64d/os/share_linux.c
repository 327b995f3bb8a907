/*
 * Linux: SO_REUSEPORT, for sockets of one user.
 */
#include <sys/socket.h>

#include "share.h"

bool
share_possible(void)
{
	return (true);
}

int
share_address(int fd)
{
	int on = 1;

	return (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
}
