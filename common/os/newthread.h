/*
 * A thread beside the one with the event loop.
 */
#ifndef COMMON_OS_NEWTHREAD_H
#define COMMON_OS_NEWTHREAD_H

#include <pthread.h>

/*
 * Start run(arg) in a thread that gets no signals, which are for the thread
 * with the event loop, and has a stack of 1 MiB, whatever the C library takes
 * by itself. Returns 0, or an errno.
 */
int newthread(pthread_t *id, void *(*run)(void *), void *arg);

#endif
