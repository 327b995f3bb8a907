/*
 * What both sides of a take-over use: messages and descriptors over a Unix
 * socket, with deadlines.
 */
#ifndef NAT64D_STATE_HANDOVER_INT_H
#define NAT64D_STATE_HANDOVER_INT_H

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdint.h>

#include "handover.h"

/*
 * "N64H", the version (2), which of the single descriptors come with it, by
 * their bits in this order (1), and how many of the metrics follow them (1).
 */
#define HANDOVER_HELLO_SIZE 8
#define HANDOVER_VERSION 1
#define HANDOVER_SINGLE_FDS 3 /* tun, control, pidfile */
#define HANDOVER_MAX_FDS (HANDOVER_SINGLE_FDS + HANDOVER_MAX_METRICS)

/* The address of an abstract socket. Returns 0, or -1: the name is too long. */
int handover_address(struct sockaddr_un *sun, socklen_t *len,
    const char *name);

/*
 * Is the process at the other end of s root, or of our user or that one? For
 * who connects, that is the one that listens.
 */
bool handover_may(int s, uid_t uid);

/*
 * Write or read all of it, waiting at most HANDOVER_PATIENCE_MS for each part.
 * Returns 0, or -1 with errno; 0 (no error): the other end was closed.
 */
int handover_write(int s, const void *data, size_t len);
int handover_read(int s, void *data, size_t len);

#endif
