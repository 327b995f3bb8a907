/*
 * Metrics in the text format of Prometheus, version 0.0.4. Pure: the text is
 * in memory.
 *
 *	# HELP nat64d_sessions Sessions.
 *	# TYPE nat64d_sessions gauge
 *	nat64d_sessions 1204
 *	nat64d_dropped_packets_total{reason="no-binding"} 17
 */
#ifndef COMMON_HTTP_PROM_H
#define COMMON_HTTP_PROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer names are cut. */
#define PROM_NAME_SIZE 80

/* All zero: no text yet. */
struct prom {
	char *text; /* owned; NULL: none */
	size_t len;
	size_t size;
	bool failed; /* memory was short: the text is not complete */
	char name[PROM_NAME_SIZE]; /* of the metric that was begun last */
};

enum prom_type { PROM_COUNTER, PROM_GAUGE };

/*
 * Begin a metric: its values follow. prefix and name are joined by "_"; a
 * hyphen in the name becomes "_" as well. The name of a counter ends with
 * "_total", which is added.
 */
void prom_metric(struct prom *p, enum prom_type type, const char *prefix,
    const char *name, const char *help);

/* A value of the metric, without or with a label. */
void prom_value(struct prom *p, uint64_t value);
void prom_labelled(struct prom *p, const char *label, const char *text,
    uint64_t value);

/* The same in seconds, the unit of Prometheus, of so many microseconds. */
void prom_labelled_us(struct prom *p, const char *label, const char *text,
    uint64_t us);

void prom_clear(struct prom *p);

#endif
