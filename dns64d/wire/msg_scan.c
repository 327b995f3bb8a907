/*
 * The bounded reader of DNS messages: header, records, names in RDATA, OPT
 * and TSIG. Does not interpret the contents.
 */
#include <string.h>

#include "msg_scan.h"
#include "wire.h"

#define SOA_FIXED 20 /* serial to minimum */
#define TTL_MAX 0x7fffffff
#define TTL_LEN 4
#define TTL_OFFSET 6 /* of the TTL field, before the RDATA */

enum {
	T_MD = 3,
	T_MF = 4,
	T_MB = 7,
	T_MG = 8,
	T_MR = 9,
	T_MINFO = 14,
	T_MX = 15,
	T_RP = 17,
	T_AFSDB = 18,
	T_RT = 21,
	T_NSAP_PTR = 23,
	T_SIG = 24,
	T_PX = 26,
	T_NXT = 30,
	T_SRV = 33,
	T_NAPTR = 35,
	T_KX = 36,
	T_NSEC = 47,
	T_TALINK = 58,
	T_LP = 107
};

/*
 * RDATA with names: fixed octets, character-strings, names, other octets.
 * The names in types of RFC 1035 may be compressed when written (RFC 3597,
 * 4). In the other types compressed names are accepted, but never written.
 */
struct layout {
	uint8_t fixed;	 /* octets in front */
	uint8_t strings; /* character-strings behind them */
	uint8_t names;
	uint8_t rest; /* octets behind the names, or ANY_REST */
	bool compress;
};

#define ANY_REST 0xff

static const struct layout layouts[T_LP + 1] = {
	[MSG_T_NS] = { 0, 0, 1, 0, true },
	[T_MD] = { 0, 0, 1, 0, true },
	[T_MF] = { 0, 0, 1, 0, true },
	[MSG_T_CNAME] = { 0, 0, 1, 0, true },
	[MSG_T_SOA] = { 0, 0, 2, SOA_FIXED, true },
	[T_MB] = { 0, 0, 1, 0, true },
	[T_MG] = { 0, 0, 1, 0, true },
	[T_MR] = { 0, 0, 1, 0, true },
	[MSG_T_PTR] = { 0, 0, 1, 0, true },
	[T_MINFO] = { 0, 0, 2, 0, true },
	[T_MX] = { 2, 0, 1, 0, true },
	[T_RP] = { 0, 0, 2, 0, false },
	[T_AFSDB] = { 2, 0, 1, 0, false },
	[T_RT] = { 2, 0, 1, 0, false },
	[T_NSAP_PTR] = { 0, 0, 1, 0, false },
	[T_SIG] = { 18, 0, 1, ANY_REST, false },
	[T_PX] = { 2, 0, 2, 0, false },
	[T_NXT] = { 0, 0, 1, ANY_REST, false },
	[T_SRV] = { 6, 0, 1, 0, false },
	[T_NAPTR] = { 4, 3, 1, 0, false },
	[T_KX] = { 2, 0, 1, 0, false },
	[MSG_T_DNAME] = { 0, 0, 1, 0, false },
	[MSG_T_RRSIG] = { 18, 0, 1, ANY_REST, false },
	[T_NSEC] = { 0, 0, 1, ANY_REST, false },
	[T_TALINK] = { 0, 0, 2, 0, false },
	[MSG_T_SVCB] = { 2, 0, 1, ANY_REST, false },
	[MSG_T_HTTPS] = { 2, 0, 1, ANY_REST, false },
	[T_LP] = { 2, 0, 1, 0, false },
};

/* NULL for RDATA without names. */
static const struct layout *
layout_find(uint16_t type)
{
	if (type > T_LP || layouts[type].names == 0)
		return (NULL);
	return (&layouts[type]);
}

static enum msg_scan_error
scan_name(struct name_check *c, size_t off, size_t *end)
{
	switch (name_check(c, off, end)) {
	case NAME_OK:
		return (MSG_SCAN_OK);
	case NAME_BOUNDS:
		return (MSG_SCAN_BOUNDS);
	case NAME_STEPS:
		return (MSG_SCAN_STEPS);
	case NAME_BAD:
		break;
	}
	return (MSG_SCAN_NAME);
}

/*
 * The offset of the first name of the RDATA; end when the fields in front of
 * it do not fit.
 */
static size_t
layout_names(const struct layout *l, const uint8_t *wire, size_t off,
    size_t end)
{
	unsigned i;

	off += l->fixed;
	for (i = 0; i < l->strings && off < end; i++)
		off += (size_t)wire[off] + 1;
	return (off < end ? off : end);
}

