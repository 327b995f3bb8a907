/*
 * GET /v1/lookup: what a client would be answered, and why. The question is
 * asked as by the client, in the first worker; then the way to the answer is
 * described with the replies that it was made from.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admin.h"
#include "dns64d/client/frontend.h"
#include "dns64d/conf/conf.h"
#include "dns64d/context.h"
#include "dns64d/policy/view.h"
#include "dns64d/query.h"
#include "dns64d/querylog.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/wire/wire.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "routes.h"

/* Octets of a record that are shown when its type has no form here. */
#define DATA_MAX 64

/*
 * From the request until done() is called. lookups_end() answers the request
 * earlier; then rq is NULL.
 */
struct lookup {
	struct inside_client client; /* first */
	LIST_ENTRY(lookup) link;     /* in admin->lookups */
	struct httpd_request *rq;
	const struct dns64_policy *policy; /* of the context below */
	struct context *ctx;
	json_t *o;
};

static void
set(json_t *o, const char *member, const char *text)
{
	json_object_set_new(o, member, json_string(text));
}

/* --- records --- */

static void
print_data(const struct msg_rr *rr, char *text, size_t size)
{
	const uint8_t *data = rr->msg->wire + rr->rdata;
	uint8_t name[MSG_NAME_MAX];
	size_t i, n;

	switch (rr->type) {
	case MSG_T_A:
		if (rr->rdlen == 4 && inet_ntop(AF_INET, data, text, size))
			return;
		break;
	case MSG_T_AAAA:
		if (rr->rdlen == 16 && inet_ntop(AF_INET6, data, text, size))
			return;
		break;
	case MSG_T_CNAME:
	case MSG_T_DNAME:
	case MSG_T_PTR:
		name_copy(rr->msg->wire, rr->rdata, name);
		name_to_text(name, text);
		return;
	}
	/* RFC 3597, 5 */
	n = (size_t)snprintf(text, size, "\\# %u ", rr->rdlen);
	for (i = 0; i < rr->rdlen && i < DATA_MAX; i++)
		n += (size_t)snprintf(text + n, size - n, "%02x", data[i]);
	if (i < rr->rdlen)
		snprintf(text + n, size - n, "...");
}

static json_t *
show_record(const struct msg_rr *rr)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], data[NAME_TEXT_MAX];
	uint8_t owner[MSG_NAME_MAX];

	name_copy(rr->msg->wire, rr->off, owner);
	print_data(rr, data, sizeof(data));
	return (json_pack("{s:s, s:I, s:s, s:s}", "name",
	    name_to_text(owner, name), "ttl", (json_int_t)rr->ttl, "type",
	    type_to_text(rr->type, type), "data", data));
}

static json_t *
show_answer(const uint8_t *wire, size_t len)
{
	struct msg_rr rr = { .msg = NULL };
	json_t *list = json_array();
	struct msg_scan scan;

	if (msg_scan(wire, len, &scan) == MSG_SCAN_OK)
		while (msg_rr_next(&scan, MSG_ANSWER, &rr))
			json_array_append_new(list, show_record(&rr));
	return (list);
}

/* --- why --- */

static void
show_reason4(const struct dns64_policy *p, struct in_addr addr, json_t *o)
{
	static const char *const texts[] = {
		[POLICY_TRANSLATED] = "translated",
		[POLICY_EXCLUDED] = "exclude a",
		[POLICY_RULE_NONE] = "prefix none",
		[POLICY_NOT_GLOBAL] =
		    "not global, as 64:ff9b::/96 requires (RFC 6052, 3.1)",
		[POLICY_NO_RULE] = "no prefix is for it",
	};
	int targets[POLICY_PREFIXES_MAX];
	char buf[PREF64_STRLEN];
	const struct prefix *range;
	json_t *prefixes = json_array();
	size_t i, n;

	set(o, "why", texts[policy_explain(p, addr, &range)]);
	if (range != NULL)
		set(o, "range", prefix_print(range, buf, sizeof(buf)));
	n = policy_targets(p, addr, targets, POLICY_PREFIXES_MAX);
	for (i = 0; i < n; i++)
		json_array_append_new(prefixes,
		    json_string(pref64_print(&p->prefixes[targets[i]], buf,
			sizeof(buf))));
	json_object_set_new(o, "prefixes", prefixes);
}

static void
show_reason6(const struct dns64_policy *p, const struct in6_addr *addr,
    json_t *o)
{
	const struct prefix *range = policy_aaaa_exclusion(p, addr);
	char buf[PREFIX_STRLEN];

	set(o, "why", range != NULL ? "exclude aaaa" : "passed");
	if (range != NULL)
		set(o, "range", prefix_print(range, buf, sizeof(buf)));
}

