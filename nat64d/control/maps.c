/*
 * GET /v1/maps, /v1/translate: the explicit address mappings of the stateless
 * translator, and what becomes of an address.
 */
#include <arpa/inet.h>

#include "common/net/addr.h"

#include "nat64d/admin.h"
#include "nat64d/conf/conf.h"
#include "nat64d/core/nat64_map.h"
#include "nat64d/engine.h"

#include "query.h"
#include "routes.h"

/* There may be many; these are shown. */
#define MAX_MAPS 1000

static const char *const none[] = { NULL };
static const char *const translate_params[] = { "addr", NULL };

static json_t *
row(const struct eam *m)
{
	const struct prefix p4 = { .family = AF_INET,
		.len = m->len4,
		.v4 = m->addr4 };
	const struct prefix p6 = { .family = AF_INET6,
		.len = m->len6,
		.v6 = m->addr6 };
	char text4[PREFIX_STRLEN], text6[PREFIX_STRLEN];

	return (json_pack("{s:s, s:s}", "ipv4-prefix",
	    prefix_print(&p4, text4, sizeof(text4)), "ipv6-prefix",
	    prefix_print(&p6, text6, sizeof(text6))));
}

void
get_maps(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct conf *c = a->conf;
	json_t *list;
	size_t i;

	if (httpd_only_params(rq, none) == -1)
		return;
	list = json_array();
	for (i = 0; i < c->nat64.n_maps && i < MAX_MAPS; i++)
		json_array_append_new(list, row(&c->maps[i]));
	httpd_json(rq, 200,
	    json_pack("{s:o, s:I}", "eam", list, "eam-all",
		(json_int_t)c->nat64.n_maps));
}

static const char *
by_text(enum nat64_by by)
{
	switch (by) {
	case NAT64_BY_EAM:
		return ("map");
	case NAT64_BY_PREFIX:
		return ("prefix");
	case NAT64_BY_NOTHING:
		break;
	}
	return ("nothing");
}

void
get_translate(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64 *n = engine_nat64(a->engine);
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr a6;
	struct in_addr a4;
	const char *addr;
	enum nat64_by by;

	if (httpd_only_params(rq, translate_params) == -1)
		return;
	addr = query_need(rq, "addr");
	if (addr == NULL)
		return;
	if (nat64_config(n)->mode == NAT64_STATEFUL) {
		httpd_error(rq, 400,
		    "this translator is stateful: see \"lookup\"");
		return;
	}
	if (inet_pton(AF_INET, addr, &a4) == 1) {
		by = nat64_map_4to6(n, a4, &a6);
		inet_ntop(AF_INET6, &a6, text, sizeof(text));
	} else if (inet_pton(AF_INET6, addr, &a6) == 1) {
		by = nat64_map_6to4(n, &a6, &a4);
		inet_ntop(AF_INET, &a4, text, sizeof(text));
	} else {
		httpd_error(rq, 400, "addr: \"%s\" is no address", addr);
		return;
	}
	httpd_json(rq, 200,
	    json_pack("{s:s, s:s*, s:s}", "address", addr, "translation",
		by == NAT64_BY_NOTHING ? NULL : text, "by", by_text(by)));
}
