/*
 * The grammar of dns64d.conf. Says which statements there are and what may
 * stand where; what a value means is checked by conf.c.
 */
%code requires {
#include <stdbool.h>

#include "common/conf_file.h"

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
}

%token YYEOF 0 "<end of file>"
%token <tok> EOL "<end of line>"
%token <tok> WORD "<name>"
%token <tok> STRING "<string>"
%token <tok> NUMBER "<number>"
%token <tok> RANGE "<range>"

%token <tok> A "a"
%token <tok> AAAA "aaaa"
%token <tok> ALLOW "allow"
%token <tok> ASK "ask"
%token <tok> CNAME "cname"
%token <tok> DELAYED "delayed"
%token <tok> DENY "deny"
%token <tok> DROP "drop"
%token <tok> DUMP "dump"
%token <tok> EXCLUDE "exclude"
%token <tok> FOR "for"
%token <tok> FORCE "force"
%token <tok> FROM "from"
%token <tok> IPV4ONLY "ipv4only"
%token <tok> LEVEL "level"
%token <tok> LIMIT "limit"
%token <tok> LISTEN "listen"
%token <tok> LOCAL "local"
%token <tok> LOG "log"
%token <tok> NO "no"
%token <tok> NONE "none"
%token <tok> ON "on"
%token <tok> PARALLEL "parallel"
%token <tok> PIDFILE "pidfile"
%token <tok> PORT "port"
%token <tok> PREFIX "prefix"
%token <tok> PTR "ptr"
%token <tok> QUERIES "queries"
%token <tok> SEQUENTIAL "sequential"
%token <tok> TCP_CLIENTS "tcp-clients"
%token <tok> TCP_IDLE "tcp-idle"
%token <tok> TCP_PER_CLIENT "tcp-per-client"
%token <tok> TIMEOUT "timeout"
%token <tok> TTL "ttl"
%token <tok> UPSTREAM "upstream"
%token <tok> USER "user"
%token <tok> WKP_NON_GLOBAL "wkp-non-global"
%token <tok> YES "yes"

%type <tok> text
%type <port> port
%type <yes> verdict yesno
%type <family> record

%%

file		: %empty
		| file statement EOL
		| file error EOL	{ yyerrok; }
		;

statement	: address
		| access
		| synthesis
		| bound
		| process
		;

address		: LISTEN ON WORD port {
			check(cf, &$3,
			    conf_add_addr(&conf->listens, $3.text, $4));
		}
		| UPSTREAM WORD port {
			check(cf, &$2,
			    conf_add_addr(&conf->upstreams, $2.text, $3));
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

synthesis	: PREFIX WORD {
			check(cf, &$2, conf_add_prefix(conf, $2.text, NULL));
		}
		| PREFIX WORD FOR WORD {
			check(cf, &$4,
			    conf_add_prefix(conf, $2.text, $4.text));
		}
		| PREFIX NONE FOR WORD {
			check(cf, &$4, conf_add_prefix(conf, NULL, $4.text));
		}
		| EXCLUDE record WORD {
			check(cf, &$3,
			    conf_add_exclude(conf, $2, $3.text));
		}
		| EXCLUDE record NONE {
			policy_clear_excludes(&conf->policy, $2);
		}
		| ASK PARALLEL {
			conf->policy.legs = POLICY_LEGS_PARALLEL;
		}
		| ASK SEQUENTIAL {
			conf->policy.legs = POLICY_LEGS_SEQUENTIAL;
		}
		| ASK DELAYED NUMBER {
			conf->policy.legs = POLICY_LEGS_DELAYED;
			conf->policy.a_delay_ms = number(cf, &$3, 1, 1000);
		}
		| FORCE yesno		{ conf->policy.force = $2; }
		| WKP_NON_GLOBAL ALLOW	{ conf->policy.wkp_non_global = true; }
		| WKP_NON_GLOBAL DROP	{ conf->policy.wkp_non_global = false; }
		| PTR CNAME {
			conf->policy.ptr_mode = POLICY_PTR_CNAME;
		}
		| PTR LOCAL text {
			check(cf, &$3, conf_set_ptr_name(conf, $3.text));
		}
		;

record		: AAAA			{ $$ = AF_INET6; }
		| A			{ $$ = AF_INET; }
		;

yesno		: YES			{ $$ = true; }
		| NO			{ $$ = false; }
		;

bound		: LIMIT QUERIES NUMBER {
			conf->limit_queries = number(cf, &$3, 16, 100000);
		}
		| LIMIT TCP_CLIENTS NUMBER {
			conf->limit_tcp_clients = number(cf, &$3, 1, 10000);
		}
		| LIMIT TCP_PER_CLIENT NUMBER {
			conf->limit_tcp_per_client =
			    number(cf, &$3, 1, 10000);
		}
		| TIMEOUT TCP_IDLE NUMBER {
			conf->tcp_idle_secs = number(cf, &$3, 1, 3600);
		}
		| TIMEOUT AAAA NUMBER {
			conf->policy.aaaa_deadline_ms =
			    number(cf, &$3, 50, 4000);
		}
		| TTL IPV4ONLY NUMBER {
			conf->policy.ipv4only_ttl =
			    number(cf, &$3, 1, INT_MAX);
		}
		| TTL PTR NUMBER {
			conf->policy.ptr_ttl = number(cf, &$3, 1, INT_MAX);
		}
		;

process		: USER text {
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

%%

/* Sorted by strcmp(). */
static const struct conf_keyword keywords[] = {
	{ "a", A },
	{ "aaaa", AAAA },
	{ "allow", ALLOW },
	{ "ask", ASK },
	{ "cname", CNAME },
	{ "delayed", DELAYED },
	{ "deny", DENY },
	{ "drop", DROP },
	{ "dump", DUMP },
	{ "exclude", EXCLUDE },
	{ "for", FOR },
	{ "force", FORCE },
	{ "from", FROM },
	{ "ipv4only", IPV4ONLY },
	{ "level", LEVEL },
	{ "limit", LIMIT },
	{ "listen", LISTEN },
	{ "local", LOCAL },
	{ "log", LOG },
	{ "no", NO },
	{ "none", NONE },
	{ "on", ON },
	{ "parallel", PARALLEL },
	{ "pidfile", PIDFILE },
	{ "port", PORT },
	{ "prefix", PREFIX },
	{ "ptr", PTR },
	{ "queries", QUERIES },
	{ "sequential", SEQUENTIAL },
	{ "tcp-clients", TCP_CLIENTS },
	{ "tcp-idle", TCP_IDLE },
	{ "tcp-per-client", TCP_PER_CLIENT },
	{ "timeout", TIMEOUT },
	{ "ttl", TTL },
	{ "upstream", UPSTREAM },
	{ "user", USER },
	{ "wkp-non-global", WKP_NON_GLOBAL },
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
