/*
 * UDP sockets. Of listeners: batches of datagrams, each with the address
 * that it came from and the one that it was sent to, so that the answer
 * leaves from where it was asked; one file per operating system,
 * udp_<os>.c. Towards servers: random ports. Knows nothing of DNS but the
 * sizes.
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
#define UDP_WRITE_MAX 64 /* at a time, to a server; as UDP_MAX_SEGMENTS */
#define UDP_DATAGRAM_MAX 65535

/*
 * What a listener can receive and what it sends at most: RFC 6891, 6.2.5,
 * with the size of RFC 9715 that does not fragment. A query is smaller.
 */
#define UDP_PAYLOAD 1232

/*
 * Octets that a listener should be able to hold while the program is busy:
 * a short query takes some 800 of them in the kernel, so these are a burst
 * of more than 2000 queries.
 */
#define UDP_RCVBUF (2 * 1024 * 1024)

/* The way back to a client. */
struct udp_path {
	struct sockaddr_storage peer;
	/*
	 * The address that the client asked and the interface it came in
	 * by. AF_UNSPEC when the socket is bound to one address.
	 */
	sa_family_t local_family;
	union {
		struct in_addr local4;
		struct in6_addr local6;
	};
	unsigned ifindex;
};

/* Datagrams received together, or to be sent together over one socket. */
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
 * The options of a listener's socket before it is bound to addr: IPv6 only
 * when addr is IPv6, answers never fragmented by path MTU discovery
 * (RFC 9715), with UDP_RCVBUF or what the system gives instead.
 * Returns 0, or -1 with errno.
 */
int udp_set_options(int fd, const struct sockaddr_storage *addr);

/*
 * Receive what is there, up to UDP_BATCH datagrams, into b. A datagram that
 * does not fit is delivered with len 0. Never blocks and never fails: an
 * error of the socket is an empty batch.
 */
void udp_recv(int fd, struct udp_batch *b);

/*
 * Send every datagram of b and empty it. A datagram that the system will
 * not take is lost, as on the network. Returns how many were lost.
 */
unsigned udp_send(int fd, struct udp_batch *b);

/*
 * Make a socket to a server, from a random port of all above 1023
 * (RFC 5452, 9.2): non-blocking, close on exec, connected. Until it was
 * connected anyone could send to it: compare the source of what arrives.
 * Returns the descriptor, or -1.
 */
int udp_connect(const struct sockaddr_storage *to);

/* One that came over a connected socket, and from where all the same. */
struct udp_datagram {
	struct sockaddr_storage from;
	size_t len;
	uint8_t data[UDP_DATAGRAM_MAX];
};

/*
 * Of its 2 MB of memory the system has to provide what is written to: the
 * first page of each, as a rule.
 */
struct udp_inbox {
	unsigned n;
	int error; /* of the socket, to be handled behind these; 0: none */
	struct udp_datagram datagram[UDP_BATCH];
};

/*
 * Receive what is there on a connected socket, up to max datagrams or
 * UDP_BATCH. Never blocks.
 */
void udp_read(int fd, struct udp_inbox *in, unsigned max);

/*
 * Send datagrams, 1 to UDP_WRITE_MAX, over a connected socket until the
 * system refuses one. Returns how many were sent, or 0 with errno when the
 * first one was refused: the way to learn why another one was.
 * grouping: as of udp_batch, kept by the caller from one call to the next.
 */
unsigned udp_write(int fd, struct iovec *v, unsigned n, int *grouping);

/* The length of a socket address of this family; 0 for other families. */
socklen_t udp_addrlen(const struct sockaddr_storage *addr);

#endif
