/*
 * The encoding, with numbers in host byte order:
 *
 *	u32 MAGIC, u32 number of files
 *	for each: u32 size of the path, u32 error, u64 max, u64 dev,
 *	    u64 ino, u64 number of bytes; the path with its '\0'; the bytes
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"

#define MAGIC 0x42646c31u
#define HEAD_SIZE 8
#define FILE_HEAD_SIZE 40

struct bundle {
	struct bundle_file v[BUNDLE_MAX_FILES];
	size_t n;
	size_t size; /* encoded */
	/* The octets that it was decoded from and points into, or NULL: then
	 * paths and bytes are allocated separately. */
	uint8_t *octets;
};

/* The octets that are not decoded yet. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

struct bundle *
bundle_new(void)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (b != NULL)
		b->size = HEAD_SIZE;
	return (b);
}

static void
free_const(const void *memory)
{
	free((void *)(uintptr_t)memory);
}

void
bundle_free(struct bundle *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n && b->octets == NULL; i++) {
		free_const(b->v[i].path);
		free_const(b->v[i].bytes);
	}
	free(b->octets);
	free(b);
}

/* Is there room for a file with a path and bytes of these sizes? */
static bool
has_room(const struct bundle *b, size_t path_size, size_t len)
{
	return (b->n < BUNDLE_MAX_FILES && path_size <= BUNDLE_MAX_PATH &&
	    len <= BUNDLE_MAX_BYTES &&
	    FILE_HEAD_SIZE + path_size + len <= BUNDLE_MAX_BYTES - b->size);
}

static void
append(struct bundle *b, const struct bundle_file *f, size_t path_size)
{
	b->v[b->n++] = *f;
	b->size += FILE_HEAD_SIZE + path_size + f->len;
}

int
bundle_add(struct bundle *b, const struct bundle_file *f, uint8_t *bytes)
{
	const size_t path_size = strlen(f->path) + 1;
	struct bundle_file own = *f;

	own.bytes = bytes;
	if (!has_room(b, path_size, f->len))
		errno = ENOSPC;
	else if ((own.path = strdup(f->path)) != NULL) {
		append(b, &own, path_size);
		return (0);
	}
	free(bytes);
	return (-1);
}

const struct bundle_file *
bundle_find(const struct bundle *b, const char *path, uint64_t max)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].max == max && strcmp(b->v[i].path, path) == 0)
			return (&b->v[i]);
	}
	return (NULL);
}

static uint8_t *
put(uint8_t *at, const void *octets, size_t len)
{
	if (len > 0)
		memcpy(at, octets, len);
	return (at + len);
}

static uint8_t *
put32(uint8_t *at, size_t value)
{
	const uint32_t v = (uint32_t)value;

	return (put(at, &v, sizeof(v)));
}

static uint8_t *
put64(uint8_t *at, uint64_t value)
{
	return (put(at, &value, sizeof(value)));
}

static uint8_t *
put_file(uint8_t *at, const struct bundle_file *f)
{
	const size_t path_size = strlen(f->path) + 1;

	at = put32(at, path_size);
	at = put32(at, f->error);
	at = put64(at, f->max);
	at = put64(at, f->dev);
	at = put64(at, f->ino);
	at = put64(at, f->len);
	at = put(at, f->path, path_size);
	return (put(at, f->bytes, f->len));
}

uint8_t *
bundle_encode(const struct bundle *b, size_t *len)
{
	uint8_t *octets, *at;
	size_t i;

	octets = malloc(b->size);
	if (octets == NULL)
		return (NULL);
	at = put32(octets, MAGIC);
	at = put32(at, b->n);
	for (i = 0; i < b->n; i++)
		at = put_file(at, &b->v[i]);
	*len = b->size;
	return (octets);
}

/* Returns the next len octets; NULL when there are fewer. */
static const uint8_t *
take(struct cursor *c, uint64_t len)
{
	const uint8_t *at = c->at;

	if (len > c->left)
		return (NULL);
	c->at += len;
	c->left -= (size_t)len;
	return (at);
}

static bool
get(struct cursor *c, void *value, size_t size)
{
	const uint8_t *at = take(c, size);

	if (at != NULL)
		memcpy(value, at, size);
	return (at != NULL);
}

/* Decode one file into b; returns false when it is invalid. */
static bool
get_file(struct bundle *b, struct cursor *c)
{
	struct bundle_file f;
	const uint8_t *path;
	uint32_t path_size;
	uint64_t len;

	if (!get(c, &path_size, sizeof(path_size)) ||
	    !get(c, &f.error, sizeof(f.error)) ||
	    !get(c, &f.max, sizeof(f.max)) || !get(c, &f.dev, sizeof(f.dev)) ||
	    !get(c, &f.ino, sizeof(f.ino)) || !get(c, &len, sizeof(len)))
		return (false);
	if ((path = take(c, path_size)) == NULL || path_size == 0 ||
	    memchr(path, '\0', path_size) != path + path_size - 1 ||
	    (f.bytes = take(c, len)) == NULL)
		return (false);
	if (len > f.max || (f.error != 0 && len > 0) ||
	    !has_room(b, path_size, (size_t)len))
		return (false);
	f.path = (const char *)path;
	f.len = (size_t)len;
	append(b, &f, path_size);
	return (true);
}

static bool
get_files(struct bundle *b, struct cursor *c)
{
	uint32_t magic, n;

	if (c->left > BUNDLE_MAX_BYTES || !get(c, &magic, sizeof(magic)) ||
	    !get(c, &n, sizeof(n)) || magic != MAGIC)
		return (false);
	while (n > 0 && get_file(b, c))
		n--;
	return (n == 0 && c->left == 0);
}

struct bundle *
bundle_decode(uint8_t *octets, size_t len)
{
	struct cursor c = { .at = octets, .left = len };
	struct bundle *b;

	if ((b = bundle_new()) == NULL) {
		free(octets);
		return (NULL);
	}
	b->octets = octets;
	if (get_files(b, &c))
		return (b);
	bundle_free(b);
	errno = EBADMSG;
	return (NULL);
}
