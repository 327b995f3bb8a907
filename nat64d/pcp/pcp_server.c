/*
 * Decisions about requests. An answer is made of what is in struct reply; what
 * a translator has done for a request that fails has been undone by itself.
 */
#include <string.h>

#include "pcp_server.h"
#include "pcp_wire.h"

/* A request being answered. */
struct reply {
	const struct pcp_server *s;
	const struct pcp_request *r;
	struct pcp_flow flow;
	struct pcp_mapping found;
	struct pcp_assigned assigned;
	uint32_t error_secs;
};

/* How long the same request will fail (RFC 6887, 7.4). */
static uint32_t
secs_of(enum pcp_result result)
{
	switch (result) {
	case PCP_NETWORK_FAILURE:
	case PCP_NO_RESOURCES:
	case PCP_USER_EX_QUOTA:
	case PCP_CANNOT_PROVIDE_EXTERNAL:
		return (PCP_SHORT_SECS);
	default:
		return (PCP_LONG_SECS);
	}
}

static struct in6_addr
mapped(struct in_addr a)
{
	struct in6_addr mapped = { 0 };

	mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
	memcpy(mapped.s6_addr + 12, &a, sizeof(a));
	return (mapped);
}

/*
 * The IPv4 address that is suggested: any for "::" and ::ffff:0.0.0.0
 * (RFC 6887, 5). False for another IPv6 address, which no NAT64 has.
 */
static bool
suggested_addr(const struct pcp_request *r, struct in_addr *a)
{
	a->s_addr = INADDR_ANY;
	if (IN6_IS_ADDR_V4MAPPED(&r->suggested))
		memcpy(a, r->suggested.s6_addr + 12, sizeof(*a));
	else
		return (IN6_IS_ADDR_UNSPECIFIED(&r->suggested));
	return (true);
}

/* Is the mapping what is suggested, as far as anything is? */
static bool
is_suggested(const struct pcp_request *r, const struct pcp_mapping *m)
{
	struct in_addr addr;

	return (suggested_addr(r, &addr) &&
	    (addr.s_addr == INADDR_ANY || addr.s_addr == m->addr.s_addr) &&
	    (r->suggested_port == 0 || r->suggested_port == m->port));
}

/* An answer that names the mapping m. */
static enum pcp_result
assign(struct reply *re, const struct pcp_mapping *m, uint32_t secs)
{
	re->assigned = (struct pcp_assigned){ mapped(m->addr), m->port, secs };
	return (PCP_SUCCESS);
}

/* Another client of the same address has made it (RFC 6887, 11.3, 12.3). */
static bool
is_anothers(const struct reply *re)
{
	return (re->found.kind == PCP_EXPLICIT &&
	    memcmp(re->found.nonce, re->r->nonce, PCP_NONCE_LEN) != 0);
}

static uint32_t
clamp(const struct pcp_server *s, uint32_t secs)
{
	if (secs < s->min_secs)
		return (s->min_secs);
	return (secs > s->max_secs ? s->max_secs : secs);
}

static enum pcp_result
map(struct reply *re, bool must, uint32_t secs)
{
	struct pcp_wish wish = { .nonce = re->r->nonce,
		.port = re->r->suggested_port,
		.must = must,
		.secs = secs };
	struct pcp_mapping m;
	enum pcp_result result;

	if (!suggested_addr(re->r, &wish.addr) && must)
		return (PCP_CANNOT_PROVIDE_EXTERNAL);
	result = re->s->translator->map(re->s->translator->arg, &re->flow,
	    &wish, &m);
	if (result != PCP_SUCCESS)
		return (result);
	return (assign(re, &m, secs));
}

/*
 * MAP with lifetime 0 (RFC 6887, 15.1). Only what MAP has made can be deleted;
 * what does not exist is deleted already, as the request may be a repeated one.
 */
static enum pcp_result
unmap(struct reply *re)
{
	const struct pcp_translator *t = re->s->translator;

	if (re->found.kind == PCP_STATIC || re->found.kind == PCP_IMPLICIT)
		return (PCP_NOT_AUTHORIZED);
	if (re->found.kind == PCP_EXPLICIT)
		t->end(t->arg, &re->flow);
	re->assigned = (struct pcp_assigned){ re->r->suggested,
		re->r->suggested_port, 0 };
	return (PCP_SUCCESS);
}

