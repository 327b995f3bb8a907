/*
 * GET /v1/status and GET /v1/counters.
 */
#include "common/http/control.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "routes.h"
#include "sums.h"

static const char *const none[] = { NULL };

static json_t *
count(const struct sums *s, enum stats_counter what)
{
	return (json_integer((json_int_t)s->stats.n[what]));
}

/* What does not pass by itself. */
static json_t *
warnings(const struct conf *conf)
{
	json_t *list = json_array();
	char addr[SCOPED_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < conf->upstreams.n; i++) {
		if (!conf->upstream_common[i].down)
			continue;
		json_array_append_new(list,
		    json_sprintf("upstream %s does not answer",
			scoped_addr_print(&conf->upstreams.v[i], addr,
			    sizeof(addr))));
	}
	return (list);
}

static void
add_counts(json_t *o, const struct sums *s)
{
	static const struct {
		const char *name;
		enum stats_counter what;
	} shown[] = {
		{ "queries-udp", STAT_QUERIES_UDP },
		{ "queries-tcp", STAT_QUERIES_TCP },
		{ "synthesised", STAT_SYNTHESISED },
		{ "servfail", STAT_SERVFAIL },
		{ "refused", STAT_REFUSED },
		{ "cache-hits", STAT_CACHE_HITS },
		{ "answer-hits", STAT_ANSWER_HITS },
		{ "cache-misses", STAT_CACHE_MISSES },
	};
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		json_object_set_new(o, shown[i].name, count(s, shown[i].what));
}

void
get_status(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	struct sums sums;
	json_t *o;

	if (httpd_only_params(rq, none) == -1)
		return;
	sums_take(a->workers, &sums);
	o = control_status("dns64d", a->started, a->started_ms);
	json_object_set_new(o, "workers",
	    json_integer((json_int_t)a->conf->workers));
	json_object_set_new(o, "queries",
	    json_integer((json_int_t)sums.queries));
	json_object_set_new(o, "queries-max",
	    json_integer((json_int_t)a->conf->limit_queries));
	add_counts(o, &sums);
	json_object_set_new(o, "warnings", warnings(a->conf));
	httpd_json(rq, 200, o);
}

void
get_counters(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	struct sums sums;
	json_t *counters;
	int i;

	if (httpd_only_params(rq, none) == -1)
		return;
	sums_take(a->workers, &sums);
	counters = json_object();
	for (i = 0; i < STAT_MAX; i++)
		json_object_set_new(counters,
		    stats_name((enum stats_counter)i),
		    count(&sums, (enum stats_counter)i));
	httpd_json(rq, 200, json_pack("{s:o}", "counters", counters));
}
