/*
 * Unit tests of upstream_udp.c, with a server on the loopback interface and
 * random numbers of our own.
 */
#define _GNU_SOURCE /* struct mmsghdr */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "dns64d/base/stats.h"
#include "dns64d/os/udp.h"
#include "dns64d/upstream/upstream_udp.h"
#include "dns64d/wire/wire.h"

#include "tests/unit/suite.h"

#define LEN 20 /* octets of each query: its number behind an id */
#define PATIENCE_MS 5000
#define MAX_ASKED (UPSTREAM_UDP_BATCH + 1)

struct asked {
	struct upstream_udp_query q; /* the first member, for report */
	unsigned n_answers;
	unsigned n_mismatches;
	unsigned n_unsent;
	unsigned n_rejected;
	uint8_t answer[LEN];
	bool stay; /* waiting after the answer, too */
};

/* What the server received: as it was, and from where. */
struct seen {
	uint8_t wire[LEN];
	struct sockaddr_storage from;
	in_port_t port;
};

static struct event_base *base;
static struct stats stats;
static struct upstream_udp pool;
static struct asked asked[MAX_ASKED];
static int server;
static struct sockaddr_storage server_addr;
static uint32_t next_random;
static unsigned n_draws;

/* Of the linker's --wrap: as on a way that takes no segments. */
static bool refuse_segments;
static unsigned n_refused;
static int last_fd; /* that something was sent on */

int __real_sendmmsg(int, struct mmsghdr *, unsigned, int);
int __wrap_sendmmsg(int, struct mmsghdr *, unsigned, int);

int
__wrap_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags)
{
	last_fd = fd;
	if (!refuse_segments || msg[0].msg_hdr.msg_iovlen == 1)
		return (__real_sendmmsg(fd, msg, n, flags));
	n_refused++;
	errno = EIO;
	return (-1);
}

/* The same: as on a system that has never heard of segments. */
static bool forget_segments;

int __real_getsockopt(int, int, int, void *, socklen_t *);
int __wrap_getsockopt(int, int, int, void *, socklen_t *);

int
__wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (!forget_segments || level != IPPROTO_UDP || option != UDP_SEGMENT)
		return (__real_getsockopt(fd, level, option, value, len));
	errno = ENOPROTOOPT;
	return (-1);
}

/* Every number twice. */
static uint32_t
stutter(void *arg)
{
	(void)arg;
	if (n_draws++ % 2 == 0)
		next_random += 0x9e3779b9;
	return (next_random);
}

static const struct rng rng = { stutter, NULL };

static void
report(struct upstream_udp_query *q, enum upstream_udp_news news,
    const uint8_t *wire, size_t len)
{
	struct asked *a = (struct asked *)q;

	ck_assert(upstream_udp_is_waiting(q));
	switch (news) {
	case UPSTREAM_UDP_ANSWER:
		ck_assert_uint_eq(len, LEN);
		memcpy(a->answer, wire, len);
		a->n_answers++;
		if (!a->stay)
			upstream_udp_end(q);
		break;
	case UPSTREAM_UDP_MISMATCH:
		a->n_mismatches++;
		break;
	case UPSTREAM_UDP_UNSENT:
		a->n_unsent++;
		upstream_udp_end(q);
		break;
	case UPSTREAM_UDP_REJECTED:
		a->n_rejected++;
		upstream_udp_end(q);
		break;
	}
}

static void
serve(const char *text)
{
	struct sockaddr_in *sin = (void *)&server_addr;
	struct sockaddr_in6 *sin6 = (void *)&server_addr;
	socklen_t len = sizeof(server_addr);

	memset(&server_addr, 0, sizeof(server_addr));
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1)
		sin->sin_family = AF_INET;
	else {
		memset(&server_addr, 0, sizeof(server_addr));
		ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6->sin6_addr),
		    1);
		sin6->sin6_family = AF_INET6;
	}
	server = socket(server_addr.ss_family, SOCK_DGRAM, 0);
	ck_assert_int_ne(server, -1);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&server_addr,
			     udp_addrlen(&server_addr)),
	    0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&server_addr,
			     &len),
	    0);
}

static void
setup(void)
{
	const char *emulator;

	memset(asked, 0, sizeof(asked));
	memset(&stats, 0, sizeof(stats));
	/* qemu-user passes the size of segments on in its own byte order. */
	emulator = getenv("EMULATOR");
	forget_segments = emulator != NULL && emulator[0] != '\0';
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(upstream_udp_init(&pool, base, &stats, &rng, report),
	    0);
	serve("127.0.0.1");
}

static void
teardown(void)
{
	unsigned i;

	for (i = 0; i < MAX_ASKED; i++)
		upstream_udp_end(&asked[i].q);
	upstream_udp_clear(&pool);
	event_base_free(base);
	close(server);
}

static void
ask(unsigned i)
{
	uint8_t wire[LEN];

	memset(wire, (int)i, sizeof(wire));
	ck_assert_int_eq(upstream_udp_ask(&pool, &asked[i].q, &server_addr,
			     wire, sizeof(wire)),
	    0);
}

