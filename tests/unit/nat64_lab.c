/*
 * A translator and its networks for tests: see nat64_lab.h.
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"
#include "nat64d/core/nat64_struct.h"
#include "tests/unit/fnv.h"
#include "tests/unit/ipid_util.h"
#include "tests/unit/nat64_lab.h"
#include "tests/unit/sane.h"
#include "tests/unit/suite.h"

#define IP4_MF 0x2000

struct lab lab;

static uint8_t in_buf[PKT_BUFSIZE];
static uint8_t out_bufs[LAB_MAXOUT][PKT_BUFSIZE];
static uint8_t copy_bufs[LAB_MAXOUT][PKT_BUFSIZE];
static unsigned n_copies;
static uint64_t rng_state;

/* --- sinks --- */

static void
emit(void *arg, struct pkt *p)
{
	struct pkt *copy = &lab.out[lab.n_out];
	const char *why;

	(void)arg;
	why = sane(p, &lab.conf, !lab.bad_cksum);
	if (why != NULL)
		ck_abort_msg("emitted packet: %s", why);
	REQUIRE(lab.n_out < LAB_MAXOUT);
	*copy = *p;
	copy->buf = out_bufs[lab.n_out];
	copy->bufsize = PKT_BUFSIZE;
	copy->data = copy->buf + PKT_HEADROOM;
	memcpy(copy->data, p->data, p->len);
	if (copy->frag_off == 0 && !sane_is_other(copy, &lab.conf))
		REQUIRE(pkt_parse_l4(copy) == NAT64_NONE);
	lab.n_out++;
}

static void
event(void *arg, const struct nat64_event *ev)
{
	struct lab_event *e = &lab.events[lab.n_events];

	(void)arg;
	if (lab.n_events == LAB_MAXEVENTS)
		return;
	memset(e, 0, sizeof(*e));
	e->type = ev->type;
	e->proto = ev->proto;
	e->reason = ev->reason;
	if (ev->in6 != NULL) {
		e->has_in6 = true;
		e->in6 = *ev->in6;
	}
	if (ev->out4 != NULL) {
		e->has_out4 = true;
		e->out4 = *ev->out4;
	}
	if (ev->peer4 != NULL) {
		e->has_peer4 = true;
		e->peer4 = *ev->peer4;
	}
	event_text(ev, true, e->text);
	lab.n_events++;
}

/* splitmix64, the same in every run. */
static uint32_t
next_random(void *arg)
{
	uint64_t z;

	(void)arg;
	z = rng_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((uint32_t)(z >> 32));
}

/* --- start and end --- */

void
lab_set_pool(const char *first, const char *last, uint16_t port_first,
    uint16_t port_last)
{
	struct pool4_range *r = &lab.pool[0];

	r->first = addr4(first);
	r->last = addr4(last);
	r->ports[L4_TCP] = (struct port_range){ port_first, port_last };
	r->ports[L4_UDP] = (struct port_range){ port_first, port_last };
	r->ports[L4_ICMP] = (struct port_range){ 0, 65535 };
	lab.conf.pool = lab.pool;
	lab.conf.n_pool = 1;
}

void
lab_set_prefix(size_t i, const char *addr, unsigned len)
{
	const struct in6_addr a = addr6(addr);

	ck_assert_ptr_null(pref64_init(&lab.conf.prefixes[i], &a, len));
	lab.conf.n_prefixes = i + 1;
}

void
lab_add_static(enum l4proto proto, const char *host, uint16_t port6,
    const char *out, uint16_t port4)
{
	struct nat64_static *st = &lab.statics[lab.conf.n_statics++];

	ck_assert_uint_le(lab.conf.n_statics, NITEMS(lab.statics));
	st->proto = proto;
	st->in6 = (struct taddr6){ addr6(host), port6 };
	st->out4 = (struct taddr4){ addr4(out), port4 };
	lab.conf.statics = lab.statics;
}

void
lab_add_statics(void)
{
	lab_add_static(L4_TCP, CLIENT6, PORT6, POOL4, PORT_IN);
	lab_add_static(L4_UDP, CLIENT6, PORT6, POOL4, PORT_IN);
	lab_add_static(L4_ICMP, CLIENT6, ID6, POOL4, ID4);
}

