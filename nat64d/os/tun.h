/*
 * The tun device, one file per operating system. Packets come and go in
 * batches, with the offloads that the kernel was found to have.
 */
#ifndef NAT64D_OS_TUN_H
#define NAT64D_OS_TUN_H

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "nat64d/wire/pkt.h"

struct tun;

/* What tun_offloads() tells. */
#define TUN_CSUM 0x01 /* partial checksums */
#define TUN_TSO 0x02  /* TCP super-packets */
#define TUN_USO 0x04  /* UDP super-packets */

/*
 * Open a device and make it ready to be configured. name: an interface that
 * exists and is persistent, a name for a new one, or "" for a name of the
 * kernel's choice. offload: probe for offloads, one after the other; else
 * plain packets. Needs CAP_NET_ADMIN, but for an interface that was made for
 * our user.
 *
 * Returns NULL with errno set and *what a static string that says what failed
 * and what to do about it.
 */
struct tun *tun_open(const char *name, bool offload, const char **what);

/*
 * Bring the interface up with an MTU; 0 leaves the MTU it has. What is so
 * already takes no right. Returns 0, or -1 as above.
 */
int tun_up(struct tun *t, unsigned mtu, const char **what);

/*
 * Route a prefix to the interface. One that is there already is success, and
 * takes no right.
 * The route is remembered for tun_close(). Returns as above.
 */
int tun_route(struct tun *t, const struct prefix *dst, const char **what);

/*
 * Remove the routes that tun_route() added, as far as our rights still
 * allow - a device that we created takes them with it - and close.
 */
void tun_close(struct tun *t);

const char *tun_name(const struct tun *t);
unsigned tun_mtu(const struct tun *t);
unsigned tun_offloads(const struct tun *t); /* TUN_ bits */

/* The descriptor to wait for; never read it directly. */
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

/* What the errno of a device that failed means. */
const char *tun_why(int error);

/*
 * Send a parsed packet. Its bytes are taken before this returns, but it may
 * leave only with tun_flush(), and with others in one super-packet (gro.h).
 */
void tun_send(struct tun *t, const struct pkt *p);

/*
 * Let everything leave. Returns how many packets the device refused, or had
 * no room for (TUN-07), since the last call: they are lost.
 */
unsigned tun_flush(struct tun *t);

/* Packets refused otherwise than for want of room or memory. */
struct tun_refusal {
	uint64_t count;	  /* since the device was opened */
	int error;	  /* errno of the last one; EPROTO: its offloads
			     contradict its headers, it was not written */
	char packet[192]; /* what it was, for people */
};

/* What was refused so far, owned by t; changes with tun_send(). */
const struct tun_refusal *tun_refusal(const struct tun *t);

#endif
