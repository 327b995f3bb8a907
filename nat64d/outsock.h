/*
 * A socket to a collector, UDP or TCP, that is always on its way there: it is
 * opened in the event loop, and again after each failure, with growing pauses.
 * Nothing here blocks, and nothing is kept: what cannot be sent now stays with
 * the caller.
 *
 * The states:
 *
 * CLOSED      There is no socket. After a pause one is made: UDP leads to
 *	       OPEN, or to TENTATIVE after a failure, TCP to CONNECTING.
 * CONNECTING  The handshake of TCP. Its end leads to OPEN, a failure and
 *	       CONNECT_MS to CLOSED.
 * TENTATIVE   UDP after a failure: one datagram is sent, to see whether it is
 *	       refused (ICMP). If not, within TENTATIVE_MS, to OPEN.
 * OPEN        Every failure leads to CLOSED: an ICMP error, RST or FIN, an
 *	       error of the system, and for TCP a collector that has taken
 *	       nothing for STALL_SECS although something was to be sent.
 *
 * System calls: socket, connect, getsockopt, getsockname, send, recv, close.
 */
#ifndef NAT64D_OUTSOCK_H
#define NAT64D_OUTSOCK_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct outsock;

/* None of these may free the socket. */
struct outsock_ops {
	/* It is a new one: nothing is known there of an earlier one. */
	void (*opened)(void *arg);
	/* outsock_send() may be called; also after EAGAIN. */
	void (*ready)(void *arg);
	/*
	 * It is closed. errno is why; refused: the datagram that was sent last,
	 * or one before it, did not arrive.
	 */
	void (*closed)(void *arg, bool refused);
	void *arg;
};

/* Of an address with its port. Makes no socket yet; NULL with errno ENOMEM. */
struct outsock *outsock_new(const struct sockaddr_storage *addr, bool tcp,
    const struct outsock_ops *ops);

/* What TCP has accepted is still sent by the system. s may be NULL. */
void outsock_free(struct outsock *s);

/*
 * Work in this event loop from now on. Returns 0, or -1 with errno ENOMEM.
 * After outsock_detach(), before the loop is freed, outsock_send() works as
 * long as nothing fails.
 */
int outsock_attach(struct outsock *s, struct event_base *base);
void outsock_detach(struct outsock *s);

bool outsock_is_open(const struct outsock *s);

/* Nothing speaks against it that the collector is reached: OPEN. */
bool outsock_is_proven(const struct outsock *s);

/*
 * Send a datagram, or a part of a stream. Returns the number of octets taken,
 * all of them for UDP; -1: not now, ready() will be called.
 */
ssize_t outsock_send(struct outsock *s, const void *buf, size_t len);

#endif
