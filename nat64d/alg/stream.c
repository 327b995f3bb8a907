/*
 * A segment becomes, in this order: what the receiver has got or been sent
 * before (repeat()), and new bytes, as the gateway decides about them
 * (decide()). Both are contiguous in new numbers.
 */
#include <string.h>

#include "stream.h"

/* New bytes that have come, and how far they have been taken. */
struct fresh {
	const struct alg_gateway *gw;
	void *state;
	const struct alg_flow *flow;
	enum alg_dir dir;
	struct stream_out *out;
	const uint8_t *data;
	size_t len;
	/* So many of the bytes held came with earlier segments. */
	size_t repeated_by_us;
	bool full; /* there is no room for a piece: the rest is dropped */
};

/* How far a is behind b; negative: before it. */
static inline int32_t
distance(uint32_t a, uint32_t b)
{
	return ((int32_t)(a - b));
}

static inline uint32_t
old_end(const struct stream_piece *p)
{
	return (p->old + p->old_len);
}

static inline uint32_t
new_end(const struct stream_piece *p)
{
	return (p->new + p->new_len);
}

void
stream_begin(struct stream *s, uint32_t first)
{
	memset(s, 0, sizeof(*s));
	s->begun = true;
	s->decided = s->decided_new = s->acked = s->base = first;
}

void
stream_resume(struct stream *s, uint32_t old, uint32_t new, bool free,
    bool unsure)
{
	stream_begin(s, old);
	s->free = free;
	s->unsure = unsure;
	s->decided_new = s->acked = new;
	s->base_shift = new - old;
}

bool
stream_is_stale(struct stream *s, uint32_t seq)
{
	if (!s->unsure)
		return (false);
	if (distance(seq, s->decided) > 0)
		return (true);
	s->unsure = false;
	return (false);
}

bool
stream_is_stale_ack(const struct stream *s, uint32_t ack)
{
	/* A FIN takes one number. */
	return (s->unsure && distance(ack, s->decided_new + 1) > 0);
}

uint32_t
stream_to_new(const struct stream *s, uint32_t old)
{
	const int32_t ahead = distance(old, s->decided);
	const struct stream_piece *p;
	unsigned i;

	if (ahead >= 0)
		return (ahead <= s->n_held ? s->decided_new :
					     old + stream_shift(s));
	for (i = s->n_pieces; i-- > 0;) {
		p = &s->pieces[i];
		if (distance(old, old_end(p)) >= 0)
			return (old + new_end(p) - old_end(p));
		if (distance(old, p->old) >= 0)
			return (old - p->old < p->new_len ?
				p->new + (old - p->old) :
				new_end(p));
	}
	return (old + s->base_shift);
}

uint32_t
stream_to_old(const struct stream *s, uint32_t new)
{
	const struct stream_piece *p;
	unsigned i;

	if (distance(new, s->decided_new) >= 0)
		return (new - stream_shift(s) +
		    (new == s->decided_new ? s->n_held : 0U));
	for (i = s->n_pieces; i-- > 0;) {
		p = &s->pieces[i];
		if (distance(new, new_end(p)) >= 0)
			return (new - new_end(p) + old_end(p));
		if (distance(new, p->new) >= 0)
			return (p->old);
	}
	return (new - s->base_shift);
}

static void
forget_first(struct stream *s)
{
	const unsigned len = s->pieces[0].new_len;

	s->base = old_end(&s->pieces[0]);
	s->base_shift = new_end(&s->pieces[0]) - s->base;
	s->n_pieces--;
	s->n_bytes -= len;
	memmove(s->pieces, s->pieces + 1, s->n_pieces * sizeof(s->pieces[0]));
	memmove(s->bytes, s->bytes + len, s->n_bytes);
}

void
stream_acked(struct stream *s, uint32_t new)
{
	/* A FIN takes one number behind the last byte. */
	if (distance(new, s->acked) <= 0 ||
	    distance(new, s->decided_new + 1) > 0)
		return;
	s->acked = new;
	while (s->n_pieces > 0 && distance(new, new_end(&s->pieces[0])) >= 0)
		forget_first(s);
}

