/*
 * GET /v1/status and GET /v1/counters.
 */
#include <netinet/in.h>

#include "common/http/control.h"

#include "nat64d/admin.h"
#include "nat64d/engine.h"
#include "nat64d/host/hostreport.h"
#include "rates.h"
#include "routes.h"

static const char *const none[] = { NULL };

static json_t *
pool_use(const struct nat64 *n, enum l4proto proto)
{
	static const char *const names
	    [] = { [L4_TCP] = "tcp", [L4_UDP] = "udp", [L4_ICMP] = "icmp" };
	const uint64_t ports = pool4_capacity(nat64_pool(n), proto);
	const uint64_t available = pool4_n_free_all(nat64_pool(n), proto);

	return (json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}",
	    "transport-protocol", names[proto], "bindings",
	    (json_int_t)nat64_bib(n, proto)->n_entries, "sessions",
	    (json_int_t)nat64_sessions(n)->n_sessions[proto], "ports",
	    (json_int_t)ports, "available", (json_int_t)available, "percent",
	    (json_int_t)(ports > 0 ? (ports - available) * 100 / ports : 0)));
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

static size_t
n_sessions(const struct nat64 *n)
{
	size_t sum = 0;
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		sum += nat64_sessions(n)->n_sessions[proto];
	return (sum);
}

static uint64_t
n_drops(const struct nat64_stats *stats)
{
	uint64_t sum = 0;
	int i;

	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++)
		sum += stats->drops[i];
	return (sum);
}

static json_t *
drops(const struct admin *a)
{
	const struct nat64_stats *stats = nat64_stats(engine_nat64(a->engine));
	enum nat64_reason top;
	const double rate = rates_drops(a->rates, &top);
	json_t *o;

	o = json_pack("{s:I, s:f}", "packets", (json_int_t)n_drops(stats),
	    "packets-per-second", rate);
	if (top != NAT64_NONE)
		json_object_set_new(o, "top-reason",
		    json_string(nat64_reason_name(top)));
	return (o);
}

static void
add_warning(void *list, bool error, const char *text)
{
	(void)error;
	json_array_append_new(list, json_string(text));
}

/* What does not pass by itself. */
static json_t *
warnings(const struct admin *a)
{
	const struct nat64_config *conf =
	    nat64_config(engine_nat64(a->engine));
	json_t *list = json_array();

	hostreport_each(a->report, add_warning, list);
	if (IN6_IS_ADDR_UNSPECIFIED(&conf->self6))
		add_warning(list, false,
		    "no IPv6 address for ICMPv6 errors: none are sent");
	if (conf->self4.s_addr == INADDR_ANY)
		add_warning(list, false,
		    "no IPv4 address for ICMPv4 errors: none are sent");
	if (pool4_n_addrs(nat64_pool(engine_nat64(a->engine))) == 0)
		add_warning(list, false,
		    "no IPv4 address in the pool: nothing is translated");
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
	json_object_set_new(o, "sessions",
	    json_integer((json_int_t)n_sessions(n)));
	json_object_set_new(o, "sessions-max",
	    json_integer((json_int_t)nat64_config(n)->max_sessions));
	json_object_set_new(o, "pool", pool_all(n));
	json_object_set_new(o, "dropped", drops(a));
	json_object_set_new(o, "warnings", warnings(a));
	httpd_json(rq, 200, o);
}

void
get_counters(void *arg, struct httpd_request *rq)
{
	const struct admin *a = arg;
	const struct nat64_stats *stats = nat64_stats(engine_nat64(a->engine));
	json_t *counters = json_object(), *reasons = json_object();
	int i;

	for (i = 0; i < NAT64_NCOUNTERS; i++)
		json_object_set_new(counters,
		    nat64_counter_name((enum nat64_counter)i),
		    json_integer((json_int_t)stats->counters[i]));
	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++)
		json_object_set_new(reasons,
		    nat64_reason_name((enum nat64_reason)i),
		    json_integer((json_int_t)stats->drops[i]));
	if (httpd_only_params(rq, none) == -1) {
		json_decref(counters);
		json_decref(reasons);
		return;
	}
	httpd_json(rq, 200,
	    json_pack("{s:o, s:o}", "counters", counters, "dropped-packets",
		reasons));
}
