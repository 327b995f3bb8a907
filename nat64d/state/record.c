/*
 * The record format. Owns the bytes; what bindings and sessions mean is known
 * by nat64_restore.c.
 */
#include <string.h>

#include "common/octets.h"

#include "record.h"
#include "nat64d/tables/tcp_fsm.h"

/* As of PNG: a byte above 127, and line ends that a text transfer changes. */
static const uint8_t magic[8] = { 0x8e, 'N', '6', '4', 'S', 'T', '\r', '\n' };

/* No record that is written after the origin is longer. */
#define LONGEST 128

#define MAX_PROGRAM 64

/* These numbers are in files. */
_Static_assert(SESSION_UDP == 0 && SESSION_ICMP == 1 && SESSION_TCP_EST == 2 &&
	SESSION_TCP_OPEN == 3 && SESSION_TCP_CLOSE == 4,
    "numbers of lifetimes have changed: nat64d-state(5)");
_Static_assert(TCP_STATE_V6_INIT == 1 && TCP_STATE_V4_INIT == 2 &&
	TCP_STATE_ESTABLISHED == 4 && TCP_STATE_V4_FIN_RCV == 5 &&
	TCP_STATE_V6_FIN_RCV == 6 && TCP_STATE_V4_V6_FIN_RCV == 7 &&
	TCP_STATE_TRANS == 8,
    "numbers of TCP states have changed: nat64d-state(5)");
_Static_assert(NAT64_ROLE_ACTIVE == 0 && NAT64_ROLE_LEAVING == 1 &&
	NAT64_ROLE_STANDBY == 2,
    "numbers of roles have changed: nat64d-state(5)");

/* --- writing --- */

/* Begin a record; its length is filled in by end_record(). */
static size_t
begin_record(struct record_writer *w, enum record_type type)
{
	const size_t at = w->len;

	put16(w->bytes + w->len, (uint16_t)type);
	w->len += 4;
	return (at);
}

static void
end_record(struct record_writer *w, size_t at)
{
	put16(w->bytes + at + 2, (uint16_t)(w->len - at - 4));
}

static void
field(struct record_writer *w, enum record_tag tag, const void *value,
    size_t len)
{
	w->bytes[w->len] = (uint8_t)tag;
	w->bytes[w->len + 1] = (uint8_t)len;
	if (len > 0)
		memcpy(w->bytes + w->len + 2, value, len);
	w->len += 2 + len;
}

static void
field8(struct record_writer *w, enum record_tag tag, uint8_t v)
{
	field(w, tag, &v, sizeof(v));
}

static void
field32(struct record_writer *w, enum record_tag tag, uint32_t v)
{
	uint8_t bytes[sizeof(v)];

	put32(bytes, v);
	field(w, tag, bytes, sizeof(bytes));
}

static void
field64(struct record_writer *w, enum record_tag tag, uint64_t v)
{
	uint8_t bytes[sizeof(v)];

	put64(bytes, v);
	field(w, tag, bytes, sizeof(bytes));
}

static void
field_taddr4(struct record_writer *w, enum record_tag tag,
    const struct taddr4 *a)
{
	uint8_t bytes[6];

	memcpy(bytes, &a->addr, 4);
	put16(bytes + 4, a->port);
	field(w, tag, bytes, sizeof(bytes));
}

static void
field_taddr6(struct record_writer *w, enum record_tag tag,
    const struct taddr6 *a)
{
	uint8_t bytes[18];

	memcpy(bytes, &a->addr, 16);
	put16(bytes + 16, a->port);
	field(w, tag, bytes, sizeof(bytes));
}

static void
field_alg(struct record_writer *w, const struct nat64_saved_alg *a)
{
	uint8_t bytes[17] = { a->mode };
	unsigned dir;

	for (dir = 0; dir < 2; dir++) {
		put32(bytes + 1 + 8 * dir, a->old[dir]);
		put32(bytes + 5 + 8 * dir, a->new[dir]);
	}
	field(w, SESSION_GATEWAY, bytes, sizeof(bytes));
}

static void
open_block(struct record_writer *w)
{
	w->block = w->len;
	w->len += RECORD_BLOCK_HEAD;
}

