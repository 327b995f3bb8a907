#include <arpa/inet.h>

#include <string.h>

#include "common/net/addr.h"

#include "event_syslog.h"
#include "linejson.h"
#include "logline.h"
#include "words.h"

/* Which words were there, and could be read. */
enum {
	HAS_TIME = 1 << 0,
	HAS_EVENT = 1 << 1,
	HAS_PROTO = 1 << 2,
	HAS_ADDR6 = 1 << 3,
	HAS_PORT6 = 1 << 4,
	HAS_ADDR4 = 1 << 5,
	HAS_PORT4 = 1 << 6,
	HAS_SUBSCRIBER = 1 << 7,
	HAS_FIRST = 1 << 8,
	HAS_LAST = 1 << 9,
	HAS_COUNT = 1 << 10,
	HAS_PEER4 = 1 << 11,
	HAS_CLIENTS = 1 << 12,
	HAS_LENGTH = 1 << 13,
	HAS_LAST4 = 1 << 14,
	HAS_BLOCK = 1 << 15,
	HAS_FIXED = 1 << 16,
	HAS_KINDS = 1 << 17
};

#define HAS_BINDING (HAS_PROTO | HAS_ADDR6 | HAS_PORT6 | HAS_ADDR4 | HAS_PORT4)
#define HAS_HOLDER (HAS_SUBSCRIBER | HAS_ADDR4)
#define HAS_PLAN                                                        \
	(HAS_CLIENTS | HAS_LENGTH | HAS_ADDR4 | HAS_LAST4 | HAS_FIRST | \
	    HAS_LAST | HAS_BLOCK | HAS_FIXED)

static const struct {
	const char *name;
	enum logline_kind kind;
	bool begins;
	unsigned needs;
} events[] = {
	{ "binding-created", LOGLINE_BINDING, true, HAS_BINDING },
	{ "binding-deleted", LOGLINE_BINDING, false, HAS_BINDING },
	{ "session-created", LOGLINE_SESSION, true, HAS_BINDING },
	{ "session-deleted", LOGLINE_SESSION, false, HAS_BINDING },
	{ "address-bound", LOGLINE_ADDRESS, true, HAS_HOLDER },
	{ "address-released", LOGLINE_ADDRESS, false, HAS_HOLDER },
	{ "block-allocated", LOGLINE_BLOCK, true,
	    HAS_HOLDER | HAS_FIRST | HAS_LAST },
	{ "block-released", LOGLINE_BLOCK, false,
	    HAS_HOLDER | HAS_FIRST | HAS_LAST },
	{ "deterministic-ports", LOGLINE_PLAN, true, HAS_PLAN },
	{ "deterministic-ended", LOGLINE_PLAN, false, HAS_PLAN },
	{ "started", LOGLINE_STARTED, true, 0 },
	{ "resumed", LOGLINE_RESUMED, true, 0 },
	{ "stopped", LOGLINE_STOPPED, false, 0 },
	{ "events-changed", LOGLINE_CHANGED, false, HAS_KINDS },
	{ "lines-lost", LOGLINE_LOST, false, HAS_COUNT },
};
#define NEVENTS (sizeof(events) / sizeof(events[0]))

/* Lines of ours that are strings in JSON, and how deep they may be in it. */
#define VALUE_SIZE 2048
#define DEPTH_MAX 12

/* A line while it is read. */
struct reading {
	struct logline *l;
	unsigned has;
	unsigned needs;
};

/* --- values --- */

/* A copy with a NUL behind it, for functions that need one. */
static const char *
copy_value(const struct word *w, char *buf, size_t size)
{
	if (w->value_len >= size)
		return ("");
	memcpy(buf, w->value, w->value_len);
	buf[w->value_len] = '\0';
	return (buf);
}

