/*
 * Files in memory: the bytes of each, or the error of reading it, and their
 * encoding as one string of octets for another process. Both processes run the
 * same program on the same machine, but the receiver does not trust the sender:
 * every length and number is checked against the octets received, and nothing
 * is decoded in part.
 *
 * Pure: files.h fills it and reader.h sends it.
 */
#ifndef COMMON_CONF_BUNDLE_H
#define COMMON_CONF_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

/* Bounds of a bundle; a larger one is refused. */
#define BUNDLE_MAX_FILES 1024
#define BUNDLE_MAX_PATH 4096		      /* bytes, with the '\0' */
#define BUNDLE_MAX_BYTES (256u * 1024 * 1024) /* encoded */

struct bundle_file {
	const char *path;
	uint64_t max; /* bytes that it may have; part of the key */
	uint32_t
	    error;    /* 0, or the reader's reason; then there are no bytes */
	uint64_t dev; /* which file it is: two paths may lead to one */
	uint64_t ino;
	const uint8_t *bytes; /* NULL when there are none */
	size_t len;
};

struct bundle;

/* Returns NULL when memory is short. */
struct bundle *bundle_new(void);

/* NULL is ignored. */
void bundle_free(struct bundle *b);

/*
 * Add a file. The path is copied; the bytes, of malloc() or NULL, are taken
 * over, also when it fails.
 * Returns 0, or -1 with errno ENOSPC (a bound is exceeded) or ENOMEM; then
 * nothing has changed.
 */
int bundle_add(struct bundle *b, const struct bundle_file *f, uint8_t *bytes);

/*
 * The file that was added with this path and this max; NULL when there is
 * none. Valid until the bundle is freed.
 */
const struct bundle_file *bundle_find(const struct bundle *b, const char *path,
    uint64_t max);

/* Returns *len octets, to be freed by the caller; NULL: memory is short. */
uint8_t *bundle_encode(const struct bundle *b, size_t *len);

/*
 * Takes over the octets, from malloc(), also when it fails: the bundle points
 * into them. Returns NULL with errno EBADMSG (the octets are not exactly one
 * bundle) or ENOMEM.
 */
struct bundle *bundle_decode(uint8_t *octets, size_t len);

#endif
