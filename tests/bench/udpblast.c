/*
 * Datagrams for the benchmarks. It uses little CPU time, because the programs
 * that are measured may run on the same cores.
 *
 *	udpblast send ADDRESS PORT BYTES FLOWS SECONDS [RATE]
 *		as fast as possible, or RATE datagrams per second in total,
 *		each with BYTES of data. Flow i is sent to PORT + i; the flows
 *		take turns. Prints "sent N" and "seconds S".
 *	udpblast sink ADDRESS PORT FLOWS
 *		until SIGTERM; then prints "received N". Answers the first
 *		datagram of each flow, so that translators see both sides.
 *	udpblast echo ADDRESS PORT
 *		answers each datagram with itself, until SIGTERM.
 *	udpblast ask ADDRESS PORT BYTES SECONDS
 *		one request every millisecond, one at a time; prints the
 *		percentiles of the time to the answer in microseconds, the
 *		longest as "max", and "lost N".
 *	udpblast scatter ADDRESS COUNT RATE
 *		COUNT empty datagrams, each of another flow: to the ports from
 *		1 to 65535, again and again from other sockets. Prints as send
 *		does.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define MAX_FLOWS 256
#define MAX_BYTES 1472
#define MAX_ANSWERS 100000
#define RCVBUF (64 << 20)

/* The sink reads at this interval. */
#define SINK_NAP_NS 4000000

#define SECOND 1000000000LL

static volatile sig_atomic_t ended;

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

static long long
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * SECOND + ts.tv_nsec);
}

static void
sleep_until(long long ns)
{
	const struct timespec ts = { ns / SECOND, ns % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
		EINTR &&
	    !ended)
		;
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

static int
open_socket(const char *text, unsigned port, int connected)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(&ss, text, port);
	int s, size = RCVBUF;

	s = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (s == -1)
		err(1, "socket");
	if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		err(1, "SO_RCVBUFFORCE");
	if (connected && connect(s, (struct sockaddr *)&ss, len) == -1)
		err(1, "connect: %s", text);
	if (!connected && bind(s, (struct sockaddr *)&ss, len) == -1)
		err(1, "bind: %s", text);
	return (s);
}

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	char data[BATCH][MAX_BYTES];
};

static struct batch batch;

