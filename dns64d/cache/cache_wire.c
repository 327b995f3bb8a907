/*
 * The messages of the cache: copying replies without OPT and TSIG, which
 * concern one hop only, and writing them with lower TTLs and the question of
 * the client.
 */
#include <string.h>

#include "cache_int.h"
#include "dns64d/wire/wire.h"

#define SECOND_NS INT64_C(1000000000)
#define TTL_OFFSET 6 /* of the TTL field, before the RDATA */

size_t
cache_copy_size(const struct msg_scan *reply)
{
	return ((reply->tsig != 0 ? reply->tsig : reply->len) -
	    (reply->opt_end - reply->opt));
}

/* As if relayed to a client without EDNS. */
size_t
cache_copy_reply(const struct msg_scan *reply, uint8_t *buf)
{
	struct msg_scan query = *reply;
	size_t n;

	query.id = 0;
	query.flags = 0;
	query.opt = query.opt_end = 0;
	n = msg_relay(&query, reply, MSG_MAX, buf);
	if (n != cache_copy_size(reply))
		n = 0;
	if (n != 0)
		put16(buf + 2, get16(buf + 2) & (uint16_t)~MSG_AA);
	return (n);
}

void
cache_read_ede(const struct msg_scan *reply, struct ede_set *out)
{
	size_t off, len;

	out->n = 0;
	if (reply->opt == 0)
		return;
	for (off = reply->opt + OPT_LEN; off < reply->opt_end;
	     off += OPTION_FIXED + len) {
		len = get16(reply->wire + off + 2);
		if (get16(reply->wire + off) == OPTION_EDE && len >= 2)
			ede_add(out, get16(reply->wire + off + OPTION_FIXED));
	}
}

size_t
cache_write_size(const struct cache_hit *hit, const struct msg_question *q)
{
	const struct cache_entry *e = hit->entry;

	if (hit->verdict == CACHE_FAILED)
		return (MSG_HEADER_LEN + q->name_len + 4 + OPT_LEN +
		    e->failure->ede.n * (OPTION_FIXED + 2));
	if (!e->has_scope || q->subnet.len == 0)
		return (e->wire_len + hit->below);
	return (
	    e->wire_len + hit->below + OPT_LEN + OPTION_FIXED + q->subnet.len);
}

/*
 * Correct the pointer of a name in a copy of old whose question has a name
 * that is longer by so many octets, so that everything behind it has moved.
 * Returns -1 if a pointer cannot reach that far.
 */
static int
move_name(const struct msg_scan *old, size_t off, size_t by, uint8_t *buf)
{
	size_t target;

	off = name_tail(old->wire, off);
	if (old->wire[off] == 0)
		return (0);
	target = (get16(old->wire + off) & NAME_OFFSET_MAX) + by;
	if (target > NAME_OFFSET_MAX)
		return (-1);
	put16(buf + off + by, (uint16_t)(0xc000 | target));
	return (0);
}

static int
move_names(const struct msg_scan *old, enum msg_section section, size_t by,
    uint8_t *buf)
{
	struct msg_rr rr = { .msg = NULL };
	struct msg_rdata_names names;
	size_t i;

	while (msg_rr_next(old, section, &rr)) {
		if (move_name(old, rr.off, by, buf) == -1)
			return (-1);
		msg_rr_names(&rr, &names);
		for (i = 0; i < names.n; i++)
			if (move_name(old, names.off[i], by, buf) == -1)
				return (-1);
	}
	return (0);
}

