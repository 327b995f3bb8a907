/*
 * The grammar of nat64d.conf: each statement, its values, and the field that
 * it sets.
 */

%code requires {
#include "nat64d/conf/conf_build.h"
}

%code {
#include <string.h>

#include "nat64d/alg/ftp.h"
#include "nat64d/pcp/pcp.h"

/* Reasons for bounds, as messages give them. */
#define OCTET "an octet"
#define MEMORY "each takes memory"
#define NO_LIMIT "0 is no limit"

#define MAX_ENTRIES CONF_MAX_ENTRIES
#define MAX_COUNT UINT16_MAX

static void yyerror(struct conf_file *, struct conf_build *, const char *);

/* The device-independent part of the configuration. */
#define NAT64 (b->conf->nat64)
}

%define api.pure full
%define api.push-pull push
%define parse.error custom
%define parse.lac full
%parse-param { struct conf_file *cf } { struct conf_build *b }

%union {
	struct conf_value tok;
	struct conf_ports ports;
	struct conf_ports_list list;
	struct conf_addr4 addr4;
	struct conf_pool_ports pool;
	struct bucket_rate rate;
	int proto; /* enum l4proto, or -1 for all */
	int value;
	enum conf_timeout lifetime;
	bool flag;
	uint32_t number;
	bool *flagp;
	uint32_t *numberp;
}

%token YYEOF 0 "<end of file>"
%token <tok> EOL "<end of line>"
%token <tok> NUMBER "<number>" RANGE "<range>"
%token <tok> TIME "<time (90, 90s, 5m, 2h or 1d)>"
%token <tok> SIZE "<size (65536, 64k, 64M or 1G)>"
%token <tok> ANY_ADDRESS "<address>" ADDRESS4 "<IPv4 address>"
%token <tok> ADDRESSES4 "<IPv4 address or prefix>"
%token <tok> ADDRESS6 "<IPv6 address>"
%token <tok> PREFIX4 "<IPv4 prefix>" PREFIX6 "<IPv6 prefix>"
%token <tok> IFNAME "<name of an interface>" PATH "<absolute path>"
%token <tok> WHO "<name or id of a user>"
%token <tok> GROUP_NAME "<name or id of a group>"

%token <tok> STORE "<address of a store>" PAIR_NAME "<name of a pair>"

