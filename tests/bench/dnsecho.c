/*
 * A DNS server for the benchmarks that knows no names.
 *
 *	dnsecho echo ADDRESS PORT
 *		answers each query with the query and the QR bit, which takes
 *		so little time that the rate of answers is the limit of the
 *		generator of the queries.
 *	dnsecho hole ADDRESS PORT
 *		answers queries for A with 198.51.100.10, and never any for
 *		AAAA, as some broken load balancers do.
 *
 * Both over UDP, until SIGTERM. Prints "ready" when it can answer.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64
#define MAX_BYTES 1232
#define RCVBUF (4 << 20)

#define HEADER_LEN 12
#define QR 0x80
#define TYPE_A 1
#define TYPE_AAAA 28

/* The answer record: a pointer to the question's name, IN, 3600 s, address. */
static const uint8_t a_record[] = { 0xc0, HEADER_LEN, 0, TYPE_A, 0, 1, 0, 0,
	14, 16, 0, 4, 198, 51, 100, 10 };

static volatile sig_atomic_t ended;

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

static int
open_socket(const char *text, unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	const struct sockaddr *sa = (const struct sockaddr *)&sin;
	socklen_t len = sizeof(sin);
	int s, size = RCVBUF;

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
		sin.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &sin6.sin6_addr) == 1) {
		sin6.sin6_port = htons((uint16_t)port);
		sa = (const struct sockaddr *)&sin6;
		len = sizeof(sin6);
	} else {
		errx(2, "not an address: %s", text);
	}
	s = socket(sa->sa_family, SOCK_DGRAM, 0);
	if (s == -1)
		err(1, "socket");
	if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		err(1, "SO_RCVBUFFORCE");
	if (bind(s, sa, len) == -1)
		err(1, "bind: %s", text);
	return (s);
}

/* Both write the answer over the query and return its length; 0: none. */
typedef size_t answer_fn(uint8_t *, size_t);

static size_t
answer_echo(uint8_t *msg, size_t len)
{
	if (len < HEADER_LEN)
		return (0);
	msg[2] |= QR;
	return (len);
}

static size_t
answer_hole(uint8_t *msg, size_t len)
{
	size_t at = HEADER_LEN;
	unsigned type;

	while (at < len && msg[at] != 0)
		at += msg[at] + 1u;
	if (at + 5 > len)
		return (0);
	type = (unsigned)(msg[at + 1] << 8 | msg[at + 2]);
	if (type == TYPE_AAAA)
		return (0);
	at += 5;
	msg[2] |= QR;
	msg[3] = 0x80;	       /* RA, NOERROR */
	memset(msg + 6, 0, 6); /* the question alone */
	if (type == TYPE_A && at + sizeof(a_record) <= MAX_BYTES) {
		msg[7] = 1;
		memcpy(msg + at, a_record, sizeof(a_record));
		at += sizeof(a_record);
	}
	return (at);
}

static struct {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t data[BATCH][MAX_BYTES];
} batch;

static void
batch_reset(void)
{
	struct msghdr *hdr;
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		batch.iov[i].iov_base = batch.data[i];
		batch.iov[i].iov_len = MAX_BYTES;
		hdr = &batch.msgs[i].msg_hdr;
		hdr->msg_iov = &batch.iov[i];
		hdr->msg_iovlen = 1;
		hdr->msg_name = &batch.from[i];
		hdr->msg_namelen = sizeof(batch.from[i]);
	}
}

/* Moves the answers to the front of the batch, to send them in one call. */
static unsigned
batch_answer(unsigned n, answer_fn *answer)
{
	unsigned i, k = 0;
	size_t len;

	for (i = 0; i < n; i++) {
		len = answer(batch.data[i], batch.msgs[i].msg_len);
		if (len == 0)
			continue;
		batch.iov[k].iov_base = batch.data[i];
		batch.iov[k].iov_len = len;
		batch.msgs[k].msg_hdr.msg_name = &batch.from[i];
		batch.msgs[k].msg_hdr.msg_namelen =
		    batch.msgs[i].msg_hdr.msg_namelen;
		k++;
	}
	return (k);
}

static void
serve(int s, answer_fn *answer)
{
	unsigned done, count;
	int n;

	while (!ended) {
		batch_reset();
		n = recvmmsg(s, batch.msgs, BATCH, MSG_WAITFORONE, NULL);
		if (n == -1 && errno != EINTR)
			err(1, "recvmmsg");
		count = batch_answer(n > 0 ? (unsigned)n : 0, answer);
		for (done = 0; done < count; done += (unsigned)n) {
			n = sendmmsg(s, batch.msgs + done, count - done, 0);
			if (n == -1)
				break;
		}
	}
}

int
main(int argc, char *argv[])
{
	const struct sigaction sa = { .sa_handler = end };
	answer_fn *answer = NULL;
	int s;

	if (argc == 4 && strcmp(argv[1], "echo") == 0)
		answer = answer_echo;
	else if (argc == 4 && strcmp(argv[1], "hole") == 0)
		answer = answer_hole;
	if (answer == NULL) {
		fprintf(stderr, "usage: dnsecho echo|hole ADDRESS PORT\n");
		return (2);
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	s = open_socket(argv[2], (unsigned)atoi(argv[3]));
	printf("ready\n");
	fflush(stdout);
	serve(s, answer);
	return (0);
}
