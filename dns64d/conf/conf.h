/*
 * The configuration of dns64d: loaded into a new structure, checked as a
 * whole, and not changed afterwards. Owns the values and defaults of all
 * statements; knows nothing of sockets, events or messages.
 */
#ifndef DNS64D_CONF_CONF_H
#define DNS64D_CONF_CONF_H

#include <sys/socket.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/conf/conf_file.h"
#include "common/http/control_conf.h"
#include "common/http/metrics.h"
#include "common/os/log.h"
#include "common/net/scoped_addr.h"

#include "dns64d/admission/admission.h"
#include "dns64d/policy/policy.h"
#include "dns64d/policy/translator.h"
#include "dns64d/upstream/upstream.h"
#include "dns64d/cache/cache.h"
#include "dns64d/policy/view.h"

#define CONF_PORT 53 /* the default */
#define CONF_ADDRS_MAX 64

#define CONF_WORKERS_MAX 64

#define CONF_LIMIT_HOSTS (128 * 1024 * 1024) /* octets; > 2 million names */
#define CONF_LIMIT_QUERIES 2000
#define CONF_LIMIT_QUERIES_MIN 16
#define CONF_LIMIT_TCP_CLIENTS 150
#define CONF_LIMIT_TCP_PER_CLIENT 20
#define CONF_LIMIT_TCP_PER_UPSTREAM 4
#define CONF_TCP_IDLE_SECS 10
#define CONF_TRANSLATORS_MAX 128
#define CONF_TRANSLATOR_PORT 80
#define CONF_TRANSLATOR_SECS 5
#define CONF_USER "_dns64d"
#define CONF_PIDFILE "/var/run/dns64d/dns64d.pid"
#define CONF_CONTROL "/var/run/dns64d/dns64d.sock"

struct acl;
struct files;
struct hosts;
struct records;

/* As struct conf_where, but valid after the parse: it owns file. */
struct conf_place {
	char *file;
	unsigned line;
};

/* Distinct addresses with their ports, in the order of the file. */
struct conf_addrs {
	struct scoped_addr v[CONF_ADDRS_MAX];
	struct conf_place at[CONF_ADDRS_MAX]; /* the first statement of each */
	bool freebind[CONF_ADDRS_MAX];	      /* of listeners only */
	size_t n;
};

struct conf_access {
	struct prefix from;
	bool allow;
	struct conf_where where; /* valid during the parse, as all of these */
};

/* A prefix statement. view: index. none: "prefix none for" a range. */
struct conf_prefix_line {
	size_t view;
	bool none;
	struct pref64 prefix;
	bool reverse_only;
	bool translator;
	struct prefix range;
	struct conf_where where;
};

/* An upstream statement: indices into upstreams and routes. */
struct conf_upstream {
	unsigned server;
	unsigned route;
	struct conf_where where;
};

/* A file of hosts. */
struct conf_hosts {
	char *path;
	struct conf_where where;
};

/* A `local-data` statement. */
struct conf_record {
	char *text; /* canonical, for conf_print */
	struct conf_where where;
};

/* The limits for each worker: equal shares of those for all. */
struct conf_each {
	struct cache_rules cache;
	unsigned queries;
	unsigned tcp_clients;
	unsigned tcp_per_upstream; /* at least one */
};

struct conf {
	atomic_uint refs;	     /* nothing else changes after conf_load */
	struct conf_addrs listens;   /* at least one */
	struct conf_addrs upstreams; /* at least one */
	struct upstream_route *routes; /* at least the one for all names */
	size_t n_routes;
	enum upstream_order upstream_order;
	struct upstream_common
	    *upstream_common; /* shared: written by all workers */
	struct conf_upstream *upstream_lines; /* as written, for conf_print */
	size_t n_upstream_lines;

	struct views views; /* finished */
	bool in_view;	    /* during the parse: in the block of the last */
	struct conf_where view_at[VIEWS_MAX]; /* not of the default */
	struct conf_prefix_line *prefix_lines;
	size_t n_prefix_lines;
	/* During the parse: this statement, and one that it contradicts. */
	const struct conf_where *here;
	struct conf_where other; /* file may be NULL */

