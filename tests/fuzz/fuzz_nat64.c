/*
 * Fuzz target of the whole translator. The input is a sequence of packets as
 * read from a tun device, for a stateful translator and then for a stateless
 * one, whose mappings have the addresses of the pool. The packets that come out
 * must be valid, and the memory bounded.
 *
 * Each packet: a control byte, its length (two bytes), a virtio_net_hdr if
 * the control byte says so, its bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/wire/vnet.h"
#include "tests/unit/sane.h"

#define HEAD 3

/* The control byte. */
#define TIME_MASK 0x03 /* which of steps_ms passes before */
#define EXPIRE 0x04    /* do what is due */
#define FLUSH 0x08     /* begin to forget all sessions */
#define WITH_VNET 0x10
#define FIX_IP4 0x20 /* make the IPv4 header checksum right */

#define IP4(a, b, c, d)    \
	((struct in_addr){ \
	    htonl((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)) })
#define HOST(last)                                                           \
	{                                                                    \
		{                                                            \
			{                                                    \
				0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, \
				    0, 0, 0, 0, (last)                       \
			}                                                    \
		}                                                            \
	}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bindings of the worked vectors, which the corpus is made of. */
static const struct nat64_static statics[] = {
	{ L4_TCP, { { 0 }, 50000 }, { HOST(0x10), 49152 } },
	{ L4_UDP, { { 0 }, 50001 }, { HOST(0x10), 49153 } },
	{ L4_ICMP, { { 0 }, 22136 }, { HOST(0x10), 4660 } },
	{ L4_TCP, { { 1 }, 8081 }, { HOST(0x20), 8080 } },
	{ L4_UDP, { { 1 }, 7001 }, { HOST(0x20), 7000 } },
};
#define NSTATICS (sizeof(statics) / sizeof(statics[0]))

static uint32_t
next_random(void *arg)
{
	uint32_t *state = arg;

	return (wire_random(state));
}

static void
emit(void *arg, struct pkt *p)
{
	const char *why = sane(p, arg, false);

	if (why != NULL) {
		fprintf(stderr, "emitted packet: %s\n", why);
		abort();
	}
}

static void
set_prefix(struct pref64 *p, uint8_t byte5, unsigned char len)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->addr.s6_addr, "\x20\x01\x0d\xb8", 4);
	p->addr.s6_addr[5] = byte5;
	p->len = len;
}

static void
set_stateless(struct nat64_config *c)
{
	static const struct eam maps[] = {
		{ { 0 }, 32, HOST(0x10), 128 },
		{ { 0 }, 24, HOST(0), 104 },
	};
	static struct eam used[2];

	memcpy(used, maps, sizeof(used));
	used[0].addr4 = IP4(203, 0, 113, 5);
	used[1].addr4 = IP4(203, 0, 113, 0);
	c->mode = NAT64_SIIT;
	c->maps = used;
	c->n_maps = 2;
	c->n_pool = 0;
	c->n_statics = 0;
}

static struct nat64 *
make_translator(struct nat64_config *c, struct pool4_range *pool,
    struct nat64_static *st, const struct rng *rng, bool stateless)
{
	const struct nat64_sink sink = { .emit = emit, .arg = c };
	size_t i;

	nat64_config_init(c);
	set_prefix(&c->prefixes[0], 0x64, 96);
	set_prefix(&c->prefixes[1], 0x65, 48);
	c->n_prefixes = 2;
	*pool = (struct pool4_range){ .first = IP4(203, 0, 113, 5),
		.last = IP4(203, 0, 113, 6),
		.ports = { { 1024, 65535 }, { 1024, 65535 }, { 0, 65535 } } };
	c->pool = pool;
	c->n_pool = 1;
	for (i = 0; i < NSTATICS; i++) {
		st[i] = statics[i];
		st[i].out4.addr =
		    st[i].out4.addr.s_addr == 0 ? pool->first : pool->last;
	}
	c->statics = st;
	c->n_statics = NSTATICS;
	c->self4 = IP4(192, 0, 2, 1);
	memcpy(&c->self6, "\x20\x01\x0d\xb8\xff\xff\0\0\0\0\0\0\0\0\0\1", 16);
	c->router4 = IP4(240, 0, 0, 1); /* no address is translated to it */
	c->node_id = true;
	c->adf[L4_UDP] = true;
	c->unbound_errors = true;
	c->first_frag_errors = true;
	c->max_sessions = 64;
	c->max_bindings = 32;
	c->max_stored_syns = 4;
	c->frag.max_bytes = 32768;
	c->frag.max_datagrams = 16;
	if (stateless)
		set_stateless(c);
	return (nat64_new(c, &sink, rng, (struct monotime){ 0 }));
}

/* Hand in one packet; the bytes are copied, for they are overwritten. */
static void
take(struct nat64 *n, struct nat64_workspace *ws, uint8_t control,
    const uint8_t *data, size_t len, struct monotime now)
{
	static uint8_t buf[PKT_BUFSIZE];
	struct pkt p;

	pkt_init(&p, buf, sizeof(buf));
	if (control & WITH_VNET) {
		if (len < VNET_HDRLEN || vnet_decode(data, &p.ofl) == -1)
			return;
		data += VNET_HDRLEN;
		len -= VNET_HDRLEN;
	}
	memcpy(p.data, data, len);
	p.len = (uint32_t)len;
	if (control & FIX_IP4 && len >= 20 && p.data[0] == 0x45)
		wire_fix_ip4(p.data);
	nat64_input(n, ws, &p, now, NULL);
}

static void
check_limits(const struct nat64 *n, const struct nat64_config *c)
{
	size_t bindings = 0;
	int proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		bindings += nat64_bib(n, (enum l4proto)proto)->n_entries;
	if (session_count(nat64_sessions(n)) > c->max_sessions ||
	    bindings > c->max_bindings ||
	    nat64_stored_syns(n) > c->max_stored_syns ||
	    frag_bytes(nat64_frags(n)) > c->frag.max_bytes ||
	    frag_datagrams(nat64_frags(n)) > c->frag.max_datagrams)
		abort();
}

static void
run(const uint8_t *data, size_t size, bool stateless)
{
	static const int64_t steps_ms[] = { 0, 40, 2000, 100000 };
	uint32_t state = 1;
	const struct rng rng = { .next = next_random, .arg = &state };
	struct nat64_static st[NSTATICS];
	struct nat64_config c;
	struct pool4_range pool;
	struct monotime now = { 0 };
	struct nat64_workspace *ws;
	struct nat64 *n;
	size_t len;

	ws = nat64_workspace_new();
	n = make_translator(&c, &pool, st, &rng, stateless);
	if (ws == NULL || n == NULL)
		abort();
	while (size >= HEAD) {
		len = wire_get16(data + 1);
		if (len > size - HEAD)
			len = size - HEAD;
		now = monotime_add_ms(now, steps_ms[data[0] & TIME_MASK]);
		if (data[0] & EXPIRE)
			nat64_expire(n, ws, now, 10);
		if (data[0] & FLUSH)
			nat64_flush_begin(n);
		nat64_flush(n, now, 2);
		take(n, ws, data[0], data + HEAD, len, now);
		check_limits(n, &c);
		data += HEAD + len;
		size -= HEAD + len;
	}
	nat64_free(n);
	nat64_workspace_free(ws);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size, false);
	run(data, size, true);
	return (0);
}
