/*
 * The TCP scenarios of vectors.json (tests/conformance/nat64.md, 8.3), through
 * the whole translator: segments are built here and handed to nat64_input() at
 * the times of the steps. After each step the state, the expiry, the binding
 * and the emitted packets are checked.
 *
 * There is one host (X',x), one peer (Z,z) and a pool of one address, and ports
 * are preserved, so that (T,t) is known.
 */
#include "tests/unit/vectors.h"

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/iphdr.h"
#include "nat64d/tables/tcp_fsm.h"

#define HOST_PORT 49152
#define PEER_PORT 443

/* What each scenario shows: the file does not say. */
static const struct {
	const char *name;
	const char *refs;
} shown[] = {
	{ "v6-open-close",
	    "TCP-01 CFG-02 CFG-03 CFG-04 TBL-04 OUT-01 OUT-02" },
	{ "rst-then-data", "CFG-03" },
	{ "idle-probe", "TCP-11 CFG-02 CFG-03" },
	{ "v6-syn-retransmit", "TCP-01 CFG-04" },
	{ "v4-open-eif-static-bib", "TCP-04 TBL-04" },
	{ "v4-open-adf-stored", "TCP-05 TCP-07 CFG-05 ERR-09" },
	{ "simultaneous-open-no-bib", "TCP-03 TCP-06" },
	{ "stray-packets", "TCP-13 LIM-03" },
};

static const struct {
	const char *name;
	enum tcp_state state;
} states[] = {
	{ "CLOSED", TCP_STATE_CLOSED },
	{ "V6_INIT", TCP_STATE_V6_INIT },
	{ "V4_INIT", TCP_STATE_V4_INIT },
	{ "ESTABLISHED", TCP_STATE_ESTABLISHED },
	{ "V4_FIN_RCV", TCP_STATE_V4_FIN_RCV },
	{ "V6_FIN_RCV", TCP_STATE_V6_FIN_RCV },
	{ "V4_FIN_V6_FIN_RCV", TCP_STATE_V4_V6_FIN_RCV },
	{ "TRANS", TCP_STATE_TRANS },
};

/* Behind "V6" or "V4" in the name of an event. */
static const struct {
	const char *name;
	uint8_t flags;
	uint32_t payload; /* bytes */
} segments[] = {
	{ "SYN", PKT_TH_SYN, 0 },
	{ "SYNACK", PKT_TH_SYN | PKT_TH_ACK, 0 },
	{ "ACK", PKT_TH_ACK, 0 },
	{ "DATA", PKT_TH_ACK | PKT_TH_PSH, 7 },
	{ "FIN", PKT_TH_FIN | PKT_TH_ACK, 0 },
	{ "RST", PKT_TH_RST, 0 },
};

struct run {
	const struct vector *v;
	struct setup setup;
	struct nat64 *n;
	struct monotime start;
	struct monotime now;
	struct taddr6 host; /* (X',x) */
	struct in6_addr peer6;
	struct taddr4 peer;   /* (Z,z) */
	struct taddr4 out;    /* (T,t) */
	uint8_t segment[128]; /* the last one built */
	uint32_t len;
	uint8_t stored[128]; /* the SYN that must be answered */
	uint32_t n_stored;
};

static uint32_t
put_tcp(uint8_t *tcp, uint16_t sport, uint16_t dport, uint8_t flags,
    uint32_t payload, uint64_t pseudo)
{
	const uint32_t len = PKT_TCP_HLEN + payload;

	memset(tcp, 0, PKT_TCP_HLEN);
	memset(tcp + PKT_TCP_HLEN, 'x', payload);
	put16(tcp, sport);
	put16(tcp + 2, dport);
	put32(tcp + 4, 1000);
	tcp[12] = 0x50;
	tcp[PKT_TCP_FLAGS] = flags;
	put16(tcp + 14, 4096);
	put16(tcp + PKT_TCP_CKSUM, cksum_finish(cksum_add(pseudo, tcp, len)));
	return (len);
}

