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
#include "intake.h"
#include "publish.h"
#include "nat64d/core/nat64_copy.h"
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

/*
 * After this node has become active: for so long, and so many values. A store
 * that takes longer than STORE_PATIENCE_MS to answer is given up, so what is on
 * its way to it and from it is here by then.
 */
#define LATE_MS (2 * STORE_PATIENCE_MS)
#define LATE_ENTRIES 8192 /* of the stream; each has up to 100 values */
#define LATE_LOOK_MS 100

/* Sessions of one answer. */
#define COPY_COUNT "500"
#define LATE_COPY_COUNT "100"

/*
 * Entries of the stream in one answer: more of them while there are more than
 * that, as the way to the store may be long. And those taken in one turn of the
 * event loop, which is less than a millisecond for a node that is active.
 */
#define FOLLOW_MIN 32
#define FOLLOW_MAX 512
#define TURN_ENTRIES 32
#define LATE_TURN_ENTRIES 2
#define LATE_TURN_MS 2 /* between two turns; the rest is for packets */

/* Entries of the tables looked at in one turn. */
#define MAX_ENTRIES 4096

#define OLDER "is older than what was there before"

enum stage {
	FOLLOW_OFF,
	FOLLOW_HEAD,
	FOLLOW_UNMARK,
	FOLLOW_NOTE,
	FOLLOW_COPY,
	FOLLOW_LOG,
	FOLLOW_MARK,
	FOLLOW_SWEEP
};

struct follower {
	struct nat64 *n;
	struct store *store;
	struct intake intake;
	struct event *timer;
	enum stage stage;
	bool swept;		   /* sessions are those of that epoch */
	bool whole;		   /* since it is standby */
	bool none;		   /* no node has been active there */
	struct monotime started;   /* to be standby */
	struct replica_origin had; /* the epoch, when the store was lost */
	/* The newest "head" of all, and the last one that was found. */
	struct replica_origin best, seen;
	uint64_t best_beat, seen_beat;
	struct monotime looked; /* at "head" */
	struct nat64_walk walk;
	char head[STORE_KEY_MAX];
	char state[STORE_KEY_MAX];
	char log[STORE_KEY_MAX];
	char cursor[INTAKE_ID_MAX + 1];
	char id[INTAKE_ID_MAX + 1];
	unsigned count; /* entries that were asked for */
	redisReply
	    *entries; /* of them, those that came; NULL: all are taken */
	size_t taken;
	struct {
		bool on; /* this node is active */
		struct monotime end;
		unsigned entries;
		uint64_t before; /* sessions and ends taken before */
	} late;
	bool marked;	  /* the hash is to have a mark (kept.h) */
	uint64_t dropped; /* the epoch that was told not to have it */
	struct {
		uint64_t left;	      /* sessions that were left out before */
		size_t held;	      /* sessions here when all were copied */
		uint64_t tried_again; /* the epoch that was copied again */
	} room;
	uint64_t gaps, copies, drops, n_late;
};

static void step(struct follower *f);

/* --- commands --- */

static store_answer_fn take_head, take_note, take_copy, take_log, take_mark;

static void
ask(struct follower *f, store_answer_fn *fn, int argc,
    const char *const argv[])
{
	(void)store_send(f->store, fn, f, argc, argv, NULL);
	/* If no answer comes, it ends all the same. */
	if (f->late.on)
		timer_start(f->timer,
		    monotime_diff_ms(f->late.end, monotime_now()) + 1);
}

static void
ask_head(struct follower *f)
{
	const char *const argv[] = { "GET", f->head };

	f->looked = monotime_now();
	ask(f, take_head, 2, argv);
}

static void
ask_note(struct follower *f)
{
	const char *const argv[] = { "XREVRANGE", f->log, "+", "-", "COUNT",
		"1" };

	ask(f, take_note, 6, argv);
}

static void
ask_copy(struct follower *f)
{
	const char *const argv[] = { "HSCAN", f->state, f->cursor, "COUNT",
		f->late.on ? LATE_COPY_COUNT : COPY_COUNT };

	ask(f, take_copy, 5, argv);
}

static void
ask_mark(struct follower *f)
{
	const char *const argv[] = { "HGET", f->state, REPLICA_HEAD_KEY };

	f->stage = FOLLOW_MARK;
	ask(f, take_mark, 3, argv);
}

