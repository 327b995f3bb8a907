/*
 * The grammar of dns64d.conf: which statements there are, what may be in them
 * and the bounds of numbers. The functions of conf.h check all other values.
 */
%code requires {
#include <stdbool.h>

#include "common/conf/conf_file.h"
#include "common/os/log.h"

#include "dns64d/policy/policy.h"

struct conf;
}

%code {
#include <sys/socket.h>

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "common/conf/conf_file.h"
#include "common/os/log.h"

#include "dns64d/conf/conf.h"

static void yyerror(struct conf_file *, struct conf *, const char *);
static void check(struct conf_file *, struct conf *,
    const struct conf_value *, const char *);
static unsigned number(struct conf_file *, const struct conf_value *,
    unsigned, unsigned, const char *);
static unsigned port_number(struct conf_file *, const struct conf_value *);
static unsigned secs(struct conf_file *, const struct conf_value *,
    unsigned, unsigned, const char *);
static unsigned every_secs(struct conf_file *, const struct conf_value *);
static unsigned msecs(struct conf_file *, const struct conf_value *,
    unsigned, unsigned);
static unsigned ttl(struct conf_file *, const struct conf_value *);
static unsigned size(struct conf_file *, const struct conf_value *);
static void add_upstream(struct conf_file *, struct conf *,
    const struct conf_value *, unsigned, const struct conf_value *);
static void add_prefix(struct conf_file *, struct conf *,
    const struct conf_value *, const struct conf_value *);
static void add_translator(struct conf_file *, struct conf *,
    const struct conf_value *, const struct conf_value *,
    const struct conf_value *, unsigned);
static void check_order(struct conf_file *, const struct conf *);
}

%define api.pure full
%define api.push-pull push
%define parse.error custom
%define parse.lac full
%parse-param { struct conf_file *cf } { struct conf *conf }

%union {
	struct conf_value tok;
	unsigned port;
	bool yes;
	int family;
	unsigned secs;
	enum policy_balance balance;
	enum policy_dns64 dns64;
	enum log_level level;
}

%token YYEOF 0 "<end of file>"
%token <tok> EOL "<end of line>"
%token <tok> NUMBER "<number>"
%token <tok> TIME "<time (90, 90s, 5m, 2h or 1d)>"
%token <tok> MSECS "<time (500, 500ms or 2s)>"
%token <tok> SIZE "<size (65536, 64k, 64M or 1G)>"
%token <tok> ADDRESS "<address>"
%token <tok> ADDRESS6 "<IPv6 address>"
%token <tok> ANY_PREFIX "<prefix>"
%token <tok> PREFIX4 "<IPv4 prefix>"
%token <tok> PREFIX6 "<IPv6 prefix>"
%token <tok> DOMAIN "<domain>"
%token <tok> HOST_NAME "<host name>"
%token <tok> PATH "<absolute path>"
%token <tok> RECORD "<record in quotes>"
%token <tok> SECRET "<32 hexadecimal digits in quotes>"
%token <tok> URL "<URL in quotes>"
%token <tok> VIEW_NAME "<name of a view>"
%token <tok> WHO "<name or id of a user>"
%token <tok> GROUP_NAME "<name or id of a group>"

