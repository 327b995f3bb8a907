/*
 * TCP for the benchmarks: as many connections as possible that are opened and
 * closed without data (connections per second, RFC 9693, 4.4) or after some
 * segments, and streams of zeros.
 *
 *	tcpblast serve ADDRESS PORT NPORTS SEGMENTS
 *		accept, answer each segment with one until there were that
 *		many, and close, until killed.
 *	tcpblast connect ADDRESS PORT NPORTS PARALLEL SECONDS SEGMENTS
 *		open PARALLEL connections at a time, to the ports in turn, and
 *		send that many segments on each, one at a time. The server
 *		closes first, so that no port of the client is in TIME-WAIT.
 *		Prints "opened N", "failed N", "seconds S".
 *	tcpblast stream ADDRESS PORT
 *		the server of "down" and "up", until killed.
 *	tcpblast down|up ADDRESS PORT STREAMS SECONDS
 *		receive from that server, or send to it. Prints the number of
 *		bytes that arrived, "bytes N", and "seconds S".
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NEVENTS 64
#define MAX_STREAMS 256
#define MAX_FDS 4096
#define SEGMENT 100 /* bytes */
#define CHUNK (256 * 1024)

/* Not measured, because of the slow start of TCP. */
#define WARM_UP_SECS 0.3

static char chunk[CHUNK];
static unsigned segments[MAX_FDS]; /* that came on a short connection */

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
watch(int ep, int fd, uint32_t what)
{
	struct epoll_event ev = { .events = what, .data.fd = fd };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll_ctl");
}

/* The usual congestion control, whatever the default of the machine is. */
static void
use_cubic(int s)
{
	static const char name[] = "cubic";

	if (setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name,
		sizeof(name) - 1) == -1)
		warn("TCP_CONGESTION");
}

static int
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
	use_cubic(s);
	watch(ep, s, EPOLLIN);
	return (s);
}

static void
accept_all(int ep, int listener, unsigned wanted)
{
	int s;

	while ((s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) != -1) {
		if (wanted == 0 || s >= MAX_FDS) {
			close(s);
			continue;
		}
		segments[s] = 0;
		watch(ep, s, EPOLLIN);
	}
}

static void
answer_segment(int s, unsigned wanted)
{
	char data[SEGMENT];

	if (read(s, data, sizeof(data)) <= 0 ||
	    send(s, data, sizeof(data), MSG_NOSIGNAL) == -1 ||
	    ++segments[s] == wanted)
		close(s);
}

static int
serve(char *argv[])
{
	const unsigned port = (unsigned)atoi(argv[1]);
	const unsigned n_ports = (unsigned)atoi(argv[2]);
	const unsigned wanted = (unsigned)atoi(argv[3]);
	struct epoll_event events[NEVENTS];
	unsigned i;
	int ep = epoll_create1(0), last = -1, n;

	if (ep == -1)
		err(1, "epoll_create1");
	for (i = 0; i < n_ports; i++)
		last = listen_on(ep, argv[0], port + i);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(ep, events, NEVENTS, -1);
		for (i = 0; (int)i < n; i++)
			if (events[i].data.fd <= last)
				accept_all(ep, events[i].data.fd, wanted);
			else
				answer_segment(events[i].data.fd, wanted);
	}
}

