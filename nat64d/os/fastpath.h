/*
 * The fast path: packets of admitted sessions are translated inside the
 * kernel, by a program on our tun device; the daemon sees all others. One file
 * per operating system: fastpath_linux.c (eBPF), fastpath_none.c elsewhere and
 * where it was left out of the build.
 *
 * When fastpath_new() has returned, the functions below and those of
 * fastpath_ops() need no privileges. Sessions are added and removed without
 * system calls; fastpath_check() and fastpath_counters() call bpf(2) with
 * BPF_MAP_LOOKUP_ELEM, and fastpath_free() makes calls that may fail.
 */
#ifndef NAT64D_OS_FASTPATH_H
#define NAT64D_OS_FASTPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/tables/fastflow.h"
#include "nat64d/xlat/xlat.h"

struct fastpath;

struct fastpath_count {
	uint64_t packets6, bytes6; /* translated from IPv6 */
	uint64_t packets4, bytes4; /* translated from IPv4 */
	uint64_t failed;	   /* taken over by the program and then lost;
				      it should be 0 */
};

/* Instead of a number of sessions: the translator is stateless. */
#define FASTPATH_PAIRS 0

/*
 * Load the program for a tun device that is up, with room for max_flows
 * sessions, or fewer if that were too much of the machine's memory, and put it
 * in place of one that an earlier process left there. It translates nothing
 * yet. FASTPATH_PAIRS: it is to translate packets of pairs of addresses instead
 * (fastpath_pair.bpf.h), whose number is bounded. xlat: MTUs and TOS rules; not
 * kept. Needs CAP_BPF and CAP_NET_ADMIN; see fastpath.bpf.c.
 *
 * When this process ends, however it ends, the program translates no more
 * packets a moment later, also when the device is persistent. For this, no
 * other process may have its descriptors: fork before, or exec afterwards.
 *
 * Returns NULL with errno set and *what a static string that says what failed
 * and what to do about it; ENOSYS: this system or build has no fast path.
 */
struct fastpath *fastpath_new(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, const char **what);

/*
 * Have packets of the sessions translated as they arrive on an interface as
 * well, and sent to where they are routed, if that is an interface which was
 * added, too: without our device, and without the firewall (the head of
 * fastpath_if.bpf.c says exactly what they pass by). Before privileges are
 * dropped. The program goes with the interface and does not come back; its
 * packets then go through our device.
 *
 * Returns 0, or -1 with errno and *what as above; then nothing has changed.
 */
int fastpath_add_if(struct fastpath *f, const char *ifname, const char **what);

/*
 * Call after privileges have been dropped: can the counters still be read? A
 * kernel before 5.19 may refuse it. Returns 0, or -1 as above.
 */
int fastpath_check(struct fastpath *f, const char **what);

/* Use other MTUs from now on. The TOS rules stay. */
void fastpath_set_xlat(struct fastpath *f, const struct xlat_conf *xlat);

/*
 * For the translator; owned by f. The counters of identifications are 0 at
 * first.
 */
const struct fastpath_ops *fastpath_ops(struct fastpath *f);

/*
 * Sessions that were added begin to use the fast path only when the packets
 * that arrived before have left: otherwise newer packets would overtake those
 * that wait in the device. Call it when packets that were read have been
 * written. n: how many were read; drained: no more are waiting, now that those
 * have been written.
 */
void fastpath_commit(struct fastpath *f, unsigned n, bool drained);

/* Does a session wait for fastpath_commit()? */
bool fastpath_is_waiting(const struct fastpath *f);

/* The number of sessions that it has room for; without state 0. */
size_t fastpath_max_flows(const struct fastpath *f);

/* Sessions that were handed over and not taken back; without state 0. */
size_t fastpath_flows(const struct fastpath *f);

/* What the program has counted so far; a super-packet is one packet. */
void fastpath_counters(const struct fastpath *f, struct fastpath_count *c);

void fastpath_free(struct fastpath *f);

#endif
