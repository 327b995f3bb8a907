/*
 * Does a configuration fit the host? Compares it with a snapshot of the host's
 * network and reports what cannot work, what does harm, and what prevents
 * translation, each with the setting to change.
 *
 * Makes no system calls: hostview.h takes the snapshot.
 */
#ifndef NAT64D_HOST_HOSTCHECK_H
#define NAT64D_HOST_HOSTCHECK_H

#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "nat64d/core/nat64.h"

/* Settings have the values of Linux. */
#define HOST_UNKNOWN (-1)
#define HOST_RP_STRICT 1 /* RFC 3704, 2.2 */

struct host_settings {
	int forward4;
	int forward6;
	int rp_filter; /* the larger of "all" and the interface's applies */
	int proxy_arp; /* on if either is */
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

/* A neighbour in the ARP cache, or an address that proxy ARP answers for. */
struct host_neigh {
	struct in_addr addr;
	size_t ifn; /* index in ifs */
	bool proxy; /* proxy ARP answers for it */
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
	size_t n_ifs;
	struct host_addr *addrs;
	size_t n_addrs;
	struct host_path *paths; /* of hostcheck_probes() */
	size_t n_paths;
	struct host_neigh *neighs;
	size_t n_neighs;
	struct host_chain chains[HOST_CHAINS];
	size_t n_chains;
	bool chains_old; /* as read before privileges were dropped */
	/* The commands that enable forwarding, for messages. */
	const char *to_forward4;
	const char *to_forward6;
};

struct hostcheck_conf {
	const struct nat64_config *nat64;
	const char *tun; /* our interface, which need not exist yet */
	bool routes;	 /* we add the routes */
	bool running;	 /* the interface is up, and routes are there */
};

#define HOSTCHECK_MAX 16 /* findings */
#define HOSTCHECK_TEXT 256

struct hostcheck_finding {
	bool error; /* else a warning */
	bool old;   /* as read before privileges were dropped */
	char text[HOSTCHECK_TEXT];
};

/* Errors come first. */
struct hostcheck {
	struct hostcheck_finding findings[HOSTCHECK_MAX];
	size_t n_findings;
	size_t n_errors; /* of these */
	size_t n_more;	 /* left out for lack of room */
	bool cut_off;	 /* our routes cut the host off from a network */
};

/* Addresses whose paths hostcheck() wants to know. Returns their number. */
#define HOSTCHECK_PROBES 131
size_t hostcheck_probes(const struct nat64_config *n,
    struct prefix probes[HOSTCHECK_PROBES]);

/*
 * Compare. A conflict with a network of the host is an error when we add the
 * routes, and a warning when the administrator does. A host without interfaces
 * other than the loopback and ours gets no warnings: a file is checked there
 * and used elsewhere.
 */
void hostcheck(const struct hostcheck_conf *c, const struct host *h,
    struct hostcheck *out);

#endif
