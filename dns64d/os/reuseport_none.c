/*
 * OpenBSD and NetBSD: no way. With SO_REUSEPORT all goes to one of the sockets.
 */
#include <errno.h>

#include "reuseport.h"

bool
reuseport_is_possible(void)
{
	return (false);
}

int
reuseport_enable(int fd)
{
	(void)fd;
	errno = EOPNOTSUPP;
	return (-1);
}
