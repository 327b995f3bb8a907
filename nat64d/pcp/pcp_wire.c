/*
 * Requests and answers as bytes. What is decided here is only whether a message
 * can be read, and which options are understood.
 */
#include <string.h>

#include "common/octets.h"

#include "pcp_wire.h"

/* Offsets in a message (RFC 6887, 7.1, 7.2, 11.1, 12.1). */
#define AT_OPCODE 1
#define AT_RESULT 3
#define AT_LIFETIME 4
#define AT_CLIENT 8    /* of a request */
#define AT_EPOCH 8     /* of an answer, and after it: */
#define AT_RESERVED 12 /* the last 96 bits of the client's address, or 0 */
#define AT_NONCE 24
#define AT_PROTO 36
#define AT_PORT 40
#define AT_EXTERNAL_PORT 42
#define AT_EXTERNAL 44
#define AT_PEER_PORT 60
#define AT_PEER 64

#define HEADER 24
#define MAP_LEN 60
#define PEER_LEN 80
#define OPTION_HEADER 4

/* Of PREFIX64 without a list of IPv4 prefixes: length, prefix and suffix. */
#define PREF64_LEN 14

#define R_BIT 0x80

static inline size_t
padded(size_t len)
{
	return ((len + 3) & ~(size_t)3);
}

/* Length of a message without options. */
static size_t
length_of(enum pcp_opcode opcode)
{
	switch (opcode) {
	case PCP_MAP:
		return (MAP_LEN);
	case PCP_PEER:
		return (PEER_LEN);
	case PCP_ANNOUNCE:
		break;
	}
	return (HEADER);
}

/* Can the options be told apart (RFC 6887, 7.3)? */
static bool
is_list(const uint8_t *options, size_t len)
{
	size_t n;

	while (len > 0) {
		if (len < OPTION_HEADER)
			return (false);
		n = OPTION_HEADER + padded(get16(options + 2));
		if (n > len)
			return (false);
		options += n;
		len -= n;
	}
	return (true);
}

/*
 * It is for MAP only, has no data, occurs once, and needs a port; it makes no
 * sense when a mapping is deleted (RFC 6887, 11.3 and 13.2).
 */
static enum pcp_result
take_prefer_failure(struct pcp_request *r, size_t len)
{
	if (r->opcode != PCP_MAP || len != 0 || r->prefer_failure ||
	    r->suggested_port == 0 || r->lifetime == 0)
		return (PCP_MALFORMED_OPTION);
	r->prefer_failure = true;
	return (PCP_SUCCESS);
}

static enum pcp_result
take_option(struct pcp_request *r, unsigned code, size_t len)
{
	if (code == PCP_OPTION_PREFER_FAILURE)
		return (take_prefer_failure(r, len));
	if (code < PCP_OPTION_OPTIONAL)
		return (PCP_UNSUPP_OPTION);
	/* RFC 7225, 4.1 */
	if (code == PCP_OPTION_PREF64 && r->opcode != PCP_PEER)
		r->pref64 = true;
	return (PCP_SUCCESS);
}

static enum pcp_result
take_options(struct pcp_request *r, const uint8_t *options, size_t len)
{
	enum pcp_result result = PCP_SUCCESS;
	size_t n;

	if (!is_list(options, len))
		return (PCP_MALFORMED_OPTION);
	for (; len > 0 && result == PCP_SUCCESS; options += n, len -= n) {
		n = OPTION_HEADER + padded(get16(options + 2));
		result = take_option(r, options[0], get16(options + 2));
	}
	return (result);
}

static void
take_mapping(struct pcp_request *r, const uint8_t *data)
{
	memcpy(r->nonce, data + AT_NONCE, sizeof(r->nonce));
	r->proto = data[AT_PROTO];
	r->port = get16(data + AT_PORT);
	r->suggested_port = get16(data + AT_EXTERNAL_PORT);
	memcpy(&r->suggested, data + AT_EXTERNAL, sizeof(r->suggested));
	if (r->opcode != PCP_PEER)
		return;
	r->peer_port = get16(data + AT_PEER_PORT);
	memcpy(&r->peer, data + AT_PEER, sizeof(r->peer));
}

static enum pcp_parsed
refuse(enum pcp_result *why, enum pcp_result result)
{
	*why = result;
	return (PCP_REFUSED);
}