static void
build6(struct run *r, uint8_t flags, uint32_t payload)
{
	const struct iphdr6 h = { .hlim = 64,
		.proto = IPPROTO_TCP,
		.len = PKT_TCP_HLEN + payload,
		.src = r->host.addr,
		.dst = r->peer6 };

	iphdr_put6(r->segment, &h);
	r->len = PKT_IP6_HLEN +
	    put_tcp(r->segment + PKT_IP6_HLEN, r->host.port, r->peer.port,
		flags, payload,
		cksum_pseudo6(&h.src, &h.dst, IPPROTO_TCP, h.len));
}

static void
build4(struct run *r, uint8_t flags, uint32_t payload)
{
	const struct iphdr4 h = { .ttl = 64,
		.proto = IPPROTO_TCP,
		.df = true,
		.len = (uint16_t)(PKT_IP4_HLEN + PKT_TCP_HLEN + payload),
		.src = r->peer.addr,
		.dst = r->out.addr };

	iphdr_put4(r->segment, &h);
	r->len = PKT_IP4_HLEN +
	    put_tcp(r->segment + PKT_IP4_HLEN, r->peer.port, r->out.port,
		flags, payload,
		cksum_pseudo4(h.src, h.dst, IPPROTO_TCP,
		    h.len - PKT_IP4_HLEN));
}

/* The one packet that was recorded, with sound TCP of those ports. */
static const uint8_t *
recorded_tcp(struct run *r, enum pkt_family family)
{
	static struct recorded copy;
	struct pkt p;
	uint64_t pseudo;

	ck_assert_uint_eq(n_recorded, 1);
	copy = recorded[0];
	memset(&p, 0, sizeof(p));
	p.data = copy.bytes;
	p.len = copy.len;
	ck_assert_int_eq(pkt_parse(&p), NAT64_NONE);
	ck_assert_int_eq(pkt_parse_l4(&p), NAT64_NONE);
	ck_assert_int_eq(p.family, family);
	ck_assert_int_eq(p.l4, L4_TCP);
	if (family == PKT_V6) {
		ck_assert_mem_eq(&p.ip6.src, &r->peer6, 16);
		ck_assert_mem_eq(&p.ip6.dst, &r->host.addr, 16);
		ck_assert_uint_eq(p.sport, r->peer.port);
		ck_assert_uint_eq(p.dport, r->host.port);
		pseudo = cksum_pseudo6(&p.ip6.src, &p.ip6.dst, IPPROTO_TCP,
		    pkt_l4len(&p));
	} else {
		ck_assert_uint_eq(p.ip4.src.s_addr, r->out.addr.s_addr);
		ck_assert_uint_eq(p.ip4.dst.s_addr, r->peer.addr.s_addr);
		ck_assert_uint_eq(p.sport, r->out.port);
		ck_assert_uint_eq(p.dport, r->peer.port);
		pseudo = cksum_pseudo4(p.ip4.src, p.ip4.dst, IPPROTO_TCP,
		    pkt_l4len(&p));
	}
	ck_assert_uint_eq(cksum_finish(
			      cksum_add(pseudo, pkt_l4(&p), pkt_l4len(&p))),
	    0);
	return (pkt_l4(&p));
}

/* The segment has been translated: all but ports and checksum is kept. */
static void
check_forwarded(struct run *r, bool from6, enum nat64_verdict verdict)
{
	const uint32_t off = from6 ? PKT_IP6_HLEN : PKT_IP4_HLEN;
	const uint8_t *tcp;

	ck_assert_int_eq(verdict, NAT64_SENT);
	tcp = recorded_tcp(r, from6 ? PKT_V4 : PKT_V6);
	ck_assert_mem_eq(tcp + 4, r->segment + off + 4, 12);
	ck_assert_mem_eq(tcp + 18, r->segment + off + 18, r->len - off - 18);
}

/*
 * TCP-11: nothing but an ACK, to the IPv6 side, its sequence number one
 * before what the host has acknowledged, which is 0 here.
 */
