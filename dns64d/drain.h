/*
 * The end of a process whose sockets stay open, because the service manager or
 * another process has them as well (os/activation.h): no query is lost.
 *
 *	serving		drain_begin() leads to draining, or ends the event
 *			loop at once if no such sockets are used.
 *	draining	no new queries are received; those in progress are
 *			answered. The event loop ends when the kernel has the
 *			last answer, or after DRAIN_MS, or when drain_begin()
 *			is called again.
 */
#ifndef DNS64D_DRAIN_H
#define DNS64D_DRAIN_H

/* Longer than any query takes: QUERY_DEADLINE_MS. */
#define DRAIN_MS 5000

struct drain;
struct workers;

/* Returns NULL if memory is short. */
struct drain *drain_new(struct workers *ws);

/* Begin to end the event loop of the main thread. */
void drain_begin(struct drain *d);

void drain_free(struct drain *d);

#endif