void
lab_start(void)
{
	const struct nat64_sink sink = { .emit = emit,
		.event = event,
		.trace = lab.trace ? event : NULL };
	const struct rng rng = { .next = next_random };
	const uint64_t random = rng_state;

	nat64_free(lab.n);
	lab.n_events = 0;
	lab.n = nat64_new(&lab.conf, &sink, &rng, lab.now);
	REQUIRE(lab.n != NULL);
	if (lab.first_ipid == 0)
		return;
	ipid_init_fixed(&lab.n->ids, lab.first_ipid);
	rng_state = random;
}

void
lab_setup(void)
{
	memset(&lab, 0, sizeof(lab));
	lab.now.ns = INT64_C(1000) * 1000000000;
	rng_state = 1;
	n_copies = 0;
	pkt_init(&lab.in, in_buf, sizeof(in_buf));
	lab.ws = nat64_workspace_new();
	REQUIRE(lab.ws != NULL);
	nat64_config_init(&lab.conf);
	lab_set_fixed_limits();
	/* Most tests tell datagrams by their own identification. */
	lab.conf.remap_fragment_id = false;
	lab_set_prefix(0, PREF64, 96);
	lab_set_pool(POOL4, POOL4_2, 1024, 65535);
	lab.conf.self4 = addr4(SELF4);
	lab.conf.self6 = addr6(SELF6);
	lab.first_ipid = 0x1001;
	memset(&lab.conf.secret, 0x5a, sizeof(lab.conf.secret));
	lab_start();
}

void
lab_teardown(void)
{
	nat64_free(lab.n);
	lab.n = NULL;
	nat64_workspace_free(lab.ws);
	lab.ws = NULL;
}

void
lab_set_fixed_limits(void)
{
	lab.conf.soft_pooling = false;
	lab.conf.subscriber_len = 64;
	lab.conf.subscriber = (struct subscriber_limits){ .ports = 2048,
		.sessions = 8192,
		.new_bindings = { 200, 1000 } };
}

int
lab_main(const char *name, const TTest *const *tests, size_t n_tests)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	size_t i;

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_set_timeout(tc, 120);
	for (i = 0; i < n_tests; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}

/* --- building --- */

static void
put_addresses(const char *src, const char *dst)
{
	uint8_t *ip = lab.in.data;
	struct in6_addr a6;
	struct in_addr a4;

	if (ip[0] >> 4 == 6) {
		a6 = addr6(src);
		memcpy(ip + 8, &a6, sizeof(a6));
		a6 = addr6(dst);
		memcpy(ip + 24, &a6, sizeof(a6));
	} else {
		a4 = addr4(src);
		memcpy(ip + 12, &a4, sizeof(a4));
		a4 = addr4(dst);
		memcpy(ip + 16, &a4, sizeof(a4));
	}
}

void
lab_fix(void)
{
	struct pkt p = lab.in;
	size_t len;
	uint8_t *field;
	uint16_t sum;

	if (p.data[0] >> 4 == 4)
		wire_fix_ip4(p.data);
	if (pkt_parse(&p) != NAT64_NONE || p.is_frag ||
	    (p.proto != IPPROTO_TCP && p.proto != IPPROTO_UDP &&
		!is_icmp(p.proto)))
		return;
	len = pkt_l4len(&p);
	if (p.proto == IPPROTO_UDP)
		len = wire_get16(pkt_l4(&p) + 4);
	field = pkt_l4(&p) + cksum_off(p.proto);
	wire_put16(field, 0);
	sum = (uint16_t)~wire_sum(pseudo_sum(p.data, p.proto, len), pkt_l4(&p),
	    len);
	wire_put16(field, p.proto == IPPROTO_UDP && sum == 0 ? 0xffff : sum);
}

void
lab_readdress(const char *src, const char *dst)
{
	put_addresses(src, dst);
	lab_fix();
}

void
lab_build(const struct spec *s, const struct flow *f)
{
	uint8_t *l4;

	build(&lab.in, s);
	put_addresses(f->src, f->dst);
	l4 = lab.in.data + (s->family == PKT_V6 ? 40 : 20) + s->extlen;
	if (is_icmp(s->proto)) {
		wire_put16(l4 + 4, f->sport);
	} else {
		wire_put16(l4, f->sport);
		wire_put16(l4 + 2, f->dport);
	}
	lab_fix();
}