static void
check_probe(struct run *r)
{
	static const uint8_t want[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0x50, PKT_TH_ACK, 0, 0 };
	const uint8_t *tcp = recorded_tcp(r, PKT_V6);

	ck_assert_uint_eq(recorded[0].len, PKT_IP6_HLEN + PKT_TCP_HLEN);
	ck_assert_uint_eq(recorded[0].bytes[7], 64);
	ck_assert_mem_eq(tcp + 4, want, sizeof(want));
}

/* ERR-09: port unreachable from self4, about the SYN as it came. */
static void
check_unreachable(const struct run *r)
{
	const uint8_t *ip = recorded[0].bytes, *icmp = ip + PKT_IP4_HLEN;

	ck_assert_uint_eq(n_recorded, 1);
	ck_assert_int_eq(recorded[0].family, PKT_V4);
	ck_assert_mem_eq(ip + 12, &r->setup.conf.self4, 4);
	ck_assert_mem_eq(ip + 16, &r->peer.addr, 4);
	ck_assert_uint_eq(ip[9], IPPROTO_ICMP);
	ck_assert_uint_eq(icmp[0], 3);
	ck_assert_uint_eq(icmp[1], 3);
	ck_assert_uint_eq(cksum_finish(cksum_add(0, icmp,
			      recorded[0].len - PKT_IP4_HLEN)),
	    0);
	ck_assert_uint_eq(recorded[0].len,
	    PKT_IP4_HLEN + PKT_ICMP_HLEN + r->n_stored);
	ck_assert_mem_eq(icmp + PKT_ICMP_HLEN, r->stored, r->n_stored);
}

