/*
 * Echo requests of many flows, as fast as they are answered.
 *
 *	echoblast ADDRESS HOSTS IDS ROUNDS SECONDS
 *		Flows: HOSTS addresses from ADDRESS on, each with the
 *		identifiers from 1 to IDS. First ROUNDS requests of each, in
 *		order; then for SECONDS requests of flows at random. Prints
 *		"filled N", the answers of the last round, "answers N" to the
 *		requests at random, and "seconds S".
 *
 * At most WINDOW requests wait for an answer, so that it sends as many as the
 * way can carry. Those that are not answered in time count as lost.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL
#define BATCH 32
#define WINDOW 256
#define WAIT_MS 20
#define RCVBUF (4 << 20)

/* <linux/icmp.h> does not go together with <netinet/ip_icmp.h>. */
#define RAW_ICMP_FILTER 1

struct request {
	uint8_t type;
	uint8_t code;
	uint16_t cksum;
	uint16_t id;
	uint16_t seq;
	uint8_t data[24];
};

static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} base, to[BATCH];

static struct request requests[BATCH];
static struct iovec iov[BATCH];
static struct mmsghdr msgs[BATCH], answers[BATCH];
static char read_data[BATCH][128];
static struct iovec read_iov[BATCH];

static socklen_t base_len;
static uint32_t hosts, ids;
static long long waiting; /* for an answer */

static long long
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * SECOND + ts.tv_nsec);
}

/* A socket that reads echo replies only. */
static int
open_socket(const char *text)
{
	struct icmp6_filter only6;
	const uint32_t only4 = ~(1U << ICMP_ECHOREPLY);
	const int size = RCVBUF;
	int s, rc;

	if (inet_pton(AF_INET, text, &base.in.sin_addr) == 1) {
		base.in.sin_family = AF_INET;
		base_len = sizeof(base.in);
		s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
		rc = setsockopt(s, IPPROTO_RAW, RAW_ICMP_FILTER, &only4,
		    sizeof(only4));
	} else if (inet_pton(AF_INET6, text, &base.in6.sin6_addr) == 1) {
		base.in6.sin6_family = AF_INET6;
		base_len = sizeof(base.in6);
		s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
		ICMP6_FILTER_SETBLOCKALL(&only6);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only6);
		rc = setsockopt(s, IPPROTO_ICMPV6, ICMP6_FILTER, &only6,
		    sizeof(only6));
	} else {
		errx(2, "no address: %s", text);
	}
	if (s == -1 || rc == -1)
		err(1, "socket");
	(void)setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return (s);
}

static void
init_messages(void)
{
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		to[i] = base;
		iov[i].iov_base = &requests[i];
		iov[i].iov_len = sizeof(requests[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &to[i];
		msgs[i].msg_hdr.msg_namelen = base_len;
		read_iov[i].iov_base = read_data[i];
		read_iov[i].iov_len = sizeof(read_data[i]);
		answers[i].msg_hdr.msg_iov = &read_iov[i];
		answers[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Request i of a batch, of a flow. The kernel computes ICMPv6 checksums. */
static void
set_request(unsigned i, uint32_t flow)
{
	struct request *r = &requests[i];
	const uint32_t host = flow % hosts;
	uint32_t last;

	memset(r, 0, sizeof(*r));
	r->id = htons((uint16_t)(1 + flow / hosts));
	if (base.sa.sa_family == AF_INET6) {
		r->type = ICMP6_ECHO_REQUEST;
		memcpy(&last, &base.in6.sin6_addr.s6_addr[12], sizeof(last));
		last = htonl(ntohl(last) + host);
		memcpy(&to[i].in6.sin6_addr.s6_addr[12], &last, sizeof(last));
		return;
	}
	r->type = ICMP_ECHO;
	r->cksum = htons((uint16_t) ~((ICMP_ECHO << 8) + ntohs(r->id)));
	to[i].in.sin_addr.s_addr =
	    htonl(ntohl(base.in.sin_addr.s_addr) + host);
}

static void
send_batch(int s, unsigned n)
{
	const int sent = sendmmsg(s, msgs, n, 0);

	if (sent == -1 && errno != ENOBUFS && errno != EAGAIN)
		err(1, "sendmmsg");
	waiting += sent > 0 ? sent : 0;
}

/* Answers that have come, until there is room for a batch; or all, at the end. */
static long long
take_answers(int s, bool all)
{
	const long long limit = all ? 0 : WINDOW - BATCH;
	struct pollfd p = { .fd = s, .events = POLLIN };
	long long total = 0;
	int n;

	for (;;) {
		n = recvmmsg(s, answers, BATCH, MSG_DONTWAIT, NULL);
		if (n > 0) {
			total += n;
			waiting -= n;
		} else if (waiting <= limit) {
			break;
		} else if (poll(&p, 1, WAIT_MS) == 0) {
			waiting = 0; /* lost */
			break;
		}
	}
	if (waiting < 0)
		waiting = 0; /* they were late */
	return (total);
}

/* A request of each flow; the number of answers. */
static long long
fill(int s)
{
	const uint32_t flows = hosts * ids;
	long long total = 0;
	uint32_t flow, n;

	for (flow = 0; flow < flows; flow += n) {
		for (n = 0; n < BATCH && flow + n < flows; n++)
			set_request(n, flow + n);
		send_batch(s, n);
		total += take_answers(s, false);
	}
	return (total + take_answers(s, true));
}

/* A linear congruential generator (Knuth's MMIX) is random enough here. */
static uint32_t
random_flow(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)((*state >> 33) % (hosts * ids)));
}

static void
measure(int s, double seconds)
{
	const long long start = now_ns();
	const long long stop = start + (long long)(seconds * SECOND);
	uint64_t state = (uint64_t)start;
	long long total = 0;
	unsigned i;

	while (now_ns() < stop) {
		for (i = 0; i < BATCH; i++)
			set_request(i, random_flow(&state));
		send_batch(s, BATCH);
		total += take_answers(s, false);
	}
	printf("answers %lld\nseconds %.6f\n", total,
	    (double)(now_ns() - start) / SECOND);
}

int
main(int argc, char *argv[])
{
	long long filled = 0;
	int rounds, s;

	if (argc != 6)
		errx(2, "usage: echoblast address hosts ids rounds seconds");
	hosts = (uint32_t)atoi(argv[2]);
	ids = (uint32_t)atoi(argv[3]);
	if (hosts == 0 || hosts > 65536 || ids == 0 || ids > 65535)
		errx(2, "too many flows");
	s = open_socket(argv[1]);
	init_messages();
	for (rounds = atoi(argv[4]); rounds > 0; rounds--)
		filled = fill(s);
	printf("filled %lld\n", filled);
	measure(s, atof(argv[5]));
	return (0);
}