/* The addresses of a reply, and what the policy says of each. */
static json_t *
show_addresses(const struct dns64_policy *p, const struct msg_scan *reply)
{
	struct msg_rr rr = { .msg = NULL };
	json_t *list = json_array(), *o;
	struct in_addr addr4;
	struct in6_addr addr6;
	char text[NAME_TEXT_MAX];

	while (msg_rr_next(reply, MSG_ANSWER, &rr)) {
		if ((rr.type != MSG_T_A || rr.rdlen != sizeof(addr4)) &&
		    (rr.type != MSG_T_AAAA || rr.rdlen != sizeof(addr6)))
			continue;
		o = json_object();
		print_data(&rr, text, sizeof(text));
		set(o, "address", text);
		memcpy(&addr4, reply->wire + rr.rdata, sizeof(addr4));
		if (rr.type == MSG_T_A)
			show_reason4(p, addr4, o);
		else {
			memcpy(&addr6, reply->wire + rr.rdata, sizeof(addr6));
			show_reason6(p, &addr6, o);
		}
		json_array_append_new(list, o);
	}
	return (list);
}

static json_t *
show_lookup(const struct lookup *l, const struct resolve *r, bool pending)
{
	char buf[SCOPED_ADDR_STRLEN], rcode[RCODE_TEXT_MAX];
	char type[TYPE_TEXT_MAX];
	json_t *o = json_object();

	set(o, "qtype", type_to_text(r->question.type, type));
	if (pending) {
		set(o, "from", "waiting");
		return (o);
	}
	set(o, "from", querylog_source(r->source));
	if (r->source == RESOLVE_UPSTREAM && r->from != NULL)
		set(o, "upstream",
		    scoped_addr_print(&r->from->addr, buf, sizeof(buf)));
	if (r->reply == NULL) {
		set(o, "rcode", "no reply");
		return (o);
	}
	set(o, "rcode", rcode_to_text(r->reply->rcode, rcode));
	json_object_set_new(o, "addresses",
	    show_addresses(l->policy, r->reply));
	return (o);
}

/* For frontend.h: the query ends, and its replies are still there. */
static void
tell(struct inside_client *client, const struct querylog_line *line)
{
	struct lookup *l = (struct lookup *)client;
	char rcode[RCODE_TEXT_MAX], buf[PREF64_STRLEN];
	json_t *lookups = json_array(), *ede = json_array();
	struct pref64 prefix;
	unsigned i;

	set(l->o, "action", line->action);
	if (line->why != NULL)
		set(l->o, "why", line->why);
	if (line->answered)
		set(l->o, "rcode", rcode_to_text(line->rcode, rcode));
	querylog_prefix(line, &prefix);
	if (prefix.len != 0)
		set(l->o, "nat64-prefix",
		    pref64_print(&prefix, buf, sizeof(buf)));
	for (i = 0; i < SYNTH_N_LOOKUPS; i++)
		if (line->lookup[i] != NULL)
			json_array_append_new(lookups,
			    show_lookup(l, line->lookup[i], line->pending[i]));
	json_object_set_new(l->o, "lookups", lookups);
	for (i = 0; line->ede != NULL && i < line->ede->n; i++)
		json_array_append_new(ede, json_integer(line->ede->code[i]));
	json_object_set_new(l->o, "ede", ede);
}

static void
done(struct inside_client *client, const uint8_t *answer, size_t len)
{
	struct lookup *l = (struct lookup *)client;

	json_object_set_new(l->o, "answer", show_answer(answer, len));
	if (l->rq != NULL)
		httpd_json(l->rq, 200, l->o);
	else
		json_decref(l->o);
	LIST_REMOVE(l, link);
	context_unref(l->ctx);
	free(l);
}

void
lookups_end(struct admin *a)
{
	struct lookup *l;

	LIST_FOREACH(l, &a->lookups, link) {
		httpd_error(l->rq, 503, "dns64d ends");
		l->rq = NULL;
	}
}

/* --- before the query --- */

static void
show_view(struct lookup *l, const struct view *view)
{
	const struct view_match *m =
	    view_find_match(view, &l->client.peer, &l->client.asked);
	char buf[SCOPED_ADDR_STRLEN];

	set(l->o, "view", view->name != NULL ? view->name : "default");
	if (m != NULL && m->from.family != AF_UNSPEC)
		set(l->o, "match-from",
		    prefix_print(&m->from, buf, sizeof(buf)));
	if (m != NULL && m->on.ss.ss_family != AF_UNSPEC)
		set(l->o, "match-on",
		    scoped_addr_print(&m->on, buf, sizeof(buf)));
	l->policy = view_policy(view, &l->client.peer);
	json_object_set_new(l->o, "dns64",
	    json_boolean(l->policy->dns64 != POLICY_DNS64_NO));
}

