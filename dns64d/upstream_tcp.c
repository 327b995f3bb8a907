#include <sys/socket.h>

#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "msg.h"
#include "udp.h"
#include "upstream_tcp.h"

struct upstream_tcp {
	struct bufferevent *bev;
	upstream_tcp_fn *done;
	void *arg;
};

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct upstream_tcp *u = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	uint8_t head[2];
	uint8_t *message;
	size_t len;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return;
	len = sizeof(head) + (head[0] << 8 | head[1]);
	if (evbuffer_get_length(in) < len)
		return;
	/* What follows is not ours, and must not move the answer about. */
	bufferevent_disable(bev, EV_READ);
	message = evbuffer_pullup(in, len);
	if (message == NULL)
		u->done(u->arg, NULL, 0);
	else
		u->done(u->arg, message + sizeof(head), len - sizeof(head));
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct upstream_tcp *u = arg;

	if (what & BEV_EVENT_CONNECTED)
		return;
	bufferevent_disable(bev, EV_READ | EV_WRITE);
	u->done(u->arg, NULL, 0);
}

/* The length and the query leave together (RFC 7766, 8). */
static int
write_query(struct bufferevent *bev, const uint8_t *query, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(bev);
	uint8_t head[2] = { len >> 8, len };

	if (evbuffer_add(out, head, sizeof(head)) == -1)
		return (-1);
	return (evbuffer_add(out, query, len));
}

struct upstream_tcp *
upstream_tcp_ask(struct event_base *base, const struct sockaddr_storage *to,
    const uint8_t *query, size_t len, upstream_tcp_fn *done, void *arg)
{
	struct sockaddr_storage ss = *to;
	struct upstream_tcp *u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return (NULL);
	u->done = done;
	u->arg = arg;
	u->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (u->bev == NULL)
		goto fail;
	bufferevent_setcb(u->bev, on_readable, NULL, on_event, u);
	bufferevent_setwatermark(u->bev, EV_READ, 0, 2 + MSG_MAX);
	if (write_query(u->bev, query, len) == -1 ||
	    bufferevent_enable(u->bev, EV_READ) == -1 ||
	    bufferevent_socket_connect(u->bev, (struct sockaddr *)&ss,
	    udp_addrlen(&ss)) == -1)
		goto fail;
	return (u);

fail:
	upstream_tcp_free(u);
	return (NULL);
}

void
upstream_tcp_free(struct upstream_tcp *u)
{
	if (u == NULL)
		return;
	if (u->bev != NULL)
		bufferevent_free(u->bev);
	free(u);
}