/* One round of the event loop, which is over when nothing is left to do. */
static void
turn(void)
{
	ck_assert_int_ne(event_base_loop(base, EVLOOP_NONBLOCK), -1);
}

/* Turn until what is counted has happened. */
static void
turn_until(const unsigned *count, unsigned n)
{
	int ms;

	for (ms = 0; *count < n && ms < PATIENCE_MS; ms++) {
		turn();
		poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(*count, n);
}

/* What the server has been sent next. */
static void
take(struct seen *s)
{
	struct pollfd pfd = { .fd = server, .events = POLLIN };
	socklen_t len = sizeof(s->from);

	ck_assert_int_eq(poll(&pfd, 1, PATIENCE_MS), 1);
	ck_assert_int_eq(recvfrom(server, s->wire, sizeof(s->wire), 0,
			     (struct sockaddr *)&s->from, &len),
	    LEN);
	s->port = s->from.ss_family == AF_INET ?
	    ((struct sockaddr_in *)&s->from)->sin_port :
	    ((struct sockaddr_in6 *)&s->from)->sin6_port;
}

/* The first n queries, in one round, and what the server received of them. */
static void
ask_and_take(struct seen *s, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		ask(i);
	turn();
	for (i = 0; i < n; i++)
		take(&s[i]);
}

static void
reply(const struct seen *s, uint16_t id)
{
	uint8_t wire[LEN];

	memcpy(wire, s->wire, sizeof(wire));
	put16(wire, id);
	ck_assert_int_eq(sendto(server, wire, sizeof(wire), 0,
			     (const struct sockaddr *)&s->from,
			     udp_addrlen(&s->from)),
	    LEN);
}

static bool
nothing_to_take(void)
{
	struct pollfd pfd = { .fd = server, .events = POLLIN };

	return (poll(&pfd, 1, 0) == 0);
}

static unsigned
count_descriptors(void)
{
	DIR *dir = opendir("/dev/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return (n);
}

/* Shows: DNS64-69 */
START_TEST(round_leaves_from_one_port_and_the_next_from_another)
{
	static const char *const addrs[] = { "127.0.0.1", "::1" };
	struct seen first, s;
	unsigned i, n = 0;

	close(server);
	serve(addrs[_i]);
	for (i = 0; i < 10; i++)
		ask(i);
	ck_assert(nothing_to_take());
	turn();
	take(&first);
	for (i = 1; i < 10; i++) {
		take(&s);
		ck_assert_uint_eq(s.wire[2], i);
		n += s.port == first.port;
	}
	ck_assert_uint_eq(n, 9);
	ask(10);
	turn();
	take(&s);
	ck_assert_uint_ne(s.port, first.port);
}
END_TEST

/* Ten queries asked in one round arrive, one by one and in order. */
static void
ten_arrive(void)
{
	struct seen s;
	unsigned i;

	for (i = 0; i < 10; i++)
		ask(i);
	turn();
	for (i = 0; i < 10; i++) {
		take(&s);
		ck_assert_uint_eq(s.wire[2], i);
	}
}

START_TEST(where_segments_are_refused_queries_leave_all_the_same)
{
	forget_segments = false;
	refuse_segments = true;
	ten_arrive();
	ck_assert_uint_eq(n_refused, 1);
}
END_TEST

/* Linux before 4.18 would not refuse them, but send them as one datagram. */
START_TEST(where_segments_are_unknown_none_is_tried)
{
	forget_segments = refuse_segments = true;
	ten_arrive();
	ck_assert_uint_eq(n_refused, 0);
}
END_TEST

START_TEST(full_batch_is_followed_by_another_one)
{
	struct seen s;
	in_port_t port = 0;
	unsigned i, n_ports = 0;

	for (i = 0; i < MAX_ASKED; i++)
		ask(i);
	turn();
	for (i = 0; i < MAX_ASKED; i++) {
		take(&s);
		n_ports += s.port != port;
		port = s.port;
	}
	ck_assert_uint_eq(n_ports, 2);
}
END_TEST

/* Shows: DNS64-69 */
START_TEST(id_is_never_that_of_another_query_of_the_batch)
{
	struct seen s[UPSTREAM_UDP_BATCH];
	unsigned i, j;

	for (i = 0; i < UPSTREAM_UDP_BATCH; i++)
		ask(i);
	turn();
	for (i = 0; i < UPSTREAM_UDP_BATCH; i++) {
		take(&s[i]);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(get16(s[i].wire), get16(s[j].wire));
	}
}
END_TEST

START_TEST(answer_is_for_the_query_with_its_id)
{
	struct seen s[10];
	unsigned i;

	ask_and_take(s, 10);
	for (i = 10; i-- > 0;)
		reply(&s[i], get16(s[i].wire));
	for (i = 0; i < 10; i++) {
		turn_until(&asked[i].n_answers, 1);
		ck_assert_uint_eq(asked[i].answer[2], i);
		ck_assert_uint_eq(asked[i].n_mismatches, 0);
	}
}
END_TEST

/* Shows: DNS64-68 DNS64-72 */
START_TEST(unknown_id_is_a_mismatch_for_all_who_wait)
{
	struct seen s[3];

	ask_and_take(s, 3);
	upstream_udp_end(&asked[2].q);
	/* The ids have a pattern; this is not part of it. */
	reply(&s[0], (uint16_t)(get16(s[0].wire) + 1));
	turn_until(&asked[0].n_mismatches, 1);
	ck_assert_uint_eq(asked[1].n_mismatches, 1);
	ck_assert_uint_eq(asked[2].n_mismatches, 0);
	ck_assert_uint_eq(stats.n[STAT_UP_MISMATCH], 1);
}
END_TEST

/* Shows: DNS64-68 */
START_TEST(late_and_second_answers_are_no_mismatches)
{
	struct seen s[3];

	ask_and_take(s, 3);
	upstream_udp_end(&asked[0].q);
	reply(&s[0], get16(s[0].wire));
	reply(&s[1], get16(s[1].wire));
	reply(&s[1], get16(s[1].wire));
	reply(&s[2], get16(s[2].wire));
	turn_until(&asked[2].n_answers, 1);
	ck_assert_uint_eq(asked[0].n_answers, 0);
	ck_assert_uint_eq(asked[1].n_answers, 1);
	ck_assert_uint_eq(stats.n[STAT_UP_MISMATCH], 0);
}
END_TEST

START_TEST(refused_port_rejects_all_who_wait)
{
	unsigned i;

	close(server);
	for (i = 0; i < 10; i++)
		ask(i);
	for (i = 0; i < 10; i++)
		turn_until(&asked[i].n_rejected, 1);
	serve("127.0.0.1");
}
END_TEST

START_TEST(answer_that_has_arrived_counts_before_an_error)
{
	struct seen s[2];

	ask_and_take(s, 2);
	reply(&s[0], get16(s[0].wire));
	close(server);
	ck_assert_int_eq(send(last_fd, "", 1, 0), 1);
	turn_until(&asked[1].n_rejected, 1);
	ck_assert_uint_eq(asked[0].n_answers, 1);
	ck_assert_uint_eq(asked[0].n_rejected, 0);
	serve("127.0.0.1");
}
END_TEST

START_TEST(query_that_is_ended_in_its_round_does_not_leave)
{
	struct seen s;

	ask(0);
	ask(1);
	upstream_udp_end(&asked[0].q);
	turn();
	take(&s);
	ck_assert_uint_eq(s.wire[2], 1);
	ck_assert(nothing_to_take());
}
END_TEST

START_TEST(socket_is_closed_when_nobody_waits)
{
	unsigned i, before = count_descriptors();
	struct seen s;

	for (i = 0; i < 3; i++)
		ask(i);
	ck_assert_uint_eq(count_descriptors(), before + 1);
	turn();
	take(&s);
	reply(&s, get16(s.wire));
	turn_until(&asked[0].n_answers, 1);
	upstream_udp_end(&asked[1].q);
	ck_assert_uint_eq(count_descriptors(), before + 1);
	upstream_udp_end(&asked[2].q);
	ck_assert_uint_eq(count_descriptors(), before);
	/* The same before anything has left. */
	ask(0);
	upstream_udp_end(&asked[0].q);
	ck_assert_uint_eq(count_descriptors(), before);
	turn();
}
END_TEST

START_TEST(query_waits_until_it_is_ended)
{
	struct seen s;

	asked[0].stay = true;
	ask(0);
	turn();
	take(&s);
	reply(&s, get16(s.wire));
	turn_until(&asked[0].n_answers, 1);
	reply(&s, get16(s.wire));
	turn_until(&asked[0].n_answers, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upstream_udp");
	TCase *tc = tcase_create("upstream_udp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    round_leaves_from_one_port_and_the_next_from_another, 0, 2);
	tcase_add_test(tc,
	    where_segments_are_refused_queries_leave_all_the_same);
	tcase_add_test(tc, where_segments_are_unknown_none_is_tried);
	tcase_add_test(tc, full_batch_is_followed_by_another_one);
	tcase_add_test(tc, id_is_never_that_of_another_query_of_the_batch);
	tcase_add_test(tc, answer_is_for_the_query_with_its_id);
	tcase_add_test(tc, unknown_id_is_a_mismatch_for_all_who_wait);
	tcase_add_test(tc, late_and_second_answers_are_no_mismatches);
	tcase_add_test(tc, refused_port_rejects_all_who_wait);
	tcase_add_test(tc, answer_that_has_arrived_counts_before_an_error);
	tcase_add_test(tc, query_that_is_ended_in_its_round_does_not_leave);
	tcase_add_test(tc, socket_is_closed_when_nobody_waits);
	tcase_add_test(tc, query_waits_until_it_is_ended);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
