/*
 * Measures the fast path without a device: insertion and removal of sessions,
 * and the program itself for packets of one session and of a million, as the
 * kernel times it (BPF_PROG_TEST_RUN). Prints "name value unit" lines for
 * bench.py. Needs root.
 *
 *	fastcore [million-sessions]
 */
#include <sys/syscall.h>

#include <arpa/inet.h>
#include <net/ethernet.h>

#include <err.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/monotime.h"

#include "nat64d/os/fastpath_prog.h"
#include "nat64d/wire/cksum.h"
#include "nat64d/wire/pkt.h"

#define PAYLOAD 16
#define LEN (PKT_IP6_HLEN + PKT_UDP_HLEN + PAYLOAD)
#define ROUNDS 300000

static uint64_t seed = 88172645463325252ULL;
static uint32_t *handles;

static uint32_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 32));
}

static void
result(const char *name, double value, const char *unit)
{
	printf("%s %.1f %s\n", name, value, unit);
	fflush(stdout);
}

/* Session i: a host of its own, and a port of a pool of 32 addresses. */
static void
flow_of(struct fastflow *f, uint32_t i)
{
	memset(f, 0, sizeof(*f));
	inet_pton(AF_INET6, "2001:db8::", &f->in6.addr);
	inet_pton(AF_INET6, "2001:db8:64::c633:6414", &f->peer6);
	put32(f->in6.addr.s6_addr + 12, i);
	f->in6.port = 2000;
	f->out4.addr.s_addr = htonl(0xc6120000 + i / 50000);
	f->out4.port = (uint16_t)(10000 + i % 50000);
	f->peer4.addr.s_addr = htonl(0xc6336414);
	f->peer4.port = 53;
	f->proto = L4_UDP;
}

/* A datagram of session i behind an Ethernet header. */
static void
build(uint8_t frame[ETHER_HDR_LEN + LEN], uint32_t i)
{
	uint8_t *p = frame + ETHER_HDR_LEN, *udp = p + PKT_IP6_HLEN;
	struct fastflow f;
	uint16_t sum;

	flow_of(&f, i);
	memset(frame, 0, ETHER_HDR_LEN + LEN);
	put16(frame + 12, ETHERTYPE_IPV6);
	p[0] = 6 << 4;
	put16(p + 4, PKT_UDP_HLEN + PAYLOAD);
	p[6] = IPPROTO_UDP;
	p[7] = 64;
	memcpy(p + 8, &f.in6.addr, sizeof(f.in6.addr));
	memcpy(p + 24, &f.peer6, sizeof(f.peer6));
	put16(udp, f.in6.port);
	put16(udp + 2, f.peer4.port);
	put16(udp + 4, PKT_UDP_HLEN + PAYLOAD);
	sum = cksum_finish(cksum_add(cksum_pseudo6(&f.in6.addr, &f.peer6,
					 IPPROTO_UDP, PKT_UDP_HLEN + PAYLOAD),
	    udp, PKT_UDP_HLEN + PAYLOAD));
	put16(udp + 6, sum == 0 ? 0xffff : sum);
}

/*
 * Nanoseconds that the program takes for a packet of session i; 0: it is not on
 * the fast path, as the table has no place for a few.
 */
static uint32_t
run_once(int prog_fd, uint32_t i)
{
	uint8_t frame[ETHER_HDR_LEN + LEN], out[ETHER_HDR_LEN + LEN + 64];
	union bpf_attr attr;

	build(frame, i);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog_fd;
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = sizeof(frame);
	attr.test.data_out = (uintptr_t)out;
	attr.test.data_size_out = sizeof(out);
	if (syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) != 0)
		err(1, "BPF_PROG_TEST_RUN");
	return (out[ETHER_HDR_LEN] >> 4 == 4 ? attr.test.duration : 0);
}

static void
bench_packets(const struct fastpath *f, uint32_t n, const char *name)
{
	const int fd = fastpath_prog_fd(f);
	uint64_t ns = 0;
	unsigned done = 0, i;
	uint32_t took;

	for (i = 0; i < ROUNDS; i++) {
		took = run_once(fd, next_random() % n);
		ns += took;
		done += took != 0;
	}
	if (done < ROUNDS / 100 * 99)
		errx(1, "the program does not translate");
	result(name, (double)ns / done, "ns");
}

static void
insert(struct fastpath *f, uint32_t first, uint32_t end)
{
	const struct fastpath_ops *ops = fastpath_ops(f);
	struct fastflow flow;
	uint32_t i;

	for (i = first; i < end; i++) {
		flow_of(&flow, i);
		handles[i] = ops->add(ops->arg, &flow);
		if (handles[i] == 0)
			errx(1, "no room for session %u", i);
		if (i % 256 == 255 || i == end - 1)
			fastpath_commit(f, 0, true);
	}
}

int
main(int argc, char *argv[])
{
	const uint32_t most =
	    argc > 1 ? (uint32_t)(atof(argv[1]) * 1e6) : 1000000;
	const struct fastpath_ops *ops;
	struct xlat_conf conf;
	struct monotime start;
	struct fastpath *f;
	const char *what;
	uint32_t i;

	xlat_conf_init(&conf);
	f = fastpath_load(NULL, most, &conf, true, &what);
	if (f == NULL)
		err(1, "%s", what);
	handles = calloc(most, sizeof(*handles));
	if (handles == NULL)
		err(1, NULL);
	insert(f, 0, 1);
	bench_packets(f, 1, "fast-packet-1");
	start = monotime_now();
	insert(f, 1, most);
	result("fast-insertion",
	    (double)(monotime_now().ns - start.ns) / (most - 1), "ns");
	bench_packets(f, most, "fast-packet-1M");
	ops = fastpath_ops(f);
	start = monotime_now();
	for (i = 0; i < most; i++)
		ops->remove(ops->arg, handles[i]);
	result("fast-removal", (double)(monotime_now().ns - start.ns) / most,
	    "ns");
	fastpath_free(f);
	free(handles);
	return (0);
}
