/*
 * Names of the counters, from the lists in stats.h.
 */
#include "stats.h"

static const char *const reasons[NAT64_NREASONS] = {
#define X(reason, name, meaning) name,
	NAT64_REASONS(X)
#undef X
};

static const char *const counters[NAT64_NCOUNTERS] = {
#define X(counter, name, meaning) name,
	NAT64_COUNTERS(X)
#undef X
};

static const char *const meanings[NAT64_NCOUNTERS] = {
#define X(counter, name, meaning) meaning,
	NAT64_COUNTERS(X)
#undef X
};

const char *
nat64_reason_name(enum nat64_reason reason)
{
	return (reasons[reason]);
}

const char *
nat64_counter_name(enum nat64_counter counter)
{
	return (counters[counter]);
}

const char *
nat64_counter_meaning(enum nat64_counter counter)
{
	return (meanings[counter]);
}
