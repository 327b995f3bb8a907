/*
 * Does a configuration fit the host? Looks at a snapshot of the host's
 * network and finds what cannot work, what would do harm, and what keeps
 * packets from being translated, each with the setting to change.
 *
 * Knows no system call: hostview.h takes the snapshot.
 */
#ifndef NAT64D_HOST_HOSTCHECK_H
#define NAT64D_HOST_HOSTCHECK_H

#include <net/if.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "nat64d/core/nat64.h"

/* Settings have the numbers of the system, here those of Linux. */
#define HOST_UNKNOWN (-1)
#define HOST_RP_STRICT 1 /* RFC 3704, 2.2 */

struct host_settings {
	int forward4;
	int forward6;
	int rp_filter; /* the larger one of "all" and an interface's counts */
	int proxy_arp; /* either of the two counts */
};

struct host_if {
	char name[IF_NAMESIZE];
	unsigned index; /* of the system */
	bool loopback;
	struct host_settings set;
};

/* An address of the host, and the network that it is connected to by it. */
struct host_addr {
	struct prefix own; /* 32 or 128 bits */
	struct prefix net; /* of point-to-point links: the other end */
	size_t ifn;	   /* index in ifs */
};

/* Where packets to an address go. */
enum host_way {
	HOST_WAY_UNKNOWN,
	HOST_WAY_NONE, /* no route, or one that refuses */
	HOST_WAY_LOCAL,
	HOST_WAY_OUT /* through an interface */
};

struct host_path {
	struct prefix dst; /* 32 or 128 bits */
	enum host_way way;
	size_t ifn;		/* HOST_WAY_OUT: index in ifs */
	struct in_addr gateway; /* IPv4: INADDR_ANY: none */
};

/* Another host that has been heard of, or one that we answer for; IPv4. */
struct host_neigh {
	struct in_addr addr;
	size_t ifn; /* index in ifs */
	bool proxy; /* we answer for it */
};

/*
 * A part of the firewall that drops what is forwarded unless a rule lets it
 * pass, and whose rules do not name our interface.
 */
#define HOST_CHAINS 4
struct host_chain {
	char name[96]; /* as the administrator calls it */
};

struct host {
	struct host_settings all;
	struct host_if *ifs;
	size_t nifs;
	struct host_addr *addrs;
	size_t naddrs;
	struct host_path *paths; /* of hostcheck_probes() */
	size_t npaths;
	struct host_neigh *neighs;
	size_t nneighs;
	struct host_chain chains[HOST_CHAINS];
	size_t nchains;
	bool chains_old; /* as they were while we could still look */
	/* What makes this system forward packets, for the reader. */
	const char *to_forward4;
	const char *to_forward6;
};

struct hostcheck_conf {
	const struct nat64_config *nat64;
	const char *tun; /* our interface, which need not exist yet */
	bool routes;	 /* we make them */
	bool running;	 /* the interface is up, and routes are there */
};

#define HOSTCHECK_MAX 16 /* findings */
#define HOSTCHECK_TEXT 256

struct hostcheck_finding {
	bool error; /* it cannot work or does harm; else a warning */
	bool old;   /* it was so when we could still look */
	char text[HOSTCHECK_TEXT];
};

/* Errors come first. */
struct hostcheck {
	struct hostcheck_finding findings[HOSTCHECK_MAX];
	size_t nfindings;
	size_t nerrors; /* of these */
	size_t nmore;	/* for which there was no room */
	bool cut_off;	/* our routes keep the host from its neighbours */
};

/* Addresses whose paths hostcheck() wants to know. Returns their number. */
#define HOSTCHECK_PROBES 130
size_t hostcheck_probes(const struct nat64_config *n,
    struct prefix probes[HOSTCHECK_PROBES]);

/*
 * Compare. What conflicts with a network of the host is an error while we
 * make the routes, and a warning when the administrator does. A host that
 * has no interface but the loopback and ours gets no warnings: it is the
 * place where a file is checked, not where it is used.
 */
void hostcheck(const struct hostcheck_conf *c, const struct host *h,
    struct hostcheck *out);

#endif
