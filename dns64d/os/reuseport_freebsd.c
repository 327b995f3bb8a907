/*
 * FreeBSD: SO_REUSEPORT_LB, for sockets of one user. With SO_REUSEPORT one of
 * the sockets gets everything.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include "reuseport.h"

bool
reuseport_is_possible(void)
{
	return (true);
}

int
reuseport_enable(int fd)
{
	int on = 1;

	return (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT_LB, &on, sizeof(on)));
}
