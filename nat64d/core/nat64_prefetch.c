/*
 * Fetching of table entries ahead of their use. With many sessions, looking
 * up a packet is a chain of cache misses, each of which takes as long as the
 * whole translation; here the misses of several packets overlap. Nothing is
 * decided here: a wrong guess costs time only.
 */
#include "nat64_prefetch.h"
#include "nat64_struct.h"
#include "nat64d/wire/iphdr.h"

/* Tables of up to so many sessions fit into the CPU cache. */
#define FEW_SESSIONS 4096

/* Where the lookups of a packet begin; LOOKUP_NONE: not known. */
struct lookup {
	enum { LOOKUP_NONE, LOOKUP_6, LOOKUP_4 } kind;
	enum l4proto proto;
	struct taddr6 in6;
	struct flow_place place;
};

static bool
peek_proto(uint8_t proto, enum l4proto *l4)
{
	*l4 = proto == IPPROTO_TCP ? L4_TCP : L4_UDP;
	return (proto == IPPROTO_TCP || proto == IPPROTO_UDP);
}

/*
 * A packet from IPv6 without extension headers. It has not been checked, so
 * only its length is relied on.
 */
static void
peek6(const struct nat64 *n, const struct pkt *p, struct lookup *l)
{
	const uint8_t *ip = p->data, *ports = ip + PKT_IP6_HLEN;
	struct in6_addr dst;
	struct taddr4 peer;
	int prefix;

	if (p->len < PKT_IP6_HLEN + 4 ||
	    !peek_proto(ip[PKT_IP6_NEXT], &l->proto))
		return;
	memcpy(&dst, ip + PKT_IP6_DST, sizeof(dst));
	prefix = nat64_find_prefix(n, &dst);
	if (prefix == -1 ||
	    pref64_extract(&n->prefixes[prefix].prefix, &dst, &peer.addr) ==
		-1)
		return;
	memcpy(&l->in6.addr, ip + PKT_IP6_SRC, sizeof(l->in6.addr));
	l->in6.port = get16(ports);
	peer.port = get16(ports + 2);
	l->kind = LOOKUP_6;
	l->place = session_place6(&n->sessions, l->proto, &l->in6, &peer,
	    (unsigned)prefix);
}

/* The same from IPv4, without options and unfragmented. */
static void
peek4(const struct nat64 *n, const struct pkt *p, struct lookup *l)
{
	const uint8_t *ip = p->data, *ports = ip + PKT_IP4_HLEN;
	struct taddr4 out4, peer;

	if (p->len < PKT_IP4_HLEN + 4 || ip[0] != IP4_VERSION_IHL ||
	    (get16(ip + PKT_IP4_FRAG) & (IP4_MF | IP4_OFFSET)) != 0 ||
	    !peek_proto(ip[PKT_IP4_PROTO], &l->proto))
		return;
	memcpy(&out4.addr, ip + PKT_IP4_DST, sizeof(out4.addr));
	memcpy(&peer.addr, ip + PKT_IP4_SRC, sizeof(peer.addr));
	out4.port = get16(ports + 2);
	peer.port = get16(ports);
	l->kind = LOOKUP_4;
	l->place = session_place4(&n->sessions, l->proto, &out4, &peer);
}

static void
peek(const struct nat64 *n, const struct pkt *p, struct lookup *l)
{
	l->kind = LOOKUP_NONE;
	if (p->len == 0)
		return;
	if (p->data[0] >> 4 == PKT_V6)
		peek6(n, p, l);
	else if (p->data[0] >> 4 == PKT_V4)
		peek4(n, p, l);
	if (l->kind != LOOKUP_NONE)
		__builtin_prefetch(l->place.bucket);
}

/*
 * The bucket is in the cache by now: fetch the session it refers to or, if
 * there is none, the places of the binding and the subscriber.
 */
static void
fetch(const struct nat64 *n, const struct lookup *l)
{
	const struct session *s;
	unsigned i = 0;

	if (l->kind == LOOKUP_NONE)
		return;
	s = flow_candidate(&l->place, &i);
	if (s != NULL) {
		__builtin_prefetch(s, 1);
	} else if (l->kind == LOOKUP_6) {
		bib_prefetch6(&n->bibs[l->proto], &l->in6);
		subscriber_prefetch(&n->subs, &l->in6.addr);
	}
}

void
nat64_prefetch(const struct nat64 *n, const struct pkt *pkts, unsigned n_pkts)
{
	struct lookup lookups[NAT64_BATCH];
	unsigned i;

	if (n_pkts < 2 || session_count(&n->sessions) <= FEW_SESSIONS)
		return;
	for (i = 0; i < n_pkts; i++)
		peek(n, &pkts[i], &lookups[i]);
	for (i = 0; i < n_pkts; i++)
		fetch(n, &lookups[i]);
}