void
record_begin(struct record_writer *w, int64_t wall_ms, const char *program)
{
	size_t at;

	crc32_init(&w->crc);
	w->sequence = 0;
	w->n_bindings = w->n_sessions = 0;
	memcpy(w->bytes, magic, sizeof(magic));
	put16(w->bytes + 8, RECORD_VERSION);
	put16(w->bytes + 10, 0);
	put32(w->bytes + 12, crc32_add(&w->crc, 0, w->bytes, 12));
	w->len = RECORD_HEAD;
	open_block(w);
	at = begin_record(w, RECORD_ORIGIN);
	field64(w, ORIGIN_TIME, (uint64_t)wall_ms);
	field(w, ORIGIN_PROGRAM, program, strnlen(program, MAX_PROGRAM));
	end_record(w, at);
}

bool
record_has_room(const struct record_writer *w)
{
	return (w->len - w->block + LONGEST <= RECORD_BLOCK_MAX);
}

void
record_prefix(struct record_writer *w, uint8_t i, const struct pref64 *p)
{
	const size_t at = begin_record(w, RECORD_PREFIX);

	field8(w, PREFIX_INDEX, i);
	field(w, PREFIX_ADDRESS, &p->addr, sizeof(p->addr));
	field8(w, PREFIX_LENGTH, p->len);
	end_record(w, at);
}

void
record_binding(struct record_writer *w, const struct nat64_saved_binding *b)
{
	const size_t at = begin_record(w, RECORD_BINDING);

	field8(w, BINDING_PROTOCOL, l4proto_number(b->proto));
	field_taddr6(w, BINDING_INTERNAL, &b->in6);
	field_taddr4(w, BINDING_EXTERNAL, &b->out4);
	if (b->is_static)
		field(w, BINDING_STATIC, NULL, 0);
	if (b->prefix != NAT64_NO_PREFIX)
		field8(w, BINDING_PREFIX, b->prefix);
	if (b->paired.s_addr != b->out4.addr.s_addr)
		field(w, BINDING_PAIRED, &b->paired, sizeof(b->paired));
	end_record(w, at);
	w->n_bindings++;
}

void
record_session(struct record_writer *w, enum l4proto proto,
    const struct nat64_saved_session *s)
{
	const size_t at = begin_record(w, RECORD_SESSION);

	field_taddr4(w, SESSION_PEER, &s->peer);
	field8(w, SESSION_PREFIX, s->prefix);
	field64(w, SESSION_USED, (uint64_t)s->used_ms);
	field8(w, SESSION_LIFETIME, s->cls);
	if (proto == L4_TCP) {
		field8(w, SESSION_STATE, s->state);
		field32(w, SESSION_ACK_INTERNAL, s->ack6);
		field32(w, SESSION_ACK_EXTERNAL, s->ack4);
	}
	if (s->inbound)
		field(w, SESSION_INBOUND, NULL, 0);
	if (s->alg.mode != NAT64_ALG_NONE)
		field_alg(w, &s->alg);
	end_record(w, at);
	w->n_sessions++;
}

void
record_block(struct record_writer *w, const struct nat64_saved_block *block)
{
	const size_t at = begin_record(w, RECORD_BLOCK);
	uint8_t bytes[17];

	memcpy(bytes, &block->subscriber, 16);
	bytes[16] = block->subscriber_len;
	field(w, BLOCK_SUBSCRIBER, bytes, sizeof(bytes));
	memcpy(bytes, &block->addr, 4);
	put16(bytes + 4, block->ports.first);
	put16(bytes + 6, block->ports.last);
	field(w, BLOCK_PORTS, bytes, 8);
	end_record(w, at);
}

void
record_role(struct record_writer *w, const struct nat64_saved_role *r)
{
	const size_t at = begin_record(w, RECORD_ROLE);

	field8(w, ROLE_IS, (uint8_t)r->role);
	if (r->draining)
		field(w, ROLE_DRAINING, NULL, 0);
	end_record(w, at);
}

void
record_mapping(struct record_writer *w, const struct nat64_saved_mapping *m)
{
	const size_t at = begin_record(w, RECORD_MAPPING);
	const struct nat64_saved_binding *b = &m->binding;

	field8(w, MAPPING_PROTOCOL, l4proto_number(b->proto));
	field_taddr6(w, MAPPING_INTERNAL, &b->in6);
	field_taddr4(w, MAPPING_EXTERNAL, &b->out4);
	if (b->paired.s_addr != b->out4.addr.s_addr)
		field(w, MAPPING_PAIRED, &b->paired, sizeof(b->paired));
	if (m->peered)
		field_taddr4(w, MAPPING_PEER, &m->peer);
	field(w, MAPPING_NONCE, m->nonce, sizeof(m->nonce));
	field64(w, MAPPING_END, (uint64_t)m->end_ms);
	end_record(w, at);
}

