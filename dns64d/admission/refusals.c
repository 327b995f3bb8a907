#include <string.h>

#include "refusals.h"

static struct prefix
network_of(const struct sockaddr_storage *client)
{
	struct prefix p = { .family = client->ss_family };
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (p.family == AF_INET) {
		memcpy(&sin, client, sizeof(sin));
		p.len = REFUSALS_LEN4;
		memcpy(&p.v4, &sin.sin_addr, REFUSALS_LEN4 / 8);
	} else {
		memcpy(&sin6, client, sizeof(sin6));
		p.len = REFUSALS_LEN6;
		memcpy(&p.v6, &sin6.sin6_addr, REFUSALS_LEN6 / 8);
	}
	return (p);
}

static bool
is_same(const struct prefix *a, const struct prefix *b)
{
	return (a->family == b->family && a->len == b->len &&
	    memcmp(&a->v6, &b->v6, a->len / 8) == 0);
}

/*
 * Find the entry of a network, or make one. When the table is full a new
 * network replaces the one with the fewest queries and inherits their number,
 * because they may have been its own before it was replaced itself.
 */
static struct refusals_entry *
get(struct refusals *r, const struct prefix *network)
{
	struct refusals_entry *e, *least = &r->v[0];
	unsigned i;

	for (i = 0; i < r->n; i++) {
		e = &r->v[i];
		if (is_same(&e->network, network))
			return (e);
		if (e->n < least->n)
			least = e;
	}
	if (r->n < REFUSALS_NETWORKS) {
		e = &r->v[r->n++];
		e->n = e->over = 0;
	} else {
		e = least;
		e->over = e->n;
	}
	e->network = *network;
	return (e);
}

void
refusals_note(struct refusals *r, const struct sockaddr_storage *client)
{
	const struct prefix network = network_of(client);

	get(r, &network)->n++;
	if (r->queries++ == 0 && r->first != NULL)
		r->first(r->arg);
}

void
refusals_move(struct refusals *sum, struct refusals *from)
{
	struct refusals_entry *e;
	unsigned i;

	for (i = 0; i < from->n; i++) {
		e = get(sum, &from->v[i].network);
		e->n += from->v[i].n;
		e->over += from->v[i].over;
	}
	sum->queries += from->queries;
	from->n = 0;
	from->queries = 0;
}

uint64_t
refusals_take(struct refusals *r, struct prefix *network)
{
	struct refusals_entry *most = NULL;
	uint64_t n;
	unsigned i;

	for (i = 0; i < r->n; i++)
		if (most == NULL ||
		    r->v[i].n - r->v[i].over > most->n - most->over)
			most = &r->v[i];
	if (most == NULL)
		return (0);
	*network = most->network;
	n = most->n - most->over;
	r->queries -= n;
	*most = r->v[--r->n];
	return (n);
}
