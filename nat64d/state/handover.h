/*
 * Take-over: a new process continues where a running one stops, without a lost
 * packet. It gets the descriptors of the tun device, the control socket and the
 * pid file, and bindings and sessions as records (record.h). Packets wait in
 * the device meanwhile.
 *
 * The running process has no privileges and cannot start another one, so an
 * administrator starts the new process, as root. That listens at an abstract
 * Unix socket and has its name sent to the control socket of the running one
 * (POST /v1/upgrade), which connects:
 *
 *	running process			new process
 *	descriptors		-->	sets itself up, drops its privileges
 *				<--	HANDOVER_GO
 *	lets gateways come to rest
 *	stops translating
 *	records			-->	restores them
 *				<--	HANDOVER_DONE
 *	HANDOVER_YOURS		-->	translates
 *	ends, leaving all as it is
 *
 * Until it gets HANDOVER_DONE the running process goes on if anything fails,
 * and the new one ends; neither waits longer than HANDOVER_PATIENCE_MS for the
 * other one while nobody translates. Each checks the other one's user: root,
 * its own, or for the new process that of the control socket.
 */
#ifndef NAT64D_STATE_HANDOVER_H
#define NAT64D_STATE_HANDOVER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/core/nat64.h"

/* While nobody translates, and before, while the new process starts. */
#define HANDOVER_PATIENCE_MS 5000
#define HANDOVER_START_SECS 30

/* Gateways get so long to come to rest (nat64_rest_gateways()). */
#define HANDOVER_REST_MS 500

/* Most sockets of the metrics. */
#define HANDOVER_MAX_METRICS 8

/* Size of a message about what failed. */
#define HANDOVER_TEXT_SIZE 512

enum handover_message {
	HANDOVER_GO = 'G',
	HANDOVER_DONE = 'D',
	HANDOVER_YOURS = 'Y'
};

struct event_base;

/* A descriptor that there is none of is -1. */
struct handover_fds {
	int tun;
	int control;			   /* listening */
	int pidfile;			   /* locked */
	int metrics[HANDOVER_MAX_METRICS]; /* listening */
	size_t n_metrics;
};

/* --- the running process --- */

struct handover;

struct handover_opts {
	struct handover_fds fds; /* borrowed */
	struct nat64 *n;	 /* borrowed */
	/*
	 * It has come to its end, and may be freed there. taken: the new
	 * process has it all: leave. Otherwise go on; text says why.
	 */
	void (*end)(void *arg, bool taken, const char *text);
	void *arg;
};

/*
 * Connect to the new process, which listens at the abstract socket "name", and
 * offer it everything. Needs no privileges. Returns NULL, and in text what
 * failed.
 */
struct handover *handover_offer(struct event_base *base, const char *name,
    const struct handover_opts *opts, char text[HANDOVER_TEXT_SIZE]);

/* NULL is allowed. */
void handover_free(struct handover *h);

/*
 * Write all bindings and sessions, as records (nat64d-state(5)), to a socket or
 * a file, at its offset: at once, since nobody waits for a turn of the event
 * loop. Returns 0, or -1 with errno.
 */
int handover_write_state(int fd, const struct nat64 *n);

/* --- the new process --- */

struct heir;

/* What has been restored. */
struct heir_result {
	uint64_t bindings;
	uint64_t sessions;
	uint64_t left; /* both, which the configuration does not allow */
};

/*
 * Ask the process that listens at the control socket to hand over to us. Waits
 * for it, at most HANDOVER_PATIENCE_MS. Returns NULL, and in text what failed.
 */
struct heir *heir_new(const char *control, char text[HANDOVER_TEXT_SIZE]);

/* Its descriptors, which belong to the caller. */
struct handover_fds heir_fds(const struct heir *h);

/*
 * Stop the other process and restore n, a new translator, from its state. When
 * that is done, restored is called; it returns 0, or -1 if the other process is
 * to go on, and may be NULL. Returns 0 when everything is ours, or -1 with a
 * text: the other process goes on.
 */
typedef int heir_fn(void *arg, const struct heir_result *result);
int heir_take(struct heir *h, struct nat64 *n, heir_fn *restored, void *arg,
    char text[HANDOVER_TEXT_SIZE]);

/* The other process goes on, unless heir_take() has succeeded. */
void heir_free(struct heir *h);

#endif