void
record_epoch(struct record_writer *w, int64_t epoch_ms)
{
	const size_t at = begin_record(w, RECORD_EPOCH);

	field64(w, EPOCH_BEGIN, (uint64_t)epoch_ms);
	end_record(w, at);
}

void
record_end(struct record_writer *w)
{
	const size_t at = begin_record(w, RECORD_END);

	field64(w, END_BINDINGS, w->n_bindings);
	field64(w, END_SESSIONS, w->n_sessions);
	end_record(w, at);
}

/* The sum of a block: of its head up to the sum, then of its records. */
static uint32_t
sum_block(const struct crc32 *crc, const uint8_t *block, size_t records_len)
{
	uint32_t sum;

	sum = crc32_add(crc, 0, block, 8);
	return (crc32_add(crc, sum, block + RECORD_BLOCK_HEAD, records_len));
}

const uint8_t *
record_take(struct record_writer *w, size_t *len)
{
	uint8_t *block = w->bytes + w->block;
	const size_t records_len = w->len - w->block - RECORD_BLOCK_HEAD;

	*len = 0;
	if (records_len > 0) {
		put32(block, (uint32_t)records_len);
		put32(block + 4, w->sequence++);
		put32(block + 8, sum_block(&w->crc, block, records_len));
		*len = w->len;
	}
	w->len = 0;
	open_block(w);
	return (w->bytes);
}

void
record_begin_bare(struct record_writer *w)
{
	w->n_bindings = w->n_sessions = 0;
	w->block = w->len = 0;
}

const uint8_t *
record_take_bare(const struct record_writer *w, size_t *len)
{
	*len = w->len;
	return (w->bytes);
}

/* --- reading --- */

/* A part of a block: the fields of a record, or the value of a field. */
struct bytes {
	const uint8_t *p;
	size_t len;
};

/* Take the next n bytes of b; false when there are fewer. */
static bool
take(struct bytes *b, size_t n, struct bytes *part)
{
	if (b->len < n)
		return (false);
	*part = (struct bytes){ b->p, n };
	b->p += n;
	b->len -= n;
	return (true);
}

/* The next field; false at the end or when it is cut, which leaves bytes. */
static bool
next_field(struct bytes *record, unsigned *tag, struct bytes *value)
{
	struct bytes rest = *record, head;

	if (!take(&rest, 2, &head) || !take(&rest, head.p[1], value))
		return (false);
	*tag = head.p[0];
	*record = rest;
	return (true);
}

/*
 * The fields of a record by their tags. Fields of tags above MAX_TAG are
 * skipped. A field that is not there has no p.
 */
#define MAX_TAG 16

struct fields {
	struct bytes at[MAX_TAG + 1];
};

/* Returns false when the record is no sequence of fields, or one is twice. */
static bool
get_fields(struct bytes record, struct fields *f)
{
	struct bytes value;
	unsigned tag;

	memset(f, 0, sizeof(*f));
	while (next_field(&record, &tag, &value)) {
		if (tag > MAX_TAG)
			continue;
		if (f->at[tag].p != NULL)
			return (false);
		f->at[tag] = value;
	}
	return (record.len == 0);
}

static bool
has(const struct fields *f, enum record_tag tag, size_t len)
{
	return (f->at[tag].p != NULL && f->at[tag].len == len);
}

/* Is it left out, or of the right length? */
static bool
may_have(const struct fields *f, enum record_tag tag, size_t len)
{
	return (f->at[tag].p == NULL || f->at[tag].len == len);
}

static struct taddr4
get_taddr4(const struct fields *f, enum record_tag tag)
{
	struct taddr4 a;

	memcpy(&a.addr, f->at[tag].p, 4);
	a.port = get16(f->at[tag].p + 4);
	return (a);
}

static struct taddr6
get_taddr6(const struct fields *f, enum record_tag tag)
{
	struct taddr6 a;

	memcpy(&a.addr, f->at[tag].p, 16);
	a.port = get16(f->at[tag].p + 16);
	return (a);
}

/* The printable beginning of a text. */
static void
get_text(const struct bytes *value, char text[MAX_PROGRAM + 1])
{
	size_t i;

	for (i = 0; i < value->len && i < MAX_PROGRAM; i++) {
		if (value->p[i] < ' ' || value->p[i] > '~')
			break;
		text[i] = (char)value->p[i];
	}
	text[i] = '\0';
}

