#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "snapshot.h"
#include "nat64d/core/nat64_walk.h"

struct snapshot {
	const struct nat64 *n;
	struct nat64_clocks at;
	struct record_writer w;
	struct pref64 prefixes[NAT64_MAX_PREFIXES]; /* as written */
	size_t n_prefixes;
	bool role_written;
	bool whole;			/* and the epoch is to be written */
	struct pool4_block_walk blocks; /* the first to be written */
	enum { FIRST, NEXT, DONE } mappings;
	struct nat64_mapping mapping; /* the last one written */
	struct nat64_walk walk;
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

static void
write_role(struct snapshot *s)
{
	const struct nat64_saved_role role = { .role = nat64_role(s->n),
		.draining = nat64_is_draining(s->n) };

	if (!s->role_written)
		record_role(&s->w, &role);
	s->role_written = true;
}

struct snapshot *
snapshot_new(const struct nat64 *n, const struct nat64_clocks *at,
    const char *program, bool whole)
{
	struct snapshot *s;

	s = malloc(sizeof(*s));
	if (s == NULL)
		return (NULL);
	s->n = n;
	s->at = *at;
	memset(&s->blocks, 0, sizeof(s->blocks));
	memset(&s->walk, 0, sizeof(s->walk));
	s->n_prefixes = 0;
	s->role_written = false;
	s->whole = whole;
	s->mappings = FIRST;
	record_begin(&s->w, at->wall_ms, program);
	return (s);
}

void
snapshot_free(struct snapshot *s)
{
	free(s);
}

static void
write_binding(struct snapshot *s, const struct bib_entry *e)
{
	struct nat64_saved_binding saved;

	nat64_save_binding(s->n, e, &saved);
	record_binding(&s->w, &saved);
}

static void
write_session(struct snapshot *s, const struct session *session)
{
	struct nat64_saved_session saved;

	if (nat64_save_session(s->n, session, &s->at, &saved))
		record_session(&s->w, session->proto, &saved);
}

/* Returns true while there is more. */
static bool
write_blocks(struct snapshot *s, unsigned *max)
{
	struct nat64_saved_block saved;
	struct pool4_block block;

	while (record_has_room(&s->w) &&
	    pool4_block_walk_next(nat64_pool(s->n), &s->blocks, max, &block)) {
		/* The configuration has those that are computed. */
		if (block.fixed)
			continue;
		nat64_save_block(s->n, &block, &saved);
		record_block(&s->w, &saved);
	}
	return (*max == 0 || !record_has_room(&s->w));
}

static void
write_epoch(struct snapshot *s)
{
	if (s->whole)
		record_epoch(&s->w, nat64_save_epoch(s->n, &s->at));
	s->whole = false;
}

/* Returns true while there is more. */
static bool
write_mappings(struct snapshot *s, unsigned *max)
{
	struct nat64_saved_mapping saved;

	while (s->mappings != DONE && record_has_room(&s->w) && *max > 0) {
		(*max)--;
		if (nat64_save_mapping(s->n, &s->mapping, s->mappings == FIRST,
			&s->at, &saved)) {
			record_mapping(&s->w, &saved);
			s->mappings = NEXT;
		} else
			s->mappings = DONE;
	}
	return (*max == 0 || !record_has_room(&s->w));
}

/* Returns true while there is more. */
static bool
write_some(struct snapshot *s, unsigned max)
{
	const struct bib_entry *e;
	const struct session *session;

	if (write_blocks(s, &max) || write_mappings(s, &max))
		return (true);
	while (record_has_room(&s->w))
		switch (nat64_walk_next(s->n, &s->walk, &max, &e, &session)) {
		case NAT64_MET_BINDING:
			write_binding(s, e);
			break;
		case NAT64_MET_SESSION:
			write_session(s, session);
			break;
		case NAT64_MET_PAUSE:
			return (true);
		case NAT64_MET_END:
			record_end(&s->w);
			return (false);
		}
	return (true);
}

bool
snapshot_slice(struct snapshot *s, unsigned max, const uint8_t **bytes,
    size_t *len)
{
	bool more;

	write_role(s);
	write_epoch(s);
	write_prefixes(s);
	more = write_some(s, max);
	*bytes = record_take(&s->w, len);
	return (more);
}
