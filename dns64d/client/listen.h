/*
 * The UDP and TCP sockets of a listener, bound to an address of the
 * configuration, whether this host has the address yet or not.
 *
 * An address that no interface has is bound as well (freebind.h), and queries
 * arrive as soon as an interface has it. So no socket has to be opened when an
 * address is added, for which port 53 would need a privilege that was dropped,
 * and a standby host answers as soon as it takes over the address. When the
 * address is removed, the socket stays open.
 *
 * A socket that a service manager has bound to the address (activation.h) is
 * used instead of a new one, whatever is said of how to bind it.
 */
#ifndef DNS64D_CLIENT_LISTEN_H
#define DNS64D_CLIENT_LISTEN_H

#include <sys/socket.h>

/* How to bind. */
#define LISTEN_SHARED 1	  /* share the address (reuseport.h) */
#define LISTEN_FREEBIND 2 /* bind whether or not the host has it */

/*
 * Open a socket that is bound to addr: non-blocking, close-on-exec, for IPv6
 * only when addr is IPv6; UDP with the options of udp_set_options, TCP
 * listening. Returns the descriptor, or -1 with errno. EADDRNOTAVAIL: try
 * again when the address is there.
 */
int listen_udp(const struct sockaddr_storage *addr, unsigned how);
int listen_tcp(const struct sockaddr_storage *addr, unsigned how);

#endif
