/*
 * One line of an event log, read back: as nat64d writes it in text and in JSON,
 * with whatever the system's logger has put before it; as a collector keeps
 * messages of RFC 5424; and each of these in JSON, as a member of an object or
 * as a string in one, which programs that ship lines make of them. Lines may
 * come from anywhere.
 */
#ifndef NAT64D_LOG_LOGLINE_H
#define NAT64D_LOG_LOGLINE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/base/tuple.h"
#include "nat64d/pool/portlist.h"

enum logline_kind {
	LOGLINE_OTHER,	 /* an event that says nothing about who had what */
	LOGLINE_BINDING, /* bindings and sessions: host6, addr4 ... */
	LOGLINE_SESSION,
	LOGLINE_ADDRESS, /* of a subscriber: host6, len6, addr4.addr */
	LOGLINE_BLOCK,	 /* likewise, with ports */
	LOGLINE_PLAN,	 /* deterministic ports: see planline.h */
	LOGLINE_STARTED, /* what was there before has ended */
	LOGLINE_RESUMED, /* what was there before goes on, or has ended */
	LOGLINE_STOPPED,
	LOGLINE_CHANGED, /* other kinds of events are logged; count: 0: none */
	LOGLINE_LOST	 /* lines are missing here */
};

/*
 * Of deterministic ports; host6.addr and len6 are the prefix of all
 * subscribers, addr4.addr is the first address, ports are those of all blocks.
 */
struct logline_plan {
	struct in_addr last4;
	unsigned subscriber_len; /* bits */
	uint16_t block_size;	 /* ports */
	uint16_t n_fixed;	 /* blocks of an address */
};

struct logline {
	int64_t unix_ms;
	uint64_t sender; /* a hash of the host before it; 0: there is none */
	enum logline_kind kind;
	bool begins;	    /* created; else deleted */
	enum l4proto proto; /* bindings and sessions */
	struct taddr6 host6;
	struct taddr4 addr4;
	unsigned len6;
	struct port_range ports;
	bool has_peer; /* sessions */
	struct taddr4 peer4;
	uint64_t count; /* LOGLINE_LOST, LOGLINE_CHANGED */
	bool computed;	/* LOGLINE_BLOCK: of deterministic ports */
	struct logline_plan plan;
};

/*
 * Read a line of len octets, without its newline. Returns false when it is no
 * event of nat64d, or has no time, or one of the kinds above lacks a word or
 * has one that cannot be read.
 */
bool logline_parse(const char *line, size_t len, struct logline *l);

/* A point in time, and how exactly it was given. */
struct logline_time {
	int64_t unix_ms; /* of UTC, if there is a zone; else of local time */
	int64_t span_ms; /* the rest of it: 1 to 60000 */
	bool has_zone;
};

/*
 * Read a time of RFC 3339: 2026-11-23T14:50:05.123Z or, with the offset of a
 * time zone, 2026-11-23T15:50:05+01:00. Also allowed: a blank for the T, no
 * zone, no seconds. Digits behind milliseconds are passed over. Returns false
 * when it is none, of the years 1970 to 9999.
 */
bool logline_time(const char *text, size_t len, struct logline_time *t);

#endif