%token <tok> ACCEPT "accept" ACTIVE "active" ADDRESS "address"
%token <tok> ADDRESSES "addresses" ADDRESS_DEPENDENT "address-dependent"
%token <tok> AFTER "after" ALG "alg" ALLOW "allow" AT "at" AUTO "auto"
%token <tok> BINDINGS "bindings" BINDING_SESSIONS "binding-sessions"
%token <tok> BLOCKS "blocks" BURST "burst" BYTES "bytes"
%token <tok> CHECK_INNER_IP "check-inner-ip" CLAMP "clamp" CLAT "clat"
%token <tok> CLOSING "closing" CONTROL "control" COPY "copy"
%token <tok> DATAGRAMS "datagrams" DEBUG "debug" DENY "deny"
%token <tok> DESTINATION "destination" DETERMINISTIC "deterministic"
%token <tok> DISCOVER "discover" DOMAIN "domain" DROP "drop" DUMP "dump"
%token <tok> ECHO_ "echo" ENDPOINT_INDEPENDENT "endpoint-independent" ERR "err"
%token <tok> ESTABLISHED "established" EVENTS "events" EVERY "every"
%token <tok> EXCLUDE "exclude" EXCEPT "except" FAIR_SHARE "fair-share"
%token <tok> FASTPATH "fastpath" FILE_ "file" FILTER "filter"
%token <tok> FIRST_FRAGMENT_ERRORS "first-fragment-errors" FOR "for"
%token <tok> FRAGMENT "fragment" FRAGMENTS "fragments" FROM "from" FTP "ftp"
%token <tok> GROUP "group" ICMP "icmp" ICMP_ERRORS "icmp-errors"
%token <tok> ICMP_FRAGMENTS "icmp-fragments" ID "id" INBOUND "inbound"
%token <tok> INBOUND_SESSIONS "inbound-sessions"
%token <tok> INBOUND_REFRESH "inbound-refresh" INCOMING_SYN "incoming-syn"
%token <tok> INFO "info" INTERFACE "interface" IPFIX "ipfix" IPV4 "ipv4"
%token <tok> IPV6 "ipv6" JSON "json" KEEP "keep" KEY "key" LEVEL "level"
%token <tok> LIFETIME "lifetime" LIMIT "limit" LISTEN "listen" LOG "log"
%token <tok> LOWEST_IPV6_MTU "lowest-ipv6-mtu" MAP "map" MAX "max"
%token <tok> MAX_PERCENT "max-percent" METRICS "metrics" MODE "mode" MSS "mss"
%token <tok> MTU "mtu" NAT64_ "nat64" NEW_BINDINGS "new-bindings" NO "no"
%token <tok> NODE "node" NODE_ID "node-id" NONE "none" OF "of" OFF "off"
%token <tok> ON "on" OFFLOAD "offload" OPENING "opening" OVERRIDE "override"
%token <tok> PAIR "pair" PARITY "parity" PCP "pcp" PER "per"
%token <tok> PER_DATAGRAM "per-datagram" PER_DESTINATION "per-destination"
%token <tok> PIDFILE "pidfile" PLATEAUS "plateaus" POOL "pool"
%token <tok> POOL4_ECHO "pool4-echo" PORT "port" PORTS "ports"
%token <tok> PORT_SELECT "port-select" PREFIX "prefix"
%token <tok> PREFIX_LENGTH "prefix-length" PRESERVE "preserve"
%token <tok> QUARANTINE "quarantine" RANDOM "random"
%token <tok> RANGE_FALLBACK "range-fallback" RATE "rate"
%token <tok> REASSEMBLE "reassemble" REFRESH "refresh" REFUSE "refuse"
%token <tok> REMAP_FRAGMENT_ID "remap-fragment-id" RESET "reset"
%token <tok> REPLICATE "replicate" RESTART "restart" ROLE "role"
%token <tok> ROUTER_ADDRESS "router-address" ROUTES "routes"
%token <tok> RST_IN_FIN "rst-in-fin" SESSIONS "sessions" SHORTEN "shorten"
%token <tok> SHOW "show" SIIT "siit" SOFT_POOLING "soft-pooling"
%token <tok> SOURCE_BYTES "source-bytes" SOURCE_DATAGRAMS "source-datagrams"
%token <tok> STANDBY "standby" STATE "state" STATIC "static"
%token <tok> STORED_SYNS "stored-syns"
%token <tok> STORED_SYNS_PER_PEER "stored-syns-per-peer"
%token <tok> SUBSCRIBER "subscriber" SUBSCRIBERS "subscribers" SYSLOG "syslog"
%token <tok> TCP "tcp" TEMPLATES "templates" TIMEOUT "timeout" TO "to"
%token <tok> TOS "tos" TRAFFIC_CLASS "traffic-class" TUN "tun" UDP "udp"
%token <tok> UNBOUND_ERRORS "unbound-errors" UNKNOWN_TCP "unknown-tcp"
%token <tok> USER "user" WARN "warn" WKP_NON_GLOBAL "wkp-non-global" YES "yes"

%type <tok>	range
%type <flag>	yes drop refuse adf override deterministic
 private json tcp
%type <number>	own_port pcp_port domain templates
%type <flagp>	switch
%type <proto>	proto any_proto
%type <ports>	port ports
%type <addr4>	addr4
%type <list>	port_list alg_ports
%type <pool>	pool_ports pool_shape
%type <rate>	rate
%type <value>	level event_kind event_kinds mode
%type <number>	state_secs max_blocks
%type <numberp>	plain_limit
%type <lifetime>	lifetime

%%

file		: %empty
		| file statement EOL
		| file error EOL { yyerrok; }
		;

