/*
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012): two
 * rounds per word, four at the end.
 */
#include "siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return (x << n | x >> (64 - n));
}

/* Little-endian on every machine; compilers make it one load. */
static uint64_t
get_le64(const uint8_t *p)
{
	return ((uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	    (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	    (uint64_t)p[7] << 56);
}

/* The last word: up to seven bytes and the length. */
static uint64_t
get_tail(const uint8_t *p, size_t n, size_t len)
{
	uint64_t x = (uint64_t)len << 56;
	size_t i;

	for (i = 0; i < n; i++)
		x |= (uint64_t)p[i] << 8 * i;
	return (x);
}

static inline void
sip_round(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static inline void
sip_word(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* The state after the last word of the message. */
static struct state
absorb(const struct siphash_key *key, uint64_t v1, const void *data,
    size_t len)
{
	uint64_t k0 = get_le64(key->bytes), k1 = get_le64(key->bytes + 8);
	struct state s = {
		.v0 = k0 ^ 0x736f6d6570736575ULL,
		.v1 = k1 ^ 0x646f72616e646f6dULL ^ v1,
		.v2 = k0 ^ 0x6c7967656e657261ULL,
		.v3 = k1 ^ 0x7465646279746573ULL,
	};
	const uint8_t *p = data;
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		sip_word(&s, get_le64(p));
	sip_word(&s, get_tail(p, left, len));
	return (s);
}

/* The last four rounds, and the word that they give. */
static uint64_t
finish(struct state *s)
{
	sip_round(s);
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return (s->v0 ^ s->v1 ^ s->v2 ^ s->v3);
}

uint64_t
siphash24(const struct siphash_key *key, const void *data, size_t len)
{
	struct state s = absorb(key, 0, data, len);

	s.v2 ^= 0xff;
	return (finish(&s));
}

static void
put_le64(uint8_t *p, uint64_t v)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void
siphash24_mac(const struct siphash_key *key, const void *data, size_t len,
    uint8_t mac[SIPHASH_MACLEN])
{
	struct state s = absorb(key, 0xee, data, len);

	s.v2 ^= 0xee;
	put_le64(mac, finish(&s));
	s.v1 ^= 0xdd;
	put_le64(mac + 8, finish(&s));
}

bool
siphash_mac_equal(const uint8_t a[SIPHASH_MACLEN],
    const uint8_t b[SIPHASH_MACLEN])
{
	uint8_t differ = 0;
	unsigned i;

	for (i = 0; i < SIPHASH_MACLEN; i++)
		differ |= a[i] ^ b[i];
	return (differ == 0);
}
