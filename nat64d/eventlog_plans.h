/*
 * The deterministic ports in force, for the event log: which lines are due.
 */
#ifndef NAT64D_EVENTLOG_PLANS_H
#define NAT64D_EVENTLOG_PLANS_H

#include <stddef.h>

struct nat64_config;

/* The texts of the lines, see planline.h. All zero: none. */
struct eventlog_plans {
	char **texts;
	size_t n;
};

typedef void (*eventlog_plans_fn)(void *arg, const char *text);

/*
 * Use those of a configuration: fn is called for each that has ended, then for
 * each that is new. Returns 0, or -1 with errno ENOMEM, and then nothing was
 * called and nothing has changed.
 */
int eventlog_plans_use(struct eventlog_plans *p, const struct nat64_config *c,
    eventlog_plans_fn fn, void *arg);

/* Call fn for each that is in force. */
void eventlog_plans_each(const struct eventlog_plans *p, eventlog_plans_fn fn,
    void *arg);

void eventlog_plans_clear(struct eventlog_plans *p);

#endif
