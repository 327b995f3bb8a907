/*
 * The table of local hosts: names and their addresses, filled once and then
 * only read. Pure. A block list of a million names is nothing unusual, so a
 * name with one address that others have as well costs its own octets and at
 * most 26 more, and adding or finding one takes the same time however many
 * there are.
 *
 * Names are as in msg_name.h, without pointers; their case is kept and makes
 * no difference.
 */
#ifndef DNS64D_LOCAL_HOSTS_H
#define DNS64D_LOCAL_HOSTS_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#define HOSTS_ADDRS_MAX 1024 /* of one name: each new one is compared */

struct hosts;
struct siphash_key;

/* An address; what addr6 has behind an IPv4 address is zero. */
struct hosts_addr {
	sa_family_t family;
	union {
		struct in_addr addr4;
		struct in6_addr addr6;
	};
};

/*
 * key: random. Lists are often made by others, who shall not choose what
 * collides. Returns NULL when memory is short.
 */
struct hosts *hosts_new(const struct siphash_key *key);

void hosts_free(struct hosts *h);

/* The most octets that the table may have from now on; at first any number. */
void hosts_limit(struct hosts *h, size_t bytes);

/*
 * Make ready for so many more names at once, where the limit and memory allow
 * for it: the table then does not have to grow in steps.
 */
void hosts_expect(struct hosts *h, size_t names);

/* Octets that the table has, but for room that hosts_finish gives back. */
size_t hosts_bytes(const struct hosts *h);

/* Read the text of an address without a scope. Returns 0, or -1. */
int hosts_parse_addr(const char *text, struct hosts_addr *addr);

/*
 * Add an address to a name, behind those that it has. What is there already
 * is not added again.
 *
 * Returns 0; or -1 with errno ENOSPC (the limit is reached), E2BIG
 * (the name has HOSTS_ADDRS_MAX addresses) or ENOMEM, and then nothing has
 * changed that could be seen.
 */
int hosts_add(struct hosts *h, const uint8_t *name,
    const struct hosts_addr *addr);

/* To be called when all is added: gives back what room is left. */
void hosts_finish(struct hosts *h);

/*
 * The addresses of a name in the order of adding: *at is HOSTS_FIRST before
 * the first. NULL: there are no more.
 */
#define HOSTS_FIRST UINT32_MAX
const struct hosts_addr *hosts_next_addr(const struct hosts *h,
    const uint8_t *name, uint32_t *at);

/*
 * The name that an address was first added to, or NULL. The unspecified
 * addresses are nobody's, for lists of what is to be blocked have them at
 * every name.
 */
const uint8_t *hosts_name_of(const struct hosts *h,
    const struct hosts_addr *addr);

#endif
