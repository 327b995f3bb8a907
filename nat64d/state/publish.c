#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/os/log.h"
#include "common/os/timer.h"

#include "batch.h"
#include "changes.h"
#include "kept.h"
#include "publish.h"
#include "rival.h"
#include "nat64d/core/nat64_copy.h"
#include "nat64d/core/nat64_role.h"
#include "nat64d/core/nat64_walk.h"

/* Values written in one turn of the event loop: less than a millisecond. */
#define MAX_VALUES 256

/* No more is written while so much has not been answered. */
#define MAX_WAITING (4 * 1024 * 1024)

/*
 * Between two turns while everything is written: half of the time is left to
 * packets, and the kernel does not take us for a process that wants all.
 */
#define WRITE_MS 2

/* Changes are collected for so long. */
#define COLLECT_MS 10

/* Each queue of changes; see changes.h. */
#define MAX_CHANGES (256 * 1024)

/* How often "head" is looked at and written. */
#define BEAT_MS 1000
#define HURRIED_BEAT_MS 100

/* What nobody is any more; several beats. */
#define OTHER_KEEP_SECS "30"

/* What was of an epoch before. */
#define OLD_KEEP_SECS "120"

/* "head" is not so far behind our own beat, unless somebody else writes it. */
#define MAX_BEHIND 1000

enum phase {
	PUBLISH_OFF,	 /* not active, or no store */
	PUBLISH_PAUSED,	 /* the store has dropped what it had */
	PUBLISH_ASKING,	 /* which epoch there was before */
	PUBLISH_WRITING, /* everything */
	PUBLISH_WHOLE	 /* the store has everything: changes only */
};

struct publisher {
	struct nat64 *n;
	struct store *store;
	struct changes *changes;
	struct replica_writer writer;
	struct replica_reader reader;
	struct replica_origin origin;
	uint32_t after_secs;
	struct event *turn;
	struct event *beat;
	bool turn_set;
	struct monotime turn_at;
	bool active;
	bool hurried;
	enum phase phase;
	struct nat64_walk walk;
	struct batch batch;
	uint64_t beats;
	uint64_t last_epoch; /* the highest one that was seen */
	struct replica_origin
	    before; /* whose keys are old; node 0: nobody's */
	struct rival rival;
	struct kept kept;
	char head[STORE_KEY_MAX];
	char other[STORE_KEY_MAX];
	char state[STORE_KEY_MAX];
	char log[STORE_KEY_MAX];
	struct publish_count count;
};

static void send_beat(struct publisher *p);

void
publish_key_head(char *text, const char *pair)
{
	snprintf(text, STORE_KEY_MAX, "nat64:%s:head", pair);
}

void
publish_key_other(char *text, const char *pair)
{
	snprintf(text, STORE_KEY_MAX, "nat64:%s:other", pair);
}

void
publish_key_state(char *text, const char *pair, uint8_t node, uint64_t epoch)
{
	snprintf(text, STORE_KEY_MAX, "nat64:%s:%u:%" PRIu64 ":state", pair,
	    node, epoch);
}

void
publish_key_log(char *text, const char *pair, uint8_t node, uint64_t epoch)
{
	snprintf(text, STORE_KEY_MAX, "nat64:%s:%u:%" PRIu64 ":log", pair,
	    node, epoch);
}

static int64_t
now_ms(void)
{
	return (monotime_now().ns / 1000000);
}

/* Have a turn after ms, unless there is one before. */
static void
set_turn(struct publisher *p, int64_t ms)
{
	const struct monotime at = monotime_add_ms(monotime_now(), ms);

	if (p->turn_set && monotime_reached(p->turn_at, at))
		return;
	p->turn_set = timer_start(p->turn, ms) == 0;
	p->turn_at = at;
}

/* --- values --- */

/* A place for a value; sends the batch to make one. */
static struct batch_value *
get_place(struct publisher *p, const uint8_t *key, bool is_end)
{
	struct batch_value *v = batch_place(&p->batch, key, is_end);

	if (v != NULL)
		return (v);
	(void)batch_send(&p->batch, p->store, p->state, p->log);
	return (batch_place(&p->batch, key, is_end));
}

