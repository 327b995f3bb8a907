/*
 * Ports at rest. Owns who had them and until when; what becomes of a port
 * afterwards is pool4.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "quarantine.h"

/* Order of port spaces. */
static int
cmp_space(const struct quarantine_space *a, const struct quarantine_space *b)
{
	if (a->index != b->index)
		return (a->index < b->index ? -1 : 1);
	return ((int)a->proto - (int)b->proto);
}

/* Order: port, space. */
static int
cmp_by_port(const struct quarantined *a, const struct quarantined *b)
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
cmp_by_owner(const struct quarantined *a, const struct quarantined *b)
{
	int d;

	if (a->owner.port != b->owner.port)
		return ((int)a->owner.port - (int)b->owner.port);
	d = addr6_compare(&a->owner.addr, &b->owner.addr);
	if (d == 0)
		d = cmp_space(a->space, b->space);
	return (d != 0 ? d : (int)a->port - (int)b->port);
}

RB_GENERATE_STATIC(quarantine_by_port, quarantined, by_port, cmp_by_port)
RB_GENERATE_STATIC(quarantine_by_owner, quarantined, by_owner, cmp_by_owner)

/* Trees there may be. */
#define MAX_BITS 20

int
quarantine_init(struct quarantine *q, size_t max,
    const struct siphash_key *secret)
{
	unsigned proto;
	size_t ntrees;

	for (proto = 0; proto < L4_NPROTO; proto++)
		TAILQ_INIT(&q->queues[proto]);
	slab_init(&q->slab, sizeof(struct quarantined), max);
	keyhash_init(&q->hash, secret);
	q->shift = keyhash_shift(max, MAX_BITS);
	ntrees = keyhash_nplaces(q->shift);
	/* All zero is an empty tree. */
	q->ports = calloc(ntrees, sizeof(*q->ports));
	q->owners = calloc(ntrees, sizeof(*q->owners));
	return (q->ports != NULL && q->owners != NULL ? 0 : -1);
}

void
quarantine_clear(struct quarantine *q)
{
	free(q->ports);
	free(q->owners);
	q->ports = NULL;
	q->owners = NULL;
	slab_clear(&q->slab);
}

void
quarantine_space_init(struct quarantine_space *sp, enum l4proto proto,
    uint32_t index)
{
	sp->proto = proto;
	sp->index = index;
	TAILQ_INIT(&sp->queue);
	sp->count = 0;
}

static struct quarantine_by_port *
ports_tree(const struct quarantine *q, const struct quarantine_space *sp,
    uint16_t port)
{
	const struct taddr4 key = { .addr = { sp->index }, .port = port };

	return (
	    &q->ports[keyhash_taddr4(&q->hash, &key, sp->proto) >> q->shift]);
}

static struct quarantine_by_owner *
owners_tree(const struct quarantine *q, const struct quarantine_space *sp,
    const struct taddr6 *owner)
{
	const struct taddr4 to = { .addr = { sp->index } };

	return (&q->owners[keyhash_flow6(&q->hash, owner, &to, sp->proto) >>
	    q->shift]);
}

struct quarantined *
quarantine_find_port(const struct quarantine *q,
    const struct quarantine_space *sp, uint16_t port)
{
	struct quarantine_space space = { .index = sp->index,
		.proto = sp->proto };
	struct quarantined key;

	key.space = &space;
	key.port = port;
	return (RB_FIND(quarantine_by_port, ports_tree(q, sp, port), &key));
}

struct quarantined *
quarantine_find_owner(const struct quarantine *q,
    const struct quarantine_space *sp, const struct taddr6 *owner)
{
	struct quarantine_space space = { .index = sp->index,
		.proto = sp->proto };
	struct quarantined key, *r;

	if (sp->count == 0)
		return (NULL);
	key.space = &space;
	key.owner = *owner;
	key.port = 0;
	r = RB_NFIND(quarantine_by_owner, owners_tree(q, sp, owner), &key);
	if (r == NULL || r->space != sp || r->owner.port != owner->port ||
	    memcmp(&r->owner.addr, &owner->addr, sizeof(owner->addr)) != 0)
		return (NULL);
	return (r);
}

struct quarantined *
quarantine_add(struct quarantine *q, struct quarantine_space *sp,
    uint16_t port, const struct taddr6 *owner, struct monotime until)
{
	struct quarantined *r;

	r = slab_get(&q->slab);
	if (r == NULL)
		return (NULL);
	r->space = sp;
	r->until = until;
	r->owner = *owner;
	r->port = port;
	RB_INSERT(quarantine_by_port, ports_tree(q, sp, port), r);
	RB_INSERT(quarantine_by_owner, owners_tree(q, sp, owner), r);
	TAILQ_INSERT_TAIL(&sp->queue, r, of_space);
	TAILQ_INSERT_TAIL(&q->queues[sp->proto], r, of_proto);
	sp->count++;
	return (r);
}

void
quarantine_remove(struct quarantine *q, struct quarantined *r)
{
	struct quarantine_space *sp = r->space;

	RB_REMOVE(quarantine_by_port, ports_tree(q, sp, r->port), r);
	RB_REMOVE(quarantine_by_owner, owners_tree(q, sp, &r->owner), r);
	TAILQ_REMOVE(&sp->queue, r, of_space);
	TAILQ_REMOVE(&q->queues[sp->proto], r, of_proto);
	sp->count--;
	slab_put(&q->slab, r);
}

struct quarantined *
quarantine_first_expired(const struct quarantine *q, enum l4proto proto,
    struct monotime now)
{
	struct quarantined *r;

	r = TAILQ_FIRST(&q->queues[proto]);
	if (r != NULL && monotime_reached(r->until, now))
		return (r);
	return (NULL);
}