/* Returns the length, or 0. */
static size_t
copy_wire(const struct cache_hit *hit, const struct msg_question *q,
    uint8_t *buf)
{
	const uint8_t *wire = hit->entry->data + hit->entry->key_len;
	size_t len = hit->entry->wire_len, below = hit->below;
	struct msg_scan old;

	memcpy(buf, wire, MSG_HEADER_LEN);
	memcpy(buf + MSG_HEADER_LEN, q->name, below);
	memcpy(buf + MSG_HEADER_LEN + below, wire + MSG_HEADER_LEN,
	    len - MSG_HEADER_LEN);
	put16(buf + MSG_HEADER_LEN + q->name_len, q->type);
	if (below > 0 &&
	    (msg_scan(wire, len, &old) != MSG_SCAN_OK ||
		move_names(&old, MSG_AUTHORITY, below, buf) == -1 ||
		move_names(&old, MSG_ADDITIONAL, below, buf) == -1))
		return (0);
	return (len + below);
}

static size_t
add_opt(uint8_t *buf, size_t len, unsigned rcode, bool dnssec_ok,
    size_t options)
{
	/* ARCOUNT */
	put16(buf + 10, (uint16_t)(get16(buf + 10) + 1));
	put_opt(buf + len, MSG_UDP_OURS, rcode, dnssec_ok);
	put16(buf + len + OPT_LEN - 2, (uint16_t)options);
	return (len + OPT_LEN);
}

/* The subnet is that of this question, the scope that of the reply. */
static size_t
add_scope(const struct cache_entry *e, const struct msg_question *q,
    uint8_t *buf, size_t len)
{
	struct msg_subnet subnet = q->subnet;

	if (!e->has_scope || subnet.len == 0)
		return (len);
	subnet.data[CACHE_SCOPE_OFFSET] = e->scope;
	len = add_opt(buf, len, 0, q->dnssec_ok,
	    (size_t)OPTION_FIXED + subnet.len);
	return (
	    len + put_option(buf + len, OPTION_ECS, subnet.data, subnet.len));
}

static size_t
write_failure(const struct cache_failure *f, const struct msg_question *q,
    uint8_t *buf)
{
	size_t n, options;
	uint8_t code[2];
	unsigned i;

	n = msg_write_query(q, 0, false, buf);
	put16(buf + 2,
	    (uint16_t)(MSG_QR | MSG_RA | (f->rcode & MSG_RCODE_MASK)));
	options = f->ede.n * (OPTION_FIXED + sizeof(code));
	n = add_opt(buf, n, f->rcode, q->dnssec_ok, options);
	for (i = 0; i < f->ede.n; i++) {
		put16(code, f->ede.code[i]);
		n += put_option(buf + n, OPTION_EDE, code, sizeof(code));
	}
	return (n);
}

static void
count_ttl_down(const struct cache_hit *hit, struct monotime now,
    const struct msg_rr *rr, uint8_t *buf)
{
	const struct cache_entry *e = hit->entry;
	int64_t age = now.ns / SECOND_NS - e->stored_at.ns / SECOND_NS;
	uint32_t ttl = rr->ttl < e->ttl_cap ? rr->ttl : e->ttl_cap;

	if (hit->verdict == CACHE_STALE)
		ttl = CACHE_STALE_TTL;
	else
		ttl = age < ttl ? ttl - (uint32_t)age : 1;
	put32(buf + rr->rdata - TTL_OFFSET, ttl);
}

int
cache_write(const struct cache_hit *hit, const struct msg_question *q,
    struct monotime now, uint8_t *buf, struct msg_scan *reply)
{
	struct msg_rr rr;
	unsigned section;
	size_t n;

	if (!hit->replied)
		return (-1);
	if (hit->verdict == CACHE_FAILED)
		n = write_failure(hit->entry->failure, q, buf);
	else if ((n = copy_wire(hit, q, buf)) != 0)
		n = add_scope(hit->entry, q, buf, n);
	if (n == 0 || msg_scan(buf, n, reply) != MSG_SCAN_OK)
		return (-1);
	for (section = MSG_ANSWER; section < MSG_N_SECTIONS; section++) {
		rr.msg = NULL;
		while (msg_rr_next(reply, section, &rr))
			if (rr.type != MSG_T_OPT)
				count_ttl_down(hit, now, &rr, buf);
	}
	return (0);
}