static bool
is_supported(uint8_t proto)
{
	return (proto == IPPROTO_TCP || proto == IPPROTO_UDP);
}

static void
find(struct reply *re)
{
	const struct pcp_translator *t = re->s->translator;

	t->find(t->arg, &re->flow, &re->found);
}

/* MAP (RFC 6887, 11.3 and 15.1). */
static enum pcp_result
serve_map(struct reply *re)
{
	const struct pcp_request *r = re->r;

	if (r->proto == 0 && r->port != 0)
		return (PCP_MALFORMED_REQUEST);
	/* Neither all ports nor all protocols can be mapped. */
	if (r->port == 0 || !is_supported(r->proto))
		return (r->lifetime == 0 ? unmap(re) : PCP_UNSUPP_PROTOCOL);
	find(re);
	if (is_anothers(re)) {
		re->error_secs = re->found.secs;
		return (PCP_NOT_AUTHORIZED);
	}
	if (r->lifetime == 0)
		return (unmap(re));
	if (re->found.kind != PCP_NOTHING && r->prefer_failure &&
	    !is_suggested(r, &re->found))
		return (PCP_CANNOT_PROVIDE_EXTERNAL);
	if (re->found.kind == PCP_STATIC)
		return (assign(re, &re->found, PCP_FOREVER_SECS));
	return (map(re, r->prefer_failure, clamp(re->s, r->lifetime)));
}

/*
 * PEER (RFC 6887, 12.3 and 15). It never shortens a lifetime: lifetime 0 asks
 * for the shortest that is given. The suggestion counts where there is no
 * session yet, and then has to be met.
 */
static enum pcp_result
serve_peer(struct reply *re)
{
	const struct pcp_request *r = re->r;
	const struct pcp_translator *t = re->s->translator;
	uint32_t secs = clamp(re->s, r->lifetime);
	bool must;

	if (r->proto == 0 || r->port == 0 || r->peer_port == 0)
		return (PCP_MALFORMED_REQUEST);
	if (!is_supported(r->proto))
		return (PCP_UNSUPP_PROTOCOL);
	re->flow.peer = true;
	re->flow.peer_addr = r->peer;
	re->flow.peer_port = r->peer_port;
	if (!t->has_peer(t->arg, &re->flow))
		return (PCP_MALFORMED_REQUEST);
	find(re);
	if (is_anothers(re)) {
		re->error_secs = re->found.secs;
		return (PCP_NOT_AUTHORIZED);
	}
	if (secs < re->found.secs)
		secs = re->found.secs;
	must =
	    re->found.kind != PCP_EXPLICIT && re->found.kind != PCP_IMPLICIT;
	return (map(re, must, secs));
}

static enum pcp_result
serve(struct reply *re)
{
	const struct pcp_translator *t = re->s->translator;

	if (!t->may_use(t->arg, &re->r->client))
		return (PCP_NOT_AUTHORIZED);
	re->flow = (struct pcp_flow){ .proto = re->r->proto,
		.addr = re->r->client,
		.port = re->r->port };
	switch (re->r->opcode) {
	case PCP_MAP:
		return (serve_map(re));
	case PCP_PEER:
		return (serve_peer(re));
	case PCP_ANNOUNCE:
		break;
	}
	return (PCP_SUCCESS);
}

size_t
pcp_serve(const struct pcp_server *s, const struct in6_addr *source,
    const uint8_t *data, size_t len, uint8_t out[PCP_MAX],
    enum pcp_result *result)
{
	struct pcp_request r;
	struct reply re = { .s = s, .r = &r };

	switch (pcp_parse(data, len, source, &r, result)) {
	case PCP_IGNORED:
		return (0);
	case PCP_REFUSED:
		return (pcp_error(out, data, len, *result, secs_of(*result),
		    s->epoch, false));
	case PCP_PARSED:
		break;
	}
	*result = serve(&re);
	if (*result == PCP_SUCCESS)
		return (pcp_success(out, &r, &re.assigned, s->epoch, s->pref64,
		    s->n_pref64));
	if (re.error_secs == 0)
		re.error_secs = secs_of(*result);
	return (
	    pcp_error(out, data, len, *result, re.error_secs, s->epoch, true));
}
