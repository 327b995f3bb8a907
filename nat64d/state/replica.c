/*
 * Values of the store: writes and checks them.
 */
#include <netinet/in.h>

#include <string.h>

#include "common/octets.h"

#include "replica.h"

/* version, kind, node, flags, epoch, sequence */
#define HEADER 20
/* Flags of a head. */
#define COMPLETE 1
#define DRAINING 2
#define MARKED 4

/* The tag of a value under its key. Each part is preceded by its length. */
static void
make_tag(const struct replica_seal *seal, const void *key, size_t key_len,
    const uint8_t *value, size_t len, uint8_t tag[SIPHASH_MACLEN])
{
	uint8_t
	    text[2 + REPLICA_PAIR_MAX + REPLICA_KEY_LEN + REPLICA_VALUE_MAX];
	const size_t pair_len = strlen(seal->pair);
	uint8_t *p = text;

	*p++ = (uint8_t)pair_len;
	memcpy(p, seal->pair, pair_len);
	p += pair_len;
	*p++ = (uint8_t)key_len;
	memcpy(p, key, key_len);
	p += key_len;
	memcpy(p, value, len);
	p += len;
	siphash24_mac(&seal->key, text, (size_t)(p - text), tag);
}

/* --- writing --- */

void
replica_writer_init(struct replica_writer *w, const struct replica_seal *seal)
{
	w->seal = *seal;
	record_begin_bare(&w->records);
}

static void
put_taddr4(uint8_t *p, const struct taddr4 *a)
{
	memcpy(p, &a->addr, 4);
	put16(p + 4, a->port);
}

void
replica_key(const struct replica_place *place, uint8_t key[REPLICA_KEY_LEN])
{
	key[0] = l4proto_number(place->proto);
	put_taddr4(key + 1, &place->tuple.src);
	put_taddr4(key + 7, &place->tuple.dst);
}

static void
put_header(uint8_t *value, enum replica_kind kind,
    const struct replica_origin *o, uint8_t flags)
{
	value[0] = REPLICA_VERSION;
	value[1] = (uint8_t)kind;
	value[2] = o->node;
	value[3] = flags;
	put64(value + 4, o->epoch);
	put64(value + 12, o->sequence);
}

/* Add the tag to a value of len bytes. */
static size_t
close_value(const struct replica_writer *w, const void *key, size_t key_len,
    uint8_t *value, size_t len)
{
	make_tag(&w->seal, key, key_len, value, len, value + len);
	return (len + SIPHASH_MACLEN);
}

size_t
replica_write_session(struct replica_writer *w, const struct replica_origin *o,
    const uint8_t key[REPLICA_KEY_LEN], const struct nat64_copy *s,
    uint8_t value[REPLICA_VALUE_MAX])
{
	const uint8_t *records;
	size_t len;

	put_header(value, REPLICA_SESSION, o, 0);
	record_begin_bare(&w->records);
	record_prefix(&w->records, 0, &s->prefix);
	record_binding(&w->records, &s->binding);
	record_session(&w->records, s->binding.proto, &s->session);
	records = record_take_bare(&w->records, &len);
	memcpy(value + HEADER, records, len);
	return (close_value(w, key, REPLICA_KEY_LEN, value, HEADER + len));
}

size_t
replica_write_end(struct replica_writer *w, const struct replica_origin *o,
    const uint8_t key[REPLICA_KEY_LEN], uint8_t value[REPLICA_VALUE_MAX])
{
	put_header(value, REPLICA_END, o, 0);
	return (close_value(w, key, REPLICA_KEY_LEN, value, HEADER));
}

size_t
replica_write_head(struct replica_writer *w, const struct replica_origin *o,
    const struct replica_head *h, uint8_t value[REPLICA_VALUE_MAX])
{
	const uint8_t flags = (h->complete ? COMPLETE : 0) |
	    (h->draining ? DRAINING : 0) | (h->marked ? MARKED : 0);

	put_header(value, REPLICA_HEAD, o, flags);
	put64(value + HEADER, h->beat);
	put64(value + HEADER + 8, h->sessions);
	return (close_value(w, REPLICA_HEAD_KEY, strlen(REPLICA_HEAD_KEY),
	    value, HEADER + 16));
}

/* --- reading --- */

static void
take_prefix(void *arg, uint8_t i, const struct pref64 *p)
{
	struct replica_reader *r = arg;

	if (i == 0)
		r->item->copy.prefix = *p;
	r->n_prefixes++;
}

static void
take_binding(void *arg, const struct nat64_saved_binding *b)
{
	struct replica_reader *r = arg;

	r->item->copy.binding = *b;
	r->n_bindings++;
}

static void
take_session(void *arg, const struct nat64_saved_session *s)
{
	struct replica_reader *r = arg;

	r->item->copy.session = *s;
	r->n_sessions++;
}

