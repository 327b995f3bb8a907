/*
 * GET /metrics and GET /ready. dns64d's "translator" reads nat64d_up,
 * nat64d_sessions and nat64d_sessions_max (dns64d.conf(5), TRANSLATORS).
 */
#include "common/http/metrics.h"
#include "common/os/version.h"

#include "nat64d/admin.h"
#include "nat64d/core/nat64_pcp.h"
#include "nat64d/engine.h"
#include "nat64d/eventlog.h"
#include "nat64d/os/fastpath.h"
#include "numbers.h"
#include "replication.h"
#include "routes.h"

#define PREFIX "nat64d"

static void
gauge(struct prom *p, const char *name, const char *help, uint64_t value)
{
	prom_metric(p, PROM_GAUGE, PREFIX, name, help);
	prom_value(p, value);
}

/* One value for each protocol. */
static void
per_protocol(struct prom *p, const struct nat64 *n, const char *name,
    const char *help,
    uint64_t (*value)(const struct nat64 *n, enum l4proto proto))
{
	int i;

	prom_metric(p, PROM_GAUGE, PREFIX, name, help);
	for (i = 0; i < L4_NPROTO; i++)
		prom_labelled(p, "protocol", numbers_proto((enum l4proto)i),
		    value(n, (enum l4proto)i));
}

static void
add_blocks(struct prom *p, const struct nat64 *n)
{
	const struct pool4_block_count c = pool4_count_blocks(nat64_pool(n));

	gauge(p, "pool-blocks", "Port blocks of the pool", c.total);
	gauge(p, "pool-blocks-held", "Port blocks that subscribers have",
	    c.held);
	gauge(p, "pool-blocks-idle",
	    "Port blocks that subscribers have without using a port",
	    c.resting);
}

static uint64_t
pool_high(const struct nat64 *n, enum l4proto proto)
{
	return (nat64_pool_is_high(n, proto));
}

static void
add_role(struct prom *p, const struct nat64 *n)
{
	enum nat64_role role;

	prom_metric(p, PROM_GAUGE, PREFIX, "role", "1: the role in the pair");
	for (role = NAT64_ROLE_ACTIVE; role <= NAT64_ROLE_STANDBY; role++)
		prom_labelled(p, "role", nat64_role_name(role),
		    nat64_role(n) == role);
	gauge(p, "draining", "1: no new clients are wanted",
	    nat64_is_draining(n));
}

static void
add_state(struct prom *p, const struct admin *a)
{
	const struct nat64 *n = engine_nat64(a->engine);

	prom_metric(p, PROM_GAUGE, PREFIX, "build-info",
	    "Version of the program");
	prom_labelled(p, "version", version(), 1);
	gauge(p, "start-time-seconds", "Start, seconds since 1970",
	    (uint64_t)(a->started_ms / 1000));
	/* No clock that is set later, or that of the reader, affects it. */
	gauge(p, "uptime-seconds", "Seconds since the start",
	    (uint64_t)(monotime_diff_ms(monotime_now(), a->started) / 1000));
	gauge(p, "up", "1: new sessions are accepted",
	    numbers_not_up(n) == NULL);
	add_role(p, n);
	gauge(p, "sessions", "Sessions", numbers_sessions(n));
	gauge(p, "sessions-max", "The limit of sessions",
	    nat64_config(n)->max_sessions);
	per_protocol(p, n, "protocol-sessions", "Sessions of a protocol",
	    numbers_proto_sessions);
	per_protocol(p, n, "bindings", "Bindings of a protocol",
	    numbers_bindings);
	per_protocol(p, n, "pool-ports",
	    "Ports of the pool for dynamic bindings", numbers_ports);
	per_protocol(p, n, "pool-ports-available",
	    "Ports of the pool that are free", numbers_available);
	per_protocol(p, n, "pool-threshold-reached",
	    "1: the use of the pool has reached \"warn pool\"", pool_high);
	gauge(p, "subscribers-threshold-reached",
	    "Subscribers that have reached \"warn subscriber\"",
	    nat64_subscribers_high(n));
	gauge(p, "pcp-mappings", "Mappings of port control",
	    nat64_pcp_count(n));
	add_blocks(p, n);
}

static void
add_counters(struct prom *p, const struct nat64_stats *stats)
{
	int i;

	for (i = 0; i < NAT64_NCOUNTERS; i++) {
		prom_metric(p, PROM_COUNTER, PREFIX,
		    nat64_counter_name((enum nat64_counter)i),
		    nat64_counter_meaning((enum nat64_counter)i));
		prom_value(p, stats->counters[i]);
	}
	prom_metric(p, PROM_COUNTER, PREFIX, "dropped-packets",
	    "Packets dropped, by reason");
	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++)
		prom_labelled(p, "reason",
		    nat64_reason_name((enum nat64_reason)i), stats->drops[i]);
}

static void
add_fastpath(struct prom *p, const struct fastpath *f)
{
	struct fastpath_count c;

	if (f == NULL)
		return;
	fastpath_counters(f, &c);
	gauge(p, "fastpath-flows", "Sessions in the fast path",
	    fastpath_flows(f));
	prom_metric(p, PROM_COUNTER, PREFIX, "fastpath-packets",
	    "Packets translated by the fast path, by family of the source");
	prom_labelled(p, "family", "ipv6", c.packets6);
	prom_labelled(p, "family", "ipv4", c.packets4);
	prom_metric(p, PROM_COUNTER, PREFIX, "fastpath-bytes",
	    "Bytes translated by the fast path, by family of the source");
	prom_labelled(p, "family", "ipv6", c.bytes6);
	prom_labelled(p, "family", "ipv4", c.bytes4);
}

/* One value for each collector. */
static void
per_collector(struct prom *p, const struct eventlog *l, enum prom_type type,
    const char *name, const char *help, size_t offset)
{
	char text[LOG_TARGET_STRLEN];
	struct collector_state st;
	unsigned i;

	prom_metric(p, type, PREFIX, name, help);
	for (i = 0; i < eventlog_collectors(l); i++) {
		const struct collector *c = eventlog_collector(l, i);

		collector_state(c, &st);
		prom_labelled(p, "collector",
		    log_target_print(collector_target(c), text),
		    *(const uint64_t *)(const void *)((const char *)&st +
			offset));
	}
}

static void
add_event_log(struct prom *p, const struct eventlog *l)
{
	prom_metric(p, PROM_COUNTER, PREFIX, "event-log-lost-lines",
	    "Lines lost of the file or the local syslog");
	prom_value(p, eventlog_lost(l));
	if (eventlog_collectors(l) == 0)
		return;
	per_collector(p, l, PROM_COUNTER, "collector-events",
	    "Events sent to a collector",
	    offsetof(struct collector_state, sent));
	per_collector(p, l, PROM_COUNTER, "collector-lost-events",
	    "Events lost on the way to a collector",
	    offsetof(struct collector_state, lost));
	per_collector(p, l, PROM_GAUGE, "collector-waiting-bytes",
	    "What waits to be sent",
	    offsetof(struct collector_state, waiting));
}

void
get_metrics(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	struct prom p = { .text = NULL };

	add_state(&p, a);
	add_counters(&p, nat64_stats(engine_nat64(a->engine)));
	add_fastpath(&p, engine_fastpath(a->engine));
	add_event_log(&p, a->log);
	replication_metrics(&p, a->replicate);
	metrics_answer(rq, &p);
}

void
get_ready(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const char *why = numbers_not_ready(engine_nat64(a->engine));

	metrics_answer_ready(rq, why == NULL, why);
}
