/*
 * The grammar of dns64d.conf. Says which statements there are and what may
 * stand where; what a value means is checked by conf.c.
 */
%code requires {
#include <stdbool.h>

#include "common/conf_file.h"

#include "dns64d/policy.h"

struct conf;
}

%code {
#include <sys/socket.h>

#include <limits.h>
#include <stddef.h>

#include "common/conf_file.h"
#include "common/log.h"

#include "dns64d/conf.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

static int yylex(YYSTYPE *, struct conf_file *);
static void yyerror(struct conf_file *, struct conf *, const char *);
static void check(struct conf_file *, const struct conf_value *,
    const char *);
static unsigned number(struct conf_file *, const struct conf_value *,
    unsigned, unsigned);
static void add_upstream(struct conf_file *, struct conf *,
    const struct conf_value *, unsigned, const struct conf_value *);
static void add_prefix(struct conf_file *, struct conf *,
    const struct conf_value *, const struct conf_value *);
static void check_order(struct conf_file *, const struct conf *);
static void set_log_level(struct conf_file *, struct conf *,
    const struct conf_value *);
}

%define api.pure full
%define parse.error custom
%define parse.lac full
%param { struct conf_file *cf }
%parse-param { struct conf *conf }

%union {
	struct conf_value tok;
	unsigned port;
	bool yes;
	int family;
	unsigned secs;
	enum policy_balance balance;
	enum policy_dns64 dns64;
}

%token YYEOF 0 "<end of file>"
%token <tok> EOL "<end of line>"
%token <tok> WORD "<name>"
%token <tok> STRING "<string>"
%token <tok> NUMBER "<number>"
%token <tok> RANGE "<range>"

%token <tok> A "a"
%token <tok> AAAA "aaaa"
%token <tok> ALL "all"
%token <tok> ALLOW "allow"
%token <tok> ASK "ask"
%token <tok> BALANCE "balance"
%token <tok> CACHE "cache"
%token <tok> CACHE_ANSWERS "cache-answers"
%token <tok> CHECKING_DISABLED "checking-disabled"
%token <tok> CLIENT_HASH "client-hash"
%token <tok> CLIENT_SUBNET "client-subnet"
%token <tok> CNAME "cname"
%token <tok> COOKIE_SECRET "cookie-secret"
%token <tok> COOKIES "cookies"
%token <tok> DELAYED "delayed"
%token <tok> DENY "deny"
%token <tok> DNS64 "dns64"
%token <tok> DROP "drop"
%token <tok> DUMP "dump"
%token <tok> EVERY "every"
%token <tok> EXCLUDE "exclude"
%token <tok> FAILURE "failure"
%token <tok> FAILURE_MAX "failure-max"
%token <tok> FASTEST "fastest"
%token <tok> FILTER "filter"
%token <tok> FOR "for"
%token <tok> FORCE "force"
%token <tok> FORWARD "forward"
%token <tok> FROM "from"
%token <tok> HOST "host"
%token <tok> HOSTS "hosts"
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
%token <tok> LOG "log"
%token <tok> MATCH "match"
%token <tok> MAX "max"
%token <tok> MAX_SYNTH "max-synth"
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
%token <tok> WKP_NON_GLOBAL "wkp-non-global"
%token <tok> WORKERS "workers"
%token <tok> YES "yes"

%type <tok> text who pref64 range view_name
%type <secs> every
%type <balance> balance
%type <dns64> dns64
%type <port> port
%type <yes> verdict yesno synth
%type <family> record

%%

file		: %empty
		| file statement EOL
		| file error EOL	{ yyerrok; }
		;

statement	: address
		| access
		| setting		{ check_order(cf, conf); }
		| bound
		| cache
		| clients
		| process
		| view
		;

