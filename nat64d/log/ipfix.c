#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include "common/octets.h"

#include "ipfix.h"

#define VERSION 10

/* RFC 7011, 3.3.2: a set of templates, and the first template identifier. */
#define TEMPLATE_SET 2
#define FIRST_TEMPLATE 256

#define SET_HEADER_LEN 4

/* Information elements: RFC 8158, table 1; RFC 7012's registry. */
enum element {
	PROTOCOL = 4,	 /* protocolIdentifier */
	SOURCE_PORT = 7, /* sourceTransportPort */
	SOURCE_IPV4 = 8,
	DESTINATION_PORT = 11, /* destinationTransportPort */
	SOURCE_IPV6 = 27,
	DESTINATION_IPV6 = 28,
	SOURCE_IPV6_LEN = 29,	     /* sourceIPv6PrefixLength */
	POST_SOURCE_IPV4 = 225,	     /* postNATSourceIPv4Address */
	POST_DESTINATION_IPV4 = 226, /* postNATDestinationIPv4Address */
	POST_SOURCE_PORT = 227,	     /* postNAPTSourceTransportPort */
	POST_DESTINATION_PORT = 228, /* postNAPTDestinationTransportPort */
	NAT_EVENT = 230,	     /* natEvent */
	POOL_ID = 283,		     /* natPoolId */
	OBSERVATION_TIME = 323,	     /* observationTimeMilliseconds */
	PORT_RANGE_START = 361,	     /* portRangeStart */
	PORT_RANGE_END = 362,	     /* portRangeEnd */
	QUOTA_EVENT = 466,	     /* natQuotaExceededEvent */
	MAX_SESSIONS = 471,	     /* maxSessionEntries */
	MAX_BINDINGS = 472,	     /* maxBIBEntries */
	MAX_PER_USER = 473,	     /* maxEntriesPerUser */
	MAX_SUBSCRIBERS = 474,	     /* maxSubscribers */
	THRESHOLD_EVENT = 467,	     /* natThresholdEvent */
	MAX_FRAGMENTS = 475,	     /* maxFragmentsPendingReassembly */
	PORTS_HIGH = 478,	     /* addressPortMappingHighThreshold */
	USER_PORTS_HIGH = 480 /* addressPortMappingPerUserHighThreshold */
};

/* Their lengths in octets: RFC 8158, table 1. */
static unsigned
length_of(enum element e)
{
	switch (e) {
	case PROTOCOL:
	case SOURCE_IPV6_LEN:
	case NAT_EVENT:
		return (1);
	case SOURCE_PORT:
	case DESTINATION_PORT:
	case POST_SOURCE_PORT:
	case POST_DESTINATION_PORT:
	case PORT_RANGE_START:
	case PORT_RANGE_END:
		return (2);
	case OBSERVATION_TIME:
		return (8);
	case SOURCE_IPV6:
	case DESTINATION_IPV6:
		return (16);
	default:
		return (4);
	}
}

/* The templates: RFC 8158, 4.6, tables 6, 8 to 15, 17, 18, 20 and 21. */
enum template {
	BINDING,
	SESSION,
	SESSION_WITH_PEER,
	ADDRESS,
	ADDRESSES_EXHAUSTED,
	PORTS_EXHAUSTED,
	QUOTA_SESSIONS,
	QUOTA_BINDINGS,
	QUOTA_USER,
	QUOTA_SUBSCRIBERS,
	QUOTA_FRAGMENTS6,
	QUOTA_FRAGMENTS4,
	BLOCK,
	THRESHOLD_POOL,
	THRESHOLD_USER,
	NTEMPLATES
};

#define FIELDS_MAX 11