static bool
read_origin(struct record_reader *r, const struct fields *f)
{
	char program[MAX_PROGRAM + 1];

	if (!has(f, ORIGIN_TIME, 8))
		return (false);
	get_text(&f->at[ORIGIN_PROGRAM], program);
	if (r->sink.origin != NULL)
		r->sink.origin(r->sink.arg,
		    (int64_t)get64(f->at[ORIGIN_TIME].p), program);
	return (true);
}

static bool
read_prefix(struct record_reader *r, const struct fields *f)
{
	struct in6_addr addr;
	struct pref64 p;

	if (!has(f, PREFIX_INDEX, 1) || !has(f, PREFIX_ADDRESS, 16) ||
	    !has(f, PREFIX_LENGTH, 1))
		return (false);
	memcpy(&addr, f->at[PREFIX_ADDRESS].p, sizeof(addr));
	/* One that cannot be a prefix is none of ours. */
	if (pref64_init(&p, &addr, f->at[PREFIX_LENGTH].p[0]) == NULL)
		r->sink.prefix(r->sink.arg, f->at[PREFIX_INDEX].p[0], &p);
	return (true);
}

static void
unknown(struct record_reader *r, bool session)
{
	if (r->sink.unknown != NULL)
		r->sink.unknown(r->sink.arg, session);
}

static bool
read_binding(struct record_reader *r, const struct fields *f)
{
	struct nat64_saved_binding b = { .prefix = NAT64_NO_PREFIX };

	r->n_bindings++;
	if (!has(f, BINDING_PROTOCOL, 1) || !has(f, BINDING_INTERNAL, 18) ||
	    !has(f, BINDING_EXTERNAL, 6) || !may_have(f, BINDING_STATIC, 0) ||
	    !may_have(f, BINDING_PREFIX, 1) || !may_have(f, BINDING_PAIRED, 4))
		return (false);
	if (!l4proto_find(f->at[BINDING_PROTOCOL].p[0], &b.proto)) {
		unknown(r, false);
		return (true);
	}
	b.in6 = get_taddr6(f, BINDING_INTERNAL);
	b.out4 = get_taddr4(f, BINDING_EXTERNAL);
	b.paired = b.out4.addr;
	b.is_static = f->at[BINDING_STATIC].p != NULL;
	if (f->at[BINDING_PREFIX].p != NULL)
		b.prefix = f->at[BINDING_PREFIX].p[0];
	if (f->at[BINDING_PAIRED].p != NULL)
		memcpy(&b.paired, f->at[BINDING_PAIRED].p, sizeof(b.paired));
	r->sink.binding(r->sink.arg, &b);
	return (true);
}

static void
get_alg(const uint8_t *bytes, struct nat64_saved_alg *a)
{
	unsigned dir;

	a->mode = bytes[0];
	for (dir = 0; dir < 2; dir++) {
		a->old[dir] = get32(bytes + 1 + 8 * dir);
		a->new[dir] = get32(bytes + 5 + 8 * dir);
	}
}

static bool
read_session(struct record_reader *r, const struct fields *f)
{
	struct nat64_saved_session s = { .state = TCP_STATE_CLOSED };

	r->n_sessions++;
	if (!has(f, SESSION_PEER, 6) || !has(f, SESSION_PREFIX, 1) ||
	    !has(f, SESSION_USED, 8) || !has(f, SESSION_LIFETIME, 1) ||
	    !may_have(f, SESSION_STATE, 1) ||
	    !may_have(f, SESSION_ACK_INTERNAL, 4) ||
	    !may_have(f, SESSION_ACK_EXTERNAL, 4) ||
	    !may_have(f, SESSION_INBOUND, 0) ||
	    !may_have(f, SESSION_GATEWAY, 17))
		return (false);
	s.peer = get_taddr4(f, SESSION_PEER);
	s.prefix = f->at[SESSION_PREFIX].p[0];
	s.used_ms = (int64_t)get64(f->at[SESSION_USED].p);
	s.cls = f->at[SESSION_LIFETIME].p[0];
	if (f->at[SESSION_STATE].p != NULL)
		s.state = f->at[SESSION_STATE].p[0];
	if (f->at[SESSION_ACK_INTERNAL].p != NULL)
		s.ack6 = get32(f->at[SESSION_ACK_INTERNAL].p);
	if (f->at[SESSION_ACK_EXTERNAL].p != NULL)
		s.ack4 = get32(f->at[SESSION_ACK_EXTERNAL].p);
	s.inbound = f->at[SESSION_INBOUND].p != NULL;
	if (f->at[SESSION_GATEWAY].p != NULL)
		get_alg(f->at[SESSION_GATEWAY].p, &s.alg);
	if (r->sink.session != NULL)
		r->sink.session(r->sink.arg, &s);
	return (true);
}

