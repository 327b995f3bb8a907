/*
 * The stateful NAT64 (RFC 6146): packets in, packets and events out.
 *
 * A struct nat64 owns every table of one translator; a process may have any
 * number of them. It uses no device, clock, log or source of randomness: the
 * caller hands in packets, time and random numbers, and gets packets and
 * events through the sink.
 */
#ifndef NAT64D_CORE_NAT64_H
#define NAT64D_CORE_NAT64_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/net/addr.h"
#include "common/net/pref64.h"
#include "common/rng.h"
#include "common/siphash.h"

#include "nat64d/tables/bib.h"
#include "nat64d/tables/eamt.h"
#include "nat64d/tables/frag.h"
#include "nat64d/tables/permit.h"
#include "nat64d/wire/pkt.h"
#include "nat64d/pool/pool4.h"
#include "nat64d/base/ratelimit.h"
#include "nat64d/tables/session.h"
#include "nat64d/base/stats.h"
#include "nat64d/tables/subscriber.h"
#include "nat64d/xlat/xlat.h"

#define NAT64_MAX_PREFIXES 64
#define NAT64_MAX_ALGS 64

/* What decides how addresses are translated. */
enum nat64_mode {
	NAT64_STATEFUL, /* bindings and sessions, RFC 6146 */
	/* The mappings, then the Pref64 (nat64_siit.h): */
	NAT64_CLAT, /* the IPv4 side is ours, RFC 6877 */
	NAT64_SIIT  /* the IPv6 side is ours, RFC 7755 */
};

/* A static binding of the configuration (RFC 6146, 3.1). */
struct nat64_static {
	enum l4proto proto;
	struct taddr4 out4;
	struct taddr6 in6;
};

/* A destination that is not translated (RFC 6888, REQ-6). */
struct nat64_exclude {
	struct in_addr addr; /* host bits zero */
	uint8_t len;	     /* bits */
	bool any_proto;
	enum l4proto proto;
	struct port_range ports; /* of the IPv4 side; not for ICMP */
};

/* Clients and a port of servers between which there is a gateway for FTP. */
struct nat64_alg_rule {
	struct prefix clients; /* IPv6 */
	uint16_t port;
};

/* Port control (nat64_pcp.h). */
struct nat64_pcp_conf {
	bool on;
	uint32_t min_secs; /* lifetimes of mappings, RFC 6887, 15 */
	uint32_t max_secs;
	uint32_t per_subscriber; /* most mappings; 0: no limit */
};

/*
 * Everything that can be configured; nat64d.conf(5) explains it. Arrays are
 * borrowed by nat64_new() for the duration of the call. nat64_config_init()
 * sets the defaults.
 */
struct nat64_config {
	struct pref64 prefixes[NAT64_MAX_PREFIXES];
	size_t n_prefixes;
	const struct pool4_range *pool;
	size_t n_pool; /* 0: no pool until nat64_set_pool() */
	struct pool4_opts pool_opts;
	uint32_t restart_quarantine_secs; /* of all ports; 0: none */
	bool soft_pooling;
	const struct nat64_static *statics;
	size_t n_statics;
	const struct nat64_exclude *excludes;
	size_t n_excludes;
	const struct permit_rule *permits; /* who may use it; none: all */
	size_t n_permits;
	enum nat64_mode mode;	/* of NAT64_CLAT there may be no prefix */
	const struct eam *maps; /* not NAT64_STATEFUL: RFC 7757 */
	size_t n_maps;

	/* Source of our own ICMP errors; INADDR_ANY or "::": none are sent. */
	struct in_addr self4;
	struct in6_addr self6;

	/* Stateless: source of errors from IPv6 nodes without counterpart. */
	struct in_addr router4;
	bool node_id; /* and their address in it: nat64_siit.h, nat64_icmp.h */

	struct xlat_conf xlat;
	uint32_t lifetime_secs[SESSION_NCLASSES];
	struct session_port lifetime_ports[SESSION_MAX_PORTS];
	unsigned n_lifetime_ports;
	struct frag_limits frag;

	bool adf[L4_NPROTO];	 /* address-dependent filtering */
	bool wkp_nonglobal_ok;	 /* against RFC 6052, 3.1 */
	bool unbound_errors;	 /* RFC 6146, 3.5.1, 3.5.3 */
	bool refuse_inbound_tcp; /* RFC 6146, 3.5.2.2 */
	bool refuse_echo6;	 /* RFC 6146, 3.5.3 */
	bool inbound_refresh;	 /* RFC 4787, REQ-6 */
	bool rst_refreshes;	 /* as RFC 6146 has it, against
				    RFC 7857, 2.2 */
	bool reset_unknown_tcp;	 /* RFC 9293, 3.10.7.1, towards IPv6 */
	bool check_inner_ip;	 /* RFC 5508, REQ-3a */
	bool first_frag_errors;	 /* RFC 7112: 4/3 for cut header chains */
	bool pool_echo;		 /* answer echo to self4 in the pool */
	bool remap_fragment_id;	 /* RFC 7857, 10 */

