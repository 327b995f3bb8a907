/*
 * Server cookies (RFC 7873, 5.2) in the layout that lets servers at one
 * address share a secret whoever made them (RFC 9018, 4):
 *
 *	client cookie   8  the client's choice
 *	version         1  1
 *	reserved        3  0
 *	timestamp       4  seconds, serial numbers (RFC 1982)
 *	hash            8  SipHash-2-4 of all before and the client's address
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

#define COOKIE_LEN 24 /* of both cookies together */

#define COOKIE_PAST_SECS 3600 /* RFC 9018, 4.3 */
#define COOKIE_FUTURE_SECS 300
#define COOKIE_RENEW_SECS 1800

enum cookie_verdict {
	COOKIE_NONE,  /* a client cookie alone */
	COOKIE_BAD,   /* forged, outdated or another server's */
	COOKIE_RENEW, /* good, and due for a new one */
	COOKIE_GOOD
};

/*
 * Make the cookie for a client.
 * client: its 8 octets. peer: its address; the port does not count.
 * now: Unix time modulo 2^32. out: room for COOKIE_LEN.
 */
void cookie_make(const struct siphash_key *secret, const uint8_t *client,
    const struct sockaddr_storage *peer, uint32_t now, uint8_t *out);

/*
 * Judge a cookie that a client sent, of any length that RFC 7873 allows.
 * Any of the secrets may have made it.
 */
enum cookie_verdict cookie_check(const struct siphash_key *secrets, size_t n,
    const uint8_t *cookie, size_t len, const struct sockaddr_storage *peer,
    uint32_t now);

#endif
