/*
 * The control socket of a daemon: a Unix-domain socket with an HTTP server
 * (httpd.h), and the routes that both daemons have. Who may open the socket may
 * do everything that the routes can do: mode 0600, or 0660 with a group.
 *
 *	startup_check()		control_check()
 *	startup_claim()		control_open(): as root, before the fork
 *	event loop is made	control_start()
 *	sandbox			control_path(): may accept, and remove it
 *	end			control_close()
 *
 * A socket that a dead daemon has left is replaced; one at which somebody
 * listens is not touched. A configuration that names a path (or a group) wants
 * it: if it cannot be made, the start fails. The default path may be taken by
 * another daemon of the host, or its directory may be root's: then a warning is
 * logged, and there is no control socket.
 */
#ifndef COMMON_HTTP_CONTROL_H
#define COMMON_HTTP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/monotime.h"
#include "common/os/privs.h"

#include "control_conf.h"
#include "httpd.h"

struct control;
struct event_base;

/*
 * Would control_open() work, as far as the file system shows? Whether somebody
 * listens there is not checked, since a check may be made while the daemon
 * runs. If not, and the configuration wants it, the process ends through
 * fatal(). standard: the default path.
 */
void control_check(const struct control_conf *c, const char *standard,
    const struct privs *p);

/*
 * Make the socket and its directory, and give them to the user of p. Call it
 * before a fork that is to report failures, and before there are threads.
 * Returns NULL when there is none; what is wanted and impossible ends the
 * process. fatal() and exit(3) remove the socket.
 */
struct control *control_open(const struct control_conf *c,
    const char *standard, const struct privs *p);

/*
 * Take-over: the listening socket fd is that of another process of ours, which
 * hands it over. The socket is removed by us from now on.
 */
struct control *control_adopt(const struct control_conf *c, int fd);

/* The descriptor that listens; -1: there is none. */
int control_fd(const struct control *c);

/* Leave the socket to the process that has adopted it. c may be NULL. */
void control_leave(struct control *c);

/* The path; NULL when c is NULL. */
const char *control_path(const struct control *c);

/*
 * Answer requests. routes and arg as for httpd_new(). c may be NULL. Returns 0,
 * or -1 with errno ENOMEM.
 */
int control_start(struct control *c, struct event_base *base,
    const struct httpd_route *routes, size_t n_routes, void *arg);

/* End the server, before base is freed. c may be NULL. */
void control_stop(struct control *c);

/* Remove the socket; c may be NULL. */
void control_close(struct control *c);

/*
 * Routes. control_config() answers with the canonical text that print writes.
 * control_log() is POST /v1/log?level=err|warn|info|debug.
 */
typedef void (*control_print)(const void *conf, FILE *f);
void control_config(struct httpd_request *rq, control_print print,
    const void *conf);
void control_log(void *arg, struct httpd_request *rq);

/*
 * The beginning of GET /v1/status in both: name, version, pid, since when it
 * runs (started_ms: time of day) and for how many seconds. The caller adds
 * more. Returns NULL when memory is short.
 */
json_t *control_status(const char *name, struct monotime started,
    int64_t started_ms);

/* GET /v1/version: {"version": "1.0"}. */
void control_version(void *arg, struct httpd_request *rq);

#endif