/* Zero ends a list; all begin with the same two. */
static const uint16_t templates[NTEMPLATES][FIELDS_MAX] = {
	[BINDING] = { OBSERVATION_TIME, NAT_EVENT, SOURCE_IPV6,
	    POST_SOURCE_IPV4, PROTOCOL, SOURCE_PORT, POST_SOURCE_PORT },
	[SESSION] = { OBSERVATION_TIME, NAT_EVENT, SOURCE_IPV6,
	    POST_SOURCE_IPV4, PROTOCOL, SOURCE_PORT, POST_SOURCE_PORT },
	[SESSION_WITH_PEER] = { OBSERVATION_TIME, NAT_EVENT, SOURCE_IPV6,
	    POST_SOURCE_IPV4, PROTOCOL, SOURCE_PORT, POST_SOURCE_PORT,
	    DESTINATION_IPV6, POST_DESTINATION_IPV4, DESTINATION_PORT,
	    POST_DESTINATION_PORT },
	/* A subscriber is a prefix: its address alone says too little. */
	[ADDRESS] = { OBSERVATION_TIME, NAT_EVENT, SOURCE_IPV6,
	    SOURCE_IPV6_LEN, POST_SOURCE_IPV4 },
	[ADDRESSES_EXHAUSTED] = { OBSERVATION_TIME, NAT_EVENT, POOL_ID },
	[PORTS_EXHAUSTED] = { OBSERVATION_TIME, NAT_EVENT, POST_SOURCE_IPV4,
	    PROTOCOL },
	[QUOTA_SESSIONS] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_SESSIONS },
	[QUOTA_BINDINGS] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_BINDINGS },
	[QUOTA_USER] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_PER_USER, SOURCE_IPV6 },
	[QUOTA_SUBSCRIBERS] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_SUBSCRIBERS },
	[QUOTA_FRAGMENTS6] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_FRAGMENTS, SOURCE_IPV6 },
	[QUOTA_FRAGMENTS4] = { OBSERVATION_TIME, NAT_EVENT, QUOTA_EVENT,
	    MAX_FRAGMENTS, SOURCE_IPV4 },
	[BLOCK] = { OBSERVATION_TIME, NAT_EVENT, SOURCE_IPV6, SOURCE_IPV6_LEN,
	    POST_SOURCE_IPV4, PORT_RANGE_START, PORT_RANGE_END },
	/*
	 * Each protocol has its own. Table 18 has no element for the limit of
	 * one user, which is 480 by 6.1.16.
	 */
	[THRESHOLD_POOL] = { OBSERVATION_TIME, NAT_EVENT, THRESHOLD_EVENT,
	    PORTS_HIGH, PROTOCOL },
	[THRESHOLD_USER] = { OBSERVATION_TIME, NAT_EVENT, THRESHOLD_EVENT,
	    USER_PORTS_HIGH, SOURCE_IPV6, SOURCE_IPV6_LEN, PROTOCOL },
};

/* RFC 8158, 4.3, table 2. There is one pool, whose number is this. */
#define EVENT_ADDRESSES_EXHAUSTED 3
#define EVENT_PORTS_EXHAUSTED 12
#define POOL 1

static unsigned
event_number(const struct nat64_event *ev)
{
	switch (ev->type) {
	case NAT64_EV_SESSION_CREATE:
		return (6);
	case NAT64_EV_SESSION_DELETE:
		return (7);
	case NAT64_EV_BIB_CREATE:
		return (10);
	case NAT64_EV_BIB_DELETE:
		return (11);
	case NAT64_EV_QUOTA:
		return (13);
	case NAT64_EV_ADDRESS_CREATE:
		return (14);
	case NAT64_EV_ADDRESS_DELETE:
		return (15);
	case NAT64_EV_BLOCK_ALLOCATE:
		return (16);
	case NAT64_EV_BLOCK_RELEASE:
		return (17);
	case NAT64_EV_THRESHOLD:
		return (18);
	case NAT64_EV_POOL_EXHAUSTED:
		return (ev->out4 != NULL ? EVENT_PORTS_EXHAUSTED :
					   EVENT_ADDRESSES_EXHAUSTED);
	default:
		return (0);
	}
}

/* RFC 8158, 4.4: sessions from IPv4 are a limit of sessions. */
static unsigned
quota_number(const struct nat64_event *ev)
{
	return (ev->quota == NAT64_QUOTA_INBOUND ? NAT64_QUOTA_SESSIONS :
						   ev->quota);
}

static enum template quota_template(const struct nat64_event *ev)
{
	switch (quota_number(ev)) {
	case NAT64_QUOTA_BINDINGS:
		return (QUOTA_BINDINGS);
	case NAT64_QUOTA_SUBSCRIBER:
		return (QUOTA_USER);
	case NAT64_QUOTA_SUBSCRIBERS:
		return (QUOTA_SUBSCRIBERS);
	case NAT64_QUOTA_FRAGMENTS:
		return (ev->in6 != NULL ? QUOTA_FRAGMENTS6 : QUOTA_FRAGMENTS4);
	default:
		return (QUOTA_SESSIONS);
	}
}

