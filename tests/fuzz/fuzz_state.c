/*
 * Fuzz target of saved state. The input is a stream of records; its sums are
 * made right, so that what is behind them is reached, unless its first byte is
 * odd. Whatever it says, a translator restored from it works, its memory is
 * bounded, and what it saves is restored as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/octets.h"
#include "nat64d/state/recover.h"
#include "nat64d/state/snapshot.h"

#include "translator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nat64_clocks now = { { INT64_C(1) << 50 },
	INT64_C(1800000000000) };

static struct nat64 *
make_translator(void)
{
	struct nat64_static st = { .proto = L4_TCP };
	struct pool4_range pool;
	struct nat64_config c;

	fuzz_config(&c, &pool);
	st.out4 = (struct taddr4){ pool.first, 80 };
	memcpy(&st.in6.addr, "\x20\x01\x0d\xb8\0\1", 6);
	st.in6.port = 80;
	c.statics = &st;
	c.n_statics = 1;
	return (fuzz_translator(&c, now.mono));
}

/* Make the sums right, as far as the lengths lead. */
static void
repair(uint8_t *p, size_t size)
{
	struct crc32 crc;
	uint32_t sequence = 0;
	size_t len;

	crc32_init(&crc);
	if (size < RECORD_HEAD)
		return;
	memcpy(p, "\x8eN64ST\r\n", 8);
	put16(p + 8, RECORD_VERSION);
	put32(p + 12, crc32_add(&crc, 0, p, 12));
	p += RECORD_HEAD;
	size -= RECORD_HEAD;
	while (size > RECORD_BLOCK_HEAD) {
		len = get32(p) & 0xfff;
		if (len > size - RECORD_BLOCK_HEAD)
			len = size - RECORD_BLOCK_HEAD;
		put32(p, (uint32_t)len);
		put32(p + 4, sequence++);
		put32(p + 8,
		    crc32_add(&crc, crc32_add(&crc, 0, p, 8),
			p + RECORD_BLOCK_HEAD, len));
		p += RECORD_BLOCK_HEAD + len;
		size -= RECORD_BLOCK_HEAD + len;
	}
}

static void
restore(struct recover *r, struct nat64 *n, const uint8_t *data, size_t size,
    bool ports_only)
{
	recover_begin(r, n, &now, ports_only);
	(void)record_read(&r->reader, data, size);
	(void)recover_end(r);
	if (session_count(nat64_sessions(n)) > FUZZ_MAX_SESSIONS)
		abort();
}

/* What n saves is complete, and another translator has all of it. */
static void
hand_on(struct recover *r, const struct nat64 *n)
{
	struct snapshot *s = snapshot_new(n, &now, "fuzz", true);
	struct nat64 *heir = make_translator();
	const uint8_t *bytes;
	size_t len;
	bool more;

	if (s == NULL)
		abort();
	recover_begin(r, heir, &now, false);
	do {
		more = snapshot_slice(s, 5, &bytes, &len);
		if (record_read(&r->reader, bytes, len) == -1)
			abort();
	} while (more);
	if (recover_end(r) == -1 ||
	    session_count(nat64_sessions(heir)) !=
		session_count(nat64_sessions(n)))
		abort();
	snapshot_free(s);
	nat64_free(heir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recover r;
	struct nat64_workspace *ws = nat64_workspace_new();
	struct nat64 *n = make_translator();
	uint8_t *copy;

	copy = malloc(size + 1);
	if (ws == NULL || copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	if (size > 8 && data[0] % 2 == 0)
		repair(copy, size);
	restore(&r, n, copy, size, false);
	hand_on(&r, n);
	while (nat64_expire(n, ws, monotime_add_secs(now.mono, 10000), 1000))
		;
	nat64_free(n);
	n = make_translator();
	restore(&r, n, copy, size, true);
	free(copy);
	nat64_free(n);
	nat64_workspace_free(ws);
	return (0);
}
