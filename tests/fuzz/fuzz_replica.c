/*
 * Fuzz target of values of a store: a list of length(1) kind(1) and body. Those
 * with an odd first byte are read as they are; the others get a header and a
 * tag as if they had been written by a node that knows the secret, and go
 * under the key that is in front of their body, so that all that is behind the
 * tag is reached. Whatever they say, a translator that takes them works, and
 * its memory is bounded.
 */
#include <arpa/inet.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/core/nat64_restore.h"
#include "nat64d/state/replica.h"

#include "translator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nat64_clocks now = { { INT64_C(1) << 50 },
	INT64_C(1800000000000) };
static const struct replica_seal seal = { .pair = "fuzz" };

static struct nat64 *
make_translator(void)
{
	struct pool4_range pool;
	struct nat64_config c;

	fuzz_config(&c, &pool);
	return (fuzz_translator(&c, now.mono));
}

/* A value of that kind with that body, under the key before it. */
static size_t
make_value(uint8_t kind, const uint8_t *body, size_t len, uint8_t *value)
{
	const size_t key_len =
	    kind == REPLICA_HEAD ? 4 : (size_t)REPLICA_KEY_LEN;
	uint8_t text[512], *p = text;

	memset(value, 0, REPLICA_VALUE_MAX);
	value[0] = REPLICA_VERSION;
	value[1] = kind;
	value[2] = 1;
	memcpy(value + 20, body + key_len, len - key_len);
	*p++ = (uint8_t)strlen(seal.pair);
	memcpy(p, seal.pair, strlen(seal.pair));
	p += strlen(seal.pair);
	*p++ = (uint8_t)key_len;
	memcpy(p, kind == REPLICA_HEAD ? (const void *)"head" : body, key_len);
	p += key_len;
	memcpy(p, value, 20 + len - key_len);
	p += 20 + len - key_len;
	siphash24_mac(&seal.key, text, (size_t)(p - text),
	    value + 20 + len - key_len);
	return (20 + len - key_len + SIPHASH_MACLEN);
}

static void
apply(struct nat64_restore *r, const struct replica_item *item)
{
	if (item->kind == REPLICA_END)
		nat64_restore_ended(r, item->place.proto, &item->place.tuple);
	if (item->kind != REPLICA_SESSION)
		return;
	nat64_restore_prefix(r, 0, &item->copy.prefix);
	nat64_restore_binding(r, &item->copy.binding);
	nat64_restore_session(r, &item->copy.session);
	if (session_count(nat64_sessions(r->n)) > FUZZ_MAX_SESSIONS)
		abort();
}

static void
take_value(struct replica_reader *reader, struct nat64_restore *r,
    const uint8_t *p, size_t len)
{
	uint8_t value[REPLICA_VALUE_MAX];
	struct replica_item item;
	size_t key_len, n;

	if (len < 1 + REPLICA_KEY_LEN || len > 200)
		return;
	if (p[0] % 2 == 1) {
		if (replica_read(reader, p, REPLICA_KEY_LEN,
			p + REPLICA_KEY_LEN, len - REPLICA_KEY_LEN,
			&item) == REPLICA_GOOD)
			apply(r, &item);
		return;
	}
	n = make_value(p[0] / 2, p + 1, len - 1, value);
	key_len = p[0] / 2 == REPLICA_HEAD ? 4 : REPLICA_KEY_LEN;
	if (replica_read(reader, key_len == 4 ? (const void *)"head" : p + 1,
		key_len, value, n, &item) == REPLICA_GOOD)
		apply(r, &item);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct replica_reader reader;
	struct nat64_workspace *ws = nat64_workspace_new();
	struct nat64 *n = make_translator();
	struct nat64_restore r;
	size_t len;

	if (ws == NULL)
		abort();
	replica_reader_init(&reader, &seal);
	nat64_restore_begin(&r, n, &now, false);
	while (size > 1) {
		len = data[0] < size - 1 ? data[0] : size - 1;
		take_value(&reader, &r, data + 1, len);
		data += 1 + len;
		size -= 1 + len;
	}
	nat64_restore_end(&r);
	while (nat64_expire(n, ws, monotime_add_secs(now.mono, 10000), 1000))
		;
	nat64_free(n);
	nat64_workspace_free(ws);
	return (0);
}
