/*
 * Reloading from an event loop: ask the reader for the files of the
 * configuration, and call the daemon back when they have been read.
 *
 * A request during a reload starts another one afterwards, since the files may
 * have changed after they were read. Several such requests count as one.
 */
#ifndef COMMON_OS_RELOAD_H
#define COMMON_OS_RELOAD_H

struct event_base;
struct files;
struct reader;
struct reload;

/*
 * The files have been read. They are valid until the function returns or,
 * after reload_keep(), until reload_end(). NULL: reading failed, which has
 * been logged.
 */
typedef void reload_fn(void *arg, struct files *files);

/*
 * r: taken over. The process must not wait for children from here on.
 * Returns NULL when memory is short.
 */
struct reload *reload_new(struct event_base *base, struct reader *r,
    reload_fn *done, void *arg);

/*
 * To be called from done when it has got files: the reload then lasts until
 * reload_end(). Requests during that time are remembered.
 */
void reload_keep(struct reload *rl);
void reload_end(struct reload *rl);

/*
 * NULL is ignored. Call it before the event loop is freed; it frees the files.
 */
void reload_free(struct reload *rl);

/* Start a reload, which calls done(arg, ...), perhaps at once. */
void reload_request(struct reload *rl);

#endif