/* Append to what is sent; the caller has made room (STREAM_ROOM()). */
static void
put(struct stream_out *out, const uint8_t *data, size_t len)
{
	if (len > out->size - out->len)
		len = out->size - out->len;
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

static bool
has_room(const struct stream *s)
{
	return (s->n_pieces + 1 < STREAM_MAX_PIECES &&
	    s->n_bytes + s->n_held + ALG_MAX_BYTES <= STREAM_MAX_BYTES);
}

/* The next `used' bytes are replaced by these. */
static void
add_piece(struct stream *s, size_t used, const uint8_t *bytes, size_t len,
    bool owed)
{
	s->pieces[s->n_pieces++] = (struct stream_piece){
		.old = s->decided,
		.new = s->decided_new,
		.old_len = (uint16_t)used,
		.new_len = (uint16_t)len,
		.owed = owed,
	};
	memcpy(s->bytes + s->n_bytes, bytes, len);
	s->n_bytes += (unsigned)len;
}

/* The first `used' of the bytes held have been decided about. */
static void
take_held(struct stream *s, struct fresh *f, size_t used, size_t new_len)
{
	s->decided += (uint32_t)used;
	s->decided_new += (uint32_t)new_len;
	s->n_held = (uint16_t)(s->n_held - used);
	memmove(s->held, s->held + used, s->n_held);
	f->repeated_by_us -=
	    used < f->repeated_by_us ? used : f->repeated_by_us;
}

/* Bytes pass. Those that the sender may not repeat are kept. */
static void
pass_held(struct stream *s, struct fresh *f, size_t used)
{
	const size_t kept =
	    used < f->repeated_by_us ? used : f->repeated_by_us;

	if (kept > 0) {
		add_piece(s, kept, s->held, kept, true);
		f->out->changed = true;
	}
	put(f->out, s->held, used);
	take_held(s, f, used, used);
}

static void
replace_held(struct stream *s, struct fresh *f, const struct alg_step *step,
    size_t used)
{
	add_piece(s, used, step->bytes, step->n_bytes,
	    used <= f->repeated_by_us);
	f->out->changed = true;
	put(f->out, step->bytes, step->n_bytes);
	take_held(s, f, used, step->n_bytes);
}

void
stream_let_go(struct stream *s)
{
	s->free = true;
	s->n_early = 0;
}

/*
 * Everything passes from here on. The held bytes always have room: has_room()
 * counts them before each step that may be followed by this.
 */
static void
pass_rest(struct stream *s, struct fresh *f)
{
	stream_let_go(s);
	pass_held(s, f, s->n_held);
	put(f->out, f->data, f->len);
	s->decided += (uint32_t)f->len;
	s->decided_new += (uint32_t)f->len;
	f->len = 0;
}

/* Let the gateway decide until it waits. */
static enum alg_what
run_gateway(struct stream *s, struct fresh *f)
{
	struct alg_step step;
	size_t used;

	while (s->n_held > 0) {
		f->full = !has_room(s);
		if (f->full)
			return (ALG_WAIT);
		step.used = step.n_bytes = 0;
		f->gw->step(f->state, f->flow, f->dir, s->held, s->n_held,
		    &step);
		used = step.used < s->n_held ? step.used : s->n_held;
		if (step.what == ALG_PASS && used > 0)
			pass_held(s, f, used);
		else if (step.what == ALG_REPLACE &&
		    (used > 0 || step.n_bytes > 0))
			replace_held(s, f, &step, used);
		else
			return (step.what);
	}
	return (ALG_WAIT);
}

/* Let the gateway decide about f->data as well. */
static enum alg_what
decide(struct stream *s, struct fresh *f)
{
	enum alg_what what = ALG_WAIT;
	size_t n;

	do {
		n = sizeof(s->held) - s->n_held;
		if (n > f->len)
			n = f->len;
		memcpy(s->held + s->n_held, f->data, n);
		s->n_held = (uint16_t)(s->n_held + n);
		f->data += n;
		f->len -= n;
		what = run_gateway(s, f);
		if (s->n_held == sizeof(s->held) && !f->full)
			what = what == ALG_END ? what : ALG_LET_GO;
	} while (what == ALG_WAIT && f->len > 0 && !f->full);
	if (f->full) {
		s->n_held = (uint16_t)f->repeated_by_us;
		f->len = 0;
	}
	if (what == ALG_LET_GO)
		pass_rest(s, f);
	return (what);
}

/*
 * What was sent before for old numbers from seg->seq on, up to those that have
 * been decided about. Bytes before base have arrived, so it does not matter
 * which ones are sent. Bytes that were inserted where the segment begins come
 * before it: the number of that place is the one behind them. Elsewhere they
 * are a part of it.
 */
static void
repeat(const struct stream *s, const struct stream_segment *seg,
    struct stream_out *out)
{
	uint32_t at = seg->seq, stop = seg->seq + (uint32_t)seg->len;
	const uint8_t *bytes = s->bytes;
	const struct stream_piece *p;
	bool inserted;

	if (distance(stop, s->decided) > 0)
		stop = s->decided;
	for (p = s->pieces; p < s->pieces + s->n_pieces;
	     bytes += p->new_len, p++) {
		inserted = p->old_len == 0 && p->old != seg->seq;
		if (distance(old_end(p), at) < (inserted ? 0 : 1))
			continue;
		if (distance(p->old, stop) >= (inserted ? 1 : 0))
			break;
		if (distance(p->old, at) > 0)
			put(out, seg->data + (at - seg->seq), p->old - at);
		else if (at == seg->seq)
			out->seq = p->new;
		put(out, bytes, p->new_len);
		out->changed = true;
		at = old_end(p);
	}
	if (distance(stop, at) > 0)
		put(out, seg->data + (at - seg->seq), stop - at);
}

/* A segment in front of which others are missing: keep its bytes. */
static void
keep_early(struct stream *s, const struct stream_segment *seg)
{
	const uint32_t end = s->early_at + s->n_early;

	if (s->n_early > 0 && seg->seq == end &&
	    seg->len <= sizeof(s->early) - s->n_early) {
		memcpy(s->early + s->n_early, seg->data, seg->len);
		s->n_early = (uint16_t)(s->n_early + seg->len);
	} else if (s->n_early == 0 && seg->len <= sizeof(s->early)) {
		memcpy(s->early, seg->data, seg->len);
		s->n_early = (uint16_t)seg->len;
		s->early_at = seg->seq;
	}
}

/* Bytes that came early follow now, or came once more. */
static bool
next_early(struct stream *s, struct fresh *f)
{
	const int32_t skip = distance(stream_expected(s), s->early_at);

	if (s->n_early == 0 || skip < 0)
		return (false);
	f->data = s->early + skip;
	f->len = skip < s->n_early ? s->n_early - (size_t)skip : 0;
	s->n_early = 0;
	return (f->len > 0);
}

/* The first piece that nobody but us repeats, if it comes before all this. */
static void
find_owed(const struct stream *s, struct stream_out *out)
{
	const uint8_t *bytes = s->bytes;
	const struct stream_piece *p;

	for (p = s->pieces;
	     p < s->pieces + s->n_pieces && distance(p->new, out->seq) < 0;
	     bytes += p->new_len, p++)
		if (p->owed && p->new_len > 0) {
			out->owed = bytes;
			out->owed_seq = p->new;
			out->owed_len = p->new_len;
			return;
		}
}

/* The bytes of seg that are new, and those that came early. */
static enum alg_what
input_fresh(struct stream *s, const struct stream_segment *seg,
    struct fresh *f, struct monotime now)
{
	const uint32_t waited = s->decided;
	const size_t skip = stream_expected(s) - seg->seq;
	const bool late = s->n_held > 0 &&
	    monotime_reached(monotime_add_secs(s->waiting, STREAM_HOLD_SECS),
		now);
	enum alg_what what = ALG_WAIT;

	f->repeated_by_us = s->n_held;
	f->data = seg->data + skip;
	f->len = seg->len - skip;
	if (s->free || (late && f->len > 0)) {
		what = s->free ? ALG_WAIT : ALG_LET_GO;
		pass_rest(s, f);
		return (what);
	}
	if (f->len > 0)
		what = decide(s, f);
	if (what == ALG_WAIT && !f->full && next_early(s, f))
		what = decide(s, f);
	if (f->full)
		f->out->fin = false;
	else if (what == ALG_WAIT && f->out->fin && s->n_held > 0) {
		pass_rest(s, f);
		what = ALG_LET_GO;
	}
	if (s->decided != waited || f->repeated_by_us == 0)
		s->waiting = now;
	return (what);
}

/* A segment in front of which others are missing. */
static void
input_early(struct stream *s, const struct stream_segment *seg,
    struct stream_out *out)
{
	if (seg->len == 0 && !seg->fin)
		return; /* an acknowledgment */
	if (s->free && s->n_held == 0) {
		put(out, seg->data, seg->len);
		s->decided = seg->seq + (uint32_t)seg->len;
		s->decided_new = out->seq + (uint32_t)seg->len;
		return;
	}
	out->drop = true;
	if (!s->free && !seg->fin)
		keep_early(s, seg);
}

enum alg_what
stream_input(struct stream *s, const struct stream_segment *seg,
    const struct alg_gateway *gw, void *state, const struct alg_flow *flow,
    enum alg_dir dir, struct monotime now, struct stream_out *out)
{
	struct fresh f = { .gw = gw,
		.state = state,
		.flow = flow,
		.dir = dir,
		.out = out };
	const uint32_t end = seg->seq + (uint32_t)seg->len;
	enum alg_what what = ALG_WAIT;

	out->drop = out->ack = out->changed = false;
	out->fin = seg->fin;
	out->len = out->owed_len = 0;
	out->seq = stream_to_new(s, seg->seq);
	if (distance(seg->seq, stream_expected(s)) > 0) {
		input_early(s, seg, out);
		return (ALG_PASS);
	}
	if (distance(seg->seq, s->decided) < 0)
		repeat(s, seg, out);
	if (distance(end, stream_expected(s)) > 0 ||
	    (end == stream_expected(s) && seg->fin))
		what = input_fresh(s, seg, &f, now);
	if (seg->len > 0) {
		find_owed(s, out);
		out->ack =
		    out->len == 0 && distance(s->acked, s->decided_new) >= 0;
	}
	return (what == ALG_WAIT ? ALG_PASS : what);
}
