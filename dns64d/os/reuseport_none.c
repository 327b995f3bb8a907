/*
 * OpenBSD and NetBSD: not possible. With SO_REUSEPORT one of the sockets gets
 * everything.
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