static bool
read_number(const struct word *w, uint64_t max, uint64_t *to)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < w->value_len; i++) {
		if (w->value[i] < '0' || w->value[i] > '9' || v > max)
			return (false);
		v = v * 10 + (uint64_t)(w->value[i] - '0');
	}
	*to = v;
	return (w->value_len > 0 && v <= max);
}

static bool
read_port(const struct word *w, uint16_t *to)
{
	uint64_t v;

	if (!read_number(w, UINT16_MAX, &v))
		return (false);
	*to = (uint16_t)v;
	return (true);
}

static bool
read_addr4(const struct word *w, struct in_addr *to)
{
	char text[INET_ADDRSTRLEN];

	return (
	    inet_pton(AF_INET, copy_value(w, text, sizeof(text)), to) == 1);
}

static bool
read_addr6(const struct word *w, struct in6_addr *to)
{
	char text[INET6_ADDRSTRLEN];

	return (
	    inet_pton(AF_INET6, copy_value(w, text, sizeof(text)), to) == 1);
}

static bool
read_prefix(const struct word *w, struct logline *l)
{
	char text[PREFIX_STRLEN];
	struct prefix p;

	if (prefix_parse_family(copy_value(w, text, sizeof(text)), AF_INET6,
		&p) != NULL)
		return (false);
	l->host6.addr = p.v6;
	l->len6 = p.len;
	return (true);
}

static bool
read_proto(const struct word *w, enum l4proto *to)
{
	static const struct {
		const char *name;
		enum l4proto proto;
	} protos[] = { { "tcp", L4_TCP }, { "udp", L4_UDP },
		{ "icmp", L4_ICMP } };
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (w->value_len != strlen(protos[i].name) ||
		    memcmp(w->value, protos[i].name, w->value_len) != 0)
			continue;
		*to = protos[i].proto;
		return (true);
	}
	return (false);
}

static bool
read_time(const struct word *w, int64_t *to)
{
	struct logline_time t;

	if (!logline_time(w->value, w->value_len, &t) || !t.has_zone)
		return (false);
	*to = t.unix_ms;
	return (true);
}

static bool
read_event(const struct word *w, struct reading *r)
{
	size_t i;

	r->l->kind = LOGLINE_OTHER;
	for (i = 0; i < NEVENTS; i++) {
		if (w->value_len != strlen(events[i].name) ||
		    memcmp(w->value, events[i].name, w->value_len) != 0)
			continue;
		r->l->kind = events[i].kind;
		r->l->begins = events[i].begins;
		r->needs = events[i].needs;
		break;
	}
	return (true);
}

/* Words of deterministic ports only. */
static unsigned
read_plan(const struct word *w, struct logline *l)
{
	struct logline_plan *p = &l->plan;
	uint64_t len;

	if (word_has_key(w, "clients"))
		return (read_prefix(w, l) ? HAS_CLIENTS : 0);
	if (word_has_key(w, "lastaddr4"))
		return (read_addr4(w, &p->last4) ? HAS_LAST4 : 0);
	if (word_has_key(w, "block"))
		return (read_port(w, &p->block_size) ? HAS_BLOCK : 0);
	if (word_has_key(w, "fixed"))
		return (read_port(w, &p->n_fixed) ? HAS_FIXED : 0);
	if (!word_has_key(w, "prefixlength") || !read_number(w, 128, &len))
		return (0);
	p->subscriber_len = (unsigned)len;
	return (HAS_LENGTH);
}

/* Does anything remain that is logged? */
static unsigned
read_kinds(const struct word *w, struct logline *l)
{
	static const char none[] = "none";

	l->count = w->value_len != strlen(none) ||
	    memcmp(w->value, none, w->value_len) != 0;
	return (HAS_KINDS);
}