void
replica_reader_init(struct replica_reader *r, const struct replica_seal *seal)
{
	const struct record_sink sink = { .prefix = take_prefix,
		.binding = take_binding,
		.session = take_session,
		.arg = r };

	r->seal = *seal;
	r->item = NULL;
	record_reader_init(&r->records, &sink);
}

static struct taddr4
get_taddr4(const uint8_t *p)
{
	struct taddr4 a;

	memcpy(&a.addr, p, 4);
	a.port = get16(p + 4);
	return (a);
}

static bool
read_key(const uint8_t *key, size_t len, struct replica_place *place)
{
	if (len != REPLICA_KEY_LEN || !l4proto_find(key[0], &place->proto))
		return (false);
	place->tuple.src = get_taddr4(key + 1);
	place->tuple.dst = get_taddr4(key + 7);
	return (true);
}

/* The body of a session: one of each, and that of the key. */
static bool
read_session(struct replica_reader *r, const uint8_t *body, size_t len)
{
	const struct replica_place *place = &r->item->place;
	const struct nat64_copy *s = &r->item->copy;

	r->n_prefixes = r->n_bindings = r->n_sessions = 0;
	return (record_read_bare(&r->records, body, len) == 0 &&
	    r->n_prefixes == 1 && r->n_bindings == 1 && r->n_sessions == 1 &&
	    s->binding.proto == place->proto &&
	    taddr4_compare(&s->binding.out4, &place->tuple.src) == 0 &&
	    taddr4_compare(&s->session.peer, &place->tuple.dst) == 0);
}

static bool
read_head(struct replica_item *item, uint8_t flags, const uint8_t *body,
    size_t len)
{
	if (len != 16)
		return (false);
	item->head = (struct replica_head){
		.complete = (flags & COMPLETE) != 0,
		.draining = (flags & DRAINING) != 0,
		.marked = (flags & MARKED) != 0,
		.beat = get64(body),
		.sessions = get64(body + 8),
	};
	return (true);
}

/* The tag is right. */
static enum replica_fault
read_value(struct replica_reader *r, const void *key, size_t key_len,
    const uint8_t *value, size_t len)
{
	struct replica_item *item = r->item;
	const uint8_t *body = value + HEADER;
	const size_t body_len = len - HEADER;
	bool good;

	if (value[0] != REPLICA_VERSION)
		return (REPLICA_NEWER);
	item->kind = value[1];
	item->origin = (struct replica_origin){ .node = value[2],
		.epoch = get64(value + 4),
		.sequence = get64(value + 12) };
	if (item->kind == REPLICA_HEAD)
		good = key_len == strlen(REPLICA_HEAD_KEY) &&
		    memcmp(key, REPLICA_HEAD_KEY, key_len) == 0 &&
		    read_head(item, value[3], body, body_len);
	else if (item->kind == REPLICA_SESSION)
		good = read_key(key, key_len, &item->place) &&
		    read_session(r, body, body_len);
	else if (item->kind == REPLICA_END)
		good = read_key(key, key_len, &item->place) && body_len == 0;
	else
		return (REPLICA_NEWER);
	return (good ? REPLICA_GOOD : REPLICA_NONSENSE);
}

enum replica_fault
replica_read(struct replica_reader *r, const void *key, size_t key_len,
    const void *value, size_t value_len, struct replica_item *item)
{
	const uint8_t *bytes = value;
	uint8_t tag[SIPHASH_MACLEN];
	size_t len;

	if (key_len > REPLICA_KEY_LEN || value_len > REPLICA_VALUE_MAX ||
	    value_len < HEADER + SIPHASH_MACLEN)
		return (REPLICA_NO_VALUE);
	len = value_len - SIPHASH_MACLEN;
	make_tag(&r->seal, key, key_len, bytes, len, tag);
	if (!siphash_mac_equal(tag, bytes + len))
		return (REPLICA_FORGED);
	memset(item, 0, sizeof(*item));
	r->item = item;
	return (read_value(r, key, key_len, bytes, len));
}

const char *
replica_why(enum replica_fault fault)
{
	static const char *const texts[] = {
		[REPLICA_GOOD] = "is good",
		[REPLICA_NO_VALUE] = "is not one of nat64d",
		[REPLICA_FORGED] = "was not written with our key",
		[REPLICA_NEWER] = "is of a version that we do not know",
		[REPLICA_NONSENSE] = "does not fit its key",
	};

	return (texts[fault]);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

int
replica_parse_key(const char *hex, struct siphash_key *key)
{
	size_t i;
	int high, low;

	if (strlen(hex) != 2 * SIPHASH_KEYLEN)
		return (-1);
	for (i = 0; i < SIPHASH_KEYLEN; i++) {
		high = hex_digit(hex[2 * i]);
		low = hex_digit(hex[2 * i + 1]);
		if (high == -1 || low == -1)
			return (-1);
		key->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return (0);
}
