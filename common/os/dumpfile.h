/*
 * Where SIGUSR1 prints to: a file, or standard output. Owns the descriptor
 * and the pace; what is printed is made by its user, piece by piece.
 *
 * Neither a pipe or terminal that nobody reads nor a file that is a pipe
 * holds up the event loop: nothing is written but what can be written at
 * once, no more than DUMPFILE_WRITE_MAX bytes in a turn of the loop, and the
 * next piece is made when the last one has been written. So memory is bounded
 * by the size of a piece. A dump of which nothing is read for
 * DUMPFILE_STUCK_SECS is given up, which is logged; until then others are
 * refused, which is logged once for each dump.
 *
 * A file is made anew for each dump, with mode 0640. A symbolic link is not
 * followed.
 *
 * Each dump begins with a line of its time (RFC 3339, UTC), the program, its
 * version and its process id:
 *
 *	dump 2026-11-29T10:24:07Z nat64d 1.0 pid 4711
 *
 * A dump on standard output that comes after one that was given up begins
 * with an empty line, or ends the line that was cut.
 */
#ifndef COMMON_OS_DUMPFILE_H
#define COMMON_OS_DUMPFILE_H

#include <stdbool.h>

struct dumpfile;
struct evbuffer;
struct event_base;

#define DUMPFILE_WRITE_MAX 65536
#define DUMPFILE_STUCK_SECS 30

/* What makes a dump; arg is handed to each. */
struct dumpfile_ops {
	/* Begin, and append a first piece. Returns 0, or -1: no memory. */
	int (*begin)(void *arg, struct evbuffer *out);
	/*
	 * Append the next piece. Returns true while there is more. NULL: the
	 * first piece is all.
	 */
	bool (*more)(void *arg, struct evbuffer *out);
	/* It is over: printed, given up, or failed. May be NULL. */
	void (*end)(void *arg);
	void *arg;
};

/*
 * program: its name, as in the first line. path: of the file; NULL: standard
 * output if to_stdout, else nowhere, which is logged when a dump is asked
 * for. base and program are borrowed. Returns NULL with errno ENOMEM.
 */
struct dumpfile *dumpfile_new(struct event_base *base, const char *program,
    const char *path, bool to_stdout, const struct dumpfile_ops *ops);

/* Begin a dump, from within the event loop. */
void dumpfile_print(struct dumpfile *d);

/* One that is being printed is cut off. */
void dumpfile_free(struct dumpfile *d);

#endif
