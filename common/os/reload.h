/*
 * Reloading from an event loop: ask the reader for the files of the
 * configuration and go on with everything else until they are there. What a
 * daemon then does with them is its own.
 *
 * A request that comes while the files are being read is remembered, once:
 * what was read by then may be older than what it is about.
 */
#ifndef COMMON_OS_RELOAD_H
#define COMMON_OS_RELOAD_H

struct event_base;
struct files;
struct reader;
struct reload;

/*
 * The files are there, until the return or, after reload_keep, the call of
 * reload_end. NULL: they could not be had, which has been logged.
 */
typedef void reload_fn(void *arg, struct files *files);

/*
 * r: taken over. Nobody may wait for children of the process from here on.
 * Returns NULL when memory is short.
 */
struct reload *reload_new(struct event_base *base, struct reader *r,
    reload_fn *done, void *arg);

/*
 * Called from done, when it has got files: the reload goes on after its
 * return, until reload_end. Requests that come meanwhile are remembered.
 */
void reload_keep(struct reload *rl);
void reload_end(struct reload *rl);

/* Also of NULL. Before the event loop goes; frees files that are kept. */
void reload_free(struct reload *rl);

/* Read again, and call done(arg, ...), perhaps at once. */
void reload_request(struct reload *rl);

#endif
