#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"

#include "nat64d/state/replica.h"
#include "secrets.h"

#define MAX_FILE 4096

struct file {
	struct secrets *s;
	bool has_key;
};

/* Values are never part of a message. */
static const char *
set_text(char to[STORE_TEXT_MAX + 1], const char *value)
{
	if (value == NULL || value[0] == '\0')
		return ("a value is missing");
	if (strlcpy(to, value, STORE_TEXT_MAX + 1) > STORE_TEXT_MAX)
		return ("a value is too long");
	return (NULL);
}

static const char *
read_line(struct file *f, char *line)
{
	char *word, *rest = line + strspn(line, " \t");

	if (*rest == '\0' || *rest == '#')
		return (NULL);
	word = strsep(&rest, " \t");
	if (rest != NULL)
		rest += strspn(rest, " \t");
	if (strcmp(word, "user") == 0)
		return (set_text(f->s->user, rest));
	if (strcmp(word, "password") == 0)
		return (set_text(f->s->password, rest));
	if (strcmp(word, "key") != 0)
		return ("only \"key\", \"user\" and \"password\" are known");
	if (rest == NULL || replica_parse_key(rest, &f->s->key) == -1)
		return ("a key has 32 hexadecimal digits "
			"(openssl rand -hex 16)");
	f->has_key = true;
	return (NULL);
}

static const char *
read_lines(struct secrets *s, char *buf, char text[SECRETS_TEXT_SIZE])
{
	struct file f = { .s = s };
	const char *error;
	unsigned number = 0;
	char *line;

	while ((line = strsep(&buf, "\n")) != NULL) {
		number++;
		error = read_line(&f, line);
		if (error == NULL)
			continue;
		snprintf(text, SECRETS_TEXT_SIZE, "line %u: %s", number,
		    error);
		return (text);
	}
	return (f.has_key ? NULL : "it has no line with \"key\"");
}

static const char *
check_file(int fd, uid_t user)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ("is no plain file");
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != user)
		return ("belongs to another user: chown root");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return ("others may read it: chmod 600");
	return (NULL);
}

const char *
secrets_read(struct secrets *s, const char *path, uid_t user,
    char text[SECRETS_TEXT_SIZE])
{
	char buf[MAX_FILE + 1];
	const char *error;
	ssize_t n;
	int fd;

	memset(s, 0, sizeof(*s));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return (
		    errno == ELOOP ? "is a symbolic link" : strerror(errno));
	error = check_file(fd, user);
	n = error == NULL ? read(fd, buf, sizeof(buf)) : 0;
	if (n == -1)
		error = strerror(errno);
	close(fd);
	if (error == NULL && n > MAX_FILE)
		error = "is too long";
	if (error == NULL) {
		buf[n] = '\0';
		error = read_lines(s, buf, text);
	}
	explicit_bzero(buf, sizeof(buf));
	return (error);
}
