/*
 * The answers about local hosts and special-use zones. hosts.h and
 * local_zones.c have the names.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <string.h>

#include "dns64d/policy/balance.h"
#include "hosts.h"
#include "local.h"
#include "dns64d/wire/msg.h"
#include "dns64d/policy/policy.h"
#include "dns64d/synth/reverse.h"

/* An answer being written. */
struct reply {
	const struct msg_scan *query;
	const uint8_t *name; /* of the question */
	const struct dns64_policy *policy;
	struct balance_pick *pick;
	struct msg_build b;
	uint8_t *buf;
	size_t limit;
	unsigned n_records;
	unsigned n_synthesised;
};

static void
begin(struct reply *r, unsigned rcode)
{
	msg_build_begin(&r->b, r->query, MSG_AA | MSG_RA, rcode, r->buf,
	    r->limit);
}

/* A denial gets an SOA, or it could not be cached (RFC 2308, 5). */
static size_t
finish(struct reply *r, const uint8_t *apex)
{
	if (r->n_records == 0)
		msg_build_soa(&r->b, MSG_AUTHORITY, apex, LOCAL_TTL);
	return (msg_build_finish(&r->b));
}

static bool
asks_for(const struct reply *r, uint16_t type)
{
	return (r->query->qtype == type || r->query->qtype == MSG_T_ANY);
}

static void
put_addr4(struct reply *r, struct in_addr addr)
{
	if (!asks_for(r, MSG_T_A) || r->policy->filter_a)
		return;
	msg_build_addr4(&r->b, MSG_ANSWER, r->name, LOCAL_TTL, addr);
	r->n_records++;
}

static void
put_addr6(struct reply *r, const struct in6_addr *addr)
{
	if (!asks_for(r, MSG_T_AAAA))
		return;
	msg_build_addr6(&r->b, MSG_ANSWER, r->name, LOCAL_TTL, addr);
	r->n_records++;
}

static void
put_synthesised(struct reply *r, struct in_addr addr)
{
	struct in6_addr out[POLICY_PREFIXES_MAX];
	unsigned before = r->n_records;
	size_t i, n;

	n = balance_synthesise(r->pick, r->policy, addr, out);
	for (i = 0; i < n; i++)
		put_addr6(r, &out[i]);
	r->n_synthesised += r->n_records - before;
}

static size_t
answer_host(const struct hosts *hosts, struct reply *r)
{
	const struct hosts_addr *addr;
	bool has_addr6 = false;
	uint32_t at = HOSTS_FIRST;

	begin(r, MSG_NOERROR);
	while ((addr = hosts_next_addr(hosts, r->name, &at)) != NULL) {
		if (addr->family == AF_INET)
			put_addr4(r, addr->addr4);
		else
			put_addr6(r, &addr->addr6);
		has_addr6 |= addr->family == AF_INET6;
	}
	if (has_addr6 || r->policy->dns64 == POLICY_DNS64_NO)
		return (finish(r, r->name));
	at = HOSTS_FIRST;
	while ((addr = hosts_next_addr(hosts, r->name, &at)) != NULL)
		put_synthesised(r, addr->addr4);
	return (finish(r, r->name));
}

static size_t
answer_ptr(struct reply *r, const uint8_t *target)
{
	begin(r, MSG_NOERROR);
	msg_build_name(&r->b, MSG_ANSWER, r->name, MSG_T_PTR, LOCAL_TTL,
	    target);
	r->n_records++;
	return (finish(r, r->name));
}

static size_t
answer_localhost(struct reply *r, const uint8_t *apex)
{
	const struct in_addr addr4 = { htonl(INADDR_LOOPBACK) };

	begin(r, MSG_NOERROR);
	put_addr4(r, addr4);
	put_addr6(r, &in6addr_loopback);
	return (finish(r, apex));
}

/* An empty zone has SOA and NS at its apex (RFC 6303, 3). */
static size_t
answer_empty(struct reply *r, const uint8_t *apex)
{
	if (r->name != apex) {
		begin(r, MSG_NXDOMAIN);
		return (finish(r, apex));
	}
	/* DS belongs to the parent zone (RFC 4035, 3.1.4.1). */
	if (r->query->qtype == MSG_T_DS)
		return (0);
	begin(r, MSG_NOERROR);
	if (asks_for(r, MSG_T_SOA)) {
		msg_build_soa(&r->b, MSG_ANSWER, apex, LOCAL_TTL);
		r->n_records++;
	}
	if (asks_for(r, MSG_T_NS)) {
		msg_build_name(&r->b, MSG_ANSWER, apex, MSG_T_NS, LOCAL_TTL,
		    apex);
		r->n_records++;
	}
	return (finish(r, apex));
}

static size_t
answer_zone(struct reply *r, enum local_zones zones)
{
	const uint8_t *apex;

	switch (local_zone_find(r->name, zones, &apex)) {
	case LOCAL_ZONE_NONE:
		break;
	case LOCAL_ZONE_ABSENT:
		begin(r, MSG_NXDOMAIN);
		return (finish(r, apex));
	case LOCAL_ZONE_EMPTY:
		return (answer_empty(r, apex));
	case LOCAL_ZONE_LOCALHOST:
		return (answer_localhost(r, apex));
	}
	return (0);
}

/* The host whose address a reverse name has, also inside a Pref64. */
static const uint8_t *
reverse_target(const struct hosts *hosts, const struct reply *r,
    bool *is_pref64)
{
	struct hosts_addr addr = { .family = AF_UNSPEC };
	struct in6_addr found;
	struct in_addr addr4;
	int family;

	family = reverse_addr(r->name, &found);
	*is_pref64 = family == AF_INET6 &&
	    r->policy->dns64 != POLICY_DNS64_NO &&
	    policy_extract(r->policy, &found, &addr4) == 0;
	if (family == 0)
		return (NULL);
	if (*is_pref64) {
		addr.family = AF_INET;
		addr.addr4 = addr4;
	} else {
		addr.family = (sa_family_t)family;
		addr.addr6 = found;
	}
	return (hosts_name_of(hosts, &addr));
}

size_t
local_answer(const struct hosts *hosts, enum local_zones zones,
    const struct dns64_policy *policy, struct balance_pick *pick,
    const struct msg_scan *query, size_t limit, uint8_t *buf,
    unsigned *n_synthesised)
{
	struct reply r = {
		.query = query,
		.name = query->wire + MSG_HEADER_LEN,
		.policy = policy,
		.pick = pick,
		.buf = buf,
		.limit = limit,
	};
	const uint8_t *target;
	uint32_t at = HOSTS_FIRST;
	bool is_pref64;
	size_t len;

	*n_synthesised = 0;
	if (query->qclass != MSG_CLASS_IN)
		return (0);
	if ((asks_for(&r, MSG_T_A) || asks_for(&r, MSG_T_AAAA)) &&
	    hosts_next_addr(hosts, r.name, &at) != NULL) {
		len = answer_host(hosts, &r);
		*n_synthesised = r.n_synthesised;
		return (len);
	}
	target = reverse_target(hosts, &r, &is_pref64);
	if (target != NULL && query->qtype == MSG_T_PTR)
		return (answer_ptr(&r, target));
	return (is_pref64 ? 0 : answer_zone(&r, zones));
}
