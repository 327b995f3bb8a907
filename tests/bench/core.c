/*
 * Measures the translator without a tun device: packets of existing sessions,
 * few and many; new sessions; the removal of sessions; memory; port allocation
 * in a full pool. Prints "name value unit" lines for bench.py.
 *
 *	core [million-sessions]		fewer sessions take less time
 */
#include <sys/resource.h>

#include <arpa/inet.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotime.h"
#include "nat64d/wire/cksum.h"
#include "nat64d/os/largepage.h"
#include "nat64d/core/nat64.h"

#define NADDRS 40 /* a block of 32 ports for each /64 of a /48 */
#define PAYLOAD 16
#define PACKET_LEN (PKT_IP6_HLEN + PKT_UDP_HLEN + PAYLOAD) /* 64 */
#define ROUNDS 2000000

static uint64_t seed = 88172645463325252ULL;
static uint64_t emitted;
static struct nat64_workspace *workspace;

/* xorshift64, which is fast; the quality of the numbers does not matter. */
static uint32_t
next_random(void *arg)
{
	(void)arg;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 32));
}

static const struct rng rng = { next_random, NULL };

static void
emit(void *arg, struct pkt *p)
{
	(void)arg;
	emitted += p->len > 0;
}

static double
seconds_since(struct monotime start)
{
	return ((double)(monotime_now().ns - start.ns) / 1e9);
}

static void
result(const char *name, double value, const char *unit)
{
	printf("%s %.1f %s\n", name, value, unit);
	fflush(stdout);
}

/* Who has which ports. */
struct policy {
	unsigned subscriber_len; /* bits */
	uint16_t block_size;	 /* of the blocks of ports; 0: none */
	bool deterministic;	 /* they are computed */
};

static struct nat64 *
new_nat64(size_t max_sessions, const struct policy *policy)
{
	const struct port_range ports = { 1024, 65535 };
	struct pool4_range range = { .first = { htonl(0xc6120000) },
		.last = { htonl(0xc6120000 + NADDRS - 1) },
		.ports = { ports, ports, ports },
		.clients = { .len = 48 },
		.block_size = policy->block_size,
		.max_blocks = 4,
		.deterministic = policy->deterministic };
	struct nat64_sink sink = { .emit = emit };
	struct nat64_config c;
	struct in6_addr addr;
	struct nat64 *n;

	if (range.deterministic) {
		range.clients.family = AF_INET6;
		inet_pton(AF_INET6, "2001:db8:1::", &range.clients.v6);
	}
	nat64_config_init(&c);
	inet_pton(AF_INET6, "2001:db8:64::", &addr);
	pref64_init(&c.prefixes[0], &addr, 96);
	c.n_prefixes = 1;
	c.pool = &range;
	c.n_pool = 1;
	c.self4.s_addr = htonl(0xc6120001);
	inet_pton(AF_INET6, "2001:db8:ffff::1", &c.self6);
	c.max_sessions = max_sessions;
	c.subscriber_len = policy->subscriber_len;
	c.memory_hint = largepage_hint;
	memset(&c.subscriber, 0, sizeof(c.subscriber));
	memcpy(&c.secret, "sixteen bytes ok", sizeof(c.secret));
	n = nat64_new(&c, &sink, &rng, monotime_now());
	if (n == NULL)
		err(1, "nat64_new");
	return (n);
}

/* A datagram of 64 bytes from host 0, with a valid checksum. */
static uint8_t template[PACKET_LEN];

static void
build_template(void)
{
	uint8_t *udp = template + PKT_IP6_HLEN;
	struct in6_addr src, dst;

	inet_pton(AF_INET6, "2001:db8::", &src);
	inet_pton(AF_INET6, "2001:db8:64::c633:6414", &dst);
	template[0] = 6 << 4;
	put16(template + 4, PKT_UDP_HLEN + PAYLOAD);
	template[6] = IPPROTO_UDP;
	template[7] = 64;
	memcpy(template + 8, &src, sizeof(src));
	memcpy(template + 24, &dst, sizeof(dst));
	put16(udp + 2, 53);
	put16(udp + 4, PKT_UDP_HLEN + PAYLOAD);
	put16(udp + 6,
	    cksum_finish(cksum_add(cksum_pseudo6(&src, &dst, IPPROTO_UDP,
				       PKT_UDP_HLEN + PAYLOAD),
		udp, PKT_UDP_HLEN + PAYLOAD)));
}

