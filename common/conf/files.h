/*
 * Where the files of a configuration come from: the disk, or what another
 * process has read from there for us (reader.h). Whoever parses does not
 * see the difference: the same path gives the same bytes, or the same
 * reason.
 *
 * From the disk only regular files are taken, and /dev/null, and none of them
 * is waited for: a FIFO without a writer or a terminal would hold up whoever
 * reads. The exception is the file of the command line, at a start.
 */
#ifndef COMMON_CONF_FILES_H
#define COMMON_CONF_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct bundle;
struct bundle_file;

struct files;

/*
 * Files of the disk. Each is read once and remembered, so that what is read
 * twice does not change in between, and can be handed on.
 *
 * special: what files_load says of special files holds; else there are none.
 * Returns NULL when memory is short.
 */
struct files *files_new(bool special);

/* The files in a bundle and no others; takes it over. NULL likewise. */
struct files *files_of(struct bundle *b);

/* Also of NULL. */
void files_free(struct files *files);

/* What was read so far, owned by files. */
const struct bundle *files_bundle(const struct files *files);

/*
 * Read a file of at most max bytes.
 *
 * special: it may be something else than a regular file, and is waited for.
 * Returns NULL, with the file in *out until files is freed; or the reason for
 * the refusal, which reads well behind the path and a colon, until the next
 * call.
 */
const char *files_load(struct files *files, const char *path, size_t max,
    bool special, const struct bundle_file **out);

#endif
