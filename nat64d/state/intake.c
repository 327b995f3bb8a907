#include <string.h>

#include "common/monotime.h"
#include "common/os/log.h"

#include "intake.h"

void
intake_init(struct intake *i, struct nat64 *n, const struct store *from,
    const struct replica_seal *seal)
{
	i->n = n;
	i->from = from;
	replica_reader_init(&i->reader, seal);
}

void
intake_set_origin(struct intake *i, const struct replica_origin *o)
{
	i->origin = *o;
	i->refused_told = false;
}

void
intake_refuse(struct intake *i, const char *why)
{
	i->count.refused++;
	if (i->refused_told)
		return;
	i->refused_told = true;
	log_warn("replication: %s: a value %s: it is not used",
	    store_server(i->from), why);
}

/* Read a value of the epoch. False: it is not used. */
static bool
read_value(struct intake *i, const redisReply *key, const redisReply *value,
    struct replica_item *item)
{
	enum replica_fault fault;

	if (key->type != REDIS_REPLY_STRING ||
	    value->type != REDIS_REPLY_STRING) {
		intake_refuse(i, replica_why(REPLICA_NO_VALUE));
		return (false);
	}
	fault = replica_read(&i->reader, key->str, key->len, value->str,
	    value->len, item);
	if (fault != REPLICA_GOOD) {
		intake_refuse(i, replica_why(fault));
		return (false);
	}
	if (item->kind == REPLICA_HEAD ||
	    item->origin.node != i->origin.node ||
	    item->origin.epoch != i->origin.epoch) {
		intake_refuse(i, "is of another epoch");
		return (false);
	}
	return (true);
}

void
intake_begin(struct intake *i, bool late)
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };

	nat64_restore_begin(&i->restore, i->n, &at, false);
	if (late)
		nat64_restore_late(&i->restore);
}

static void
apply(struct intake *i, const struct replica_item *item)
{
	struct nat64_restore *r = &i->restore;

	if (item->kind == REPLICA_END) {
		nat64_restore_ended(r, item->place.proto, &item->place.tuple);
		i->count.ends++;
		return;
	}
	nat64_restore_prefix(r, 0, &item->copy.prefix);
	nat64_restore_binding(r, &item->copy.binding);
	nat64_restore_session(r, &item->copy.session);
}

void
intake_end(struct intake *i)
{
	const struct nat64_restored *c = &i->restore.counts;
	unsigned why;

	nat64_restore_end(&i->restore);
	i->count.sessions += c->sessions;
	for (why = 0; why < NAT64_NLEFTS; why++)
		if (why != NAT64_LEFT_NEWER)
			i->count.left += c->left_sessions[why];
}

/* See kept.h. */
static bool
is_mark(const redisReply *key)
{
	return (key->type == REDIS_REPLY_STRING &&
	    strcmp(key->str, REPLICA_HEAD_KEY) == 0);
}

void
intake_take_pairs(struct intake *i, const redisReply *pairs)
{
	struct replica_item item;
	size_t k;

	for (k = 0; k < pairs->elements; k += 2)
		if (!is_mark(pairs->element[k]) &&
		    read_value(i, pairs->element[k], pairs->element[k + 1],
			&item) &&
		    item.kind == REPLICA_SESSION)
			apply(i, &item);
}

/* --- the stream --- */

bool
intake_take_id(const redisReply *id, char text[INTAKE_ID_MAX + 1])
{
	if (id->type != REDIS_REPLY_STRING || id->len == 0 ||
	    id->len > INTAKE_ID_MAX ||
	    strspn(id->str, "0123456789-") != id->len)
		return (false);
	memcpy(text, id->str, id->len + 1);
	return (true);
}

/* The pairs of an entry of the stream, and its id; NULL: it is none. */
static const redisReply *
open_entry(const redisReply *entry, char id[INTAKE_ID_MAX + 1])
{
	const redisReply *pairs;

	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2)
		return (NULL);
	pairs = entry->element[1];
	if (pairs->type != REDIS_REPLY_ARRAY || pairs->elements % 2 != 0 ||
	    !intake_take_id(entry->element[0], id))
		return (NULL);
	return (pairs);
}

bool
intake_note_entry(struct intake *i, const redisReply *entry,
    char id[INTAKE_ID_MAX + 1])
{
	const redisReply *pairs = open_entry(entry, id);
	struct replica_item item;
	size_t k;

	if (pairs == NULL)
		return (false);
	for (k = 0; k < pairs->elements; k += 2)
		if (read_value(i, pairs->element[k], pairs->element[k + 1],
			&item))
			i->origin.sequence = item.origin.sequence;
	return (true);
}

bool
intake_take_entry(struct intake *i, const redisReply *entry,
    char id[INTAKE_ID_MAX + 1])
{
	const redisReply *pairs = open_entry(entry, id);
	struct replica_item item;
	size_t k;

	if (pairs == NULL)
		return (false);
	for (k = 0; k < pairs->elements; k += 2) {
		if (!read_value(i, pairs->element[k], pairs->element[k + 1],
			&item))
			continue;
		if (item.origin.sequence != i->origin.sequence + 1)
			return (false);
		i->origin.sequence++;
		apply(i, &item);
	}
	return (true);
}
