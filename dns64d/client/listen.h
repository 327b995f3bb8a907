/*
 * The sockets of a listener: UDP and TCP, bound to an address of the
 * configuration, whether this host has it yet or not.
 *
 * An address that no interface has is bound all the same (freebind.h): from
 * the moment it is there, queries arrive. So nothing has to be opened when an
 * address comes, which for port 53 would need a right that we have given up
 * by then, and who gets the address as the standby of another host answers
 * at once. The socket stays when the address goes; nothing arrives then.
 */
#ifndef DNS64D_CLIENT_LISTEN_H
#define DNS64D_CLIENT_LISTEN_H

#include <sys/socket.h>

/* How to bind. */
#define LISTEN_SHARED 1	  /* share the address with others (reuseport.h) */
#define LISTEN_FREEBIND 2 /* never ask whether this host has it */

/*
 * Make a socket bound to addr: non-blocking, close on exec, IPv6 only when
 * addr is IPv6; of UDP with the options of udp_set_options; of TCP listening.
 * Returns the descriptor, or -1 with errno; EADDRNOTAVAIL: to be tried again
 * when the address is there.
 */
int listen_udp(const struct sockaddr_storage *addr, unsigned how);
int listen_tcp(const struct sockaddr_storage *addr, unsigned how);

#endif