enum pcp_parsed
pcp_parse(const uint8_t *data, size_t len, const struct in6_addr *source,
    struct pcp_request *r, enum pcp_result *why)
{
	memset(r, 0, sizeof(*r));
	if (len < 2 || (data[AT_OPCODE] & R_BIT) != 0)
		return (PCP_IGNORED);
	if (data[0] != PCP_VERSION)
		return (refuse(why, PCP_UNSUPP_VERSION));
	if (len < HEADER)
		return (PCP_IGNORED);
	if (len > PCP_MAX || len % 4 != 0)
		return (refuse(why, PCP_MALFORMED_REQUEST));
	if (data[AT_OPCODE] > PCP_PEER)
		return (refuse(why, PCP_UNSUPP_OPCODE));
	r->opcode = (enum pcp_opcode)data[AT_OPCODE];
	if (len < length_of(r->opcode))
		return (refuse(why, PCP_MALFORMED_REQUEST));
	memcpy(&r->client, data + AT_CLIENT, sizeof(r->client));
	if (!IN6_ARE_ADDR_EQUAL(&r->client, source))
		return (refuse(why, PCP_ADDRESS_MISMATCH));
	r->lifetime = get32(data + AT_LIFETIME);
	if (r->opcode != PCP_ANNOUNCE)
		take_mapping(r, data);
	*why = take_options(r, data + length_of(r->opcode),
	    len - length_of(r->opcode));
	return (*why == PCP_SUCCESS ? PCP_PARSED : PCP_REFUSED);
}

/* What all answers have; the reserved 96 bits are not set. */
static void
put_header(uint8_t *out, enum pcp_result result, uint32_t secs, uint32_t epoch)
{
	out[0] = PCP_VERSION;
	out[AT_OPCODE] |= R_BIT;
	out[2] = 0;
	out[AT_RESULT] = (uint8_t)result;
	put32(out + AT_LIFETIME, secs);
	put32(out + AT_EPOCH, epoch);
}

size_t
pcp_error(uint8_t out[PCP_MAX], const uint8_t *data, size_t len,
    enum pcp_result why, uint32_t secs, uint32_t epoch, bool parsed)
{
	size_t n = len < PCP_MAX ? len : PCP_MAX;

	memcpy(out, data, n);
	len = padded(n) < HEADER ? HEADER : padded(n);
	memset(out + n, 0, len - n);
	put_header(out, why, secs, epoch);
	if (parsed)
		memset(out + AT_RESERVED, 0, HEADER - AT_RESERVED);
	return (len);
}

static void
put_mapping(uint8_t *out, const struct pcp_request *r,
    const struct pcp_assigned *assigned)
{
	memcpy(out + AT_NONCE, r->nonce, sizeof(r->nonce));
	out[AT_PROTO] = r->proto;
	put16(out + AT_PORT, r->port);
	put16(out + AT_EXTERNAL_PORT, assigned->port);
	memcpy(out + AT_EXTERNAL, &assigned->addr, sizeof(assigned->addr));
	if (r->opcode != PCP_PEER)
		return;
	put16(out + AT_PEER_PORT, r->peer_port);
	memcpy(out + AT_PEER, &r->peer, sizeof(r->peer));
}

/* An option without data. */
static size_t
put_option(uint8_t *out, size_t at, enum pcp_option code, size_t len)
{
	memset(out + at, 0, OPTION_HEADER + padded(len));
	out[at] = (uint8_t)code;
	put16(out + at + 2, (uint16_t)len);
	return (at + OPTION_HEADER + padded(len));
}

/* The suffix is that of the prefix's other bits: zero (RFC 7225, 4.2). */
static size_t
put_pref64(uint8_t *out, size_t at, const struct pref64 *p)
{
	const size_t end = put_option(out, at, PCP_OPTION_PREF64, PREF64_LEN);

	put16(out + at + OPTION_HEADER, p->len / 8);
	memcpy(out + at + OPTION_HEADER + 2, &p->addr, PREF64_LEN - 2);
	return (end);
}

size_t
pcp_success(uint8_t out[PCP_MAX], const struct pcp_request *r,
    const struct pcp_assigned *assigned, uint32_t epoch,
    const struct pref64 *pref64, size_t n_pref64)
{
	size_t len = length_of(r->opcode), i;

	memset(out, 0, len);
	out[AT_OPCODE] = (uint8_t)r->opcode;
	put_header(out, PCP_SUCCESS,
	    r->opcode == PCP_ANNOUNCE ? 0 : assigned->secs, epoch);
	if (r->opcode != PCP_ANNOUNCE)
		put_mapping(out, r, assigned);
	if (r->prefer_failure)
		len = put_option(out, len, PCP_OPTION_PREFER_FAILURE, 0);
	for (i = 0; r->pref64 && i < n_pref64; i++) {
		if (len + OPTION_HEADER + padded(PREF64_LEN) > PCP_MAX)
			break;
		len = put_pref64(out, len, &pref64[i]);
	}
	return (len);
}

size_t
pcp_announcement(uint8_t out[PCP_MAX], uint32_t epoch)
{
	const struct pcp_request r = { .opcode = PCP_ANNOUNCE };
	const struct pcp_assigned nothing = { .secs = 0 };

	return (pcp_success(out, &r, &nothing, epoch, NULL, 0));
}