static void
batch_init(size_t bytes)
{
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		batch.iov[i].iov_base = batch.data[i];
		batch.iov[i].iov_len = bytes;
		batch.msgs[i].msg_hdr.msg_iov = &batch.iov[i];
		batch.msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

/*
 * A connected socket for each flow, as usual with one peer, so that the kernel
 * looks up the route and the source address once. It would be done for each
 * datagram otherwise, and takes longer with IPv6: of 64 flows on unconnected
 * sockets, 0.78 times as many datagrams leave as with IPv4 (no gateway, median
 * of five), and that is no work of a gateway.
 */
static void
open_senders(int *sockets, const char *text, unsigned port, unsigned flows)
{
	struct sockaddr_storage ss;
	socklen_t len;
	unsigned i;

	for (i = 0; i < flows; i++) {
		len = make_address(&ss, text, port + i);
		sockets[i] = socket(ss.ss_family, SOCK_DGRAM, 0);
		if (sockets[i] == -1)
			err(1, "socket");
		if (connect(sockets[i], (struct sockaddr *)&ss, len) == -1)
			err(1, "connect: %s", text);
	}
}

/* Was it sent? An error that says something of the network is no obstacle. */
static bool
was_sent(ssize_t rc)
{
	if (rc == -1 && errno != ENOBUFS && errno != ECONNREFUSED)
		err(1, "send");
	return (rc > 0);
}

/*
 * Send size datagrams, one of each flow in turn, beginning with flow "next"; of
 * one flow by one system call. Returns how many were sent.
 */
static unsigned
send_batch(const int *sockets, unsigned flows, unsigned next, unsigned size)
{
	const struct iovec *iov = batch.iov;
	unsigned i;
	int s, n;

	if (flows == 1) {
		n = sendmmsg(sockets[0], batch.msgs, size, 0);
		return (was_sent(n) ? (unsigned)n : 0);
	}
	for (i = 0; i < size; i++) {
		s = sockets[(next + i) % flows];
		if (!was_sent(send(s, iov->iov_base, iov->iov_len, 0)))
			break;
	}
	return (i);
}

static int
do_send(char *argv[], long long rate)
{
	const unsigned port = (unsigned)atoi(argv[1]);
	const size_t bytes = (size_t)atoi(argv[2]);
	const unsigned flows = (unsigned)atoi(argv[3]);
	const unsigned size = rate > 0 ? 8 : BATCH;
	const long long start = now_ns();
	const long long stop = start + (long long)(atof(argv[4]) * SECOND);
	int sockets[MAX_FLOWS];
	long long sent = 0;

	if (bytes > MAX_BYTES || flows == 0 || flows > MAX_FLOWS)
		errx(2, "too many bytes or flows");
	open_senders(sockets, argv[0], port, flows);
	batch_init(bytes);
	while (now_ns() < stop && !ended) {
		sent +=
		    send_batch(sockets, flows, (unsigned)(sent % flows), size);
		if (rate > 0)
			sleep_until(start + sent * SECOND / rate);
	}
	printf("sent %lld\nseconds %.6f\n", sent,
	    (double)(now_ns() - start) / SECOND);
	return (0);
}

static long long
drain(int s)
{
	long long total = 0;
	int n;

	while ((n = recvmmsg(s, batch.msgs, BATCH, MSG_DONTWAIT, NULL)) > 0)
		total += n;
	return (total);
}

/* Answer the first datagram of a flow; the number that was read. */
static unsigned
answer_first(int s)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char data[MAX_BYTES];
	ssize_t n;

	n = recvfrom(s, data, sizeof(data), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &len);
	if (n < 0)
		return (0);
	(void)sendto(s, data, (size_t)n, 0, (struct sockaddr *)&from, len);
	return (1);
}

/* Sleeps between reads, so that it is not woken up for each datagram. */
static int
do_sink(char *argv[])
{
	const unsigned flows = (unsigned)atoi(argv[2]);
	int sockets[MAX_FLOWS];
	unsigned answered[MAX_FLOWS] = { 0 };
	long long received = 0;
	unsigned i;

	if (flows == 0 || flows > MAX_FLOWS)
		errx(2, "too many flows");
	batch_init(MAX_BYTES);
	for (i = 0; i < flows; i++)
		sockets[i] =
		    open_socket(argv[0], (unsigned)atoi(argv[1]) + i, 0);
	printf("ready\n");
	fflush(stdout);
	while (!ended) {
		sleep_until(now_ns() + SINK_NAP_NS);
		for (i = 0; i < flows; i++) {
			if (!answered[i]) {
				answered[i] = answer_first(sockets[i]);
				received += answered[i];
			}
			received += drain(sockets[i]);
		}
	}
	printf("received %lld\n", received);
	return (0);
}

static int
do_echo(char *argv[])
{
	int s = open_socket(argv[0], (unsigned)atoi(argv[1]), 0);
	struct sockaddr_storage from;
	struct pollfd pfd = { s, POLLIN, 0 };
	char data[MAX_BYTES];
	socklen_t len;
	ssize_t n;

	printf("ready\n");
	fflush(stdout);
	while (!ended) {
		if (poll(&pfd, 1, -1) != 1)
			continue;
		len = sizeof(from);
		n = recvfrom(s, data, sizeof(data), 0,
		    (struct sockaddr *)&from, &len);
		if (n >= 0)
			(void)sendto(s, data, (size_t)n, 0,
			    (struct sockaddr *)&from, len);
	}
	return (0);
}

