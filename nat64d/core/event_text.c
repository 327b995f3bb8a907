/*
 * Events as text, in the words of RFC 8158 where it has them.
 */
#include <arpa/inet.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"

#include "event_text.h"

/* There is one pool of addresses, whatever number of ranges it has. */
#define POOL_NAME "default"

static const struct {
	const char *name;
	unsigned natevent; /* RFC 8158, 4.1; 0: not one of these */
	enum event_kind kind;
} events[] = {
	[NAT64_EV_BIB_CREATE] = { "binding-created", 10, EVENT_BINDINGS },
	[NAT64_EV_BIB_DELETE] = { "binding-deleted", 11, EVENT_BINDINGS },
	[NAT64_EV_SESSION_CREATE] = { "session-created", 6, EVENT_SESSIONS },
	[NAT64_EV_SESSION_DELETE] = { "session-deleted", 7, EVENT_SESSIONS },
	[NAT64_EV_ADDRESS_CREATE] = { "address-bound", 14, EVENT_ADDRESSES },
	[NAT64_EV_ADDRESS_DELETE] = { "address-released", 15,
	    EVENT_ADDRESSES },
	[NAT64_EV_BLOCK_ALLOCATE] = { "block-allocated", 16, EVENT_BLOCKS },
	[NAT64_EV_BLOCK_RELEASE] = { "block-released", 17, EVENT_BLOCKS },
	[NAT64_EV_THRESHOLD] = { "threshold-reached", 18, EVENT_TROUBLE },
	[NAT64_EV_THRESHOLD_LEFT] = { "threshold-left", 0, EVENT_TROUBLE },
	[NAT64_EV_POOL_EXHAUSTED] = { "pool-exhausted", 3, EVENT_TROUBLE },
	[NAT64_EV_QUOTA] = { "quota-exceeded", 13, EVENT_TROUBLE },
	[NAT64_EV_PACKET_DROPPED] = { "packet-dropped", 0, EVENT_TROUBLE },
	[NAT64_EV_ERROR_SENT] = { "icmp-sent", 0, EVENT_TRACE },
	[NAT64_EV_ERROR_LIMITED] = { "icmp-limited", 0, EVENT_TRACE },
	[NAT64_EV_RESET_SENT] = { "rst-sent", 0, EVENT_TRACE },
};

static const char *const proto_names[L4_NPROTO] = {
	[L4_TCP] = "tcp",
	[L4_UDP] = "udp",
	[L4_ICMP] = "icmp",
};

static const char *const quota_names[NAT64_NQUOTAS] = {
	[NAT64_QUOTA_SESSIONS] = "sessions",
	[NAT64_QUOTA_BINDINGS] = "bindings",
	[NAT64_QUOTA_SUBSCRIBER] = "subscriber",
	[NAT64_QUOTA_SUBSCRIBERS] = "subscribers",
	[NAT64_QUOTA_FRAGMENTS] = "fragments",
	[NAT64_QUOTA_INBOUND] = "inbound-sessions",
};

/* Text that grows; what would go beyond EVENT_TEXT_SIZE is cut. */
struct text {
	char *buf;
	size_t len;
};

enum event_kind
event_kind(const struct nat64_event *ev)
{
	return (events[ev->type].kind);
}

void
event_kinds(unsigned kinds, char separator, char buf[EVENT_KINDS_SIZE])
{
	static const struct {
		enum event_kind kind;
		const char *name;
	} logged[] = { { EVENT_BINDINGS, "bindings" },
		{ EVENT_SESSIONS, "sessions" },
		{ EVENT_ADDRESSES, "addresses" }, { EVENT_BLOCKS, "blocks" } };
	size_t i, len = 0;

	for (i = 0; i < sizeof(logged) / sizeof(logged[0]); i++) {
		if ((kinds & logged[i].kind) == 0)
			continue;
		if (len > 0)
			buf[len++] = separator;
		len += (size_t)snprintf(buf + len, EVENT_KINDS_SIZE - len,
		    "%s", logged[i].name);
	}
	if (len == 0)
		snprintf(buf, EVENT_KINDS_SIZE, "none");
}

unsigned
event_cause(const struct nat64_event *ev)
{
	switch (ev->type) {
	case NAT64_EV_POOL_EXHAUSTED:
		return (ev->out4 == NULL ? 0 : 1);
	case NAT64_EV_QUOTA:
		return (2 + (unsigned)ev->quota);
	case NAT64_EV_THRESHOLD:
	case NAT64_EV_THRESHOLD_LEFT:
		return (2 + NAT64_NQUOTAS + NAT64_NREASONS +
		    (ev->type == NAT64_EV_THRESHOLD ? 0u : 2u) +
		    (ev->in6 != NULL ? 1u : 0u));
	default:
		return (2 + NAT64_NQUOTAS + (unsigned)ev->reason);
	}
}