/* Write the session, if there is one. logged: it is a change. */
static void
write_session(struct publisher *p, const struct replica_place *place,
    const struct nat64_clocks *at, bool logged)
{
	uint8_t key[REPLICA_KEY_LEN];
	struct batch_value *v;
	struct nat64_copy copy;

	if (!nat64_copy_session(p->n, place->proto, &place->tuple, at, &copy))
		return;
	replica_key(place, key);
	v = get_place(p, key, false);
	p->origin.sequence += logged;
	p->kept.logged = p->kept.logged || logged;
	v->logged = logged;
	v->len = replica_write_session(&p->writer, &p->origin, key, &copy,
	    v->value);
	p->batch.n++;
	p->count.sessions++;
}

static void
write_end(struct publisher *p, const struct replica_place *place)
{
	uint8_t key[REPLICA_KEY_LEN];
	struct batch_value *v;

	replica_key(place, key);
	v = get_place(p, key, true);
	p->origin.sequence++;
	p->kept.logged = true;
	v->logged = true;
	v->len = replica_write_end(&p->writer, &p->origin, key, v->value);
	p->batch.n++;
	p->count.ends++;
}

static void
write_change(struct publisher *p, const struct change *ch,
    const struct nat64_clocks *at)
{
	const bool copied =
	    nat64_is_copied(p->n, ch->place.proto, &ch->place.tuple);

	/* There may be another session at the same place by now. */
	if (ch->ended && !copied)
		write_end(p, &ch->place);
	else if (!ch->is_new || !copied)
		write_session(p, &ch->place, at, true);
}

/* --- an epoch --- */

static void
log_written(const struct publisher *p)
{
	log_info("replication: %s has all sessions: %" PRIu64
		 " in epoch %" PRIu64,
	    store_server(p->store),
	    (uint64_t)session_count(nat64_sessions(p->n)), p->origin.epoch);
}

/* Everything has been written; what was before is not needed any more. */
static void
end_writing(struct publisher *p)
{
	char key[STORE_KEY_MAX];

	p->phase = PUBLISH_WHOLE;
	(void)batch_send(&p->batch, p->store, p->state, p->log);
	send_beat(p);
	log_written(p);
	if (p->before.node == 0)
		return;
	publish_key_state(key, p->writer.seal.pair, p->before.node,
	    p->before.epoch);
	kept_expire(p->store, key, OLD_KEEP_SECS);
	publish_key_log(key, p->writer.seal.pair, p->before.node,
	    p->before.epoch);
	kept_expire(p->store, key, OLD_KEEP_SECS);
	p->before.node = 0;
}

/* Write what the walk meets. */
static void
write_all(struct publisher *p, const struct nat64_clocks *at, unsigned max)
{
	struct replica_place place;
	const struct bib_entry *e;
	const struct session *s;

	for (;;)
		switch (nat64_walk_next(p->n, &p->walk, &max, &e, &s)) {
		case NAT64_MET_BINDING:
			break;
		case NAT64_MET_SESSION:
			place.proto = (enum l4proto)s->proto;
			place.tuple = (struct tuple4){ s->out4, s->peer };
			write_session(p, &place, at, false);
			break;
		case NAT64_MET_PAUSE:
			return;
		case NAT64_MET_END:
			end_writing(p);
			return;
		}
}

static void
write_mark(struct publisher *p)
{
	const struct replica_head h = { .marked = true };
	uint8_t value[REPLICA_VALUE_MAX];

	kept_begin(&p->kept, value,
	    replica_write_head(&p->writer, &p->origin, &h, value));
}

