#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/os/log.h"
#include "common/os/timer.h"

#include "follow.h"
#include "publish.h"
#include "nat64d/core/nat64_copy.h"
#include "nat64d/core/nat64_restore.h"
#include "nat64d/core/nat64_role.h"
#include "nat64d/core/nat64_walk.h"

/* How often "head" is looked at; a standby waits so long for a change. */
#define LOOK_MS 500
#define LOOK_TEXT "500"

/* After a gap, or a store that makes no sense. */
#define PAUSE_MS 1000

/*
 * Standby for so long without a copy, a node is to be fit all the same: the
 * other one may have died, and without both nobody translates.
 */
#define FIT_STORE_MS (10 * 1000) /* for the store to be reached */
#define FIT_HEAD_MS (30 * 1000)	 /* for the active node to complete it */
#define FIT_COPY_MS (120 * 1000) /* for us to read it */

/* Sessions of one answer, and entries of the stream. */
#define COPY_COUNT "500"
#define FOLLOW_COUNT 32
#define FOLLOW_TEXT "32"

/* Entries of the tables looked at in one turn. */
#define MAX_ENTRIES 4096

#define OLDER "is older than what was there before"

#define ID_MAX 42 /* two numbers of 64 bits, "-" */

enum stage {
	FOLLOW_OFF,
	FOLLOW_HEAD,
	FOLLOW_UNMARK,
	FOLLOW_NOTE,
	FOLLOW_COPY,
	FOLLOW_LOG,
	FOLLOW_SWEEP
};

struct follower {
	struct nat64 *n;
	struct store *store;
	struct replica_reader reader;
	struct event *timer;
	enum stage stage;
	unsigned asked;		      /* answers that are to come */
	unsigned stale;		      /* of them, asked before the last stop */
	struct replica_origin origin; /* whose epoch is followed; its last
					 sequence */
	bool swept;		      /* sessions are those of that epoch */
	bool whole;		      /* since it is standby */
	bool none;		      /* no node has been active there */
	struct monotime started;      /* to be standby */
	struct replica_origin had;    /* it, when the store was lost */
	/* The newest "head" of all, and the last one that was found. */
	struct replica_origin best, seen;
	uint64_t best_beat, seen_beat;
	struct monotime looked; /* at "head" */
	struct nat64_walk walk;
	struct nat64_restore restore;
	bool refused_told;
	char head[STORE_KEY_MAX];
	char state[STORE_KEY_MAX];
	char log[STORE_KEY_MAX];
	char cursor[ID_MAX + 1];
	char id[ID_MAX + 1];
	struct follow_count count;
};

static void step(struct follower *f);

/* --- commands --- */

typedef void take_fn(struct follower *f, const redisReply *answer);

static void take_head(struct follower *f, const redisReply *answer);
static void take_note(struct follower *f, const redisReply *answer);
static void take_copy(struct follower *f, const redisReply *answer);
static void take_log(struct follower *f, const redisReply *answer);

/* Is an answer of ours, and not of before the last stop? */
static bool
is_wanted(struct follower *f)
{
	f->asked--;
	if (f->stale == 0)
		return (true);
	f->stale--;
	return (false);
}

static void
head_came(void *arg, const redisReply *answer)
{
	if (is_wanted(arg))
		take_head(arg, answer);
}

static void
note_came(void *arg, const redisReply *answer)
{
	if (is_wanted(arg))
		take_note(arg, answer);
}

static void
copy_came(void *arg, const redisReply *answer)
{
	if (is_wanted(arg))
		take_copy(arg, answer);
}

static void
log_came(void *arg, const redisReply *answer)
{
	if (is_wanted(arg))
		take_log(arg, answer);
}

static void
ask(struct follower *f, store_answer_fn *fn, int argc,
    const char *const argv[])
{
	if (store_send(f->store, fn, f, argc, argv, NULL) == 0)
		f->asked++;
}

static void
ask_head(struct follower *f)
{
	const char *const argv[] = { "GET", f->head };

	f->looked = monotime_now();
	ask(f, head_came, 2, argv);
}

static void
ask_note(struct follower *f)
{
	const char *const argv[] = { "XREVRANGE", f->log, "+", "-", "COUNT",
		"1" };

	ask(f, note_came, 6, argv);
}

static void
ask_copy(struct follower *f)
{
	const char *const argv[] = { "HSCAN", f->state, f->cursor, "COUNT",
		COPY_COUNT };

	ask(f, copy_came, 5, argv);
}

static void
ask_log(struct follower *f)
{
	const char *const argv[] = { "XREAD", "COUNT", FOLLOW_TEXT, "BLOCK",
		LOOK_TEXT, "STREAMS", f->log, f->id };

	ask(f, log_came, 8, argv);
}

