/*
 * Quarantine of ports. Owns the last owner and the end of quarantine of each
 * port; pool4.c decides what happens to a port afterwards.
 */
#include <string.h>

#include "quarantine.h"

/* Order of port spaces. */
static int
cmp_space(const struct quarantine_space *a, const struct quarantine_space *b)
{
	if (a->addr != b->addr)
		return (a->addr < b->addr ? -1 : 1);
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
 * static bindings may have several ports of a space in quarantine.
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

/* At most 2^20 trees of either kind. */
#define MAX_BITS 20

int
quarantine_init(struct quarantine *q, size_t max,
    const struct siphash_key *secret)
{
	unsigned proto;

	for (proto = 0; proto < L4_NPROTO; proto++)
		TAILQ_INIT(&q->queues[proto]);
	slab_init(&q->slab, sizeof(struct quarantined), max);
	keyhash_init(&q->hash, secret);
	if (TREE_ARRAY_INIT(&q->ports, max, MAX_BITS) == -1)
		return (-1);
	return (TREE_ARRAY_INIT(&q->owners, max, MAX_BITS));
}

void
quarantine_clear(struct quarantine *q)
{
	TREE_ARRAY_CLEAR(&q->ports);
	TREE_ARRAY_CLEAR(&q->owners);
	slab_clear(&q->slab);
}

void
quarantine_space_init(struct quarantine_space *sp, enum l4proto proto,
    uint32_t addr)
{
	sp->proto = proto;
	sp->addr = addr;
	TAILQ_INIT(&sp->queue);
	sp->n_ports = 0;
}

static struct quarantine_by_port *
ports_tree(const struct quarantine *q, const struct quarantine_space *sp,
    uint16_t port)
{
	const struct taddr4 key = { .addr = { sp->addr }, .port = port };

	return (TREE_ARRAY_AT(&q->ports,
	    keyhash_taddr4(&q->hash, &key, sp->proto)));
}

static struct quarantine_by_owner *
owners_tree(const struct quarantine *q, const struct quarantine_space *sp,
    const struct taddr6 *owner)
{
	const struct taddr4 to = { .addr = { sp->addr } };

	return (TREE_ARRAY_AT(&q->owners,
	    keyhash_flow6(&q->hash, owner, &to, sp->proto)));
}

struct quarantined *
quarantine_find_port(const struct quarantine *q,
    const struct quarantine_space *sp, uint16_t port)
{
	struct quarantine_space space = { .addr = sp->addr,
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
	struct quarantine_space space = { .addr = sp->addr,
		.proto = sp->proto };
	struct quarantined key, *e;

	if (sp->n_ports == 0)
		return (NULL);
	key.space = &space;
	key.owner = *owner;
	key.port = 0;
	e = RB_NFIND(quarantine_by_owner, owners_tree(q, sp, owner), &key);
	if (e == NULL || e->space != sp || e->owner.port != owner->port ||
	    memcmp(&e->owner.addr, &owner->addr, sizeof(owner->addr)) != 0)
		return (NULL);
	return (e);
}

struct quarantined *
quarantine_add(struct quarantine *q, struct quarantine_space *sp,
    uint16_t port, const struct taddr6 *owner, struct monotime until)
{
	struct quarantined *e;

	e = slab_get(&q->slab);
	if (e == NULL)
		return (NULL);
	e->space = sp;
	e->until = until;
	e->owner = *owner;
	e->port = port;
	RB_INSERT(quarantine_by_port, ports_tree(q, sp, port), e);
	RB_INSERT(quarantine_by_owner, owners_tree(q, sp, owner), e);
	TAILQ_INSERT_TAIL(&sp->queue, e, of_space);
	TAILQ_INSERT_TAIL(&q->queues[sp->proto], e, of_proto);
	sp->n_ports++;
	return (e);
}

void
quarantine_remove(struct quarantine *q, struct quarantined *e)
{
	struct quarantine_space *sp = e->space;

	RB_REMOVE(quarantine_by_port, ports_tree(q, sp, e->port), e);
	RB_REMOVE(quarantine_by_owner, owners_tree(q, sp, &e->owner), e);
	TAILQ_REMOVE(&sp->queue, e, of_space);
	TAILQ_REMOVE(&q->queues[sp->proto], e, of_proto);
	sp->n_ports--;
	slab_put(&q->slab, e);
}

struct quarantined *
quarantine_first_expired(const struct quarantine *q, enum l4proto proto,
    struct monotime now)
{
	struct quarantined *e;

	e = TAILQ_FIRST(&q->queues[proto]);
	if (e != NULL && monotime_reached(e->until, now))
		return (e);
	return (NULL);
}
