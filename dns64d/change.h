/*
 * Who wants a reload, and is told how it went: SIGHUP, which also empties the
 * cache, or an operator at the control socket, who keeps it or wants a check
 * only. One at a time. Its states:
 *
 *	idle	change_signal() leads to asked, change_request() too.
 *	asked	Until change_end(), which leads to idle. change_signal() is
 *		remembered, change_request() refused.
 */
#ifndef DNS64D_CHANGE_H
#define DNS64D_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#define CHANGE_TEXT_SIZE 4096

struct httpd_request;

/* All zero: idle. */
struct change {
	bool asked;
	bool again;		     /* SIGHUP came while asked */
	struct httpd_request *rq;    /* NULL: by SIGHUP */
	bool check;		     /* change nothing */
	char text[CHANGE_TEXT_SIZE]; /* errors and warnings, a line each */
	size_t len;
};

/* Returns whether a reload is to be started now. */
bool change_signal(struct change *c);

/*
 * The same for a request, which is answered here: now, if a reload is in
 * progress already, or by change_end().
 */
bool change_request(struct change *c, struct httpd_request *rq, bool check);

/*
 * Log a message, and keep it for the answer. A conf_report_fn; arg is the
 * change. Not to be called in two threads at the same time.
 */
void change_report(void *arg, bool warning, const char *msg);

/* dns64d ends: refuse the request that was not answered yet, if any. */
void change_abandon(struct change *c);

/* Returns whether another reload is to be started now. */
bool change_end(struct change *c, bool done);

#endif
