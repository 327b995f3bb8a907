/*
 * FreeBSD and NetBSD: the address family before each packet is off by default,
 * and without it only IPv4 can be written.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_tun.h>

#include <errno.h>

#include "tun_bsd.h"

int
tun_bsd_setup(int fd, const char **what)
{
	int on = 1, off = 0, mode = IFF_POINTOPOINT | IFF_MULTICAST;

	*what = "TUNSLMODE";
	if (ioctl(fd, TUNSLMODE, &off) == -1)
		return (-1);
	*what = "TUNSIFHEAD";
	if (ioctl(fd, TUNSIFHEAD, &on) == -1)
		return (-1);
	/* EBUSY: the interface is up already, and keeps its mode. */
	*what = "TUNSIFMODE";
	if (ioctl(fd, TUNSIFMODE, &mode) == -1 && errno != EBUSY)
		return (-1);
	return (0);
}
