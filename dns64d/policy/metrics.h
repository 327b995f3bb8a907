/*
 * Parses the metrics of a translator, in the Prometheus text format, as
 * documented in dns64d.conf(5), TRANSLATORS. Pure.
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
 * Parse an answer. Lines with other names or with labels are ignored; the last
 * line with a name counts.
 * text: need not end with NUL. Returns 0, or -1 if a line is missing or its
 * value is no whole number; then m is unchanged.
 */
int metrics_parse(const char *text, size_t len, struct metrics *m);

#endif