static enum msg_scan_error
scan_rdata_names(struct name_check *c, const struct layout *l,
    const struct msg_rr *rr)
{
	enum msg_scan_error error;
	size_t off;
	unsigned i;

	off = layout_names(l, c->wire, rr->rdata, rr->end);
	for (i = 0; i < l->names; i++) {
		if (off >= rr->end)
			return (MSG_SCAN_RDATA);
		error = scan_name(c, off, &off);
		if (error != MSG_SCAN_OK)
			return (error);
	}
	if (off > rr->end)
		return (MSG_SCAN_RDATA);
	if (l->rest != ANY_REST && off + l->rest != rr->end)
		return (MSG_SCAN_RDATA);
	return (MSG_SCAN_OK);
}

static enum msg_scan_error
scan_rdata(struct name_check *c, const struct msg_rr *rr)
{
	const struct layout *l;

	if (rr->class == MSG_CLASS_IN && rr->type == MSG_T_A)
		return (rr->rdlen == 4 ? MSG_SCAN_OK : MSG_SCAN_RDATA);
	if (rr->class == MSG_CLASS_IN && rr->type == MSG_T_AAAA)
		return (rr->rdlen == 16 ? MSG_SCAN_OK : MSG_SCAN_RDATA);
	l = layout_find(rr->type);
	if (l == NULL)
		return (MSG_SCAN_OK);
	return (scan_rdata_names(c, l, rr));
}

/* The fixed part of a record, which lies inside the message. */
static void
rr_read(const struct msg_scan *m, size_t off, size_t fixed, struct msg_rr *rr)
{
	const uint8_t *p = m->wire + fixed;

	rr->msg = m;
	rr->off = off;
	rr->type = get16(p);
	rr->class = get16(p + 2);
	rr->ttl = get32(p + 4);
	if (rr->ttl > TTL_MAX)
		rr->ttl = 0;
	rr->rdlen = get16(p + 8);
	rr->rdata = fixed + RR_FIXED;
	rr->end = rr->rdata + rr->rdlen;
}

/* RFC 6891, 6.1: one OPT, owned by the root, whose options fill it. */
static enum msg_scan_error
scan_opt(struct msg_scan *m, const struct msg_rr *rr, enum msg_section section)
{
	const uint8_t *fixed = m->wire + rr->rdata - RR_FIXED;
	size_t off;

	if (m->opt != 0 || section != MSG_ADDITIONAL || m->wire[rr->off] != 0)
		return (MSG_SCAN_OPT);
	for (off = rr->rdata; off < rr->end;) {
		if (off + OPTION_FIXED > rr->end)
			return (MSG_SCAN_OPT);
		off += OPTION_FIXED + (size_t)get16(m->wire + off + 2);
	}
	if (off != rr->end)
		return (MSG_SCAN_OPT);
	m->opt = rr->off;
	m->opt_end = rr->end;
	m->udp_size = rr->class;
	m->rcode |= (unsigned)fixed[4] << 4;
	m->edns_version = fixed[5];
	m->dnssec_ok = (get16(fixed + 6) & OPT_DO) != 0;
	return (MSG_SCAN_OK);
}

static enum msg_scan_error
scan_rr(struct name_check *c, struct msg_scan *m, enum msg_section section,
    size_t *off)
{
	enum msg_scan_error error;
	struct msg_rr rr;
	size_t fixed;

	if (m->tsig != 0)
		return (MSG_SCAN_TSIG);
	error = scan_name(c, *off, &fixed);
	if (error != MSG_SCAN_OK)
		return (error);
	if (m->len - fixed < RR_FIXED)
		return (MSG_SCAN_BOUNDS);
	rr_read(m, *off, fixed, &rr);
	if (rr.end > m->len)
		return (MSG_SCAN_BOUNDS);
	*off = rr.end;
	if (rr.type == MSG_T_OPT)
		return (scan_opt(m, &rr, section));
	if (rr.type != MSG_T_TSIG)
		return (scan_rdata(c, &rr));
	if (section != MSG_ADDITIONAL)
		return (MSG_SCAN_TSIG);
	m->tsig = rr.off;
	return (MSG_SCAN_OK);
}

