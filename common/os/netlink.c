#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

/* The kernel writes at most this much per read. */
#define BUFSIZE 32768

struct netlink {
	int fd;
	uint32_t seq;
	int error; /* of the answer that is being read */
	_Alignas(struct nlmsghdr) uint8_t buf[BUFSIZE];
};

struct netlink *
netlink_open(int protocol)
{
	struct netlink *n;

	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return (NULL);
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    protocol);
	if (n->fd == -1) {
		netlink_close(n);
		return (NULL);
	}
	return (n);
}

void
netlink_close(struct netlink *n)
{
	int saved_errno = errno;

	if (n == NULL)
		return;
	if (n->fd != -1)
		close(n->fd);
	free(n);
	errno = saved_errno;
}

/* Returns whether the answer ends here; n->error says how. */
static bool
take(struct netlink *n, const struct nlmsghdr *m, netlink_fn fn, void *arg)
{
	const struct nlmsgerr *e = NLMSG_DATA(m);

	/* Of an earlier answer that was not read to its end. */
	if (m->nlmsg_seq != n->seq)
		return (false);
	if (m->nlmsg_type == NLMSG_DONE)
		return (true);
	if (m->nlmsg_type == NLMSG_ERROR) {
		n->error = m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) ?
		    -e->error :
		    EPROTO;
		return (true);
	}
	/* Read the answer to its end in any case. */
	if (fn(arg, m) == -1)
		n->error = errno;
	return ((m->nlmsg_flags & NLM_F_MULTI) == 0);
}

static int
answer(struct netlink *n, netlink_fn fn, void *arg)
{
	const struct nlmsghdr *m;
	bool end = false;
	ssize_t got;
	size_t len;

	while (!end) {
		got = read(n->fd, n->buf, sizeof(n->buf));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return (-1);
		len = (size_t)got;
		for (m = (const void *)n->buf; !end && NLMSG_OK(m, len);
		     m = NLMSG_NEXT(m, len))
			end = take(n, m, fn, arg);
	}
	errno = n->error;
	return (n->error == 0 ? 0 : -1);
}

int
netlink_ask(struct netlink *n, struct nlmsghdr *head, unsigned type,
    unsigned flags, size_t len, netlink_fn fn, void *arg)
{
	head->nlmsg_type = (uint16_t)type;
	head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	head->nlmsg_seq = ++n->seq;
	head->nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	n->error = 0;
	if (send(n->fd, head, head->nlmsg_len, 0) == -1)
		return (-1);
	return (answer(n, fn, arg));
}

static void
parse(const void *data, size_t len, struct netlink_attrs *attrs)
{
	const struct rtattr *a;
	unsigned type;

	memset(attrs, 0, sizeof(*attrs));
	for (a = data; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		type = a->rta_type & NLA_TYPE_MASK;
		if (type < NETLINK_ATTRS)
			attrs->at[type] = a;
	}
}

void
netlink_parse(const struct nlmsghdr *m, size_t skip,
    struct netlink_attrs *attrs)
{
	const size_t head = NLMSG_LENGTH(NLMSG_ALIGN(skip));
	const uint8_t *data = NLMSG_DATA(m);

	parse(data + NLMSG_ALIGN(skip),
	    m->nlmsg_len > head ? m->nlmsg_len - head : 0, attrs);
}

void
netlink_parse_nested(const struct rtattr *a, struct netlink_attrs *attrs)
{
	if (a == NULL)
		memset(attrs, 0, sizeof(*attrs));
	else
		parse(RTA_DATA(a), RTA_PAYLOAD(a), attrs);
}

bool
netlink_value(const struct netlink_attrs *attrs, unsigned type, void *to,
    size_t size)
{
	const struct rtattr *a = attrs->at[type];

	if (a == NULL || RTA_PAYLOAD(a) < size)
		return (false);
	memcpy(to, RTA_DATA(a), size);
	return (true);
}

void
netlink_string(const struct netlink_attrs *attrs, unsigned type, char *to,
    size_t size)
{
	const struct rtattr *a = attrs->at[type];
	size_t len = a == NULL ? 0 : RTA_PAYLOAD(a);

	if (len >= size)
		len = size - 1;
	if (a != NULL && len > 0)
		memcpy(to, RTA_DATA(a), len);
	to[len] = '\0';
}
