/*
 * From segments to streams and back. Numbers of a segment: its own belong to
 * the stream of its direction, and what it acknowledges to the other one.
 */
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/gso.h"
#include "nat64d/wire/iphdr.h"
#include "nat64d/xlat/tcp_segment.h"
#include "nat64d/xlat/xlat.h"
#include "nat64_alg.h"
#include "nat64_alg_table.h"
#include "nat64_expect.h"
#include "nat64_out.h"
#include "nat64_state.h"

/* In the TCP header. */
#define TCP_SEQ 4
#define TCP_WINDOW 14
#define TCP_URGENT 18
#define OPT_END 0
#define OPT_NOP 1
#define OPT_SACK 5
#define OPT_STAMPS 8
#define OPT_STAMPS_LEN 10

#define TH_URG 0x20

/* Segments of this size fit everywhere (RFC 9293, 3.7.1: 536). */
#define SMALL_SEGMENT 512

/* More data than this in one segment is cut first. */
#define LARGE_SEGMENT 16384

/* One packet on its way. */
struct run {
	struct passage *w;
	struct session *s;
	struct nat64_alg *a;
	enum alg_dir dir;
	const void *out;
	nat64_forward_fn *forward;
	bool closed; /* a is gone: the other segments pass */
	bool ended;  /* s is gone, too */
};

static enum alg_dir
other(enum alg_dir dir)
{
	return (dir == ALG_FROM_CLIENT ? ALG_FROM_SERVER : ALG_FROM_CLIENT);
}

static bool
has_good_cksum(const struct pkt *p)
{
	if (p->ofl.csum_partial || p->ofl.csum_valid)
		return (true);
	return (cksum_finish(cksum_add(pkt_pseudo_sum(p), pkt_l4(p),
		    pkt_l4len(p))) == 0);
}

/* --- the header of a segment --- */

/*
 * SACK blocks (RFC 2018) name bytes of the other stream. A block that lies
 * inside a piece has no counterpart: then the option is left out.
 */
static void
adjust_sack(const struct stream *s, uint8_t *opt, unsigned len)
{
	uint32_t left, right;
	unsigned i;

	for (i = 2; i + 8 <= len; i += 8) {
		left = stream_to_old(s, get32(opt + i));
		right = stream_to_old(s, get32(opt + i + 4));
		if ((int32_t)(right - left) <= 0) {
			memset(opt, OPT_NOP, len);
			return;
		}
		put32(opt + i, left);
		put32(opt + i + 4, right);
	}
}