void
lab_build_proto(const struct flow *f, uint8_t proto, size_t payload)
{
	const struct spec s = { .family = strchr(f->src, ':') != NULL ?
		    PKT_V6 :
		    PKT_V4,
		.proto = IPPROTO_UDP,
		.payload = payload };

	lab_build(&s, f);
	lab.in.data[s.family == PKT_V6 ? 6 : 9] = proto;
	if (s.family == PKT_V4)
		wire_fix_ip4(lab.in.data);
}

struct pkt
lab_copy(const struct pkt *p)
{
	struct pkt copy = *p;

	copy.buf = copy_bufs[n_copies++ % LAB_MAXOUT];
	copy.bufsize = PKT_BUFSIZE;
	copy.data = copy.buf + PKT_HEADROOM;
	memcpy(copy.data, p->data, p->len);
	REQUIRE(pkt_parse(&copy) == NAT64_NONE);
	if (copy.frag_off == 0)
		(void)pkt_parse_l4(&copy);
	return (copy);
}

void
lab_build_error(const char *src, uint8_t type, uint8_t code, uint32_t param,
    const struct pkt *quoted, size_t len)
{
	const struct spec s = { .family = quoted->family,
		.proto =
		    quoted->family == PKT_V6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.payload = len };
	char dst[INET6_ADDRSTRLEN];
	uint8_t *icmp;

	if (s.family == PKT_V6)
		inet_ntop(AF_INET6, &quoted->ip6.src, dst, sizeof(dst));
	else
		inet_ntop(AF_INET, &quoted->ip4.src, dst, sizeof(dst));
	REQUIRE(len <= quoted->len);
	build(&lab.in, &s);
	icmp = lab.in.data + (s.family == PKT_V6 ? 40 : 20);
	icmp[0] = type;
	icmp[1] = code;
	put32(icmp + 4, param);
	memcpy(icmp + 8, quoted->data, len);
	lab_readdress(src, dst);
}

void
lab_build_fragment(const struct pkt *whole, uint32_t id, size_t off,
    size_t len, bool more)
{
	const uint8_t *l4 = pkt_l4(whole);
	uint8_t *ip;
	size_t hlen = 20;

	pkt_init(&lab.in, in_buf, sizeof(in_buf));
	ip = lab.in.data;
	memcpy(ip, whole->data, whole->family == PKT_V6 ? 40 : 20);
	if (whole->family == PKT_V6) {
		hlen = 48;
		ip[6] = IPPROTO_FRAGMENT;
		put_fh(ip + 40, whole->proto, (uint16_t)(off | more), id);
		wire_put16(ip + 4, (uint16_t)(8 + len));
	} else {
		wire_put16(ip + 2, (uint16_t)(20 + len));
		wire_put16(ip + 4, (uint16_t)id);
		wire_put16(ip + 6, (uint16_t)(off / 8 | (more ? IP4_MF : 0)));
		wire_fix_ip4(ip);
	}
	memcpy(ip + hlen, l4 + off, len);
	lab.in.len = (uint32_t)(hlen + len);
}

/* --- sending --- */

enum nat64_verdict
lab_send(void)
{
	lab.n_out = 0;
	lab.n_events = 0;
	lab.reason = NAT64_NREASONS;
	lab.verdict =
	    nat64_input(lab.n, lab.ws, &lab.in, lab.now, &lab.reason);
	REQUIRE(lab.reason < NAT64_NREASONS);
	REQUIRE(lab.verdict != NAT64_SENT || lab.reason == NAT64_NONE);
	pkt_init(&lab.in, in_buf, sizeof(in_buf));
	return (lab.verdict);
}

enum nat64_verdict
lab_resend(const struct pkt *p)
{
	memcpy(lab.in.data, p->data, p->len);
	lab.in.len = p->len;
	lab.in.ofl = p->ofl;
	return (lab_send());
}

static void
build_simple(uint8_t proto, const struct flow *f, uint8_t flags)
{
	const bool v6 = strchr(f->src, ':') != NULL;
	const struct spec s = { .family = v6 ? PKT_V6 : PKT_V4,
		.proto = proto,
		.tcp_flags = flags,
		.payload = 16 };

	lab_build(&s, f);
}

