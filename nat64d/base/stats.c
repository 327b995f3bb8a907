/*
 * Names of the counters, out of the lists in stats.h.
 */
#include "stats.h"

struct text {
	const char *name;
	const char *help;
};

static const struct text reasons[NAT64_NREASONS] = {
#define X(reason, name, help) { name, help },
	NAT64_REASONS(X)
#undef X
};

static const struct text counters[NAT64_NCOUNTERS] = {
#define X(counter, name, help) { name, help },
	NAT64_COUNTERS(X)
#undef X
};

const char *
nat64_reason_name(enum nat64_reason reason)
{
	return (reasons[reason].name);
}

const char *
nat64_reason_help(enum nat64_reason reason)
{
	return (reasons[reason].help);
}

const char *
nat64_counter_name(enum nat64_counter counter)
{
	return (counters[counter].name);
}

const char *
nat64_counter_help(enum nat64_counter counter)
{
	return (counters[counter].help);
}