statement	: addresses
		| METRICS LISTEN ON ANY_ADDRESS PORT NUMBER private {
			metrics_conf_add(cf, &$ANY_ADDRESS, &$NUMBER, $private,
			    &b->conf->metrics);
		}
		| ports_policy
		| permit
		| alg
		| PCP pcp
		| timeout
		| once { conf_once(cf, NULL); }
		| log_events { conf_once(cf, "log events"); }
		| log_collector
		| fastpath_on { conf_once(cf, "fastpath on"); }
		| icmp_errors { conf_once(cf, "icmp-errors"); }
		;

private		: %empty { $$ = false; }
		| SHOW SUBSCRIBERS { $$ = true; }
		;

/* If such a statement is repeated, the last one applies. */
once		: process
		| REPLICATE replicate
		| translation
		| port_choice
		| filtering
		| limit
		| switch yes { *$switch = $yes; }
		;

/* The device and the process. */

process		: TUN IFNAME tun_mtu { conf_set_tun(b, cf, &$IFNAME); }
		| USER WHO { conf_set_string(cf, &$WHO, &b->conf->user); }
		| PIDFILE PATH {
			conf_set_path(cf, &$PATH, &b->conf->pidfile);
		}
		| DUMP PATH { conf_set_path(cf, &$PATH, &b->conf->dump); }
		| CONTROL PATH {
			control_conf_set(cf, &$PATH, NULL, &b->conf->control);
		}
		| CONTROL PATH GROUP GROUP_NAME {
			control_conf_set(cf, &$PATH, &$GROUP_NAME,
			    &b->conf->control);
		}
		| CONTROL NO { control_conf_clear(&b->conf->control); }
		| STATE PATH state_secs {
			conf_set_path(cf, &$PATH, &b->conf->state);
			b->conf->state_secs = $state_secs;
		}
		| ROLE ACTIVE { b->conf->standby = false; }
		| ROLE STANDBY { b->conf->standby = true; }
		| ROLE FILE_ PATH {
			conf_set_path(cf, &$PATH, &b->conf->role_file);
		}
		| LOG LEVEL level {
			b->conf->log_level = (enum log_level)$level;
		}
		| LOG EVENTS TO PATH json {
			conf_set_path(cf, &$PATH, &b->conf->log_file);
			b->conf->log_syslog = false;
			b->conf->log_json = $json;
		}
		| LOG EVENTS TO SYSLOG { b->conf->log_syslog = true; }
		| LOG DESTINATION yes { b->conf->log_destination = $yes; }
		| FASTPATH AUTO { b->conf->fastpath = FASTPATH_AUTO; }
		| FASTPATH yes {
			b->conf->fastpath = $yes ? FASTPATH_YES : FASTPATH_NO;
		}
		;

replicate	: TO {
			conf_replicate_begin(&b->conf->replicate, &$TO.where);
		} stores
		| KEY PATH {
			conf_set_path(cf, &$PATH,
			    &b->conf->replicate.key_file);
		}
		| PAIR PAIR_NAME {
			conf_replicate_set_pair(&b->conf->replicate, cf,
			    &$PAIR_NAME);
		}
		| NODE NUMBER {
			b->conf->replicate.node = (uint8_t)conf_u32(cf,
			    &$NUMBER, 1, 2, "the two nodes of a pair");
		}
		| AFTER TIME {
			b->conf->replicate.after_secs = conf_within_a_day(cf,
			    &$TIME, 0, "older sessions have ended");
		}
		;

stores		: STORE {
			conf_replicate_add(&b->conf->replicate, cf, &$STORE);
		}
		| stores ',' STORE {
			conf_replicate_add(&b->conf->replicate, cf, &$STORE);
		}
		;

state_secs	: %empty { $$ = CONF_STATE_SECS; }
		| EVERY TIME {
			$$ = conf_within_a_day(cf, &$TIME, 0,
			    "older sessions have ended");
		}
		;

fastpath_on	: FASTPATH ON {
			b->conf->n_fastpath_ifs = 0;
			b->fastpath_on = $ON.where;
		} fastpath_ifs
		;

fastpath_ifs	: IFNAME { conf_add_fastpath_if(b, cf, &$IFNAME); }
		| fastpath_ifs IFNAME {
			conf_add_fastpath_if(b, cf, &$IFNAME);
		}
		;

