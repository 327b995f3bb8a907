/*
 * A collector of events as the configuration names it.
 */
#ifndef NAT64D_LOG_TARGET_H
#define NAT64D_LOG_TARGET_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#define LOG_TARGETS_MAX 8

/* Default ports: RFC 5426, 3.3 and RFC 6587, 3.1; RFC 7011, 10.3.4. */
#define LOG_PORT_SYSLOG 514
#define LOG_PORT_IPFIX 4739

/* Seconds between two sendings of the templates over UDP (RFC 7011, 8.4). */
#define LOG_TEMPLATES_SECS 60

enum log_format {
	TARGET_SYSLOG, /* RFC 5424; UDP: RFC 5426, TCP: RFC 6587, 3.4.1 */
	TARGET_IPFIX   /* RFC 7011 */
};

struct log_target {
	enum log_format format;
	bool tcp;
	struct sockaddr_storage addr; /* with the port */
	/* Of IPFIX only. */
	uint32_t domain;	 /* observation domain (RFC 7011, 3.1) */
	uint32_t templates_secs; /* over UDP */
};

/* All of it is the same. */
bool log_target_equal(const struct log_target *a, const struct log_target *b);

/* The same place and format: such a one cannot be configured twice. */
bool log_target_same_place(const struct log_target *a,
    const struct log_target *b);

/* Room for "syslog udp [address]:port" and the final NUL. */
#define LOG_TARGET_STRLEN 80

/* Print as "ipfix tcp 192.0.2.1:4739"; returns buf. */
char *log_target_print(const struct log_target *t,
    char buf[LOG_TARGET_STRLEN]);

#endif