/* The name of the first question cannot have a pointer: none precedes it. */
static enum msg_scan_error
scan_question(struct name_check *c, struct msg_scan *m, size_t *off)
{
	enum msg_scan_error error;
	size_t end;

	error = scan_name(c, *off, &end);
	if (error != MSG_SCAN_OK)
		return (error);
	if (m->len - end < 4)
		return (MSG_SCAN_BOUNDS);
	if (*off == MSG_HEADER_LEN) {
		m->qname_len = end - *off;
		m->qtype = get16(m->wire + end);
		m->qclass = get16(m->wire + end + 2);
	}
	*off = end + 4;
	return (MSG_SCAN_OK);
}

static enum msg_scan_error
scan_body(struct name_check *c, struct msg_scan *m, size_t *end)
{
	enum msg_scan_error error = MSG_SCAN_OK;
	enum msg_section section;
	size_t off = MSG_HEADER_LEN;
	unsigned i;

	for (section = MSG_QUESTION; section < MSG_N_SECTIONS; section++) {
		m->start[section] = off;
		for (i = 0; i < m->count[section]; i++) {
			if (section == MSG_QUESTION)
				error = scan_question(c, m, &off);
			else
				error = scan_rr(c, m, section, &off);
			if (error != MSG_SCAN_OK)
				return (error);
		}
	}
	*end = off;
	return (off == m->len ? MSG_SCAN_OK : MSG_SCAN_TRAILING);
}

/* *end: where the message ends; set for MSG_SCAN_OK and MSG_SCAN_TRAILING. */
static enum msg_scan_error
scan(const uint8_t *wire, size_t len, struct msg_scan *out, size_t *end)
{
	struct name_check c = { .wire = wire, .len = len };
	enum msg_scan_error error;
	unsigned i, records = 0;

	memset(out, 0, sizeof(*out));
	if (len < MSG_HEADER_LEN || len > MSG_MAX)
		return (MSG_SCAN_SHORT);
	out->wire = wire;
	out->len = len;
	out->id = get16(wire);
	out->flags = get16(wire + 2);
	out->rcode = out->flags & MSG_RCODE_MASK;
	for (i = 0; i < MSG_N_SECTIONS; i++) {
		out->count[i] = get16(wire + 4 + 2 * (size_t)i);
		records += out->count[i];
	}
	if (records > MSG_RECORDS_MAX)
		return (MSG_SCAN_RECORDS);

	c.body = MSG_HEADER_LEN;
	c.budget = (unsigned)MSG_STEPS_MAX(len);
	error = scan_body(&c, out, end);
	out->steps = c.steps;
	return (error);
}

enum msg_scan_error
msg_scan(const uint8_t *wire, size_t len, struct msg_scan *out)
{
	size_t end;

	return (scan(wire, len, out, &end));
}

enum msg_scan_error
msg_scan_reply(const uint8_t *wire, size_t len, struct msg_scan *out)
{
	enum msg_scan_error error;
	size_t end;

	error = scan(wire, len, out, &end);
	if (error != MSG_SCAN_TRAILING)
		return (error);
	out->len = end;
	return (MSG_SCAN_OK);
}

/*
 * The order matters: the opcode is looked at before the body, whose layout
 * depends on the opcode.
 */
enum msg_query_verdict
msg_scan_query(const uint8_t *wire, size_t len, struct msg_scan *out,
    unsigned *rcode)
{
	enum msg_scan_error error;

	error = msg_scan(wire, len, out);
	if (error == MSG_SCAN_SHORT || (out->flags & MSG_QR) != 0)
		return (MSG_Q_DROP);
	*rcode = MSG_NOERROR;
	if ((out->flags & MSG_OPCODE_MASK) != 0)
		*rcode = MSG_NOTIMP;
	else if (error != MSG_SCAN_OK)
		*rcode = MSG_FORMERR;
	else if (out->opt != 0 && out->edns_version > 0)
		*rcode = MSG_BADVERS;
	else if (out->count[MSG_QUESTION] != 1)
		*rcode = MSG_FORMERR;
	else if (out->qtype == MSG_T_AXFR || out->qtype == MSG_T_IXFR)
		*rcode = MSG_REFUSED; /* zone transfers are not relayed */
	if (*rcode == MSG_NOERROR)
		return (MSG_Q_ACCEPT);
	return (error == MSG_SCAN_OK && *rcode == MSG_FORMERR &&
		    out->count[MSG_QUESTION] == 0 ?
		MSG_Q_EMPTY :
		MSG_Q_REJECT);
}

bool
msg_rr_next(const struct msg_scan *m, enum msg_section section,
    struct msg_rr *rr)
{
	size_t off, behind;

	off = rr->msg == NULL ? m->start[section] : rr->end;
	behind = section + 1 < MSG_N_SECTIONS ? m->start[section + 1] : m->len;
	if (off >= behind)
		return (false);
	rr_read(m, off, name_skip(m->wire, off), rr);
	return (true);
}