	struct translator_conf *translators; /* one for a prefix */
	size_t n_translators;

	struct conf_access *access; /* as written, for conf_print */
	size_t n_access;
	struct acl *acl; /* the same, to be searched */

	struct admission_rules admission;
	struct hosts *hosts; /* finished */
	bool special_zones;  /* answer them all here */
	struct conf_hosts *hosts_files;
	size_t n_hosts_files;
	size_t limit_hosts; /* octets of memory for hosts */
	char **host_lines;  /* as written, for conf_print */
	size_t n_host_lines;
	struct records *records;	  /* of local-data */
	struct conf_record *record_lines; /* in the order of the file */
	size_t n_record_lines;

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
	char *dump; /* NULL: none; in the foreground standard output */
	struct control_conf control;
	struct metrics_conf metrics;
};

/*
 * Load and check a configuration. Errors go to report(arg, ...) as
 * "file:line: message", or to standard error if report is NULL; warnings about
 * hosts files go to the log. May be called in any thread.
 *
 * files: has all files that the configuration names (common/conf/files.h);
 * NULL: they are read from the disk.
 * Returns a reference, or NULL after the errors.
 */
struct conf *conf_load(const char *path, struct files *files,
    conf_report_fn *report, void *arg);

/*
 * Read into files all files that conf_load() needs. Errors are reported by
 * conf_load() only.
 */
void conf_gather(const char *path, struct files *files);

/* Whether an address is the unspecified one: all of its family. */
bool conf_is_wildcard(const struct scoped_addr *a);

/*
 * Whether a port below 1024 may have to be bound after the start: that of a
 * link-local address, whose socket is bound to one interface. It cannot be
 * bound before the interface exists, and must be bound again when the
 * interface was removed and added.
 */
bool conf_opens_late(const struct conf *conf);

/* Take a reference, in any thread; returns conf. */
struct conf *conf_ref(struct conf *conf);

/* Release a reference, in any thread. */
void conf_unref(struct conf *conf);

/*
 * Log a warning for each prefix that is for some IPv4 ranges only: clients
 * that discover it will use it for all of IPv4 (RFC 7050, 5.1).
 */
void conf_warn(const struct conf *conf);

/*
 * Print the canonical form: every statement, also those with defaults. Read
 * again, it gives the same configuration and the same output.
 */
void conf_print(const struct conf *conf, FILE *f);

/*
 * The address to which the system sends packets for a: loopback for the
 * unspecified address, the IPv4 address for ::ffff:192.0.2.1.
 */
struct scoped_addr conf_destination(const struct scoped_addr *a);

/*
 * The index of the listener that receives what is sent to an upstream, or -1.
 * own: the upstream has an address of this host, so that a listener for all
 * addresses receives it too; loopback addresses always do.
 */
int conf_find_loop(const struct conf *conf, const struct scoped_addr *upstream,
    bool own);

/* The argument of upstreams_init; borrows from conf. */
void conf_upstreams(const struct conf *conf, struct upstreams_conf *out);

/*
 * Parse the files and carry out every statement. It has succeeded if
 * conf_file_errors() is 0 afterwards.
 */
void conf_parse(struct conf_file *cf, struct conf *conf);

/*
 * For the grammar. Each of these carries out one statement. Returns NULL, or
 * the reason for a refusal as a static string, which follows the value of the
 * statement in the message; then nothing has changed. If the reason is another
 * statement, conf->other is its place, which follows the string.
 *
 * port: 0 if it was refused already; then conf_add_listener does nothing.
 */
const char *conf_add_listener(struct conf *conf, const struct conf_value *v,
    unsigned port, bool freebind);

/*
 * Forward queries for a domain and what is below it to a server; "." is for
 * all domains. conf_check_domain: whether text is a domain.
 */
const char *conf_add_upstream(struct conf *conf, const struct conf_value *v,
    unsigned port, const char *domain);
const char *conf_check_domain(const char *text);