/* The option of that kind in a TCP header of hlen bytes, or NULL. */
static uint8_t *
find_option(uint8_t *tcp, unsigned hlen, uint8_t kind)
{
	unsigned i = PKT_TCP_HLEN;

	while (i + 1 < hlen && tcp[i] != OPT_END) {
		if (tcp[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (tcp[i + 1] < 2 || i + tcp[i + 1] > hlen)
			return (NULL);
		if (tcp[i] == kind)
			return (tcp + i);
		i += tcp[i + 1];
	}
	return (NULL);
}

/* What seg acknowledges, in numbers of the one that it goes to. */
static void
adjust_ack(const struct run *r, struct pkt *seg)
{
	struct stream *s = &r->a->streams[other(r->dir)];
	uint8_t *tcp = pkt_l4(seg), *opt;
	uint32_t ack;

	if ((seg->tcp_flags & PKT_TH_ACK) == 0 || !s->begun)
		return;
	ack = get32(tcp + PKT_TCP_ACK);
	stream_acked(s, ack);
	opt = find_option(tcp, seg->l4hlen, OPT_SACK);
	if (opt != NULL)
		adjust_sack(s, opt, opt[1]);
	ack = stream_to_old(s, ack);
	put32(tcp + PKT_TCP_ACK, ack);
	/* The probe acknowledges it to the IPv6 host (nat64_state.c). */
	if (r->dir == ALG_FROM_SERVER && (seg->tcp_flags & PKT_TH_RST) == 0)
		r->s->ack4 = ack;
}

/* --- what is sent --- */

static void
finish(struct pkt *q)
{
	uint8_t *tcp = pkt_l4(q);

	if (q->family == PKT_V4)
		iphdr_set_len4(q->data, q->l4off, q->len);
	else
		put16(q->data + PKT_IP6_LEN,
		    (uint16_t)(q->len - PKT_IP6_HLEN));
	tcp[PKT_TCP_FLAGS] = q->tcp_flags;
	put16(tcp + PKT_TCP_CKSUM, 0);
	put16(tcp + PKT_TCP_CKSUM,
	    cksum_finish(cksum_add(pkt_pseudo_sum(q), tcp, pkt_l4len(q))));
}

/* A segment with the header of seg and this data. */
static void
send_segment(const struct run *r, const struct pkt *seg, uint32_t seq,
    uint8_t flags, const uint8_t *data, size_t len)
{
	struct pkt *q = nat64_buffer(r->w, BUFFER_GATEWAY);
	const size_t hlen = (size_t)seg->l4off + seg->l4hlen;
	const struct pkt empty = *q;

	*q = *seg;
	q->buf = empty.buf;
	q->bufsize = empty.bufsize;
	q->data = empty.data;
	q->ofl = empty.ofl;
	q->len = (uint32_t)(hlen + len);
	q->tcp_flags = flags;
	memcpy(q->data, seg->data, hlen);
	if (len > 0)
		memcpy(q->data + hlen, data, len);
	put32(pkt_l4(q) + TCP_SEQ, seq);
	if ((flags & TH_URG) == 0)
		put16(pkt_l4(q) + TCP_URGENT, 0);
	finish(q);
	(void)r->forward(r->w, q, r->out);
}

/*
 * Send what has become of seg, cut into segments if it has grown (RFC 6384, 5).
 */
static void
send_stream(const struct run *r, const struct pkt *seg,
    const struct stream_out *o)
{
	const uint8_t last = PKT_TH_FIN | PKT_TH_PSH;
	uint8_t flags = seg->tcp_flags;
	size_t max = pkt_payload_len(seg), at = 0, n;

	if (max < SMALL_SEGMENT)
		max = SMALL_SEGMENT;
	if (o->changed)
		flags &= (uint8_t)~TH_URG;
	if (!o->fin)
		flags &= (uint8_t)~PKT_TH_FIN;
	if (o->owed_len > 0)
		send_segment(r, seg, o->owed_seq,
		    (uint8_t)(flags & ~(last | TH_URG)), o->owed, o->owed_len);
	do {
		n = o->len - at < max ? o->len - at : max;
		send_segment(r, seg, o->seq + (uint32_t)at,
		    at + n < o->len ? (uint8_t)(flags & ~last) : flags,
		    o->data + at, n);
		flags &= (uint8_t)~PKT_TH_CWR;
		at += n;
	} while (at < o->len);
}

/* Send a segment without data to the client or to the server. */
static void
send_plain(const struct run *r, enum alg_dir from, struct tcp_plain *plain)
{
	struct nat64 *n = r->w->n;
	const struct session *s = r->s;
	const struct tuple4 out4 = { s->out4, s->peer };
	struct pkt *q = nat64_buffer(r->w, BUFFER_GATEWAY);
	struct tuple6 t = { { nat64_peer6(n, s), s->peer.port }, s->in6 };

	if (from == ALG_FROM_CLIENT)
		t = (struct tuple6){ t.dst, t.src };
	tcp_plain_build6(q, &t, plain);
	if (from == ALG_FROM_CLIENT)
		xlat_6to4(q, &out4, &n->conf.xlat, &n->ids, false);
	nat64_emit(n, q);
}

/* Acknowledge to the sender of seg what the gateway holds. */
static void
send_ack(const struct run *r, struct pkt *seg, uint32_t ack_of_seg)
{
	const enum alg_dir back = other(r->dir);
	const uint8_t *opt = find_option(pkt_l4(seg), seg->l4hlen, OPT_STAMPS);
	struct tcp_plain plain = {
		.seq = ack_of_seg,
		.ack = stream_expected(&r->a->streams[r->dir]),
		.window = r->a->window[back],
		.flags = PKT_TH_ACK,
	};

	if (opt != NULL && opt[1] == OPT_STAMPS_LEN) {
		plain.stamped = true;
		plain.tsval = get32(opt + 6);
		plain.tsecr = get32(opt + 2);
	}
	send_plain(r, back, &plain);
}

/* RFC 6384, 12: the client and the server would wait for one another. */
static void
end_connection(struct run *r)
{
	struct stream *client = &r->a->streams[ALG_FROM_CLIENT];
	struct stream *server = &r->a->streams[ALG_FROM_SERVER];
	struct tcp_plain to_client = { .seq = server->decided_new,
		.ack = stream_expected(client),
		.flags = PKT_TH_RST | PKT_TH_ACK };
	struct tcp_plain to_server = { .seq = client->decided_new,
		.ack = stream_expected(server),
		.flags = PKT_TH_RST | PKT_TH_ACK };

	send_plain(r, ALG_FROM_SERVER, &to_client);
	send_plain(r, ALG_FROM_CLIENT, &to_server);
	nat64_session_end(r->w->n, r->s, r->w->now);
	r->ended = true;
}

/* --- a segment --- */

static bool
expect(void *arg, uint16_t port, struct taddr4 *out4)
{
	const struct run *r = arg;

	return (nat64_expect(r->w, r->s, port, out4));
}

/* It has let go: does anything remain to be done for the connection? */
static void
maybe_close(struct run *r)
{
	const struct stream *s;

	for (s = r->a->streams; s < r->a->streams + ALG_NDIRS; s++)
		if (!s->free || !stream_is_settled(s) || stream_shift(s) != 0)
			return;
	nat64_alg_close(r->w->n, r->s);
	r->closed = true;
	nat64_note_change(r->w->n, r->s, NAT64_CHANGE_STATE);
}

static void
let_go(struct run *r)
{
	r->w->n->stats.counters[NAT64_GATEWAY_LET_GO]++;
	stream_let_go(&r->a->streams[ALG_FROM_CLIENT]);
	stream_let_go(&r->a->streams[ALG_FROM_SERVER]);
}

/* A SYN begins a stream. One with data cannot be followed (RFC 7413). */
static void
handle_syn(struct run *r, struct pkt *seg)
{
	struct stream *s = &r->a->streams[r->dir];
	const uint32_t first = get32(pkt_l4(seg) + TCP_SEQ) + 1;

	if (!s->begun || (!s->free && s->decided != first))
		stream_begin(s, first);
	send_segment(r, seg, first - 1, seg->tcp_flags,
	    pkt_l4(seg) + seg->l4hlen, pkt_payload_len(seg));
	if (pkt_payload_len(seg) > 0) {
		let_go(r);
		maybe_close(r);
	}
}

/* Is it something new from a client that is to wait? */
static bool
must_rest(const struct run *r, const struct stream_segment *seg)
{
	const struct stream *s = &r->a->streams[ALG_FROM_CLIENT];
	const uint32_t end = seg->seq + (uint32_t)seg->len;

	return (r->w->n->algs_rest && r->dir == ALG_FROM_CLIENT && !s->free &&
	    s->n_held == 0 && (int32_t)(end - stream_expected(s)) > 0);
}

static enum pass
handle_data(struct run *r, struct pkt *seg)
{
	const struct alg_flow flow = { r->s->in6, r->s->peer, expect, r };
	struct pkt *room = nat64_buffer(r->w, BUFFER_STREAM);
	struct stream *s = &r->a->streams[r->dir];
	const uint32_t ack = get32(pkt_l4(seg) + PKT_TCP_ACK);
	const struct stream_segment in = {
		.seq = get32(pkt_l4(seg) + TCP_SEQ),
		.data = pkt_l4(seg) + seg->l4hlen,
		.len = pkt_payload_len(seg),
		.fin = (seg->tcp_flags & PKT_TH_FIN) != 0,
	};
	struct stream_out o = { .data = room->data,
		.size = STREAM_ROOM(LARGE_SEGMENT) };
	enum alg_what what;

	adjust_ack(r, seg);
	if (must_rest(r, &in))
		return (passage_end(r->w, NAT64_HELD, NAT64_NONE));
	what = stream_input(s, &in, r->a->gateway, r->a->state, &flow, r->dir,
	    r->w->now, &o);
	if (what == ALG_END) {
		end_connection(r);
		return (nat64_drop(r->w, NAT64_GATEWAY_ENDED));
	}
	if (what == ALG_LET_GO)
		let_go(r);
	if (o.drop)
		return (passage_end(r->w, NAT64_HELD, NAT64_NONE));
	send_stream(r, seg, &o);
	if (o.ack)
		send_ack(r, seg, ack);
	maybe_close(r);
	return (PASS_DONE);
}

/*
 * An acknowledgment only, from a host that has sent what is not known here, of
 * a connection from before a restart. It may have been lost: then it comes
 * again.
 */
static bool
is_ahead(const struct run *r, const struct pkt *seg)
{
	const struct stream *s = &r->a->streams[r->dir];
	const uint32_t seq = get32(pkt_l4(seg) + TCP_SEQ);

	return (s->unsure && pkt_payload_len(seg) == 0 &&
	    (seg->tcp_flags & (PKT_TH_SYN | PKT_TH_FIN | PKT_TH_RST)) == 0 &&
	    (int32_t)(seq - s->decided) > 0);
}

/* A connection from before a restart whose numbers nobody knows. */
static bool
is_lost(const struct run *r, const struct pkt *seg)
{
	const uint8_t *tcp = pkt_l4(seg);
	struct stream *s = r->a->streams;

	if ((seg->tcp_flags & PKT_TH_SYN) != 0)
		return (false);
	if (r->a->lost ||
	    ((seg->tcp_flags & PKT_TH_ACK) != 0 &&
		stream_is_stale_ack(&s[other(r->dir)],
		    get32(tcp + PKT_TCP_ACK))))
		return (true);
	return (!is_ahead(r, seg) &&
	    stream_is_stale(&s[r->dir], get32(tcp + TCP_SEQ)));
}

/* The other side gets an RST, too, when it sends something. */
static enum pass
end_lost(struct run *r, const struct pkt *seg)
{
	struct tcp_plain reset = { .seq = get32(pkt_l4(seg) + PKT_TCP_ACK),
		.flags = PKT_TH_RST };

	if ((seg->tcp_flags & (PKT_TH_ACK | PKT_TH_RST)) == PKT_TH_ACK)
		send_plain(r, other(r->dir), &reset);
	r->a->lost = true;
	return (nat64_drop(r->w, NAT64_GATEWAY_ENDED));
}

static enum pass
handle_followed(struct run *r, struct pkt *seg)
{
	const struct stream *s = &r->a->streams[r->dir];

	if (is_lost(r, seg))
		return (end_lost(r, seg));
	if (is_ahead(r, seg))
		return (passage_end(r->w, NAT64_HELD, NAT64_NONE));
	r->a->window[r->dir] = get16(pkt_l4(seg) + TCP_WINDOW);
	if ((seg->tcp_flags & PKT_TH_SYN) != 0) {
		adjust_ack(r, seg);
		handle_syn(r, seg);
		return (PASS_DONE);
	}
	if (!s->begun || (seg->tcp_flags & PKT_TH_RST) != 0) {
		adjust_ack(r, seg);
		send_segment(r, seg,
		    stream_to_new(s, get32(pkt_l4(seg) + TCP_SEQ)),
		    seg->tcp_flags, pkt_l4(seg) + seg->l4hlen,
		    pkt_payload_len(seg));
		return (PASS_DONE);
	}
	return (handle_data(r, seg));
}

static enum pass
handle_segment(struct run *r, struct pkt *seg)
{
	enum pass pass;

	if (r->closed)
		return (r->forward(r->w, seg, r->out));
	pass = handle_followed(r, seg);
	if (!r->closed && !r->ended)
		nat64_alg_note(r->w->n, r->s, r->a);
	return (pass);
}

enum pass
nat64_alg_forward(struct passage *w, struct pkt *p, const void *out,
    nat64_forward_fn *forward)
{
	struct run r = { .w = w,
		.s = w->session,
		.dir = p->family == PKT_V6 ? ALG_FROM_CLIENT : ALG_FROM_SERVER,
		.out = out,
		.forward = forward };
	unsigned i, n;

	if (!has_good_cksum(p))
		return (nat64_drop(w, NAT64_GATEWAY_CKSUM));
	r.a = nat64_alg_find(w->n, r.s);
	if (p->ofl.seg == PKT_SEG_NONE && pkt_payload_len(p) > LARGE_SEGMENT) {
		p->ofl.seg = PKT_SEG_TCP;
		p->ofl.seg_size = LARGE_SEGMENT;
	}
	if (p->ofl.seg == PKT_SEG_NONE) {
		pkt_complete_cksum(p);
		return (handle_segment(&r, p));
	}
	n = gso_count(p);
	for (i = 0; i < n && !r.ended; i++) {
		struct pkt *seg = nat64_buffer(w, BUFFER_SEGMENT);

		gso_build(p, seg, i);
		(void)handle_segment(&r, seg);
	}
	return (PASS_DONE);
}

bool
nat64_alg_wants_whole6(const struct nat64 *n, const struct pkt *p,
    struct in_addr addr4, unsigned prefix)
{
	const struct taddr6 in6 = { p->ip6.src, p->sport };
	const struct taddr4 peer = { addr4, p->dport };
	const struct session *s;

	if (p->l4 != L4_TCP || n->alg_slab.used == 0)
		return (false);
	s = session_find6(&n->sessions, L4_TCP, &in6, &peer, prefix);
	return (s != NULL && s->gateway);
}

bool
nat64_alg_wants_whole4(const struct nat64 *n, const struct pkt *p)
{
	const struct tuple4 t = { { p->ip4.dst, p->dport },
		{ p->ip4.src, p->sport } };
	const struct session *s;

	if (p->l4 != L4_TCP || n->alg_slab.used == 0)
		return (false);
	s = session_find4(&n->sessions, L4_TCP, &t);
	return (s != NULL && s->gateway);
}