void
msg_rr_names(const struct msg_rr *rr, struct msg_rdata_names *names)
{
	const struct layout *l = layout_find(rr->type);
	size_t off;

	memset(names, 0, sizeof(*names));
	if (l == NULL)
		return;
	names->compress = l->compress;
	off = layout_names(l, rr->msg->wire, rr->rdata, rr->end);
	while (names->n < l->names) {
		names->off[names->n] = off;
		off = name_skip(rr->msg->wire, off);
		names->end[names->n++] = off;
	}
}

/* The offsets of the TTLs of a message, ascending. */
struct ttl_fields {
	size_t n;
	uint16_t off[MSG_RECORDS_MAX];
};

static void
list_ttls(const struct msg_scan *m, struct ttl_fields *t)
{
	struct msg_rr rr;
	size_t off;

	t->n = 0;
	for (off = m->start[MSG_ANSWER]; off < m->len; off = rr.end) {
		rr_read(m, off, name_skip(m->wire, off), &rr);
		t->off[t->n++] = (uint16_t)(rr.rdata - TTL_OFFSET);
	}
}

/* Whether a TTL overlaps the octets [from, to). */
static bool
has_ttl(const struct ttl_fields *t, size_t from, size_t to)
{
	size_t low = 0, high = t->n, i;

	while (low < high) {
		i = (low + high) / 2;
		if ((size_t)t->off[i] + TTL_LEN <= from)
			low = i + 1;
		else
			high = i;
	}
	return (low < t->n && t->off[low] < to);
}

/* Whether a name has a pointer to octets that overlap a TTL. */
static bool
name_has_ttl(const struct msg_scan *m, size_t off, const struct ttl_fields *t)
{
	size_t tail = name_tail(m->wire, off);

	while (m->wire[tail] != 0) {
		off = get16(m->wire + tail) & NAME_OFFSET_MAX;
		tail = name_tail(m->wire, off);
		if (has_ttl(t, off, tail + (m->wire[tail] != 0 ? 2 : 1)))
			return (true);
	}
	return (false);
}

bool
msg_ttls_are_apart(const struct msg_scan *m)
{
	struct msg_rdata_names names;
	struct ttl_fields t;
	struct msg_rr rr;
	size_t i, off;

	list_ttls(m, &t);
	for (off = m->start[MSG_ANSWER]; off < m->len; off = rr.end) {
		rr_read(m, off, name_skip(m->wire, off), &rr);
		if (name_has_ttl(m, off, &t))
			return (false);
		msg_rr_names(&rr, &names);
		for (i = 0; i < names.n; i++)
			if (name_has_ttl(m, names.off[i], &t))
				return (false);
	}
	return (true);
}

uint16_t
msg_rr_covered(const struct msg_rr *rr)
{
	return (rr->rdlen < 2 ? 0 : get16(rr->msg->wire + rr->rdata));
}

static bool
is_dnssec_code(uint16_t code)
{
	return (
	    code == 1 || code == 2 || (code >= 5 && code <= 12) || code == 27);
}

bool
msg_has_dnssec_error(const struct msg_scan *m)
{
	size_t off, len;

	if (m->opt == 0)
		return (false);
	for (off = m->opt + OPT_LEN; off < m->opt_end; off += len) {
		len = get16(m->wire + off + 2);
		if (get16(m->wire + off) == OPTION_EDE && len >= 2 &&
		    is_dnssec_code(get16(m->wire + off + OPTION_FIXED)))
			return (true);
		len += OPTION_FIXED;
	}
	return (false);
}

bool
msg_is_failure(const struct msg_scan *m)
{
	switch (m->rcode) {
	case MSG_FORMERR:
	case MSG_SERVFAIL:
	case MSG_NOTIMP:
	case MSG_REFUSED:
	case MSG_BADVERS:
		return (true);
	default:
		return (false);
	}
}

bool
msg_negative_ttl(const struct msg_scan *m, uint32_t *ttl, bool *fixed)
{
	struct msg_rr rr = { .msg = NULL };
	uint32_t minimum;

	while (msg_rr_next(m, MSG_AUTHORITY, &rr)) {
		if (rr.type != MSG_T_SOA)
			continue;
		minimum = get32(m->wire + rr.end - 4);
		*ttl = rr.ttl < minimum ? rr.ttl : minimum;
		if (fixed != NULL)
			*fixed = minimum < rr.ttl;
		return (true);
	}
	return (false);
}
