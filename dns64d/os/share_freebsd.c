/*
 * FreeBSD: SO_REUSEPORT_LB, for sockets of one user. SO_REUSEPORT gives all
 * to one of them.
 */
#include <sys/types.h>
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

	return (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT_LB, &on, sizeof(on)));
}
