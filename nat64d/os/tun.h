/*
 * The tun device, one file per operating system. Packets are read and written
 * in batches, with the offloads that the kernel supports.
 */
#ifndef NAT64D_OS_TUN_H
#define NAT64D_OS_TUN_H

#include <sys/socket.h>

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "nat64d/wire/pkt.h"

struct tun;

/* Returned by tun_offloads(). */
#define TUN_CSUM 0x01 /* partial checksums */
#define TUN_TSO 0x02  /* TCP super-packets */
#define TUN_USO 0x04  /* UDP super-packets */

/*
 * Open a device and make it ready to be configured. name: an interface that
 * exists and is persistent, a name for a new one, or "" to let the kernel
 * choose a name. offload: probe for offloads, one after the other; else read
 * and write plain packets. Needs CAP_NET_ADMIN, unless the interface was
 * created for our user.
 *
 * Returns NULL with errno set and *what a static string that says what failed
 * and what to do about it.
 */
struct tun *tun_open(const char *name, bool offload, const char **what);

/*
 * The same for a device that another process has open: fd, which belongs to
 * the result, or else is closed. name: the interface that it has to be, or ""
 * for any. The other process must not read or write it any more when this one
 * does.
 */
struct tun *tun_adopt(int fd, const char *name, bool offload,
    const char **what);

/*
 * Bring the interface up with an MTU; 0 keeps the MTU it has. No capability is
 * needed when nothing has to be changed. Returns 0, or -1 as above.
 */
int tun_up(struct tun *t, unsigned mtu, const char **what);

/*
 * Route a prefix to the interface. A route that exists already is success, and
 * needs no capability. The route is removed by tun_close(). Returns as above.
 */
int tun_route(struct tun *t, const struct prefix *dst, const char **what);

/*
 * Remove the routes that tun_route() added, if we still have the capability
 * to, and close. A device that we created disappears with its routes.
 */
void tun_close(struct tun *t);

/* Close, and leave the interface and its routes to another process. */
void tun_leave(struct tun *t);

const char *tun_name(const struct tun *t);
unsigned tun_mtu(const struct tun *t);
unsigned tun_offloads(const struct tun *t); /* TUN_ bits */

/* The descriptor to poll; never read it directly. */
int tun_fd(const struct tun *t);

/*
 * Read packets until none is waiting, at most max and none after max_bytes
 * are there, and hand them to rx in their order, one or a few at a time; rx
 * may change the packets and call tun_send(). Returns how many were read; -1
 * with errno when the device failed (it will not recover). A packet is as
 * received: data, len and ofl are set, the rest is not.
 */
typedef void (*tun_rx_fn)(void *arg, struct pkt *pkts, unsigned n);
int tun_recv_batch(struct tun *t, unsigned max, size_t max_bytes, tun_rx_fn rx,
    void *arg);

/* Does no packet wait to be received, at this moment? Makes a system call. */
bool tun_is_drained(const struct tun *t);

/* A text for the errno of a device that failed. */
const char *tun_why(int error);

/*
 * Send a parsed packet. Its bytes are copied, but it may be written
 * only by tun_flush(), joined with others in one super-packet (gro.h).
 */
void tun_send(struct tun *t, const struct pkt *p);

/*
 * Write everything. Returns how many packets were lost since the last call
 * because the device refused them or had no room.
 */
unsigned tun_flush(struct tun *t);

/*
 * Packets that the device refused for other reasons than lack of room or
 * memory.
 */
struct tun_refusal {
	uint64_t count;	  /* since the device was opened */
	int error;	  /* errno of the last one; EPROTO: its offloads
			     contradict its headers, it was not written */
	char packet[192]; /* a description for the log */
};

/* The refusals so far, owned by t; changed by tun_send(). */
const struct tun_refusal *tun_refusal(const struct tun *t);

#endif
