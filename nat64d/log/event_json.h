/*
 * An event as one line of JSON (RFC 8259): an object whose members are the
 * words of its text (event_text.h). Values that are decimal numbers are
 * numbers; all others are strings.
 *
 *	{"time":"2026-11-23T14:50:05.123Z","event":"binding-created",
 *	"natevent":10,"proto":"udp","addr6":"2001:db8::10","port6":5000,...}
 */
#ifndef NAT64D_LOG_EVENT_JSON_H
#define NAT64D_LOG_EVENT_JSON_H

#include <stddef.h>
#include <stdint.h>

/* Room for any event of EVENT_TEXT_SIZE; the final NUL included. */
#define EVENT_JSON_SIZE 1024

/*
 * The event, without a newline; returns its length. text: as event_text()
 * writes it; words for which there is no room are left out. unix_ms: as for
 * event_time().
 */
size_t event_json(const char *text, int64_t unix_ms,
    char buf[EVENT_JSON_SIZE]);

#endif
