/*
 * Parses and checks the configuration of a reload in a thread of its own.
 * Hosts files with a million names take about a second, during which the
 * first worker would answer no query.
 *
 * The thread shares nothing with the others: it is given the contents of the
 * files and returns a configuration. It is created at the start, because the
 * sandbox allows no new threads.
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
 * Called from the event loop with the configuration, whose reference passes
 * to the callee, or with NULL after errors, which have been reported.
 */
typedef void loader_fn(void *arg, struct conf *conf);

/*
 * path: of the configuration; borrowed. report: called for every error, in
 * the thread, with arg. Returns NULL with errno.
 */
struct loader *loader_new(struct event_base *base, const char *path,
    conf_report_fn *report, loader_fn *done, void *arg);

/*
 * Create the thread, which has entered the sandbox when this returns. Call it
 * before the main thread enters the sandbox. A failure ends the process
 * through fatal().
 */
void loader_start(struct loader *l, const struct sandbox *sb);

/*
 * Load the configuration from files, which are borrowed until done is called.
 * Only one load at a time.
 */
void loader_load(struct loader *l, struct files *files);

/*
 * Wait for a load in progress, discard its result and end the thread. l may be
 * NULL, and need not have been started.
 */
void loader_free(struct loader *l);

#endif