/*
 * The packet of host i. It is made each time, because reading a million packets
 * from memory would take longer than reading the tables. Sixteen hosts have
 * the same subscriber prefix.
 */
static void
build(uint8_t *p, uint32_t i)
{
	const uint32_t high = 0x10000 + (i >> 4);
	const uint16_t port = (uint16_t)(1024 + i % 60000);
	uint16_t sum;

	memcpy(p, template, PACKET_LEN);
	put32(p + 12, high);
	put32(p + 20, i);
	put16(p + PKT_IP6_HLEN, port);
	sum = cksum_update(get16(p + PKT_IP6_HLEN + PKT_UDP_CKSUM), 0,
	    (uint64_t)(high >> 16) + (high & 0xffff) + (i >> 16) +
		(i & 0xffff) + port);
	put16(p + PKT_IP6_HLEN + PKT_UDP_CKSUM, sum == 0 ? 0xffff : sum);
}

/* Translate a batch of packets, as engine.c does. */
struct batch {
	unsigned n;
	struct pkt pkts[NAT64_BATCH];
};

static void
flush(struct nat64 *n, struct batch *b, struct monotime now)
{
	nat64_input_batch(n, workspace, b->pkts, b->n, now);
	b->n = 0;
}

static void
input(struct nat64 *n, struct batch *b, uint32_t i, struct monotime now)
{
	static uint8_t bufs[NAT64_BATCH][PKT_BUFSIZE];
	struct pkt *p = &b->pkts[b->n];

	pkt_init(p, bufs[b->n], sizeof(bufs[b->n]));
	build(p->data, i);
	p->len = PACKET_LEN;
	if (++b->n == NAT64_BATCH)
		flush(n, b, now);
}

static size_t
resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *fp;

	fp = fopen("/proc/self/statm", "r");
	if (fp == NULL || fscanf(fp, "%*u %lu", &pages) != 1)
		errx(1, "/proc/self/statm");
	fclose(fp);
	return (pages * 4096);
}

/* Advance the time by that of a million packets per second. */
static struct monotime
packet_time(struct monotime start, uint64_t i)
{
	start.ns += (int64_t)(i * 1000);
	return (start);
}

/* Sessions that are removed between two batches of packets (engine.c). */
#define SLICE 128

/*
 * Remove all sessions, in slices as the engine does. Packets may have to wait
 * for the longest slice. (It may include time in which another process ran.)
 */
static void
bench_expiry(struct nat64 *n, struct monotime now, const char *label)
{
	const size_t n_sessions = session_count(nat64_sessions(n));
	const struct monotime begun = monotime_now();
	struct monotime start;
	double secs, longest = 0;
	char name[64];
	bool more = true;

	now = monotime_add_secs(now, 1000);
	while (more) {
		start = monotime_now();
		more = nat64_expire(n, workspace, now, SLICE);
		secs = seconds_since(start);
		longest = secs > longest ? secs : longest;
	}
	snprintf(name, sizeof(name), "ended-sessions-%s", label);
	result(name, (double)n_sessions / seconds_since(begun), "/s");
	snprintf(name, sizeof(name), "longest-slice-%s", label);
	result(name, longest * 1e6, "us");
	if (session_count(nat64_sessions(n)) != 0)
		errx(1, "sessions do not end");
}

/* Create all sessions again, in memory that was used before. */
static void
bench_again(struct nat64 *n, uint32_t n_sessions, struct monotime now,
    const char *label)
{
	struct batch b = { .n = 0 };
	struct monotime start;
	char name[64];
	uint32_t i;

	while (nat64_expire(n, workspace, now, SLICE))
		;
	start = monotime_now();
	for (i = 0; i < n_sessions; i++)
		input(n, &b, i, now);
	flush(n, &b, now);
	snprintf(name, sizeof(name), "sessions-anew-%s", label);
	result(name, n_sessions / seconds_since(start), "/s");
	emitted = 0;
}