/* --- values --- */

static void
refuse_value(struct follower *f, const char *why)
{
	f->count.refused++;
	if (f->refused_told)
		return;
	f->refused_told = true;
	log_warn("replication: %s: a value %s: it is not used",
	    store_server(f->store), why);
}

/* Read a value of the epoch that is followed. False: it is not used. */
static bool
read_value(struct follower *f, const redisReply *key, const redisReply *value,
    struct replica_item *item)
{
	enum replica_fault fault;

	if (key->type != REDIS_REPLY_STRING ||
	    value->type != REDIS_REPLY_STRING) {
		refuse_value(f, replica_why(REPLICA_NO_VALUE));
		return (false);
	}
	fault = replica_read(&f->reader, key->str, key->len, value->str,
	    value->len, item);
	if (fault != REPLICA_GOOD) {
		refuse_value(f, replica_why(fault));
		return (false);
	}
	if (item->kind == REPLICA_HEAD ||
	    item->origin.node != f->origin.node ||
	    item->origin.epoch != f->origin.epoch) {
		refuse_value(f, "is of another epoch");
		return (false);
	}
	return (true);
}

static void
begin_values(struct follower *f)
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };

	nat64_restore_begin(&f->restore, f->n, &at, false);
}

static void
apply(struct follower *f, const struct replica_item *item)
{
	struct nat64_restore *r = &f->restore;

	if (item->kind == REPLICA_END) {
		nat64_restore_ended(r, item->place.proto, &item->place.tuple);
		f->count.ends++;
		return;
	}
	nat64_restore_prefix(r, 0, &item->copy.prefix);
	nat64_restore_binding(r, &item->copy.binding);
	nat64_restore_session(r, &item->copy.session);
}

static void
end_values(struct follower *f)
{
	unsigned i;

	nat64_restore_end(&f->restore);
	f->count.sessions += f->restore.counts.sessions;
	for (i = 0; i < NAT64_NLEFTS; i++)
		f->count.left += f->restore.counts.left_sessions[i];
}

/* --- stages --- */

static void
enter(struct follower *f, enum stage stage, int64_t ms)
{
	f->stage = stage;
	memset(&f->walk, 0, sizeof(f->walk));
	timer_start(f->timer, ms);
}

/* Copy everything again, after a pause. */
static void
copy_again(struct follower *f)
{
	f->origin.node = 0;
	f->swept = false;
	enter(f, FOLLOW_HEAD, PAUSE_MS);
}

static void
begin_copy(struct follower *f, const struct replica_origin *o)
{
	f->origin = *o;
	f->swept = false;
	f->refused_told = false;
	publish_key_state(f->state, f->reader.seal.pair, o->node, o->epoch);
	publish_key_log(f->log, f->reader.seal.pair, o->node, o->epoch);
	enter(f, FOLLOW_UNMARK, 0);
}

/*
 * A store may be older than what was read from it: it has been started with a
 * snapshot, or is a copy that lags behind. What it says is used only if its
 * node is seen to write to it; that node has not, when it begins an epoch.
 */
static bool
is_current(struct follower *f, const struct replica_item *item)
{
	const struct replica_origin *o = &item->origin;
	const uint64_t beat = item->head.beat;
	const bool written = o->node == f->seen.node &&
	    o->epoch == f->seen.epoch && beat > f->seen_beat;

	f->seen = *o;
	f->seen_beat = beat;
	if (!written &&
	    (o->epoch < f->best.epoch ||
		(o->epoch == f->best.epoch && beat < f->best_beat)))
		return (false);
	f->best = *o;
	f->best_beat = beat;
	return (true);
}

/* A pair drains, not a node of it. */
static void
take_draining(struct follower *f, const struct replica_item *item)
{
	const bool draining = item->head.draining;

	if (nat64_is_draining(f->n) == draining)
		return;
	nat64_set_draining(f->n, draining);
	log_info("replication: node %u %s, so does this one",
	    item->origin.node,
	    draining ? "is draining" : "has ended draining");
}

/* Does a copy of another epoch begin? */
static bool
take_current(struct follower *f, const struct replica_item *item)
{
	take_draining(f, item);
	if (!item->head.complete ||
	    (item->origin.epoch == f->origin.epoch &&
		item->origin.node == f->origin.node))
		return (false);
	begin_copy(f, &item->origin);
	return (true);
}

