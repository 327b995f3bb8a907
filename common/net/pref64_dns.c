#include <arpa/inet.h>

#include <stdbool.h>
#include <string.h>

#include "common/octets.h"

#include "addr.h"
#include "pref64_dns.h"

#define HEADER_LEN 12
#define FLAG_QR 0x8000
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define MASK_OPCODE 0x7800
#define MASK_RCODE 0x000f
#define RCODE_NXDOMAIN 3
#define TYPE_AAAA 28
#define CLASS_IN 1
#define RECORD_LEN 10 /* type, class, TTL and length of the data */

/* ipv4only.arpa has these two (RFC 7050, 8). */
#define WELL_KNOWN4 0xc00000aa
#define WELL_KNOWN4_2 0xc00000ab

static const uint8_t question[] = "\10ipv4only\4arpa\0\0\34\0\1";
#define QUESTION_LEN (sizeof(question) - 1)

_Static_assert(HEADER_LEN + QUESTION_LEN == PREF64_DNS_QUERY_LEN,
    "a query is a header and the question");

void
pref64_dns_query(uint8_t query[PREF64_DNS_QUERY_LEN], uint16_t id)
{
	memset(query, 0, HEADER_LEN);
	put16(query, id);
	put16(query + 2, FLAG_RD);
	put16(query + 4, 1);
	memcpy(query + HEADER_LEN, question, QUESTION_LEN);
}

/* Servers may change the case of a name. */
static bool
is_question(const uint8_t *msg, size_t len)
{
	size_t i;

	if (len < HEADER_LEN + QUESTION_LEN)
		return (false);
	for (i = 0; i < QUESTION_LEN; i++) {
		uint8_t c = msg[HEADER_LEN + i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != question[i])
			return (false);
	}
	return (true);
}

/* The prefix in an address; false: there is none, or more than one. */
static bool
find_prefix(const struct in6_addr *addr, struct pref64 *p)
{
	static const unsigned char lengths[] = { 32, 40, 48, 56, 64, 96 };
	struct pref64 found;
	struct in6_addr head;
	struct in_addr a4;
	unsigned i, n = 0;

	for (i = 0; i < sizeof(lengths); i++) {
		head = addr6_prefix(addr, lengths[i]);
		if (pref64_init(&found, &head, lengths[i]) != NULL ||
		    pref64_extract(&found, addr, &a4) == -1)
			continue;
		if (ntohl(a4.s_addr) != WELL_KNOWN4 &&
		    ntohl(a4.s_addr) != WELL_KNOWN4_2)
			continue;
		*p = found;
		n++;
	}
	return (n == 1);
}

/* The offset behind a name; 0: it does not end within the message. */
static size_t
skip_name(const uint8_t *msg, size_t len, size_t off)
{
	while (off < len) {
		if (msg[off] == 0)
			return (off + 1);
		if (msg[off] >= 0xc0)
			return (off + 2 <= len ? off + 2 : 0);
		off += msg[off] + 1U;
	}
	return (0);
}

/* Is it in the list already? */
static bool
is_known(const struct pref64 *prefixes, int n, const struct pref64 *p)
{
	int i;

	for (i = 0; i < n; i++)
		if (pref64_equal(&prefixes[i], p))
			return (true);
	return (false);
}

int
pref64_dns_answer(const uint8_t *msg, size_t len, uint16_t id,
    struct pref64 *prefixes, int max, uint32_t *ttl_secs)
{
	size_t off = HEADER_LEN + QUESTION_LEN, data_len;
	struct in6_addr addr;
	unsigned flags, rcode, i, records;
	struct pref64 p;
	uint32_t ttl;
	int n = 0;

	*ttl_secs = 0;
	if (!is_question(msg, len) || get16(msg) != id || get16(msg + 4) != 1)
		return (-1);
	flags = get16(msg + 2);
	rcode = flags & MASK_RCODE;
	if ((flags & FLAG_QR) == 0 || (flags & (FLAG_TC | MASK_OPCODE)) != 0 ||
	    (rcode != 0 && rcode != RCODE_NXDOMAIN))
		return (-1);
	records = get16(msg + 6);
	for (i = 0; i < records; i++) {
		off = skip_name(msg, len, off);
		if (off == 0 || len - off < RECORD_LEN)
			return (-1);
		data_len = get16(msg + off + 8);
		if (data_len > len - off - RECORD_LEN)
			return (-1);
		if (get16(msg + off) == TYPE_AAAA &&
		    get16(msg + off + 2) == CLASS_IN &&
		    data_len == sizeof(addr)) {
			memcpy(&addr, msg + off + RECORD_LEN, sizeof(addr));
			ttl = get32(msg + off + 4);
			if (find_prefix(&addr, &p) && n < max &&
			    !is_known(prefixes, n, &p)) {
				prefixes[n++] = p;
				if (n == 1 || ttl < *ttl_secs)
					*ttl_secs = ttl;
			}
		}
		off += RECORD_LEN + data_len;
	}
	return (n);
}
