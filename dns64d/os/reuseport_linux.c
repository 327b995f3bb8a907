/*
 * Linux: SO_REUSEPORT, for sockets of one user.
 */
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

	return (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
}
