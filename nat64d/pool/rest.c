/*
 * Ports at rest. Owns who had them and until when; what becomes of a port
 * afterwards is pool4.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "rest.h"

/* Order of port spaces. */
static int
cmp_space(const struct rest_space *a, const struct rest_space *b)
{
	if (a->index != b->index)
		return (a->index < b->index ? -1 : 1);
	return ((int)a->proto - (int)b->proto);
}

/* Order: port, space. */
static int
cmp_by_port(const struct rest *a, const struct rest *b)
{
	if (a->port != b->port)
		return ((int)a->port - (int)b->port);
	return (cmp_space(a->space, b->space));
}

/*
 * Order: owner's port, owner's address, space, port. An owner that had
 * static bindings may have several ports of a space at rest.
 */
static int
cmp_by_owner(const struct rest *a, const struct rest *b)
{
	int d;

	if (a->owner.port != b->owner.port)
		return ((int)a->owner.port - (int)b->owner.port);
	d = addr6_compare(&a->owner.addr, &b->owner.addr);
	if (d == 0)
		d = cmp_space(a->space, b->space);
	return (d != 0 ? d : (int)a->port - (int)b->port);
}

RB_GENERATE_STATIC(rest_by_port, rest, by_port, cmp_by_port)
RB_GENERATE_STATIC(rest_by_owner, rest, by_owner, cmp_by_owner)

/* Trees there may be. */
#define MAX_BITS 20

int
rest_book_init(struct rest_book *book, size_t max,
    const struct siphash_key *secret)
{
	unsigned proto;
	size_t ntrees;

	for (proto = 0; proto < L4_NPROTO; proto++)
		TAILQ_INIT(&book->queues[proto]);
	slab_init(&book->slab, sizeof(struct rest), max);
	keyhash_init(&book->hash, secret);
	book->shift = keyhash_shift(max, MAX_BITS);
	ntrees = keyhash_nplaces(book->shift);
	/* All zero is an empty tree. */
	book->ports = calloc(ntrees, sizeof(*book->ports));
	book->owners = calloc(ntrees, sizeof(*book->owners));
	return (book->ports != NULL && book->owners != NULL ? 0 : -1);
}

void
rest_book_clear(struct rest_book *book)
{
	free(book->ports);
	free(book->owners);
	book->ports = NULL;
	book->owners = NULL;
	slab_clear(&book->slab);
}

void
rest_space_init(struct rest_space *sp, enum l4proto proto, uint32_t index)
{
	sp->proto = proto;
	sp->index = index;
	TAILQ_INIT(&sp->queue);
	sp->count = 0;
}

static struct rest_by_port *
ports_tree(const struct rest_book *book, const struct rest_space *sp,
    uint16_t port)
{
	const struct taddr4 key = { .addr = { sp->index }, .port = port };

	return (&book->ports[keyhash_taddr4(&book->hash, &key, sp->proto) >>
	    book->shift]);
}

static struct rest_by_owner *
owners_tree(const struct rest_book *book, const struct rest_space *sp,
    const struct taddr6 *owner)
{
	const struct taddr4 to = { .addr = { sp->index } };

	return (
	    &book->owners[keyhash_flow6(&book->hash, owner, &to, sp->proto) >>
		book->shift]);
}

struct rest *
rest_find_port(const struct rest_book *book, const struct rest_space *sp,
    uint16_t port)
{
	struct rest_space space = { .index = sp->index, .proto = sp->proto };
	struct rest key;

	key.space = &space;
	key.port = port;
	return (RB_FIND(rest_by_port, ports_tree(book, sp, port), &key));
}

struct rest *
rest_find_owner(const struct rest_book *book, const struct rest_space *sp,
    const struct taddr6 *owner)
{
	struct rest_space space = { .index = sp->index, .proto = sp->proto };
	struct rest key, *r;

	if (sp->count == 0)
		return (NULL);
	key.space = &space;
	key.owner = *owner;
	key.port = 0;
	r = RB_NFIND(rest_by_owner, owners_tree(book, sp, owner), &key);
	if (r == NULL || r->space != sp || r->owner.port != owner->port ||
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
	RB_INSERT(rest_by_port, ports_tree(book, sp, port), r);
	RB_INSERT(rest_by_owner, owners_tree(book, sp, owner), r);
	TAILQ_INSERT_TAIL(&sp->queue, r, of_space);
	TAILQ_INSERT_TAIL(&book->queues[sp->proto], r, of_proto);
	sp->count++;
	return (r);
}

void
rest_remove(struct rest_book *book, struct rest *r)
{
	struct rest_space *sp = r->space;

	RB_REMOVE(rest_by_port, ports_tree(book, sp, r->port), r);
	RB_REMOVE(rest_by_owner, owners_tree(book, sp, &r->owner), r);
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
