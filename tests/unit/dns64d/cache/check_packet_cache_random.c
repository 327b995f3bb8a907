/*
 * The short way against the long one: whatever the upstreams say and however
 * it is asked for, an answer that was kept is, octet for octet, what cache
 * and synthesis would make at that moment, and libldns reads in it what it
 * read in the first one, only later. Some replies have octets changed.
 */
#include <ldns/ldns.h>

#include <check.h>
#include <string.h>

#include "common/rng.h"
#include "dns64d/cache/packet_cache.h"
#include "dns64d/policy/balance.h"
#include "dns64d/cache/cache.h"
#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

#include "tests/unit/suite.h"
#include "tests/unit/synth_util.h"

#define HITS_WANTED 100000
#define SCENES_MAX 60000
#define ASKED_AGAIN 40
#define SECOND_NS INT64_C(1000000000)

static uint64_t state;

static uint32_t
next_random(void *arg)
{
	(void)arg;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)(state >> 16));
}

static const struct rng rng = { next_random, NULL };
static const struct siphash_key key = { { 1, 2, 3 } };

static unsigned
below(unsigned n)
{
	return (next_random(NULL) % n);
}

static bool
one_in(unsigned n)
{
	return (below(n) == 0);
}

/* One question, as it is asked again and again. */
struct scene {
	uint8_t name[MSG_NAME_MAX];
	size_t name_len;
	uint16_t type;
	struct cache *cache;
	struct packet_cache *answers;
	struct balance balance;
	struct monotime now;
	bool tcp;
};

static uint8_t slow[MSG_MAX], fast[MSG_MAX], lookups[SYNTH_N_LOOKUPS][MSG_MAX];
static struct msg_scan lookup_scan[SYNTH_N_LOOKUPS];

static size_t
random_name(uint8_t *name)
{
	size_t n = 0, i, len;
	unsigned labels;

	for (labels = 1 + below(4); labels > 0; labels--) {
		len = 1 + below(12);
		name[n++] = (uint8_t)len;
		for (i = 0; i < len; i++)
			name[n++] = one_in(8) ?
			    (uint8_t)below(256) :
			    (uint8_t)("aAbBzZ09-_"[below(10)]);
	}
	name[n++] = 0;
	return (n);
}

static void
change_case(uint8_t *name)
{
	size_t i;

	for (; *name != 0; name += *name + 1)
		for (i = 1; i <= *name; i++)
			if (name_lower(name[i]) >= 'a' &&
			    name_lower(name[i]) <= 'z' && one_in(2))
				name[i] ^= 0x20;
}

/* A message being written; owner 0xc00c is the question's name. */
struct writer {
	uint8_t *wire;
	size_t n;
	size_t owner; /* where the owner of the next record stands */
};

static void
put_octets(struct writer *w, const void *data, size_t len)
{
	memcpy(w->wire + w->n, data, len);
	w->n += len;
}

static uint32_t
random_ttl(void)
{
	static const uint32_t ttls[] = { 0, 1, 2, 5, 599, 600, 601, 3600,
		100000, 0x80000001 };

	return (one_in(20) ? ttls[below(NITEMS(ttls))] : 5 + below(600));
}

/* The owner is a pointer, or the same name in full, its case its own. */
static void
begin_rr(struct writer *w, uint16_t type, uint32_t ttl)
{
	uint8_t fixed[RR_FIXED] = { 0 }, name[MSG_NAME_MAX];
	size_t len;

	if (one_in(4)) {
		len = name_copy(w->wire, w->owner, name);
		put_octets(w, name, len);
		change_case(w->wire + w->n - len);
	} else {
		put16(w->wire + w->n, (uint16_t)(0xc000 | w->owner));
		w->n += 2;
	}
	put16(fixed, type);
	put16(fixed + 2, MSG_CLASS_IN);
	put32(fixed + 4, ttl);
	put_octets(w, fixed, sizeof(fixed));
}

static void
end_rr(struct writer *w, size_t rdata)
{
	put16(w->wire + rdata - 2, (uint16_t)(w->n - rdata));
}