/* A store that waits for an entry takes no other command from this node. */
static void
ask_log(struct follower *f)
{
	char count[16];
	const char *const wait[] = { "XREAD", "COUNT", count, "BLOCK",
		LOOK_TEXT, "STREAMS", f->log, f->id };
	const char *const look[] = { "XREAD", "COUNT", count, "STREAMS",
		f->log, f->id };

	snprintf(count, sizeof(count), "%u", f->count);
	if (f->late.on)
		ask(f, take_log, 6, look);
	else
		ask(f, take_log, 8, wait);
}

/* --- stages --- */

static void
enter(struct follower *f, enum stage stage, int64_t ms)
{
	f->stage = stage;
	memset(&f->walk, 0, sizeof(f->walk));
	timer_start(f->timer, ms);
}

static void
drop_entries(struct follower *f)
{
	store_free_answer(f->entries);
	f->entries = NULL;
}

static void
end_late(struct follower *f)
{
	const struct intake_count *c = &f->intake.count;
	const uint64_t n = c->sessions + c->ends - f->late.before;

	f->n_late += n;
	f->late.on = false;
	f->stage = FOLLOW_OFF;
	store_forget(f->store, f);
	event_del(f->timer);
	drop_entries(f);
	nat64_await_copy(f->n, false);
	if (n > 0)
		log_info("replication: %" PRIu64 " changes of node %u came "
			 "after this node was active",
		    n, f->intake.origin.node);
}

/* Copy everything again, after a pause. */
static void
copy_again(struct follower *f)
{
	if (f->late.on) {
		end_late(f);
		return;
	}
	drop_entries(f);
	f->intake.origin.node = 0;
	f->swept = false;
	enter(f, FOLLOW_HEAD, PAUSE_MS);
}

static void
begin_copy(struct follower *f, const struct replica_origin *o)
{
	const char *pair = f->intake.reader.seal.pair;

	drop_entries(f);
	intake_set_origin(&f->intake, o);
	f->swept = false;
	f->count = FOLLOW_MIN;
	f->room.left = f->intake.count.left;
	publish_key_state(f->state, pair, o->node, o->epoch);
	publish_key_log(f->log, pair, o->node, o->epoch);
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
	    (item->origin.epoch == f->intake.origin.epoch &&
		item->origin.node == f->intake.origin.node))
		return (false);
	begin_copy(f, &item->origin);
	f->marked = item->head.marked;
	return (true);
}

static void
take_head(void *arg, const redisReply *answer)
{
	struct follower *f = arg;
	enum replica_fault fault = REPLICA_NO_VALUE;
	struct replica_item item;
	const bool following = f->stage == FOLLOW_LOG;

	if (answer->type == REDIS_REPLY_STRING)
		fault = replica_read(&f->intake.reader, REPLICA_HEAD_KEY,
		    strlen(REPLICA_HEAD_KEY), answer->str, answer->len, &item);
	f->none = answer->type == REDIS_REPLY_NIL;
	if (fault != REPLICA_GOOD) {
		if (!f->none)
			intake_refuse(&f->intake, replica_why(fault));
	} else if (!is_current(f, &item))
		intake_refuse(&f->intake, OLDER);
	else if (take_current(f, &item))
		return;
	if (!following)
		enter(f, FOLLOW_HEAD, LOOK_MS);
}

/* Where the stream is: its last entry, whose last value is the newest. */
static void
take_note(void *arg, const redisReply *answer)
{
	struct follower *f = arg;
	struct replica_origin *o = &f->intake.origin;

	strlcpy(f->id, "0-0", sizeof(f->id));
	o->sequence = 0;
	if (answer->type == REDIS_REPLY_ARRAY && answer->elements == 1 &&
	    !intake_note_entry(&f->intake, answer->element[0], f->id)) {
		copy_again(f);
		return;
	}
	/* The store has been started with an older snapshot. */
	if (f->had.node == o->node && f->had.epoch == o->epoch &&
	    f->had.sequence > o->sequence) {
		intake_refuse(&f->intake, OLDER);
		copy_again(f);
		return;
	}
	strlcpy(f->cursor, "0", sizeof(f->cursor));
	f->stage = FOLLOW_COPY;
	ask_copy(f);
}

