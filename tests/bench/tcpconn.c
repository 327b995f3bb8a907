/*
 * TCP connections that are opened and closed again, as many as possible
 * (connections per second, RFC 9693, 4.4: no data).
 *
 *	tcpconn serve ADDRESS PORT NPORTS
 *		accept and close, until killed.
 *	tcpconn connect ADDRESS PORT NPORTS PARALLEL SECONDS
 *		so many at a time, in turn to all ports. The server closes
 *		first, so that no port of ours is in TIME-WAIT. Prints
 *		"opened N", "failed N", "seconds S".
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NEVENTS 64

static double
now_secs(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static socklen_t
make_address(struct sockaddr_storage *ss, const char *text, unsigned port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((uint16_t)port);
		return (sizeof(*sin));
	}
	if (inet_pton(AF_INET6, text, &sin6->sin6_addr) != 1)
		errx(2, "not an address: %s", text);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons((uint16_t)port);
	return (sizeof(*sin6));
}

static void
watch(int ep, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
listen_on(int ep, const char *address, unsigned port)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, address, port);
	int on = 1, s;

	s = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s == -1)
		err(1, "socket");
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(s, (struct sockaddr *)&ss, len) == -1 ||
	    listen(s, 1024) == -1)
		err(1, "listen on port %u", port);
	watch(ep, s);
}

static int
serve(char *argv[])
{
	const unsigned port = (unsigned)atoi(argv[1]);
	const unsigned nports = (unsigned)atoi(argv[2]);
	struct epoll_event events[NEVENTS];
	unsigned i;
	int ep = epoll_create1(0), n, s;

	if (ep == -1)
		err(1, "epoll_create1");
	for (i = 0; i < nports; i++)
		listen_on(ep, argv[0], port + i);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(ep, events, NEVENTS, -1);
		for (i = 0; (int)i < n; i++)
			while ((s = accept(events[i].data.fd, NULL,
			    NULL)) != -1)
				close(s);
	}
}

/* Begin a connection; false when not even that is possible. */
static int
begin(int ep, const char *address, unsigned port)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, address, port);
	int s;

	s = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s == -1)
		err(1, "socket");
	if (connect(s, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		close(s);
		return (0);
	}
	watch(ep, s);
	return (1);
}

static int
connect_many(char *argv[])
{
	const unsigned port = (unsigned)atoi(argv[1]);
	const unsigned nports = (unsigned)atoi(argv[2]);
	const unsigned parallel = (unsigned)atoi(argv[3]);
	const double start = now_secs(), stop = start + atof(argv[4]);
	struct epoll_event events[NEVENTS];
	unsigned long begun = 0, opened = 0, failed = 0;
	unsigned pending = 0;
	int ep = epoll_create1(0), i, n;
	char c;

	if (ep == -1 || nports == 0)
		err(1, "epoll_create1");
	while (now_secs() < stop) {
		for (; pending < parallel; begun++) {
			if (!begin(ep, argv[0], port +
			    (unsigned)(begun % nports))) {
				failed++;
				break;
			}
			pending++;
		}
		n = epoll_wait(ep, events, NEVENTS, 100);
		for (i = 0; i < n; i++) {
			/* The end of file shows that it was open. */
			if (read(events[i].data.fd, &c, 1) == 0)
				opened++;
			else
				failed++;
			close(events[i].data.fd);
			pending--;
		}
	}
	printf("opened %lu\nfailed %lu\nseconds %.6f\n", opened, failed,
	    now_secs() - start);
	return (0);
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "serve") == 0 && argc == 5)
		return (serve(argv + 2));
	if (strcmp(what, "connect") == 0 && argc == 7)
		return (connect_many(argv + 2));
	fprintf(stderr, "usage: tcpconn serve|connect ...\n");
	return (2);
}
