/*
 * A simulated kernel for the tests of os/tun_*.c: open(2) and ioctl(2) on tun
 * devices return what the test says, without root. The program is linked with
 * --wrap for both.
 */
#ifndef TESTS_UNIT_TUN_KERNEL_H
#define TESTS_UNIT_TUN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_MAX_ASKED 8

struct tun_kernel {
	/* What this kernel has. */
	unsigned features;	/* Linux: TUNGETFEATURES */
	unsigned long offloads; /* Linux: TUNSETOFFLOAD takes these */
	unsigned long broken;	/* this request fails ... */
	int error;		/* ... so; 0: with EPERM */
	int open_error;		/* of the device; 0: it can be opened */
	bool multi_queue;	/* Linux: the interface was made so */

	/* What was asked of it. */
	char path[64];			       /* of the device */
	int flags;			       /* Linux: TUNSETIFF */
	int hdrlen;			       /* Linux: TUNSETVNETHDRSZ */
	unsigned long asked[KERNEL_MAX_ASKED]; /* Linux: TUNSETOFFLOAD */
	unsigned n_asked;
	int mtu;
	int queue_len; /* Linux: SIOCGIFTXQLEN, in packets */
	bool up;

	/* Packets: the other end of the device; -1: not open. */
	int far_end;
};

extern struct tun_kernel kernel;

/* Everything the kernel can have, and an interface with an MTU of 1500. */
void kernel_init(void);
void kernel_clear(void);

/* A packet for the device to be read, and one that it wrote. */
void kernel_put(const void *bytes, size_t len);
size_t kernel_get(uint8_t *bytes, size_t size);

#endif
