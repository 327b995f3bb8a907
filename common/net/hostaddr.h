/*
 * An address of this host, and the choice among them of the one that ICMPv6
 * errors are sent from when none is configured (RFC 4443, 2.2). The
 * choice is pure; hostwatch.h lists the addresses.
 */
#ifndef COMMON_NET_HOSTADDR_H
#define COMMON_NET_HOSTADDR_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

#include "pref64.h"

/* An address that an interface has, with the length of its network. */
struct hostaddr {
	sa_family_t family;
	unsigned char len; /* bits */
	unsigned flags;	   /* HOSTADDR_ */
	unsigned ifindex;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

#define HOSTADDR_UNUSABLE 1   /* tentative, or another host has it */
#define HOSTADDR_DEPRECATED 2 /* not for new sessions (RFC 4862, 5.5.4) */
#define HOSTADDR_TEMPORARY 4  /* RFC 8981 */

/*
 * A choice in progress. Set the members above best, zero the rest, offer all
 * addresses, then read best.
 */
struct hostaddr_choice {
	const struct pref64 *prefixes; /* addresses inside are not taken */
	size_t n_prefixes;
	unsigned tun;		 /* none of this interface; or 0 */
	unsigned route;		 /* where the default route leads; or 0 */
	struct in6_addr current; /* kept unless there is a better one; or :: */

	struct in6_addr best; /* :: before one is found */
	unsigned rank;
};

/*
 * Take the address if it is better than the best so far. Never taken: one
 * that others cannot reach (link-local, loopback, multicast, IPv4-mapped),
 * is not usable yet, or is inside a prefix or on the tun. The others, the best
 * first, as in RFC 6724, 5, except that stable addresses come before temporary
 * ones:
 *
 *	global before unique local (RFC 4193) or site-local
 *	neither deprecated nor temporary; temporary; deprecated
 *	on the interface that the default route leaves through
 *	the current one
 *	the first offered
 *
 * arg: a struct hostaddr_choice; the type is that of hostaddr_fn.
 */
void hostaddr_offer(void *arg, const struct hostaddr *a);

#endif
