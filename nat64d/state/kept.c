#include <string.h>

#include "common/os/log.h"

#include "kept.h"
#include "replica.h"

/* What no node renews is forgotten by the store. */
#define KEEP_SECS "3600"

/*
 * A store that drops one epoch may have no room for the next one either: it is
 * written at once, then after pauses that grow, until one has stayed for long.
 */
#define STAYED_MS (60 * 1000)
#define PAUSE_MIN_MS 2000
#define PAUSE_MAX_MS (60 * 1000)

/* Between two warnings, however often it happens. */
#define WARN_MS (60 * 1000)

static void
drop(struct kept *k)
{
	const struct monotime now = monotime_now();

	store_forget(k->store, k);
	if (monotime_diff_ms(now, k->since) >= STAYED_MS)
		k->pause_ms = 0;
	else
		k->pause_ms =
		    k->pause_ms == 0 ? PAUSE_MIN_MS : 2 * k->pause_ms;
	if (k->pause_ms > PAUSE_MAX_MS)
		k->pause_ms = PAUSE_MAX_MS;
	if (!kept_is_warned(k))
		log_warn("replication: %s has dropped sessions: everything is "
			 "written again: set maxmemory-policy noeviction "
			 "there, and enough memory",
		    store_server(k->store));
	k->warned_until = monotime_add_ms(now, WARN_MS);
	k->times++;
	k->dropped(k->arg);
}

static void
take_mark(void *arg, const redisReply *answer)
{
	if (answer->type == REDIS_REPLY_NIL)
		drop(arg);
}

static void
take_log(void *arg, const redisReply *answer)
{
	if (answer->type == REDIS_REPLY_INTEGER && answer->integer == 0)
		drop(arg);
}

void
kept_begin(struct kept *k, const uint8_t *mark, size_t len)
{
	const char *const argv[] = { "HSET", k->state, REPLICA_HEAD_KEY,
		(const char *)mark };
	const size_t lens[] = { 4, strlen(k->state), strlen(REPLICA_HEAD_KEY),
		len };

	k->logged = false;
	store_forget(k->store, k);
	k->since = monotime_now();
	(void)store_send(k->store, NULL, NULL, 4, argv, lens);
}

void
kept_look(struct kept *k)
{
	const char *const mark[] = { "HGET", k->state, REPLICA_HEAD_KEY };
	const char *const log[] = { "EXPIRE", k->log, KEEP_SECS };

	(void)store_send(k->store, take_mark, k, 3, mark, NULL);
	if (k->logged)
		(void)store_send(k->store, take_log, k, 3, log, NULL);
	kept_expire(k->store, k->state, KEEP_SECS);
}

bool
kept_is_warned(const struct kept *k)
{
	return (k->times > 0 &&
	    !monotime_reached(k->warned_until, monotime_now()));
}

void
kept_expire(struct store *s, const char *key, const char *secs)
{
	const char *const argv[] = { "EXPIRE", key, secs };

	(void)store_send(s, NULL, NULL, 3, argv, NULL);
}
