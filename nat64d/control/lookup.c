/*
 * GET /v1/lookup: whose a transport address is, from either side.
 */
#include "nat64d/admin.h"
#include "nat64d/engine.h"

#include "numbers.h"
#include "query.h"
#include "routes.h"
#include "row.h"

/* The subscriber of a binding, in words of row_subscriber(). */
static void
add_binding(json_t *list, const struct nat64 *n, const struct bib_entry *e)
{
	const struct subscribers *subs = nat64_subscribers(n);
	struct prefix p = { .family = AF_INET6,
		.len = (unsigned char)subs->prefix_len,
		.v6 = e->sub->prefix };
	char text[PREFIX_STRLEN];
	struct row row;
	json_t *o;

	row_of_binding(&row, n, e, monotime_now());
	o = row_binding(&row);
	json_object_set_new(o, "subscriber",
	    json_string(prefix_print(&p, text, sizeof(text))));
	json_array_append_new(list, o);
}

/* What is known of a port that is not bound. */
static void
add_port(json_t *list, const struct nat64 *n, enum l4proto proto,
    const struct taddr4 *out)
{
	static const char *const names[] = {
		[POOL4_FREE] = "free",
		[POOL4_TAKEN] = "taken",
		[POOL4_QUARANTINED] = "quarantined",
		[POOL4_OUTSIDE] = "outside",
	};

	json_array_append_new(list,
	    json_pack("{s:s, s:s}", "transport-protocol", numbers_proto(proto),
		"state", names[pool4_port_state(nat64_pool(n), proto, out)]));
}

/* The block of an IPv4 port, or those of the subscriber of an IPv6 host. */
static json_t *
look_for_blocks(const struct nat64 *n, const struct nat64_filter *f)
{
	const struct taddr4 out = { f->any.net.v4, f->any.port };
	struct pool4_block blocks[POOL4_MAX_BLOCKS];
	json_t *list = json_array();
	unsigned i, n_blocks;

	if (f->any.net.family == AF_INET)
		n_blocks = pool4_block_of(nat64_pool(n), &out, &blocks[0]);
	else
		n_blocks = pool4_blocks_of(nat64_pool(n), &f->any.net.v6,
		    blocks, POOL4_MAX_BLOCKS);
	for (i = 0; i < n_blocks && i < POOL4_MAX_BLOCKS; i++)
		json_array_append_new(list, row_block(n, &blocks[i]));
	return (list);
}

static void
look(const struct nat64 *n, const struct nat64_filter *f, json_t *bindings,
    json_t *ports)
{
	const struct taddr4 out = { f->any.net.v4, f->any.port };
	const struct taddr6 in = { f->any.net.v6, f->any.port };
	const bool is4 = f->any.net.family == AF_INET;
	const struct bib_entry *e;
	const struct bib *bib;
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (f->protos != 0 && (f->protos & 1u << proto) == 0)
			continue;
		bib = nat64_bib(n, (enum l4proto)proto);
		e = is4 ? bib_find4(bib, &out) : bib_find6(bib, &in);
		if (e != NULL)
			add_binding(bindings, n, e);
		else if (is4)
			add_port(ports, n, (enum l4proto)proto, &out);
	}
}

/*
 * One address with its port, that a host can have. The port may be in a
 * parameter of its own.
 */
static int
check(struct httpd_request *rq, const struct nat64 *n, struct nat64_filter *f)
{
	struct nat64_end *end = &f->any;
	const struct nat64_config *c = nat64_config(n);
	const bool is4 = end->net.family == AF_INET;

	if (f->port.has_port) {
		end->has_port = true;
		end->port = f->port.port;
	}
	if (!end->has_port || end->net.len != (is4 ? 32 : 128)) {
		httpd_error(rq, 400,
		    "addr: one address with its port is needed: "
		    "192.0.2.1:PORT, [2001:db8::1]:PORT, or the parameter "
		    "port");
		return (-1);
	}
	if ((is4 && pool4_index(nat64_pool(n), end->net.v4) == -1) ||
	    (!is4 &&
		pref64_find(c->prefixes, c->n_prefixes, &end->net.v6) != -1)) {
		httpd_error(rq, 404,
		    "this is no address of a host: IPv4 ones are not in the "
		    "pool, IPv6 ones are in a prefix of the translator; "
		    "sessions with it as the peer are listed by "
		    "\"show sessions peer ADDRESS\"");
		return (-1);
	}
	return (0);
}

void
get_lookup(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "addr", "port", "proto", NULL };
	const struct admin *a = arg;
	const struct nat64 *n = engine_nat64(a->engine);
	json_t *bindings, *ports;
	struct nat64_filter f;

	if (httpd_only_params(rq, params) == -1 ||
	    query_need(rq, "addr") == NULL || query_filter(rq, n, &f) == -1 ||
	    check(rq, n, &f) == -1)
		return;
	bindings = json_array();
	ports = json_array();
	look(n, &f, bindings, ports);
	httpd_json(rq, 200,
	    json_pack("{s:o, s:o, s:o}", "bindings", bindings, "blocks",
		look_for_blocks(n, &f), "unbound-ports", ports));
}
