/*
 * Fuzz target of gateways: the one for FTP between two hosts whose bytes, and
 * the segments that they are cut into, are the input. What is sent twice with
 * one number must be the same, and no bound may be passed.
 *
 * An operation is three bytes: what happens, and two numbers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/alg/ftp.h"
#include "nat64d/alg/stream.h"

#define STEP 3
#define MAX_TEXT 8192

/* The first byte of an operation. */
#define FROM_SERVER 0x80
#define ACT_MASK 0x03
#define ACT_WRITE 0 /* append bytes of the input, as many as the second says */
#define ACT_SEND 1  /* a segment: how far before the end, how long */
#define ACT_ACK 2   /* the receiver acknowledges all but so many bytes */
#define ACT_TIME 3  /* in tenths of seconds */
#define WITH_FIN 0x04

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One direction. */
struct way {
	struct stream s;
	uint32_t isn;
	size_t len;		    /* of text */
	bool ended;		    /* its FIN has been sent */
	uint32_t high;		    /* new number: the end of what was sent */
	uint8_t text[MAX_TEXT];	    /* by old number */
	uint8_t sent[4 * MAX_TEXT]; /* by new number */
	bool has[4 * MAX_TEXT];
};

static struct way ways[ALG_NDIRS];
static uint64_t state[ALG_MAX_STATE / 8];

static void
fail(const char *why)
{
	fprintf(stderr, "gateway: %s\n", why);
	abort();
}

static bool
expect(void *arg, uint16_t port, struct taddr4 *out4)
{
	(void)arg;
	out4->addr.s_addr = 0x01020304;
	out4->port = (uint16_t)(port + 1);
	return (port % 3 != 0);
}

static void
sent(struct way *w, uint32_t seq, const uint8_t *data, size_t len)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < len; i++) {
		k = seq + (uint32_t)i - w->isn;
		if ((int32_t)(seq + (uint32_t)i - w->s.acked) < 0)
			continue; /* it has arrived: nobody looks at it */
		if (k >= sizeof(w->sent))
			fail("a number that nothing can have");
		if (w->has[k] && w->sent[k] != data[i])
			fail("another byte than before");
		w->has[k] = true;
		w->sent[k] = data[i];
	}
	if (len > 0 && (int32_t)(seq + (uint32_t)len - w->high) > 0)
		w->high = seq + (uint32_t)len;
}

/* Returns false when the connection has ended. */
static bool
send_segment(enum alg_dir dir, size_t back, size_t len, bool fin,
    struct monotime now)
{
	static uint8_t room[STREAM_ROOM(MAX_TEXT)];
	static const struct alg_flow flow = { .expect = expect };
	struct way *w = &ways[dir];
	struct stream_out out = { .data = room, .size = sizeof(room) };
	const size_t from = back < w->len ? w->len - back : 0;
	const struct stream_segment seg = {
		.seq = w->isn + (uint32_t)from,
		.data = w->text + from,
		.len = len < w->len - from ? len : w->len - from,
		.fin = fin && from + len >= w->len,
	};
	enum alg_what what;

	w->ended = w->ended || seg.fin;
	what = stream_input(&w->s, &seg, &ftp_gateway, state, &flow, dir, now,
	    &out);
	if (what == ALG_END)
		return (false);
	if (what == ALG_LET_GO) {
		stream_let_go(&ways[0].s);
		stream_let_go(&ways[1].s);
	}
	if (out.len > STREAM_ROOM(seg.len) ||
	    w->s.n_pieces > STREAM_MAX_PIECES ||
	    w->s.n_bytes > STREAM_MAX_BYTES)
		fail("out of bounds");
	if (out.drop)
		return (true);
	if (out.owed_len > 0)
		sent(w, out.owed_seq, out.owed, out.owed_len);
	sent(w, out.seq, out.data, out.len);
	return (true);
}

static bool
operate(const uint8_t **data, size_t *size, struct monotime *now)
{
	const uint8_t *op = *data;
	const enum alg_dir dir =
	    op[0] & FROM_SERVER ? ALG_FROM_SERVER : ALG_FROM_CLIENT;
	struct way *w = &ways[dir];
	size_t n = op[1];

	*data += STEP;
	*size -= STEP;
	switch (op[0] & ACT_MASK) {
	case ACT_WRITE:
		n = n < *size ? n : *size;
		if (w->ended || w->len + n > MAX_TEXT)
			return (true);
		memcpy(w->text + w->len, *data, n);
		w->len += n;
		*data += n;
		*size -= n;
		return (send_segment(dir, n, op[2] == 0 ? n : op[2],
		    op[0] & WITH_FIN, *now));
	case ACT_SEND:
		return (send_segment(dir, n, op[2], op[0] & WITH_FIN, *now));
	case ACT_ACK:
		stream_acked(&w->s, w->high - (uint32_t)n);
		if ((int32_t)(stream_to_old(&w->s, w->s.acked) - w->isn) >
		    (int32_t)w->len)
			fail("more is acknowledged than was sent");
		return (true);
	default:
		*now = monotime_add_ms(*now, (int64_t)n * 100);
		return (true);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct monotime now = { 0 };
	unsigned dir;

	memset(state, 0, sizeof(state));
	memset(ways, 0, sizeof(ways));
	ftp_gateway.init(state);
	for (dir = 0; dir < ALG_NDIRS; dir++) {
		ways[dir].isn = ways[dir].high = UINT32_MAX - 100 * dir;
		stream_begin(&ways[dir].s, ways[dir].isn);
	}
	while (size >= STEP && operate(&data, &size, &now))
		;
	return (0);
}
