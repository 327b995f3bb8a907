/*
 * Ports at rest. Owns who had them and until when; what becomes of a port
 * afterwards is pool4.c's.
 */
#include <string.h>

#include "rest.h"

/* Order: port. */
static int
cmp_by_port(const struct rest *a, const struct rest *b)
{
	return ((int)a->port - (int)b->port);
}

/*
 * Order: owner's port, owner's address, port. An owner that had static
 * bindings may have several ports at rest.
 */
static int
cmp_by_owner(const struct rest *a, const struct rest *b)
{
	int d;

	if (a->owner.port != b->owner.port)
		return ((int)a->owner.port - (int)b->owner.port);
	d = memcmp(&a->owner.addr, &b->owner.addr, sizeof(a->owner.addr));
	return (d != 0 ? d : cmp_by_port(a, b));
}

RB_GENERATE_STATIC(rest_by_port, rest, by_port, cmp_by_port)
RB_GENERATE_STATIC(rest_by_owner, rest, by_owner, cmp_by_owner)

void
rest_book_init(struct rest_book *book, size_t max)
{
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		TAILQ_INIT(&book->queues[proto]);
	slab_init(&book->slab, sizeof(struct rest), max);
}

void
rest_book_clear(struct rest_book *book)
{
	slab_clear(&book->slab);
}

void
rest_space_init(struct rest_space *sp, enum l4proto proto)
{
	sp->proto = proto;
	RB_INIT(&sp->by_port);
	RB_INIT(&sp->by_owner);
	TAILQ_INIT(&sp->queue);
	sp->count = 0;
}

/* The heads are copied below: a copy will do to look things up. */

struct rest *
rest_find_port(const struct rest_space *sp, uint16_t port)
{
	struct rest_by_port tree = sp->by_port;
	struct rest key;

	key.port = port;
	return (RB_FIND(rest_by_port, &tree, &key));
}

struct rest *
rest_find_owner(const struct rest_space *sp, const struct taddr6 *owner)
{
	struct rest_by_owner tree = sp->by_owner;
	struct rest key, *r;

	key.owner = *owner;
	key.port = 0;
	r = RB_NFIND(rest_by_owner, &tree, &key);
	if (r == NULL || r->owner.port != owner->port ||
	    memcmp(&r->owner.addr, &owner->addr, sizeof(owner->addr)) != 0)
		return (NULL);
	return (r);
}

struct rest *
rest_add(struct rest_book *book, struct rest_space *sp, uint16_t port,
    const struct taddr6 *owner, struct monotime until)
{
	struct rest *r;

	r = slab_get(&book->slab);
	if (r == NULL)
		return (NULL);
	r->space = sp;
	r->until = until;
	r->owner = *owner;
	r->port = port;
	RB_INSERT(rest_by_port, &sp->by_port, r);
	RB_INSERT(rest_by_owner, &sp->by_owner, r);
	TAILQ_INSERT_TAIL(&sp->queue, r, of_space);
	TAILQ_INSERT_TAIL(&book->queues[sp->proto], r, of_proto);
	sp->count++;
	return (r);
}

void
rest_remove(struct rest_book *book, struct rest *r)
{
	struct rest_space *sp = r->space;

	RB_REMOVE(rest_by_port, &sp->by_port, r);
	RB_REMOVE(rest_by_owner, &sp->by_owner, r);
	TAILQ_REMOVE(&sp->queue, r, of_space);
	TAILQ_REMOVE(&book->queues[sp->proto], r, of_proto);
	sp->count--;
	slab_put(&book->slab, r);
}

struct rest *
rest_first_ended(const struct rest_book *book, enum l4proto proto,
    struct monotime now)
{
	struct rest *r;

	r = TAILQ_FIRST(&book->queues[proto]);
	if (r != NULL && monotime_reached(r->until, now))
		return (r);
	return (NULL);
}
