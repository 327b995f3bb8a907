/*
 * SO_REUSEPORT: several sockets bound to one address, among which the kernel
 * distributes datagrams and connections by a hash of the addresses and ports.
 * One file for each way to do it, reuseport_<way>.c.
 */
#ifndef DNS64D_OS_REUSEPORT_H
#define DNS64D_OS_REUSEPORT_H

#include <stdbool.h>

/* Whether this system can do that. */
bool reuseport_is_possible(void);

/*
 * Let a socket share its address with others for which this was called, too.
 * To be called before bind(). Returns 0, or -1 with errno.
 */
int reuseport_enable(int fd);

#endif