static enum template template_of(const struct nat64_event *ev,
    bool destination)
{
	switch (ev->type) {
	case NAT64_EV_SESSION_CREATE:
	case NAT64_EV_SESSION_DELETE:
		return (destination ? SESSION_WITH_PEER : SESSION);
	case NAT64_EV_ADDRESS_CREATE:
	case NAT64_EV_ADDRESS_DELETE:
		return (ADDRESS);
	case NAT64_EV_BLOCK_ALLOCATE:
	case NAT64_EV_BLOCK_RELEASE:
		return (BLOCK);
	case NAT64_EV_POOL_EXHAUSTED:
		return (
		    ev->out4 != NULL ? PORTS_EXHAUSTED : ADDRESSES_EXHAUSTED);
	case NAT64_EV_QUOTA:
		return (quota_template(ev));
	case NAT64_EV_THRESHOLD:
		return (ev->in6 != NULL ? THRESHOLD_USER : THRESHOLD_POOL);
	default:
		return (BINDING);
	}
}

static unsigned
protocol_number(enum l4proto proto)
{
	switch (proto) {
	case L4_TCP:
		return (IPPROTO_TCP);
	case L4_UDP:
		return (IPPROTO_UDP);
	default:
		/* The hosts of bindings speak ICMPv6, their peers ICMP. */
		return (IPPROTO_ICMP);
	}
}

/* The peer of an ICMP session has no identifier of its own. */
static uint16_t
peer_port(const struct nat64_event *ev)
{
	return (ev->proto == L4_ICMP ? 0 : ev->session->peer.port);
}

/* A limit of 32 bits: one above is as good as none. */
static uint32_t
limit_of(const struct nat64_event *ev)
{
	return (ev->limit > UINT32_MAX ? UINT32_MAX : (uint32_t)ev->limit);
}

/* RFC 8158, 4.5: ports of the pool, or of a user. */
static unsigned
threshold_number(const struct nat64_event *ev)
{
	return (ev->in6 != NULL ? 4 : 3);
}

/* The least number of ports that reaches it. */
static uint32_t
threshold_of(const struct nat64_event *ev)
{
	const uint64_t ports = (ev->max * ev->limit + 99) / 100;

	return (ports > UINT32_MAX ? UINT32_MAX : (uint32_t)ports);
}

/* Of whom: the host, or of a subscriber's address its prefix. */
static const void *
source6(const struct nat64_event *ev)
{
	return (ev->in6 != NULL ? &ev->in6->addr : &in6addr_any);
}

static const void *
source4(const struct nat64_event *ev)
{
	static const struct in_addr none = { INADDR_ANY };

	return (ev->peer4 != NULL ? ev->peer4 : &none);
}

static void
put_time(uint8_t *p, int64_t unix_ms)
{
	put32(p, (uint32_t)((uint64_t)unix_ms >> 32));
	put32(p + 4, (uint32_t)unix_ms);
}

/* The value of an element that is an address. */
static void
put_address(uint8_t *p, enum element e, const struct nat64_event *ev)
{
	switch (e) {
	case SOURCE_IPV6:
		memcpy(p, source6(ev), 16);
		break;
	case DESTINATION_IPV6:
		memcpy(p, &ev->peer6, 16);
		break;
	case SOURCE_IPV4:
		memcpy(p, source4(ev), 4);
		break;
	case POST_SOURCE_IPV4:
		memcpy(p, &ev->out4->addr, 4);
		break;
	default: /* POST_DESTINATION_IPV4 */
		memcpy(p, &ev->session->peer.addr, 4);
		break;
	}
}

