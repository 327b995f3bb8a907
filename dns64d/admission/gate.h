/*
 * The gate before the questions: what of the clients' messages is worth a
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
#ifndef DNS64D_ADMISSION_GATE_H
#define DNS64D_ADMISSION_GATE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"

#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/msg_scan.h"

struct gate;
struct msg_question;
struct rng;

#define GATE_SECRETS_MAX 3
#define GATE_SECRET_LIFE_SECS 86400 /* of one that we chose */
#define GATE_SLIP 2
#define GATE_RATE_LEN4 32
#define GATE_RATE_LEN6 56

/* What the configuration says. */
struct gate_rules {
	bool no_cookies;
	bool forward_subnet; /* ECS goes upstream; else it is ignored */
	struct siphash_key secret[GATE_SECRETS_MAX]; /* newest first */
	unsigned n_secrets; /* 0: chosen here, and renewed */
	unsigned rate;	    /* questions a second over UDP; 0: no bound */
	unsigned rate_len4; /* bits of an address that are one client */
	unsigned rate_len6;
	unsigned slip;		 /* 0: never */
	unsigned keepalive_secs; /* idle time that TCP clients are told */
};

void gate_rules_init(struct gate_rules *r);

/* Who sent a message. */
struct gate_peer {
	const struct sockaddr_storage *addr;
	bool tcp;
	bool allowed; /* by the access list */
	bool pressed; /* too many questions are in progress */
};

/* What its answer needs to know of a message. */
struct gate_pass {
	struct msg_options options; /* of the reply */
	bool edns;		    /* the reply has an OPT */
	bool tcp;
	struct msg_subnet subnet; /* to be forwarded */
	struct ede_set ede;	  /* of the reply; whoever knows more adds */
};

enum gate_verdict {
	GATE_PASS,     /* make a question of it */
	GATE_DROP,     /* no answer */
	GATE_REJECT,   /* msg_write_error() with *rcode, gate_finish() */
	GATE_TRUNCATE, /* the same with TC set: msg_set_tc() */
	GATE_BADCOOKIE /* as GATE_REJECT, for the statistics */
};

/*
 * seed: of the secrets that are chosen here. Gates with the same seed have
 * the same ones at the same time, for clients that meet now this one, now
 * that. rng must be unpredictable, and is used in this call only.
 * Returns NULL with errno.
 */
struct gate *gate_new(const struct rng *rng, const struct siphash_key *seed);

void gate_free(struct gate *g);

/*
 * Look at a message.
 * scan, verdict, rcode: of msg_scan_query; rcode is set for GATE_REJECT.
 * unix_secs: wall clock time modulo 2^32, for cookies; now: for rates.
 * pass is filled whatever the result.
 */
enum gate_verdict gate_check(struct gate *g, const struct gate_rules *r,
    const struct gate_peer *peer, const struct msg_scan *scan,
    enum msg_query_verdict verdict, unsigned *rcode, uint32_t unix_secs,
    struct monotime now, struct gate_pass *pass);

/* Add to a question for an upstream what is to be forwarded with it. */
void gate_question(const struct gate_pass *pass, struct msg_question *q);

/* The limit of a reply, lowered by what gate_finish is sure to add. */
size_t gate_limit(const struct gate_pass *pass, const struct msg_scan *query,
    size_t udp_max);

/*
 * Put options and extended errors into the reply in buf.
 * upstream: the reply that it was made of, or NULL; its extended errors and
 * the scope of its subnet are passed on.
 * udp_max: as for gate_limit. Returns the new length.
 */
size_t gate_finish(const struct gate_pass *pass, const struct msg_scan *query,
    size_t udp_max, const struct msg_scan *upstream, uint8_t *buf, size_t len);

#endif
