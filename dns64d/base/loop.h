/*
 * Delays of the event loop. libevent keeps timers of one duration in a queue
 * once that duration has been announced: adding one then takes constant time,
 * where its heap of timers takes logarithmic time.
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
