/*
 * Events of the translator as text, for logs (RFC 8158; RFC 6888, 4): words
 * KEY=VALUE with one space between; addresses and ports in numbers.
 * "natevent" is the value that RFC 8158, 4.1 gives the event; the fields are
 * those of the clause named. The format is documented in nat64d(8), EVENT
 * LOG: change both.
 *
 * event=binding-created natevent=10 proto addr6 port6 addr4 port4	4.6.4
 * event=binding-deleted natevent=11
 * event=session-created natevent=6 proto addr6 port6 addr4 port4	4.6.2
 * event=session-deleted natevent=7  [peer6 peer4 [peerport]]
 * event=address-bound natevent=14 subscriber addr4			4.6.9
 * event=address-released natevent=15
 * event=block-allocated natevent=16 subscriber addr4			4.6.10
 * event=block-released natevent=17  firstport4 lastport4
 * event=threshold-reached natevent=18 subtype threshold proto		4.6.8
 * event=threshold-left			statement [subscriber]
 * event=pool-exhausted natevent=3 pool proto statement		4.6.5
 * event=ports-exhausted natevent=12 addr4 proto statement		4.6.6
 * event=quota-exceeded natevent=13 subtype quota limit statement	4.6.7
 *	[subscriber] [addr6|peer4]
 * event=packet-dropped reason proto [src dst] [sport dport]
 *	[type code]
 * event=icmp-sent icmp-type icmp-code to, then as packet-dropped
 * event=icmp-limited to, then as packet-dropped
 * event=rst-sent to, then as packet-dropped
 */
#ifndef NAT64D_CORE_EVENT_TEXT_H
#define NAT64D_CORE_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64.h"

/* What an event is about; the first four are for the event log. */
enum event_kind {
	EVENT_BINDINGS = 1 << 0,
	EVENT_SESSIONS = 1 << 1,
	EVENT_ADDRESSES = 1 << 2,
	EVENT_BLOCKS = 1 << 3,
	EVENT_TROUBLE = 1 << 4, /* refused or dropped; to be rate limited */
	EVENT_TRACE = 1 << 5	/* for debugging only */
};

enum event_kind event_kind(const struct nat64_event *ev);

/* Room for the names of all kinds for the event log, with separators. */
#define EVENT_KINDS_SIZE 40

/*
 * The names of kinds for the event log, as the configuration has them, with a
 * separator between two; "none" if there is none of them.
 */
void event_kinds(unsigned kinds, char separator, char buf[EVENT_KINDS_SIZE]);

/*
 * The cause of an event of kind EVENT_TROUBLE, a number below EVENT_NCAUSES:
 * what to rate limit by. It does not depend on the host concerned.
 */
#define EVENT_NCAUSES (2 + NAT64_NQUOTAS + NAT64_NREASONS + 4)
unsigned event_cause(const struct nat64_event *ev);

/* Room for any event, and for any time; the final NUL included. */
#define EVENT_TEXT_SIZE 384
#define EVENT_TIME_SIZE 40

/*
 * The event, without a newline; returns its length. destination: with the
 * peers of sessions, which are not to be logged by default (RFC 6888,
 * REQ-12).
 */
size_t event_text(const struct nat64_event *ev, bool destination,
    char buf[EVENT_TEXT_SIZE]);

/*
 * "time=2026-11-23T14:50:05.123Z", in UTC: lines sort as text. unix_ms:
 * milliseconds since 1970, in the years 0 to 9999. Returns the length.
 */
size_t event_time(int64_t unix_ms, char buf[EVENT_TIME_SIZE]);

#endif
