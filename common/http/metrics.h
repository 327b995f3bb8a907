/*
 * The metrics of a daemon: an HTTP server at TCP addresses, which only reads.
 * Anybody who can reach the address can ask, so what it shows must be fit for
 * that; pages of other sites are refused (origin.h).
 *
 *	startup_claim()		metrics_open(): as root, before the fork
 *	event loop is made	metrics_start()
 *	end			metrics_stop(), before the loop is freed
 */
#ifndef COMMON_HTTP_METRICS_H
#define COMMON_HTTP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/conf/conf_file.h"
#include "common/net/scoped_addr.h"

#include "httpd.h"
#include "prom.h"

#define METRICS_MAX 8 /* addresses */

/* The statements "metrics listen on". */
struct metrics_conf {
	struct scoped_addr v[METRICS_MAX];
	bool private[METRICS_MAX]; /* single persons are shown there, too */
	size_t n;
};

struct event_base;
struct metrics;

/* Carry out a statement. What is wrong is reported. */
void metrics_conf_add(struct conf_file *cf, const struct conf_value *addr,
    const struct conf_value *port, bool private, struct metrics_conf *c);

/*
 * The canonical form: a line for each address, which ends with the words
 * private if it is private.
 */
void metrics_conf_print(const struct metrics_conf *c, const char *private,
    FILE *f);

bool metrics_conf_equal(const struct metrics_conf *a,
    const struct metrics_conf *b);

/*
 * Listen at all addresses. fds: n sockets of another process that is about to
 * end, which are used for the addresses that they are bound to; the others are
 * closed. Returns NULL when there is no address; a failure ends the process
 * through fatal().
 */
struct metrics *metrics_open(const struct metrics_conf *c, const int *fds,
    size_t n);

/* The sockets that listen, owned by m; m may be NULL. */
size_t metrics_fds(const struct metrics *m, const int **fds);

/*
 * Answer requests. routes, all of them GET, and arg as for httpd_new(); at
 * private addresses, httpd_is_private() is true. m may be NULL. Returns 0, or
 * -1 with errno ENOMEM.
 */
int metrics_start(struct metrics *m, struct event_base *base,
    const struct httpd_route *routes, size_t n_routes, void *arg);

/* End the server and free m, which may be NULL. */
void metrics_stop(struct metrics *m);

/*
 * Answers: the metrics, which are cleared; and of a check. ready: status 200
 * and "ok", or 503 and why, one line without a newline.
 */
void metrics_answer(struct httpd_request *rq, struct prom *p);
void metrics_answer_ready(struct httpd_request *rq, bool ready,
    const char *why);

/* GET /health: the event loop runs, so the answer is "ok". */
void metrics_health(void *arg, struct httpd_request *rq);

#endif
