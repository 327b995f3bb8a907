/*
 * The source of the files of a configuration: the disk, or another process that
 * has read them for us (reader.h). The parser sees no difference: the same path
 * gives the same bytes, or the same error.
 *
 * Only regular files and /dev/null are read from the disk, because reading a
 * terminal or a FIFO without a writer would block. At a start, the file of the
 * command line may be a file of another kind.
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
 * twice does not change in between, and can be sent to another process.
 *
 * special: whether files_load() may read special files.
 * Returns NULL when memory is short.
 */
struct files *files_new(bool special);

/* Only the files in a bundle, which is taken over. Returns NULL as above. */
struct files *files_of(struct bundle *b);

/* NULL is ignored. */
void files_free(struct files *files);

/* All that was read so far, owned by files. */
const struct bundle *files_bundle(const struct files *files);

/*
 * Read a file of at most max bytes.
 *
 * special: it may be another kind of file; reading may block.
 * Returns NULL, with the file in *out until files is freed; or the reason for
 * the refusal, which reads well behind the path and a colon, until the next
 * call.
 */
const char *files_load(struct files *files, const char *path, size_t max,
    bool special, const struct bundle_file **out);

#endif
