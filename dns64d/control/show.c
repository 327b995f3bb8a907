/*
 * GET /v1/upstreams, /v1/prefixes, /v1/cache, /v1/clients.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/net/pref64.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admin.h"
#include "dns64d/cache/cache.h"
#include "dns64d/cache/packet_cache.h"
#include "dns64d/client/frontend.h"
#include "dns64d/conf/conf.h"
#include "dns64d/context.h"
#include "dns64d/policy/balance.h"
#include "dns64d/policy/translator.h"
#include "dns64d/query.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "routes.h"
#include "sums.h"

/* Of one answer; there may be more queries than this. */
#define CLIENTS_MAX 16384
#define CLIENTS_TOP 100

static const char *const none[] = { NULL };

static json_t *
number(uint64_t n)
{
	return (json_integer((json_int_t)n));
}

static const struct context *
context_of(const struct worker *w)
{
	return (queries_context(w->queries));
}

/* --- upstreams --- */

/* The domains that are asked of a server. */
static json_t *
domains_of(const struct conf *conf, size_t server)
{
	json_t *list = json_array();
	char name[NAME_TEXT_MAX];
	size_t i, j;

	for (i = 0; i < conf->n_routes; i++) {
		for (j = 0; j < conf->routes[i].n; j++)
			if (conf->routes[i].member[j] == server)
				json_array_append_new(list,
				    json_string(
					name_to_text(conf->routes[i].domain,
					    name)));
	}
	return (list);
}

static const char *
server_state(const struct upstream_common *common,
    const struct sums_server *sums)
{
	if (common->down)
		return ("down");
	return (sums->suspect ? "suspect" : "up");
}

static json_t *
show_server(const struct conf *conf, const struct sums_server *s, size_t i)
{
	const struct upstream_common *common = &conf->upstream_common[i];
	char addr[SCOPED_ADDR_STRLEN];

	return (json_pack("{s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o}",
	    "address",
	    scoped_addr_print(&conf->upstreams.v[i], addr, sizeof(addr)),
	    "state", server_state(common, s), "rtt-us",
	    number((uint64_t)common->srtt_us), "edns",
	    common->edns_missing_ns == 0, "sent", number(s->sent), "answered",
	    number(s->answered), "lost", number(s->lost), "outstanding",
	    number(s->outstanding), "domains", domains_of(conf, i)));
}

void
get_upstreams(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	struct sums sums;
	json_t *list;
	size_t i;

	if (httpd_only_params(rq, none) == -1)
		return;
	sums_take(a->workers, &sums);
	list = json_array();
	for (i = 0; i < a->conf->upstreams.n; i++)
		json_array_append_new(list,
		    show_server(a->conf, &sums.servers[i], i));
	httpd_json(rq, 200, json_pack("{s:o}", "upstreams", list));
}

/* --- prefixes --- */

static const char *
target_state(const struct balance_target *target)
{
	return (target != NULL ? translator_state_name(target->state) :
				 "not polled");
}

/* The IPv4 ranges that a prefix, or POLICY_TARGET_NONE, is for. */
static json_t *
ranges_of(const struct dns64_policy *p, int target)
{
	json_t *list = json_array();
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].target == target)
			json_array_append_new(list,
			    json_string(prefix_print(&p->rules[i].range, buf,
				sizeof(buf))));
	return (list);
}

static void
show_view(const struct context_view *cv, json_t *list)
{
	const struct dns64_policy *p = &cv->view->policy;
	const char *view = cv->view->name != NULL ? cv->view->name : "default";
	char buf[PREF64_STRLEN];
	json_t *ranges;
	size_t i;

	for (i = 0; i < p->n_prefixes; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "view", view,
			"nat64-prefix",
			pref64_print(&p->prefixes[i], buf, sizeof(buf)),
			"translator", target_state(cv->balance.target[i]),
			"weight", number(p->weight[i]), "share-percent",
			number((balance_share(&cv->balance, i) + 5) / 10),
			"destination-ipv4-prefix", ranges_of(p, (int)i)));
	ranges = ranges_of(p, POLICY_TARGET_NONE);
	if (json_array_size(ranges) > 0)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:O}", "view", view, "nat64-prefix",
			"none", "destination-ipv4-prefix", ranges));
	json_decref(ranges);
}

/* Translators are polled by each worker: what the first one knows. */
static void
show_views(void *arg, struct worker *w)
{
	const struct context *ctx = context_of(w);
	json_t *list = arg;
	size_t i;

	if (json_array_size(list) > 0)
		return;
	for (i = 0; i < ctx->conf->views.n; i++)
		show_view(&ctx->views[i], list);
}

void
get_prefixes(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	json_t *list;

	if (httpd_only_params(rq, none) == -1)
		return;
	list = json_array();
	workers_each(a->workers, show_views, list);
	httpd_json(rq, 200, json_pack("{s:o}", "nat64-prefixes", list));
}

/* --- cache --- */

