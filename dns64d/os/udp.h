/*
 * UDP sockets. For listeners: batches of datagrams, each with its source and
 * the address that it was sent to, so that the answer has that as its source;
 * in udp_<os>.c. For upstream servers: connected sockets on random ports; in
 * udp.c and udp_<os>.c. Knows nothing of DNS but the sizes.
 */
#ifndef DNS64D_OS_UDP_H
#define DNS64D_OS_UDP_H

#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_BATCH 32
#define UDP_WRITE_MAX 64 /* in one udp_write; as UDP_MAX_SEGMENTS of Linux */
#define UDP_DATAGRAM_MAX 65535

/*
 * The largest datagram that a listener receives or sends: the size that is
 * not fragmented (RFC 9715, 3), announced in OPT (RFC 6891, 6.2.3).
 */
#define UDP_PAYLOAD 1232

/*
 * Octets of the receive buffer of a listener. A short query takes about 800
 * of them in the kernel, so that a burst of 2000 queries fits.
 */
#define UDP_RCVBUF (2 * 1024 * 1024)

/* How to answer a client. */
struct udp_path {
	struct sockaddr_storage peer;
	/*
	 * The address that the query was sent to, and its interface.
	 * AF_UNSPEC: the socket is bound to one address.
	 */
	sa_family_t local_family;
	union {
		struct in_addr local4;
		struct in6_addr local6;
	};
	unsigned ifindex;
};

/* Datagrams that are received or sent together on one socket. */
struct udp_batch {
	unsigned n;
	int grouping; /* private to udp_<os>.c; zero before the first use */
	struct {
		struct udp_path path;
		size_t len;
		uint8_t data[UDP_PAYLOAD];
	} msg[UDP_BATCH];
};

/*
 * Set the options of a listener's socket, which is or will be bound to addr:
 * no fragmentation because of a path MTU (RFC 9715, 3.1), a receive buffer of
 * UDP_RCVBUF or less if the system has a lower limit. Returns 0, or -1 with
 * errno.
 */
int udp_set_options(int fd, const struct sockaddr_storage *addr);

/*
 * Receive up to UDP_BATCH datagrams into b, without blocking. A datagram that
 * is larger than UDP_PAYLOAD has len 0. After an error b is empty.
 */
void udp_recv(int fd, struct udp_batch *b);

/*
 * Send all datagrams of b and empty it. Those that the system refuses are
 * dropped. Returns how many were dropped.
 */
unsigned udp_send(int fd, struct udp_batch *b);

/*
 * Open a socket that is connected to a server, with a random source port
 * above 1023 (RFC 5452, 9.2): non-blocking, close-on-exec. Datagrams that
 * arrived before it was connected may come from anywhere: the caller must
 * compare the source. Returns the descriptor, or -1.
 */
int udp_connect(const struct sockaddr_storage *to);

/* A datagram from a connected socket, with its source. */
struct udp_datagram {
	struct sockaddr_storage from;
	size_t len;
	uint8_t data[UDP_DATAGRAM_MAX];
};

/* 2 MB, but only the pages that were written take memory. */
struct udp_inbox {
	unsigned n;
	int error; /* of the socket, after these datagrams; 0: none */
	struct udp_datagram datagram[UDP_BATCH];
};

/*
 * Receive up to max datagrams, at most UDP_BATCH, from a connected socket,
 * without blocking.
 */
void udp_read(int fd, struct udp_inbox *in, unsigned max);

/*
 * Send n datagrams, 1 to UDP_WRITE_MAX, on a connected socket until the system
 * refuses one. Returns how many were sent; 0 with errno when the first one was
 * refused. To learn why a later one was refused, call it again from there.
 * grouping: as in udp_batch, kept by the caller between calls.
 */
unsigned udp_write(int fd, struct iovec *v, unsigned n, int *grouping);

/* The length of a socket address of this family; 0 for other families. */
socklen_t udp_addrlen(const struct sockaddr_storage *addr);

#endif
