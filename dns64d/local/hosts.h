/*
 * The table of local hosts: names and their addresses, filled once and then
 * only read. Pure. Block lists of a million names are common, so a name whose
 * only address is shared with others takes its own octets and at most 26
 * more, and adding or finding a name takes constant time.
 *
 * Names are in wire form without pointers (msg_name.h); their case is kept,
 * and ignored when they are compared.
 */
#ifndef DNS64D_LOCAL_HOSTS_H
#define DNS64D_LOCAL_HOSTS_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#define HOSTS_ADDRS_MAX 1024 /* of one name: adding compares them all */

struct hosts;
struct siphash_key;

/* An address; with AF_INET the rest of addr6 is zero. */
struct hosts_addr {
	sa_family_t family;
	union {
		struct in_addr addr4;
		struct in6_addr addr6;
	};
};

/*
 * key: random, so that the authors of lists cannot choose names that collide.
 * Returns NULL with errno ENOMEM.
 */
struct hosts *hosts_new(const struct siphash_key *key);

void hosts_free(struct hosts *h);

/* Set the most octets that the table may take; at first there is no limit. */
void hosts_limit(struct hosts *h, size_t bytes);

/*
 * Make the table large enough for so many more names, if limit and memory
 * allow it, so that it need not grow in steps.
 */
void hosts_expect(struct hosts *h, size_t names);

/*
 * Octets of the table, without what hosts_finish frees. For tests of the
 * limit.
 */
size_t hosts_bytes(const struct hosts *h);

/* Read the text of an address without a scope. Returns 0, or -1. */
int hosts_parse_addr(const char *text, struct hosts_addr *addr);

/*
 * Add an address to a name, behind those that it has, unless it has it
 * already.
 *
 * Returns 0; or -1 with errno ENOSPC (the limit is reached), E2BIG
 * (the name has HOSTS_ADDRS_MAX addresses) or ENOMEM, and then no name and no
 * address was added.
 */
int hosts_add(struct hosts *h, const uint8_t *name,
    const struct hosts_addr *addr);

/* Free unused memory; to be called when all names are added. */
void hosts_finish(struct hosts *h);

/*
 * Walk the addresses of a name in the order of adding. *at: HOSTS_FIRST
 * before the first call. Returns NULL behind the last one.
 */
#define HOSTS_FIRST UINT32_MAX
const struct hosts_addr *hosts_next_addr(const struct hosts *h,
    const uint8_t *name, uint32_t *at);

/*
 * The name that an address was first added to, or NULL. The unspecified
 * addresses have no name: in block lists every name has them.
 */
const uint8_t *hosts_name_of(const struct hosts *h,
    const struct hosts_addr *addr);

#endif