log_events	: LOG EVENTS event_kinds {
			b->conf->log_events = (unsigned)$event_kinds;
			b->log_events = $EVENTS.where;
		}
		| LOG EVENTS NONE { b->conf->log_events = 0; }
		;

/* Several of them, beside the file or the local syslog. */
log_collector	: LOG EVENTS TO SYSLOG tcp ANY_ADDRESS own_port {
			conf_add_collector(b, cf, &$ANY_ADDRESS, $own_port,
			    (struct log_target){ .format = TARGET_SYSLOG,
			    .tcp = $tcp });
		}
		| LOG EVENTS TO IPFIX TCP ANY_ADDRESS own_port domain {
			conf_add_collector(b, cf, &$ANY_ADDRESS, $own_port,
			    (struct log_target){ .format = TARGET_IPFIX,
			    .tcp = true, .domain = $domain });
		}
		| LOG EVENTS TO IPFIX UDP ANY_ADDRESS own_port domain
		  templates {
			conf_add_collector(b, cf, &$ANY_ADDRESS, $own_port,
			    (struct log_target){ .format = TARGET_IPFIX,
			    .domain = $domain, .templates_secs = $templates });
		}
		;

tcp		: TCP { $$ = true; }
		| UDP { $$ = false; }
		;

own_port	: %empty { $$ = 0; }
		| PORT NUMBER {
			$$ = conf_u32(cf, &$NUMBER, 1, UINT16_MAX, NULL);
		}
		;

domain		: %empty { $$ = 0; }
		| DOMAIN NUMBER {
			$$ = conf_u32(cf, &$NUMBER, 0, UINT32_MAX, "32 bits");
		}
		;

templates	: %empty { $$ = LOG_TEMPLATES_SECS; }
		| TEMPLATES EVERY TIME {
			$$ = conf_within_a_day(cf, &$TIME, 1,
			    "a collector that was restarted waits for them");
		}
		;

json		: %empty { $$ = false; }
		| JSON { $$ = true; }
		;

tun_mtu		: %empty
		| MTU NUMBER {
			b->conf->tun_mtu = conf_mtu6(cf, &$NUMBER);
		}
		;

level		: ERR { $$ = LOG_LEVEL_ERR; }
		| WARN { $$ = LOG_LEVEL_WARN; }
		| INFO { $$ = LOG_LEVEL_INFO; }
		| DEBUG { $$ = LOG_LEVEL_DEBUG; }
		;

event_kinds	: event_kind
		| event_kinds[others] event_kind {
			$$ = $others | $event_kind;
		}
		;

event_kind	: BINDINGS { $$ = EVENT_BINDINGS; }
		| SESSIONS { $$ = EVENT_SESSIONS; }
		| ADDRESSES { $$ = EVENT_ADDRESSES; }
		| BLOCKS { $$ = EVENT_BLOCKS; }
		;

/* What is translated, and how. */

addresses	: PREFIX PREFIX6 { conf_add_prefix(b, cf, &$PREFIX6); }
		| PREFIX DISCOVER {
			b->conf->pref64_follows = true;
			b->discover = $DISCOVER.where;
		}
		| MAP ADDRESSES4 TO PREFIX6 {
			conf_add_map(b, cf, &$ADDRESSES4, &$PREFIX6);
		}
		| MAP ADDRESSES4 TO INTERFACE IFNAME {
			conf_add_map_interface(b, cf, &$ADDRESSES4, &$IFNAME);
		}
		| ADDRESS ANY_ADDRESS {
			conf_set_address(b, cf, &$ANY_ADDRESS);
		}
		;