%token <tok> A "a"
%token <tok> AAAA "aaaa"
%token <tok> ALL "all"
%token <tok> ALLOW "allow"
%token <tok> ASK "ask"
%token <tok> BALANCE "balance"
%token <tok> BALANCE_PREFIX4 "balance-prefix4"
%token <tok> BALANCE_PREFIX6 "balance-prefix6"
%token <tok> CACHE "cache"
%token <tok> CACHE_ANSWERS "cache-answers"
%token <tok> CHECKING_DISABLED "checking-disabled"
%token <tok> CLIENT_HASH "client-hash"
%token <tok> CLIENT_SUBNET "client-subnet"
%token <tok> CNAME "cname"
%token <tok> CONTROL "control"
%token <tok> COOKIE_SECRET "cookie-secret"
%token <tok> COOKIES "cookies"
%token <tok> DEBUG "debug"
%token <tok> DELAYED "delayed"
%token <tok> DENY "deny"
%token <tok> DNS64 "dns64"
%token <tok> DROP "drop"
%token <tok> DUMP "dump"
%token <tok> ERR "err"
%token <tok> EVERY "every"
%token <tok> EXCLUDE "exclude"
%token <tok> FAILURE "failure"
%token <tok> FAILURE_MAX "failure-max"
%token <tok> FASTEST "fastest"
%token <tok> FILTER "filter"
%token <tok> FOR "for"
%token <tok> FORCE "force"
%token <tok> FORWARD "forward"
%token <tok> FREEBIND "freebind"
%token <tok> FROM "from"
%token <tok> GROUP "group"
%token <tok> HOST "host"
%token <tok> HOSTS "hosts"
%token <tok> INFO "info"
%token <tok> IPV4HINT "ipv4hint"
%token <tok> IPV4ONLY "ipv4only"
%token <tok> IPV6_CLIENTS "ipv6-clients"
%token <tok> LEAST_LOADED "least-loaded"
%token <tok> LEAST_OUTSTANDING "least-outstanding"
%token <tok> LEAVE "leave"
%token <tok> LEVEL "level"
%token <tok> LIMIT "limit"
%token <tok> LISTEN "listen"
%token <tok> LOCAL "local"
%token <tok> LOCAL_DATA "local-data"
%token <tok> LOG "log"
%token <tok> MATCH "match"
%token <tok> MAX "max"
%token <tok> MAX_SYNTH "max-synth"
%token <tok> METRICS "metrics"
%token <tok> NEGATIVE "negative"
%token <tok> NO "no"
%token <tok> NONE "none"
%token <tok> NXDOMAIN "nxdomain"
%token <tok> NXDOMAIN_CUT "nxdomain-cut"
%token <tok> ON "on"
%token <tok> ORDERED "ordered"
%token <tok> PARALLEL "parallel"
%token <tok> PASS "pass"
%token <tok> PIDFILE "pidfile"
%token <tok> PORT "port"
%token <tok> PREFETCH "prefetch"
%token <tok> PREFIX "prefix"
%token <tok> PTR "ptr"
%token <tok> QUERIES "queries"
%token <tok> RANDOM "random"
%token <tok> RATE "rate"
%token <tok> RATE_PREFIX4 "rate-prefix4"
%token <tok> RATE_PREFIX6 "rate-prefix6"
%token <tok> RATE_SLIP "rate-slip"
%token <tok> REVERSE_ONLY "reverse-only"
%token <tok> ROUND_ROBIN "round-robin"
%token <tok> SEQUENTIAL "sequential"
%token <tok> SERVE_STALE "serve-stale"
%token <tok> SIGNED "signed"
%token <tok> SPECIAL_ZONES "special-zones"
%token <tok> STALE "stale"
%token <tok> STRIP "strip"
%token <tok> SUFFIX "suffix"
%token <tok> SYNTH "synth"
%token <tok> TCP_CLIENTS "tcp-clients"
%token <tok> TCP_IDLE "tcp-idle"
%token <tok> TCP_PER_CLIENT "tcp-per-client"
%token <tok> TCP_PER_UPSTREAM "tcp-per-upstream"
%token <tok> TELL_SYNTHESISED "tell-synthesised"
%token <tok> TIMEOUT "timeout"
%token <tok> TRANSLATOR "translator"
%token <tok> TTL "ttl"
%token <tok> UPSTREAM "upstream"
%token <tok> UPSTREAMS "upstreams"
%token <tok> USER "user"
%token <tok> VIEW "view"
%token <tok> WARN "warn"
%token <tok> WEIGHT "weight"
%token <tok> WKP_NON_GLOBAL "wkp-non-global"
%token <tok> WORKERS "workers"
%token <tok> YES "yes"

%type <tok> pref64 range view_name
%type <secs> every
%type <balance> balance
%type <dns64> dns64
%type <port> port
%type <yes> freebind verdict yesno synth
%type <family> record
%type <level> level

%%

file		: %empty
		| file statement EOL
		| file error EOL	{ yyerrok; }
		;

statement	: address
		| access
		| setting		{ check_order(cf, conf); }
		| once			{ conf_once(cf, NULL); }
		| local
		| view
		;

/* If given again, the last one is used, with a warning. */
once		: order
		| bound
		| cache
		| clients
		| process
		;

address		: METRICS LISTEN ON ADDRESS PORT NUMBER {
			metrics_conf_add(cf, &$4, &$6, false,
			    &conf->metrics);
		}
		| LISTEN ON ADDRESS port freebind {
			check(cf, conf, &$3,
			    conf_add_listener(conf, &$3, $4, $5));
		}
		| UPSTREAM ADDRESS port {
			add_upstream(cf, conf, &$2, $3, NULL);
		}
		| UPSTREAM ADDRESS port FOR DOMAIN {
			add_upstream(cf, conf, &$2, $3, &$5);
		}
		;

