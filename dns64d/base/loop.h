/*
 * Delays of the event loop. libevent keeps the timers of a duration that has
 * been announced in a queue, in which adding a timer takes constant time; in
 * its heap of all other timers it takes logarithmic time.
 */
#ifndef DNS64D_BASE_LOOP_H
#define DNS64D_BASE_LOOP_H

#include <sys/time.h>

#include <event2/event.h>

/* For event_add on this base; libevent owns it. NULL when memory is short. */
static inline const struct timeval *
loop_delay(struct event_base *base, unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	return (event_base_init_common_timeout(base, &tv));
}

#endif