translation	: MODE mode {
			NAT64.mode = (enum nat64_mode)$mode;
			b->mode = $MODE.where;
		}
		| MTU IPV4 NUMBER {
			NAT64.xlat.mtu4 = conf_mtu4(cf, &$NUMBER);
			b->mtu4_set = true;
		}
		| MTU IPV6 NUMBER {
			NAT64.xlat.mtu6 = conf_mtu6(cf, &$NUMBER);
			b->mtu6_set = true;
		}
		| LOWEST_IPV6_MTU NUMBER {
			NAT64.xlat.lowest_mtu6 = conf_mtu6(cf, &$NUMBER);
			b->lowest_mtu6 = $NUMBER.where;
		}
		| TOS COPY { NAT64.xlat.tos = XLAT_TOS_COPY; }
		| TOS NUMBER {
			NAT64.xlat.tos = (int)conf_u32(cf, &$NUMBER, 0, 255,
			    OCTET);
		}
		| TRAFFIC_CLASS COPY { NAT64.xlat.tclass_zero = false; }
		| TRAFFIC_CLASS NUMBER {
			(void)conf_u32(cf, &$NUMBER, 0, 0,
			    "RFC 7915, 4.1");
			NAT64.xlat.tclass_zero = true;
		}
		| MSS CLAMP { NAT64.xlat.mss_clamp = true; }
		| MSS KEEP { NAT64.xlat.mss_clamp = false; }
		| PLATEAUS {
			NAT64.xlat.n_plateaus = 0;
		} plateaus
		| NODE_ID yes {
			NAT64.node_id = $yes;
			b->node_id_set = true;
		}
		| ROUTER_ADDRESS ADDRESS4 {
			conf_set_router_address(b, cf, &$ADDRESS4);
		}
		| WKP_NON_GLOBAL drop {
			NAT64.wkp_nonglobal_ok = !$drop;
			b->conf->wkp_decided = true;
		}
		| ICMP_FRAGMENTS REASSEMBLE { NAT64.frag.drop_icmp = false; }
		| ICMP_FRAGMENTS DROP { NAT64.frag.drop_icmp = true; }
		| ICMP_ERRORS PER_DESTINATION rate {
			NAT64.errors_dest = $rate;
		}
		;

icmp_errors	: ICMP_ERRORS OFF {
			NAT64.errors = (struct bucket_rate){ 0, 0 };
		}
		| ICMP_ERRORS rate { NAT64.errors = $rate; }
		;

plateaus	: plateau
		| plateaus plateau
		;

plateau		: NUMBER {
			conf_add_plateau(b, cf, &$NUMBER,
			    conf_mtu4(cf, &$NUMBER));
		}
		;

rate		: RATE NUMBER[per_sec] BURST NUMBER[burst] {
			$$ = conf_rate(cf, &$per_sec, &$burst, 1);
		}
		;

/* Pool, static bindings, choice of ports. */

ports_policy	: POOL ADDRESSES4 pool_shape {
			conf_add_pool(b, cf, &$ADDRESSES4, &$pool_shape, NULL);
		}
		| POOL ADDRESSES4[addr] pool_shape FOR PREFIX6[clients] {
			conf_add_pool(b, cf, &$addr, &$pool_shape, &$clients);
		}
		| POOL INTERFACE IFNAME pool_shape {
			conf_set_pool_interface(b, cf, &$IFNAME, &$pool_shape);
		}
		| STATIC any_proto addr4 ports[ports4] TO ADDRESS6[addr6]
		  ports[ports6] {
			conf_add_static(b, cf, $any_proto, &$addr4, &$ports4,
			    &$addr6, &$ports6);
		}
		| EXCLUDE PREFIX4 any_proto ports {
			conf_add_exclude(b, cf, $any_proto, &$PREFIX4,
			    &$ports);
		}
		;

port_choice	: PORT_SELECT RANDOM { NAT64.pool_opts.select = POOL4_RANDOM; }
		| PORT_SELECT PRESERVE {
			NAT64.pool_opts.select = POOL4_PRESERVE;
		}
		| QUARANTINE any_proto TIME {
			conf_set_quarantine(b, cf, $any_proto, &$TIME);
		}
		| QUARANTINE MAX_PERCENT NUMBER {
			NAT64.pool_opts.quarantine_max_percent =
			    conf_u32(cf, &$NUMBER, 0, 100, "percent");
		}
		| QUARANTINE BLOCKS TIME {
			NAT64.pool_opts.block_rest_secs =
			    conf_quarantine_secs(cf, &$TIME);
		}
		| QUARANTINE RESTART TIME {
			NAT64.restart_quarantine_secs =
			    conf_quarantine_secs(cf, &$TIME);
		}
		| SUBSCRIBER PREFIX_LENGTH NUMBER {
			NAT64.subscriber_len = conf_u32(cf, &$NUMBER, 1, 128,
			    "bits of an IPv6 address");
		}
		;