order		: UPSTREAMS ORDERED {
			conf->upstream_order = UPSTREAM_ORDERED;
		}
		| UPSTREAMS ROUND_ROBIN {
			conf->upstream_order = UPSTREAM_ROUND_ROBIN;
		}
		| UPSTREAMS LEAST_OUTSTANDING {
			conf->upstream_order = UPSTREAM_LEAST_OUTSTANDING;
		}
		| UPSTREAMS FASTEST {
			conf->upstream_order = UPSTREAM_FASTEST;
		}
		;

port		: %empty		{ $$ = CONF_PORT; }
		| PORT NUMBER		{ $$ = port_number(cf, &$2); }
		;

freebind	: %empty		{ $$ = false; }
		| FREEBIND		{ $$ = true; }
		;

access		: verdict FROM ANY_PREFIX {
			check(cf, conf, &$3,
			    conf_add_access(conf, $3.text, $1));
		}
		;

verdict		: ALLOW			{ $$ = true; }
		| DENY			{ $$ = false; }
		;

view		: view_name '{' EOL view_body '}' {
			check(cf, conf, &$1, conf_end_view(conf));
		}
		;

view_name	: VIEW VIEW_NAME {
			check(cf, conf, &$2, conf_begin_view(conf, $2.text));
			$$ = $2;
		}
		;

view_body	: %empty
		| view_body match EOL
		| view_body setting EOL
		| view_body error EOL	{ yyerrok; }
		;

match		: match_head match_from
		| match_head match_on
		| match_head match_from match_on
		;

match_head	: MATCH {
			check(cf, conf, &$1, conf_add_match(conf));
		}
		;

match_from	: FROM ANY_PREFIX {
			check(cf, conf, &$2, conf_match_from(conf, $2.text));
		}
		;

match_on	: ON ADDRESS port {
			check(cf, conf, &$2, conf_match_on(conf, $2.text, $3));
		}
		;

/* Settings that a view may have of its own. */
setting		: prefix
		| exclude
		| filter
		| suffix
		| weight
		| synthesis		{ conf_once(cf, NULL); }
		| asking		{ conf_once(cf, "ask"); }
		| ptr			{ conf_once(cf, "ptr"); }
		| policy_time		{ conf_once(cf, NULL); }
		;

prefix		: pref64 range {
			add_prefix(cf, conf, &$1, &$2);
		}
		| pref64 range TRANSLATOR URL every {
			add_prefix(cf, conf, &$1, &$2);
			add_translator(cf, conf, &$1, &$4, NULL, $5);
		}
		| pref64 range TRANSLATOR URL URL every {
			add_prefix(cf, conf, &$1, &$2);
			add_translator(cf, conf, &$1, &$4, &$5, $6);
		}
		| pref64 REVERSE_ONLY {
			check(cf, conf, &$1,
			    conf_add_reverse_prefix(conf, $1.text));
		}
		| PREFIX NONE FOR PREFIX4 {
			add_prefix(cf, conf, NULL, &$4);
		}
		;

pref64		: PREFIX PREFIX6		{ $$ = $2; }
		;

range		: %empty		{ $$.text = NULL; }
		| FOR PREFIX4		{ $$ = $2; }
		;

every		: %empty		{ $$ = CONF_TRANSLATOR_SECS; }
		| EVERY TIME		{ $$ = every_secs(cf, &$2); }
		;

exclude		: EXCLUDE record ANY_PREFIX {
			check(cf, conf, &$3,
			    conf_add_exclude(conf, $2, $3.text));
		}
		| EXCLUDE record NONE {
			policy_clear_excludes(conf_policy(conf), $2);
		}
		;

synthesis	: DNS64 dns64		{ conf_policy(conf)->dns64 = $2; }
		| BALANCE balance	{ conf_policy(conf)->balance = $2; }
		| BALANCE_PREFIX4 NUMBER {
			conf_policy(conf)->balance_len4 = number(cf, &$2, 1,
			    32, "bits of an IPv4 address");
		}
		| BALANCE_PREFIX6 NUMBER {
			conf_policy(conf)->balance_len6 = number(cf, &$2, 1,
			    128, "bits of an IPv6 address");
		}
		| FORCE yesno		{ conf_policy(conf)->force = $2; }
		| MAX_SYNTH NUMBER {
			conf_policy(conf)->max_synth =
			    number(cf, &$2, 0, 1024,
			    "0 is no limit");
		}
		| NXDOMAIN synth {
			conf_policy(conf)->nxdomain_synth = $2;
		}
		| CHECKING_DISABLED synth {
			conf_policy(conf)->cd_synth = $2;
		}
		| SIGNED SYNTH {
			conf_policy(conf)->leave_signed = false;
		}
		| SIGNED LEAVE {
			conf_policy(conf)->leave_signed = true;
		}
		| TELL_SYNTHESISED yesno {
			conf_policy(conf)->tell_synthesised = $2;
		}
		| WKP_NON_GLOBAL ALLOW {
			conf_policy(conf)->wkp_non_global = true;
		}
		| WKP_NON_GLOBAL DROP {
			conf_policy(conf)->wkp_non_global = false;
		}
		;

