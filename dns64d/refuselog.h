/*
 * Tells the administrator of clients that were refused because nothing allows
 * their network, with the statement that would: at once, and then once a
 * minute while there are any. A few lines at most, whoever asks: on the
 * Internet that is everybody.
 *
 * Owns a pipe, by which a worker wakes the main thread.
 */
#ifndef DNS64D_REFUSELOG_H
#define DNS64D_REFUSELOG_H

#define REFUSELOG_SECS 60

/* Networks that have a line of their own. */
#define REFUSELOG_LINES 3

struct refuselog;
struct workers;

/*
 * After workers_begin, before the sandbox and the threads. Returns NULL with
 * errno.
 */
struct refuselog *refuselog_new(struct workers *ws);

/* After workers_end, before workers_free. */
void refuselog_free(struct refuselog *l);

#endif