addr4		: ADDRESS4 {
			$$.interface = false;
			$$.text = $ADDRESS4;
		}
		| INTERFACE IFNAME {
			$$.interface = true;
			$$.text = $IFNAME;
		}
		;

pool_shape	: pool_ports
		| pool_ports BLOCKS OF NUMBER deterministic max_blocks {
			$$ = $pool_ports;
			$$.block_size = (uint16_t)conf_u32(cf, &$NUMBER,
			    POOL4_BLOCK_MIN, POOL4_BLOCK_MAX,
			    "ports of a block");
			$$.deterministic = $deterministic;
			$$.max_blocks = (uint16_t)$max_blocks;
		}
		;

deterministic	: %empty { $$ = false; }
		| DETERMINISTIC { $$ = true; }
		;

max_blocks	: %empty { $$ = CONF_MAX_BLOCKS; }
		| MAX NUMBER PER SUBSCRIBER {
			$$ = conf_u32(cf, &$NUMBER, 0, POOL4_MAX_BLOCKS,
			    "blocks are searched one by one");
			if ($NUMBER.number > POOL4_MAX_BLOCKS)
				$$ = 1;
		}
		;

pool_ports	: %empty { memset(&$$, 0, sizeof($$)); }
		| pool_ports[so_far] port_list {
			$$ = $so_far;
			conf_set_pool_ports(cf, &$$, -1, &$port_list);
		}
		| pool_ports[so_far] proto port_list {
			$$ = $so_far;
			conf_set_pool_ports(cf, &$$, $proto, &$port_list);
		}
		| pool_ports[so_far] EXCEPT port_list {
			$$ = $so_far;
			conf_except_ports(cf, &$$, -1, &$port_list);
		}
		| pool_ports[so_far] EXCEPT proto port_list {
			$$ = $so_far;
			conf_except_ports(cf, &$$, $proto, &$port_list);
		}
		;

port_list	: PORT range {
			$$ = (struct conf_ports_list){ .where = $PORT.where };
			conf_list_add(cf, &$$, &$range);
		}
		| ID range {
			$$ = (struct conf_ports_list){ .id = true,
			    .where = $ID.where };
			conf_list_add(cf, &$$, &$range);
		}
		| port_list[so_far] ',' range {
			$$ = $so_far;
			conf_list_add(cf, &$$, &$range);
		}
		;

ports		: %empty { $$ = (struct conf_ports){ .given = false }; }
		| port
		;

port		: PORT range {
			$$ = (struct conf_ports){ .given = true,
			    .range = conf_port_range(cf, false, &$range),
			    .where = $PORT.where };
		}
		| ID range {
			$$ = (struct conf_ports){ .given = true, .id = true,
			    .range = conf_port_range(cf, true, &$range),
			    .where = $ID.where };
		}
		;

range		: NUMBER
		| RANGE
		;

/* Sources that may use the translator, and filtering of packets from IPv4. */

permit		: ALLOW FROM PREFIX6 {
			conf_add_permit(b, cf, true, &$PREFIX6);
		}
		| DENY FROM PREFIX6 {
			conf_add_permit(b, cf, false, &$PREFIX6);
		}
		;

filtering	: FILTER any_proto adf { conf_set_filter(b, $any_proto, $adf); }
		| INBOUND TCP refuse { NAT64.refuse_inbound_tcp = $refuse; }
		| ECHO_ refuse { NAT64.refuse_echo6 = $refuse; }
		| RST_IN_FIN SHORTEN { NAT64.rst_refreshes = false; }
		| RST_IN_FIN REFRESH { NAT64.rst_refreshes = true; }
		| UNKNOWN_TCP DROP { NAT64.reset_unknown_tcp = false; }
		| UNKNOWN_TCP RESET { NAT64.reset_unknown_tcp = true; }
		;

