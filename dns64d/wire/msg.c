/*
 * Replies composed record by record in the caller's buffer, and the
 * compression of names (RFC 1035, 4.1.4). A hash table holds each suffix of
 * each name written, so the longest suffix that can be reused is found in one
 * pass over a name. Nothing is allocated, and a budget of octets bounds the
 * work for one message whatever names are in it.
 */
#include <string.h>

#include "msg.h"

#define PROBES 4       /* slots that a suffix may be in */
#define RECORD_WORK 32 /* work of a copied record besides its names */

#define SVCB_MANDATORY 0 /* SvcParamKey, RFC 9460, 8 */

static void
put(struct msg_build *b, const void *data, size_t len)
{
	if (b->overflow || len > b->limit - b->len) {
		b->overflow = true;
		return;
	}
	memcpy(b->buf + b->len, data, len);
	b->len += len;
}

/* Take work from the budget. Returns false when it does not suffice. */
static bool
spend(struct msg_build *b, size_t work)
{
	if (work > b->work) {
		b->work = 0;
		return (false);
	}
	b->work -= (unsigned)work;
	return (true);
}

struct suffixes {
	unsigned n; /* without the root */
	uint8_t start[MSG_NAME_MAX / 2];
	uint32_t hash[MSG_NAME_MAX / 2];
};

/* The hash of each suffix is continued from that of the next shorter one. */
static void
hash_suffixes(const uint8_t *name, struct suffixes *s)
{
	uint64_t hash = NAME_HASH_FIRST;
	const uint8_t *label;
	unsigned i;
	size_t off;

	s->n = 0;
	for (off = 0; name[off] != 0; off += (size_t)name[off] + 1)
		s->start[s->n++] = (uint8_t)off;
	for (i = s->n; i-- > 0;) {
		label = name + s->start[i];
		hash = name_hash(hash, label, (size_t)label[0] + 1);
		s->hash[i] = (uint32_t)(hash ^ hash >> 32);
	}
}

static struct msg_suffix *
suffix_slot(struct msg_build *b, uint32_t hash, unsigned probe)
{
	return (&b->suffix[(hash + probe) % MSG_SUFFIXES]);
}

/* The offset of an earlier copy of a suffix; 0: there is none. */
static size_t
find_suffix(struct msg_build *b, const uint8_t *name, uint32_t hash)
{
	const struct msg_suffix *slot;
	unsigned i;

	for (i = 0; i < PROBES; i++) {
		slot = suffix_slot(b, hash, i);
		if (slot->off == 0)
			return (0);
		if (slot->tag == hash >> 16 &&
		    name_equal_work(name, 0, b->buf, slot->off, &b->work))
			return (slot->off);
	}
	return (0);
}

static void
remember_suffix(struct msg_build *b, uint32_t hash, size_t off)
{
	struct msg_suffix *slot;
	unsigned i;

	for (i = 0; i < PROBES && off <= NAME_OFFSET_MAX; i++) {
		slot = suffix_slot(b, hash, i);
		if (slot->off != 0)
			continue;
		slot->off = (uint16_t)off;
		slot->tag = (uint16_t)(hash >> 16);
		return;
	}
}

static void
put_pointer(struct msg_build *b, size_t off)
{
	uint8_t pointer[2];

	put16(pointer, (uint16_t)(0xc000 | off));
	put(b, pointer, sizeof(pointer));
}

/* Write a name, given without pointers, and compress it if asked to. */
static void
put_name(struct msg_build *b, const uint8_t *name, size_t len, bool compress)
{
	size_t at = b->len, known = 0;
	struct suffixes s;
	unsigned i, k;

	if (!compress || len == 1 || !spend(b, len)) {
		put(b, name, len);
		return;
	}
	hash_suffixes(name, &s);
	for (i = 0; i < s.n && known == 0; i++)
		known = find_suffix(b, name + s.start[i], s.hash[i]);
	if (known == 0)
		put(b, name, len);
	else {
		put(b, name, s.start[--i]);
		put_pointer(b, known);
	}
	for (k = 0; k < i && !b->overflow; k++)
		remember_suffix(b, s.hash[k], at + s.start[k]);
}

