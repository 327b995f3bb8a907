/*
 * Logs which clients were refused because no statement allows their network
 * and which statement would: at once for the first query, then once a minute
 * while there are any, at most REFUSELOG_LINES networks and a line for the
 * rest.
 *
 * Owns a pipe, through which a worker wakes the main thread.
 */
#ifndef DNS64D_REFUSELOG_H
#define DNS64D_REFUSELOG_H

#define REFUSELOG_SECS 60

/* Networks that get a line of their own, each time. */
#define REFUSELOG_LINES 3

struct refuselog;
struct workers;

/*
 * To be called after workers_begin and before workers_start. Returns NULL with
 * errno.
 */
struct refuselog *refuselog_new(struct workers *ws);

/* To be called after workers_end and before workers_free. Also of NULL. */
void refuselog_free(struct refuselog *l);

#endif
