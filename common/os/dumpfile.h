/*
 * The output of SIGUSR1: a file, or standard output. It owns the descriptor and
 * schedules the writes; the caller provides the text in pieces.
 *
 * A pipe or terminal that nobody reads does not block the event loop: writes
 * do not block, at most DUMPFILE_WRITE_MAX bytes are written in a turn of the
 * loop, and the next piece is requested when the last one has been written. So
 * memory is bounded by the size of a piece. A dump of which nothing is read
 * for DUMPFILE_STUCK_SECS is abandoned, which is logged; until then others are
 * refused, which is logged once for each dump.
 *
 * The file is created or truncated for each dump, with mode 0640. A symbolic
 * link is not followed.
 *
 * Each dump begins with a line of its time (RFC 3339, UTC), the program, its
 * version and its process id:
 *
 *	dump 2026-11-29T10:24:07Z nat64d 1.0 pid 4711
 *
 * After an abandoned dump on standard output the next one begins with a
 * newline, which ends the line that was cut.
 */
#ifndef COMMON_OS_DUMPFILE_H
#define COMMON_OS_DUMPFILE_H

#include <stdbool.h>

struct dumpfile;
struct evbuffer;
struct event_base;

#define DUMPFILE_WRITE_MAX 65536
#define DUMPFILE_STUCK_SECS 30

/* Callbacks that provide a dump; arg is passed to each. */
struct dumpfile_ops {
	/* Begin, and append a first piece. Returns 0, or -1: no memory. */
	int (*begin)(void *arg, struct evbuffer *out);
	/*
	 * Append the next piece. Returns true while there is more. NULL: the
	 * first piece is all.
	 */
	bool (*more)(void *arg, struct evbuffer *out);
	/* The dump has ended: printed, abandoned, or failed. May be NULL. */
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

/* Begin a dump. Call it from the event loop. */
void dumpfile_print(struct dumpfile *d);

/* A dump in progress is cut off. */
void dumpfile_free(struct dumpfile *d);

#endif
