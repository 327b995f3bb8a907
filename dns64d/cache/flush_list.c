#include <string.h>

#include "flush_list.h"

void
flush_add(struct flush_list *list, const uint8_t *name, bool below,
    struct monotime now)
{
	struct flush_mark *m;

	if (list->n == FLUSH_MAX) {
		list->n = 0;
		name = (const uint8_t *)"";
		below = true;
	}
	m = &list->v[list->n++];
	memcpy(m->name, name, name_length(name));
	m->below = below;
	m->at = now;
}

static bool
is_named(const struct flush_mark *m, const uint8_t *name)
{
	return (m->below ? name_is_below(name, m->name) :
			   name_equal(name, m->name));
}

/* Whether a record of the answer section has the name. */
static bool
has_record(const struct flush_mark *m, const struct flush_entry *e)
{
	struct msg_rr rr = { .msg = NULL };
	uint8_t name[MSG_NAME_MAX];
	struct msg_scan scan;

	if (e->wire == NULL || msg_scan(e->wire, e->len, &scan) != MSG_SCAN_OK)
		return (false);
	while (msg_rr_next(&scan, MSG_ANSWER, &rr)) {
		name_copy(scan.wire, rr.off, name);
		if (is_named(m, name))
			return (true);
	}
	return (false);
}

bool
flush_concerns(const struct flush_list *list, const struct flush_entry *e)
{
	const struct flush_mark *m;
	unsigned i;

	for (i = 0; i < list->n; i++) {
		m = &list->v[i];
		if (e->stored_at.ns < m->at.ns &&
		    (is_named(m, e->name) ||
			(e->cut && name_is_below(m->name, e->name)) ||
			has_record(m, e)))
			return (true);
	}
	return (false);
}