static void
add_word(struct text *t, const char *key, const char *value)
{
	int n;

	n = snprintf(t->buf + t->len, EVENT_TEXT_SIZE - t->len, "%s%s=%s",
	    t->len > 0 ? " " : "", key, value);
	if (n > 0)
		t->len += (size_t)n;
	if (t->len >= EVENT_TEXT_SIZE)
		t->len = EVENT_TEXT_SIZE - 1;
}

static void
add_quoted(struct text *t, const char *key, const char *value)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", value);
	add_word(t, key, quoted);
}

static void
add_number(struct text *t, const char *key, uint64_t value)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	add_word(t, key, number);
}

static void
add_addr4(struct text *t, const char *key, const struct in_addr *addr)
{
	char text[INET_ADDRSTRLEN];

	add_word(t, key, inet_ntop(AF_INET, addr, text, sizeof(text)));
}

static void
add_addr6(struct text *t, const char *key, const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	add_word(t, key, inet_ntop(AF_INET6, addr, text, sizeof(text)));
}

/* An address without free ports is an event of its own (RFC 8158, 4.6.6). */
static void
add_event(struct text *t, const struct nat64_event *ev)
{
	if (ev->type == NAT64_EV_POOL_EXHAUSTED && ev->out4 != NULL) {
		add_word(t, "event", "ports-exhausted");
		add_number(t, "natevent", 12);
		return;
	}
	add_word(t, "event", events[ev->type].name);
	if (events[ev->type].natevent != 0)
		add_number(t, "natevent", events[ev->type].natevent);
}

static void
add_exhausted(struct text *t, const struct nat64_event *ev)
{
	if (ev->out4 != NULL)
		add_addr4(t, "addr4", &ev->out4->addr);
	else
		add_word(t, "pool", POOL_NAME);
	add_word(t, "proto", proto_names[ev->proto]);
	add_quoted(t, "statement", "pool");
}

/* (X',x), (T,t) */
static void
add_binding(struct text *t, const struct nat64_event *ev)
{
	add_word(t, "proto", proto_names[ev->proto]);
	add_addr6(t, "addr6", &ev->in6->addr);
	add_number(t, "port6", ev->in6->port);
	add_addr4(t, "addr4", &ev->out4->addr);
	add_number(t, "port4", ev->out4->port);
}

/* Y', Z, y; the peer of an ICMP session has no identifier of its own. */
static void
add_peer(struct text *t, const struct nat64_event *ev)
{
	add_addr6(t, "peer6", &ev->peer6);
	add_addr4(t, "peer4", &ev->session->peer.addr);
	if (ev->proto != L4_ICMP)
		add_number(t, "peerport", ev->session->peer.port);
}

/* The subscriber: the prefix of len bits that addr lies in. */
static void
add_prefix(struct text *t, const struct in6_addr *addr, unsigned len)
{
	char head[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];
	const struct in6_addr prefix = addr6_prefix(addr, len);

	inet_ntop(AF_INET6, &prefix, head, sizeof(head));
	snprintf(text, sizeof(text), "%s/%u", head, len);
	add_word(t, "subscriber", text);
}

static void
add_subscriber(struct text *t, const struct nat64_event *ev)
{
	add_prefix(t, &ev->in6->addr, ev->subscriber_len);
	add_addr4(t, "addr4", &ev->out4->addr);
}

static void
add_block(struct text *t, const struct nat64_event *ev)
{
	add_subscriber(t, ev);
	add_number(t, "firstport4", ev->ports.first);
	add_number(t, "lastport4", ev->ports.last);
}

static void
add_quota(struct text *t, const struct nat64_event *ev)
{
	const bool inbound = ev->quota == NAT64_QUOTA_INBOUND;

	add_number(t, "subtype", inbound ? NAT64_QUOTA_SESSIONS : ev->quota);
	add_word(t, "quota", quota_names[ev->quota]);
	add_number(t, "limit", ev->limit);
	if (ev->statement != NULL)
		add_quoted(t, "statement", ev->statement);
	if (ev->quota != NAT64_QUOTA_SUBSCRIBER &&
	    ev->quota != NAT64_QUOTA_FRAGMENTS && !inbound)
		return; /* a limit of the whole translator */
	if (ev->in6 != NULL && ev->subscriber_len != 0)
		add_prefix(t, &ev->in6->addr, ev->subscriber_len);
	if (ev->in6 != NULL)
		add_addr6(t, "addr6", &ev->in6->addr);
	else if (ev->peer4 != NULL)
		add_addr4(t, "peer4", ev->peer4);
}