	struct nat64_alg_rule algs[NAT64_MAX_ALGS]; /* "alg ftp" */
	unsigned n_algs;
	struct nat64_pcp_conf pcp;

	size_t max_sessions;
	size_t max_bindings; /* 0: what the pool can hold */
	size_t max_inbound;  /* sessions; 0: a quarter of max_sessions */
	uint32_t max_sessions_per_binding;
	unsigned subscriber_len; /* bits */
	struct subscriber_limits subscriber;
	/* Percent of ports in use that are reported; 0: none. */
	unsigned warn_pool;
	unsigned warn_subscriber; /* of subscriber.ports, or of those in the
				     blocks that it may have */
	unsigned max_stored_syns; /* RFC 6146, 5.3 */
	unsigned max_stored_syns_per_peer;

	struct bucket_rate errors;	/* RFC 4443, 2.4 (f) */
	struct bucket_rate errors_dest; /* per_sec 0 in either: none */

	slab_hint_fn memory_hint;  /* called for each large block; or NULL */
	struct siphash_key secret; /* 128 random bits of this boot */
};

void nat64_config_init(struct nat64_config *c);

enum nat64_event_type {
	NAT64_EV_BIB_CREATE,
	NAT64_EV_BIB_DELETE,
	NAT64_EV_SESSION_CREATE,
	NAT64_EV_SESSION_DELETE,
	NAT64_EV_ADDRESS_CREATE, /* a subscriber's first binding */
	NAT64_EV_ADDRESS_DELETE, /* its last one was deleted */
	NAT64_EV_BLOCK_ALLOCATE, /* a subscriber has got a block of ports */
	NAT64_EV_BLOCK_RELEASE,	 /* and has it no longer */
	NAT64_EV_THRESHOLD,	 /* limit: percent; in6: of a subscriber, or
				    NULL: of the pool. Use has reached it */
	NAT64_EV_THRESHOLD_LEFT, /* and is well below it again */
	NAT64_EV_POOL_EXHAUSTED, /* out4: the address without free ports, or
				    NULL: no address has any */
	NAT64_EV_QUOTA,		 /* quota, limit: what was exceeded */
	NAT64_EV_PACKET_DROPPED, /* sink.trace: each; sink.event: one that
				    an RFC wants to be logged */
	NAT64_EV_ERROR_SENT,	 /* sink.trace: an ICMP error of ours */
	NAT64_EV_ERROR_LIMITED,	 /* sink.trace: the rate forbids one */
	NAT64_EV_RESET_SENT	 /* sink.trace: an RST of ours */
};

/* The limit exceeded; the first five are the sub-types of RFC 8158, 4.4. */
enum nat64_quota {
	NAT64_QUOTA_SESSIONS = 1, /* in all */
	NAT64_QUOTA_BINDINGS,	  /* in all */
	NAT64_QUOTA_SUBSCRIBER,	  /* any limit of one subscriber */
	NAT64_QUOTA_SUBSCRIBERS,
	NAT64_QUOTA_FRAGMENTS, /* waiting */
	NAT64_QUOTA_INBOUND,   /* sessions opened from IPv4 */
	NAT64_NQUOTAS
};

/* What happened to the tables; pointers are valid during the call. */
struct nat64_event {
	enum nat64_event_type type;
	enum l4proto proto;
	const struct taddr6 *in6;      /* (X',x), or NULL; address and block
					  events: the subscriber's prefix,
					  port 0 */
	const struct taddr4 *out4;     /* (T,t), or NULL; address and block
					  events: T */
	unsigned subscriber_len;       /* address and block events: bits of
					  in6; NAT64_EV_QUOTA: likewise, or 0 */
	struct port_range ports;       /* block events: ports of T, the same
					  of each protocol */
	const struct session *session; /* session events */
	struct in6_addr peer6;	       /* session events with in6: Y' */
	enum nat64_reason reason;      /* NAT64_EV_QUOTA, and with pkt */
	enum nat64_quota quota;	       /* NAT64_EV_QUOTA */
	uint64_t limit;		       /* NAT64_EV_QUOTA: the value */
	uint64_t max;		       /* NAT64_EV_THRESHOLD: the ports of
					  which limit is a percentage */
	const char *statement;	       /* NAT64_EV_QUOTA: what sets it */
	const struct in_addr *peer4;   /* sender from IPv4, or NULL */
	const struct pkt *pkt;	       /* NAT64_EV_PACKET_DROPPED and after:
					  family (0: unknown), proto,
					  addresses; an error or RST was
					  sent to its source */
	bool pkt_ports;		       /* pkt has sport and dport */
	bool pkt_icmp;		       /* pkt has icmp_type and icmp_code */
	uint8_t icmp_type;	       /* NAT64_EV_ERROR_SENT */
	uint8_t icmp_code;
};