static void
begin_epoch(struct publisher *p)
{
	const int64_t wall = wallclock_ms();

	p->origin.epoch = p->last_epoch + 1;
	if (wall > 0 && (uint64_t)wall > p->origin.epoch)
		p->origin.epoch = (uint64_t)wall;
	p->last_epoch = p->origin.epoch;
	p->origin.sequence = 0;
	publish_key_state(p->state, p->writer.seal.pair, p->origin.node,
	    p->origin.epoch);
	publish_key_log(p->log, p->writer.seal.pair, p->origin.node,
	    p->origin.epoch);
	memset(&p->walk, 0, sizeof(p->walk));
	batch_clear(&p->batch);
	changes_clear(p->changes);
	(void)changes_lost(p->changes);
	p->phase = PUBLISH_WRITING;
	p->count.epochs++;
	write_mark(p);
	send_beat(p);
	set_turn(p, 0);
}

/* --- head --- */

/* Read "head"; false: there is none that is good. */
static bool
read_head(struct publisher *p, const redisReply *answer,
    struct replica_item *item)
{
	return (answer->type == REDIS_REPLY_STRING &&
	    replica_read(&p->reader, REPLICA_HEAD_KEY,
		strlen(REPLICA_HEAD_KEY), answer->str, answer->len,
		item) == REPLICA_GOOD);
}

/* Another one, or somebody who has our number. */
static bool
is_other(const struct publisher *p, const struct replica_origin *o)
{
	return (o->node != p->origin.node || o->epoch != p->origin.epoch);
}

/* Has it become active later? At the same moment, node 2 has. */
static bool
is_later(const struct publisher *p, const struct replica_origin *o)
{
	return (o->epoch > p->origin.epoch ||
	    (o->epoch == p->origin.epoch && o->node > p->origin.node));
}

/* Somebody who has our number and our epoch writes under our keys. */
static bool
is_twin(const struct publisher *p, const struct replica_item *item)
{
	return (!is_other(p, &item->origin) &&
	    p->beats - item->head.beat > MAX_BEHIND);
}

/* Note what another node says of itself. A node that leaves expects that. */
static void
note_rival(struct publisher *p, const struct replica_item *item)
{
	if (item->origin.epoch > p->last_epoch)
		p->last_epoch = item->origin.epoch;
	if (p->hurried)
		return;
	rival_note(&p->rival, item, &p->origin, monotime_now());
	nat64_hold_ports(p->n, p->rival.present, monotime_now());
}

static size_t
write_beat(struct publisher *p, uint8_t value[REPLICA_VALUE_MAX])
{
	const struct replica_head h = {
		.complete = p->phase == PUBLISH_WHOLE,
		.draining = nat64_is_draining(p->n),
		.marked = true,
		.beat = ++p->beats,
		.sessions = session_count(nat64_sessions(p->n)),
	};

	return (replica_write_head(&p->writer, &p->origin, &h, value));
}

/* Say that we are active. */
static void
write_head(struct publisher *p)
{
	uint8_t value[REPLICA_VALUE_MAX];
	const char *const argv[] = { "SET", p->head, (const char *)value };
	const size_t lens[] = { 3, strlen(p->head), write_beat(p, value) };

	(void)store_send(p->store, NULL, NULL, 3, argv, lens);
}

/* "head" belongs to who became active later: let that one know. */
static void
write_other(struct publisher *p)
{
	uint8_t value[REPLICA_VALUE_MAX];
	const char *const argv[] = { "SET", p->other, (const char *)value };
	const size_t lens[] = { 3, strlen(p->other), write_beat(p, value) };

	(void)store_send(p->store, NULL, NULL, 3, argv, lens);
	kept_expire(p->store, p->other, OTHER_KEEP_SECS);
}

/* What "head" says before an epoch begins. */
static void
told_before(struct publisher *p, bool good, const struct replica_item *item)
{
	if (good && item->origin.epoch > p->last_epoch)
		p->last_epoch = item->origin.epoch;
	p->before = (struct replica_origin){ .node = 0 };
	if (good)
		p->before = item->origin;
	begin_epoch(p);
}

