/*
 * The configuration of dns64d: read once into a fresh structure, checked as
 * a whole, then only read. Owns what the file says and its defaults; knows
 * nothing of sockets, events or messages.
 */
#ifndef DNS64D_CONF_CONF_H
#define DNS64D_CONF_CONF_H

#include <sys/socket.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/conf/conf_file.h"
#include "common/os/log.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admission/admission.h"
#include "dns64d/policy/policy.h"
#include "dns64d/policy/translator.h"
#include "dns64d/upstream/upstream.h"
#include "dns64d/cache/cache.h"
#include "dns64d/policy/view.h"

#define CONF_PORT 53 /* where none is given */
#define CONF_ADDRS_MAX 64

#define CONF_WORKERS_MAX 64

#define CONF_LIMIT_HOSTS (128 * 1024 * 1024) /* octets: 3 million names */
#define CONF_LIMIT_QUERIES 2000
#define CONF_LIMIT_QUERIES_MIN 16
#define CONF_LIMIT_TCP_CLIENTS 150
#define CONF_LIMIT_TCP_PER_CLIENT 20
#define CONF_LIMIT_TCP_PER_UPSTREAM 4
#define CONF_TCP_IDLE_SECS 10
#define CONF_TRANSLATORS_MAX 64
#define CONF_TRANSLATOR_PORT 80
#define CONF_TRANSLATOR_SECS 5
#define CONF_USER "_dns64d"
#define CONF_PIDFILE "/var/run/dns64d/dns64d.pid"

struct acl;
struct files;
struct hosts;

/* Where a statement is; file is owned by whoever has the place. */
struct conf_place {
	char *file;
	unsigned line;
};

/* Distinct addresses with their ports, in the order of the file. */
struct conf_addrs {
	struct scoped_addr v[CONF_ADDRS_MAX];
	struct conf_place at[CONF_ADDRS_MAX]; /* first given there */
	bool freebind[CONF_ADDRS_MAX];	      /* of listeners */
	size_t n;
};

struct conf_access {
	struct prefix from;
	bool allow;
	struct conf_where where; /* while it is parsed, as all of these */
};

/* A statement about a prefix of a view, or about none for a range. */
struct conf_prefix_line {
	size_t view;
	bool none;
	struct pref64 prefix;
	bool reverse_only;
	bool translator;
	struct prefix range;
	struct conf_where where;
};

/* One statement: this server is on this route. */
struct conf_upstream {
	unsigned server;
	unsigned route;
	struct conf_where where;
};

/* A file of hosts. */
struct conf_hosts {
	char *path;
	struct conf_where where; /* the statement, while it is parsed */
};

/*
 * What each worker may have of what the file grants all of them together: an
 * equal share, of which there is enough to work with.
 */
struct conf_each {
	struct cache_rules cache;
	unsigned queries;
	unsigned tcp_clients;
	unsigned tcp_per_upstream; /* at least one */
};

struct conf {
	atomic_uint refs; /* all else is only read once it is finished */
	struct conf_addrs listens;     /* at least one */
	struct conf_addrs upstreams;   /* at least one */
	struct upstream_route *routes; /* at least the one for all names */
	size_t n_routes;
	enum upstream_order upstream_order;
	struct upstream_common *upstream_common; /* written by all workers */
	struct conf_upstream *upstream_lines; /* as written, for the print */
	size_t n_upstream_lines;

	struct views views; /* finished */
	bool in_view;	    /* while parsing: of the last one */
	struct conf_where view_at[VIEWS_MAX]; /* but for the default */
	struct conf_prefix_line *prefix_lines;
	size_t n_prefix_lines;
	const struct conf_where *here; /* while parsing: this statement */
	struct conf_where
	    other; /* ... and what it contradicts; file or NULL */

	struct translator_conf *translators; /* one for a prefix */
	size_t n_translators;

	struct conf_access *access; /* as written, for the print */
	size_t n_access;
	struct acl *acl; /* the same, to be asked */

	struct admission_rules admission;
	struct hosts *hosts; /* finished */
	bool special_zones;  /* all of them are answered here */
	struct conf_hosts *hosts_files;
	size_t n_hosts_files;
	size_t limit_hosts; /* octets of hosts */
	char **host_lines;  /* as written, for the print */
	size_t n_host_lines;

	struct cache_rules cache;
	unsigned limit_queries;		 /* outstanding at a time */
	unsigned limit_tcp_clients;	 /* connections at a time */
	unsigned limit_tcp_per_client;	 /* of them from one address or /64 */
	unsigned limit_tcp_per_upstream; /* connections to one server */
	unsigned tcp_idle_secs;

	unsigned workers;
	struct conf_each each;

	enum log_level log_level;
	char *user;
	char *pidfile;
	char *dump; /* NULL: nowhere when in the background */
};

/*
 * Read and check a configuration. Every error of it goes to report(NULL, ...)
 * as "file:line: message", or to standard error when report is NULL.
 *
 * files: where all that it names is read (common/conf/files.h); NULL for
 * the disk.
 * Returns a reference for conf_unref, or NULL after the errors.
 */
struct conf *conf_load(const char *path, struct files *files,
    conf_report_fn *report);

/*
 * Have files read all that conf_load would read, for which the configuration
 * is parsed. Its errors are conf_load's to report.
 */
void conf_gather(const char *path, struct files *files);

/* Whether an address stands for all of its family. */
bool conf_is_wildcard(const struct scoped_addr *a);

/*
 * Whether a port below 1024 may have to be bound at any time. A socket of a
 * link-local address belongs to an interface that has to be there: it cannot
 * be bound before, and is of no use when another interface takes that name.
 */
bool conf_opens_late(const struct conf *conf);

/* Take another reference, in whatever thread; returns conf. */
struct conf *conf_ref(struct conf *conf);

