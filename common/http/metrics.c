#include <sys/socket.h>

#include <netinet/in.h>

#include <net/if.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "common/net/addr.h"
#include "common/os/log.h"

#include "metrics.h"

#define BACKLOG 64

/*
 * Answers per second. Anybody may ask, and an answer takes about as long as a
 * hundred packets.
 */
#define RATE_MAX 100

#define NAME_SIZE 256

struct metrics {
	int fds[METRICS_MAX]; /* until a server owns them */
	bool private[METRICS_MAX];
	size_t n;
	size_t n_all; /* the same, also when a server owns them */
	char host_name[NAME_SIZE];
	struct httpd *httpd[2]; /* [true]: of the private addresses */
};

/* Take the socket that is bound to ss out of fds; -1: there is none. */
static int
find_bound(const struct sockaddr_storage *ss, socklen_t len, int *fds,
    size_t n)
{
	struct sockaddr_storage bound;
	socklen_t size;
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		size = sizeof(bound);
		memset(&bound, 0, sizeof(bound));
		if (fds[i] != -1 &&
		    getsockname(fds[i], (struct sockaddr *)&bound, &size) ==
			0 &&
		    size == len && memcmp(&bound, ss, len) == 0) {
			fd = fds[i];
			fds[i] = -1;
			return (fd);
		}
	}
	return (-1);
}

/* Returns a socket that listens, or -1 with errno. */
static int
listen_on(const struct scoped_addr *a, int *fds, size_t n)
{
	const int on = 1;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, saved_errno;

	scoped_addr_resolve(a, if_nametoindex(a->zone), &ss);
	len = ss.ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					sizeof(struct sockaddr_in6);
	fd = find_bound(&ss, len, fds, n);
	if (fd != -1)
		return (fd);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return (-1);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (ss.ss_family == AF_INET ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ==
		    0) &&
	    bind(fd, (const struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return (fd);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return (-1);
}

static struct metrics *
open_all(const struct metrics_conf *c, int *fds, size_t n,
    char text[SCOPED_ADDR_STRLEN])
{
	struct metrics *m;

	if (c->n == 0)
		return (NULL);
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		fatal("metrics");
	/* Without a name, only addresses are accepted in Host headers. */
	if (gethostname(m->host_name, sizeof(m->host_name) - 1) == -1)
		m->host_name[0] = '\0';
	for (; m->n < c->n; m->n++) {
		m->private[m->n] = c->private[m->n];
		m->fds[m->n] = listen_on(&c->v[m->n], fds, n);
		if (m->fds[m->n] == -1)
			fatal("metrics listen on %s",
			    scoped_addr_print(&c->v[m->n], text,
				SCOPED_ADDR_STRLEN));
	}
	m->n_all = m->n;
	return (m);
}

struct metrics *
metrics_open(const struct metrics_conf *c, const int *fds, size_t n)
{
	char text[SCOPED_ADDR_STRLEN];
	int left[METRICS_MAX];
	struct metrics *m;
	size_t i;

	if (n > METRICS_MAX)
		n = METRICS_MAX;
	for (i = 0; i < n; i++)
		left[i] = fds[i];
	m = open_all(c, left, n, text);
	for (i = 0; i < n; i++)
		if (left[i] != -1)
			close(left[i]);
	return (m);
}

size_t
metrics_fds(const struct metrics *m, const int **fds)
{
	*fds = m != NULL ? m->fds : NULL;
	return (m != NULL ? m->n_all : 0);
}

/* The server of an address, made if it is not there. */
static struct httpd *
get_server(struct metrics *m, struct event_base *base, struct httpd_opts *opts)
{
	struct httpd **h = &m->httpd[opts->private];

	if (*h == NULL)
		*h = httpd_new(base, opts);
	return (*h);
}

int
metrics_start(struct metrics *m, struct event_base *base,
    const struct httpd_route *routes, size_t n_routes, void *arg)
{
	struct httpd *h;
	struct httpd_opts opts = { .name = "metrics",
		.routes = routes,
		.n_routes = n_routes,
		.arg = arg,
		.max_rate = RATE_MAX,
		.check_host = true };

	if (m == NULL)
		return (0);
	opts.host_name = m->host_name;
	for (; m->n > 0; m->n--) {
		opts.private = m->private[m->n - 1];
		h = get_server(m, base, &opts);
		if (h == NULL || httpd_accept(h, m->fds[m->n - 1]) == -1)
			return (-1);
	}
	return (0);
}

void
metrics_stop(struct metrics *m)
{
	if (m == NULL)
		return;
	httpd_free(m->httpd[false]);
	httpd_free(m->httpd[true]);
	while (m->n > 0)
		close(m->fds[--m->n]);
	free(m);
}

static void
answer_text(struct httpd_request *rq, int status, const char *type,
    const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || evbuffer_add(body, text, strlen(text)) == -1)
		httpd_error(rq, 500, "out of memory");
	else
		httpd_text(rq, status, type, body);
	if (body != NULL)
		evbuffer_free(body);
}

void
metrics_answer(struct httpd_request *rq, struct prom *p)
{
	if (p->failed || p->text == NULL)
		httpd_error(rq, 500, "out of memory");
	else
		answer_text(rq, 200,
		    "text/plain; version=0.0.4; charset=utf-8", p->text);
	prom_clear(p);
}

void
metrics_answer_ready(struct httpd_request *rq, bool ready, const char *why)
{
	char text[512];

	snprintf(text, sizeof(text), "%s\n", ready ? "ok" : why);
	answer_text(rq, ready ? 200 : 503, "text/plain", text);
}

void
metrics_health(void *arg, struct httpd_request *rq)
{
	(void)arg;
	metrics_answer_ready(rq, true, NULL);
}
