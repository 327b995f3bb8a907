#include <arpa/inet.h>

#include "nat64d/core/nat64_mapping.h"
#include "numbers.h"
#include "query.h"
#include "row.h"

static int64_t
secs_until(struct monotime end, struct monotime now)
{
	const int64_t ms = monotime_diff_ms(end, now);

	return (ms > 0 ? ms / 1000 : 0);
}

/* What bindings and their sessions have. */
static void
begin_row(struct row *r, const struct bib_entry *e)
{
	*r = (struct row){ .proto = (enum l4proto)e->proto,
		.in6 = e->in6,
		.out4 = e->out4,
		.is_static = e->is_static,
		.n_sessions = e->n_sessions };
}

void
row_of_binding(struct row *r, const struct nat64 *n, const struct bib_entry *e,
    struct monotime now)
{
	const struct nat64_mapping *m = NULL;

	begin_row(r, e);
	if (!e->held)
		return;
	while ((m = nat64_mapping_next(n, e, m)) != NULL) {
		r->n_mappings++;
		if (r->left_secs < secs_until(m->end, now))
			r->left_secs = secs_until(m->end, now);
	}
}

void
row_of_session(struct row *r, const struct nat64 *n, const struct bib_entry *e,
    const struct session *s, struct monotime now)
{
	begin_row(r, e);
	r->peer6 = nat64_peer6(n, s);
	r->peer = s->peer;
	r->left_secs = secs_until(session_expires(nat64_sessions(n), s), now);
	r->tcp_state = s->tcp_state;
	r->inbound = s->inbound;
	r->fast = s->fast != 0;
	r->gateway = s->gateway;
}

static json_t *
addr6(const struct in6_addr *a)
{
	char text[INET6_ADDRSTRLEN];

	return (json_string(inet_ntop(AF_INET6, a, text, sizeof(text))));
}

static json_t *
addr4(const struct in_addr *a)
{
	char text[INET_ADDRSTRLEN];

	return (json_string(inet_ntop(AF_INET, a, text, sizeof(text))));
}

static const char *
type_of(const struct row *r)
{
	if (r->is_static)
		return ("static");
	return (r->n_mappings > 0 ? "dynamic-explicit" : "dynamic-implicit");
}

/* The host's side, which bindings and sessions have. */
static json_t *
host_side(const struct row *r)
{
	return (json_pack("{s:s, s:s, s:o, s:i, s:o, s:i}",
	    "transport-protocol", numbers_proto(r->proto), "type", type_of(r),
	    "internal-src-address", addr6(&r->in6.addr), "internal-src-port",
	    r->in6.port, "external-src-address", addr4(&r->out4.addr),
	    "external-src-port", r->out4.port));
}

json_t *
row_binding(const struct row *r)
{
	json_t *o = host_side(r);

	json_object_set_new(o, "sessions", json_integer(r->n_sessions));
	if (r->n_mappings > 0) {
		json_object_set_new(o, "mappings",
		    json_integer(r->n_mappings));
		json_object_set_new(o, "lifetime", json_integer(r->left_secs));
	}
	return (o);
}

json_t *
row_session(const struct row *r)
{
	json_t *o = host_side(r);

	json_object_set_new(o, "internal-dst-address", addr6(&r->peer6));
	json_object_set_new(o, "external-dst-address", addr4(&r->peer.addr));
	/* The identifier of ICMP is that of the host. */
	if (r->proto != L4_ICMP) {
		json_object_set_new(o, "internal-dst-port",
		    json_integer(r->peer.port));
		json_object_set_new(o, "external-dst-port",
		    json_integer(r->peer.port));
	}
	json_object_set_new(o, "lifetime", json_integer(r->left_secs));
	if (r->proto == L4_TCP)
		json_object_set_new(o, "state",
		    json_string(query_state_name(r->tcp_state)));
	json_object_set_new(o, "opened-by",
	    json_string(r->inbound ? "peer" : "host"));
	json_object_set_new(o, "fast-path", json_boolean(r->fast));
	json_object_set_new(o, "gateway", json_boolean(r->gateway));
	return (o);
}

/* Without a limit, nothing is set. */
static void
set_limit(json_t *o, const char *name, uint32_t limit)
{
	if (limit != 0)
		json_object_set_new(o, name, json_integer(limit));
}

json_t *
row_subscriber(const struct nat64 *n, const struct row_subscriber *r)
{
	const struct subscribers *subs = nat64_subscribers(n);
	const struct subscriber *s = &r->sub;
	struct prefix p = { .family = AF_INET6,
		.len = (unsigned char)subs->prefix_len,
		.v6 = s->prefix };
	char text[PREFIX_STRLEN];
	json_t *o;

	o = json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I}", "subscriber",
	    prefix_print(&p, text, sizeof(text)), "external-src-address",
	    addr4(&r->addr), "sessions", (json_int_t)s->n_sessions, "bindings",
	    (json_int_t)subscriber_count_bindings(s), "tcp",
	    (json_int_t)s->n_bindings[L4_TCP], "udp",
	    (json_int_t)s->n_bindings[L4_UDP], "icmp",
	    (json_int_t)s->n_bindings[L4_ICMP]);
	set_limit(o, "sessions-max", subs->limits.sessions);
	set_limit(o, "port-limit", subs->limits.ports);
	if (pool4_has_blocks(nat64_pool(n), &s->prefix))
		json_object_set_new(o, "blocks",
		    json_integer((json_int_t)pool4_blocks_of(nat64_pool(n),
			&s->prefix, NULL, 0)));
	return (o);
}

json_t *
row_block(const struct nat64 *n, const struct pool4_block *block)
{
	const struct prefix p = { .family = AF_INET6,
		.len = (unsigned char)nat64_subscribers(n)->prefix_len,
		.v6 = block->holder };
	char text[PREFIX_STRLEN];

	return (json_pack("{s:s, s:o, s:I, s:I, s:I}", "subscriber",
	    prefix_print(&p, text, sizeof(text)), "external-src-address",
	    addr4(&block->addr), "start-port-number",
	    (json_int_t)block->ports.first, "end-port-number",
	    (json_int_t)block->ports.last, "ports",
	    (json_int_t)block->n_ports));
}
