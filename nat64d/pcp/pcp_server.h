/*
 * The server of the Port Control Protocol (RFC 6887): what is answered to a
 * request, by the rules of sections 8, 11, 12 and 15. What is mapped is known
 * to a translator that the caller gives.
 */
#ifndef NAT64D_PCP_PCP_SERVER_H
#define NAT64D_PCP_PCP_SERVER_H

#include <stddef.h>

#include "common/net/pref64.h"

#include "pcp.h"

/* Of errors (RFC 6887, 7.4), and of a static mapping (11.3). */
#define PCP_SHORT_SECS 30
#define PCP_LONG_SECS (30 * 60)
#define PCP_FOREVER_SECS UINT32_MAX

/* What is to be mapped: a port of a host, or one session of it (PEER). */
struct pcp_flow {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	struct in6_addr addr;
	uint16_t port;
	bool peer; /* of PEER, with these two: */
	struct in6_addr peer_addr;
	uint16_t peer_port;
};

enum pcp_kind {
	PCP_NOTHING,
	PCP_IMPLICIT, /* made by packets; for PEER: a session with the peer */
	PCP_EXPLICIT, /* made by the same opcode, with a nonce */
	PCP_STATIC    /* configured */
};

/* What there is for a flow. */
struct pcp_mapping {
	enum pcp_kind kind;
	uint8_t nonce[PCP_NONCE_LEN]; /* PCP_EXPLICIT */
	struct in_addr addr;	      /* not of PCP_NOTHING */
	uint16_t port;
	uint32_t secs; /* until it ends if no packet comes */
};

/* What a mapping is to be. */
struct pcp_wish {
	const uint8_t *nonce; /* PCP_NONCE_LEN bytes */
	struct in_addr addr;  /* suggested; INADDR_ANY: any */
	uint16_t port;	      /* suggested; 0: any */
	bool must;	      /* these, or fail */
	uint32_t secs;	      /* its lifetime from now on */
};

/* The translator. Flows have been checked by may_use() and has_peer(). */
struct pcp_translator {
	/* May this host use it? */
	bool (*may_use)(void *arg, const struct in6_addr *host);
	/* Can a host have a session with the peer of this flow? */
	bool (*has_peer)(void *arg, const struct pcp_flow *f);
	void (
	    *find)(void *arg, const struct pcp_flow *f, struct pcp_mapping *m);
	/*
	 * Make an explicit mapping, or change the lifetime of one. On success
	 * *m is what there is now; on failure nothing has changed.
	 * PCP_NETWORK_FAILURE, PCP_NO_RESOURCES, PCP_USER_EX_QUOTA, or, only if
	 * w->must is set, PCP_CANNOT_PROVIDE_EXTERNAL.
	 */
	enum pcp_result (*map)(void *arg, const struct pcp_flow *f,
	    const struct pcp_wish *w, struct pcp_mapping *m);
	/* End an explicit mapping that find() has found. */
	void (*end)(void *arg, const struct pcp_flow *f);
	void *arg;
};

struct pcp_server {
	const struct pcp_translator *translator;
	uint32_t min_secs; /* of the lifetimes that are given */
	uint32_t max_secs;
	uint32_t epoch; /* seconds, now (RFC 6887, 8.5) */
	const struct pref64 *pref64;
	size_t n_pref64;
};

/*
 * Answer a datagram from source. Returns the length of the answer in out, or 0:
 * nothing is to be sent. result: what it says.
 */
size_t pcp_serve(const struct pcp_server *s, const struct in6_addr *source,
    const uint8_t *data, size_t len, uint8_t out[PCP_MAX],
    enum pcp_result *result);

#endif
