#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "snapshot.h"

/*
 * Where the next slice begins: in the BIB of proto at the place of the walk. If
 * "entered", the binding "last" has been written, with its sessions up to that
 * with peer.
 */
struct snapshot {
	const struct nat64 *n;
	struct nat64_clocks at;
	struct record_writer w;
	struct pref64 prefixes[NAT64_MAX_PREFIXES]; /* as written */
	size_t n_prefixes;
	int proto;
	struct bib_walk walk;
	bool entered;
	struct nat64_saved_binding last;
	bool peer_set;
	struct taddr4 peer;
};

/* Write the prefixes that have not been written, or are others now. */
static void
write_prefixes(struct snapshot *s)
{
	const size_t n = nat64_save_prefixes(s->n);
	struct pref64 p;
	size_t i;

	for (i = 0; i < n; i++) {
		p = nat64_save_prefix(s->n, i);
		if (i < s->n_prefixes && pref64_equal(&s->prefixes[i], &p))
			continue;
		record_prefix(&s->w, (uint8_t)i, &p);
		s->prefixes[i] = p;
	}
	if (s->n_prefixes < n)
		s->n_prefixes = n;
}

struct snapshot *
snapshot_new(const struct nat64 *n, const struct nat64_clocks *at,
    const char *program)
{
	struct snapshot *s;

	s = malloc(sizeof(*s));
	if (s == NULL)
		return (NULL);
	s->n = n;
	s->at = *at;
	s->proto = 0;
	memset(&s->walk, 0, sizeof(s->walk));
	s->entered = false;
	s->n_prefixes = 0;
	record_begin(&s->w, at->wall_ms, program);
	return (s);
}

void
snapshot_free(struct snapshot *s)
{
	free(s);
}

static bool
same_binding(const struct nat64_saved_binding *a, const struct bib_entry *e)
{
	return (a->in6.port == e->in6.port &&
	    IN6_ARE_ADDR_EQUAL(&a->in6.addr, &e->in6.addr) &&
	    a->out4.port == e->out4.port &&
	    a->out4.addr.s_addr == e->out4.addr.s_addr);
}

/*
 * Write the binding e, unless the last slice ended within it; true: it has been
 * written. The host may have got another port meanwhile.
 */
static bool
enter(struct snapshot *s, const struct bib_entry *e)
{
	if (s->entered && same_binding(&s->last, e))
		return (false);
	nat64_save_binding(s->n, e, &s->last);
	record_binding(&s->w, &s->last);
	s->entered = true;
	s->peer_set = false;
	return (true);
}

static bool
is_full(const struct snapshot *s, unsigned max)
{
	return (max == 0 || !record_has_room(&s->w));
}

/*
 * Write the rest of e. Returns how many entries of max are left; 0: there may
 * be more of e.
 */
static unsigned
write_entry(struct snapshot *s, const struct bib_entry *e, unsigned max)
{
	struct nat64_saved_session saved;
	const struct session *session;

	if (enter(s, e))
		max--;
	for (; !is_full(s, max); max--) {
		session =
		    session_next_of_bib(e, s->peer_set ? &s->peer : NULL);
		if (session == NULL)
			return (max);
		if (nat64_save_session(s->n, session, &s->at, &saved))
			record_session(&s->w, e->proto, &saved);
		s->peer_set = true;
		s->peer = session->peer;
	}
	return (0);
}

/* Returns true while there is more. */
static bool
write_some(struct snapshot *s, unsigned max)
{
	const struct bib *bib;
	struct bib_entry *e;

	for (; s->proto < L4_NPROTO; s->proto++) {
		bib = nat64_bib(s->n, (enum l4proto)s->proto);
		while (!is_full(s, max)) {
			e = bib_walk_at(bib, &s->walk, &max);
			if (e == NULL)
				break;
			max = write_entry(s, e, max);
			if (max > 0)
				bib_walk_past(&s->walk, e);
		}
		if (is_full(s, max))
			return (true);
		memset(&s->walk, 0, sizeof(s->walk));
		s->entered = false;
	}
	record_end(&s->w);
	return (false);
}

bool
snapshot_slice(struct snapshot *s, unsigned max, const uint8_t **bytes,
    size_t *len)
{
	bool more;

	write_prefixes(s);
	more = write_some(s, max);
	*bytes = record_take(&s->w, len);
	return (more);
}