static int
compare(const void *a, const void *b)
{
	const long long x = *(const long long *)a, y = *(const long long *)b;

	return ((x > y) - (x < y));
}

/* Ask once; returns the nanoseconds to the answer, or -1. Skips late answers. */
static long long
ask(int s, char *data, size_t bytes, unsigned number)
{
	struct pollfd pfd = { s, POLLIN, 0 };
	const long long start = now_ns();
	char answer[MAX_BYTES];

	memcpy(data, &number, sizeof(number));
	if (send(s, data, bytes, 0) == -1)
		return (-1);
	while (poll(&pfd, 1, 200) == 1)
		if (recv(s, answer, sizeof(answer), 0) == (ssize_t)bytes &&
		    memcmp(answer, data, sizeof(number)) == 0)
			return (now_ns() - start);
	return (-1);
}

static int
do_ask(char *argv[])
{
	static const double percentiles[] = { 50, 90, 99, 99.9 };
	static long long times[MAX_ANSWERS];
	const size_t bytes = (size_t)atoi(argv[2]);
	const long long stop = now_ns() + (long long)(atof(argv[3]) * SECOND);
	char data[MAX_BYTES] = "";
	int s = open_socket(argv[0], (unsigned)atoi(argv[1]), 1);
	unsigned i, n = 0, lost = 0;
	long long t, next = now_ns();

	if (bytes < sizeof(i) || bytes > MAX_BYTES)
		errx(2, "too few or too many bytes");
	for (i = 0; now_ns() < stop && !ended && n < MAX_ANSWERS; i++) {
		t = ask(s, data, bytes, i);
		if (t != -1)
			times[n++] = t;
		else if (!ended)
			lost++;
		next += SECOND / 1000;
		sleep_until(next);
	}
	qsort(times, n, sizeof(times[0]), compare);
	for (i = 0; n > 0 && i < 4; i++)
		printf("p%g %.1f\n", percentiles[i],
		    (double)times[(unsigned)((n - 1) * percentiles[i] / 100)] /
			1e3);
	if (n > 0)
		printf("max %.1f\n", (double)times[n - 1] / 1e3);
	printf("lost %u\n", lost);
	return (0);
}

static int
do_scatter(char *argv[])
{
	const long long count = atoll(argv[1]), rate = atoll(argv[2]);
	const long long start = now_ns();
	struct sockaddr_storage to;
	socklen_t len;
	long long i;
	int s = -1;

	for (i = 0; i < count && !ended; i++) {
		len = make_address(&to, argv[0], (unsigned)(i % 65535) + 1);
		if (i % 65535 == 0) {
			s = socket(to.ss_family, SOCK_DGRAM, 0);
			if (s == -1)
				err(1, "socket");
		}
		if (sendto(s, NULL, 0, 0, (struct sockaddr *)&to, len) == -1 &&
		    errno != ENOBUFS)
			err(1, "sendto");
		if (i % 64 == 0)
			sleep_until(start + i * SECOND / rate);
	}
	printf("sent %lld\nseconds %.6f\n", i,
	    (double)(now_ns() - start) / SECOND);
	return (0);
}

int
main(int argc, char *argv[])
{
	const struct sigaction sa = { .sa_handler = end };
	const char *what = argc > 1 ? argv[1] : "";

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (strcmp(what, "send") == 0 && (argc == 7 || argc == 8))
		return (do_send(argv + 2, argc == 8 ? atoll(argv[7]) : 0));
	if (strcmp(what, "sink") == 0 && argc == 5)
		return (do_sink(argv + 2));
	if (strcmp(what, "echo") == 0 && argc == 4)
		return (do_echo(argv + 2));
	if (strcmp(what, "ask") == 0 && argc == 6)
		return (do_ask(argv + 2));
	if (strcmp(what, "scatter") == 0 && argc == 5)
		return (do_scatter(argv + 2));
	fprintf(stderr, "usage: udpblast send|sink|echo|ask|scatter ...\n");
	return (2);
}
