/*
 * A configuration while it is being read, and the functions that the grammar
 * (parse.y) calls where a statement takes more than an assignment. Only
 * parse.y, conf.c and conf_*.c include this.
 */
#ifndef NAT64D_CONF_CONF_BUILD_H
#define NAT64D_CONF_CONF_BUILD_H

#include "conf.h"

/* The timeouts that can be set. */
enum conf_timeout {
	CONF_TIMEOUT_UDP,
	CONF_TIMEOUT_ICMP,
	CONF_TIMEOUT_TCP_EST,
	CONF_TIMEOUT_TCP_OPEN,
	CONF_TIMEOUT_TCP_CLOSE,
	CONF_TIMEOUT_TCP_SYN,
	CONF_TIMEOUT_FRAGMENT,
	CONF_NTIMEOUTS
};

/* A configuration being read. */
struct conf_build {
	struct conf *conf;
	bool mtu4_set;
	bool mtu6_set;
	bool node_id_set;
	/*
	 * Places of statements that are checked against others at the end;
	 * line 0: there is no such statement.
	 */
	struct conf_where self6;
	struct conf_where pool_interface;
	struct conf_where lowest_mtu6;
	struct conf_where max_bindings;
	struct conf_where log_events;
	struct conf_where fastpath_on;
	struct conf_where warn_subscriber;
	struct conf_where mode;
	struct conf_where discover;
	struct conf_where router_address;
	/*
	 * Places of conf->nat64.prefixes, conf->pool, conf->permits and
	 * conf->maps, one for each element.
	 */
	struct conf_where *prefix_at;
	struct conf_where *pool_at;
	struct conf_where *permit_at;
	struct conf_where *map_at;
	struct conf_where clients; /* of the pool with the longest prefix */
	unsigned longest_clients;  /* its length */
};

/* Ports as written; the identifiers of ICMP after "id". */
struct conf_ports {
	bool given;
	bool id;
	struct port_range range;
	struct conf_where where;
};

/* A list of ports as written. */
struct conf_ports_list {
	bool id;
	struct portlist list;
	struct conf_where where;
};

/* The IPv4 side of a static binding: an address, or an interface. */
struct conf_addr4 {
	bool interface;
	struct conf_value text;
};

/*
 * The ports of a pool statement; an empty list means the default. block_size 0:
 * no blocks.
 */
struct conf_pool_ports {
	struct portlist ports[L4_NPROTO];
	struct portlist except[L4_NPROTO];
	bool given[L4_NPROTO];	   /* for all protocols */
	bool given_for[L4_NPROTO]; /* for one protocol */
	uint16_t block_size;
	uint16_t max_blocks;
	bool deterministic;
};

/* The most sessions or bindings that can be asked for. */
#define CONF_MAX_ENTRIES (1024 * 1024 * 1024)

/*
 * The value of a number, or of one with a unit. What is out of bounds is
 * reported, and the least one returned. why: the reason for the bounds, or
 * NULL.
 */
uint32_t conf_u32(struct conf_file *cf, const struct conf_value *v,
    uint32_t min, uint32_t max, const char *why);
uint32_t conf_mtu4(struct conf_file *cf, const struct conf_value *v);
uint32_t conf_mtu6(struct conf_file *cf, const struct conf_value *v);
uint32_t conf_size(struct conf_file *cf,
    const struct conf_value *v); /* bytes */
/* Seconds. */
uint32_t conf_within_a_day(struct conf_file *cf, const struct conf_value *v,
    uint32_t min, const char *why);
uint32_t conf_quarantine_secs(struct conf_file *cf,
    const struct conf_value *v);
/* min: of per_sec; where that is 0, burst may be 0 as well. */
struct bucket_rate conf_rate(struct conf_file *cf,
    const struct conf_value *per_sec, const struct conf_value *burst,
    uint32_t min);

/*
 * Each adds one statement. What is wrong is reported, and then nothing is
 * added. proto: enum l4proto, or -1 for all.
 */
void conf_add_prefix(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);
void conf_add_pool(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, const struct conf_pool_ports *ports,
    const struct conf_value *clients); /* or NULL */
void conf_set_pool_interface(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name, const struct conf_pool_ports *ports);
void conf_add_static(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_addr4 *addr4, const struct conf_ports *ports4,
    const struct conf_value *text6, const struct conf_ports *ports6);
void conf_add_exclude(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *text, const struct conf_ports *ports);
/* How long ports rest, and whether the filter is address-dependent. */
void conf_set_quarantine(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *v);
void conf_set_filter(struct conf_build *b, int proto, bool address_dependent);
void conf_add_permit(struct conf_build *b, struct conf_file *cf, bool allow,
    const struct conf_value *text);
