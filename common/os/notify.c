#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/monotime.h"

#include "log.h"
#include "notify.h"

#define MESSAGE_SIZE 1024

static int notify_fd = -1;

/* Returns 0, or -1: no path and no abstract name ("@name"), or too long. */
static int
set_address(struct sockaddr_un *sun, socklen_t *len, const char *name)
{
	const size_t n = strlen(name);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if ((name[0] != '/' && name[0] != '@') || n >= sizeof(sun->sun_path)) {
		errno = EINVAL;
		return (-1);
	}
	memcpy(sun->sun_path, name, n);
	if (name[0] == '@')
		sun->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return (0);
}

void
notify_begin(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun;
	socklen_t len;

	if (name == NULL || *name == '\0')
		return;
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd != -1 && set_address(&sun, &len, name) == 0 &&
	    connect(notify_fd, (const struct sockaddr *)&sun, len) == 0)
		return;
	log_warn("NOTIFY_SOCKET %s: cannot be used: %s", name,
	    strerror(errno));
	if (notify_fd != -1)
		close(notify_fd);
	notify_fd = -1;
}

bool
notify_is_used(void)
{
	return (notify_fd != -1);
}

void
notify_send(const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list ap;

	if (notify_fd == -1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (send(notify_fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		log_warn("NOTIFY_SOCKET: %s", strerror(errno));
}

void
notify_reloading(void)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    monotime_now().ns / 1000);
}

void
notify_unstore(const char *name)
{
	notify_send("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

void
notify_store(const char *name, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	struct cmsghdr *c = &control.align;
	char text[MESSAGE_SIZE];
	struct iovec iov = { .iov_base = text };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	if (notify_fd == -1)
		return;
	notify_unstore(name);
	iov.iov_len =
	    (size_t)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(notify_fd, &m, MSG_NOSIGNAL) == -1)
		log_warn("NOTIFY_SOCKET: %s", strerror(errno));
}

/* --- descriptors of a start --- */

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* The number in a variable; 0: none. */
static unsigned long
number(const char *variable)
{
	const char *text = getenv(variable);
	unsigned long n;
	char *end;

	if (text == NULL || *text == '\0')
		return (0);
	errno = 0;
	n = strtoul(text, &end, 10);
	return (errno == 0 && *end == '\0' ? n : 0);
}

/* The next of the names, which are separated by colons. */
static const char *
next_name(char **names)
{
	const char *name = *names != NULL ? strsep(names, ":") : NULL;

	return (name != NULL ? name : "");
}

static void
take_all(unsigned long n, char *names,
    void (*take)(void *arg, int fd, const char *name), void *arg)
{
	unsigned long i;
	int fd;

	if (n > NOTIFY_FDS_MAX)
		fatalx("LISTEN_FDS is %lu: at most %d descriptors can be used",
		    n, NOTIFY_FDS_MAX);
	for (i = 0; i < n; i++) {
		fd = FIRST_FD + (int)i;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
			fatal("descriptor %d of LISTEN_FDS", fd);
		take(arg, fd, next_name(&names));
	}
}

void
notify_each_fd(void (*take)(void *arg, int fd, const char *name), void *arg)
{
	const char *text = getenv("LISTEN_FDNAMES");
	char *names = text != NULL ? strdup(text) : NULL;

	if (number("LISTEN_PID") == (unsigned long)getpid())
		take_all(number("LISTEN_FDS"), names, take, arg);
	free(names);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}
