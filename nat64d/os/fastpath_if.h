/*
 * The programs of the fast path on interfaces other than our device
 * (fastpath_if.bpf.c). Only fastpath_*.c and their tests include this.
 */
#ifndef NAT64D_OS_FASTPATH_IF_H
#define NAT64D_OS_FASTPATH_IF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastpath_abi.h"

struct fastpath_if;

/* The maps that the programs share with that of our device: descriptors. */
struct fastpath_maps {
	int flows, pairs6, pairs4, counts, bss;
	uint32_t n_slots; /* size of the first one */
	bool stateless;
};

/*
 * Load the programs, attached to nothing. tun: the name of our device; programs
 * that were attached before for the same name are replaced, those of others are
 * not touched. The descriptors are borrowed until this returns. Returns and
 * reports errors as fastpath_new() does.
 */
struct fastpath_if *fastpath_if_new(const struct fastpath_maps *m,
    const char *tun, const char **what);

/*
 * Attach the one that fits the interface, and add it to those of s between
 * which packets go. Returns 0, or -1 as above.
 */
int fastpath_if_add(struct fastpath_if *fi, const char *ifname,
    struct fast_settings *s, const char **what);

/* For tests: the program that expects an Ethernet header. */
int fastpath_if_ether_fd(const struct fastpath_if *fi);

/* Detaches all if that is still allowed. NULL does nothing. */
void fastpath_if_free(struct fastpath_if *fi);

#endif