adf		: ENDPOINT_INDEPENDENT { $$ = false; }
		| ADDRESS_DEPENDENT { $$ = true; }
		;

/* Gateways. */

alg		: ALG FTP alg_ports {
			conf_add_alg(b, cf, &$FTP, &$alg_ports, NULL);
		}
		| ALG FTP alg_ports FOR PREFIX6 {
			conf_add_alg(b, cf, &$FTP, &$alg_ports, &$PREFIX6);
		}
		;

alg_ports	: %empty {
			$$ = (struct conf_ports_list){ .list = { .n = 1,
			    .ranges = { { FTP_PORT, FTP_PORT } } } };
		}
		| port_list
		;

/* Port control. */

pcp		: LISTEN ON ADDRESS6 pcp_port {
			conf_add_pcp(b, cf, &$ADDRESS6, $pcp_port);
		}
		| LIFETIME TIME[min] TO TIME[max] {
			conf_set_pcp_lifetime(b, cf, &$min, &$max);
			conf_once(cf, NULL);
		}
		| LIMIT NUMBER PER SUBSCRIBER {
			NAT64.pcp.per_subscriber =
			    conf_u32(cf, &$NUMBER, 0, MAX_ENTRIES, NO_LIMIT);
			conf_once(cf, NULL);
		}
		;

pcp_port	: %empty { $$ = PCP_PORT; }
		| PORT NUMBER {
			$$ = conf_u32(cf, &$NUMBER, 1024, UINT16_MAX, NULL);
		}
		;

/* Timeouts. */

timeout		: TIMEOUT lifetime TIME override {
			conf_set_timeout(b, cf, $lifetime, &$TIME,
			    $override);
			conf_once(cf, NULL);
		}
		| TIMEOUT lifetime TIME override[before] port
		  override[after] {
			conf_set_port_timeout(b, cf, $lifetime, &$TIME,
			    $before || $after, &$port);
		}
		;

lifetime	: UDP { $$ = CONF_TIMEOUT_UDP; }
		| ICMP { $$ = CONF_TIMEOUT_ICMP; }
		| TCP ESTABLISHED { $$ = CONF_TIMEOUT_TCP_EST; }
		| TCP OPENING { $$ = CONF_TIMEOUT_TCP_OPEN; }
		| TCP CLOSING { $$ = CONF_TIMEOUT_TCP_CLOSE; }
		| TCP INCOMING_SYN { $$ = CONF_TIMEOUT_TCP_SYN; }
		| FRAGMENT { $$ = CONF_TIMEOUT_FRAGMENT; }
		;

override	: %empty { $$ = false; }
		| OVERRIDE { $$ = true; }
		;

/* Limits. */

