/*
 * Sockets that were opened by the process that has started this one: socket
 * activation, with the environment variables of sd_listen_fds(3).
 *
 * Such a socket outlives this process: what arrives during a restart waits in
 * it, or is read by another process that has it too. So a restart loses no
 * query. Several processes, and several workers of a process, may read one
 * socket; each message is received by one of them.
 */
#ifndef DNS64D_OS_ACTIVATION_H
#define DNS64D_OS_ACTIVATION_H

#include <sys/socket.h>

#include <stdbool.h>

/*
 * Take over descriptors 3 to 2 + LISTEN_FDS, if LISTEN_PID is this process,
 * and remove the variables. To be called before anything is opened. A
 * descriptor that is no UDP socket or listening TCP socket, or that receives
 * IPv4 and IPv6, ends the process through fatalx().
 */
void activation_begin(void);

/* Were there any? */
bool activation_is_used(void);

/* Is there a socket of this type that is bound to addr? */
bool activation_has(int type, const struct sockaddr_storage *addr);

/*
 * Duplicate a socket of a type, SOCK_DGRAM or SOCK_STREAM, that is bound to
 * addr: non-blocking, close-on-exec. If there are several, that which was
 * duplicated least often. Returns the descriptor, or -1 with errno; ENOENT:
 * there is none.
 */
int activation_socket(int type, const struct sockaddr_storage *addr);

/* Log a warning for each socket that was never duplicated. */
void activation_warn(void);

#endif
