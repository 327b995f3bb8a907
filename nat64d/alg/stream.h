/*
 * One direction of a TCP connection in which bytes are inserted, removed and
 * replaced: the numbers of its segments and of their acknowledgments, and what
 * is sent for each segment that arrives (RFC 6384, 5).
 *
 * "Old" numbers are those of the sender, "new" ones those that the receiver
 * gets. A piece is a range of old numbers in whose place other bytes are sent.
 * It is kept until the receiver has acknowledged it: a segment that was lost
 * and contains any part of it leads to the same bytes again.
 *
 *	     base           pieces not acknowledged        decided   held
 *	old  ------|--------[  piece  ]-------[p]-------------|=======|....
 *	new  ------|------[ other bytes ]-----[ piece ]-------|
 *
 * Numbers before base differ by base_shift. A gateway has decided about all
 * bytes before `decided'; those it waits with are held. Held bytes are
 * acknowledged by us, because a sender that obeys Nagle's algorithm sends no
 * more until they are, but only if the receiver has acknowledged all bytes
 * before them. Nobody else repeats them then: when they are decided they
 * become a piece that is owed, which is sent again with each later segment of
 * the sender until the receiver has acknowledged it.
 *
 * Segments that arrive before those in front of them: one range of their bytes
 * is kept, the sender repeats others. Once the gateway has let go all bytes
 * pass, and only numbers change.
 *
 * Pure; all numbers are compared modulo 2^32 (RFC 9293, 3.4).
 */
#ifndef NAT64D_ALG_STREAM_H
#define NAT64D_ALG_STREAM_H

#include "common/monotime.h"

#include "alg.h"

#define STREAM_MAX_PIECES 24
#define STREAM_MAX_BYTES 1536 /* of all pieces */
#define STREAM_MAX_EARLY 512  /* bytes that came early */
#define STREAM_HOLD_SECS 2

struct stream_piece {
	uint32_t old;
	uint32_t new;
	uint16_t old_len;
	uint16_t new_len;
	bool owed; /* the sender does not repeat all of it */
};

struct stream {
	bool begun;		 /* its SYN has been seen */
	bool free;		 /* the gateway has let go */
	bool unsure;		 /* see stream_resume() */
	uint32_t decided;	 /* old number */
	uint32_t decided_new;	 /* the same as a new number */
	uint32_t acked;		 /* new number: what the receiver has */
	uint32_t base;		 /* old number */
	uint32_t base_shift;	 /* new - old before it */
	struct monotime waiting; /* since when bytes are held */
	unsigned n_pieces;
	unsigned n_bytes;
	uint16_t n_held;
	uint16_t n_early;
	uint32_t early_at; /* old number */
	struct stream_piece pieces[STREAM_MAX_PIECES];
	uint8_t bytes[STREAM_MAX_BYTES]; /* of the pieces, one after another */
	uint8_t held[ALG_MAX_HELD];
	uint8_t early[STREAM_MAX_EARLY];
};

/* A segment that arrives: old numbers. */
struct stream_segment {
	uint32_t seq;
	const uint8_t *data;
	size_t len;
	bool fin;
};

/* What is sent for it: new numbers. */
struct stream_out {
	bool drop;    /* nothing: the sender repeats it */
	bool ack;     /* acknowledge to the sender, up to stream_expected() */
	bool changed; /* the bytes are not those of the segment */
	bool fin;
	uint32_t seq;
	size_t len;
	uint8_t *data; /* the caller's, of size bytes */
	size_t size;
	/* A piece that is owed goes first, in a segment of its own. */
	uint32_t owed_seq;
	size_t owed_len;
	const uint8_t *owed; /* of the stream, valid until the next call */
};

/* The most bytes that a segment of len bytes can become. */
#define STREAM_ROOM(len) ((len) + ALG_MAX_HELD + 2 * STREAM_MAX_BYTES)

/* The number of the first byte is `first' (a SYN has been seen). */
void stream_begin(struct stream *s, uint32_t first);

/*
 * A connection from before a restart: when it was saved, the bytes before `old'
 * had been sent as those before `new'. unsure: if more were sent since then,
 * nobody knows their numbers. stream_is_stale() finds that out.
 */
void stream_resume(struct stream *s, uint32_t old, uint32_t new, bool free,
    bool unsure);

/*
 * Have bytes been sent that are not known here? seq, if from the sender, or
 * new numbers acknowledged by the receiver. After an answer false to the first
 * one the stream is not unsure any more.
 */
bool stream_is_stale(struct stream *s, uint32_t seq);
bool stream_is_stale_ack(const struct stream *s, uint32_t ack);

/* By how much do new numbers differ from old ones from now on? */
static inline uint32_t
stream_shift(const struct stream *s)
{
	return (s->decided_new - s->decided);
}

/* Are there neither pieces nor held bytes? */
static inline bool
stream_is_settled(const struct stream *s)
{
	return (s->n_pieces == 0 && s->n_held == 0);
}

/* The old number that the sender has to send next. */
static inline uint32_t
stream_expected(const struct stream *s)
{
	return (s->decided + s->n_held);
}

/* The new number of an old one: that of a segment without data. */
uint32_t stream_to_new(const struct stream *s, uint32_t old);

/*
 * The old number of a new one: what the sender is to be told of an
 * acknowledgment by the receiver. One inside a piece is that of its beginning.
 */
uint32_t stream_to_old(const struct stream *s, uint32_t new);

/* The receiver has acknowledged what comes before this new number. */
void stream_acked(struct stream *s, uint32_t new);

/*
 * A segment arrives. out->data and size are set by the caller; size is at least
 * STREAM_ROOM(len). The gateway decides about bytes that are new. Returns
 * ALG_PASS; ALG_LET_GO when it has let go with this segment, and then the
 * caller calls stream_let_go() for the other direction; or ALG_END.
 */
enum alg_what stream_input(struct stream *s, const struct stream_segment *seg,
    const struct alg_gateway *gw, void *state, const struct alg_flow *flow,
    enum alg_dir dir, struct monotime now, struct stream_out *out);

/*
 * The gateway lets go: the bytes that are held pass with the next segment of
 * the sender.
 */
void stream_let_go(struct stream *s);

#endif
