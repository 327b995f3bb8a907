/*
 * OpenBSD: SO_BINDANY. Needs root.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include "freebind.h"

int
freebind_allow(int fd, sa_family_t family)
{
	int on = 1;

	(void)family;
	return (setsockopt(fd, SOL_SOCKET, SO_BINDANY, &on, sizeof(on)));
}
