/*
 * The one file that reads the clock.
 */
#include <time.h>

#include "common/monotime.h"

struct monotime
monotime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((struct monotime){
	    .ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec });
}