static void
take_head(void *arg, const redisReply *answer)
{
	struct publisher *p = arg;
	struct replica_item item;
	const bool good = read_head(p, answer, &item);

	if (p->phase == PUBLISH_ASKING) {
		told_before(p, good, &item);
		return;
	}
	if (p->phase == PUBLISH_OFF || p->phase == PUBLISH_PAUSED)
		return;
	if (good && is_twin(p, &item)) {
		begin_epoch(p);
		return;
	}
	if (!good || !is_later(p, &item.origin)) {
		/* One of before may still have been on its way. */
		if (good && is_other(p, &item.origin) &&
		    item.origin.epoch == p->origin.epoch)
			note_rival(p, &item);
		write_head(p);
		return;
	}
	/*
	 * It became active later: it has the word, unless it is gone. To a node
	 * that leaves it is the one that comes: an epoch after its own would
	 * send the standby to a copy that nobody keeps up to date.
	 */
	note_rival(p, &item);
	if (p->hurried)
		return;
	write_other(p);
	if (rival_is_silent(&p->rival))
		begin_epoch(p);
}

static void
take_other(void *arg, const redisReply *answer)
{
	struct publisher *p = arg;
	struct replica_item item;

	if ((p->phase == PUBLISH_WRITING || p->phase == PUBLISH_WHOLE) &&
	    read_head(p, answer, &item) && is_other(p, &item.origin))
		note_rival(p, &item);
}

/* Look at "head" first, then write it. */
static void
send_beat(struct publisher *p)
{
	const char *const head[] = { "GET", p->head };
	const char *const other[] = { "GET", p->other };

	if (p->phase == PUBLISH_WRITING || p->phase == PUBLISH_WHOLE)
		kept_look(&p->kept);
	(void)store_send(p->store, take_other, p, 2, other, NULL);
	(void)store_send(p->store, take_head, p, 2, head, NULL);
	timer_start(p->beat, p->hurried ? HURRIED_BEAT_MS : BEAT_MS);
}

/* Ask which epoch there was, and begin the next one. */
static void
ask(struct publisher *p)
{
	if (!p->active || !store_is_ready(p->store))
		return;
	p->phase = PUBLISH_ASKING;
	p->rival.silent = 0;
	send_beat(p);
}

/* The store has not what it should have (kept.h): write everything again. */
static void
dropped(void *arg)
{
	struct publisher *p = arg;

	p->phase = PUBLISH_PAUSED;
	changes_clear(p->changes);
	batch_clear(&p->batch);
	timer_start(p->beat, p->kept.pause_ms);
}

static void
beat_due(evutil_socket_t fd, short what, void *arg)
{
	struct publisher *p = arg;

	(void)fd;
	(void)what;
	if (p->phase == PUBLISH_OFF)
		return;
	if (p->phase == PUBLISH_PAUSED) {
		ask(p);
		return;
	}
	rival_look(&p->rival);
	nat64_hold_ports(p->n, p->rival.present, monotime_now());
	send_beat(p);
}

/* --- turns --- */

/* When there is something to do again. */
static void
set_next_turn(struct publisher *p)
{
	int64_t due, ms;

	if (store_waiting(p->store) >= MAX_WAITING) {
		set_turn(p, COLLECT_MS);
		return;
	}
	if (p->phase == PUBLISH_WRITING) {
		set_turn(p, WRITE_MS);
		return;
	}
	if (!changes_due(p->changes, &due))
		return;
	ms = p->hurried ? 0 : due - now_ms();
	set_turn(p, ms < COLLECT_MS ? COLLECT_MS : ms);
}

static void
take_turn(evutil_socket_t fd, short what, void *arg)
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };
	const int64_t now = at.mono.ns / 1000000;
	struct publisher *p = arg;
	struct change ch;
	unsigned i;

	(void)fd;
	(void)what;
	p->turn_set = false;
	if (p->phase != PUBLISH_WRITING && p->phase != PUBLISH_WHOLE)
		return;
	if (changes_lost(p->changes)) {
		p->count.overflows++;
		log_warn("replication: %s takes changes too slowly: "
			 "everything is written again",
		    store_server(p->store));
		begin_epoch(p);
		return;
	}
	if (store_waiting(p->store) < MAX_WAITING) {
		for (i = 0; i < MAX_VALUES &&
		     changes_next(p->changes, now, p->hurried, &ch);
		     i++)
			write_change(p, &ch, &at);
		if (p->phase == PUBLISH_WRITING)
			write_all(p, &at, MAX_VALUES);
		(void)batch_send(&p->batch, p->store, p->state, p->log);
	}
	set_next_turn(p);
}

