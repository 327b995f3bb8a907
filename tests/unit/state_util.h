/*
 * For tests of saved state: the translator of the lab as a stream of records,
 * a new translator made from it, and its tables as text.
 */
#ifndef TESTS_UNIT_STATE_UTIL_H
#define TESTS_UNIT_STATE_UTIL_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/state/recover.h"
#include "nat64d/state/snapshot.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/nat64_lab.h"

#define WALL_MS INT64_C(1800000000000) /* when the lab's clock is 0 */
#define STREAM_MAX (1024 * 1024)

static uint8_t stream[STREAM_MAX];
static size_t stream_len;
static struct recover recovered;

static inline struct nat64_clocks
clocks(void)
{
	return (
	    (struct nat64_clocks){ lab.now, WALL_MS + lab.now.ns / 1000000 });
}

/* Save the lab in slices; between them something happens. */
static inline void
save_slices(unsigned max, void (*happen)(unsigned slice))
{
	const struct nat64_clocks at = clocks();
	struct snapshot *s = snapshot_new(lab.n, &at, "nat64d test", true);
	const uint8_t *bytes;
	unsigned slice = 0;
	size_t len;
	bool more;

	REQUIRE(s != NULL);
	stream_len = 0;
	do {
		more = snapshot_slice(s, max, &bytes, &len);
		REQUIRE(stream_len + len <= STREAM_MAX);
		memcpy(stream + stream_len, bytes, len);
		stream_len += len;
		if (more && happen != NULL)
			happen(slice++);
	} while (more);
	snapshot_free(s);
}

static inline void
save(void)
{
	save_slices(7, NULL);
}

/* A new translator with lab.conf, and what the stream says. */
static inline void
restore(void)
{
	const struct nat64_clocks at = clocks();

	lab_start();
	recover_begin(&recovered, lab.n, &at, false);
	(void)record_read(&recovered.reader, stream, stream_len);
	ck_assert_int_eq(recover_end(&recovered), 0);
}

/* How many were left out for that reason. */
static inline uint64_t
left_bindings(enum nat64_left why)
{
	return (recovered.restore.counts.left_bindings[why]);
}

static inline uint64_t
left_sessions(enum nat64_left why)
{
	return (recovered.restore.counts.left_sessions[why]);
}

static inline int
text_session(const struct session *s, char *text, size_t size)
{
	return (snprintf(text, size,
	    " to %s:%u by %s state %u class %u acks %u %u%s left %lld\n",
	    text4(s->peer.addr), s->peer.port, text6(nat64_peer6(lab.n, s)),
	    s->tcp_state, s->cls, s->ack6, s->ack4,
	    s->inbound ? " inbound" : "",
	    (long long)monotime_diff_ms(
		session_expires(nat64_sessions(lab.n), s), lab.now)));
}

/* All that is to be the same afterwards. */
static inline void
text_tables(char *text, size_t size)
{
	const struct bib *bib;
	const struct session *s;
	struct bib_walk w;
	struct bib_entry *e;
	unsigned proto, steps = UINT32_MAX;
	size_t n = 0;

	for (proto = 0; proto < L4_NPROTO; proto++) {
		bib = nat64_bib(lab.n, (enum l4proto)proto);
		memset(&w, 0, sizeof(w));
		while ((e = bib_walk_at(bib, &w, &steps)) != NULL) {
			n += (size_t)snprintf(text + n, size - n,
			    "%u %s.%u %s:%u%s sessions %u inbound %u prefix "
			    "%d paired %u\n",
			    proto, text6(e->in6.addr), e->in6.port,
			    text4(e->out4.addr), e->out4.port,
			    e->is_static ? " static" : "", e->n_sessions,
			    e->n_inbound, e->prefix,
			    ntohl(e->sub->pool_addr.s_addr));
			for (s = session_next_of_bib(e, NULL); s != NULL;
			     s = session_next_of_bib(e, &s->peer))
				n += (size_t)text_session(s, text + n,
				    size - n);
			REQUIRE(n < size);
			bib_walk_past(&w, e);
		}
	}
}

#endif
