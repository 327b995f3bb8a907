/*
 * The configuration of dns64d: read once into a fresh structure, checked as
 * a whole, then only read. Owns what the file says and its defaults; knows
 * nothing of sockets, events or messages.
 */
#ifndef DNS64D_CONF_H
#define DNS64D_CONF_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/addr.h"
#include "common/log.h"

#include "policy.h"

#define CONF_PORT 53 /* where none is given */
#define CONF_ADDRS_MAX 64

#define CONF_LIMIT_QUERIES 2000
#define CONF_LIMIT_TCP_CLIENTS 150
#define CONF_LIMIT_TCP_PER_CLIENT 20
#define CONF_TCP_IDLE_SECS 10
#define CONF_USER "_dns64d"
#define CONF_PIDFILE "/var/run/dns64d.pid"

struct acl;
struct conf_file;

/* Distinct addresses with their ports, in the order of the file. */
struct conf_addrs {
	struct sockaddr_storage v[CONF_ADDRS_MAX];
	size_t n;
};

struct conf_access {
	struct prefix from;
	bool allow;
};

struct conf {
	struct conf_addrs listens;   /* at least one */
	struct conf_addrs upstreams; /* at least one */
	struct dns64_policy policy;  /* finished */

	struct conf_access *access; /* as written, for the print */
	size_t n_access;
	struct acl *acl; /* the same, to be asked */

	unsigned limit_queries;	       /* outstanding at a time */
	unsigned limit_tcp_clients;    /* connections at a time */
	unsigned limit_tcp_per_client; /* of them from one address or /64 */
	unsigned tcp_idle_secs;

	enum log_level log_level;
	char *user;
	char *pidfile;
	char *dump; /* NULL: nowhere when in the background */

	char **files; /* every file that was read; ends with NULL */
};

/*
 * Read and check a configuration. Every error of it goes to standard error
 * as "file:line: message", or through the log when to_log is set.
 *
 * Returns a configuration for conf_free, or NULL after the errors.
 */
struct conf *conf_load(const char *path, bool to_log);

void conf_free(struct conf *conf);

/*
 * Print the canonical form: every statement, defaults too. Read again it
 * gives the same configuration and the same print.
 */
void conf_print(const struct conf *conf, FILE *f);

/*
 * The grammar, for conf_load(): carry out every statement. Whether it
 * succeeded is told by conf_file_errors() alone.
 */
int conf_parse(struct conf_file *cf, struct conf *conf);

/*
 * For the grammar. Each adds what a statement says, and returns NULL or the
 * reason for the refusal as a static string that reads well behind the
 * statement's value; then nothing has changed. A port that was refused
 * already is 0 and makes conf_add_addr do nothing.
 */
const char *conf_add_addr(struct conf_addrs *list, const char *text,
    unsigned port);
const char *conf_add_access(struct conf *conf, const char *text, bool allow);
const char *conf_add_exclude(struct conf *conf, int family,
    const char *text);

/*
 * prefix: text of a Pref64, or NULL for no synthesis.
 * range: text of the IPv4 prefix that goes there, or NULL for all of IPv4.
 */
const char *conf_add_prefix(struct conf *conf, const char *prefix,
    const char *range);

/* The name that answers PTR questions in `ptr local`. */
const char *conf_set_ptr_name(struct conf *conf, const char *text);

/* Replace a string by a copy of text; a path must be absolute. */
const char *conf_set_string(char **string, const char *text);
const char *conf_set_path(char **string, const char *text);

#endif
