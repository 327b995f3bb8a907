/*
 * Messages that are not composed record by record: our queries, error
 * replies, and replies that are relayed. Uses the offsets that msg_scan
 * found.
 */
#include <string.h>

#include "msg.h"

#define MSG_Q_FLAGS (MSG_RD | MSG_Z | MSG_AD | MSG_CD)
#define SHIFT_MAX 8192 /* octets behind an OPT that is removed */

void
msg_question_from(const struct msg_scan *query, struct msg_question *q)
{
	memset(q, 0, sizeof(*q));
	memcpy(q->name, query->wire + MSG_HEADER_LEN, query->qname_len);
	q->name_len = query->qname_len;
	q->type = query->qtype;
	q->class = query->qclass;
	q->flags = query->flags & MSG_Q_FLAGS;
	q->dnssec_ok = query->dnssec_ok;
}

size_t
msg_write_query(const struct msg_question *q, uint16_t id, bool edns,
    uint8_t *buf)
{
	const uint16_t count[MSG_N_SECTIONS] = { 1, 0, 0, edns };
	size_t n = MSG_HEADER_LEN;

	put_header(buf, id, q->flags, count);
	memcpy(buf + n, q->name, q->name_len);
	n += q->name_len;
	put16(buf + n, q->type);
	put16(buf + n + 2, q->class);
	n += 4;
	if (!edns)
		return (n);
	put_opt(buf + n, MSG_UDP_OURS, 0, q->dnssec_ok);
	n += OPT_LEN;
	if (q->subnet.len == 0)
		return (n);
	put16(buf + n - 2, OPTION_FIXED + q->subnet.len);
	return (n +
	    put_option(buf + n, OPTION_ECS, q->subnet.data, q->subnet.len));
}

bool
msg_is_reply_to(const struct msg_scan *reply, const struct msg_question *q,
    uint16_t id)
{
	return (reply->id == id &&
	    (reply->flags & (MSG_QR | MSG_OPCODE_MASK)) == MSG_QR &&
	    reply->count[MSG_QUESTION] == 1 && reply->qtype == q->type &&
	    reply->qclass == q->class && reply->qname_len == q->name_len &&
	    name_equal(reply->wire + MSG_HEADER_LEN, q->name));
}

bool
msg_is_bare_error(const struct msg_scan *reply, uint16_t id)
{
	if (reply->id != id ||
	    (reply->flags & (MSG_QR | MSG_OPCODE_MASK | MSG_TC)) != MSG_QR ||
	    reply->count[MSG_QUESTION] != 0 || reply->count[MSG_ANSWER] != 0 ||
	    reply->count[MSG_AUTHORITY] != 0 ||
	    reply->count[MSG_ADDITIONAL] != (reply->opt != 0))
		return (false);
	return (msg_is_failure(reply) && reply->rcode != MSG_BADVERS);
}

size_t
msg_write_bare_error(const struct msg_question *q, unsigned rcode, bool edns,
    uint8_t *buf)
{
	size_t len = msg_write_query(q, 0, edns, buf);

	put16(buf + 2,
	    (uint16_t)(MSG_QR | (q->flags & (MSG_RD | MSG_CD)) |
		(rcode & MSG_RCODE_MASK)));
	return (len);
}

size_t
msg_reply_limit(const struct msg_scan *query, bool tcp, size_t udp_max)
{
	size_t limit;

	if (tcp)
		return (MSG_MAX);
	limit = query->udp_size < udp_max ? query->udp_size : udp_max;
	return (limit < MSG_UDP_MIN ? MSG_UDP_MIN : limit);
}

size_t
msg_write_error(const struct msg_scan *query, unsigned rcode, uint8_t *buf)
{
	uint16_t count[MSG_N_SECTIONS] = { 0 };
	uint16_t flags;
	size_t n = MSG_HEADER_LEN;

	if (rcode > MSG_RCODE_MASK && query->opt == 0)
		rcode = MSG_SERVFAIL;
	flags = query->flags & (MSG_OPCODE_MASK | MSG_RD | MSG_CD);
	flags |= MSG_QR | (rcode & MSG_RCODE_MASK);
	if (rcode != MSG_REFUSED)
		flags |= MSG_RA;
	if (query->qname_len != 0) {
		memcpy(buf + n, query->wire + n, query->qname_len + 4);
		n += query->qname_len + 4;
		count[MSG_QUESTION] = 1;
	}
	if (query->opt != 0) {
		put_opt(buf + n, MSG_UDP_OURS, rcode, query->dnssec_ok);
		n += OPT_LEN;
		count[MSG_ADDITIONAL] = 1;
	}
	put_header(buf, query->id, flags, count);
	return (n);
}

/*
 * The records behind an OPT that was removed have moved by its length:
 * correct the pointer of one of their names, at off in the reply. A pointer
 * into the OPT cannot be corrected.
 */
