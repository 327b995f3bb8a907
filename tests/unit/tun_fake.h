/*
 * The functions of tun.h with a pair of sockets instead of a device, which
 * needs no root. The test has the other end: it writes packets to be received
 * and reads those that were sent; closing it makes the device fail. Nothing is
 * sent before tun_flush(), so that a test hangs if a call of that is missing.
 */
#ifndef TESTS_UNIT_TUN_FAKE_H
#define TESTS_UNIT_TUN_FAKE_H

#include "nat64d/os/tun.h"

/* Ends the test when there is none to be had. */
struct tun *tun_fake_new(void);

/* The far end, owned by the fake; packets stay packets. */
int tun_fake_far_end(const struct tun *t);

/* After a fork: this process keeps the device only, or the far end only. */
void tun_fake_be_device(struct tun *t);
void tun_fake_be_far_end(struct tun *t);

/* From now on packets of that protocol are refused with EINVAL. */
void tun_fake_refuse(struct tun *t, uint8_t proto);

#endif
