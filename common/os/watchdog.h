/*
 * Tell the service manager again and again that the event loop runs: WATCHDOG=1
 * of sd_notify(3), twice in each WatchdogSec= of its unit, which it passes in
 * the variable WATCHDOG_USEC. If it hears nothing for so long, it ends the
 * process and starts another one.
 *
 * WATCHDOG_PID is not compared: after an upgrade it is the predecessor, and who
 * is not the main process is not listened to.
 */
#ifndef COMMON_OS_WATCHDOG_H
#define COMMON_OS_WATCHDOG_H

struct event;
struct event_base;

/*
 * After notify_begin(). Returns an event, to be freed by event_free(); NULL if
 * nobody wants to be told, or, which is logged, without memory.
 */
struct event *watchdog_start(struct event_base *base);

#endif
