/*
 * A thread beside the main thread, and the socket pair on which the two send
 * each other single octets. Whoever has sent one does not touch what they share
 * until it gets one back: write() and read() order the memory accesses of both.
 */
#ifndef DNS64D_THREAD_H
#define DNS64D_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* The descriptors may be waited for in an event loop. */
struct thread {
	pthread_t id;
	int main_end; /* of the socket pair */
	int own_end;
};

/*
 * Start run(arg) in a thread that gets no signals and has a stack of 1 MiB, and
 * wait until it has sent its first octet. run returns when the main thread has
 * told it to, or when thread_get() returns -1.
 * what: for messages. A failure ends the process through fatal().
 */
void thread_start(struct thread *t, const char *what, void *(*run)(void *),
    void *arg);

/* Close the main thread's end, and wait until the thread has returned. */
void thread_end(struct thread *t);

/* Does not block, because at most one octet is on its way to either end. */
void thread_put(int end, uint8_t octet);

/* Wait for an octet. Returns it, or -1 when the other end is closed. */
int thread_get(int end);

#endif