struct nat64_sink {
	/*
	 * A packet leaves: complete, parsed, of p->family. The bytes are
	 * the sink's only during the call.
	 */
	void (*emit)(void *arg, struct pkt *p);
	/* NULL: not wanted. */
	void (*event)(void *arg, const struct nat64_event *ev);
	/* Packets that go no further, for debugging. NULL: not wanted. */
	void (*trace)(void *arg, const struct nat64_event *ev);
	void *arg;
};

enum nat64_verdict {
	NAT64_SENT,    /* translated, something was emitted */
	NAT64_REPLIED, /* answered: an ICMP error, an RST or an echo reply */
	NAT64_HELD,    /* a fragment waits, or a SYN is stored */
	NAT64_DROPPED  /* nothing was emitted */
};

struct nat64;

/*
 * Buffers for packets that the translator makes itself, such as errors and
 * fragments. Nothing is kept in them between two calls, so one workspace is
 * enough for all translators of a thread.
 */
struct nat64_workspace;

/* Returns NULL with errno ENOMEM. */
struct nat64_workspace *nat64_workspace_new(void);
void nat64_workspace_free(struct nat64_workspace *ws);

/*
 * A translator. The sink, and what rng points to, must outlive it. Returns
 * NULL with errno ENOMEM, or EINVAL for a configuration that no parser
 * would let pass (prefixes or pool invalid, a static binding twice).
 */
struct nat64 *nat64_new(const struct nat64_config *c,
    const struct nat64_sink *sink, const struct rng *rng, struct monotime now);
void nat64_free(struct nat64 *n);

/*
 * Translate one packet (RFC 6146, 3). p: data, len and ofl set, storage with
 * PKT_HEADROOM before data. It is overwritten. reason (may be NULL): why it
 * went no further, also with NAT64_REPLIED and NAT64_HELD; NAT64_NONE when it
 * was sent.
 */
enum nat64_verdict nat64_input(struct nat64 *n, struct nat64_workspace *ws,
    struct pkt *p, struct monotime now, enum nat64_reason *reason);

/*
 * The same for several packets, in their order. Faster than one by one when
 * there are many sessions: the table entries of NAT64_BATCH packets at a time
 * are fetched into the cache together.
 */
#define NAT64_BATCH 8
void nat64_input_batch(struct nat64 *n, struct nat64_workspace *ws,
    struct pkt *pkts, unsigned n_pkts, struct monotime now);

/*
 * Handle what is due at now: sessions, with their stored SYNs, fragmented
 * datagrams, ports in quarantine and idle subscribers; at most max of each.
 * Returns true when more sessions or datagrams are due.
 */
bool nat64_expire(struct nat64 *n, struct nat64_workspace *ws,
    struct monotime now, unsigned max);

/* When nat64_expire() has to be called next; false: nothing is pending. */
bool nat64_next_expiry(const struct nat64 *n, struct monotime *when);

/*
 * Remove all sessions and dynamic bindings that there are (SIGHUP). From now
 * on a packet is treated as if they were gone: one of a known session is one
 * of an unknown session, and may open it anew. Fragments are forgotten at
 * once. Sessions are removed by nat64_flush(), at most max in one call; to be
 * called until it returns false. Those that are opened meanwhile stay. If
 * nat64_flush_begin() is called again before that, these are removed as well.
 * The packets of a session on the fast path pass until it is removed.
 */
void nat64_flush_begin(struct nat64 *n);
bool nat64_flush(struct nat64 *n, struct monotime now, unsigned max);

/*
 * Use another configuration from now on, whole or not at all. c and its arrays
 * are borrowed for the call, statics until nat64_settle() has returned false.
 * secret, restart_quarantine_secs and memory_hint stay as they are; the limit
 * of sessions does not change the size of the lookup tables.
 *
 * Packets are treated by it at once. Sessions that it allows live on, with its
 * timeouts from their last packet on. Those that it does not allow end, and
 * are reported: their prefix or pool address or port is not configured any
 * more, their host is not permitted or has another pool now, or their peer is
 * excluded; or their binding is in the way of a static one. A packet that finds
 * such a session before nat64_settle() has got there ends it. The packets of a
 * session on the fast path pass until then. A static binding that is not
 * configured any more becomes dynamic if it has sessions, else it ends.
 *
 * Returns 0, or -1 with errno, and nothing has changed: EBUSY when the change
 * before has not been settled, ENOMEM, or EINVAL for what nat64_new() refuses,
 * another subscriber_len, or fair shares if n was made without.
 */