static bool
read_block(struct record_reader *r, const struct fields *f)
{
	struct nat64_saved_block block;
	const uint8_t *p;

	if (!has(f, BLOCK_SUBSCRIBER, 17) || !has(f, BLOCK_PORTS, 8))
		return (false);
	p = f->at[BLOCK_SUBSCRIBER].p;
	memcpy(&block.subscriber, p, 16);
	block.subscriber_len = p[16];
	p = f->at[BLOCK_PORTS].p;
	memcpy(&block.addr, p, 4);
	block.ports.first = get16(p + 4);
	block.ports.last = get16(p + 6);
	if (r->sink.block != NULL && block.subscriber_len <= 128 &&
	    block.ports.first <= block.ports.last)
		r->sink.block(r->sink.arg, &block);
	return (true);
}

static bool
read_role(struct record_reader *r, const struct fields *f)
{
	struct nat64_saved_role role;

	if (!has(f, ROLE_IS, 1) || !may_have(f, ROLE_DRAINING, 0))
		return (false);
	/* A role that we do not know leaves us that of our configuration. */
	if (f->at[ROLE_IS].p[0] > NAT64_ROLE_STANDBY || r->sink.role == NULL)
		return (true);
	role = (struct nat64_saved_role){
		.role = (enum nat64_role)f->at[ROLE_IS].p[0],
		.draining = f->at[ROLE_DRAINING].p != NULL,
	};
	r->sink.role(r->sink.arg, &role);
	return (true);
}

static bool
read_mapping(struct record_reader *r, const struct fields *f)
{
	struct nat64_saved_mapping m = { .peered = false };
	struct nat64_saved_binding *b = &m.binding;

	if (!has(f, MAPPING_PROTOCOL, 1) || !has(f, MAPPING_INTERNAL, 18) ||
	    !has(f, MAPPING_EXTERNAL, 6) || !may_have(f, MAPPING_PAIRED, 4) ||
	    !may_have(f, MAPPING_PEER, 6) ||
	    !has(f, MAPPING_NONCE, sizeof(m.nonce)) || !has(f, MAPPING_END, 8))
		return (false);
	if (r->sink.mapping == NULL ||
	    !l4proto_find(f->at[MAPPING_PROTOCOL].p[0], &b->proto))
		return (true);
	b->in6 = get_taddr6(f, MAPPING_INTERNAL);
	b->out4 = get_taddr4(f, MAPPING_EXTERNAL);
	b->paired = b->out4.addr;
	b->prefix = NAT64_NO_PREFIX;
	if (f->at[MAPPING_PAIRED].p != NULL)
		memcpy(&b->paired, f->at[MAPPING_PAIRED].p, sizeof(b->paired));
	m.peered = f->at[MAPPING_PEER].p != NULL;
	if (m.peered)
		m.peer = get_taddr4(f, MAPPING_PEER);
	memcpy(m.nonce, f->at[MAPPING_NONCE].p, sizeof(m.nonce));
	m.end_ms = (int64_t)get64(f->at[MAPPING_END].p);
	r->sink.mapping(r->sink.arg, &m);
	return (true);
}

static bool
read_epoch(struct record_reader *r, const struct fields *f)
{
	if (!has(f, EPOCH_BEGIN, 8))
		return (false);
	if (r->sink.epoch != NULL)
		r->sink.epoch(r->sink.arg,
		    (int64_t)get64(f->at[EPOCH_BEGIN].p));
	return (true);
}

static bool
read_end(struct record_reader *r, const struct fields *f)
{
	r->ended = true;
	return (has(f, END_BINDINGS, 8) && has(f, END_SESSIONS, 8) &&
	    get64(f->at[END_BINDINGS].p) == r->n_bindings &&
	    get64(f->at[END_SESSIONS].p) == r->n_sessions);
}

static bool (*const readers[])(struct record_reader *,
    const struct fields *) = {
	[RECORD_ORIGIN] = read_origin,
	[RECORD_PREFIX] = read_prefix,
	[RECORD_BINDING] = read_binding,
	[RECORD_SESSION] = read_session,
	[RECORD_END] = read_end,
	[RECORD_BLOCK] = read_block,
	[RECORD_ROLE] = read_role,
	[RECORD_MAPPING] = read_mapping,
	[RECORD_EPOCH] = read_epoch,
};