static void
bench_packets(uint32_t n_sessions, const struct policy *policy,
    const char *label)
{
	struct nat64 *n = new_nat64(n_sessions, policy);
	char name[64];
	size_t before;
	struct monotime start, base = monotime_now();
	struct batch b = { .n = 0 };
	double secs;
	uint64_t i;

	before = resident_bytes();
	start = monotime_now();
	for (i = 0; i < n_sessions; i++)
		input(n, &b, (uint32_t)i, base);
	flush(n, &b, base);
	secs = seconds_since(start);
	if (session_count(nat64_sessions(n)) != n_sessions)
		errx(1, "%zu sessions instead of %u",
		    session_count(nat64_sessions(n)), n_sessions);
	if (n_sessions >= 100000) {
		snprintf(name, sizeof(name), "new-sessions-%s", label);
		result(name, n_sessions / secs, "/s");
		snprintf(name, sizeof(name), "session-memory-%s", label);
		result(name, (double)(resident_bytes() - before) / n_sessions,
		    "bytes");
	}

	start = monotime_now();
	for (i = 0; i < ROUNDS; i++)
		input(n, &b, rng_below(&rng, n_sessions),
		    packet_time(base, i));
	flush(n, &b, base);
	snprintf(name, sizeof(name), "packet-%s", label);
	result(name, seconds_since(start) * 1e9 / ROUNDS, "ns");
	if (emitted != n_sessions + ROUNDS)
		errx(1, "%llu packets emitted", (unsigned long long)emitted);
	emitted = 0;
	if (n_sessions >= 100000) {
		bench_expiry(n, packet_time(base, ROUNDS), label);
		bench_again(n, n_sessions, monotime_add_secs(base, 3600),
		    label);
	}
	nat64_free(n);
}

/*
 * Allocate and release a block with its first port, where so many blocks of 16
 * of an address are taken.
 */
static void
bench_blocks(double full, const char *label)
{
	const struct port_range ports = { 1024, 65535 };
	const struct pool4_range range = { .first = { htonl(0xc6120001) },
		.last = { htonl(0xc6120001) },
		.ports = { ports, ports, ports },
		.block_size = 16,
		.max_blocks = 1 };
	const struct pool4_opts opts = { .subscriber_len = 128 };
	const struct monotime now = { 0 };
	const unsigned rounds = 500000, total = 64512 / 16;
	struct pool4 *pool = pool4_new(&range, 1, &opts);
	struct taddr6 owner = { .port = 1024 };
	struct taddr4 out = { .addr = { htonl(0xc6120001) } };
	struct monotime start;
	char name[64];
	int32_t port;
	unsigned i;

	for (i = 0; i < (unsigned)(total * full); i++) {
		owner.addr.s6_addr32[3] = htonl(i);
		if (pool4_alloc(pool, L4_UDP, 0, &owner, &rng, now) == -1)
			err(1, "pool4_alloc");
	}
	start = monotime_now();
	for (i = 0; i < rounds; i++) {
		owner.addr.s6_addr32[3] = htonl(total + i);
		port = pool4_alloc(pool, L4_UDP, 0, &owner, &rng, now);
		if (port == -1)
			err(1, "pool4_alloc");
		out.port = (uint16_t)port;
		pool4_release(pool, L4_UDP, &out, &owner, now);
	}
	snprintf(name, sizeof(name), "block-%s", label);
	result(name, seconds_since(start) * 1e9 / rounds, "ns");
	pool4_free(pool);
}

