/*
 * Debug lines about single packets or DNS queries, at most LINERATE_MAX in a
 * second. At the end of the second, a line has the number of the others:
 *
 *	debug: N lines left out
 *
 * There is a struct debuglog for each event base, used by its thread only.
 */
#ifndef COMMON_OS_DEBUGLOG_H
#define COMMON_OS_DEBUGLOG_H

#include <stdbool.h>

struct event_base;
struct debuglog;

/* base must outlive it. Returns NULL with errno ENOMEM. */
struct debuglog *debuglog_new(struct event_base *base);

/* Logs how many lines were left out. */
void debuglog_free(struct debuglog *l);

/*
 * May a line be written now, with log_debug()? Call it before the line is
 * composed; it is counted in either case.
 */
bool debuglog_take(struct debuglog *l);

#endif
