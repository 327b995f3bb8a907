/*
 * A server of the Redis protocol and the network to it, simulated, for tests of
 * nat64d/state/publish.c and follow.c: takes the place of nat64d/state/store.c,
 * of the timers of libevent and of both clocks. Time is that of lab.now
 * (nat64_lab.h); nothing happens but in redis_fake_run().
 *
 * The server is redis_db.h. A reader that waits in XREAD is answered when there
 * is something, and what it has sent behind it waits. Commands take a random
 * time to the server, and answers back.
 */
#ifndef TESTS_UNIT_REDIS_FAKE_H
#define TESTS_UNIT_REDIS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/state/store.h"
#include "tests/unit/redis_db.h"

struct event_base; /* here: the machine that a timer belongs to */

/* Forget everything, and begin with an empty server and no timer. */
void redis_fake_begin(void);
void redis_fake_end(void);

/* Milliseconds each way: between 0 and that, and in order. */
void redis_fake_set_delay(unsigned ms);

/* The time of day of a machine differs by that. */
void redis_fake_set_skew(struct event_base *machine, int64_t ms);

/* A connection, which is ready. */
struct store *redis_fake_connect(struct event_base *machine);

/*
 * It is lost: from a random one on, its commands have not come to the server,
 * and no answer comes. It can be made ready again. Who uses it is told nothing.
 */
void redis_fake_lose(struct store *s);
void redis_fake_make_ready(struct store *s);

/* The machine is dead: it is lost, and the caller's pointer, too. */
void redis_fake_close(struct store *s);

/*
 * The server dies, and with it what is on its way; it is there again, with what
 * it had at the last redis_fake_save(), or with nothing. Its connections have
 * to be lost before.
 */
void redis_fake_save(void);
void redis_fake_restart(bool empty);

/* What is due now: commands, answers and timers. */
void redis_fake_run(void);

/* What the server has. */
struct redis_db *redis_fake_db(void);

#endif