static void
do_segment(struct run *r, const char *event, const char *emit)
{
	const bool from6 = strncmp(event, "V6", 2) == 0;
	enum nat64_verdict verdict;
	size_t i;

	for (i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		if (strcmp(segments[i].name, event + 2) == 0)
			break;
	ck_assert_msg(i < sizeof(segments) / sizeof(segments[0]),
	    "event %s not known", event);
	(from6 ? build6 : build4)(r, segments[i].flags, segments[i].payload);
	verdict = put_in(r->n, r->segment, r->len, NULL, r->now, NULL);
	if (strcmp(emit, "store") == 0) {
		ck_assert_int_eq(verdict, NAT64_HELD);
		memcpy(r->stored, r->segment, r->len);
		r->n_stored = r->len;
		ck_assert_uint_eq(nat64_stored_syns(r->n), 1);
	} else if (strcmp(emit, "drop") == 0)
		ck_assert_int_eq(verdict, NAT64_DROPPED);
	else
		check_forwarded(r, from6, verdict);
	if (strcmp(emit, "store") == 0 || strcmp(emit, "drop") == 0)
		ck_assert_uint_eq(n_recorded, 0);
	if (strstr(emit, "discard stored SYN") != NULL)
		ck_assert_uint_eq(nat64_stored_syns(r->n), 0);
}

/*
 * The step's time has come; before, nothing may happen, however often the
 * engine asks, and it will ask soon enough.
 */
static void
do_timeout(struct run *r, const char *emit)
{
	struct monotime when;

	while (ck_assert(nat64_next_expiry(r->n, &when)),
	    when.ns < r->now.ns) {
		expire(r->n, when);
		ck_assert_uint_eq(n_recorded, 0);
	}
	ck_assert_int_le(when.ns, r->now.ns + WHEEL_TICK_NS);
	expire(r->n, monotime_add_ms(r->now, -1));
	ck_assert_uint_eq(n_recorded, 0);
	expire(r->n, r->now);
	if (strcmp(emit, "probe") == 0)
		check_probe(r);
	else if (strncmp(emit, "icmp4 3/3", 9) == 0)
		check_unreachable(r);
	else
		ck_assert_uint_eq(n_recorded, 0);
}

/* State, expiry and binding after a step. */
static bool
check_tables(const struct run *r, const json_t *step, const char *what)
{
	const struct session_table *sessions = nat64_sessions(r->n);
	const struct tuple4 key = { .src = r->out, .dst = r->peer };
	const char *want = member(step, "state");
	const json_t *expires = json_object_get(step, "expires");
	enum tcp_state state = TCP_STATE_CLOSED;
	struct session *s;
	int64_t secs;
	size_t i;

	s = session_find4(sessions, L4_TCP, &key);
	if (s != NULL)
		state = (enum tcp_state)s->tcp_state;
	if (state == TCP_STATE_V4_INIT_STORED)
		state = TCP_STATE_V4_INIT;
	for (i = 0; strcmp(states[i].name, want) != 0; i++)
		ck_assert(i + 1 < sizeof(states) / sizeof(states[0]));
	if (states[i].state != state) {
		printf("%s, %s: state %s expected, got %s\n", r->v->name, what,
		    want, tcp_state_name(state));
		return (false);
	}
	if (json_object_get(step, "bib") != NULL)
		ck_assert_ptr_null(
		    bib_find6(nat64_bib(r->n, L4_TCP), &r->host));
	if (expires == NULL || s == NULL)
		return (expires == NULL);
	secs = monotime_diff_ms(session_expires(sessions, s), r->start) / 1000;
	if (secs == json_integer_value(expires))
		return (true);
	printf("%s, %s: expiry %lld expected, got %lld\n", r->v->name, what,
	    (long long)json_integer_value(expires), (long long)secs);
	return (false);
}

static bool
do_step(struct run *r, const json_t *step)
{
	const char *event = member(step, "ev");
	const char *emit = json_string_value(json_object_get(step, "emit"));

	if (emit == NULL)
		emit = "";
	forget_packets();
	r->now = monotime_add_secs(r->start,
	    json_integer_value(json_object_get(step, "t")));
	if (strcmp(event, "TIMEOUT") == 0)
		do_timeout(r, emit);
	else
		do_segment(r, event, emit);
	return (check_tables(r, step, event));
}

static void
prepare(struct run *r, const struct vector *v)
{
	const json_t *config = json_object_get(v->json, "config");
	struct setup *s = &r->setup;

	memset(r, 0, sizeof(*r));
	r->v = v;
	r->start = r->now = (struct monotime){ .ns = 1000000000 };
	r->host.addr = addr6("2001:db8:1::10");
	r->host.port = HOST_PORT;
	r->peer.addr = addr4("198.51.100.20");
	r->peer.port = PEER_PORT;
	r->out.addr = addr4("203.0.113.5");
	r->out.port = HOST_PORT;

	setup_common(s, "2001:db8:64::/96");
	pref64_embed(&s->conf.prefixes[0], r->peer.addr, &r->peer6);
	s->conf.n_pool = 1;
	s->conf.pool_opts.select = POOL4_PRESERVE;
	s->conf.adf[L4_TCP] = json_is_true(json_object_get(config, "adf"));
	if (json_is_true(json_object_get(config, "static_bib"))) {
		s->statics[0] =
		    (struct nat64_static){ L4_TCP, r->out, r->host };
		s->conf.n_statics = 1;
	}
	r->n = translator(s, r->start);
}

static bool
run_scenario(const struct vector *v)
{
	const json_t *steps = json_object_get(v->json, "steps");
	struct run r;
	size_t i;
	bool ok = true;

	prepare(&r, v);
	for (i = 0; ok && i < json_array_size(steps); i++)
		ok = do_step(&r, json_array_get(steps, i));
	nat64_free(r.n);
	return (ok);
}

int
main(int argc, char *argv[])
{
	json_t *root = read_vectors(argc, argv);
	const json_t *list = json_object_get(root, "tcp_fsm"), *scenario;
	const char *name;
	size_t i, j;
	int rc;

	for (i = 0; i < json_array_size(list); i++) {
		scenario = json_array_get(list, i);
		name = member(scenario, "name");
		for (j = 0; strcmp(shown[j].name, name) != 0; j++)
			if (j + 1 == sizeof(shown) / sizeof(shown[0]))
				errx(1, "scenario %s: rows not known", name);
		add_vector(name, shown[j].refs, scenario, run_scenario);
	}
	rc = run_vectors("vectors_tcp");
	json_decref(root);
	return (rc);
}