static bool
read_record(struct record_reader *r, unsigned type, struct bytes record)
{
	struct fields f;

	if (type >= sizeof(readers) / sizeof(readers[0]) ||
	    readers[type] == NULL)
		return (true);
	return (get_fields(record, &f) && readers[type](r, &f));
}

/* The records of a block whose sum is right; they can still be nonsense. */
static bool
read_records(struct record_reader *r, struct bytes block)
{
	struct bytes head, record;

	while (block.len > 0 && !r->ended)
		if (!take(&block, 4, &head) ||
		    !take(&block, get16(head.p + 2), &record) ||
		    !read_record(r, get16(head.p), record))
			return (false);
	return (block.len == 0);
}

static int
fail(struct record_reader *r, enum record_fault fault)
{
	r->fault = fault;
	return (-1);
}

static int
read_head(struct record_reader *r)
{
	if (memcmp(r->bytes, magic, sizeof(magic)) != 0)
		return (fail(r, RECORD_FOREIGN));
	if (crc32_add(&r->crc, 0, r->bytes, 12) != get32(r->bytes + 12))
		return (fail(r, RECORD_DAMAGED));
	if (get16(r->bytes + 8) != RECORD_VERSION)
		return (fail(r, RECORD_NEWER));
	r->begun = true;
	return (0);
}

static int
read_frame(struct record_reader *r)
{
	const struct bytes records = { r->bytes + RECORD_BLOCK_HEAD,
		get32(r->bytes) };

	if (get32(r->bytes + 4) != r->sequence ||
	    sum_block(&r->crc, r->bytes, records.len) != get32(r->bytes + 8))
		return (fail(r, RECORD_DAMAGED));
	r->sequence++;
	if (!read_records(r, records))
		return (fail(r, RECORD_DAMAGED));
	return (0);
}

/* How long the head or block is that r->bytes begins; 0: it cannot be. */
static size_t
length(const struct record_reader *r)
{
	uint32_t records_len;

	if (!r->begun)
		return (RECORD_HEAD);
	if (r->len < RECORD_BLOCK_HEAD)
		return (RECORD_BLOCK_HEAD);
	records_len = get32(r->bytes);
	if (records_len == 0 ||
	    records_len > RECORD_BLOCK_MAX - RECORD_BLOCK_HEAD)
		return (0);
	return (RECORD_BLOCK_HEAD + records_len);
}

void
record_reader_init(struct record_reader *r, const struct record_sink *sink)
{
	crc32_init(&r->crc);
	r->sink = *sink;
	r->fault = RECORD_GOOD;
	r->offset = 0;
	r->begun = r->ended = false;
	r->sequence = 0;
	r->n_bindings = r->n_sessions = 0;
	r->len = 0;
}

int
record_read(struct record_reader *r, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t want, n;

	if (r->fault != RECORD_GOOD)
		return (-1);
	while (len > 0) {
		if (r->ended)
			return (fail(r, RECORD_MORE));
		want = length(r);
		if (want == 0)
			return (fail(r, RECORD_DAMAGED));
		n = want - r->len < len ? want - r->len : len;
		memcpy(r->bytes + r->len, p, n);
		r->len += n;
		p += n;
		len -= n;
		/* With its head complete a block has another length. */
		if (r->len < want || length(r) != want)
			continue;
		if ((r->begun ? read_frame(r) : read_head(r)) == -1)
			return (-1);
		r->offset += r->len;
		r->len = 0;
	}
	return (0);
}

int
record_read_bare(struct record_reader *r, const void *data, size_t len)
{
	r->ended = false;
	return (read_records(r, (struct bytes){ data, len }) ? 0 : -1);
}

int
record_finish(struct record_reader *r)
{
	if (r->fault != RECORD_GOOD)
		return (-1);
	if (!r->begun && r->len < sizeof(magic))
		return (fail(r, RECORD_FOREIGN));
	return (r->ended ? 0 : fail(r, RECORD_CUT));
}

const char *
record_why(enum record_fault fault)
{
	static const char *const texts[] = {
		[RECORD_GOOD] = "is complete",
		[RECORD_FOREIGN] = "holds no state of nat64d",
		[RECORD_NEWER] = "is of a format that we do not know",
		[RECORD_DAMAGED] = "is damaged",
		[RECORD_CUT] = "ends early",
		[RECORD_MORE] = "goes on after its end",
	};

	return (texts[fault]);
}