const char *conf_add_access(struct conf *conf, const char *text, bool allow);

/*
 * The policy that a statement changes: that of the view in whose block it is,
 * or the default one. Never NULL.
 */
struct dns64_policy *conf_policy(struct conf *conf);

/*
 * The beginning and the end of a view's block. If the beginning was refused,
 * the statements inside are checked as if they were in the view before it.
 */
const char *conf_begin_view(struct conf *conf, const char *name);
const char *conf_end_view(struct conf *conf);

/* Add a match to the view; then set its conditions. */
const char *conf_add_match(struct conf *conf);
const char *conf_match_from(struct conf *conf, const char *text);
const char *conf_match_on(struct conf *conf, const char *text, unsigned port);

const char *conf_add_exclude(struct conf *conf, int family, const char *text);

/*
 * Prefixes. The first one of a view replaces those of the default.
 *
 * range: of IPv4; conf_parse_range parses it, NULL is all of IPv4.
 * prefix: NULL for no synthesis.
 */
const char *conf_parse_range(const char *text, struct prefix *range);
const char *conf_add_prefix(struct conf *conf, const char *prefix,
    const struct prefix *range);
const char *conf_add_reverse_prefix(struct conf *conf, const char *prefix);

/*
 * Set the translator of a prefix; url is http://ADDRESS[:PORT][/PATH]. other:
 * the same of the other node if it is a pair, else NULL; it has been checked by
 * the second one. Does nothing if the prefix was refused.
 */
const char *conf_add_translator(struct conf *conf, const char *prefix,
    const char *url, const char *other, unsigned every_secs);
const char *conf_check_other_url(const char *url, const char *other);

/* The translator of a prefix, or NULL. */
const struct translator_conf *conf_find_translator(const struct conf *conf,
    const struct pref64 *prefix);

/* Set the suffix of addresses in a prefix of an earlier statement. */
const char *conf_set_suffix(struct conf *conf, const char *prefix,
    const char *suffix);

/* Set the weight of a prefix of an earlier statement, if it is not 0. */
const char *conf_set_weight(struct conf *conf, const char *prefix,
    unsigned weight);

/* Set the name that answers reverse queries ("ptr local"). */
const char *conf_set_ptr_name(struct conf *conf, const char *text);

/* Add a secret for cookies, in hexadecimal; the first one signs new ones. */
const char *conf_add_secret(struct conf *conf, const char *text);

/* Add a local host, or a hosts file, which conf_read_hosts will read. */
const char *conf_add_host(struct conf *conf, const char *name,
    const char *addr);
const char *conf_add_hosts(struct conf *conf, const struct conf_value *path);

/*
 * Add a record of local-data. One that its name has already is left out, with
 * a warning.
 */
void conf_add_record(struct conf *conf, struct conf_file *cf,
    const struct conf_value *v);

/* For the files of this folder only. */
const char *conf_no_memory(void);
const char *conf_blame(struct conf *conf, const struct conf_where *other,
    const char *why); /* sets conf->other, returns why */
void conf_read_hosts(struct conf *conf, struct conf_file *cf);
void conf_check_records(const struct conf *conf, struct conf_file *cf);
int conf_find_addr(const struct conf_addrs *list,
    const struct scoped_addr *a); /* its index, or -1 */
const char *conf_append_addr(struct conf_addrs *list,
    const struct scoped_addr *a, const struct conf_where *where);
void conf_check_loops(const struct conf *conf, struct conf_file *cf);
void conf_clear_addrs(struct conf_addrs *list);
void conf_clear_clients(struct conf *conf);
void conf_gather_hosts(const struct conf *conf, struct conf_file *cf);
void conf_clear_translators(struct conf *conf);
void conf_clear_upstreams(struct conf *conf);
void conf_print_addr(const char *what, const struct scoped_addr *a,
    FILE *f); /* without a newline */
void conf_print_listeners(const struct conf *conf, FILE *f);
void conf_print_clients(const struct conf *conf, FILE *f);
void conf_print_upstreams(const struct conf *conf, FILE *f);

#endif