static unsigned
read_word(struct reading *r, const struct word *w)
{
	struct logline *l = r->l;

	if (word_has_key(w, "time"))
		return (read_time(w, &l->unix_ms) ? HAS_TIME : 0);
	if (word_has_key(w, "event"))
		return (read_event(w, r) ? HAS_EVENT : 0);
	if (word_has_key(w, "proto"))
		return (read_proto(w, &l->proto) ? HAS_PROTO : 0);
	if (word_has_key(w, "addr6"))
		return (read_addr6(w, &l->host6.addr) ? HAS_ADDR6 : 0);
	if (word_has_key(w, "port6"))
		return (read_port(w, &l->host6.port) ? HAS_PORT6 : 0);
	if (word_has_key(w, "addr4"))
		return (read_addr4(w, &l->addr4.addr) ? HAS_ADDR4 : 0);
	if (word_has_key(w, "port4"))
		return (read_port(w, &l->addr4.port) ? HAS_PORT4 : 0);
	if (word_has_key(w, "subscriber"))
		return (read_prefix(w, l) ? HAS_SUBSCRIBER : 0);
	if (word_has_key(w, "firstport4"))
		return (read_port(w, &l->ports.first) ? HAS_FIRST : 0);
	if (word_has_key(w, "lastport4"))
		return (read_port(w, &l->ports.last) ? HAS_LAST : 0);
	if (word_has_key(w, "kinds"))
		return (read_kinds(w, l));
	if (word_has_key(w, "peer4"))
		return (read_addr4(w, &l->peer4.addr) ? HAS_PEER4 : 0);
	if (word_has_key(w, "peerport"))
		(void)read_port(w, &l->peer4.port);
	else if (word_has_key(w, "count"))
		return (read_number(w, UINT32_MAX, &l->count) ? HAS_COUNT : 0);
	else
		return (read_plan(w, l));
	return (0);
}

/* --- lines --- */

static void
start_reading(struct reading *r)
{
	memset(r->l, 0, sizeof(*r->l));
	r->has = r->needs = 0;
}

static bool
is_complete(struct reading *r)
{
	const unsigned needs = r->needs | HAS_TIME | HAS_EVENT;
	struct logline *l = r->l;

	l->has_peer = (r->has & HAS_PEER4) != 0;
	return ((r->has & needs) == needs &&
	    ((l->kind != LOGLINE_BLOCK && l->kind != LOGLINE_PLAN) ||
		l->ports.first <= l->ports.last));
}

static const char *
find_text(const char *p, const char *end, const char *what)
{
	const size_t len = strlen(what);

	for (; (size_t)(end - p) >= len; p++) {
		p = memchr(p, what[0], (size_t)(end - p) - len + 1);
		if (p == NULL)
			return (NULL);
		if (memcmp(p, what, len) == 0)
			return (p);
	}
	return (NULL);
}

static void
read_words(struct reading *r, const char *p, const char *end)
{
	struct word w;

	while (word_next(&p, end, &w))
		r->has |= read_word(r, &w);
}

/* FNV-1a; never 0. */
static uint64_t
hash_name(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; len > 0; s++, len--)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return (h != 0 ? h : 1);
}

/*
 * The header of RFC 5424 before the structured data at data, of which the
 * collector may have left out the beginning. The time and the host are two
 * words, one after the other, and the event is the last word.
 */
static void
read_header(struct reading *r, const char *p, const char *data)
{
	const char *blank;
	struct word w = { .key = "time", .key_len = 4 };
	bool was_time = false;

	for (; p < data; p = blank + 1) {
		blank = memchr(p, ' ', (size_t)(data - p));
		if (blank == NULL)
			break;
		w.value = p;
		w.value_len = (size_t)(blank - p);
		if (was_time)
			r->l->sender = hash_name(p, w.value_len);
		was_time = (r->has & HAS_TIME) == 0 &&
		    (read_word(r, &w) & HAS_TIME) != 0;
		if (was_time)
			r->has |= HAS_TIME;
	}
	w = (struct word){ .key = "event",
		.key_len = 5,
		.value = w.value,
		.value_len = w.value_len };
	if (w.value != NULL)
		r->has |= read_word(r, &w);
}

