#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