static void
show_cache(void *arg, struct worker *w)
{
	const struct context *ctx = context_of(w);
	struct lru_counts replies, answers;
	json_t *list = arg;

	cache_count(ctx->cache, &replies);
	packet_cache_count(ctx->packet_cache, &answers);
	json_array_append_new(list,
	    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		      "s:o}",
		"worker", number(json_array_size(list) + 1), "replies",
		number(replies.entries), "reply-bytes", number(replies.bytes),
		"replies-evicted", number(replies.evicted), "answers",
		number(answers.entries), "answer-bytes", number(answers.bytes),
		"answers-evicted", number(answers.evicted), "bytes-max",
		number(ctx->conf->each.cache.bytes), "cache-hits",
		number(w->stats.n[STAT_CACHE_HITS]), "answer-hits",
		number(w->stats.n[STAT_ANSWER_HITS]), "cache-misses",
		number(w->stats.n[STAT_CACHE_MISSES])));
}

void
get_cache(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	json_t *list;

	if (httpd_only_params(rq, none) == -1)
		return;
	list = json_array();
	workers_each(a->workers, show_cache, list);
	httpd_json(rq, 200, json_pack("{s:o}", "cache", list));
}

/* --- clients --- */

struct asker {
	int family;
	uint8_t addr[16];
	unsigned queries;
	unsigned connections;
};

struct askers {
	struct asker *v;
	size_t n;
};

static void
add_asker(struct askers *all, const struct sockaddr_storage *client,
    unsigned queries, unsigned connections)
{
	const struct sockaddr_in *sin = (const void *)client;
	const struct sockaddr_in6 *sin6 = (const void *)client;
	struct asker *k;

	if (all->n == CLIENTS_MAX)
		return;
	k = &all->v[all->n++];
	memset(k, 0, sizeof(*k));
	k->family = client->ss_family;
	if (client->ss_family == AF_INET)
		memcpy(k->addr, &sin->sin_addr, sizeof(sin->sin_addr));
	else
		memcpy(k->addr, &sin6->sin6_addr, sizeof(sin6->sin6_addr));
	k->queries = queries;
	k->connections = connections;
}

static void
add_query(void *arg, const struct sockaddr_storage *client)
{
	add_asker(arg, client, 1, 0);
}

static void
add_connection(void *arg, const struct sockaddr_storage *client)
{
	add_asker(arg, client, 0, 1);
}

static void
add_askers(void *arg, struct worker *w)
{
	queries_each(w->queries, add_query, arg);
	frontend_each_tcp(w->frontend, add_connection, arg);
}

static int
by_address(const void *a, const void *b)
{
	const struct asker *x = a, *y = b;

	if (x->family != y->family)
		return (x->family < y->family ? -1 : 1);
	return (memcmp(x->addr, y->addr, sizeof(x->addr)));
}

static int
by_use(const void *a, const void *b)
{
	const struct asker *x = a, *y = b;
	const unsigned use_x = x->queries + x->connections;
	const unsigned use_y = y->queries + y->connections;

	return (use_x == use_y ? by_address(a, b) : (use_x < use_y) * 2 - 1);
}

/* One for each address, those that use most first. */
static void
sum_up(struct askers *all)
{
	size_t i, n = 0;

	qsort(all->v, all->n, sizeof(*all->v), by_address);
	for (i = 0; i < all->n; i++) {
		if (n == 0 || by_address(&all->v[n - 1], &all->v[i]) != 0) {
			all->v[n++] = all->v[i];
			continue;
		}
		all->v[n - 1].queries += all->v[i].queries;
		all->v[n - 1].connections += all->v[i].connections;
	}
	all->n = n;
	qsort(all->v, all->n, sizeof(*all->v), by_use);
}

static json_t *
show_askers(const struct askers *all, unsigned long top)
{
	char addr[INET6_ADDRSTRLEN];
	json_t *list = json_array();
	const struct asker *k;
	size_t i;

	for (i = 0; i < all->n && i < top; i++) {
		k = &all->v[i];
		inet_ntop(k->family, k->addr, addr, sizeof(addr));
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o}", "client", addr, "queries",
			number(k->queries), "connections",
			number(k->connections)));
	}
	return (json_pack("{s:o, s:o}", "number", number(all->n), "clients",
	    list));
}

void
get_clients(void *arg, struct httpd_request *rq)
{
	static const char *const names[] = { "top", NULL };
	const char *text = httpd_param(rq, "top");
	const struct admin *a = arg;
	struct askers all = { .n = 0 };
	unsigned long top = CLIENTS_TOP;
	char *end;

	if (httpd_only_params(rq, names) == -1)
		return;
	if (text != NULL) {
		top = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end != '\0') {
			httpd_error(rq, 400, "top=%s: is no number", text);
			return;
		}
	}
	if ((all.v = calloc(CLIENTS_MAX, sizeof(*all.v))) == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	workers_each(a->workers, add_askers, &all);
	sum_up(&all);
	httpd_json(rq, 200, show_askers(&all, top));
	free(all.v);
}
