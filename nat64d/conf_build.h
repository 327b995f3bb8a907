/*
 * Between the grammar (parse.y) and the structure it fills (conf.c): what
 * takes more than an assignment. For these two and conf_*.c.
 */
#ifndef NAT64D_CONF_BUILD_H
#define NAT64D_CONF_BUILD_H

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
	/* Where statements stand that are checked against others at the end;
	 * line 0: nowhere. */
	struct conf_where self6;
	struct conf_where lowest_mtu6;
	struct conf_where max_bindings;
	struct conf_where log_events;
};

/* Ports as written; to icmp they are identifiers. */
struct conf_ports {
	bool given;
	bool id;
	struct port_range range;
	struct conf_where where;
};

/*
 * Each adds one statement. What is wrong is reported, and then nothing is
 * added. proto: enum l4proto, or -1 for all.
 */
void conf_add_prefix(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);
void conf_add_pool(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, const struct port_range *ports);
void conf_add_static(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *text4, const struct conf_ports *ports4,
    const struct conf_value *text6, const struct conf_ports *ports6);
void conf_add_exclude(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *text, const struct conf_ports *ports);
void conf_set_address(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text);

/*
 * Set a timeout; one below the minimum of its RFC needs override (CFG-01 to
 * CFG-07).
 */
void conf_set_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override);

/* What conf_print() and conf_warn() say of them. */
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

/* Replace an owned string; short memory is reported. */
void conf_set_string(char **to, struct conf_file *cf,
    const struct conf_value *text);

/*
 * After the last statement: fill in what follows from others, and check
 * what only holds for all of them.
 */
void conf_check(struct conf_build *b, struct conf_file *cf);

/* The grammar. Errors are counted in cf. */
void conf_parse(struct conf_build *b, struct conf_file *cf);

#endif
