/*
 * OpenBSD and NetBSD: SO_REUSEPORT gives all that arrives to one of the
 * sockets.
 */
#include <errno.h>

#include "share.h"

bool
share_possible(void)
{
	return (false);
}

int
share_address(int fd)
{
	(void)fd;
	errno = EOPNOTSUPP;
	return (-1);
}
