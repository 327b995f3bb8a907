/*
 * What is done with each message of a client, for operators who watch: a ring
 * of events between a worker, which writes, and the main thread, which reads.
 * Neither waits for the other: when the ring is full, events are lost and
 * counted. The filters of those who watch are applied by the worker, so that
 * few events of a busy server do not get lost among many.
 */
#ifndef DNS64D_MONITOR_H
#define DNS64D_MONITOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"
#include "common/net/pref64.h"
#include "common/net/scoped_addr.h"

#include "dns64d/wire/msg_name.h"

#define MONITOR_RING 2048 /* events; a power of two */
#define MONITOR_MAX 8	  /* who watch at the same time */

struct querylog_line;

/* Strings are static. */
struct monitor_event {
	int64_t time_ms; /* of day */
	int64_t usecs;	 /* since the message was received */
	struct sockaddr_storage client;
	const char *over;	     /* "udp", "tcp" or "control" */
	const char *action;	     /* as in the query log */
	const char *why;	     /* or NULL */
	const char *from;	     /* where the reply came from, or NULL */
	struct scoped_addr upstream; /* AF_UNSPEC: none has answered */
	struct pref64 prefix;	     /* len 0: none was used */
	bool question;		     /* qname and qtype are set */
	bool answered;		     /* with rcode */
	uint16_t qtype;
	uint16_t rcode;
	uint8_t qname[MSG_NAME_MAX]; /* wire form */
};

/* What one wants to see; all zero: everything. */
struct monitor_filter {
	struct prefix client; /* AF_UNSPEC: any */
	bool has_name;
	bool has_type;
	bool has_rcode;
	uint16_t qtype;
	uint16_t rcode;
	uint8_t name[MSG_NAME_MAX]; /* and what is below it */
	char action[24];	    /* "": any */
};

/* The filters are changed while the worker is stopped only. */
struct monitor_ring {
	const struct monitor_filter *filters[MONITOR_MAX];
	unsigned n_filters;
	_Atomic uint32_t head; /* events written; by the worker */
	_Atomic uint32_t tail; /* events read; by the main thread */
	_Atomic uint64_t lost;
	struct monitor_event v[MONITOR_RING];
};

bool monitor_wants(const struct monitor_filter *f,
    const struct monitor_event *e);

/* For the worker: add an event, if somebody wants it. */
void monitor_put(struct monitor_ring *r, const struct monitor_event *e);

/* The same for a message that has ended; monitor_note.c. */
void monitor_note(struct monitor_ring *r, const struct querylog_line *line);

/* For the main thread: the next event, until monitor_read(); NULL: none. */
const struct monitor_event *monitor_next(struct monitor_ring *r);
void monitor_read(struct monitor_ring *r);

/* How many were lost since the last call. */
uint64_t monitor_take_lost(struct monitor_ring *r);

#endif
