#include "pref64_list.h"

static void
remove_at(struct pref64_list *l, size_t i)
{
	for (l->n--; i < l->n; i++)
		l->learnt[i] = l->learnt[i + 1];
}

static bool
is_at(const struct pref64_learnt *e, const struct pref64 *p,
    enum pref64_source source)
{
	return (e->source == source && pref64_equal(&e->prefix, p));
}

void
pref64_list_add(struct pref64_list *l, const struct pref64 *p,
    enum pref64_source source, uint32_t lifetime_secs, struct monotime now)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (is_at(&l->learnt[i], p, source))
			break;
	if (lifetime_secs == 0) {
		if (i < l->n)
			remove_at(l, i);
		return;
	}
	if (i == PREF64_LIST_MAX)
		return;
	if (i == l->n)
		l->n++;
	l->learnt[i] = (struct pref64_learnt){ *p, source,
		monotime_add_secs(now, lifetime_secs) };
}

void
pref64_list_clear(struct pref64_list *l, enum pref64_source source)
{
	size_t i = 0;

	while (i < l->n) {
		if (l->learnt[i].source == source)
			remove_at(l, i);
		else
			i++;
	}
}

/* The first of a source, or the current one if it is among them. */
static const struct pref64_learnt *
best_of(const struct pref64_list *l, enum pref64_source source)
{
	const struct pref64_learnt *e, *first = NULL;

	for (e = l->learnt; e < l->learnt + l->n; e++) {
		if (l->has_current && is_at(e, &l->current, source))
			return (e);
		if (first == NULL && e->source == source)
			first = e;
	}
	return (first);
}

bool
pref64_list_choose(struct pref64_list *l, struct monotime now)
{
	const struct pref64_list old = *l;
	const struct pref64_learnt *best;
	size_t i = 0;

	while (i < l->n) {
		if (monotime_reached(l->learnt[i].until, now))
			remove_at(l, i);
		else
			i++;
	}
	best = best_of(l, PREF64_BY_RA);
	if (best == NULL)
		best = best_of(l, PREF64_BY_DNS);
	l->has_current = best != NULL;
	if (best == NULL)
		return (old.has_current);
	l->current = best->prefix;
	l->current_source = best->source;
	return (!old.has_current || !pref64_equal(&old.current, &l->current));
}

bool
pref64_list_next(const struct pref64_list *l, struct monotime *when)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (i == 0 || l->learnt[i].until.ns < when->ns)
			*when = l->learnt[i].until;
	return (l->n > 0);
}

bool
pref64_list_has(const struct pref64_list *l, enum pref64_source source)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->learnt[i].source == source)
			return (true);
	return (false);
}
