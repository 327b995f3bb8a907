/*
 * Binding a socket to an address that this host does not have. One file for
 * each way to do it, freebind_<way>.c.
 */
#ifndef COMMON_OS_FREEBIND_H
#define COMMON_OS_FREEBIND_H

#include <sys/socket.h>

/*
 * Let a socket of this family be bound to any address. Where this needs root
 * it works only before privileges are dropped. Returns 0, or -1 with errno.
 */
int freebind_allow(int fd, sa_family_t family);

#endif
