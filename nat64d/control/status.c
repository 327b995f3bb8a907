/*
 * GET /v1/status and GET /v1/counters.
 */
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "common/http/control.h"

#include "nat64d/admin.h"
#include "nat64d/core/nat64_pcp.h"
#include "nat64d/engine.h"
#include "nat64d/eventlog.h"
#include "nat64d/host/hostreport.h"
#include "nat64d/os/fastpath.h"
#include "numbers.h"
#include "rates.h"
#include "replication.h"
#include "routes.h"

static const char *const none[] = { NULL };

static json_t *
pool_use(const struct nat64 *n, enum l4proto proto)
{
	const uint64_t ports = numbers_ports(n, proto);
	const uint64_t free_ports = numbers_available(n, proto);
	const uint64_t percent =
	    ports > 0 ? (ports - free_ports) * 100 / ports : 0;

	return (json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}",
	    "transport-protocol", numbers_proto(proto), "bindings",
	    (json_int_t)numbers_bindings(n, proto), "sessions",
	    (json_int_t)numbers_proto_sessions(n, proto), "ports",
	    (json_int_t)ports, "ports-free", (json_int_t)free_ports, "percent",
	    (json_int_t)percent));
}

static json_t *
pool_all(const struct nat64 *n)
{
	json_t *list = json_array();
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		json_array_append_new(list, pool_use(n, (enum l4proto)proto));
	return (list);
}

/* NULL: there are none. */
static json_t *
blocks(const struct nat64 *n)
{
	const struct pool4_block_count c = pool4_count_blocks(nat64_pool(n));

	if (c.total == 0)
		return (NULL);
	return (json_pack("{s:I, s:I, s:I}", "total", (json_int_t)c.total,
	    "held", (json_int_t)c.held, "idle", (json_int_t)c.resting));
}

static json_t *
port_control(const struct nat64 *n)
{
	const struct nat64_stats *stats = nat64_stats(n);

	return (json_pack("{s:I, s:I, s:I, s:I}", "mappings",
	    (json_int_t)nat64_pcp_count(n), "epoch",
	    (json_int_t)nat64_pcp_epoch(n, monotime_now()), "requests",
	    (json_int_t)stats->counters[NAT64_PCP_REQUESTS], "refused",
	    (json_int_t)stats->counters[NAT64_PCP_REFUSED]));
}

static json_t *
drops(const struct admin *a)
{
	const struct nat64_stats *stats = nat64_stats(engine_nat64(a->engine));
	enum nat64_reason top;
	const double rate = rates_drops(a->rates, &top);
	json_t *o;

	o = json_pack("{s:I, s:f}", "packets",
	    (json_int_t)numbers_drops(stats), "packets-per-second", rate);
	if (top != NAT64_NONE)
		json_object_set_new(o, "top-reason",
		    json_string(nat64_reason_name(top)));
	return (o);
}

/* NULL: there is none. */
static json_t *
fast_path(const struct fastpath *f)
{
	struct fastpath_count c;
	json_int_t packets, bytes;

	if (f == NULL)
		return (NULL);
	fastpath_counters(f, &c);
	packets = (json_int_t)c.packets6 + (json_int_t)c.packets4;
	bytes = (json_int_t)c.bytes6 + (json_int_t)c.bytes4;
	return (json_pack("{s:I, s:I, s:I}", "flows",
	    (json_int_t)fastpath_flows(f), "packets", packets, "bytes",
	    bytes));
}

static void
add_warning(void *list, bool error, const char *text)
{
	(void)error;
	json_array_append_new(list, json_string(text));
}

static json_t *
one_collector(const struct collector *c)
{
	char name[LOG_TARGET_STRLEN];
	struct collector_state st;
	json_t *o;

	collector_state(c, &st);
	o = json_pack("{s:s, s:b, s:I, s:I, s:I}", "collector",
	    log_target_print(collector_target(c), name), "reached", st.reached,
	    "sent", (json_int_t)st.sent, "lost", (json_int_t)st.lost,
	    "waiting-bytes", (json_int_t)st.waiting);
	if (st.error != 0)
		json_object_set_new(o, "last-error",
		    json_string(strerror(st.error)));
	return (o);
}

static json_t *
event_log(const struct eventlog *l)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < eventlog_collectors(l); i++)
		json_array_append_new(list,
		    one_collector(eventlog_collector(l, i)));
	return (json_pack("{s:I, s:o}", "lost-lines",
	    (json_int_t)eventlog_lost(l), "collectors", list));
}