static void
take_head(struct follower *f, const redisReply *answer)
{
	enum replica_fault fault = REPLICA_NO_VALUE;
	struct replica_item item;
	const bool following = f->stage == FOLLOW_LOG;

	if (answer->type == REDIS_REPLY_STRING)
		fault = replica_read(&f->reader, REPLICA_HEAD_KEY,
		    strlen(REPLICA_HEAD_KEY), answer->str, answer->len, &item);
	f->none = answer->type == REDIS_REPLY_NIL;
	if (fault != REPLICA_GOOD) {
		if (!f->none)
			refuse_value(f, replica_why(fault));
	} else if (!is_current(f, &item))
		refuse_value(f, OLDER);
	else if (take_current(f, &item))
		return;
	if (!following)
		enter(f, FOLLOW_HEAD, LOOK_MS);
}

/* The id of an entry; false: it is none. */
static bool
take_id(const redisReply *id, char text[ID_MAX + 1])
{
	if (id->type != REDIS_REPLY_STRING || id->len == 0 ||
	    id->len > ID_MAX || strspn(id->str, "0123456789-") != id->len)
		return (false);
	memcpy(text, id->str, id->len + 1);
	return (true);
}

/* An entry of the stream: its id, and pairs of key and value. */
static const redisReply *
pairs_of(const redisReply *entry)
{
	const redisReply *pairs;

	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2)
		return (NULL);
	pairs = entry->element[1];
	if (pairs->type != REDIS_REPLY_ARRAY || pairs->elements % 2 != 0)
		return (NULL);
	return (pairs);
}

/* Where the stream is: its last entry, whose last value is the newest. */
static void
take_note(struct follower *f, const redisReply *answer)
{
	const redisReply *pairs;
	struct replica_item item;
	size_t i;

	strlcpy(f->id, "0-0", sizeof(f->id));
	f->origin.sequence = 0;
	if (answer->type == REDIS_REPLY_ARRAY && answer->elements == 1) {
		pairs = pairs_of(answer->element[0]);
		if (pairs == NULL ||
		    !take_id(answer->element[0]->element[0], f->id)) {
			copy_again(f);
			return;
		}
		for (i = 0; i < pairs->elements; i += 2)
			if (read_value(f, pairs->element[i],
				pairs->element[i + 1], &item))
				f->origin.sequence = item.origin.sequence;
	}
	/* The store has been started with an older snapshot. */
	if (f->had.node == f->origin.node && f->had.epoch == f->origin.epoch &&
	    f->had.sequence > f->origin.sequence) {
		refuse_value(f, OLDER);
		f->origin.node = 0;
		enter(f, FOLLOW_HEAD, PAUSE_MS);
		return;
	}
	strlcpy(f->cursor, "0", sizeof(f->cursor));
	f->stage = FOLLOW_COPY;
	ask_copy(f);
}

static void
take_copy(struct follower *f, const redisReply *answer)
{
	const redisReply *pairs;
	struct replica_item item;
	size_t i;

	if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 ||
	    !take_id(answer->element[0], f->cursor) ||
	    answer->element[1]->type != REDIS_REPLY_ARRAY ||
	    answer->element[1]->elements % 2 != 0) {
		copy_again(f);
		return;
	}
	pairs = answer->element[1];
	begin_values(f);
	for (i = 0; i < pairs->elements; i += 2)
		if (read_value(f, pairs->element[i], pairs->element[i + 1],
			&item) &&
		    item.kind == REPLICA_SESSION)
			apply(f, &item);
	end_values(f);
	if (strcmp(f->cursor, "0") != 0) {
		ask_copy(f);
		return;
	}
	f->stage = FOLLOW_LOG;
	ask_log(f);
}

/* Returns false when a value is missing. */
static bool
take_entry(struct follower *f, const redisReply *entry)
{
	const redisReply *pairs = pairs_of(entry);
	struct replica_item item;
	size_t i;

	if (pairs == NULL || !take_id(entry->element[0], f->id))
		return (false);
	for (i = 0; i < pairs->elements; i += 2) {
		if (!read_value(f, pairs->element[i], pairs->element[i + 1],
			&item))
			continue;
		if (item.origin.sequence != f->origin.sequence + 1)
			return (false);
		f->origin.sequence++;
		apply(f, &item);
	}
	return (true);
}

/* [[name, [entry ...]]]; NULL: it is something else. */
static const redisReply *
entries_of(const redisReply *answer)
{
	const redisReply *stream;

	if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 1)
		return (NULL);
	stream = answer->element[0];
	if (stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 ||
	    stream->element[1]->type != REDIS_REPLY_ARRAY)
		return (NULL);
	return (stream->element[1]);
}

/* at_end: there was nothing behind what has been read. */
static void
follow_on(struct follower *f, bool at_end)
{
	if (f->swept || !at_end)
		step(f);
	else
		enter(f, FOLLOW_SWEEP, 0);
}

