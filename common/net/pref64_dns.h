/*
 * Discovery of the Pref64 by DNS (RFC 7050): the question for the AAAA records
 * of ipv4only.arpa, and the prefixes in the answer. No sockets.
 */
#ifndef COMMON_NET_PREF64_DNS_H
#define COMMON_NET_PREF64_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "pref64.h"

#define PREF64_DNS_QUERY_LEN 31

/* Write the query: recursion desired, that identifier. */
void pref64_dns_query(uint8_t query[PREF64_DNS_QUERY_LEN], uint16_t id);

/*
 * Find the prefixes in an answer to that query, at most max, in the order of
 * the answer and each once (RFC 7050, 3): an address that has 192.0.0.170 or
 * 192.0.0.171 at one of the places of RFC 6052, 2.2; one that has it at several
 * is ignored. *ttl_secs: the least of the records used, or 0 without any.
 *
 * Returns how many there are; 0 if the name has no such address; -1 for a
 * message that does not answer the query: another identifier or question,
 * truncated, an error of the server, or malformed.
 */
int pref64_dns_answer(const uint8_t *msg, size_t len, uint16_t id,
    struct pref64 *prefixes, int max, uint32_t *ttl_secs);

#endif
