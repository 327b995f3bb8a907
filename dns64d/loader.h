/*
 * Reads and checks the configuration of a reload in a thread of its own, so
 * that files of hosts with hundreds of thousands of names, which take a
 * second, do not hold up the answers of the first worker.
 *
 * The thread shares nothing with the others: it gets the files, makes a
 * configuration of them and hands that over. It is made at the start, since
 * the sandbox allows no new threads.
 */
#ifndef DNS64D_LOADER_H
#define DNS64D_LOADER_H

#include "common/conf/conf_file.h"

struct conf;
struct event_base;
struct files;
struct loader;
struct sandbox;

/*
 * From the event loop: the configuration, of which the reference is the
 * callee's; NULL when the files hold errors, which have been reported.
 */
typedef void loader_fn(void *arg, struct conf *conf);

/*
 * path: of the configuration; must stay valid. report: called in the thread
 * for every error, as conf_load does. Returns NULL with errno.
 */
struct loader *loader_new(struct event_base *base, const char *path,
    conf_report_fn *report, loader_fn *done, void *arg);

/*
 * Make the thread, which enters the sandbox before this returns. Call it
 * before the main thread enters its own. A failure ends the process through
 * fatal().
 */
void loader_start(struct loader *l, const struct sandbox *sb);

/*
 * Load the configuration from files, which must stay valid until done is
 * called. One at a time.
 */
void loader_load(struct loader *l, struct files *files);

/*
 * Wait for a load that is under way, forget its result, and end the thread.
 * Also of NULL, and of one that was never started.
 */
void loader_free(struct loader *l);

#endif
