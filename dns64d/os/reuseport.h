/*
 * Sockets that are bound to the same address, among which the system shares
 * out what arrives by the sender's address and port: the datagrams of a flow
 * come to one of them, and so do the connections that clients make. One file
 * for each way to do it, reuseport_<way>.c.
 */
#ifndef DNS64D_OS_REUSEPORT_H
#define DNS64D_OS_REUSEPORT_H

#include <stdbool.h>

/* Whether this system can. */
bool reuseport_is_possible(void);

/*
 * Let a socket share the address that it will be bound to with others of
 * which this was said too. Returns 0, or -1 with errno.
 */
int reuseport_enable(int fd);

#endif