static void
show_route(struct lookup *l, const uint8_t *name)
{
	const struct upstreams *ups = &l->ctx->ups;
	const struct upstream_route *route = upstreams_route(ups, name);
	char domain[NAME_TEXT_MAX], addr[SCOPED_ADDR_STRLEN];
	json_t *list = json_array();
	const struct upstream *u;
	size_t i;

	for (i = 0; route != NULL && i < route->n; i++) {
		u = &ups->v[route->member[i]];
		json_array_append_new(list,
		    json_sprintf("%s%s",
			scoped_addr_print(&u->addr, addr, sizeof(addr)),
			upstream_is_down(u) ? " (down)" : ""));
	}
	if (route != NULL)
		set(l->o, "domain", name_to_text(route->domain, domain));
	json_object_set_new(l->o, "upstreams", list);
}

/* The listener that the client asks: the first one of its family. */
static const struct scoped_addr *
listener_for(const struct conf *conf, int family)
{
	size_t i;

	for (i = 0; i < conf->listens.n; i++)
		if (conf->listens.v[i].ss.ss_family == family)
			return (&conf->listens.v[i]);
	return (&conf->listens.v[0]);
}

/* Returns 0, or -1 when the request was answered. */
static int
read_params(struct httpd_request *rq, struct msg_question *q,
    struct sockaddr_storage *from)
{
	static const char *const names[] = { "name", "type", "from", NULL };
	const char *name = httpd_param(rq, "name");
	const char *type = httpd_param(rq, "type");
	const char *addr = httpd_param(rq, "from");
	socklen_t len;

	if (httpd_only_params(rq, names) == -1)
		return (-1);
	memset(q, 0, sizeof(*q));
	q->class = MSG_CLASS_IN;
	q->flags = MSG_RD;
	q->name_len = name != NULL ? name_from_text(name, q->name) : 0;
	q->type = type != NULL ? type_from_text(type) : MSG_T_AAAA;
	if (q->name_len == 0)
		httpd_error(rq, 400,
		    "name=%s: is no name of letters, digits, \"-\" and \"_\"",
		    name != NULL ? name : "");
	else if (q->type == 0)
		httpd_error(rq, 400, "type=%s: is no type, as AAAA or TYPE65",
		    type);
	else if (sockaddr_parse(addr != NULL ? addr : "::1", 0, from, &len) ==
	    -1)
		httpd_error(rq, 400, "from=%s: is no address", addr);
	else
		return (0);
	return (-1);
}

static void
describe(struct lookup *l, const struct worker *w,
    const struct msg_question *q)
{
	static const char *const access[] = {
		[ACCESS_ALLOWED] = "allowed",
		[ACCESS_DENIED] = "refused by a rule",
		[ACCESS_UNKNOWN] = ("refused: no rule allows it, and it is in "
				    "no connected network"),
	};
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	char addr[SCOPED_ADDR_STRLEN];
	const struct scoped_addr from = { .ss = l->client.peer };

	set(l->o, "qname", name_to_text(q->name, name));
	set(l->o, "qtype", type_to_text(q->type, type));
	set(l->o, "client", scoped_addr_print_host(&from, addr, sizeof(addr)));
	set(l->o, "access",
	    access[frontend_access(w->frontend, &l->client.peer)]);
	show_view(l,
	    context_select(l->ctx, &l->client.peer, &l->client.asked)->view);
	show_route(l, q->name);
}

void
get_lookup(void *arg, struct httpd_request *rq)
{
	struct admin *a = arg;
	struct worker *w = workers_first(a->workers);
	struct sockaddr_storage from;
	uint8_t wire[MSG_QUERY_MAX];
	struct msg_question q;
	struct lookup *l;

	if (read_params(rq, &q, &from) == -1)
		return;
	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->o = json_object()) == NULL) {
		free(l);
		httpd_error(rq, 500, "out of memory");
		return;
	}
	l->client.peer = from;
	l->client.asked = *listener_for(a->conf, from.ss_family);
	l->client.tell = tell;
	l->client.done = done;
	LIST_INSERT_HEAD(&a->lookups, l, link);
	l->rq = rq;
	l->ctx = context_ref(queries_context(w->queries));
	describe(l, w, &q);
	httpd_defer(rq);
	queries_ask(w->queries, &l->client, wire,
	    msg_write_query(&q, 0, false, wire));
}
