/*
 * The two halves of fastpath_new(), for tests of the program: they run it
 * without a device, by BPF_PROG_TEST_RUN. Only fastpath_*.c and their tests
 * include this.
 */
#ifndef NAT64D_OS_FASTPATH_PROG_H
#define NAT64D_OS_FASTPATH_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastpath.h"

/*
 * Load the program and its maps, attached to nothing. ether: the one that
 * expects an Ethernet header before each packet. ifname: where translated
 * packets arrive, NULL: nowhere. Returns as fastpath_new() does.
 */
struct fastpath *fastpath_load(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, bool ether, const char **what);

/* Attach it to the device. Returns 0, or -1 as above. */
int fastpath_attach(struct fastpath *f, const char **what);

/* The descriptor of the program that translates, owned by f. */
int fastpath_prog_fd(const struct fastpath *f);

/*
 * The same of the interfaces that were added: the program that expects an
 * Ethernet header.
 */
int fastpath_if_prog_fd(const struct fastpath *f);

/* The slots of the table of flows (fastpath_abi.h) and their number. */
struct fast_slot;
struct fast_slot *fastpath_slots(const struct fastpath *f, uint32_t *n);

#endif
