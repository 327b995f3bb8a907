/*
 * A server of the Redis protocol, simulated: see redis_fake.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/monotime.h"
#include "common/os/log.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/redis_fake.h"

#define MAX_TIMERS 16
#define MAX_MACHINES 4
#define WALL_MS INT64_C(1800000000000)

struct command {
	struct command *next;
	int argc;
	store_answer_fn *fn;
	void *arg;
	int64_t comes_ms;
	int64_t waits_ms; /* XREAD: until then; 0: it does not wait yet */
	redisReply *answer;
	int64_t answered_ms;
	struct redis_text argv[];
};

struct store {
	struct store *next;
	struct event_base *machine;
	bool is_lost;
	bool is_closed; /* it is freed when it has no command */
	struct command *first;
	struct command *unserved; /* the first one without an answer */
	struct command *last;	  /* valid if there is one */
	int64_t answered_ms;	  /* the last answer */
};

struct event {
	struct event_base *machine;
	event_callback_fn fn;
	void *arg;
	bool on;
	int64_t due_ms;
};

static struct {
	struct redis_db db, saved;
	struct store *stores;
	struct event *timers[MAX_TIMERS];
	unsigned delay_ms;
	uint64_t random;
	struct event_base *machine; /* whose code runs */
	redisReply **answer;	    /* that is being taken */
	struct {
		struct event_base *machine;
		int64_t ms;
	} skews[MAX_MACHINES];
} fake;

static unsigned
below(unsigned n)
{
	fake.random = fake.random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return ((unsigned)(fake.random >> 33) % n);
}

/* --- clocks and timers --- */

struct monotime
monotime_now(void)
{
	return (lab.now);
}

static int64_t
now_ms(void)
{
	return (lab.now.ns / 1000000);
}

int64_t
wallclock_ms(void)
{
	unsigned i;

	for (i = 0; i < MAX_MACHINES; i++)
		if (fake.skews[i].machine == fake.machine)
			return (WALL_MS + now_ms() + fake.skews[i].ms);
	return (WALL_MS + now_ms());
}

void
redis_fake_set_skew(struct event_base *machine, int64_t ms)
{
	unsigned i;

	for (i = 0; i < MAX_MACHINES; i++)
		if (fake.skews[i].machine == machine ||
		    fake.skews[i].machine == NULL)
			break;
	REQUIRE(i < MAX_MACHINES);
	fake.skews[i].machine = machine;
	fake.skews[i].ms = ms;
}

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn fn, void *arg)
{
	struct event *ev = calloc(1, sizeof(*ev));
	unsigned i;

	(void)fd;
	(void)what;
	REQUIRE(ev != NULL);
	*ev = (struct event){ .machine = base, .fn = fn, .arg = arg };
	for (i = 0; i < MAX_TIMERS; i++)
		if (fake.timers[i] == NULL)
			break;
	REQUIRE(i < MAX_TIMERS);
	fake.timers[i] = ev;
	return (ev);
}

int
event_add(struct event *ev, const struct timeval *tv)
{
	ev->on = true;
	ev->due_ms = now_ms() + tv->tv_sec * 1000 + tv->tv_usec / 1000;
	return (0);
}

int
event_del(struct event *ev)
{
	ev->on = false;
	return (0);
}

void
event_free(struct event *ev)
{
	unsigned i;

	for (i = 0; i < MAX_TIMERS; i++)
		if (fake.timers[i] == ev)
			fake.timers[i] = NULL;
	free(ev);
}

/* One that is set again at once comes with the next call, after packets. */
static void
run_timers(void)
{
	const int64_t now = now_ms();
	struct event *ev;
	unsigned i;

	for (i = 0; i < MAX_TIMERS; i++) {
		ev = fake.timers[i];
		if (ev == NULL || !ev->on || ev->due_ms > now)
			continue;
		ev->on = false;
		fake.machine = ev->machine;
		ev->fn(-1, EV_TIMEOUT, ev->arg);
	}
}

/* What the daemon would log is not of interest. */
void
log_info(const char *fmt, ...)
{
	(void)fmt;
}

void
log_warn(const char *fmt, ...)
{
	(void)fmt;
}

void
log_err(const char *fmt, ...)
{
	(void)fmt;
}

/* --- connections --- */

/* NULL: it waits. */
static redisReply *
execute(struct command *c)
{
	redisReply *answer;

	fake.db.now_ms = now_ms();
	answer = redis_db_execute(&fake.db, c->argc, c->argv);
	if (answer != NULL)
		return (answer);
	/* XREAD COUNT n BLOCK ms */
	if (c->waits_ms == 0 && strcmp(c->argv[3].bytes, "BLOCK") == 0)
		c->waits_ms = now_ms() + atoi(c->argv[4].bytes);
	if (now_ms() < c->waits_ms)
		return (NULL);
	return (redis_db_reply(REDIS_REPLY_NIL));
}

static int64_t
delay(void)
{
	return (below(fake.delay_ms + 1));
}

static void
free_command(struct command *c)
{
	int i;

	for (i = 0; i < c->argc; i++)
		free(c->argv[i].bytes);
	if (c->answer != NULL)
		redis_db_free_reply(c->answer);
	free(c);
}

static void
free_commands(struct command **first)
{
	struct command *c;

	while ((c = *first) != NULL) {
		*first = c->next;
		free_command(c);
	}
}

