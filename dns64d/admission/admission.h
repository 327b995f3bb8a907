/*
 * The admission before the questions: what of the clients' messages is worth a
 * question, and what is answered on the spot. Access list, EDNS options that
 * make no sense, cookies (RFC 7873; RFC 9018), the rate of each client and
 * the probes of RFC 8906 are its business; what a question means is not.
 * Pure: time and randomness are arguments.
 *
 * Pressure is when a client asks more than its rate, or when the questions
 * in progress are many. Then, over UDP and without a cookie of ours, the
 * sender may be a victim whose address was forged: a client that knows
 * cookies is told BADCOOKIE and comes back with one, another gets every
 * slip-th time an answer that sends it to TCP, and else nothing.
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
#define ADMISSION_SECRET_LIFE_SECS 86400 /* of one that we chose */
#define ADMISSION_SLIP 2
#define ADMISSION_RATE_LEN4 32
#define ADMISSION_RATE_LEN6 56

/* What the configuration says. */
struct admission_rules {
	bool no_cookies;
	bool forward_subnet; /* ECS goes upstream; else it is ignored */
	struct siphash_key secret[ADMISSION_SECRETS_MAX]; /* newest first */
	unsigned n_secrets; /* 0: chosen here, and renewed */
	unsigned rate;	    /* questions a second over UDP; 0: no bound */
	unsigned rate_len4; /* bits of an address that are one client */
	unsigned rate_len6;
	unsigned slip;		 /* 0: never */
	unsigned keepalive_secs; /* idle time that TCP clients are told */
};

void admission_rules_init(struct admission_rules *r);

/* Who sent a message. */
struct admission_peer {
	const struct sockaddr_storage *addr;
	bool tcp;
	bool allowed; /* by the access list */
	bool pressed; /* too many questions are in progress */
};

/* What its answer needs to know of a message. */
struct admission_pass {
	struct msg_options options; /* of the reply */
	bool edns;		    /* the reply has an OPT */
	bool tcp;
	struct msg_subnet subnet; /* to be forwarded */
	struct ede_set ede;	  /* of the reply; whoever knows more adds */
};

enum admission_verdict {
	ADMISSION_PASS,	  /* make a question of it */
	ADMISSION_DROP,	  /* no answer */
	ADMISSION_REJECT, /* msg_write_error() with *rcode, admission_finish() */
	ADMISSION_TRUNCATE, /* the same with TC set: msg_set_tc() */
	ADMISSION_BADCOOKIE /* as ADMISSION_REJECT, for the statistics */
};

/*
 * seed: of the secrets that are chosen here. Two with the same seed have
 * the same ones at the same time, for clients that meet now this one, now
 * that. rng must be unpredictable, and is used in this call only.
 * Returns NULL with errno.
 */
struct admission *admission_new(const struct rng *rng,
    const struct siphash_key *seed);

void admission_free(struct admission *a);

/*
 * Look at a message.
 * scan, verdict, rcode: of msg_scan_query; rcode is set for ADMISSION_REJECT.
 * unix_secs: wall clock time modulo 2^32, for cookies; now: for rates.
 * pass is filled whatever the result.
 */
enum admission_verdict admission_check(struct admission *a,
    const struct admission_rules *r, const struct admission_peer *peer,
    const struct msg_scan *scan, enum msg_query_verdict verdict,
    unsigned *rcode, uint32_t unix_secs, struct monotime now,
    struct admission_pass *pass);

/* Add to a question for an upstream what is to be forwarded with it. */
void admission_question(const struct admission_pass *pass,
    struct msg_question *q);

/* The limit of a reply, lowered by what admission_finish is sure to add. */
size_t admission_limit(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max);

/*
 * Put options and extended errors into the reply in buf.
 * upstream: the reply that it was made of, or NULL; its extended errors and
 * the scope of its subnet are passed on.
 * udp_max: as for admission_limit. Returns the new length.
 */
size_t admission_finish(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max,
    const struct msg_scan *upstream, uint8_t *buf, size_t len);

#endif