/* Consecutive records often have the same owner. */
static void
put_owner(struct msg_build *b, const uint8_t *name)
{
	size_t len = name_length(name), off = b->len;

	if (b->owner_off != 0 && len == b->owner_len &&
	    memcmp(name, b->owner, len) == 0) {
		put_pointer(b, b->owner_off);
		return;
	}
	put_name(b, name, len, true);
	if (b->overflow)
		return;
	if (b->buf[off] >= 0xc0)
		off = get16(b->buf + off) & NAME_OFFSET_MAX;
	memcpy(b->owner, name, len);
	b->owner_len = len;
	b->owner_off = len > 2 && off <= NAME_OFFSET_MAX ? off : 0;
}

static void
enter_section(struct msg_build *b, enum msg_section section)
{
	if (section == b->section)
		return;
	b->section = section;
	b->start = b->len;
}

/* Remove the whole section, which does not fit (RFC 2181, 9). */
static void
drop_section(struct msg_build *b)
{
	b->full = true;
	b->overflow = false;
	b->count[b->section] = 0;
	b->len = b->start;
	if (b->section == MSG_ANSWER)
		b->flags |= MSG_TC;
}

/*
 * Write all of a record but its RDATA, which the caller writes before
 * rr_end. Returns false when no record may be added any more.
 */
static bool
rr_begin(struct msg_build *b, enum msg_section section, const uint8_t *owner,
    uint16_t type, uint16_t class, uint32_t ttl)
{
	uint8_t fixed[RR_FIXED] = { 0 };

	if (b->full)
		return (false);
	enter_section(b, section);
	put_owner(b, owner);
	put16(fixed, type);
	put16(fixed + 2, class);
	put32(fixed + 4, ttl);
	put(b, fixed, sizeof(fixed));
	b->rdata = b->len;
	return (true);
}

static void
rr_end(struct msg_build *b)
{
	if (b->overflow) {
		drop_section(b);
		return;
	}
	put16(b->buf + b->rdata - 2, (uint16_t)(b->len - b->rdata));
	b->count[b->section]++;
}

void
msg_build_begin(struct msg_build *b, const struct msg_scan *query,
    uint16_t flags, unsigned rcode, uint8_t *buf, size_t limit)
{
	const uint8_t *question = query->wire + MSG_HEADER_LEN;

	memset(b, 0, sizeof(*b));
	b->query = query;
	b->buf = buf;
	b->limit = limit - (query->opt != 0 ? OPT_LEN : 0);
	b->flags = flags;
	b->rcode = rcode;
	b->work = MSG_BUILD_WORK;
	b->len = MSG_HEADER_LEN;
	put_owner(b, question);
	put(b, question + query->qname_len, 4);
	b->count[MSG_QUESTION] = 1;
}

/* Copy RDATA of another message, and compress its names for this one. */
static void
put_rdata(struct msg_build *b, const struct msg_rr *rr)
{
	const uint8_t *wire = rr->msg->wire;
	struct msg_rdata_names names;
	uint8_t name[MSG_NAME_MAX];
	size_t i, len, off = rr->rdata;

	msg_rr_names(rr, &names);
	for (i = 0; i < names.n; i++) {
		put(b, wire + off, names.off[i] - off);
		len = name_copy(wire, names.off[i], name);
		spend(b, len);
		put_name(b, name, len, names.compress);
		off = names.end[i];
	}
	put(b, wire + off, rr->end - off);
}

/*
 * Begin a copy of a record of another message. When the budget is used up
 * the section is removed as if it did not fit.
 */
static bool
copy_begin(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr)
{
	uint8_t owner[MSG_NAME_MAX];
	size_t len;

	if (b->full)
		return (false);
	len = name_copy(rr->msg->wire, rr->off, owner);
	if (!spend(b, len + RECORD_WORK)) {
		enter_section(b, section);
		drop_section(b);
		return (false);
	}
	return (rr_begin(b, section, owner, rr->type, rr->class, rr->ttl));
}

void
msg_build_copy(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr)
{
	if (!copy_begin(b, section, rr))
		return;
	put_rdata(b, rr);
	rr_end(b);
}

/*
 * Write the SvcParam "mandatory" without one key. Returns true when no key is
 * left in it.
 */