limit		: LIMIT SESSIONS NUMBER {
			NAT64.max_sessions =
			    conf_u32(cf, &$NUMBER, 1, MAX_ENTRIES, MEMORY);
		}
		| LIMIT BINDINGS NUMBER {
			NAT64.max_bindings =
			    conf_u32(cf, &$NUMBER, 0, MAX_ENTRIES, NO_LIMIT);
			b->max_bindings = $NUMBER.where;
		}
		| LIMIT INBOUND_SESSIONS NUMBER {
			NAT64.max_inbound =
			    conf_u32(cf, &$NUMBER, 0, MAX_ENTRIES, NO_LIMIT);
		}
		| LIMIT plain_limit NUMBER {
			*$plain_limit = conf_u32(cf, &$NUMBER, 0, MAX_ENTRIES,
			    NO_LIMIT);
		}
		| LIMIT SUBSCRIBER NEW_BINDINGS RATE NUMBER[per_sec] BURST
		  NUMBER[burst] {
			NAT64.subscriber.new_bindings =
			    conf_rate(cf, &$per_sec, &$burst, 0);
		}
		| WARN POOL AT NUMBER {
			NAT64.warn_pool =
			    conf_u32(cf, &$NUMBER, 0, 100, "percent");
		}
		| WARN SUBSCRIBER AT NUMBER {
			NAT64.warn_subscriber =
			    conf_u32(cf, &$NUMBER, 0, 100, "percent");
			b->warn_subscriber = $NUMBER.where;
		}
		| LIMIT STORED_SYNS NUMBER {
			NAT64.max_stored_syns =
			    conf_u32(cf, &$NUMBER, 0, MAX_COUNT, MEMORY);
		}
		| LIMIT STORED_SYNS_PER_PEER NUMBER {
			NAT64.max_stored_syns_per_peer =
			    conf_u32(cf, &$NUMBER, 0, MAX_COUNT, MEMORY);
		}
		| LIMIT FRAGMENTS BYTES SIZE {
			NAT64.frag.max_bytes = conf_size(cf, &$SIZE);
		}
		| LIMIT FRAGMENTS DATAGRAMS NUMBER {
			NAT64.frag.max_datagrams =
			    conf_u32(cf, &$NUMBER, 0, MAX_COUNT, MEMORY);
		}
		| LIMIT FRAGMENTS PER_DATAGRAM NUMBER {
			NAT64.frag.per_datagram =
			    conf_u32(cf, &$NUMBER, 2, 8192,
			    "65535 bytes in pieces of 8");
		}
		| LIMIT FRAGMENTS SOURCE_BYTES SIZE {
			NAT64.frag.source_bytes = conf_size(cf, &$SIZE);
		}
		| LIMIT FRAGMENTS SOURCE_DATAGRAMS NUMBER {
			NAT64.frag.source_datagrams =
			    conf_u32(cf, &$NUMBER, 0, MAX_COUNT, MEMORY);
		}
		;

plain_limit	: BINDING_SESSIONS { $$ = &NAT64.max_sessions_per_binding; }
		| SUBSCRIBER PORTS { $$ = &NAT64.subscriber.ports; }
		| SUBSCRIBER SESSIONS { $$ = &NAT64.subscriber.sessions; }
		;

/* Statements whose value is yes or no. */

switch		: ROUTES { $$ = &b->conf->routes; }
		| OFFLOAD { $$ = &b->conf->offload; }
		| PARITY { $$ = &NAT64.pool_opts.parity; }
		| RANGE_FALLBACK { $$ = &NAT64.pool_opts.range_fallback; }
		| FAIR_SHARE { $$ = &NAT64.subscriber.fair_share; }
		| SOFT_POOLING { $$ = &NAT64.soft_pooling; }
		| INBOUND_REFRESH { $$ = &NAT64.inbound_refresh; }
		| UNBOUND_ERRORS { $$ = &NAT64.unbound_errors; }
		| FIRST_FRAGMENT_ERRORS { $$ = &NAT64.first_frag_errors; }
		| CHECK_INNER_IP { $$ = &NAT64.check_inner_ip; }
		| REMAP_FRAGMENT_ID { $$ = &NAT64.remap_fragment_id; }
		| POOL4_ECHO { $$ = &NAT64.pool_echo; }
		;

/* Parts of statements. */

mode		: NAT64_ { $$ = NAT64_STATEFUL; }
		| CLAT { $$ = NAT64_CLAT; }
		| SIIT { $$ = NAT64_SIIT; }
		;

yes		: YES { $$ = true; }
		| NO { $$ = false; }
		;

drop		: DROP { $$ = true; }
		| ALLOW { $$ = false; }
		;

refuse		: REFUSE { $$ = true; }
		| ACCEPT { $$ = false; }
		;

proto		: TCP { $$ = L4_TCP; }
		| UDP { $$ = L4_UDP; }
		| ICMP { $$ = L4_ICMP; }
		;

any_proto	: %empty { $$ = -1; }
		| proto
		;

%%

#define CONF_BUILT struct conf_build
#define CONF_SLICES
#include "common/conf/grammar.inc"

struct yypstate *
conf_parse_new(void)
{
	return (yypstate_new());
}

bool
conf_parse(struct yypstate *parser, struct conf_build *b, struct conf_file *cf,
    unsigned max)
{
	return (parse_some(parser, cf, b, max));
}

void
conf_parse_free(struct yypstate *parser)
{
	yypstate_delete(parser);
}