static void
take_copy(void *arg, const redisReply *answer)
{
	struct follower *f = arg;

	if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 ||
	    !intake_take_id(answer->element[0], f->cursor) ||
	    answer->element[1]->type != REDIS_REPLY_ARRAY ||
	    answer->element[1]->elements % 2 != 0) {
		copy_again(f);
		return;
	}
	intake_begin(&f->intake, f->late.on);
	intake_take_pairs(&f->intake, answer->element[1]);
	intake_end(&f->intake);
	if (strcmp(f->cursor, "0") == 0)
		f->stage = FOLLOW_LOG;
	step(f);
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

static void
begin_sweep(struct follower *f)
{
	f->room.held = session_count(nat64_sessions(f->n));
	enter(f, FOLLOW_SWEEP, 0);
}

/* at_end: there was nothing behind what has been read. */
static void
follow_on(struct follower *f, bool at_end)
{
	if (f->late.on && at_end)
		timer_start(f->timer, LATE_LOOK_MS);
	else if (f->swept || f->late.on || !at_end)
		step(f);
	else if (f->marked)
		ask_mark(f);
	else
		begin_sweep(f);
}

/*
 * The hash has been there all the time, and all of it has been copied. Else
 * what was not there has not ended: the active node will write it again.
 */
static void
take_mark(void *arg, const redisReply *answer)
{
	struct follower *f = arg;

	if (answer->type == REDIS_REPLY_STRING) {
		begin_sweep(f);
		return;
	}
	if (f->dropped != f->intake.origin.epoch)
		log_warn("replication: %s has dropped sessions of epoch "
			 "%" PRIu64 ": what is here is kept",
		    store_server(f->store), f->intake.origin.epoch);
	f->dropped = f->intake.origin.epoch;
	f->drops++;
	copy_again(f);
}

static void
miss_changes(struct follower *f)
{
	f->gaps++;
	log_warn("replication: %s: changes are missing%s",
	    store_server(f->store),
	    f->late.on ? "" : ": everything is copied again");
	copy_again(f);
}

/* All entries that came have been taken: ask for more if there may be more. */
static void
end_entries(struct follower *f, size_t n)
{
	const bool at_end = n < f->count;

	drop_entries(f);
	f->late.entries += (unsigned)n;
	f->count = at_end ? FOLLOW_MIN : 2 * f->count;
	if (f->count > FOLLOW_MAX)
		f->count = FOLLOW_MAX;
	follow_on(f, at_end);
}

/* Take some of the entries that have come; the rest in other turns. */
static void
take_entries(struct follower *f)
{
	const redisReply *entries = entries_of(f->entries);
	const size_t max = f->late.on ? LATE_TURN_ENTRIES : TURN_ENTRIES;
	const size_t end = entries->elements - f->taken < max ?
	    entries->elements :
	    f->taken + max;
	bool good = true;

	intake_begin(&f->intake, f->late.on);
	while (good && f->taken < end)
		good = intake_take_entry(&f->intake,
		    entries->element[f->taken++], f->id);
	intake_end(&f->intake);
	if (!good)
		miss_changes(f);
	else if (end < entries->elements)
		timer_start(f->timer, f->late.on ? LATE_TURN_MS : 0);
	else
		end_entries(f, entries->elements);
}

static void
take_log(void *arg, const redisReply *answer)
{
	struct follower *f = arg;

	if (f->stage != FOLLOW_LOG)
		return;
	if (answer->type == REDIS_REPLY_NIL)
		follow_on(f, true);
	else if (entries_of(answer) == NULL)
		miss_changes(f);
	else {
		f->entries = store_keep_answer(f->store);
		f->taken = 0;
		take_entries(f);
	}
}

/*
 * Sessions were left out, perhaps because those of an earlier epoch, which have
 * ended now, took their room. Once for an epoch.
 */
static bool
has_room_now(struct follower *f)
{
	const uint64_t epoch = f->intake.origin.epoch;

	if (f->intake.count.left == f->room.left ||
	    session_count(nat64_sessions(f->n)) >= f->room.held ||
	    f->room.tried_again == epoch)
		return (false);
	f->room.tried_again = epoch;
	return (true);
}