/* A message of RFC 5424, data: its structured data. */
static bool
read_syslog(struct reading *r, const char *line, const char *data,
    const char *end)
{
	read_header(r, line, data);
	data += strlen("[" EVENT_SYSLOG_ID);
	while (end > data && end[-1] == ' ')
		end--;
	if (end > data && end[-1] == ']')
		end--;
	read_words(r, data, end);
	return (is_complete(r));
}

/*
 * The host before "nat64d[1]:", as the system's logger writes it before a line
 * of ours.
 */
static void
read_prefix_host(struct reading *r, const char *line, const char *end)
{
	const char *name = find_text(line, end, " nat64d"), *host;

	if (name == NULL || end - name < 9 ||
	    (name[7] != '[' && name[7] != ':'))
		return;
	for (host = name; host > line && host[-1] != ' ';)
		host--;
	if (host < name)
		r->l->sender = hash_name(host, (size_t)(name - host));
}

/*
 * Words from "time=" on, which others may have put into a value in quotes, and
 * there may be a time before that is not ours.
 */
static bool
read_text(struct reading *r, const char *line, const char *end)
{
	const char *p, *stop;

	for (p = line; (p = find_text(p, end, "time=")) != NULL; p++) {
		stop = NULL;
		if (p > line && p[-1] == '"')
			stop = memchr(p, '"', (size_t)(end - p));
		start_reading(r);
		read_words(r, p, stop != NULL ? stop : end);
		if (!is_complete(r))
			continue;
		read_prefix_host(r, line, p);
		return (true);
	}
	return (false);
}

static bool read_line(struct reading *r, const char *line, const char *end,
    unsigned depth);

/* A line of ours as a string in JSON. */
static bool
read_string(struct reading *r, const struct word *w, unsigned depth)
{
	const char *const end = w->value + w->value_len;
	char text[VALUE_SIZE];
	size_t len;

	if (!w->quoted || depth == DEPTH_MAX ||
	    (find_text(w->value, end, "event") == NULL &&
		find_text(w->value, end, EVENT_SYSLOG_ID) == NULL))
		return (false);
	len = linejson_unescape(w, text, sizeof(text));
	return (len > 0 && read_line(r, text, text + len, depth + 1));
}

/*
 * The object that begins before *p: ours, or one that has ours as a member, or
 * a line of ours as a string.
 */
static bool
read_object(struct reading *r, const char **p, const char *end, unsigned depth)
{
	struct logline l = { .kind = LOGLINE_OTHER }, inner;
	struct reading own = { .l = &l }, other = { .l = &inner };
	struct word w;

	for (;;)
		switch (linejson_next(p, end, &w)) {
		case LINEJSON_MEMBER:
			own.has |= read_word(&own, &w);
			start_reading(&other);
			if (!read_string(&other, &w, depth))
				break;
			*r->l = inner;
			r->has = other.has;
			r->needs = other.needs;
			return (true);
		case LINEJSON_BEGIN:
			if (depth == DEPTH_MAX)
				return (false);
			if (read_object(r, p, end, depth + 1))
				return (true);
			break;
		case LINEJSON_END:
			*r->l = l;
			r->has = own.has;
			r->needs = own.needs;
			return (is_complete(r));
		default:
			return (false);
		}
}

static bool
read_line(struct reading *r, const char *line, const char *end, unsigned depth)
{
	const char *json = memchr(line, '{', (size_t)(end - line)), *data;

	if (json != NULL) {
		json++;
		if (read_object(r, &json, end, depth))
			return (true);
	}
	start_reading(r);
	data = find_text(line, end, "[" EVENT_SYSLOG_ID);
	if (data != NULL)
		return (read_syslog(r, line, data, end));
	return (read_text(r, line, end));
}

bool
logline_parse(const char *line, size_t len, struct logline *l)
{
	struct reading r = { .l = l };

	start_reading(&r);
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	return (read_line(&r, line, line + len, 0));
}
