/*
 * OpenBSD: the address family always comes first, and a new device has the
 * right mode. TSO (TUNSCAP, since 7.7) is not asked for.
 */
#include "tun_bsd.h"

int
tun_bsd_setup(int fd, const char **what)
{
	(void)fd;
	(void)what;
	return (0);
}