static int
shift_name(const struct msg_scan *reply, size_t off, uint8_t *buf)
{
	size_t gap = reply->opt_end - reply->opt, target;

	off = name_tail(reply->wire, off);
	if (reply->wire[off] == 0)
		return (0);
	target = get16(reply->wire + off);
	if ((target & NAME_OFFSET_MAX) < reply->opt)
		return (0);
	if ((target & NAME_OFFSET_MAX) < reply->opt_end)
		return (-1);
	put16(buf + off - gap, (uint16_t)(target - gap));
	return (0);
}

static int
shift_rr(const struct msg_rr *rr, uint8_t *buf)
{
	struct msg_rdata_names names;
	size_t i;

	if (shift_name(rr->msg, rr->off, buf) == -1)
		return (-1);
	msg_rr_names(rr, &names);
	for (i = 0; i < names.n; i++)
		if (shift_name(rr->msg, names.off[i], buf) == -1)
			return (-1);
	return (0);
}

/*
 * Copy the octets of the reply up to end, without its OPT when that stands
 * before end.
 * Returns how many were written, or 0.
 */
static size_t
copy_without_opt(const struct msg_scan *reply, size_t end, uint8_t *buf)
{
	struct msg_rr rr = { .msg = NULL };
	size_t n;

	if (reply->opt == 0 || reply->opt >= end) {
		memcpy(buf, reply->wire, end);
		return (end);
	}
	n = reply->opt;
	memcpy(buf, reply->wire, n);
	memcpy(buf + n, reply->wire + reply->opt_end, end - reply->opt_end);
	while (msg_rr_next(reply, MSG_ADDITIONAL, &rr))
		if (rr.off > reply->opt && rr.end <= end &&
		    shift_rr(&rr, buf) == -1)
			return (0);
	return (n + end - reply->opt_end);
}

/*
 * Whether there is so much behind the OPT that the additional section is left
 * out: to correct and check the names there would take too long. No server
 * writes many records behind the OPT.
 */
static bool
is_costly(const struct msg_scan *reply, size_t end)
{
	return (reply->opt != 0 && end - reply->opt_end > SHIFT_MAX);
}

/*
 * How much of the reply fits: where to cut it, with the counts of what is
 * left, OPT and TSIG not counted.
 * Returns the offset of the cut.
 */
static size_t
fit(const struct msg_scan *reply, size_t room, uint16_t *count,
    uint16_t *flags)
{
	size_t end = reply->tsig != 0 ? reply->tsig : reply->len;
	size_t gap = reply->opt_end - reply->opt;

	memcpy(count, reply->count, sizeof(reply->count));
	if (reply->opt != 0)
		count[MSG_ADDITIONAL]--;
	if (reply->tsig != 0)
		count[MSG_ADDITIONAL]--;
	if (end - gap <= room && !is_costly(reply, end))
		return (end);
	count[MSG_ADDITIONAL] = 0;
	end = reply->start[MSG_ADDITIONAL];
	/* Without an answer this may be a referral, which needs its glue. */
	if (end <= room && count[MSG_ANSWER] > 0)
		return (end);
	count[MSG_ANSWER] = count[MSG_AUTHORITY] = 0;
	*flags |= MSG_TC;
	return (reply->start[MSG_ANSWER]);
}

static bool
same_question(const struct msg_scan *a, const struct msg_scan *b)
{
	return (a->count[MSG_QUESTION] == 1 && b->count[MSG_QUESTION] == 1 &&
	    a->qname_len == b->qname_len && a->qtype == b->qtype &&
	    a->qclass == b->qclass &&
	    name_equal(a->wire + MSG_HEADER_LEN, b->wire + MSG_HEADER_LEN));
}

/*
 * Check a reply from which an OPT was removed. A pointer behind the OPT may
 * lead into RDATA of a type without names, where pointers are not corrected;
 * no server writes that, but an attacker may.
 */
static bool
is_sound(const uint8_t *wire, size_t len)
{
	struct msg_scan m;

	return (msg_scan(wire, len, &m) == MSG_SCAN_OK);
}

size_t
msg_relay(const struct msg_scan *query, const struct msg_scan *reply,
    size_t limit, uint8_t *buf)
{
	const uint16_t ours = MSG_RD | MSG_CD;
	uint16_t count[MSG_N_SECTIONS], flags = reply->flags;
	unsigned rcode = reply->rcode;
	size_t end, n;
	bool edns = query->opt != 0;

	if (!same_question(query, reply))
		return (0);
	end = fit(reply, limit - (edns ? OPT_LEN : 0), count, &flags);
	n = copy_without_opt(reply, end, buf);
	if (n == 0)
		return (0);
	memcpy(buf + MSG_HEADER_LEN, query->wire + MSG_HEADER_LEN,
	    query->qname_len);
	if (!edns && rcode > MSG_RCODE_MASK)
		flags = (flags & ~MSG_RCODE_MASK) | MSG_SERVFAIL;
	flags = (flags & ~ours) | (query->flags & ours);
	if (edns) {
		put_opt(buf + n, MSG_UDP_OURS, rcode, query->dnssec_ok);
		n += OPT_LEN;
		count[MSG_ADDITIONAL]++;
	}
	put_header(buf, query->id, flags, count);
	if (reply->opt_end < end && reply->opt != 0 && !is_sound(buf, n))
		return (0);
	return (n);
}