static void
end_sweep(struct follower *f)
{
	if (has_room_now(f)) {
		copy_again(f);
		return;
	}
	f->swept = true;
	f->whole = true;
	nat64_set_copied(f->n);
	f->copies++;
	log_info("replication: all of node %u is copied: %zu sessions of "
		 "epoch %" PRIu64,
	    f->intake.origin.node, session_count(nat64_sessions(f->n)),
	    f->intake.origin.epoch);
	f->stage = FOLLOW_LOG;
	step(f);
}

/*
 * This node is active: is what is still to come of no use any more? If another
 * node is active as well, it is not dead, and keeps its sessions.
 */
static bool
is_over(const struct follower *f)
{
	return (f->late.on &&
	    (monotime_reached(f->late.end, monotime_now()) ||
		f->late.entries >= LATE_ENTRIES || nat64_ports_held(f->n)));
}

static void
step_log(struct follower *f)
{
	if (f->entries != NULL) {
		take_entries(f);
		return;
	}
	if (!f->late.on &&
	    monotime_diff_ms(monotime_now(), f->looked) >= LOOK_MS)
		ask_head(f);
	ask_log(f);
}

static void
step(struct follower *f)
{
	if (is_over(f))
		end_late(f);
	if (!store_is_ready(f->store))
		return;
	switch (f->stage) {
	case FOLLOW_OFF:
	case FOLLOW_NOTE:
	case FOLLOW_MARK:
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
	case FOLLOW_COPY:
		ask_copy(f);
		break;
	case FOLLOW_LOG:
		step_log(f);
		break;
	case FOLLOW_SWEEP:
		if (nat64_copy_sweep(f->n, &f->walk, monotime_now(),
			MAX_ENTRIES))
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
	intake_init(&f->intake, n, store, seal);
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
	drop_entries(f);
	free(f);
}

void
follower_start(struct follower *f, uint64_t written)
{
	if (f->late.on)
		end_late(f);
	if (f->stage != FOLLOW_OFF)
		return;
	f->whole = f->none = false;
	f->started = monotime_now();
	f->best = f->seen = (struct replica_origin){ .node = 0 };
	if (written != 0)
		f->best.epoch = written + 1;
	f->best_beat = f->seen_beat = 0;
	f->intake.origin = f->had = (struct replica_origin){ .node = 0 };
	f->swept = false;
	enter(f, FOLLOW_HEAD, 0);
}

/* Does the stream, or the copy, have what has not been taken? */
static bool
has_more(const struct follower *f)
{
	return (f->intake.origin.node != 0 &&
	    (f->stage == FOLLOW_COPY || f->stage == FOLLOW_LOG ||
		f->stage == FOLLOW_MARK || f->stage == FOLLOW_SWEEP));
}

void
follower_stop(struct follower *f)
{
	const bool go_on = has_more(f);

	event_del(f->timer);
	store_forget(f->store, f);
	if (!go_on || nat64_role(f->n) != NAT64_ROLE_ACTIVE) {
		f->stage = FOLLOW_OFF;
		drop_entries(f);
		return;
	}
	f->late.on = true;
	f->late.end = monotime_add_ms(monotime_now(), LATE_MS);
	f->late.entries = 0;
	f->late.before = f->intake.count.sessions + f->intake.count.ends;
	nat64_await_copy(f->n, true);
	if (f->stage != FOLLOW_COPY)
		f->stage = FOLLOW_LOG;
	step(f);
}

void
follower_ready(struct follower *f)
{
	if (f->late.on)
		step(f);
	else if (f->stage != FOLLOW_OFF)
		enter(f, FOLLOW_HEAD, 0);
}

void
follower_lost(struct follower *f)
{
	event_del(f->timer);
	if (f->late.on) {
		timer_start(f->timer,
		    monotime_diff_ms(f->late.end, monotime_now()) + 1);
		return;
	}
	drop_entries(f);
	if (f->intake.origin.node != 0)
		f->had = f->intake.origin;
	f->intake.origin.node = 0;
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
	struct follow_count c = { .sessions = f->intake.count.sessions,
		.ends = f->intake.count.ends,
		.left = f->intake.count.left,
		.refused = f->intake.count.refused,
		.gaps = f->gaps,
		.copies = f->copies,
		.drops = f->drops,
		.late = f->n_late };

	if (f->stage != FOLLOW_OFF && !f->late.on && f->swept)
		c.origin = f->intake.origin;
	return (c);
}
