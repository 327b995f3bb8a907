/*
 * What the sealed values of a store say (nat64d/state/replica.h), for tests of
 * replication.
 */
#ifndef TESTS_UNIT_REPLICA_LOOK_H
#define TESTS_UNIT_REPLICA_LOOK_H

#include <stdbool.h>
#include <string.h>

#include "nat64d/state/publish.h"
#include "nat64d/state/replica.h"
#include "tests/unit/redis_db.h"

/* Read a value; false: it is not there, or not good. */
static inline bool
replica_look(const struct replica_seal *seal, const void *name, size_t len,
    const struct redis_pair *p, struct replica_item *item)
{
	struct replica_reader reader;

	if (p == NULL)
		return (false);
	replica_reader_init(&reader, seal);
	return (replica_read(&reader, name, len, p->value.bytes, p->value.len,
		    item) == REPLICA_GOOD);
}

/* The epoch that "head" names, if it is complete. */
static inline bool
replica_look_epoch(struct redis_db *db, const struct replica_seal *seal,
    struct replica_origin *o)
{
	struct replica_item item;
	char key[STORE_KEY_MAX];

	publish_key_head(key, seal->pair);
	if (!replica_look(seal, REPLICA_HEAD_KEY, strlen(REPLICA_HEAD_KEY),
		redis_db_get(db, key), &item) ||
	    !item.head.complete)
		return (false);
	*o = item.origin;
	return (true);
}

/* Is it in the state of that epoch, and not newer than its log? */
static inline bool
replica_look_session(struct redis_db *db, const struct replica_seal *seal,
    const struct replica_origin *o, const struct replica_place *place)
{
	struct replica_item item, last;
	uint8_t field[REPLICA_KEY_LEN];
	const struct redis_pair *p;
	char key[STORE_KEY_MAX];

	replica_key(place, field);
	publish_key_state(key, seal->pair, o->node, o->epoch);
	if (!replica_look(seal, field, sizeof(field),
		redis_db_hget(db, key, field, sizeof(field)), &item))
		return (false);
	publish_key_log(key, seal->pair, o->node, o->epoch);
	p = redis_db_last(db, key);
	if (p == NULL ||
	    !replica_look(seal, p->name.bytes, p->name.len, p, &last))
		last.origin.sequence = 0;
	return (item.origin.sequence <= last.origin.sequence);
}

#endif