asking		: ASK PARALLEL {
			conf_policy(conf)->lookups = POLICY_LOOKUPS_PARALLEL;
		}
		| ASK SEQUENTIAL {
			conf_policy(conf)->lookups = POLICY_LOOKUPS_SEQUENTIAL;
		}
		| ASK DELAYED MSECS {
			conf_policy(conf)->lookups = POLICY_LOOKUPS_DELAYED;
			conf_policy(conf)->a_delay_ms =
			    msecs(cf, &$3, 1, 1000);
		}
		;

suffix		: SUFFIX PREFIX6 ADDRESS6 {
			check(cf, conf, &$2,
			    conf_set_suffix(conf, $2.text, $3.text));
		}
		;

weight		: WEIGHT PREFIX6 NUMBER {
			check(cf, conf, &$2, conf_set_weight(conf, $2.text,
			    number(cf, &$3, 1, POLICY_WEIGHT_MAX,
			    "a share among the prefixes")));
		}
		;

synth		: SYNTH			{ $$ = true; }
		| PASS			{ $$ = false; }
		;

filter		: FILTER A		{ conf_policy(conf)->filter_a = true; }
		| FILTER IPV4HINT {
			conf_policy(conf)->filter_ipv4hint = true;
		}
		| FILTER NONE {
			conf_policy(conf)->filter_a = false;
			conf_policy(conf)->filter_ipv4hint = false;
		}
		;

dns64		: YES			{ $$ = POLICY_DNS64_YES; }
		| NO			{ $$ = POLICY_DNS64_NO; }
		| IPV6_CLIENTS		{ $$ = POLICY_DNS64_IPV6_CLIENTS; }
		;

balance		: ALL			{ $$ = POLICY_BALANCE_ALL; }
		| ROUND_ROBIN		{ $$ = POLICY_BALANCE_ROUND_ROBIN; }
		| RANDOM		{ $$ = POLICY_BALANCE_RANDOM; }
		| CLIENT_HASH		{ $$ = POLICY_BALANCE_CLIENT_HASH; }
		| LEAST_LOADED		{ $$ = POLICY_BALANCE_LEAST_LOADED; }
		;

ptr		: PTR CNAME {
			conf_policy(conf)->ptr_mode = POLICY_PTR_CNAME;
		}
		| PTR LOCAL HOST_NAME {
			check(cf, conf, &$3, conf_set_ptr_name(conf, $3.text));
		}
		;

policy_time	: TIMEOUT AAAA MSECS {
			conf_policy(conf)->aaaa_deadline_ms =
			    msecs(cf, &$3, 50, 4000);
		}
		| TTL IPV4ONLY TIME {
			conf_policy(conf)->ipv4only_ttl =
			    ttl(cf, &$3);
		}
		| TTL SYNTH TIME {
			conf_policy(conf)->synth_ttl =
			    ttl(cf, &$3);
		}
		| TTL PTR TIME {
			conf_policy(conf)->ptr_ttl =
			    ttl(cf, &$3);
		}
		;

record		: AAAA			{ $$ = AF_INET6; }
		| A			{ $$ = AF_INET; }
		;

yesno		: YES			{ $$ = true; }
		| NO			{ $$ = false; }
		;

bound		: LIMIT QUERIES NUMBER {
			conf->limit_queries = number(cf, &$3,
			    CONF_LIMIT_QUERIES_MIN, 100000,
			    "each takes memory until it is answered");
		}
		| LIMIT TCP_CLIENTS NUMBER {
			conf->limit_tcp_clients = number(cf, &$3, 1, 10000,
			    "each takes a descriptor");
		}
		| LIMIT TCP_PER_CLIENT NUMBER {
			conf->limit_tcp_per_client =
			    number(cf, &$3, 1, 10000,
			    "each takes a descriptor");
		}
		| LIMIT TCP_PER_UPSTREAM NUMBER {
			conf->limit_tcp_per_upstream =
			    number(cf, &$3, 1, 16, "RFC 7766, 6.2.2");
		}
		| TIMEOUT TCP_IDLE TIME {
			conf->tcp_idle_secs = secs(cf, &$3, 1, 3600,
			    "RFC 7766, 6.2.3");
		}
		;

