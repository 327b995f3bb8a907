/*
 * A second process that reads the configuration for a reload.
 *
 * A daemon drops its privileges when it has started, and changes its directory:
 * later it may not be able to read what a start reads. So before that it starts
 * a process that only reads: it keeps the user and the directory of the start
 * and the capability to read any file, and is confined to reading.
 *
 *	daemon (unprivileged)		reader
 *	  request		----->	opens the configuration, parses it and
 *					opens the files that it names
 *	  parses these bytes	<-----	every file's bytes, or an error
 *
 * Threat: an attacker who controls the daemon. The request names no file, so
 * that the reader only reads the same configuration again, which a reload
 * would give to the daemon anyway. The daemon checks answers like input from
 * outside.
 *
 * The reader ends when the daemon has ended. It ignores the signals of the
 * daemon, since these are often sent to all processes of a name, a terminal or
 * a control group.
 */
#ifndef COMMON_OS_READER_H
#define COMMON_OS_READER_H

#include <stdbool.h>

struct files;

struct reader;

enum reader_verdict {
	READER_MORE, /* the answer is not complete yet */
	READER_DONE,
	READER_FAILED, /* reading failed; the next request may succeed */
	READER_GONE    /* it has ended or sent an invalid answer: give it up */
};

/*
 * In the reader: let files read the configuration path and all files that it
 * names.
 */
typedef void reader_gather_fn(const char *path, struct files *files);

/*
 * Is path a file that a reload can read? Not a pipe, or /dev/stdin.
 */
bool reader_can_read(const char *path);

/*
 * Start the reader with the current working directory and privileges: before
 * daemonise(), privs_drop() and the first thread. It closes all descriptors,
 * and keeps a copy of the memory, so it is best started early. A failure ends
 * the process through fatal().
 *
 * path: of the command line; copied.
 */
struct reader *reader_start(const char *path, reader_gather_fn *gather);

/* Its socket, to poll for input. */
int reader_fd(const struct reader *r);

/*
 * Ask for the files, when no other request is open. Returns 0, or -1 when it
 * has ended.
 */
int reader_ask(struct reader *r);

/*
 * Read from the socket without blocking. READER_DONE: the files are in
 * *files, to be freed by the caller.
 */
enum reader_verdict reader_receive(struct reader *r, struct files **files);

/* Ends the reader. */
void reader_free(struct reader *r);

#endif
