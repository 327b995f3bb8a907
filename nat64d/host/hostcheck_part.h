/*
 * The parts of the comparison of hostcheck.h, and what they ask of the
 * configuration and the snapshot. For hostcheck*.c alone.
 */
#ifndef NAT64D_HOST_HOSTCHECK_PART_H
#define NAT64D_HOST_HOSTCHECK_PART_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "hostcheck.h"

/*
 * An address in the Internet, to find where the default route leads:
 * 198.41.0.4, a name server of the root zone. In host byte order.
 */
#define HOST_INTERNET4 0xc6290004

/* No interface. */
#define HOST_NO_IF SIZE_MAX

struct check {
	const struct hostcheck_conf *conf;
	const struct nat64_config *nat64;
	const struct host *host;
	struct hostcheck *out;
};

/*
 * Add a finding: errors before warnings, each in their order. Returns it, so
 * that the caller may set more of it, or NULL if there is no room.
 */
struct hostcheck_finding *hostcheck_add(const struct check *k, bool error,
    const char *fmt, ...) __attribute__((__format__(printf, 3, 4)));

/* --- the parts: each adds what it finds --- */

/* Networks and addresses of the host that conflict with pool or prefixes. */
void hostcheck_networks(const struct check *k);

/*
 * Parts of the pool that are addresses of a connected network: who answers ARP
 * for them, and whether packets come in there.
 */
void hostcheck_links(const struct check *k);

/* Settings of the host that let it forward. */
void hostcheck_forwarding(const struct check *k);

/* The same of one interface, for IPv4; HOST_NO_IF: nothing to check. */
void hostcheck_forward_if(const struct check *k, size_t ifn);

/* Sources of our ICMP errors that the kernel would drop. */
void hostcheck_sources(const struct check *k);

/* Whether packets to the prefixes and the pool are routed to us. */
void hostcheck_routes(const struct check *k);

/* --- addresses, in host byte order --- */

struct span {
	uint32_t first;
	uint32_t last;
};

/* The addresses of an IPv4 prefix. */
struct span span_of(const struct prefix *p);

/* How many addresses of a span are in the pool, and whether one is. */
uint64_t pool_common(const struct check *k, struct span s);
bool pool_has(const struct check *k, uint32_t addr);

/* Writes the address to text and returns that. */
const char *addr4_text(uint32_t addr, char text[INET_ADDRSTRLEN]);

/* Prefixes of one address: this one, or one that is below a Pref64. */
struct prefix host4(struct in_addr addr);
struct prefix host6(const struct pref64 *q);

/* --- interfaces, by their index in the snapshot --- */

const char *host_if_name(const struct check *k, size_t ifn);
bool host_is_tun(const struct check *k, size_t ifn);

/* Neither the loopback interface nor ours. */
bool host_is_outside(const struct check *k, size_t ifn);
bool host_has_outside(const struct check *k);

/* Does it check sources strictly (RFC 3704, 2.2)? */
bool host_is_strict(const struct check *k, size_t ifn);

/* Our interface and that of the default route, or HOST_NO_IF. */
size_t host_find_tun(const struct check *k);
size_t host_find_uplink(const struct check *k);

/* Where packets to an address go, or NULL if that was not asked for. */
const struct host_path *host_find_path(const struct check *k,
    const struct prefix *dst);
const struct host_path *host_find_path4(const struct check *k, uint32_t addr);

#endif
