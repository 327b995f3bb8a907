/*
 * A second process that reads the configuration for a reload.
 *
 * The daemon gives its rights up once it has started, and goes to another
 * directory; what it reads then is not what a start would read, if it may
 * read anything. So it begins, before that, a process that does nothing else:
 * it stays who the start was and where the start was, keeps of its
 * capabilities the one to read any file, and is confined to reading.
 *
 *	daemon (unprivileged)		reader
 *	  "read it again"	----->	opens the configuration, parses it and
 *					opens what it names
 *	  parses the same	<-----	every file's bytes, or why not
 *
 * Threat: whoever has taken the daemon over. He can make the reader read the
 * same configuration again and nothing else, for the request names no file,
 * and learns what the daemon knows already or would know after a reload.
 * What comes back is checked as if it came from outside.
 *
 * The reader ends when the daemon has. The signals that a daemon is sent pass
 * it by, since they are often sent to all processes of a name, a terminal or
 * a control group.
 */
#ifndef COMMON_OS_READER_H
#define COMMON_OS_READER_H

#include <stdbool.h>

struct files;

struct reader;

enum reader_verdict {
	READER_MORE, /* not all of it is there yet */
	READER_DONE,
	READER_FAILED, /* it could not; the next request may succeed */
	READER_GONE    /* it has ended, or talks nonsense: never again */
};

/*
 * In the reader: have files read the configuration path and all that it
 * names.
 */
typedef void reader_gather_fn(const char *path, struct files *files);

/*
 * Is path a file that a reload can read? Not a pipe, or /dev/stdin.
 */
bool reader_can_read(const char *path);

/*
 * Start the reader, in the working directory and with the rights of this
 * moment: before daemonise(), privs_drop() and the first thread. It closes
 * all descriptors, and keeps a copy of what is in memory, so it is best
 * started before there is much. A failure ends the process through fatal().
 *
 * path: of the command line; copied.
 */
struct reader *reader_start(const char *path, reader_gather_fn *gather);

/* Its socket, to wait for input with a poll. */
int reader_fd(const struct reader *r);

/*
 * Ask for the files, when no other request is open. Returns 0, or -1: it has
 * gone.
 */
int reader_ask(struct reader *r);

/*
 * Take what the socket has, without waiting. READER_DONE: the files are in
 * *files, to be freed by the caller.
 */
enum reader_verdict reader_receive(struct reader *r, struct files **files);

/* The reader ends. */
void reader_free(struct reader *r);

#endif