int nat64_reconfigure(struct nat64 *n, const struct nat64_config *c);

/*
 * Go on with that: look at no more than about max sessions, bindings and ports.
 * To be called until it returns false.
 */
bool nat64_settle(struct nat64 *n, struct monotime now, unsigned max);

/*
 * Static bindings of the last configuration that could not be made, because
 * memory was short or their address is not in the pool.
 */
size_t nat64_statics_refused(const struct nat64 *n);

/*
 * Send ICMPv6 errors from another address from now on; "::": send none. It
 * must lie outside every Pref64.
 */
void nat64_set_self6(struct nat64 *n, const struct in6_addr *self6);

/*
 * Use this prefix from now on, instead of all there were; NULL: none, and IPv4
 * hosts are told that there is no way. For NAT64_CLAT.
 */
void nat64_set_prefix(struct nat64 *n, const struct pref64 *p);

/*
 * Use another pool: n_pool (0: none for now), pool, n_statics, statics and
 * self4 of c, borrowed for the call. All sessions and bindings of the old pool
 * are deleted and reported, and the tables are made anew, as the old addresses
 * may belong to another host now. Returns 0, or -1 with errno: EINVAL for an
 * invalid pool, and nothing has changed; ENOMEM, or EINVAL for a static
 * binding, and n can only be freed.
 */
int nat64_set_pool(struct nat64 *n, const struct nat64_config *c,
    struct monotime now);

/*
 * Use other MTUs from now on, in bytes; 0 leaves one as it is. An IPv6 MTU
 * below 1280 counts as 1280 (RFC 8200, 5).
 */
void nat64_set_mtu(struct nat64 *n, uint32_t mtu4, uint32_t mtu6);

/*
 * Hand established sessions over to this fast path from now on (nat64_fast.h),
 * and share the counters of IPv4 identifications with it; NULL (default): none.
 * The sessions that are on the present one are taken back first. ops is
 * borrowed until the next call or nat64_free().
 */
void nat64_set_fastpath(struct nat64 *n, const struct fastpath_ops *ops);

/* The present MTUs and rules of header translation. */
const struct xlat_conf *nat64_xlat(const struct nat64 *n);

/* Call sink.trace, if there is one, from now on or no longer. */
void nat64_set_trace(struct nat64 *n, bool on);

/*
 * Another process is about to get the sessions (nat64_restore.h), and can go on
 * with a gateway only when nothing is half done there. on: segments in which
 * clients say something new are dropped when nothing of them is held, as they
 * will be sent again; so that replies and acknowledgments come to an end. The
 * second one tells whether all gateways have come to rest.
 */
void nat64_rest_gateways(struct nat64 *n, bool on);
bool nat64_gateways_rest(const struct nat64 *n);

/*
 * What happens to sessions, for whoever copies them to another node
 * (nat64_copy.h): fn is called for one that is new, whose TCP state or Pref64
 * is another, or that is about to be removed; and once after each copy for one
 * with a gateway, when its numbers may be others. Restored sessions are not
 * new. NULL (default): nobody.
 */
enum nat64_change {
	NAT64_CHANGE_NEW,
	NAT64_CHANGE_STATE,
	NAT64_CHANGE_NUMBERS,
	NAT64_CHANGE_END
};
typedef void nat64_change_fn(void *arg, const struct session *s,
    enum nat64_change what);
void nat64_set_changes(struct nat64 *n, nat64_change_fn *fn, void *arg);

/* Count a packet that was emitted and that the device refused. */
void nat64_count_device_drop(struct nat64 *n);

/*
 * For reading; valid as long as n. The configuration has the values in use, but
 * its arrays are those of the caller of nat64_new() or nat64_set_pool().
 */
const struct nat64_config *nat64_config(const struct nat64 *n);
const struct nat64_stats *nat64_stats(const struct nat64 *n);
const struct bib *nat64_bib(const struct nat64 *n, enum l4proto proto);
const struct session_table *nat64_sessions(const struct nat64 *n);
const struct pool4 *nat64_pool(const struct nat64 *n);
const struct subscribers *nat64_subscribers(const struct nat64 *n);
const struct frag_table *nat64_frags(const struct nat64 *n);

/* Y': the peer of a session, embedded in the Pref64 that it uses. */
struct in6_addr nat64_peer6(const struct nat64 *n, const struct session *s);

/* Is the threshold of the pool reached for a protocol? */
bool nat64_pool_is_high(const struct nat64 *n, enum l4proto proto);

/* For how many subscribers is theirs, of any protocol? */
size_t nat64_subscribers_high(const struct nat64 *n);

/* How many SYNs are stored. */
unsigned nat64_stored_syns(const struct nat64 *n);

#endif
