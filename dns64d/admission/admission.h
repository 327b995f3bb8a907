/*
 * Admission control: decides which messages of clients become queries that
 * are resolved, which are answered with an error at once, and which are
 * dropped. Checks the access list, EDNS options, DNS cookies (RFC 7873;
 * RFC 9018), the rate of each client, and the unusual messages of RFC 8906.
 * Does not look at the meaning of a question. Pure: time and randomness are
 * arguments.
 *
 * A message over UDP without a valid server cookie may come from a forged
 * address. When its sender exceeds its rate, or too many queries are in
 * progress, and it has a client cookie, it is answered with BADCOOKIE and a
 * server cookie to retry with (RFC 7873, 5.2.3). Without a cookie one message
 * in slip of those that exceed the rate gets a truncated answer, after which
 * a real client retries over TCP; the others are dropped.
 */
#ifndef DNS64D_ADMISSION_ADMISSION_H
#define DNS64D_ADMISSION_ADMISSION_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/msg_scan.h"

struct admission;
struct msg_question;
struct rng;

#define ADMISSION_SECRETS_MAX 3
#define ADMISSION_SECRET_LIFE_SECS 86400 /* of a secret chosen here */
#define ADMISSION_SLIP 2
#define ADMISSION_RATE_LEN4 32
#define ADMISSION_RATE_LEN6 56

/* Settings of the configuration. */
struct admission_rules {
	bool no_cookies;
	bool forward_subnet; /* forward ECS (RFC 7871); else ignore it */
	struct siphash_key secret[ADMISSION_SECRETS_MAX]; /* newest first */
	unsigned n_secrets; /* 0: secrets are chosen and renewed here */
	unsigned rate;	    /* queries per second over UDP; 0: no limit */
	unsigned rate_len4; /* bits of an address that identify a client */
	unsigned rate_len6;
	unsigned slip;		 /* one in so many gets TC; 0: none */
	unsigned keepalive_secs; /* sent in edns-tcp-keepalive (RFC 7828) */
};

void admission_rules_init(struct admission_rules *r);

/* The sender of a message. */
struct admission_peer {
	const struct sockaddr_storage *addr;
	bool tcp;
	bool allowed; /* by the access list */
	bool busy;    /* too many queries are in progress */
};

/* What the reply to a message depends on. */
struct admission_pass {
	struct msg_options options; /* of the reply */
	bool edns;		    /* the reply has an OPT */
	bool tcp;
	struct msg_subnet subnet; /* to be sent upstream */
	struct ede_set ede;	  /* of the reply; callers may add to it */
};

enum admission_verdict {
	ADMISSION_PASS,	    /* resolve it */
	ADMISSION_DROP,	    /* send no reply */
	ADMISSION_REJECT,   /* msg_write_error(*rcode), admission_finish() */
	ADMISSION_TRUNCATE, /* the same with TC set: msg_set_tc() */
	ADMISSION_BADCOOKIE /* as ADMISSION_REJECT, with its own counter */
};

/*
 * Create the state of one worker.
 * seed: secrets that are chosen here derive from it and the time. Workers
 * with the same seed accept each other's cookies, because the system may
 * give the next message of a client to another worker.
 * rng: must be unpredictable; used in this call only.
 * Returns NULL with errno ENOMEM.
 */
struct admission *admission_new(const struct rng *rng,
    const struct siphash_key *seed);

void admission_free(struct admission *a);

/*
 * Decide about a message.
 * scan, verdict, rcode: as msg_scan_query returned them. *rcode is set unless
 * the result is ADMISSION_PASS or ADMISSION_DROP.
 * unix_secs: wall clock time modulo 2^32, for cookies; now: for rates.
 * pass: filled in whatever the result.
 */
enum admission_verdict admission_check(struct admission *a,
    const struct admission_rules *r, const struct admission_peer *peer,
    const struct msg_scan *scan, enum msg_query_verdict verdict,
    unsigned *rcode, uint32_t unix_secs, struct monotime now,
    struct admission_pass *pass);

/* Add the client subnet that is to be forwarded to a query (RFC 7871). */
void admission_question(const struct admission_pass *pass,
    struct msg_question *q);

/*
 * The size limit of a reply before admission_finish adds its options.
 * udp_max: the largest reply over UDP.
 */
size_t admission_limit(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max);

/*
 * Add options and extended errors (RFC 8914) to the reply in buf.
 * upstream: the reply that it was made from, or NULL; its extended errors and
 * the scope of its client subnet are passed on.
 * udp_max: as for admission_limit. Returns the new length.
 */
size_t admission_finish(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max,
    const struct msg_scan *upstream, uint8_t *buf, size_t len);

#endif
