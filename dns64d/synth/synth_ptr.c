/*
 * Reverse names below a Pref64, and ipv4only.arpa.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include "chain.h"
#include "dns64d/wire/msg.h"
#include "dns64d/policy/policy.h"
#include "reverse.h"
#include "synth_ptr.h"

static const uint8_t name_ipv4only[] = "\010ipv4only\004arpa";

enum ptr_kind
ptr_classify(const struct dns64_policy *p, const struct msg_scan *query,
    struct in_addr *addr4)
{
	const uint8_t *name = query->wire + MSG_HEADER_LEN;
	struct in6_addr addr6;

	/* Without DNS64 nothing is special (RFC 8880, 7.1 (4)). */
	if (query->qclass != MSG_CLASS_IN || p->dns64 == POLICY_DNS64_NO)
		return (PTR_NONE);
	if (name_equal(name, name_ipv4only))
		return (query->qtype == MSG_T_DS ? PTR_NONE : PTR_IPV4ONLY);
	if (name_is_below(name, name_ipv4only))
		return (PTR_IPV4ONLY_BELOW);
	if (query->qtype != MSG_T_PTR ||
	    reverse_addr(name, &addr6) != AF_INET6 ||
	    policy_extract(p, &addr6, addr4) == -1)
		return (PTR_NONE);
	return (policy_is_ipv4only(*addr4) ? PTR_PREF64_SPECIAL : PTR_PREF64);
}

/* Both addresses in every prefix that is used for synthesis. */
static void
build_ipv4only_aaaa(const struct dns64_policy *p, struct msg_build *b)
{
	const struct in_addr pair[] = { { htonl(POLICY_IPV4ONLY_170) },
		{ htonl(POLICY_IPV4ONLY_171) } };
	struct in6_addr addr6;
	size_t i, k;

	for (i = 0; i < p->n_prefixes; i++) {
		if (!policy_prefix_in_use(p, (int)i))
			continue;
		for (k = 0; k < 2; k++) {
			pref64_embed(&p->prefixes[i], pair[k], &addr6);
			msg_build_addr6(b, MSG_ANSWER, name_ipv4only,
			    p->ipv4only_ttl, &addr6);
		}
	}
}

/* RFC 8880, 7.1: two A, their AAAA, and nothing else. */
static void
build_ipv4only(const struct dns64_policy *p, uint16_t type,
    struct msg_build *b)
{
	const struct in_addr first = { htonl(POLICY_IPV4ONLY_170) };
	const struct in_addr second = { htonl(POLICY_IPV4ONLY_171) };

	if (type == MSG_T_A || type == MSG_T_ANY) {
		msg_build_addr4(b, MSG_ANSWER, name_ipv4only, p->ipv4only_ttl,
		    first);
		msg_build_addr4(b, MSG_ANSWER, name_ipv4only, p->ipv4only_ttl,
		    second);
	}
	if (type == MSG_T_AAAA || type == MSG_T_ANY)
		build_ipv4only_aaaa(p, b);
	if (type != MSG_T_A && type != MSG_T_AAAA && type != MSG_T_ANY)
		msg_build_soa(b, MSG_AUTHORITY, name_ipv4only,
		    p->ipv4only_ttl);
}

size_t
ptr_answer_local(const struct dns64_policy *p, const struct msg_scan *query,
    enum ptr_kind kind, size_t limit, uint8_t *buf)
{
	const uint8_t *name = query->wire + MSG_HEADER_LEN;
	struct msg_build b;

	msg_build_begin(&b, query, MSG_AA | MSG_RA,
	    kind == PTR_IPV4ONLY_BELOW ? MSG_NXDOMAIN : MSG_NOERROR, buf,
	    limit);
	switch (kind) {
	case PTR_NONE:
		break;
	case PTR_PREF64:
		msg_build_name(&b, MSG_ANSWER, name, MSG_T_PTR, p->ptr_ttl,
		    p->ptr_name);
		break;
	case PTR_PREF64_SPECIAL:
		msg_build_name(&b, MSG_ANSWER, name, MSG_T_PTR,
		    p->ipv4only_ttl, name_ipv4only);
		break;
	case PTR_IPV4ONLY:
		build_ipv4only(p, query->qtype, &b);
		break;
	case PTR_IPV4ONLY_BELOW:
		msg_build_soa(&b, MSG_AUTHORITY, name_ipv4only,
		    p->ipv4only_ttl);
		break;
	}
	return (msg_build_finish(&b));
}

/* At most the TTL of the record that the CNAME leads to, at least 1 s. */
static uint32_t
cname_ttl(const struct dns64_policy *p, const struct chain *c,
    const struct msg_rr *ptr)
{
	uint32_t ttl = c->n > 0 ? c->link[0].ttl : ptr->ttl;

	if (ttl > p->ptr_ttl)
		ttl = p->ptr_ttl;
	return (ttl == 0 ? 1 : ttl);
}

static void
build_cname(const struct dns64_policy *p, const struct msg_scan *query,
    struct chain *c, struct in_addr addr4, struct msg_build *b)
{
	struct msg_rr rr = { .msg = NULL };
	uint8_t target[REVERSE_NAME4_MAX];

	if (!chain_next(c, MSG_T_PTR, &rr))
		return;
	reverse_name4(addr4, target);
	msg_build_name(b, MSG_ANSWER, query->wire + MSG_HEADER_LEN,
	    MSG_T_CNAME, cname_ttl(p, c, &rr), target);
	chain_copy(c, query->dnssec_ok, b);
	do
		msg_build_copy(b, MSG_ANSWER, &rr);
	while (chain_next(c, MSG_T_PTR, &rr));
}

size_t
ptr_answer_cname(const struct dns64_policy *p, const struct msg_scan *query,
    const struct msg_scan *target, struct in_addr addr4, size_t limit,
    uint8_t *buf)
{
	struct msg_rr rr = { .msg = NULL };
	struct msg_build b;
	struct chain c;

	msg_build_begin(&b, query, target->flags & (MSG_AA | MSG_RA),
	    target->rcode, buf, limit);
	chain_follow(&c, target);
	if (target->rcode == MSG_NOERROR)
		build_cname(p, query, &c, addr4, &b);
	while (msg_rr_next(target, MSG_AUTHORITY, &rr))
		msg_build_copy(&b, MSG_AUTHORITY, &rr);
	return (msg_build_finish(&b));
}