address		: LISTEN ON WORD port {
			check(cf, &$3,
			    conf_add_addr(&conf->listens, $3.text, $4));
		}
		| UPSTREAM WORD port {
			add_upstream(cf, conf, &$2, $3, NULL);
		}
		| UPSTREAM WORD port FOR text {
			add_upstream(cf, conf, &$2, $3, &$5);
		}
		| UPSTREAMS ORDERED {
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
		| PORT NUMBER		{ $$ = number(cf, &$2, 1, 65535); }
		;

access		: verdict FROM WORD {
			check(cf, &$3, conf_add_access(conf, $3.text, $1));
		}
		;

verdict		: ALLOW			{ $$ = true; }
		| DENY			{ $$ = false; }
		;

view		: view_name '{' EOL view_body '}' {
			check(cf, &$1, conf_end_view(conf));
		}
		;

view_name	: VIEW text {
			check(cf, &$2, conf_begin_view(conf, $2.text));
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
			check(cf, &$1, conf_add_match(conf));
		}
		;

match_from	: FROM WORD {
			check(cf, &$2, conf_match_from(conf, $2.text));
		}
		;

match_on	: ON WORD port {
			check(cf, &$2, conf_match_on(conf, $2.text, $3));
		}
		;

/* What a view may have of its own. */
setting		: prefix
		| exclude
		| filter
		| synthesis
		| ptr
		| policy_time
		;

prefix		: pref64 range {
			add_prefix(cf, conf, &$1, &$2);
		}
		| pref64 range TRANSLATOR text every {
			add_prefix(cf, conf, &$1, &$2);
			check(cf, &$4, conf_add_translator(conf, $1.text,
			    $4.text, $5));
		}
		| pref64 REVERSE_ONLY {
			check(cf, &$1,
			    conf_add_reverse_prefix(conf, $1.text));
		}
		| PREFIX NONE FOR WORD {
			add_prefix(cf, conf, NULL, &$4);
		}
		;

pref64		: PREFIX WORD		{ $$ = $2; }
		;

range		: %empty		{ $$.text = NULL; }
		| FOR WORD		{ $$ = $2; }
		;

every		: %empty		{ $$ = CONF_TRANSLATOR_SECS; }
		| EVERY NUMBER		{ $$ = number(cf, &$2, 1, 3600); }
		;

exclude		: EXCLUDE record WORD {
			check(cf, &$3,
			    conf_add_exclude(conf, $2, $3.text));
		}
		| EXCLUDE record NONE {
			policy_clear_excludes(conf_policy(conf), $2);
		}
		;

synthesis	: DNS64 dns64		{ conf_policy(conf)->dns64 = $2; }
		| BALANCE balance	{ conf_policy(conf)->balance = $2; }
		| ASK PARALLEL {
			conf_policy(conf)->legs = POLICY_LEGS_PARALLEL;
		}
		| ASK SEQUENTIAL {
			conf_policy(conf)->legs = POLICY_LEGS_SEQUENTIAL;
		}
		| ASK DELAYED NUMBER {
			conf_policy(conf)->legs = POLICY_LEGS_DELAYED;
			conf_policy(conf)->a_delay_ms =
			    number(cf, &$3, 1, 1000);
		}
		| FORCE yesno		{ conf_policy(conf)->force = $2; }
		| MAX_SYNTH NUMBER {
			conf_policy(conf)->max_synth =
			    number(cf, &$2, 0, 1024);
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
		| SUFFIX WORD WORD {
			check(cf, &$2,
			    conf_set_suffix(conf, $2.text, $3.text));
		}
		| WKP_NON_GLOBAL ALLOW {
			conf_policy(conf)->wkp_non_global = true;
		}
		| WKP_NON_GLOBAL DROP {
			conf_policy(conf)->wkp_non_global = false;
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
		| PTR LOCAL text {
			check(cf, &$3, conf_set_ptr_name(conf, $3.text));
		}
		;

policy_time	: TIMEOUT AAAA NUMBER {
			conf_policy(conf)->aaaa_deadline_ms =
			    number(cf, &$3, 50, 4000);
		}
		| TTL IPV4ONLY NUMBER {
			conf_policy(conf)->ipv4only_ttl =
			    number(cf, &$3, 1, INT_MAX);
		}
		| TTL PTR NUMBER {
			conf_policy(conf)->ptr_ttl =
			    number(cf, &$3, 1, INT_MAX);
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
			    CONF_LIMIT_QUERIES_MIN, 100000);
		}
		| LIMIT TCP_CLIENTS NUMBER {
			conf->limit_tcp_clients = number(cf, &$3, 1, 10000);
		}
		| LIMIT TCP_PER_CLIENT NUMBER {
			conf->limit_tcp_per_client =
			    number(cf, &$3, 1, 10000);
		}
		| LIMIT TCP_PER_UPSTREAM NUMBER {
			conf->limit_tcp_per_upstream =
			    number(cf, &$3, 1, 16);
		}
		| TIMEOUT TCP_IDLE NUMBER {
			conf->tcp_idle_secs = number(cf, &$3, 1, 3600);
		}
		;

cache		: LIMIT CACHE NUMBER {
			conf->cache.bytes = number(cf, &$3, 0, UINT_MAX);
		}
		| TTL MAX NUMBER {
			conf->cache.ttl_max = number(cf, &$3, 1, INT_MAX);
		}
		| TTL NEGATIVE NUMBER {
			conf->cache.ttl_negative =
			    number(cf, &$3, 1, CACHE_TTL_NEGATIVE);
		}
		| TTL FAILURE NUMBER {
			conf->cache.ttl_failure =
			    number(cf, &$3, 1, CACHE_TTL_FAILURE_MAX);
		}
		| TTL FAILURE_MAX NUMBER {
			conf->cache.ttl_failure_max =
			    number(cf, &$3, 1, CACHE_TTL_FAILURE_MAX);
		}
		| TTL STALE NUMBER {
			conf->cache.ttl_stale =
			    number(cf, &$3, 1, CACHE_TTL_STALE_MAX);
		}
		| SERVE_STALE yesno	{ conf->cache.serve_stale = $2; }
		| PREFETCH yesno	{ conf->cache.prefetch = $2; }
		| CACHE_ANSWERS yesno	{ conf->cache.answers = $2; }
		| NXDOMAIN_CUT yesno	{ conf->cache.nxdomain_cut = $2; }
		;

clients		: COOKIES yesno		{ conf->gate.no_cookies = !$2; }
		| COOKIE_SECRET text {
			check(cf, &$2, conf_add_secret(conf, $2.text));
		}
		| CLIENT_SUBNET FORWARD { conf->gate.forward_subnet = true; }
		| CLIENT_SUBNET STRIP	{ conf->gate.forward_subnet = false; }
		| LIMIT RATE NUMBER {
			conf->gate.rate = number(cf, &$3, 0, 1000000);
		}
		| LIMIT RATE_PREFIX4 NUMBER {
			conf->gate.rate_len4 = number(cf, &$3, 1, 32);
		}
		| LIMIT RATE_PREFIX6 NUMBER {
			conf->gate.rate_len6 = number(cf, &$3, 1, 128);
		}
		| LIMIT RATE_SLIP NUMBER {
			conf->gate.slip = number(cf, &$3, 0, 100);
		}
		| SPECIAL_ZONES yesno	{ conf->special_zones = $2; }
		| HOST text WORD {
			check(cf, &$2,
			    conf_add_host(conf, $2.text, $3.text));
		}
		| HOSTS text {
			check(cf, &$2, conf_add_hosts(conf, &$2));
		}
		| LIMIT HOSTS NUMBER {
			conf->limit_hosts = number(cf, &$3, 0, UINT_MAX);
		}
		;

process		: WORKERS NUMBER {
			conf->workers = number(cf, &$2, 1, CONF_WORKERS_MAX);
		}
		| USER who {
			check(cf, &$2, conf_set_string(&conf->user, $2.text));
		}
		| PIDFILE text {
			check(cf, &$2,
			    conf_set_path(&conf->pidfile, $2.text));
		}
		| DUMP text {
			check(cf, &$2, conf_set_path(&conf->dump, $2.text));
		}
		| LOG LEVEL WORD	{ set_log_level(cf, conf, &$3); }
		;

text		: WORD
		| STRING
		;

who		: text
		| NUMBER
		;

%%

/* Sorted by strcmp(). */
static const struct conf_keyword keywords[] = {
	{ "a", A },
	{ "aaaa", AAAA },
	{ "all", ALL },
	{ "allow", ALLOW },
	{ "ask", ASK },
	{ "balance", BALANCE },
	{ "cache", CACHE },
	{ "cache-answers", CACHE_ANSWERS },
	{ "checking-disabled", CHECKING_DISABLED },
	{ "client-hash", CLIENT_HASH },
	{ "client-subnet", CLIENT_SUBNET },
	{ "cname", CNAME },
	{ "cookie-secret", COOKIE_SECRET },
	{ "cookies", COOKIES },
	{ "delayed", DELAYED },
	{ "deny", DENY },
	{ "dns64", DNS64 },
	{ "drop", DROP },
	{ "dump", DUMP },
	{ "every", EVERY },
	{ "exclude", EXCLUDE },
	{ "failure", FAILURE },
	{ "failure-max", FAILURE_MAX },
	{ "fastest", FASTEST },
	{ "filter", FILTER },
	{ "for", FOR },
	{ "force", FORCE },
	{ "forward", FORWARD },
	{ "from", FROM },
	{ "host", HOST },
	{ "hosts", HOSTS },
	{ "ipv4hint", IPV4HINT },
	{ "ipv4only", IPV4ONLY },
	{ "ipv6-clients", IPV6_CLIENTS },
	{ "least-loaded", LEAST_LOADED },
	{ "least-outstanding", LEAST_OUTSTANDING },
	{ "leave", LEAVE },
	{ "level", LEVEL },
	{ "limit", LIMIT },
	{ "listen", LISTEN },
	{ "local", LOCAL },
	{ "log", LOG },
	{ "match", MATCH },
	{ "max", MAX },
	{ "max-synth", MAX_SYNTH },
	{ "negative", NEGATIVE },
	{ "no", NO },
	{ "none", NONE },
	{ "nxdomain", NXDOMAIN },
	{ "nxdomain-cut", NXDOMAIN_CUT },
	{ "on", ON },
	{ "ordered", ORDERED },
	{ "parallel", PARALLEL },
	{ "pass", PASS },
	{ "pidfile", PIDFILE },
	{ "port", PORT },
	{ "prefetch", PREFETCH },
	{ "prefix", PREFIX },
	{ "ptr", PTR },
	{ "queries", QUERIES },
	{ "random", RANDOM },
	{ "rate", RATE },
	{ "rate-prefix4", RATE_PREFIX4 },
	{ "rate-prefix6", RATE_PREFIX6 },
	{ "rate-slip", RATE_SLIP },
	{ "reverse-only", REVERSE_ONLY },
	{ "round-robin", ROUND_ROBIN },
	{ "sequential", SEQUENTIAL },
	{ "serve-stale", SERVE_STALE },
	{ "signed", SIGNED },
	{ "special-zones", SPECIAL_ZONES },
	{ "stale", STALE },
	{ "strip", STRIP },
	{ "suffix", SUFFIX },
	{ "synth", SYNTH },
	{ "tcp-clients", TCP_CLIENTS },
	{ "tcp-idle", TCP_IDLE },
	{ "tcp-per-client", TCP_PER_CLIENT },
	{ "tcp-per-upstream", TCP_PER_UPSTREAM },
	{ "tell-synthesised", TELL_SYNTHESISED },
	{ "timeout", TIMEOUT },
	{ "translator", TRANSLATOR },
	{ "ttl", TTL },
	{ "upstream", UPSTREAM },
	{ "upstreams", UPSTREAMS },
	{ "user", USER },
	{ "view", VIEW },
	{ "wkp-non-global", WKP_NON_GLOBAL },
	{ "workers", WORKERS },
	{ "yes", YES },
};

int
conf_parse(struct conf_file *cf, struct conf *conf)
{
	return (yyparse(cf, conf));
}

static int
yylex(YYSTYPE *lval, struct conf_file *cf)
{
	switch (conf_file_next(cf, &lval->tok)) {
	case CONF_EOF:
		return (YYEOF);
	case CONF_EOL:
		return (EOL);
	case CONF_WORD:
		return (conf_keyword(keywords, nitems(keywords),
		    lval->tok.text, WORD));
	case CONF_STRING:
		return (STRING);
	case CONF_NUMBER:
		return (NUMBER);
	case CONF_RANGE:
		return (RANGE);
	case CONF_PUNCT:
		return (lval->tok.punct);
	case CONF_ERROR:
		break;
	}
	return (YYerror);
}

static int
yyreport_syntax_error(const yypcontext_t *ctx, struct conf_file *cf,
    struct conf *conf)
{
	yysymbol_kind_t kinds[CONF_MAX_EXPECTED];
	const char *names[CONF_MAX_EXPECTED];
	int i, n;

	(void)conf;
	n = yypcontext_expected_tokens(ctx, kinds, CONF_MAX_EXPECTED);
	for (i = 0; i < n; i++)
		names[i] = yysymbol_name(kinds[i]);
	conf_unexpected(cf, names, n > 0 ? n : 0);
	return (0);
}

/* Bison calls it for lack of memory only. */
static void
yyerror(struct conf_file *cf, struct conf *conf, const char *msg)
{
	(void)conf;
	conf_error(cf, "%s", msg);
}

/* Report why a value was refused; refusal is NULL when it was not. */
static void
check(struct conf_file *cf, const struct conf_value *v, const char *refusal)
{
	if (refusal != NULL)
		conf_error_at(cf, &v->where, "\"%s\" %s", v->text, refusal);
}

/* A number within its bounds, or 0 after a message. */
static unsigned
number(struct conf_file *cf, const struct conf_value *v, unsigned min,
    unsigned max)
{
	if (v->number >= min && v->number <= max)
		return (v->number);
	conf_error_at(cf, &v->where, "%s is not within %u to %u", v->text,
	    min, max);
	return (0);
}

/* Of address and domain the one that is refused is named. */
static void
add_upstream(struct conf_file *cf, struct conf *conf,
    const struct conf_value *addr, unsigned port,
    const struct conf_value *domain)
{
	const char *text = domain != NULL ? domain->text : ".";
	const char *why;

	if ((why = conf_check_domain(text)) != NULL)
		check(cf, domain, why);
	else
		check(cf, addr,
		    conf_add_upstream(conf, addr->text, port, text));
}

/*
 * prefix is NULL for no synthesis; range has no text for all of IPv4. Of the
 * two the one that is refused is named.
 */
static void
add_prefix(struct conf_file *cf, struct conf *conf,
    const struct conf_value *prefix, const struct conf_value *range)
{
	struct prefix from;
	const char *why;

	if ((why = conf_parse_range(range->text, &from)) != NULL) {
		check(cf, range, why);
		return;
	}
	check(cf, prefix != NULL ? prefix : range, conf_add_prefix(conf,
	    prefix != NULL ? prefix->text : NULL, &from));
}

/*
 * A view begins as a copy of the default, so that what stands above it in
 * the file holds in it, and nothing else.
 */
static void
check_order(struct conf_file *cf, const struct conf *conf)
{
	if (conf->views.n > 1)
		conf_error(cf, "this is a default of the views and must come "
		    "before the first of them");
}

static void
set_log_level(struct conf_file *cf, struct conf *conf,
    const struct conf_value *v)
{
	if (log_level_parse(v->text, &conf->log_level) == -1)
		conf_error_at(cf, &v->where,
		    "\"%s\" is no log level: expected err, warn, info or "
		    "debug",
		    v->text);
}
