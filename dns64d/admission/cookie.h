/*
 * Server cookies (RFC 7873, 5.2) in the interoperable layout that lets
 * different servers behind one address share a secret (RFC 9018, 4):
 *
 *	client cookie   8  chosen by the client
 *	version         1  1
 *	reserved        3  0
 *	timestamp       4  seconds, serial numbers (RFC 1982)
 *	hash            8  SipHash-2-4 of the above and the client's address
 *
 * Pure: secrets and time are arguments.
 */
#ifndef DNS64D_ADMISSION_COOKIE_H
#define DNS64D_ADMISSION_COOKIE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/siphash.h"

#define COOKIE_LEN 24 /* client and server cookie together */

#define COOKIE_PAST_SECS 3600 /* RFC 9018, 4.3 */
#define COOKIE_FUTURE_SECS 300
#define COOKIE_RENEW_SECS 1800

enum cookie_verdict {
	COOKIE_NONE,  /* a client cookie without a server cookie */
	COOKIE_BAD,   /* forged, expired or made by another server */
	COOKIE_RENEW, /* valid, but the reply carries a new one */
	COOKIE_GOOD
};

/*
 * Make the cookie for a client.
 * client: its 8 octets. peer: its address; the port is ignored.
 * now: Unix time modulo 2^32. out: room for COOKIE_LEN.
 */
void cookie_make(const struct siphash_key *secret, const uint8_t *client,
    const struct sockaddr_storage *peer, uint32_t now, uint8_t *out);

/*
 * Check a cookie that a client sent (RFC 9018, 4.3 and 5).
 * secrets: n of them, the newest first; any of them may have made it.
 * len: any length that RFC 7873, 4 allows.
 */
enum cookie_verdict cookie_check(const struct siphash_key *secrets, size_t n,
    const uint8_t *cookie, size_t len, const struct sockaddr_storage *peer,
    uint32_t now);

#endif