static void
changed(void *arg, const struct session *s, enum nat64_change what)
{
	struct publisher *p = arg;

	if (p->phase != PUBLISH_WRITING && p->phase != PUBLISH_WHOLE)
		return;
	changes_note(p->changes, s, what, now_ms());
	/* A turn for a new session comes before that of any later one. */
	if (!p->turn_set || what != NAT64_CHANGE_NEW)
		set_next_turn(p);
}

/* --- for others --- */

struct publisher *
publisher_new(struct event_base *base, struct nat64 *n, struct store *store,
    const struct replica_seal *seal, uint8_t node, uint32_t after_secs)
{
	struct publisher *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (NULL);
	p->n = n;
	p->store = store;
	p->origin.node = node;
	replica_writer_init(&p->writer, seal);
	replica_reader_init(&p->reader, seal);
	publish_key_head(p->head, seal->pair);
	publish_key_other(p->other, seal->pair);
	p->beats = (uint64_t)arc4random() << 16;
	p->kept = (struct kept){ store, p->state, p->log, .dropped = dropped,
		.arg = p };
	p->changes = changes_new(MAX_CHANGES, (int64_t)after_secs * 1000);
	p->turn = event_new(base, -1, 0, take_turn, p);
	p->beat = event_new(base, -1, 0, beat_due, p);
	if (p->changes != NULL && p->turn != NULL && p->beat != NULL)
		return (p);
	publisher_free(p);
	errno = ENOMEM;
	return (NULL);
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	nat64_set_changes(p->n, NULL, NULL);
	changes_free(p->changes);
	if (p->turn != NULL)
		event_free(p->turn);
	if (p->beat != NULL)
		event_free(p->beat);
	free(p);
}

void
publisher_start(struct publisher *p)
{
	p->hurried = false;
	if (p->active) {
		/* It did not leave after all: who came has another epoch. */
		if (p->last_epoch > p->origin.epoch)
			ask(p);
		return;
	}
	p->active = true;
	rival_forget(&p->rival);
	nat64_set_changes(p->n, changed, p);
	ask(p);
}

void
publisher_stop(struct publisher *p)
{
	p->active = p->hurried = false;
	p->phase = PUBLISH_OFF;
	rival_forget(&p->rival);
	nat64_set_changes(p->n, NULL, NULL);
	nat64_hold_ports(p->n, false, monotime_now());
	changes_clear(p->changes);
	event_del(p->beat);
}

void
publisher_hurry(struct publisher *p)
{
	p->hurried = true;
	if (p->phase == PUBLISH_OFF)
		return;
	if (p->phase == PUBLISH_PAUSED)
		ask(p);
	else
		send_beat(p);
	set_turn(p, 0);
}

void
publisher_tell(struct publisher *p)
{
	if (p->phase == PUBLISH_WRITING || p->phase == PUBLISH_WHOLE)
		send_beat(p);
}

void
publisher_ready(struct publisher *p)
{
	ask(p);
}

void
publisher_lost(struct publisher *p)
{
	p->phase = PUBLISH_OFF;
	changes_clear(p->changes);
	event_del(p->beat);
}

bool
publisher_is_done(const struct publisher *p)
{
	return (p->phase == PUBLISH_WHOLE && changes_count(p->changes) == 0 &&
	    p->batch.n == 0 && store_waiting(p->store) == 0);
}

uint64_t
publisher_epoch(const struct publisher *p)
{
	return (p->origin.epoch);
}

struct publish_count
publisher_count(const struct publisher *p)
{
	struct publish_count c = p->count;

	c.waiting = changes_count(p->changes);
	c.active = p->active;
	c.complete = p->phase == PUBLISH_WHOLE;
	c.drops = p->kept.times;
	c.dropped = p->active && kept_is_warned(&p->kept);
	c.rivals = p->rival.times;
	c.rival = p->rival.present ? p->rival.origin.node : 0;
	return (c);
}