int
store_send(struct store *s, store_answer_fn *fn, void *arg, int argc,
    const char *const argv[], const size_t lens[])
{
	struct command *c;
	int i;

	if (s->is_lost)
		return (-1);
	c = calloc(1, sizeof(*c) + (size_t)argc * sizeof(c->argv[0]));
	REQUIRE(c != NULL);
	c->argc = argc;
	for (i = 0; i < argc; i++)
		c->argv[i] = redis_text_of(argv[i],
		    lens != NULL ? lens[i] : strlen(argv[i]));
	c->fn = fn;
	c->arg = arg;
	c->comes_ms = now_ms() + delay();
	if (s->first == NULL)
		s->first = c;
	else {
		s->last->next = c;
		if (s->last->comes_ms > c->comes_ms)
			c->comes_ms = s->last->comes_ms;
	}
	s->last = c;
	if (s->unserved == NULL)
		s->unserved = c;
	return (0);
}

void
store_forget(struct store *s, const void *arg)
{
	struct command *c;

	for (c = s->first; c != NULL; c = c->next)
		if (c->arg == arg)
			c->fn = NULL;
}

redisReply *
store_keep_answer(struct store *s)
{
	redisReply *answer = *fake.answer;

	(void)s;
	*fake.answer = NULL;
	return (answer);
}

void
store_free_answer(redisReply *answer)
{
	if (answer != NULL)
		redis_db_free_reply(answer);
}

bool
store_is_ready(const struct store *s)
{
	return (!s->is_lost);
}

size_t
store_waiting(const struct store *s)
{
	const struct command *c;
	size_t n = 0;

	for (c = s->first; c != NULL; c = c->next)
		n += 100;
	return (n);
}

const char *
store_server(const struct store *s)
{
	(void)s;
	return ("simulated");
}

struct store *
redis_fake_connect(struct event_base *machine)
{
	struct store *s = calloc(1, sizeof(*s));

	REQUIRE(s != NULL);
	s->machine = machine;
	s->next = fake.stores;
	fake.stores = s;
	return (s);
}

void
redis_fake_make_ready(struct store *s)
{
	s->is_lost = false;
}

/* What gets to the server all the same comes from a connection of its own. */
void
redis_fake_lose(struct store *s)
{
	struct command *rest, **at, *c;
	struct store *orphan;
	unsigned n = 0;

	if (s->is_lost)
		return;
	orphan = redis_fake_connect(s->machine);
	orphan->is_lost = orphan->is_closed = s->is_lost = true;
	orphan->first = s->first;
	orphan->answered_ms = s->answered_ms;
	s->first = s->unserved = NULL;
	s->answered_ms = 0;
	for (at = &orphan->first; *at != NULL && (*at)->answer != NULL;)
		at = &(*at)->next;
	orphan->unserved = *at;
	for (c = *at; c != NULL; c = c->next)
		n++;
	for (n = below(n + 1); n > 0; n--)
		at = &(*at)->next;
	rest = *at;
	if (orphan->unserved == rest)
		orphan->unserved = NULL;
	*at = NULL;
	free_commands(&rest);
}

void
redis_fake_close(struct store *s)
{
	redis_fake_lose(s);
	s->is_closed = true;
}

static void
serve(struct store *s)
{
	struct command *c;

	while ((c = s->unserved) != NULL && c->comes_ms <= now_ms()) {
		c->answer = execute(c);
		if (c->answer == NULL)
			return;
		c->answered_ms = now_ms() + delay();
		if (c->answered_ms < s->answered_ms)
			c->answered_ms = s->answered_ms;
		s->answered_ms = c->answered_ms;
		s->unserved = c->next;
	}
}

static void
deliver(struct store *s)
{
	struct command *c;

	while ((c = s->first) != NULL && c->answer != NULL &&
	    c->answered_ms <= now_ms()) {
		s->first = c->next;
		fake.machine = s->machine;
		fake.answer = &c->answer;
		if (c->fn != NULL && !s->is_lost)
			c->fn(c->arg, c->answer);
		free_command(c);
	}
}

void
redis_fake_run(void)
{
	struct store **at, *s;

	for (s = fake.stores; s != NULL; s = s->next)
		serve(s);
	for (s = fake.stores; s != NULL; s = s->next)
		deliver(s);
	run_timers();
	at = &fake.stores;
	while ((s = *at) != NULL)
		if (s->is_closed && s->first == NULL) {
			*at = s->next;
			free(s);
		} else
			at = &s->next;
}

/* --- the server --- */

void
redis_fake_save(void)
{
	redis_db_copy(&fake.saved, &fake.db);
}

void
redis_fake_restart(bool empty)
{
	struct store *s;

	for (s = fake.stores; s != NULL; s = s->next) {
		REQUIRE(s->is_lost);
		free_commands(&s->first);
		s->unserved = NULL;
	}
	if (empty)
		redis_db_clear(&fake.db);
	else
		redis_db_copy(&fake.db, &fake.saved);
}

struct redis_db *
redis_fake_db(void)
{
	fake.db.now_ms = now_ms();
	return (&fake.db);
}

void
redis_fake_set_delay(unsigned ms)
{
	fake.delay_ms = ms;
}

void
redis_fake_begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.random = 1;
}

void
redis_fake_end(void)
{
	struct store *s;

	redis_db_clear(&fake.db);
	redis_db_clear(&fake.saved);
	while ((s = fake.stores) != NULL) {
		fake.stores = s->next;
		free_commands(&s->first);
		free(s);
	}
}