/* Begin a connection; false when not even that is possible. */
static int
begin(int ep, const char *address, unsigned port, unsigned wanted)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, address, port);
	int s;

	s = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s == -1 || s >= MAX_FDS)
		err(1, "socket");
	if (connect(s, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		close(s);
		return (0);
	}
	segments[s] = 0;
	watch(ep, s, wanted > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return (1);
}

/*
 * Something happened to a connection. Returns 1 when it has ended as it should,
 * which shows that it was open; 0 when it goes on, -1 when it failed.
 */
static int
progress(int ep, const struct epoll_event *ev, unsigned wanted)
{
	struct epoll_event in = { .events = EPOLLIN, .data.fd = ev->data.fd };
	const int s = ev->data.fd;
	char data[SEGMENT] = { 0 };
	ssize_t n;

	if ((ev->events & EPOLLOUT) != 0) {
		if (epoll_ctl(ep, EPOLL_CTL_MOD, s, &in) == -1)
			err(1, "epoll_ctl");
	} else {
		n = read(s, data, sizeof(data));
		if (n <= 0)
			return (n == 0 && segments[s] == wanted ? 1 : -1);
		if (++segments[s] == wanted)
			return (0);
	}
	return (send(s, data, sizeof(data), MSG_NOSIGNAL) == -1 ? -1 : 0);
}

static int
connect_many(char *argv[])
{
	const unsigned port = (unsigned)atoi(argv[1]);
	const unsigned n_ports = (unsigned)atoi(argv[2]);
	const unsigned parallel = (unsigned)atoi(argv[3]);
	const double start = now_secs(), stop = start + atof(argv[4]);
	const unsigned wanted = (unsigned)atoi(argv[5]);
	struct epoll_event events[NEVENTS];
	unsigned long begun = 0, opened = 0, failed = 0;
	unsigned pending = 0;
	int ep = epoll_create1(0), i, n, verdict;

	if (ep == -1 || n_ports == 0)
		err(1, "epoll_create1");
	while (now_secs() < stop) {
		for (; pending < parallel; begun++) {
			if (!begin(ep, argv[0],
				port + (unsigned)(begun % n_ports), wanted)) {
				failed++;
				break;
			}
			pending++;
		}
		n = epoll_wait(ep, events, NEVENTS, 100);
		for (i = 0; i < n; i++) {
			verdict = progress(ep, &events[i], wanted);
			if (verdict == 0)
				continue;
			if (verdict == 1)
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

/*
 * Streams. A client says in its first byte which way.
 */

static void
answer(int ep, int s)
{
	ssize_t n;
	char way;

	n = recv(s, &way, 1, MSG_PEEK);
	if (n == 1 && way == 'd') {
		/* It says nothing more: now it is to be served. */
		struct epoll_event ev = { .events = EPOLLOUT, .data.fd = s };

		if (recv(s, &way, 1, 0) != 1 ||
		    epoll_ctl(ep, EPOLL_CTL_MOD, s, &ev) == -1)
			close(s);
	} else if (n != 1 || recv(s, chunk, sizeof(chunk), 0) <= 0)
		close(s);
}

static int
stream(char *argv[])
{
	struct epoll_event events[NEVENTS];
	int ep = epoll_create1(0), listener, i, n, s;

	if (ep == -1)
		err(1, "epoll_create1");
	listener = listen_on(ep, argv[0], (unsigned)atoi(argv[1]));
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(ep, events, NEVENTS, -1);
		for (i = 0; i < n; i++) {
			s = events[i].data.fd;
			if (s == listener) {
				s = accept4(s, NULL, NULL, SOCK_NONBLOCK);
				if (s != -1)
					watch(ep, s, EPOLLIN);
			} else if (events[i].events & (EPOLLHUP | EPOLLERR)) {
				close(s);
			} else if (events[i].events & EPOLLOUT) {
				if (send(s, chunk, sizeof(chunk), 0) == -1 &&
				    errno != EAGAIN)
					close(s);
			} else
				answer(ep, s);
		}
	}
}

/* Bytes that the other side has acknowledged. */
static unsigned long long
acknowledged(const int *sockets, unsigned n)
{
	unsigned long long total = 0;
	struct tcp_info info;
	socklen_t len;
	unsigned i;

	for (i = 0; i < n; i++) {
		len = sizeof(info);
		if (getsockopt(sockets[i], IPPROTO_TCP, TCP_INFO, &info,
			&len) == -1)
			err(1, "TCP_INFO");
		total += info.tcpi_bytes_acked;
	}
	return (total);
}

/* Send, or take, what is possible now; the bytes taken. */
static unsigned long long
move(int ep, int up)
{
	struct epoll_event events[NEVENTS];
	unsigned long long total = 0;
	ssize_t n;
	int i, nevents;

	nevents = epoll_wait(ep, events, NEVENTS, 100);
	for (i = 0; i < nevents; i++) {
		n = up ? send(events[i].data.fd, chunk, sizeof(chunk), 0) :
			 recv(events[i].data.fd, chunk, sizeof(chunk), 0);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			errx(1, "a stream has broken");
		total += n > 0 ? (unsigned long long)n : 0;
	}
	return (total);
}

static int
ask(int up, char *argv[])
{
	const unsigned streams = (unsigned)atoi(argv[2]);
	int ep = epoll_create1(0), sockets[MAX_STREAMS];
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, argv[0], (unsigned)atoi(argv[1]));
	unsigned long long taken = 0, at_start;
	double start, stop;
	unsigned i;

	if (streams == 0 || streams > MAX_STREAMS)
		errx(2, "too many streams");
	for (i = 0; i < streams; i++) {
		sockets[i] = socket(ss.ss_family, SOCK_STREAM, 0);
		if (sockets[i] == -1)
			err(1, "socket");
		use_cubic(sockets[i]);
		if (connect(sockets[i], (struct sockaddr *)&ss, len) == -1)
			err(1, "connect");
		if (send(sockets[i], up ? "u" : "d", 1, 0) != 1 ||
		    fcntl(sockets[i], F_SETFL, O_NONBLOCK) == -1)
			err(1, "send");
		watch(ep, sockets[i], up ? EPOLLOUT : EPOLLIN);
	}
	for (start = now_secs(); now_secs() < start + WARM_UP_SECS;)
		taken += move(ep, up);
	at_start = up ? acknowledged(sockets, streams) : taken;
	start = now_secs();
	for (stop = start + atof(argv[3]); now_secs() < stop;)
		taken += move(ep, up);
	if (up)
		taken = acknowledged(sockets, streams);
	printf("bytes %llu\nseconds %.6f\n", taken - at_start,
	    now_secs() - start);
	return (0);
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "serve") == 0 && argc == 6)
		return (serve(argv + 2));
	if (strcmp(what, "connect") == 0 && argc == 8)
		return (connect_many(argv + 2));
	if (strcmp(what, "stream") == 0 && argc == 4)
		return (stream(argv + 2));
	if ((strcmp(what, "down") == 0 || strcmp(what, "up") == 0) &&
	    argc == 6)
		return (ask(strcmp(what, "up") == 0, argv + 2));
	fprintf(stderr, "usage: tcpblast serve|connect|stream|down|up\n");
	return (2);
}
