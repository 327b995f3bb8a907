/*
 * Asks one address for the metrics of a translator over HTTP, and tells its
 * owner at the end of each question, who decides when the next one is due.
 * Owns the connection; does not know what the answers are for.
 */
#ifndef DNS64D_POLICY_POLL_H
#define DNS64D_POLICY_POLL_H

#include <event2/event_struct.h>

#include "pair.h"

#define POLL_TIMEOUT_SECS 2 /* for a whole answer */

struct evhttp_connection;
struct evhttp_request;

/* http://host:port/path */
struct poll_url {
	char *text; /* as written */
	char *host; /* its numeric address, ... */
	unsigned port;
	char *path; /* ... and what begins with the slash */
};

/*
 * Its states:
 *
 * idle      request is NULL; timer is the time of the next question. on_timer()
 *           leads to asking.
 * asking    request is set; timer is the timeout of the answer. on_answer()
 *           leads to idle; on_timer() cancels the request and leads to idle.
 *
 * node changes before done() is called. The members are private to poll.c.
 */
struct poll {
	const struct poll_url *url;
	struct evhttp_connection *http; /* NULL: not started */
	struct evhttp_request *request; /* NULL: none is in progress */
	struct event timer; /* timeout of request, or the next one is due */
	struct pair_node *node;
	void (*done)(void *arg);
	void *arg;
};

/*
 * Ask for the first time, at once. done() is called at the end of this and of
 * every later question, when node tells of it, and says when the next one is
 * due. url and node are borrowed; node may know something already. Returns 0,
 * or -1 if memory is short.
 */
int poll_start(struct poll *p, struct event_base *base,
    const struct poll_url *url, struct pair_node *node,
    void (*done)(void *arg), void *arg);

/* Not from done(). Also of one that was not started. */
void poll_stop(struct poll *p);

/*
 * Ask in so many milliseconds, unless a question is in progress, whose end
 * calls done().
 */
void poll_in(struct poll *p, unsigned ms);

/*
 * Ask in so many seconds with 10 % jitter, so that many dns64d do not ask at
 * the same time; otherwise the same.
 */
void poll_about(struct poll *p, unsigned secs);

#endif