static void
put_rr(struct writer *w, uint16_t type, const void *rdata, size_t len)
{
	begin_rr(w, type, random_ttl());
	put_octets(w, rdata, len);
	end_rr(w, w->n - len);
}

static void
put_soa(struct writer *w)
{
	uint8_t numbers[20] = { 0 };
	size_t rdata;

	begin_rr(w, MSG_T_SOA, random_ttl());
	rdata = w->n;
	put_octets(w, "\2ns\0\4root\xc0\x0c", 11);
	put32(numbers + 16, random_ttl());
	put_octets(w, numbers, sizeof(numbers));
	end_rr(w, rdata);
}

/* An alias, whose target is the owner from now on. */
static void
put_alias(struct writer *w)
{
	uint8_t target[MSG_NAME_MAX];
	size_t len = random_name(target);

	begin_rr(w, MSG_T_CNAME, random_ttl());
	put_octets(w, target, len);
	end_rr(w, w->n - len);
	w->owner = w->n - len;
}

static void
put_data(struct writer *w, uint16_t type)
{
	static const char sig[] = "\0\x1c\xd\3\0\0\0\x3c\x65\0\0\0\x64\0\0\0"
				  "\0\1\0signature";
	static const char https[] = "\0\1\0\0\1\0\3\2h2\0\4\0\4\xc0\0\2\1";
	uint8_t addr[16] = { 0x20, 1, 0xd, 0xb8 };

	addr[15] = (uint8_t)below(8);
	switch (type) {
	case MSG_T_A:
		addr[0] = one_in(8) ? 10 : 192; /* 10/8 may be excluded */
		put_rr(w, type, addr, 4);
		break;
	case MSG_T_AAAA:
		if (one_in(4)) { /* excluded: ::ffff:0:0/96 */
			memset(addr, 0, 10);
			memset(addr + 10, 0xff, 2);
		}
		put_rr(w, type, addr, 16);
		break;
	case MSG_T_HTTPS:
		put_rr(w, type, https, sizeof(https) - 1);
		break;
	default:
		put_rr(w, type, "\4text", 5);
	}
	if (one_in(6))
		put_rr(w, MSG_T_RRSIG, sig, sizeof(sig) - 1);
}

static void
put_many(struct writer *w, uint16_t type, unsigned max)
{
	unsigned n;

	for (n = below(max + 1); n > 0; n--)
		put_data(w, type);
}

static uint16_t
count_rrs(const uint8_t *wire, size_t from, size_t to)
{
	uint16_t n = 0;

	while (from < to) {
		from = name_skip(wire, from);
		from += RR_FIXED + get16(wire + from + 8);
		n++;
	}
	return (n);
}

/* Change a few octets, anywhere but in id and flags. */
static void
spoil(uint8_t *wire, size_t len)
{
	unsigned n;

	for (n = 1 + below(3); n > 0; n--)
		wire[4 + below((unsigned)len - 4)] = (uint8_t)below(256);
}

/* What an upstream says to a question. Returns the length. */
static size_t
write_reply(const struct msg_question *q, uint8_t *wire)
{
	struct writer w = { .wire = wire, .owner = MSG_HEADER_LEN };
	size_t answer, authority, additional;
	bool nxdomain = one_in(8);
	unsigned i;

	w.n = msg_write_query(q, 1, false, wire);
	change_case(wire + MSG_HEADER_LEN);
	put16(wire + 2,
	    (uint16_t)(MSG_QR | MSG_RA | (q->flags & MSG_RD) |
		(one_in(4) ? MSG_AD : 0) | (one_in(2) ? MSG_AA : 0) |
		(nxdomain ? MSG_NXDOMAIN : 0)));
	answer = w.n;
	for (i = one_in(3) ? 1 + below(3) : 0; i > 0; i--)
		put_alias(&w);
	if (!nxdomain)
		put_many(&w, q->type, one_in(8) ? 60 : 3);
	authority = w.n;
	w.owner = MSG_HEADER_LEN;
	if (!one_in(5))
		put_soa(&w);
	additional = w.n;
	put_many(&w, one_in(2) ? MSG_T_A : 16, one_in(8) ? 40 : 1);
	put16(wire + 6, count_rrs(wire, answer, authority));
	put16(wire + 8, count_rrs(wire, authority, additional));
	put16(wire + 10, count_rrs(wire, additional, w.n));
	if (one_in(8))
		spoil(wire, w.n);
	return (w.n);
}