enum nat64_verdict
lab_udp(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	const struct flow f = { src, dst, sport, dport };

	build_simple(IPPROTO_UDP, &f, 0);
	return (lab_send());
}

enum nat64_verdict
lab_tcp(const char *src, uint16_t sport, const char *dst, uint16_t dport,
    uint8_t flags)
{
	const struct flow f = { src, dst, sport, dport };

	build_simple(IPPROTO_TCP, &f, flags);
	return (lab_send());
}

static enum nat64_verdict
echo(const char *src, const char *dst, uint16_t id, uint8_t type4,
    uint8_t type6)
{
	const bool v6 = strchr(src, ':') != NULL;
	const struct flow f = { src, dst, id, 0 };
	const struct spec s = { .family = v6 ? PKT_V6 : PKT_V4,
		.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.echo_type = v6 ? type6 : type4,
		.payload = 16 };

	lab_build(&s, &f);
	return (lab_send());
}

enum nat64_verdict
lab_ping(const char *src, const char *dst, uint16_t id)
{
	return (echo(src, dst, id, ICMP_ECHO, ICMP6_ECHO_REQUEST));
}

enum nat64_verdict
lab_pong(const char *src, const char *dst, uint16_t id)
{
	return (echo(src, dst, id, ICMP_ECHOREPLY, ICMP6_ECHO_REPLY));
}

void
lab_doze(uint32_t secs)
{
	lab.now = monotime_add_secs(lab.now, secs);
}

void
lab_doze_ms(int64_t ms)
{
	lab.now = monotime_add_ms(lab.now, ms);
}

void
lab_wait(uint32_t secs)
{
	lab_doze(secs);
	lab.n_out = 0;
	lab.n_events = 0;
	while (nat64_expire(lab.n, lab.ws, lab.now, 64))
		continue;
}

struct taddr4
lab_bind(enum l4proto proto, const char *host, uint16_t port)
{
	switch (proto) {
	case L4_TCP:
		lab_tcp(host, port, SERVER6, PORT_SERVER, PKT_TH_SYN);
		break;
	case L4_UDP:
		lab_udp(host, port, SERVER6, PORT_SERVER);
		break;
	case L4_ICMP:
		lab_ping(host, SERVER6, port);
		break;
	}
	ck_assert_int_eq(lab.verdict, NAT64_SENT);
	ck_assert_uint_eq(lab.n_out, 1);
	return ((struct taddr4){ .addr = lab.out[0].ip4.src,
	    .port = lab.out[0].sport });
}

/* --- inspection --- */

const struct pkt *
lab_sent(void)
{
	ck_assert_msg(lab.verdict == NAT64_SENT, "not sent: %s",
	    nat64_reason_name(lab.reason));
	ck_assert_uint_eq(lab.n_out, 1);
	return (&lab.out[0]);
}

void
lab_expect_drop(enum nat64_reason reason)
{
	ck_assert_str_eq(nat64_reason_name(lab.reason),
	    nat64_reason_name(reason));
	ck_assert_int_eq(lab.verdict, NAT64_DROPPED);
	ck_assert_uint_eq(lab.n_out, 0);
}

const struct pkt *
lab_expect_error(enum nat64_reason reason, uint8_t type, uint8_t code)
{
	const struct pkt *p = &lab.out[0];

	ck_assert_str_eq(nat64_reason_name(lab.reason),
	    nat64_reason_name(reason));
	ck_assert_int_eq(lab.verdict, NAT64_REPLIED);
	ck_assert_uint_eq(lab.n_out, 1);
	ck_assert_int_eq(p->l4, L4_ICMP);
	ck_assert_uint_eq(p->icmp_type, type);
	ck_assert_uint_eq(p->icmp_code, code);
	return (p);
}

void
lab_expect_flow(const struct pkt *p, const char *src, uint16_t sport,
    const char *dst, uint16_t dport)
{
	if (p->family == PKT_V6) {
		ck_assert_str_eq(text6(p->ip6.src), text6(addr6(src)));
		ck_assert_str_eq(text6(p->ip6.dst), text6(addr6(dst)));
	} else {
		ck_assert_str_eq(text4(p->ip4.src), src);
		ck_assert_str_eq(text4(p->ip4.dst), dst);
	}
	ck_assert_uint_eq(p->sport, sport);
	ck_assert_uint_eq(p->dport, dport);
}