cache		: LIMIT CACHE SIZE {
			conf->cache.bytes = size(cf, &$3);
		}
		| TTL MAX TIME {
			conf->cache.ttl_max = ttl(cf, &$3);
		}
		| TTL NEGATIVE TIME {
			conf->cache.ttl_negative =
			    secs(cf, &$3, 1, CACHE_TTL_NEGATIVE,
			    "RFC 2308, 5");
		}
		| TTL FAILURE TIME {
			conf->cache.ttl_failure =
			    secs(cf, &$3, 1, CACHE_TTL_FAILURE_MAX,
			    "RFC 9520, 3.2");
		}
		| TTL FAILURE_MAX TIME {
			conf->cache.ttl_failure_max =
			    secs(cf, &$3, 1, CACHE_TTL_FAILURE_MAX,
			    "RFC 9520, 3.2");
		}
		| TTL STALE TIME {
			conf->cache.ttl_stale =
			    secs(cf, &$3, 1, CACHE_TTL_STALE_MAX,
			    "RFC 8767, 5");
		}
		| SERVE_STALE yesno	{ conf->cache.serve_stale = $2; }
		| PREFETCH yesno	{ conf->cache.prefetch = $2; }
		| CACHE_ANSWERS yesno	{ conf->cache.answers = $2; }
		| NXDOMAIN_CUT yesno	{ conf->cache.nxdomain_cut = $2; }
		;

clients		: COOKIES yesno		{ conf->admission.no_cookies = !$2; }
		| CLIENT_SUBNET FORWARD {
			conf->admission.forward_subnet = true;
		}
		| CLIENT_SUBNET STRIP {
			conf->admission.forward_subnet = false;
		}
		| LIMIT RATE NUMBER {
			conf->admission.rate = number(cf, &$3, 0, 1000000,
			    "0 is no limit");
		}
		| LIMIT RATE_PREFIX4 NUMBER {
			conf->admission.rate_len4 = number(cf, &$3, 1, 32,
			    "bits of an IPv4 address");
		}
		| LIMIT RATE_PREFIX6 NUMBER {
			conf->admission.rate_len6 = number(cf, &$3, 1, 128,
			    "bits of an IPv6 address");
		}
		| LIMIT RATE_SLIP NUMBER {
			conf->admission.slip = number(cf, &$3, 0, 100,
			    "one in so many is answered, 0 is none");
		}
		| SPECIAL_ZONES yesno	{ conf->special_zones = $2; }
		| LIMIT HOSTS SIZE {
			conf->limit_hosts = size(cf, &$3);
		}
		;

local		: COOKIE_SECRET SECRET {
			check(cf, conf, &$2, conf_add_secret(conf, $2.text));
		}
		| HOST HOST_NAME ADDRESS {
			check(cf, conf, &$2,
			    conf_add_host(conf, $2.text, $3.text));
		}
		| HOSTS PATH {
			check(cf, conf, &$2, conf_add_hosts(conf, &$2));
		}
		| LOCAL_DATA RECORD	{ conf_add_record(conf, cf, &$2); }
		;

process		: WORKERS NUMBER {
			conf->workers = number(cf, &$2, 1, CONF_WORKERS_MAX,
			    "each is a thread");
		}
		| USER WHO {
			conf_set_string(cf, &$2, &conf->user);
		}
		| PIDFILE PATH {
			conf_set_path(cf, &$2, &conf->pidfile);
		}
		| DUMP PATH {
			conf_set_path(cf, &$2, &conf->dump);
		}
		| CONTROL PATH {
			control_conf_set(cf, &$2, NULL, &conf->control);
		}
		| CONTROL PATH GROUP GROUP_NAME {
			control_conf_set(cf, &$2, &$4, &conf->control);
		}
		| CONTROL NO		{ control_conf_clear(&conf->control); }
		| LOG LEVEL level	{ conf->log_level = $3; }
		;

level		: ERR			{ $$ = LOG_LEVEL_ERR; }
		| WARN			{ $$ = LOG_LEVEL_WARN; }
		| INFO			{ $$ = LOG_LEVEL_INFO; }
		| DEBUG			{ $$ = LOG_LEVEL_DEBUG; }
		;

