/*
 * A network namespace of our own for a unit test, with nothing but its
 * loopback interface, which is down at first, and changes of that interface.
 */
#ifndef TESTS_UNIT_OWN_LO_H
#define TESTS_UNIT_OWN_LO_H

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <check.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

/* Enter the namespace; _GNU_SOURCE declares unshare. */
static inline void
own_lo_enter(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

/* Change the interface: an ioctl of netdevice(7) and its argument. */
static inline void
own_lo_set(unsigned long request, struct ifreq ifr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ne(fd, -1);
	strcpy(ifr.ifr_name, "lo");
	ck_assert_int_eq(ioctl(fd, request, &ifr), 0);
	close(fd);
}

#endif