/* Allocate and release ports of an address that is full to this degree. */
static void
bench_ports(double full, const char *label)
{
	const struct port_range ports = { 1024, 65535 };
	const struct pool4_range range = { .first = { htonl(0xc6120001) },
		.last = { htonl(0xc6120001) },
		.ports = { ports, ports, ports } };
	const struct pool4_opts opts = { .parity = true,
		.range_fallback = true };
	const struct monotime now = { 0 };
	const unsigned rounds = 500000, total = 64512;
	struct pool4 *pool = pool4_new(&range, 1, &opts);
	struct taddr6 owner;
	struct taddr4 out = { .addr = { htonl(0xc6120001) } };
	struct monotime start;
	char name[64];
	int32_t port;
	unsigned i;

	memset(&owner, 0, sizeof(owner));
	for (i = 0; i < (unsigned)(total * full); i++)
		if (pool4_alloc(pool, L4_UDP, 0, &owner, &rng, now) == -1)
			err(1, "pool4_alloc");
	start = monotime_now();
	for (i = 0; i < rounds; i++) {
		owner.port = (uint16_t)i;
		port = pool4_alloc(pool, L4_UDP, 0, &owner, &rng, now);
		if (port == -1)
			err(1, "pool4_alloc");
		out.port = (uint16_t)port;
		pool4_release(pool, L4_UDP, &out, &owner, now);
	}
	snprintf(name, sizeof(name), "port-%s", label);
	result(name, seconds_since(start) * 1e9 / rounds, "ns");
	pool4_free(pool);
}

#define MAX_MAPS 1000

/* Without state: the same packets, and so many mappings. */
static void
bench_stateless(size_t n_maps, const char *label)
{
	static struct eam maps[MAX_MAPS];
	const struct nat64_sink sink = { .emit = emit };
	struct batch b = { .n = 0 };
	const struct monotime now = monotime_now();
	struct nat64_config c;
	struct monotime start;
	struct nat64 *n;
	char name[64];
	uint32_t i;

	/* One for all hosts, and others that are longer. */
	maps[0] = (struct eam){ { htonl(0x0a000000) }, 8,
		{ { { 0x20, 0x01, 0x0d, 0xb8 } } }, 32 };
	for (i = 1; i < n_maps; i++) {
		maps[i].addr4.s_addr = htonl(0xc6120000 + i);
		maps[i].len4 = 32;
		maps[i].addr6 = maps[0].addr6;
		put32(maps[i].addr6.s6_addr + 12, i);
		maps[i].len6 = 128;
	}
	nat64_config_init(&c);
	c.mode = NAT64_SIIT;
	c.maps = maps;
	c.n_maps = n_maps;
	memcpy(&c.prefixes[0].addr, template + 24, 12);
	c.prefixes[0].len = 96;
	c.n_prefixes = 1;
	n = nat64_new(&c, &sink, &rng, now);
	if (n == NULL)
		err(1, "nat64_new");
	emitted = 0;
	start = monotime_now();
	for (i = 0; i < ROUNDS; i++)
		input(n, &b, i % 1000, now);
	flush(n, &b, now);
	snprintf(name, sizeof(name), "stateless-packet-%s", label);
	result(name, seconds_since(start) / ROUNDS * 1e9, "ns");
	if (emitted != ROUNDS)
		errx(1, "stateless: packets were dropped");
	emitted = 0;
	nat64_free(n);
}

/* Sixteen sessions for each subscriber, and for each block. */
static const struct policy random_ports = { .subscriber_len = 64 };
static const struct policy blocks = { .subscriber_len = 64, .block_size = 32 };
static const struct policy computed = { .subscriber_len = 64,
	.block_size = 32,
	.deterministic = true };
/* The worst case: a subscriber for each session. */
static const struct policy alone = { .subscriber_len = 128 };

int
main(int argc, char *argv[])
{
	uint32_t most = 1000000;

	if (argc > 1)
		most = (uint32_t)(atof(argv[1]) * 1e6);
	workspace = nat64_workspace_new();
	if (workspace == NULL)
		err(1, NULL);
	build_template();
	bench_packets(1, &random_ports, "1");
	bench_packets(1000, &random_ports, "1k");
	bench_stateless(1, "1-map");
	bench_stateless(MAX_MAPS, "1k-maps");
	bench_packets(most / 10, &random_ports, "100k");
	bench_packets(most, &random_ports, "1M");
	bench_packets(most, &blocks, "1M-blocks");
	bench_packets(most, &computed, "1M-deterministic");
	bench_packets(most, &alone, "1M-alone");
	bench_ports(0.5, "50%-full");
	bench_ports(0.99, "99%-full");
	bench_ports(0.999, "99.9%-full");
	bench_blocks(0.5, "50%-full");
	bench_blocks(0.999, "99.9%-full");
	return (0);
}
