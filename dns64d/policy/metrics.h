/*
 * What a translator tells of itself: the few lines of the Prometheus text
 * format that dns64d.conf(5) documents under TRANSLATORS. Pure.
 */
#ifndef DNS64D_POLICY_METRICS_H
#define DNS64D_POLICY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_MAX 65536 /* octets of an answer */

struct metrics {
	bool up; /* false: draining */
	uint64_t sessions;
	uint64_t sessions_max; /* never 0 */
};

/*
 * Read an answer. Lines with other names or with labels are ignored; of a
 * name that comes twice the last line holds.
 * text: need not end with NUL. Returns 0; -1 when a line is missing or has
 * another value than a number without a fraction: then m is unchanged.
 */
int metrics_parse(const char *text, size_t len, struct metrics *m);

#endif
