/*
 * GET /metrics and GET /ready.
 */
#include "common/http/metrics.h"
#include "common/os/version.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "routes.h"
#include "sums.h"
#include "translators.h"

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
	prom_metric(p, PROM_GAUGE, PREFIX, "build-info",
	    "Version of the program");
	prom_labelled(p, "version", version(), 1);
	gauge(p, "start-time-seconds", "Start, seconds since 1970",
	    (uint64_t)(a->started_ms / 1000));
	/* No clock that is set later, or that of the reader, affects it. */
	gauge(p, "uptime-seconds", "Seconds since the start",
	    (uint64_t)(monotime_diff_ms(monotime_now(), a->started) / 1000));
	gauge(p, "up", "1: an upstream answers", not_ready(a->conf) == NULL);
	gauge(p, "queries-open", "Queries in progress", s->queries);
	gauge(p, "queries-open-max", "The limit of queries in progress",
	    a->conf->limit_queries);
}

/* --- upstreams --- */

enum upstream_value { UP, SENT, ANSWERED, LOST, OUTSTANDING };

static uint64_t
upstream_value(const struct upstream_common *common,
    const struct sums_server *sums, enum upstream_value what)
{
	switch (what) {
	case UP:
		return (!common->down);
	case SENT:
		return (sums->sent);
	case ANSWERED:
		return (sums->answered);
	case LOST:
		return (sums->lost);
	case OUTSTANDING:
		return (sums->outstanding);
	}
	return (0);
}

static void
add_upstreams(struct prom *p, const struct conf *conf, const struct sums *s)
{
	static const struct {
		enum prom_type type;
		const char *name, *help;
	} shown[] = {
		[UP] = { PROM_GAUGE, "upstream-up",
		    "1: the upstream answers" },
		[SENT] = { PROM_COUNTER, "upstream-queries",
		    "Queries sent to the upstream" },
		[ANSWERED] = { PROM_COUNTER, "upstream-replies",
		    "Answers of the upstream" },
		[LOST] = { PROM_COUNTER, "upstream-timeouts",
		    "Queries left unanswered by the upstream" },
		[OUTSTANDING] = { PROM_GAUGE, "upstream-outstanding",
		    "Queries that wait for the upstream" },
	};
	char addr[SCOPED_ADDR_STRLEN];
	size_t i, k;

	for (k = 0; k < sizeof(shown) / sizeof(shown[0]); k++) {
		prom_metric(p, shown[k].type, PREFIX, shown[k].name,
		    shown[k].help);
		for (i = 0; i < conf->upstreams.n; i++)
			prom_labelled(p, "upstream",
			    scoped_addr_print(&conf->upstreams.v[i], addr,
				sizeof(addr)),
			    upstream_value(&conf->upstream_common[i],
				&s->servers[i], (enum upstream_value)k));
	}
}

/* No value for an upstream that has not answered yet. */
static void
add_rtts(struct prom *p, const struct conf *conf)
{
	char addr[SCOPED_ADDR_STRLEN];
	int64_t rtt_us;
	size_t i;

	prom_metric(p, PROM_GAUGE, PREFIX, "upstream-rtt-seconds",
	    "Smoothed round-trip time of the upstream");
	for (i = 0; i < conf->upstreams.n; i++) {
		rtt_us = conf->upstream_common[i].srtt_us;
		if (rtt_us > 0)
			prom_labelled_us(p, "upstream",
			    scoped_addr_print(&conf->upstreams.v[i], addr,
				sizeof(addr)),
			    (uint64_t)rtt_us);
	}
}

/* --- caches --- */

static void
add_caches(struct prom *p, const struct sums *s)
{
	static const char label[] = "cache";

	prom_metric(p, PROM_GAUGE, PREFIX, "cache-entries",
	    "Replies of upstreams and complete answers in the caches");
	prom_labelled(p, label, "replies", s->replies.entries);
	prom_labelled(p, label, "answers", s->answers.entries);
	prom_metric(p, PROM_GAUGE, PREFIX, "cache-bytes", "Their memory");
	prom_labelled(p, label, "replies", s->replies.bytes);
	prom_labelled(p, label, "answers", s->answers.bytes);
	gauge(p, "cache-bytes-max", "The limit of both together",
	    s->cache_bytes_max);
	prom_metric(p, PROM_COUNTER, PREFIX, "cache-evicted",
	    "Entries removed to make room");
	prom_labelled(p, label, "replies", s->replies.evicted);
	prom_labelled(p, label, "answers", s->answers.evicted);
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
	add_upstreams(&p, a->conf, &sums);
	add_rtts(&p, a->conf);
	translators_add_metrics(&p, a->conf, &sums);
	add_caches(&p, &sums);
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