static void
take_log(struct follower *f, const redisReply *answer)
{
	const redisReply *entries;
	bool good = true;
	size_t i;

	if (f->stage != FOLLOW_LOG)
		return;
	if (answer->type == REDIS_REPLY_NIL) {
		follow_on(f, true);
		return;
	}
	entries = entries_of(answer);
	begin_values(f);
	for (i = 0; entries != NULL && good && i < entries->elements; i++)
		good = take_entry(f, entries->element[i]);
	end_values(f);
	if (entries != NULL && good) {
		follow_on(f, entries->elements < FOLLOW_COUNT);
		return;
	}
	f->count.gaps++;
	log_warn("replication: %s: changes are missing: everything is copied "
		 "again",
	    store_server(f->store));
	copy_again(f);
}

static void
end_sweep(struct follower *f)
{
	f->swept = true;
	f->whole = true;
	nat64_set_copied(f->n);
	f->count.copies++;
	log_info("replication: all of node %u is copied: %zu sessions of "
		 "epoch %" PRIu64,
	    f->origin.node, session_count(nat64_sessions(f->n)),
	    f->origin.epoch);
	f->stage = FOLLOW_LOG;
	step(f);
}

static void
step(struct follower *f)
{
	const struct monotime now = monotime_now();

	if (!store_is_ready(f->store))
		return;
	switch (f->stage) {
	case FOLLOW_OFF:
	case FOLLOW_COPY:
		break;
	case FOLLOW_HEAD:
		ask_head(f);
		break;
	case FOLLOW_UNMARK:
		if (nat64_copy_unmark(f->n, &f->walk, MAX_ENTRIES)) {
			timer_start(f->timer, 0);
			break;
		}
		f->stage = FOLLOW_NOTE;
		ask_note(f);
		break;
	case FOLLOW_NOTE:
		break;
	case FOLLOW_LOG:
		if (monotime_diff_ms(now, f->looked) >= LOOK_MS)
			ask_head(f);
		ask_log(f);
		break;
	case FOLLOW_SWEEP:
		if (nat64_copy_sweep(f->n, &f->walk, now, MAX_ENTRIES))
			timer_start(f->timer, 0);
		else
			end_sweep(f);
		break;
	}
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	step(arg);
}

/* --- for others --- */

struct follower *
follower_new(struct event_base *base, struct nat64 *n, struct store *store,
    const struct replica_seal *seal)
{
	struct follower *f;

	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (NULL);
	f->n = n;
	f->store = store;
	replica_reader_init(&f->reader, seal);
	publish_key_head(f->head, seal->pair);
	f->timer = event_new(base, -1, 0, timer_due, f);
	if (f->timer != NULL)
		return (f);
	free(f);
	errno = ENOMEM;
	return (NULL);
}

void
follower_free(struct follower *f)
{
	if (f == NULL)
		return;
	event_free(f->timer);
	free(f);
}

void
follower_start(struct follower *f, uint64_t written)
{
	if (f->stage != FOLLOW_OFF)
		return;
	f->whole = f->none = false;
	f->started = monotime_now();
	f->best = f->seen = (struct replica_origin){ .node = 0 };
	if (written != 0)
		f->best.epoch = written + 1;
	f->best_beat = f->seen_beat = 0;
	f->origin = f->had = (struct replica_origin){ .node = 0 };
	f->swept = false;
	enter(f, FOLLOW_HEAD, 0);
}

void
follower_stop(struct follower *f)
{
	f->stage = FOLLOW_OFF;
	f->stale = f->asked;
	event_del(f->timer);
}

void
follower_ready(struct follower *f)
{
	if (f->stage != FOLLOW_OFF)
		enter(f, FOLLOW_HEAD, 0);
}

void
follower_lost(struct follower *f)
{
	f->asked = f->stale = 0;
	event_del(f->timer);
	if (f->origin.node != 0)
		f->had = f->origin;
	f->origin.node = 0;
	f->swept = false;
}

const char *
follower_incomplete(const struct follower *f)
{
	const int64_t ms = monotime_diff_ms(monotime_now(), f->started);

	if (f->whole)
		return (NULL);
	if (!store_is_ready(f->store))
		return (ms < FIT_STORE_MS ? "the store has not been reached" :
					    NULL);
	if (f->stage == FOLLOW_HEAD)
		return (ms < FIT_HEAD_MS && !f->none ?
			"the store has no complete copy of an active node" :
			NULL);
	return (ms < FIT_COPY_MS ? "the sessions are being copied" : NULL);
}

struct follow_count
follower_count(const struct follower *f)
{
	struct follow_count c = f->count;

	if (f->stage != FOLLOW_OFF && f->swept)
		c.origin = f->origin;
	return (c);
}
