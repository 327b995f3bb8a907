/*
 * The answers about local hosts, records and special-use zones. hosts.h,
 * records.h and local_zones.c have the names.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <string.h>

#include "dns64d/policy/balance.h"
#include "hosts.h"
#include "local.h"
#include "records.h"
#include "dns64d/wire/msg.h"
#include "dns64d/policy/policy.h"
#include "dns64d/synth/reverse.h"
#include "dns64d/wire/wire.h"

/* An answer being written. */
struct reply {
	const struct local_names *names;
	const struct msg_scan *query;
	const uint8_t *name; /* of the question, or where its CNAMEs lead to */
	uint8_t target[MSG_NAME_MAX];
	uint32_t ttl;
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
	msg_build_addr4(&r->b, MSG_ANSWER, r->name, r->ttl, addr);
	r->n_records++;
}

static void
put_addr6(struct reply *r, const struct in6_addr *addr)
{
	if (!asks_for(r, MSG_T_AAAA))
		return;
	msg_build_addr6(&r->b, MSG_ANSWER, r->name, r->ttl, addr);
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

static bool
is_host(const struct reply *r)
{
	uint32_t at = HOSTS_FIRST;

	return (hosts_next_addr(r->names->hosts, r->name, &at) != NULL);
}

static void
put_host(struct reply *r)
{
	const struct hosts *hosts = r->names->hosts;
	const struct hosts_addr *addr;
	bool has_addr6 = false;
	uint32_t at = HOSTS_FIRST;

	while ((addr = hosts_next_addr(hosts, r->name, &at)) != NULL) {
		if (addr->family == AF_INET)
			put_addr4(r, addr->addr4);
		else
			put_addr6(r, &addr->addr6);
		has_addr6 |= addr->family == AF_INET6;
	}
	if (has_addr6 || r->policy->dns64 == POLICY_DNS64_NO)
		return;
	at = HOSTS_FIRST;
	while ((addr = hosts_next_addr(hosts, r->name, &at)) != NULL)
		put_synthesised(r, addr->addr4);
}

static size_t
answer_host(struct reply *r)
{
	begin(r, MSG_NOERROR);
	put_host(r);
	return (finish(r, r->name));
}

static void
put_record(struct reply *r, const struct msg_rr *rr)
{
	if (!asks_for(r, rr->type) ||
	    (rr->type == MSG_T_A && r->policy->filter_a))
		return;
	if (r->policy->filter_ipv4hint &&
	    (rr->type == MSG_T_SVCB || rr->type == MSG_T_HTTPS))
		msg_build_svcb(&r->b, MSG_ANSWER, rr, SVCB_IPV4HINT);
	else
		msg_build_copy(&r->b, MSG_ANSWER, rr);
	r->n_records++;
}

static bool
has_type(const struct msg_scan *records, uint16_t type)
{
	struct msg_rr rr = { .msg = NULL };

	return (records_next(records, type, &rr));
}

/* AAAA made of the A records (RFC 6147, 5.1.7), whose TTL they get. */
static void
put_synthesised_records(struct reply *r, const struct msg_scan *records)
{
	struct msg_rr rr = { .msg = NULL };
	struct in_addr addr;

	while (records_next(records, MSG_T_A, &rr)) {
		if (rr.rdlen != sizeof(addr))
			continue;
		memcpy(&addr, records->wire + rr.rdata, sizeof(addr));
		r->ttl = rr.ttl < r->policy->synth_ttl ? rr.ttl :
							 r->policy->synth_ttl;
		put_synthesised(r, addr);
	}
	r->ttl = LOCAL_TTL;
}

static void
put_records(struct reply *r, const struct msg_scan *records)
{
	struct msg_rr rr = { .msg = NULL };

	while (msg_rr_next(records, MSG_ANSWER, &rr))
		put_record(r, &rr);
	if (has_type(records, MSG_T_AAAA) || has_type(records, MSG_T_CNAME))
		return;
	if (!has_type(records, MSG_T_A))
		put_host(r);
	else if (r->policy->dns64 != POLICY_DNS64_NO)
		put_synthesised_records(r, records);
}

/*
 * The SOA of a denial is that of the name, if it has one, with the lower one
 * of its TTL and MINIMUM (RFC 2308, 3 and 5).
 */
static size_t
finish_records(struct reply *r, const struct msg_scan *records)
{
	struct msg_rr rr = { .msg = NULL };
	uint32_t minimum;

	if (r->n_records > 0 || records == NULL ||
	    !records_next(records, MSG_T_SOA, &rr))
		return (finish(r, r->name));
	minimum = get32(records->wire + rr.end - 4);
	if (rr.ttl > minimum)
		rr.ttl = minimum;
	msg_build_copy(&r->b, MSG_AUTHORITY, &rr);
	return (msg_build_finish(&r->b));
}

/*
 * The records of a name, or its CNAMEs and the records that they lead to
 * (RFC 1034, 4.3.2, 3a). records_check() has found the CNAMEs to end.
 */
static size_t
answer_records(struct reply *r, const struct msg_scan *records)
{
	struct msg_rr rr;
	unsigned n;

	begin(r, MSG_NOERROR);
	for (n = 0; records != NULL && n <= RECORDS_CHAIN_MAX; n++) {
		rr.msg = NULL;
		if (asks_for(r, MSG_T_CNAME) ||
		    !records_next(records, MSG_T_CNAME, &rr))
			break;
		msg_build_copy(&r->b, MSG_ANSWER, &rr);
		name_copy(records->wire, rr.rdata, r->target);
		r->name = r->target;
		records = records_find(r->names->records, r->name);
	}
	if (records != NULL)
		put_records(r, records);
	else
		put_host(r);
	return (finish_records(r, records));
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

/* The PTR records of an address inside a Pref64 (RFC 6147, 5.3.1). */
static size_t
answer_pref64(struct reply *r, struct in_addr addr)
{
	uint8_t name[REVERSE_NAME4_MAX], target[MSG_NAME_MAX];
	const struct msg_scan *records;
	struct msg_rr rr = { .msg = NULL };

	reverse_name4(addr, name);
	records = records_find(r->names->records, name);
	if (records == NULL || !has_type(records, MSG_T_PTR))
		return (0);
	begin(r, MSG_NOERROR);
	while (records_next(records, MSG_T_PTR, &rr)) {
		name_copy(records->wire, rr.rdata, target);
		msg_build_name(&r->b, MSG_ANSWER, r->name, MSG_T_PTR, rr.ttl,
		    target);
		r->n_records++;
	}
	return (finish(r, r->name));
}

/* Reverse names of local addresses, and of those in a Pref64. */
static size_t
answer_reverse(struct reply *r, bool *is_pref64)
{
	struct hosts_addr addr = { .family = AF_UNSPEC };
	const uint8_t *target;
	struct in6_addr found;
	struct in_addr addr4;
	size_t len = 0;
	int family;

	family = reverse_addr(r->name, &found);
	*is_pref64 = family == AF_INET6 &&
	    r->policy->dns64 != POLICY_DNS64_NO &&
	    policy_extract(r->policy, &found, &addr4) == 0;
	if (family == 0 || r->query->qtype != MSG_T_PTR)
		return (0);
	if (*is_pref64) {
		addr.family = AF_INET;
		addr.addr4 = addr4;
		len = answer_pref64(r, addr4);
	} else {
		addr.family = (sa_family_t)family;
		addr.addr6 = found;
	}
	if (len == 0 &&
	    (target = hosts_name_of(r->names->hosts, &addr)) != NULL)
		len = answer_ptr(r, target);
	return (len);
}

size_t
local_answer(const struct local_names *names,
    const struct dns64_policy *policy, struct balance_pick *pick,
    const struct msg_scan *query, size_t limit, uint8_t *buf,
    unsigned *n_synthesised)
{
	struct reply r = {
		.names = names,
		.query = query,
		.name = query->wire + MSG_HEADER_LEN,
		.ttl = LOCAL_TTL,
		.policy = policy,
		.pick = pick,
		.buf = buf,
		.limit = limit,
	};
	const struct msg_scan *records;
	bool is_pref64;
	size_t len = 0;

	*n_synthesised = 0;
	if (query->qclass != MSG_CLASS_IN)
		return (0);
	records = records_find(names->records, r.name);
	if (records != NULL && query->qtype != MSG_T_DS)
		len = answer_records(&r, records);
	else if ((asks_for(&r, MSG_T_A) || asks_for(&r, MSG_T_AAAA)) &&
	    is_host(&r))
		len = answer_host(&r);
	*n_synthesised = r.n_synthesised;
	if (len == 0)
		len = answer_reverse(&r, &is_pref64);
	if (len == 0 && !is_pref64)
		len = answer_zone(&r, names->zones);
	return (len);
}