static bool
put_mandatory(struct msg_build *b, const uint8_t *value, size_t len,
    uint16_t drop)
{
	size_t at = b->len, i;
	uint8_t head[4] = { 0 };

	put(b, head, sizeof(head));
	for (i = 0; i + 2 <= len; i += 2)
		if (get16(value + i) != drop)
			put(b, value + i, 2);
	if (b->overflow)
		return (false);
	put16(b->buf + at + 2, (uint16_t)(b->len - at - sizeof(head)));
	return (b->len == at + sizeof(head));
}

/* One SvcParam: key, length and value (RFC 9460, 2.2). */
static void
put_svcparam(struct msg_build *b, const uint8_t *param, size_t len,
    uint16_t drop)
{
	size_t at = b->len;

	if (get16(param) == drop)
		return;
	if (get16(param) != SVCB_MANDATORY)
		put(b, param, len);
	else if (put_mandatory(b, param + 4, len - 4, drop))
		b->len = at;
}

void
msg_build_svcb(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr, uint16_t drop)
{
	const uint8_t *wire = rr->msg->wire;
	struct msg_rdata_names names;
	uint8_t name[MSG_NAME_MAX];
	size_t off, len;

	if (!copy_begin(b, section, rr))
		return;
	msg_rr_names(rr, &names);
	put(b, wire + rr->rdata, names.off[0] - rr->rdata);
	put_name(b, name, name_copy(wire, names.off[0], name), false);
	for (off = names.end[0]; off < rr->end; off += len) {
		len = 4;
		if (rr->end - off >= 4)
			len += get16(wire + off + 2);
		if (len > rr->end - off) {
			put(b, wire + off, rr->end - off);
			break;
		}
		put_svcparam(b, wire + off, len, drop);
	}
	rr_end(b);
}

void
msg_build_addr4(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, struct in_addr addr)
{
	if (!rr_begin(b, section, owner, MSG_T_A, MSG_CLASS_IN, ttl))
		return;
	put(b, &addr, sizeof(addr));
	rr_end(b);
}

void
msg_build_addr6(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, const struct in6_addr *addr)
{
	if (!rr_begin(b, section, owner, MSG_T_AAAA, MSG_CLASS_IN, ttl))
		return;
	put(b, addr, sizeof(*addr));
	rr_end(b);
}

void
msg_build_name(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint16_t type, uint32_t ttl, const uint8_t *target)
{
	if (!rr_begin(b, section, owner, type, MSG_CLASS_IN, ttl))
		return;
	put_name(b, target, name_length(target), true);
	rr_end(b);
}

void
msg_build_soa(struct msg_build *b, enum msg_section section,
    const uint8_t *apex, uint32_t ttl)
{
	static const uint8_t rname[] = "\006nobody\007invalid";
	uint8_t numbers[20];

	if (!rr_begin(b, section, apex, MSG_T_SOA, MSG_CLASS_IN, ttl))
		return;
	put_name(b, apex, name_length(apex), true);
	put_name(b, rname, sizeof(rname), true);
	put32(numbers, 1);	     /* serial */
	put32(numbers + 4, 3600);    /* refresh */
	put32(numbers + 8, 1200);    /* retry */
	put32(numbers + 12, 604800); /* expire */
	put32(numbers + 16, ttl);    /* minimum */
	put(b, numbers, sizeof(numbers));
	rr_end(b);
}

static void
put_our_opt(struct msg_build *b)
{
	uint8_t *opt = b->buf + b->len;

	if (b->query->opt == 0) {
		if (b->rcode > MSG_RCODE_MASK)
			b->rcode = MSG_SERVFAIL;
		return;
	}
	put_opt(opt, MSG_UDP_OURS, b->rcode, b->query->dnssec_ok);
	b->len += OPT_LEN;
	b->count[MSG_ADDITIONAL]++;
}

bool
msg_build_is_full(const struct msg_build *b)
{
	return (b->full);
}

void
msg_build_truncate(struct msg_build *b)
{
	b->flags |= MSG_TC;
}

size_t
msg_build_finish(struct msg_build *b)
{
	uint16_t flags;

	put_our_opt(b);
	flags = b->query->flags & (MSG_OPCODE_MASK | MSG_RD | MSG_CD);
	flags |= MSG_QR | b->flags | (b->rcode & MSG_RCODE_MASK);
	put_header(b->buf, b->query->id, flags, b->count);
	return (b->len);
}
