/*
 * Parses the metrics of a translator, in the Prometheus text format, as
 * documented in dns64d.conf(5), TRANSLATORS. Pure.
 */
#ifndef DNS64D_POLICY_METRICS_H
#define DNS64D_POLICY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_TEXT_MAX 65536 /* octets of an answer */
#define METRICS_N_PROTO 3      /* tcp, udp, icmp */

struct metrics {
	bool up;       /* false: not to get clients */
	bool draining; /* the same, because an operator wants it so */
	uint64_t sessions;
	uint64_t sessions_max; /* never 0 */
	/* Ports of the pool for each protocol, and those free; 0: unknown. */
	uint64_t ports[METRICS_N_PROTO];
	uint64_t available[METRICS_N_PROTO];
};

/*
 * Parse an answer. Lines with other names or labels are ignored; the last line
 * with a name counts. Those of the drain and of the ports may be missing.
 * text: need not end with NUL. Returns 0, or -1 if a line is missing or its
 * value is no whole number; then m is unchanged.
 */
int metrics_parse(const char *text, size_t len, struct metrics *m);

#endif