static char *
text_buf(void)
{
	static char bufs[8][INET6_ADDRSTRLEN];
	static unsigned next;

	return (bufs[next++ % 8]);
}

const char *
text4(struct in_addr addr)
{
	return (inet_ntop(AF_INET, &addr, text_buf(), INET6_ADDRSTRLEN));
}

const char *
text6(struct in6_addr addr)
{
	return (inet_ntop(AF_INET6, &addr, text_buf(), INET6_ADDRSTRLEN));
}

const char *
pref(struct in_addr addr)
{
	struct in6_addr a;

	pref64_embed(&lab.conf.prefixes[0], addr, &a);
	return (text6(a));
}

size_t
lab_sessions(void)
{
	return (session_count(nat64_sessions(lab.n)));
}

size_t
lab_bindings(enum l4proto proto)
{
	return (nat64_bib(lab.n, proto)->n_entries);
}

struct bib_entry *
lab_binding(enum l4proto proto, const char *host, uint16_t port)
{
	const struct taddr6 in6 = { addr6(host), port };

	return (bib_find6(nat64_bib(lab.n, proto), &in6));
}

struct session *
lab_session(enum l4proto proto, const char *host, uint16_t port)
{
	const struct bib_entry *e = lab_binding(proto, host, port);

	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->n_sessions, 1);
	return (RB_ROOT(&e->peers));
}

int64_t
lab_left(const struct session *s)
{
	return (monotime_diff_ms(session_expires(nat64_sessions(lab.n), s),
		    lab.now) /
	    1000);
}

uint64_t
lab_drops(enum nat64_reason reason)
{
	return (nat64_stats(lab.n)->drops[reason]);
}

uint64_t
lab_counter(enum nat64_counter counter)
{
	return (nat64_stats(lab.n)->counters[counter]);
}

unsigned
lab_count_events(enum nat64_event_type type)
{
	unsigned i, n = 0;

	for (i = 0; i < lab.n_events; i++)
		n += lab.events[i].type == type;
	return (n);
}

const struct lab_event *
lab_event(enum nat64_event_type type)
{
	unsigned i;

	for (i = lab.n_events; i > 0; i--)
		if (lab.events[i - 1].type == type)
			return (&lab.events[i - 1]);
	ck_abort_msg("no such event");
	return (NULL);
}

void
lab_expect_events(const char *const *texts)
{
	unsigned i;

	for (i = 0; texts[i] != NULL && i < lab.n_events; i++)
		ck_assert_str_eq(lab.events[i].text, texts[i]);
	ck_assert_uint_eq(i, lab.n_events);
	ck_assert_ptr_null(texts[i]);
}

void
lab_expect_event(const char *text)
{
	const char *const texts[] = { text, NULL };

	lab_expect_events(texts);
}

static void
hash_session(uint64_t *sum, const struct session *s)
{
	*sum = fnv_add(*sum, &s->out4, sizeof(s->out4));
	*sum = fnv_add(*sum, &s->peer, sizeof(s->peer));
	*sum = fnv_add(*sum, &s->stamp, sizeof(s->stamp));
	*sum = fnv_add(*sum, &s->cls, sizeof(s->cls));
	*sum = fnv_add(*sum, &s->tcp_state, sizeof(s->tcp_state));
	*sum = fnv_add(*sum, &s->prefix, sizeof(s->prefix));
}

uint64_t
lab_state(void)
{
	const struct session_table *t = nat64_sessions(lab.n);
	struct wheel_entry *e;
	uint64_t sum = FNV_FIRST;
	size_t n;
	unsigned i;

	for (i = 0; i < WHEEL_NSLOTS; i++) {
		TAILQ_FOREACH(e, &t->wheel.slots[i], link)
			hash_session(&sum, session_of(e));
		TAILQ_FOREACH(e, &t->inbound.wheel.slots[i], link)
			hash_session(&sum, session_of(e));
	}
	for (i = 0; i < L4_NPROTO; i++) {
		n = lab_bindings((enum l4proto)i);
		sum = fnv_add(sum, &n, sizeof(n));
	}
	n = frag_datagrams(nat64_frags(lab.n));
	sum = fnv_add(sum, &n, sizeof(n));
	return (sum);
}
