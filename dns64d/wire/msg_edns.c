/*
 * Reading and writing EDNS options. Their meaning is left to the callers.
 */
#include <string.h>

#include "msg_edns.h"
#include "msg_scan.h"
#include "wire.h"

#define SERVER_COOKIE_MIN 8 /* RFC 7873, 4 */
#define SUBNET_IPV4 1	    /* ADDRESS FAMILY NUMBERS of IANA */
#define SUBNET_IPV6 2

/* An option of a scanned OPT; its data are inside the message. */
struct option {
	const uint8_t *data;
	size_t len;
	size_t end; /* offset behind it, 0 before the first */
	uint16_t code;
};

static bool
option_next(const struct msg_scan *m, struct option *o)
{
	size_t off = o->end == 0 ? m->opt + OPT_LEN : o->end;

	if (m->opt == 0 || off >= m->opt_end)
		return (false);
	o->code = get16(m->wire + off);
	o->len = get16(m->wire + off + 2);
	o->data = m->wire + off + OPTION_FIXED;
	o->end = off + OPTION_FIXED + o->len;
	return (true);
}

void
ede_add(struct ede_set *set, uint16_t code)
{
	unsigned i;

	for (i = 0; i < set->n; i++)
		if (set->code[i] == code)
			return;
	if (set->n < EDE_MAX)
		set->code[set->n++] = code;
}

static int
read_cookie(const struct option *o, struct msg_asked *out)
{
	if (o->len != MSG_COOKIE_CLIENT &&
	    (o->len > MSG_COOKIE_MAX ||
		o->len < MSG_COOKIE_CLIENT + SERVER_COOKIE_MIN))
		return (-1);
	if (out->cookie_len == 0) {
		memcpy(out->cookie, o->data, o->len);
		out->cookie_len = o->len;
	}
	return (0);
}

/* Enough octets for the prefix length, and unused bits 0 (RFC 7871, 6). */
static bool
subnet_is_sound(const struct option *o)
{
	unsigned bits, max, rest;

	if (o->len < MSG_SUBNET_FIXED || o->len > MSG_SUBNET_MAX)
		return (false);
	switch (get16(o->data)) {
	case SUBNET_IPV4:
		max = 32;
		break;
	case SUBNET_IPV6:
		max = 128;
		break;
	default:
		return (false);
	}
	bits = o->data[2];
	if (bits > max || o->data[3] > max ||
	    o->len != MSG_SUBNET_FIXED + (bits + 7) / 8)
		return (false);
	rest = bits % 8;
	return (rest == 0 || (o->data[o->len - 1] & 0xff >> rest) == 0);
}

static void
keep_subnet(const struct option *o, struct msg_subnet *out)
{
	if (out->len != 0)
		return;
	memcpy(out->data, o->data, o->len);
	out->len = (uint8_t)o->len;
}

/* Clients must set SCOPE PREFIX-LENGTH to 0 (RFC 7871, 6). */
static int
read_subnet(const struct option *o, struct msg_subnet *out)
{
	if (!subnet_is_sound(o) || o->data[3] != 0)
		return (-1);
	keep_subnet(o, out);
	return (0);
}

int
msg_asked_read(const struct msg_scan *query, struct msg_asked *out)
{
	struct option o = { .end = 0 };
	int bad = 0;

	memset(out, 0, sizeof(*out));
	while (option_next(query, &o) && bad == 0) {
		switch (o.code) {
		case OPTION_COOKIE:
			bad = read_cookie(&o, out);
			break;
		case OPTION_ECS:
			bad = read_subnet(&o, &out->subnet);
			break;
		case OPTION_KEEPALIVE:
			bad = o.len == 0 ? 0 : -1;
			out->keepalive = true;
			break;
		}
	}
	return (bad);
}

void
msg_subnet_read(const struct msg_scan *m, struct msg_subnet *out)
{
	struct option o = { .end = 0 };

	out->len = 0;
	while (option_next(m, &o))
		if (o.code == OPTION_ECS && subnet_is_sound(&o))
			keep_subnet(&o, out);
}

static size_t
option_size(size_t len)
{
	return (len == 0 ? 0 : OPTION_FIXED + len);
}

size_t
msg_options_size(const struct msg_options *o)
{
	return (option_size(o->cookie_len) + option_size(o->subnet.len) +
	    (o->keepalive ? option_size(2) : 0));
}

/* A reply whose OPT is being extended. */
struct tail {
	uint8_t *buf;
	size_t len;
	size_t limit;
};

/* Returns false, and adds nothing, when it does not fit. */
static bool
add(struct tail *t, uint16_t code, const void *data, size_t len)
{
	if (option_size(len) > t->limit - t->len)
		return (false);
	t->len += put_option(t->buf + t->len, code, data, len);
	return (true);
}

static void
add_ede(struct tail *t, uint16_t code)
{
	uint8_t data[2];

	put16(data, code);
	add(t, OPTION_EDE, data, sizeof(data));
}

/* Pass on an extended error of the upstream unless it is one of ours too. */
static void
pass_ede(struct tail *t, const struct option *o, const struct ede_set *set)
{
	unsigned i;

	for (i = 0; i < set->n; i++)
		if (set->code[i] == get16(o->data))
			return;
	if (!add(t, OPTION_EDE, o->data, o->len))
		add(t, OPTION_EDE, o->data, 2);
}

size_t
msg_options_add(uint8_t *buf, size_t len, size_t limit,
    const struct msg_options *o, const struct ede_set *set,
    const struct msg_scan *upstream)
{
	struct tail t = { .buf = buf, .len = len, .limit = limit };
	struct option from = { .end = 0 };
	uint8_t keepalive[2];
	unsigned i;

	if (len > limit)
		return (len);
	if (o->cookie_len != 0)
		add(&t, OPTION_COOKIE, o->cookie, o->cookie_len);
	if (o->subnet.len != 0)
		add(&t, OPTION_ECS, o->subnet.data, o->subnet.len);
	put16(keepalive, o->keepalive_ds);
	if (o->keepalive)
		add(&t, OPTION_KEEPALIVE, keepalive, sizeof(keepalive));
	for (i = 0; i < set->n; i++)
		add_ede(&t, set->code[i]);
	while (upstream != NULL && option_next(upstream, &from))
		if (from.code == OPTION_EDE && from.len >= 2)
			pass_ede(&t, &from, set);
	put16(buf + len - 2, (uint16_t)(t.len - len));
	return (t.len);
}
