/*
 * Fuzz target of port control: a list of source(1) length(2) and bytes, each a
 * datagram from one of some hosts; every fourth gets the address of its source
 * and the right version, so that all that is behind the header is reached.
 * Whatever they say, an answer is well formed, memory is bounded, the mappings
 * are saved and restored, and all end with their time.
 */
#include <arpa/inet.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/octets.h"
#include "nat64d/core/nat64_pcp.h"
#include "nat64d/state/recover.h"
#include "nat64d/state/snapshot.h"

#include "translator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nat64_clocks start = { { INT64_C(1) << 50 },
	INT64_C(1800000000000) };
static struct pool4_range pool;

static struct nat64 *
make_translator(void)
{
	struct nat64_config c;

	fuzz_config(&c, &pool);
	c.pcp.on = true;
	return (fuzz_translator(&c, start.mono));
}

static void
ask(struct nat64 *n, uint8_t who, uint8_t *data, size_t len,
    struct monotime now)
{
	struct in6_addr source = { { { 0x20, 0x01, 0x0d, 0xb8, who & 3 } } };
	uint8_t out[PCP_MAX];
	size_t out_len;

	source.s6_addr[15] = 1;
	if (who % 4 == 0 && len >= 24) {
		data[0] = 2;
		data[1] = (uint8_t)(data[1] % 3);
		memcpy(data + 8, &source, sizeof(source));
	}
	out_len = nat64_pcp_input(n, &source, data, len, out, now);
	if (out_len == 0)
		return;
	if (out_len > PCP_MAX || out_len < 24 || out_len % 4 != 0 ||
	    out[0] != 2 || out[1] != (data[1] | 0x80) || out[3] > 13)
		abort();
	if (nat64_pcp_count(n) > FUZZ_MAX_SESSIONS)
		abort();
}

static struct nat64 *
change_process(struct nat64 *n, const struct nat64_clocks *at)
{
	const size_t before = nat64_pcp_count(n);
	static struct recover r;
	struct nat64 *next = make_translator();
	struct snapshot *s = snapshot_new(n, at, "fuzz", true);
	const uint8_t *bytes;
	size_t len;
	bool more;

	if (s == NULL)
		abort();
	recover_begin(&r, next, at, false);
	do {
		more = snapshot_slice(s, 5, &bytes, &len);
		if (record_read(&r.reader, bytes, len) == -1)
			abort();
	} while (more);
	snapshot_free(s);
	if (recover_end(&r) == -1 || nat64_pcp_count(next) != before)
		abort();
	nat64_free(n);
	return (next);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nat64_workspace *ws = nat64_workspace_new();
	struct nat64 *n = make_translator();
	struct nat64_clocks at = start;
	uint8_t copy[2048];
	size_t len;

	if (ws == NULL)
		abort();
	while (size > 3) {
		len = get16(data + 1) % sizeof(copy);
		if (len > size - 3)
			len = size - 3;
		memcpy(copy, data + 3, len);
		ask(n, data[0], copy, len, at.mono);
		at.mono = monotime_add_secs(at.mono, data[0] >> 4);
		at.wall_ms += (data[0] >> 4) * 1000;
		while (nat64_expire(n, ws, at.mono, 100))
			continue;
		data += 3 + len;
		size -= 3 + len;
	}
	n = change_process(n, &at);
	while (nat64_expire(n, ws, monotime_add_secs(at.mono, 90000), 1000))
		continue;
	if (nat64_pcp_count(n) != 0 || nat64_bib(n, L4_TCP)->n_entries != 0 ||
	    nat64_bib(n, L4_UDP)->n_entries != 0)
		abort();
	nat64_free(n);
	nat64_workspace_free(ws);
	return (0);
}
