#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "files.h"

/* The first buffer for a file of unknown size. */
#define FIRST_SIZE 4096

/* In place of an errno, larger than any. */
#define IRREGULAR 0x10000

struct files {
	struct bundle *known;
	bool disk;    /* read files that are not known from the disk */
	bool special; /* also files that are not regular */
};

struct files *
files_of(struct bundle *b)
{
	struct files *files;

	files = calloc(1, sizeof(*files));
	if (files == NULL)
		bundle_free(b);
	else
		files->known = b;
	return (files);
}

struct files *
files_new(bool special)
{
	struct bundle *b = bundle_new();
	struct files *files;

	if (b == NULL || (files = files_of(b)) == NULL)
		return (NULL);
	files->disk = true;
	files->special = special;
	return (files);
}

void
files_free(struct files *files)
{
	if (files == NULL)
		return;
	bundle_free(files->known);
	free(files);
}

const struct bundle *
files_bundle(const struct files *files)
{
	return (files->known);
}

/*
 * Read all of fd, of f->max bytes at most; size: how many there may be.
 * Returns 0, or -1 with errno; *bytes is to be freed in both cases.
 */
static int
read_all(int fd, struct bundle_file *f, size_t size, uint8_t **bytes)
{
	uint8_t *bigger;
	ssize_t n;

	for (;;) {
		/* One byte more, to detect the end of the file. */
		bigger = realloc(*bytes, size + 1);
		if (bigger == NULL)
			return (-1);
		*bytes = bigger;
		while (f->len <= size) {
			n = read(fd, bigger + f->len, size + 1 - f->len);
			if (n == -1 && errno == EINTR)
				continue;
			if (n <= 0)
				return ((int)n);
			f->len += (size_t)n;
		}
		if (size >= f->max) {
			errno = EFBIG;
			return (-1);
		}
		size = size <= f->max / 2 ? 2 * size : (size_t)f->max;
	}
}

/* /dev/null, which administrators use for "no file". */
static bool
is_null(const struct stat *st)
{
	struct stat null;

	return (S_ISCHR(st->st_mode) && stat("/dev/null", &null) == 0 &&
	    st->st_rdev == null.st_rdev);
}

/* Returns 0, an errno or IRREGULAR. */
static unsigned
load_fd(int fd, bool special, struct bundle_file *f, uint8_t **bytes)
{
	size_t size = FIRST_SIZE;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return ((unsigned)errno);
	if (S_ISDIR(st.st_mode))
		return (EISDIR);
	if (!special && !S_ISREG(st.st_mode) && !is_null(&st))
		return (IRREGULAR);
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		size = (uint64_t)st.st_size < f->max ? (size_t)st.st_size :
						       (size_t)f->max;
	f->dev = (uint64_t)st.st_dev;
	f->ino = (uint64_t)st.st_ino;
	if (read_all(fd, f, size, bytes) == 0)
		return (0);
	return ((unsigned)errno);
}

/* Fill f for its path and max; without an error the bytes are in *bytes. */
static void
load(struct bundle_file *f, bool special, uint8_t **bytes)
{
	const int flags = special ? 0 : O_NONBLOCK | O_NOCTTY;
	int fd;

	fd = open(f->path, O_RDONLY | O_CLOEXEC | flags);
	if (fd == -1) {
		/* ENXIO: a socket. */
		f->error = errno == ENXIO ? IRREGULAR : (unsigned)errno;
		return;
	}
	f->error = load_fd(fd, special, f, bytes);
	close(fd);
	if (f->error != 0) {
		free(*bytes);
		*bytes = NULL;
		f->len = 0;
	}
}

const char *
files_load(struct files *files, const char *path, size_t max, bool special,
    const struct bundle_file **out)
{
	struct bundle_file f = { .path = path, .max = max };
	uint8_t *bytes = NULL;

	*out = bundle_find(files->known, path, max);
	if (*out == NULL && files->disk) {
		load(&f, special && files->special, &bytes);
		if (bundle_add(files->known, &f, bytes) == -1 &&
		    errno != ENOSPC)
			return (strerror(errno));
		*out = bundle_find(files->known, path, max);
	}
	if (*out == NULL)
		return ("too many files, or too large together");
	if ((*out)->error == IRREGULAR)
		return ("it is no regular file");
	return ((*out)->error != 0 ? strerror((int)(*out)->error) : NULL);
}
