/*
 * One HTTP request over a Unix-domain socket, by libcurl.
 */
#ifndef COMMON_CTL_REQUEST_H
#define COMMON_CTL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_ERROR_SIZE 512

/* Longest answer that is kept in memory. */
#define REQUEST_MAX (1024UL * 1024 * 1024)

struct request {
	const char *socket;
	const char *method;
	const char *target; /* path and query, encoded */
	/*
	 * NULL: the answer is kept in body. Otherwise called for each piece of
	 * an answer with status 200, until it returns false.
	 */
	bool (*take)(void *arg, const char *data, size_t len);
	void *arg;
	/*
	 * NULL, or called while the answer is waited for: when one of the
	 * descriptors, -1 is none, can be read, and at least every second,
	 * until it returns false.
	 */
	bool (*watch)(void *arg);
	int watch_fds[2];
	unsigned timeout_secs; /* for the whole answer; 0: none */

	/* Set by request_send(). */
	long status;
	char *body; /* with a final NUL; owned by the caller; or NULL */
	size_t len;
	char error[REQUEST_ERROR_SIZE];
	long error_number; /* an errno, or 0 */
};

/*
 * Returns 0 when an answer came, whatever its status, and -1 with an error
 * when none came, or not a whole one. *connected: something listened.
 */
int request_send(struct request *r, bool *connected);

/* A part of a query, encoded; to be freed. NULL: memory is short. */
char *request_encode(const char *text);

#endif
