/*
 * GET /metrics and GET /ready.
 */
#include "common/http/metrics.h"
#include "common/os/version.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "routes.h"
#include "sums.h"

#define PREFIX "dns64d"

static void
gauge(struct prom *p, const char *name, const char *help, uint64_t value)
{
	prom_metric(p, PROM_GAUGE, PREFIX, name, help);
	prom_value(p, value);
}

static bool
is_up(const struct conf *conf, size_t upstream)
{
	return (!conf->upstream_common[upstream].down);
}

/* NULL, or why no query can be answered that the cache does not answer. */
static const char *
not_ready(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->upstreams.n; i++)
		if (is_up(conf, i))
			return (NULL);
	return ("no upstream answers");
}

static void
add_state(struct prom *p, const struct admin *a, const struct sums *s)
{
	char addr[SCOPED_ADDR_STRLEN];
	size_t i;

	prom_metric(p, PROM_GAUGE, PREFIX, "build-info",
	    "Version of the program");
	prom_labelled(p, "version", version(), 1);
	gauge(p, "start-time-seconds", "Start, seconds since 1970",
	    (uint64_t)(a->started_ms / 1000));
	gauge(p, "up", "1: an upstream answers", not_ready(a->conf) == NULL);
	gauge(p, "queries-open", "Queries in progress", s->queries);
	gauge(p, "queries-open-max", "The limit of queries in progress",
	    a->conf->limit_queries);
	prom_metric(p, PROM_GAUGE, PREFIX, "upstream-up",
	    "1: the upstream answers");
	for (i = 0; i < a->conf->upstreams.n; i++)
		prom_labelled(p, "upstream",
		    scoped_addr_print(&a->conf->upstreams.v[i], addr,
			sizeof(addr)),
		    is_up(a->conf, i));
}

void
get_metrics(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	struct prom p = { .text = NULL };
	struct sums sums;
	int i;

	sums_take(a->workers, &sums);
	add_state(&p, a, &sums);
	for (i = 0; i < STAT_MAX; i++) {
		prom_metric(&p, PROM_COUNTER, PREFIX,
		    stats_name((enum stats_counter)i),
		    stats_help((enum stats_counter)i));
		prom_value(&p, sums.stats.n[i]);
	}
	metrics_answer(rq, &p);
}

void
get_ready(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const char *why = not_ready(a->conf);

	metrics_answer_ready(rq, why == NULL, why);
}
