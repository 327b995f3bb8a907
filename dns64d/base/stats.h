/*
 * The counters of dns64d. The enumeration, the names and the help texts are
 * made from one list.
 */
#ifndef DNS64D_BASE_STATS_H
#define DNS64D_BASE_STATS_H

#include <stdint.h>
#include <stdio.h>

/* X(NAME, "name", "help") in the order of printing. */
#define STATS_LIST(X)                                                         \
	X(QUERIES_UDP, "queries-udp", "queries received over UDP")            \
	X(QUERIES_TCP, "queries-tcp", "queries received over TCP")            \
	X(CLIENT_GARBAGE, "client-garbage",                                   \
	    "messages from clients that are not answered")                    \
	X(REFUSED, "refused", "queries refused by the access list")           \
	X(FORMERR, "formerr", "queries answered FORMERR")                     \
	X(NOTIMP, "notimp", "queries answered NOTIMP")                        \
	X(BADVERS, "badvers", "queries answered BADVERS")                     \
	X(BADCOOKIE, "badcookie", "queries answered BADCOOKIE")               \
	X(RATE_DROPPED, "rate-dropped", "queries beyond a client's rate")     \
	X(RATE_TRUNCATED, "rate-truncated",                                   \
	    "queries beyond a client's rate that were sent to TCP")           \
	X(SERVFAIL, "servfail",                                               \
	    "queries for which no upstream had an answer")                    \
	X(SHED, "shed", "queries of the busiest clients given up")            \
	X(LOCAL, "local", "answers made without an upstream")                 \
	X(PASSED, "passed", "answers of an upstream passed on")               \
	X(SYNTHESISED, "synthesised", "answers with synthesised AAAA")        \
	X(NXDOMAIN_SYNTH, "nxdomain-synth",                                   \
	    "answers with synthesised AAAA where AAAA said NXDOMAIN")         \
	X(PTR, "ptr", "reverse names inside a prefix answered")               \
	X(TRUNCATED, "truncated", "answers cut to the client's UDP size")     \
	X(REPLY_ERRORS, "reply-errors", "answers that could not be sent")     \
	X(TCP_ACCEPTED, "tcp-accepted", "TCP clients accepted")               \
	X(TCP_REFUSED, "tcp-refused",                                         \
	    "TCP clients refused because of a limit")                         \
	X(TCP_IDLE, "tcp-idle", "TCP clients closed when idle")               \
	X(TCP_SHED, "tcp-shed",                                               \
	    "TCP connections of the busiest clients closed")                  \
	X(CACHE_HITS, "cache-hits", "questions answered from the cache")      \
	X(ANSWER_HITS, "answer-hits",                                         \
	    "queries answered from the packet cache")                         \
	X(CACHE_STALE, "cache-stale", "questions given a stale answer")       \
	X(CACHE_FAILURES, "cache-failures",                                   \
	    "questions not asked since they failed recently")                 \
	X(CACHE_MISSES, "cache-misses", "questions put to the upstreams")     \
	X(COALESCED, "coalesced", "questions that were being asked already")  \
	X(PREFETCHES, "prefetches",                                           \
	    "answers fetched again before they expire")                       \
	X(UP_UDP, "upstream-udp", "queries sent to upstreams over UDP")       \
	X(UP_TCP, "upstream-tcp", "queries sent to upstreams over TCP")       \
	X(UP_ANSWERS, "upstream-answers", "answers accepted from upstreams")  \
	X(UP_LOST, "upstream-lost", "queries left unanswered by upstreams")   \
	X(UP_ERRORS, "upstream-errors",                                       \
	    "queries that could not be sent or were rejected by the network") \
	X(UP_MISMATCH, "upstream-mismatch",                                   \
	    "answers with wrong address, id or question, ignored")            \
	X(UP_ABANDONED, "upstream-abandoned",                                 \
	    "questions that too many ignored answers moved to TCP")           \
	X(UP_MALFORMED, "upstream-malformed", "answers that do not parse")    \
	X(UP_TRUNCATED, "upstream-truncated", "UDP answers truncated")        \
	X(UP_NOEDNS, "upstream-noedns",                                       \
	    "times that an upstream was found to have no EDNS")               \
	X(UP_DOWN, "upstream-down", "times that an upstream was marked down") \
	X(UP_PROBES, "upstream-probes",                                       \
	    "probes sent to upstreams that do not answer")

enum stats_counter {
#define STATS_ENUM(NAME, name, help) STAT_##NAME,
	STATS_LIST(STATS_ENUM)
#undef STATS_ENUM
	    STAT_MAX
};

struct stats {
	uint64_t n[STAT_MAX];
};

static inline void
stats_count(struct stats *s, enum stats_counter what)
{
	s->n[what]++;
}

/* Add each counter of s to that of sum. */
void stats_add(struct stats *sum, const struct stats *s);

/* Static strings, for what < STAT_MAX. */
const char *stats_name(enum stats_counter what);
const char *stats_help(enum stats_counter what);

/* Print every counter, one "name value" a line, zeros too. */
void stats_print(const struct stats *s, FILE *f);

#endif
