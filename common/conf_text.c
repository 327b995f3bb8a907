#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf_file.h"
#include "common/conf_text.h"

/*
 * What ends a text: a newline that a "\" at the end of the file may swallow,
 * one that ends its last line in any case, and two NULs, which flex wants.
 */
#define TAIL 4
static const char tail[TAIL] = { '\n', '\n', '\0', '\0' };

/* Returns how many bytes, one above the limit at most, or -1. */
static ssize_t
read_all(int fd, char *buf)
{
	size_t len = 0;
	ssize_t n;

	while (len <= CONF_MAX_FILE) {
		n = read(fd, buf + len, CONF_MAX_FILE + 1 - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return ((ssize_t)len);
}

static int
load_fd(struct conf_text *t, int fd)
{
	struct stat st;
	ssize_t len;
	char *buf, *shrunk;

	if (fstat(fd, &st) == -1)
		return (-1);
	buf = malloc(CONF_MAX_FILE + TAIL);
	if (buf == NULL)
		return (-1);
	len = read_all(fd, buf);
	if (len == -1 || len > CONF_MAX_FILE) {
		if (len != -1)
			errno = EFBIG;
		free(buf);
		return (-1);
	}
	memcpy(buf + len, tail, TAIL);
	*t = (struct conf_text){
		.buf = buf,
		.len = (size_t)len + TAIL - 2,
		.dev = st.st_dev,
		.ino = st.st_ino,
	};
	/* Should this fail the large one does as well. */
	shrunk = realloc(buf, (size_t)len + TAIL);
	if (shrunk != NULL)
		t->buf = shrunk;
	return (0);
}

int
conf_text_load(struct conf_text *t, const char *path)
{
	int fd, rc, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	rc = load_fd(t, fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (rc);
}

static bool
is_control(unsigned char c)
{
	return ((c < 0x20 && c != '\t') || c == 0x7f);
}

static void
check_line(char *line, size_t len, struct conf_file *cf,
    const struct conf_where *where)
{
	unsigned char found = 0;
	bool bad = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_control((unsigned char)line[i]))
			continue;
		if (!bad)
			found = (unsigned char)line[i];
		bad = true;
		line[i] = ' ';
	}
	if (bad && found == '\r')
		conf_error_at(cf, where,
		    "carriage return: the file has DOS line ends");
	else if (bad)
		conf_error_at(cf, where, "control character 0x%02x", found);
	if (len > CONF_MAX_LINE)
		conf_error_at(cf, where, "line longer than %d bytes",
		    CONF_MAX_LINE);
}

void
conf_text_check(struct conf_text *t, struct conf_file *cf, const char *name)
{
	struct conf_where where = { .file = name, .line = 1 };
	char *line = t->buf, *end = t->buf + t->len, *newline;

	for (; line < end; line = newline + 1, where.line++) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			newline = end;
		check_line(line, (size_t)(newline - line), cf, &where);
	}
}