/* Connections to these ports, from the clients of text (NULL: all). */
void conf_add_alg(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name, const struct conf_ports_list *l,
    const struct conf_value *text);
void conf_add_pcp(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, uint32_t port);
void conf_set_pcp_lifetime(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *min, const struct conf_value *max);
void conf_add_fastpath_if(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name);
/* port: 0 is that of the format. t: all but the address. */
void conf_add_collector(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, uint32_t port, struct log_target t);
void conf_set_address(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);
void conf_set_router_address(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);
void conf_set_tun(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);

void conf_add_map(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text4, const struct conf_value *text6);
void conf_add_map_interface(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text4, const struct conf_value *name);

/* mtu: the value of v if it can be the MTU of IPv4. */
void conf_add_plateau(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *v, uint32_t mtu);

/*
 * A port or identifier, or several. What is out of bounds is reported, and 1
 * returned instead.
 */
struct port_range conf_port_range(struct conf_file *cf, bool id,
    const struct conf_value *text);

/* Add one range to a list. */
void conf_list_add(struct conf_file *cf, struct conf_ports_list *l,
    const struct conf_value *text);

/* The ports of a pool statement, and those left out. */
void conf_set_pool_ports(struct conf_file *cf, struct conf_pool_ports *to,
    int proto, const struct conf_ports_list *l);
void conf_except_ports(struct conf_file *cf, struct conf_pool_ports *to,
    int proto, const struct conf_ports_list *l);

/*
 * Set the ports of r from those written: one range from the first to the last,
 * the holes in it, and the blocks. Returns NULL, or what is wrong with them.
 */
const char *conf_pool_range_ports(struct pool4_range *r,
    const struct conf_pool_ports *ports);

/*
 * Set a timeout. One below the minimum of its RFC (RFC 6146, 4; RFC 4787,
 * REQ-5; RFC 5508, REQ-2) needs override.
 */
void conf_set_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override);

/* The same for sessions with some ports of the peer. */
void conf_set_port_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override,
    const struct conf_ports *ports);

void conf_print_algs(const struct nat64_config *n, FILE *f);
void conf_print_pcp(const struct conf *c, FILE *f);
void conf_warn_pcp(const struct conf *c);

/* The timeouts in conf_print() and conf_warn(). */
void conf_print_timeouts(const struct conf *c, FILE *f);
void conf_warn_timeouts(const struct conf *c);

/*
 * The ports that a statement about one protocol means: all when none are
 * given. Returns 0, or -1 when icmp was given a "port", or another an "id";
 * that has been reported.
 */
int conf_ports_of(struct conf_file *cf, enum l4proto proto,
    const struct conf_ports *ports, struct port_range *range);

/* "tcp", "udp", "icmp" */
const char *conf_proto_name(enum l4proto proto);

/*
 * Copy text to name if it can be the name of an interface. Returns NULL, or
 * the end of a message about text; then name is unchanged.
 */
const char *conf_interface_name(const char *text, char name[IF_NAMESIZE]);

/* Can the name be written into a command without quoting? */
bool conf_interface_is_plain(const char *name);

/* What the stateless modes need and what they exclude; see conf_check(). */
void conf_check_mode(struct conf_build *b, struct conf_file *cf);

void conf_print_mode(const struct conf *c, FILE *f);
void conf_print_maps(const struct conf *c, FILE *f);

/*
 * Make room for one more element in an array of n, which may have max. NULL:
 * reported, the array is as it was.
 */
void *conf_grow(struct conf_file *cf, const struct conf_where *where,
    void *array, size_t n, size_t size, size_t max);

/*
 * Remember where the element n of an array stands, which has grown to it.
 * Returns 0, or -1: reported.
 */
int conf_keep_place(struct conf_file *cf, struct conf_where **places, size_t n,
    const struct conf_where *where);

/*
 * After the last statement: set the defaults that depend on other statements,
 * and check statements against each other.
 */
void conf_check(struct conf_build *b, struct conf_file *cf);

/*
 * The grammar. conf_parse() reads at most max tokens, and returns false at the
 * end of the file; errors are counted in cf. conf_parse_new() returns NULL when
 * memory is short.
 */
struct yypstate;
struct yypstate *conf_parse_new(void);
bool conf_parse(struct yypstate *parser, struct conf_build *b,
    struct conf_file *cf, unsigned max);
void conf_parse_free(struct yypstate *parser);

#endif