/* The cache learns what the upstream says, when that makes any sense. */
static void
fetch(struct scene *sc, const struct msg_question *q)
{
	static uint8_t wire[MSG_MAX];
	struct msg_scan m;
	size_t len = write_reply(q, wire);

	if (msg_scan(wire, len, &m) == MSG_SCAN_OK &&
	    msg_is_reply_to(&m, q, 1))
		cache_store(sc->cache, q, &m, sc->now, &rng);
}

static void
set_query(struct scene *sc, uint16_t flags, unsigned payload, bool do_bit)
{
	uint8_t *wire = query.wire;
	size_t n = MSG_HEADER_LEN;
	unsigned rcode;

	memset(wire, 0, n);
	put16(wire, (uint16_t)below(65536));
	put16(wire + 2, flags);
	put16(wire + 4, 1);
	memcpy(wire + n, sc->name, sc->name_len);
	change_case(wire + n);
	n += sc->name_len;
	put16(wire + n, sc->type);
	put16(wire + n + 2, MSG_CLASS_IN);
	n += 4;
	if (payload > 0) {
		put16(wire + 10, 1);
		put_opt(wire + n, (uint16_t)payload, 0, do_bit);
		n += OPT_LEN;
	}
	ck_assert_int_eq(msg_scan_query(wire, n, &query.scan, &rcode),
	    MSG_Q_ACCEPT);
}

/* What answers one lookup: the cache, if it is fresh. */
static unsigned
take_lookup(struct scene *sc, struct synth *s, enum synth_lookup lookup,
    struct monotime *until, bool learn)
{
	struct msg_question q;
	struct cache_hit hit;

	synth_question(s, lookup, &q);
	if (learn)
		fetch(sc, &q);
	cache_find(sc->cache, &q, policy.nxdomain_synth, sc->now, &hit);
	if (hit.verdict != CACHE_FRESH)
		return (SYNTH_WAIT);
	ck_assert_msg(!hit.prefetch ||
		monotime_reached(hit.steady_until, sc->now),
	    "a refresh is due while it is steady");
	if (hit.steady_until.ns < until->ns)
		*until = hit.steady_until;
	ck_assert_int_eq(cache_write(&hit, &q, sc->now, lookups[lookup],
			     &lookup_scan[lookup]),
	    0);
	return (synth_reply(s, lookup, &lookup_scan[lookup]));
}

/* The long way. Returns the length, or 0 when the cache does not suffice. */
static size_t
compose(struct scene *sc, size_t limit, bool learn, struct monotime *until,
    struct packet_cache_note *note, bool *repeatable)
{
	struct balance_pick pick;
	struct synth s;
	unsigned todo, next;
	size_t len;

	*until = (struct monotime){ INT64_MAX };
	memset(note, 0, sizeof(*note));
	todo = synth_begin(&s, &policy, &query.scan);
	balance_begin(&pick, &sc->balance,
	    &(struct sockaddr_storage){ .ss_family = AF_INET6 }, &rng);
	synth_balance(&s, &pick);
	if (!sc->tcp)
		synth_minimise(&s);
	for (; !(todo & SYNTH_ANSWER); todo = next) {
		next = SYNTH_WAIT;
		if (todo & SYNTH_ASK_MAIN)
			next |= take_lookup(sc, &s, SYNTH_MAIN, until, learn);
		if ((todo & SYNTH_ASK_A) && !(next & SYNTH_ANSWER))
			next |= take_lookup(sc, &s, SYNTH_A, until, learn);
		if (next == SYNTH_WAIT)
			return (0);
	}
	len = synth_answer(&s, limit, slow);
	note->outcome = (uint8_t)s.outcome;
	synth_ede(&s, &note->ede);
	*repeatable = synth_is_repeatable(&s);
	return (len);
}

