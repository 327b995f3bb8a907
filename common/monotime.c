/*
 * The one file that reads the clock.
 */
#include <time.h>

#include "monotime.h"

struct monotime
monotime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((struct monotime){
	    .ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec });
}

int64_t
wallclock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}