/* Give a reference back, in whatever thread. */
void conf_unref(struct conf *conf);

/*
 * Log what is allowed but hardly wanted: IPv4 ranges with a prefix that
 * clients who discover prefixes would use for all of IPv4 (RFC 7050, 5.1).
 */
void conf_warn(const struct conf *conf);

/*
 * Print the canonical form: every statement, defaults too. Read again it
 * gives the same configuration and the same print.
 */
void conf_print(const struct conf *conf, FILE *f);

/*
 * Where packets for an address really go: those for the unspecified one to
 * this host, those for ::ffff:192.0.2.1 out as IPv4.
 */
struct scoped_addr conf_destination(const struct scoped_addr *a);

/*
 * Which listener, by its index, takes what is sent to a server of this
 * address; -1: none. own: it is an address of this host; loopback is in any
 * case. Then it is that of a listener for all addresses.
 */
int conf_find_circle(const struct conf *conf,
    const struct scoped_addr *upstream, bool own);

/* What upstreams_init wants; borrows from conf. */
void conf_upstreams(const struct conf *conf, struct upstreams_conf *out);

/*
 * The grammar, for conf_load(): carry out every statement. Whether it
 * succeeded is told by conf_file_errors() alone.
 */
void conf_parse(struct conf_file *cf, struct conf *conf);

/*
 * For the grammar. Each adds what a statement says, and returns NULL or the
 * reason for the refusal as a static string that reads well behind the
 * statement's value; then nothing has changed. When that is because of
 * another statement, conf->other is where, and reads well behind the reason.
 * A port that was refused already is 0 and makes conf_add_listener do
 * nothing.
 */
const char *conf_add_listener(struct conf *conf, const struct conf_value *v,
    unsigned port, bool freebind);

/*
 * Forward queries below a domain to a server; "." is all domains. Whether
 * something is a domain at all is told by conf_check_domain.
 */
const char *conf_add_upstream(struct conf *conf, const struct conf_value *v,
    unsigned port, const char *domain);
const char *conf_check_domain(const char *text);

const char *conf_add_access(struct conf *conf, const char *text, bool allow);

/*
 * The policy that a statement changes: of the view whose block it stands in,
 * or the default. Never NULL.
 */
struct dns64_policy *conf_policy(struct conf *conf);

/*
 * The block of a view begins and ends. When its begin was refused, the
 * statements inside go to another view, for the sake of their errors.
 */
const char *conf_begin_view(struct conf *conf, const char *name);
const char *conf_end_view(struct conf *conf);

/* Begin a match of the view, then say more of it. */
const char *conf_add_match(struct conf *conf);
const char *conf_match_from(struct conf *conf, const char *text);
const char *conf_match_on(struct conf *conf, const char *text, unsigned port);

const char *conf_add_exclude(struct conf *conf, int family, const char *text);

/*
 * Prefixes. Those of a view replace the default's with the first one.
 *
 * range: of IPv4; conf_parse_range reads it, all of IPv4 when text is NULL.
 * prefix: NULL for no synthesis.
 */
const char *conf_parse_range(const char *text, struct prefix *range);
const char *conf_add_prefix(struct conf *conf, const char *prefix,
    const struct prefix *range);
const char *conf_add_reverse_prefix(struct conf *conf, const char *prefix);

/*
 * The translator of a prefix: url is http://ADDRESS[:PORT][/PATH]. For a
 * prefix that was refused already it does nothing.
 */
const char *conf_add_translator(struct conf *conf, const char *prefix,
    const char *url, unsigned every_secs);

/* The translator of a prefix, or NULL. */
const struct translator_conf *conf_find_translator(const struct conf *conf,
    const struct pref64 *prefix);

/* The suffix of addresses in a prefix that was given before. */
const char *conf_set_suffix(struct conf *conf, const char *prefix,
    const char *suffix);

/* The name that answers PTR questions in `ptr local`. */
const char *conf_set_ptr_name(struct conf *conf, const char *text);

/* A secret of cookies, in hexadecimal; the first one makes new cookies. */
const char *conf_add_secret(struct conf *conf, const char *text);

/* A local host, and a file of them, which conf_read_hosts will read. */
const char *conf_add_host(struct conf *conf, const char *name,
    const char *addr);
const char *conf_add_hosts(struct conf *conf, const struct conf_value *path);

/* Replace a string by a copy of text; a path must be absolute. */
const char *conf_set_string(char **string, const char *text);
const char *conf_set_path(char **string, const char *text);

/* Among the files of the configuration. */
const char *conf_no_memory(void);
const char *conf_blame(struct conf *conf, const struct conf_where *other,
    const char *why); /* copies other, returns why */
void conf_read_hosts(struct conf *conf, struct conf_file *cf);
int conf_find_addr(const struct conf_addrs *list,
    const struct scoped_addr *a); /* its index, or -1 */
const char *conf_append_addr(struct conf_addrs *list,
    const struct scoped_addr *a, const struct conf_where *where);
void conf_check_circles(const struct conf *conf, struct conf_file *cf);
void conf_clear_addrs(struct conf_addrs *list);
void conf_clear_clients(struct conf *conf);
void conf_gather_hosts(const struct conf *conf, struct conf_file *cf);
void conf_clear_translators(struct conf *conf);
void conf_clear_upstreams(struct conf *conf);
void conf_print_addr(const char *what, const struct scoped_addr *a,
    FILE *f); /* without a newline */
void conf_print_listeners(const struct conf *conf, FILE *f);
void conf_print_clients(const struct conf *conf, FILE *f);
void conf_print_defaults(const struct conf *conf, FILE *f);
void conf_print_upstreams(const struct conf *conf, FILE *f);
void conf_print_views(const struct conf *conf, FILE *f);

#endif
