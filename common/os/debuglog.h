/*
 * Debug lines about what is decided packet by packet or question by
 * question, at most LINERATE_MAX in a second; of the rest the log has
 *
 *	debug: N lines left out
 *
 * when the second is over. One for each event base, used by its thread
 * alone.
 */
#ifndef COMMON_OS_DEBUGLOG_H
#define COMMON_OS_DEBUGLOG_H

#include <stdbool.h>

struct event_base;
struct debuglog;

/* base must outlive it. Returns NULL with errno ENOMEM. */
struct debuglog *debuglog_new(struct event_base *base);

/* Says first what is unsaid. */
void debuglog_free(struct debuglog *l);

/*
 * May a line be written now, with log_debug()? To be asked before the line
 * is made; counts it either way.
 */
bool debuglog_take(struct debuglog *l);

#endif