/*
 * Record by record what libldns finds in an answer and in one that is older.
 * Where names end in that of the question their case is the query's.
 */
static void
compare_sections(ldns_rr_list *old, ldns_rr_list *new, int64_t secs)
{
	size_t i;

	ldns_rr_list2canonical(old);
	ldns_rr_list2canonical(new);
	ck_assert_uint_eq(ldns_rr_list_rr_count(old),
	    ldns_rr_list_rr_count(new));
	for (i = 0; i < ldns_rr_list_rr_count(old); i++) {
		const ldns_rr *a = ldns_rr_list_rr(old, i);
		const ldns_rr *b = ldns_rr_list_rr(new, i);

		ck_assert_int_eq(ldns_rr_compare(a, b), 0);
		ck_assert_int_eq(ldns_rr_ttl(a) - secs, ldns_rr_ttl(b));
	}
}

/* The oracle; what it cannot read of a spoilt reply it says nothing of. */
static void
compare_parsed(ldns_pkt *old, const uint8_t *wire, size_t len, int64_t secs)
{
	ldns_pkt *new;

	if (old == NULL)
		return;
	ck_assert_int_eq(ldns_wire2pkt(&new, wire, len), LDNS_STATUS_OK);
	ck_assert_uint_eq(ldns_pkt_id(new), query.scan.id);
	ck_assert_int_eq(ldns_pkt_rd(new), (query.scan.flags & MSG_RD) != 0);
	ck_assert_int_eq(ldns_pkt_cd(new), (query.scan.flags & MSG_CD) != 0);
	ck_assert_int_eq(ldns_pkt_edns(new), query.scan.opt != 0);
	ck_assert_int_eq(ldns_pkt_get_rcode(new), ldns_pkt_get_rcode(old));
	compare_sections(ldns_pkt_answer(old), ldns_pkt_answer(new), secs);
	compare_sections(ldns_pkt_authority(old), ldns_pkt_authority(new),
	    secs);
	compare_sections(ldns_pkt_additional(old), ldns_pkt_additional(new),
	    secs);
	ldns_pkt_free(new);
}

static const size_t limits[] = { 512, 700, MSG_UDP_OURS, MSG_MAX };
static const uint16_t flags[] = { MSG_RD, MSG_RD, MSG_RD | MSG_CD,
	MSG_RD | MSG_AD, MSG_RD | MSG_CD | MSG_AD, 0 };

/* One that asks: some bits, some way. */
struct asker {
	uint16_t flags;
	unsigned payload;
	bool do_bit;
	size_t limit;
};

static struct asker
random_asker(void)
{
	struct asker a = { .flags = flags[below(NITEMS(flags))],
		.limit = limits[below(NITEMS(limits))] };

	if (one_in(2)) {
		a.payload = 1232;
		a.do_bit = one_in(2);
	}
	return (a);
}

static void
ask(struct scene *sc, const struct asker *a)
{
	sc->tcp = a->limit == MSG_MAX;
	set_query(sc, a->flags, a->payload, a->do_bit);
}

/* Ask again later: returns how many times there was something to compare. */
static unsigned
ask_again(struct scene *sc, const struct asker *first, ldns_pkt *old,
    struct monotime kept_at)
{
	struct asker a = one_in(4) ? random_asker() : *first;
	struct packet_cache_query aq = { .scan = &query.scan };
	struct packet_cache_note note, slow_note;
	struct monotime until;
	bool repeatable;
	size_t len;

	sc->now.ns += below(1500) * (SECOND_NS / 1000) + below(1000000);
	if (one_in(2))
		a.limit = limits[below(NITEMS(limits))];
	ask(sc, &a);
	aq.limit = a.limit;
	len = packet_cache_find(sc->answers, &aq, sc->now, fast, &note);
	if (len == 0)
		return (0);
	ck_assert_uint_eq(compose(sc, a.limit, false, &until, &slow_note,
			      &repeatable),
	    len);
	ck_assert_mem_eq(fast, slow, len);
	ck_assert_uint_eq(note.outcome, slow_note.outcome);
	ck_assert_mem_eq(&note.ede, &slow_note.ede, sizeof(note.ede));
	ck_assert_msg(sc->now.ns < until.ns, "kept for too long");
	compare_parsed(old, fast, len,
	    sc->now.ns / SECOND_NS - kept_at.ns / SECOND_NS);
	return (1);
}