static void
put_value(uint8_t *p, enum element e, const struct nat64_event *ev,
    int64_t unix_ms)
{
	switch (e) {
	case OBSERVATION_TIME:
		put_time(p, unix_ms);
		break;
	case NAT_EVENT:
		*p = (uint8_t)event_number(ev);
		break;
	case PROTOCOL:
		*p = (uint8_t)protocol_number(ev->proto);
		break;
	case SOURCE_IPV6_LEN:
		*p = (uint8_t)ev->subscriber_len;
		break;
	case SOURCE_PORT:
		put16(p, ev->in6->port);
		break;
	case POST_SOURCE_PORT:
		put16(p, ev->out4->port);
		break;
	case DESTINATION_PORT:
	case POST_DESTINATION_PORT:
		put16(p, peer_port(ev));
		break;
	case PORT_RANGE_START:
		put16(p, ev->ports.first);
		break;
	case PORT_RANGE_END:
		put16(p, ev->ports.last);
		break;
	case POOL_ID:
		put32(p, POOL);
		break;
	case QUOTA_EVENT:
		put32(p, quota_number(ev));
		break;
	case THRESHOLD_EVENT:
		put32(p, threshold_number(ev));
		break;
	case PORTS_HIGH:
	case USER_PORTS_HIGH:
		put32(p, threshold_of(ev));
		break;
	case MAX_SESSIONS:
	case MAX_BINDINGS:
	case MAX_PER_USER:
	case MAX_SUBSCRIBERS:
	case MAX_FRAGMENTS:
		put32(p, limit_of(ev));
		break;
	default:
		put_address(p, e, ev);
		break;
	}
}

/* --- messages --- */

static size_t record_length(enum template t)
{
	size_t len = 0;
	unsigned i;

	for (i = 0; i < FIELDS_MAX && templates[t][i] != 0; i++)
		len += length_of((enum element)templates[t][i]);
	return (len);
}

static void
close_set(struct ipfix_message *m)
{
	if (m->set != 0)
		put16(m->buf + m->set + 2, (uint16_t)(m->len - m->set));
	m->set = 0;
}

static void
open_set(struct ipfix_message *m, unsigned id)
{
	close_set(m);
	m->set = m->len;
	m->template = id;
	put16(m->buf + m->len, (uint16_t)id);
	m->len += SET_HEADER_LEN;
}

void
ipfix_begin(struct ipfix_message *m, uint32_t domain)
{
	memset(m->buf, 0, IPFIX_HEADER_LEN);
	put16(m->buf, VERSION);
	put32(m->buf + 12, domain);
	m->len = IPFIX_HEADER_LEN;
	m->records = 0;
	m->set = 0;
}

/* RFC 7011, 3.4.1 */
static void
add_template(struct ipfix_message *m, enum template t)
{
	uint8_t *const head = m->buf + m->len;
	unsigned i;

	put16(head, (uint16_t)(FIRST_TEMPLATE + t));
	m->len += 4;
	for (i = 0; i < FIELDS_MAX && templates[t][i] != 0; i++) {
		put16(m->buf + m->len, templates[t][i]);
		put16(m->buf + m->len + 2,
		    (uint16_t)length_of((enum element)templates[t][i]));
		m->len += 4;
	}
	put16(head + 2, (uint16_t)i);
}

void
ipfix_add_templates(struct ipfix_message *m)
{
	int t;

	open_set(m, TEMPLATE_SET);
	for (t = 0; t < NTEMPLATES; t++)
		add_template(m, (enum template)t);
	close_set(m);
}

enum ipfix_added
ipfix_add(struct ipfix_message *m, const struct nat64_event *ev,
    bool destination, int64_t unix_ms)
{
	enum template t;
	unsigned i, id;
	size_t need;

	if (event_number(ev) == 0)
		return (IPFIX_NONE);
	t = template_of(ev, destination);
	id = FIRST_TEMPLATE + t;
	need = record_length(t);
	if (m->set == 0 || m->template != id)
		need += SET_HEADER_LEN;
	if (m->len + need > IPFIX_MESSAGE_MAX)
		return (IPFIX_FULL);
	if (m->set == 0 || m->template != id)
		open_set(m, id);
	for (i = 0; i < FIELDS_MAX && templates[t][i] != 0; i++) {
		put_value(m->buf + m->len, (enum element)templates[t][i], ev,
		    unix_ms);
		m->len += length_of((enum element)templates[t][i]);
	}
	m->records++;
	return (IPFIX_ADDED);
}

void
ipfix_end(struct ipfix_message *m)
{
	close_set(m);
	put16(m->buf + 2, (uint16_t)m->len);
}

void
ipfix_stamp(uint8_t *buf, uint32_t sequence, uint32_t export_secs)
{
	put32(buf + 4, export_secs);
	put32(buf + 8, sequence);
}
