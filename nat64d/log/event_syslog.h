/*
 * An event as a message of syslog (RFC 5424): its words are structured data,
 * and its name is the MSGID. There is no MSG, which would say it again.
 *
 *	<30>1 2026-11-23T14:50:05.123Z gw nat64d 4711 binding-created
 *	[nat64@32473 natevent="10" proto="udp" addr6="2001:db8::10" ...]
 *
 * 32473 is the enterprise number that RFC 5612 gives to examples; this program
 * has none of its own.
 */
#ifndef NAT64D_LOG_EVENT_SYSLOG_H
#define NAT64D_LOG_EVENT_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any message; the final NUL included. */
#define EVENT_SYSLOG_SIZE 1280

#define EVENT_SYSLOG_ID "nat64@32473"

/* Host names that are longer are cut (RFC 5424, 6.2.4). */
#define EVENT_SYSLOG_HOST_MAX 255

/* Who sends it. */
struct event_syslog_sender {
	char host[EVENT_SYSLOG_HOST_MAX + 1]; /* see event_syslog_host() */
	long pid;
};

/*
 * Copy a host name. Characters that RFC 5424 does not allow in HOSTNAME become
 * "-", and so does an empty name.
 */
void event_syslog_host(struct event_syslog_sender *s, const char *name);

/*
 * The message; returns its length. text: as event_text() writes it, its first
 * word is the event; words for which there is no room are left out. unix_ms: as
 * for event_time(). warning: severity "warning" instead of "informational"; the
 * facility is "daemon".
 */
size_t event_syslog(const struct event_syslog_sender *s, const char *text,
    int64_t unix_ms, bool warning, char buf[EVENT_SYSLOG_SIZE]);

#endif