static void
random_policy(void)
{
	static const unsigned tweaks[] = { 0, NSP, TWO, RANGES, FORCE,
		NXDOMAIN_SYNTH, CD_SYNTH, NO_EXCLUDE, EXCLUDE,
		TWO | NXDOMAIN_SYNTH | CD_SYNTH };

	set_policy(tweaks[below(NITEMS(tweaks))] | WKP_PRIVATE);
	policy.balance =
	    one_in(4) ? POLICY_BALANCE_ROUND_ROBIN : POLICY_BALANCE_ALL;
	policy.lookups =
	    one_in(2) ? POLICY_LOOKUPS_PARALLEL : POLICY_LOOKUPS_SEQUENTIAL;
	policy.max_synth = one_in(4) ? 2 : 0;
	policy.leave_signed = one_in(4);
	policy.filter_a = one_in(4);
	policy.filter_ipv4hint = one_in(4);
	policy.tell_synthesised = one_in(2);
}

static void
begin_scene(struct scene *sc)
{
	static const uint16_t types[] = { MSG_T_A, MSG_T_HTTPS, MSG_T_ANY,
		16 };
	struct cache_rules rules;

	memset(sc, 0, sizeof(*sc));
	random_policy();
	cache_rules_init(&rules);
	rules.bytes = 1 << 17;
	rules.ttl_max = one_in(4) ? 20 : CACHE_TTL_MAX;
	rules.ttl_negative = one_in(4) ? 10 : CACHE_TTL_NEGATIVE;
	rules.prefetch = !one_in(4);
	sc->cache = cache_new(&rules, &key);
	sc->answers = packet_cache_new(1 << 16, &key);
	balance_init(&sc->balance, &policy);
	sc->name_len = random_name(sc->name);
	sc->type = one_in(2) ? MSG_T_AAAA : types[below(NITEMS(types))];
	sc->now.ns = 5000 * SECOND_NS + next_random(NULL);
}

static unsigned
run_scene(void)
{
	struct asker first = random_asker();
	struct packet_cache_query aq = { .scan = &query.scan,
		.limit = first.limit };
	struct packet_cache_note note;
	struct monotime until, kept_at;
	struct scene sc;
	ldns_pkt *old = NULL;
	bool repeatable;
	unsigned i, n = 0;
	size_t len;

	begin_scene(&sc);
	ask(&sc, &first);
	compose(&sc, first.limit, true, &until, &note, &repeatable);
	sc.now.ns += next_random(NULL);
	len = compose(&sc, first.limit, false, &until, &note, &repeatable);
	kept_at = sc.now;
	if (len > 0 && repeatable) {
		packet_cache_keep(sc.answers, &aq, sc.now, until, slow, len,
		    &note);
		if (ldns_wire2pkt(&old, slow, len) != LDNS_STATUS_OK)
			old = NULL;
		for (i = 0; i < ASKED_AGAIN; i++)
			n += ask_again(&sc, &first, old, kept_at);
	}
	ldns_pkt_free(old);
	packet_cache_free(sc.answers);
	cache_free(sc.cache);
	return (n);
}

/* Shows: DNS64-76 DNS64-14 DNS64-94 */
START_TEST(kept_answers_are_what_would_be_composed)
{
	unsigned scenes, hits = 0;

	state = 88172645463325252;
	for (scenes = 0; hits < HITS_WANTED && scenes < SCENES_MAX; scenes++)
		hits += run_scene();
	ck_assert_uint_ge(hits, HITS_WANTED);
	policy_clear(&policy);
}
END_TEST

static Suite *
packet_cache_random_suite(void)
{
	Suite *s = suite_create("packet_cache_random");
	TCase *tc = tcase_create("packet_cache_random");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, kept_answers_are_what_would_be_composed);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(packet_cache_random_suite()));
}