static void
add_threshold(struct text *t, const struct nat64_event *ev)
{
	/* Ports of the pool, ports of a user (RFC 8158, 4.5). */
	if (ev->type == NAT64_EV_THRESHOLD)
		add_number(t, "subtype", ev->in6 == NULL ? 3 : 4);
	add_number(t, "threshold", ev->limit);
	add_word(t, "proto", proto_names[ev->proto]);
	add_quoted(t, "statement",
	    ev->in6 == NULL ? "warn pool" : "warn subscriber");
	if (ev->in6 != NULL)
		add_prefix(t, &ev->in6->addr, ev->subscriber_len);
}

static void
add_packet(struct text *t, const struct nat64_event *ev)
{
	const struct pkt *p = ev->pkt;

	add_word(t, "reason", nat64_reason_name(ev->reason));
	add_number(t, "proto", p->proto);
	if (p->family == PKT_V6) {
		add_addr6(t, "src", &p->ip6.src);
		add_addr6(t, "dst", &p->ip6.dst);
	} else if (p->family == PKT_V4) {
		add_addr4(t, "src", &p->ip4.src);
		add_addr4(t, "dst", &p->ip4.dst);
	}
	if (ev->pkt_icmp) {
		add_number(t, "type", p->icmp_type);
		add_number(t, "code", p->icmp_code);
	}
	if (!ev->pkt_ports)
		return;
	add_number(t, "sport", p->sport);
	add_number(t, "dport", p->dport);
}

/* An error or RST of ours: it goes to the source of the packet. */
static void
add_answer(struct text *t, const struct nat64_event *ev)
{
	if (ev->type == NAT64_EV_ERROR_SENT) {
		add_number(t, "icmp-type", ev->icmp_type);
		add_number(t, "icmp-code", ev->icmp_code);
	}
	if (ev->pkt->family == PKT_V6)
		add_addr6(t, "to", &ev->pkt->ip6.src);
	else
		add_addr4(t, "to", &ev->pkt->ip4.src);
	add_packet(t, ev);
}

size_t
event_text(const struct nat64_event *ev, bool destination,
    char buf[EVENT_TEXT_SIZE])
{
	struct text t = { .buf = buf };

	add_event(&t, ev);
	switch (ev->type) {
	case NAT64_EV_BIB_CREATE:
	case NAT64_EV_BIB_DELETE:
		add_binding(&t, ev);
		break;
	case NAT64_EV_SESSION_CREATE:
	case NAT64_EV_SESSION_DELETE:
		add_binding(&t, ev);
		if (destination)
			add_peer(&t, ev);
		break;
	case NAT64_EV_ADDRESS_CREATE:
	case NAT64_EV_ADDRESS_DELETE:
		add_subscriber(&t, ev);
		break;
	case NAT64_EV_BLOCK_ALLOCATE:
	case NAT64_EV_BLOCK_RELEASE:
		add_block(&t, ev);
		break;
	case NAT64_EV_THRESHOLD:
	case NAT64_EV_THRESHOLD_LEFT:
		add_threshold(&t, ev);
		break;
	case NAT64_EV_POOL_EXHAUSTED:
		add_exhausted(&t, ev);
		break;
	case NAT64_EV_QUOTA:
		add_quota(&t, ev);
		break;
	case NAT64_EV_PACKET_DROPPED:
		add_packet(&t, ev);
		break;
	case NAT64_EV_ERROR_SENT:
	case NAT64_EV_ERROR_LIMITED:
	case NAT64_EV_RESET_SENT:
		add_answer(&t, ev);
		break;
	}
	return (t.len);
}

/* Year, month and day; days: since 1 March of the year 0. */
static void
civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	const int64_t era = days / 146097; /* of 400 years */
	const int64_t in_era = days % 146097;
	const int64_t year_of_era =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const int64_t in_year =
	    in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t from_march = (5 * in_year + 2) / 153;

	*day = in_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = era * 400 + year_of_era + (*month <= 2);
}

/*
 * gmtime_r() is not used: it may read files and the environment, which the
 * sandbox forbids.
 */
size_t
event_time(int64_t unix_ms, char buf[EVENT_TIME_SIZE])
{
	/* 1 March of the year 0 to 1 January 1970 */
	const int64_t epoch_ms = INT64_C(719468) * 86400000;
	const int64_t ms = unix_ms + epoch_ms;
	const int64_t secs = ms / 1000 % 86400;
	int64_t year, month, day;
	int n;

	civil_from_days(ms / 86400000, &year, &month, &day);
	n = snprintf(buf, EVENT_TIME_SIZE,
	    "time=%04u-%02u-%02uT%02u:%02u:"
	    "%02u.%03uZ",
	    (unsigned)year, (unsigned)month, (unsigned)day,
	    (unsigned)(secs / 3600), (unsigned)(secs / 60 % 60),
	    (unsigned)(secs % 60), (unsigned)(ms % 1000));
	return (n > 0 ? (size_t)n : 0);
}