static void
collector_warning(json_t *list, const struct collector *c)
{
	char name[LOG_TARGET_STRLEN], text[256];
	struct collector_state st;

	collector_state(c, &st);
	log_target_print(collector_target(c), name);
	if (!st.reached && st.error != 0) {
		snprintf(text, sizeof(text), "event log: %s: %s", name,
		    strerror(st.error));
		add_warning(list, false, text);
	}
	if (st.losing) {
		snprintf(text, sizeof(text),
		    "event log: %s: it gets less than there is: events are "
		    "lost",
		    name);
		add_warning(list, false, text);
	}
}

static void
warn_of_use(const struct nat64 *n, json_t *list)
{
	char text[128];
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		if (!nat64_pool_is_high(n, (enum l4proto)proto))
			continue;
		snprintf(text, sizeof(text),
		    "the pool is nearly used up: %s ports have reached the "
		    "%u %% of \"warn pool\"",
		    numbers_proto((enum l4proto)proto),
		    nat64_config(n)->warn_pool);
		add_warning(list, false, text);
	}
	if (nat64_subscribers_high(n) == 0)
		return;
	snprintf(text, sizeof(text),
	    "%zu subscribers have reached the %u %% of \"warn subscriber\"",
	    nat64_subscribers_high(n), nat64_config(n)->warn_subscriber);
	add_warning(list, false, text);
}

/* What does not pass by itself. */
static json_t *
warnings(const struct admin *a)
{
	const struct nat64_config *conf =
	    nat64_config(engine_nat64(a->engine));
	const char *why = numbers_no_pool(engine_nat64(a->engine));
	json_t *list = json_array();
	unsigned i;

	hostreport_each(a->report, add_warning, list);
	if (IN6_IS_ADDR_UNSPECIFIED(&conf->self6))
		add_warning(list, false,
		    "no IPv6 address for ICMPv6 errors: none are sent");
	if (conf->self4.s_addr == INADDR_ANY)
		add_warning(list, false,
		    "no IPv4 address for ICMPv4 errors: none are sent");
	if (why != NULL)
		add_warning(list, false, why);
	warn_of_use(engine_nat64(a->engine), list);
	for (i = 0; i < eventlog_collectors(a->log); i++)
		collector_warning(list, eventlog_collector(a->log, i));
	why = a->replicate != NULL ? replicate_problem(a->replicate) : NULL;
	if (why != NULL)
		add_warning(list, false, why);
	return (list);
}

void
get_status(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64 *n = engine_nat64(a->engine);
	json_t *o;

	if (httpd_only_params(rq, none) == -1)
		return;
	o = control_status("nat64d", a->started, a->started_ms);
	json_object_set_new(o, "role",
	    json_string(nat64_role_name(nat64_role(n))));
	json_object_set_new(o, "draining", json_boolean(nat64_is_draining(n)));
	json_object_set_new(o, "sessions",
	    json_integer((json_int_t)numbers_sessions(n)));
	json_object_set_new(o, "sessions-max",
	    json_integer((json_int_t)nat64_config(n)->max_sessions));
	json_object_set_new(o, "pool", pool_all(n));
	json_object_set_new(o, "blocks", blocks(n));
	if (nat64_config(n)->pcp.on)
		json_object_set_new(o, "port-control", port_control(n));
	json_object_set_new(o, "dropped", drops(a));
	/* Without a value, nothing is set. */
	json_object_set_new(o, "fast-path",
	    fast_path(engine_fastpath(a->engine)));
	json_object_set_new(o, "event-log", event_log(a->log));
	if (a->replicate != NULL)
		json_object_set_new(o, "replication",
		    replication_status(a->replicate));
	json_object_set_new(o, "warnings", warnings(a));
	httpd_json(rq, 200, o);
}

void
get_counters(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64_stats *stats = nat64_stats(engine_nat64(a->engine));
	json_t *counters, *reasons;
	int i;

	if (httpd_only_params(rq, none) == -1)
		return;
	counters = json_object();
	reasons = json_object();
	for (i = 0; i < NAT64_NCOUNTERS; i++)
		json_object_set_new(counters,
		    nat64_counter_name((enum nat64_counter)i),
		    json_integer((json_int_t)stats->counters[i]));
	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++)
		json_object_set_new(reasons,
		    nat64_reason_name((enum nat64_reason)i),
		    json_integer((json_int_t)stats->drops[i]));
	httpd_json(rq, 200,
	    json_pack("{s:o, s:o}", "counters", counters, "dropped-packets",
		reasons));
}