%%

#define CONF_BUILT struct conf
#include "common/conf/grammar.inc"

void
conf_parse(struct conf_file *cf, struct conf *conf)
{
	conf->here = conf_statement_where(cf);
	parse_all(cf, conf);
	conf->here = NULL;
}

/*
 * Report why a value was refused, with the other statement that is the reason,
 * if any. refusal: NULL if the value was accepted.
 */
static void
check(struct conf_file *cf, struct conf *conf, const struct conf_value *v,
    const char *refusal)
{
	if (refusal != NULL && conf->other.file != NULL)
		conf_refuse_for(cf, v, refusal, &conf->other);
	else if (refusal != NULL)
		conf_refuse(cf, v, refusal);
	conf->other.file = NULL;
}

/* These return a value within the bounds, or 0 after a message. */
static unsigned
number(struct conf_file *cf, const struct conf_value *v, unsigned min,
    unsigned max, const char *why)
{
	const struct conf_bounds b = { min, max, why };
	uint64_t n = 0;

	conf_number(cf, v, &b, &n);
	return (n);
}

static unsigned
secs(struct conf_file *cf, const struct conf_value *v, unsigned min,
    unsigned max, const char *why)
{
	const struct conf_bounds b = { min, max, why };
	uint64_t n = 0;

	conf_quantity_within(cf, v, QUANTITY_SECS, &b, &n);
	return (n);
}

static unsigned
port_number(struct conf_file *cf, const struct conf_value *v)
{
	return (number(cf, v, 1, 65535, NULL));
}

static unsigned
every_secs(struct conf_file *cf, const struct conf_value *v)
{
	return (secs(cf, v, 1, 3600, "an older load says nothing"));
}

static unsigned
msecs(struct conf_file *cf, const struct conf_value *v, unsigned min,
    unsigned max)
{
	const struct conf_bounds b = { min, max,
		"a client asks again after some seconds" };
	uint64_t n = 0;

	conf_quantity_within(cf, v, QUANTITY_MSECS, &b, &n);
	return (n);
}

static unsigned
ttl(struct conf_file *cf, const struct conf_value *v)
{
	return (secs(cf, v, 1, INT_MAX, "RFC 2181, 8"));
}

static unsigned
size(struct conf_file *cf, const struct conf_value *v)
{
	const struct conf_bounds b = { 0, UINT_MAX, "4 GiB" };
	uint64_t n = 0;

	conf_quantity_within(cf, v, QUANTITY_BYTES, &b, &n);
	return (n);
}

/* The message names the address or the domain, whichever is refused. */
static void
add_upstream(struct conf_file *cf, struct conf *conf,
    const struct conf_value *addr, unsigned port,
    const struct conf_value *domain)
{
	const char *text = domain != NULL ? domain->text : ".";
	const char *why;

	if ((why = conf_check_domain(text)) != NULL)
		check(cf, conf, domain, why);
	else
		check(cf, conf, addr,
		    conf_add_upstream(conf, addr, port, text));
}

/*
 * prefix: NULL for no synthesis. range: without a text for all of IPv4. The
 * message names whichever is refused.
 */
static void
add_prefix(struct conf_file *cf, struct conf *conf,
    const struct conf_value *prefix, const struct conf_value *range)
{
	struct prefix from;
	const char *why;

	if ((why = conf_parse_range(range->text, &from)) != NULL) {
		check(cf, conf, range, why);
		return;
	}
	check(cf, conf, prefix != NULL ? prefix : range, conf_add_prefix(conf,
	    prefix != NULL ? prefix->text : NULL, &from));
}

/* other: the second URL, or NULL. The message names whichever is refused. */
static void
add_translator(struct conf_file *cf, struct conf *conf,
    const struct conf_value *prefix, const struct conf_value *url,
    const struct conf_value *other, unsigned every_secs)
{
	const char *why = NULL;

	if (other != NULL)
		why = conf_check_other_url(url->text, other->text);
	if (why != NULL) {
		check(cf, conf, other, why);
		return;
	}
	check(cf, conf, url, conf_add_translator(conf, prefix->text, url->text,
	    other != NULL ? other->text : NULL, every_secs));
}

/*
 * A view begins as a copy of the default, so a default that comes after it
 * would not hold in it.
 */
static void
check_order(struct conf_file *cf, const struct conf *conf)
{
	if (conf->views.n > 1)
		conf_error(cf, "this is a default of the views and must come "
		    "before the first of them");
}
