/*
 * The table is that of lru.h, keyed by SipHash, so that nobody can choose
 * names that collide.
 *
 * Most of the time of a lookup is spent on cache misses of the CPU. Therefore
 * there are more buckets than entries, so that most chains have one entry, and
 * the buckets that are searched for one question are neighbours in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "cache_int.h"
#include "flush_list.h"
#include "dns64d/wire/wire.h"

/* Half of what an entry takes; affects the length of chains only. */
#define BYTES_PER_BUCKET 128
#define ENTRIES_LEAST 4 /* no entry takes more than 1/4 of all memory */
#define CACHE_FAILURE_ROW_SECS 10 /* see is_failure_forgotten */
#define FAILURE_SIZE (sizeof(struct cache_failure) + LRU_MALLOC_OVERHEAD)

#define TYPE_ANY_NAME 0 /* type in the key of NXDOMAIN */
#define TYPE_META 128	/* the first query or meta type (RFC 6895, 3.1) */
#define CLASS_NONE 254	/* followed by ANY, 255 */
#define FLAG_DO MSG_QR	/* in the flags of a key, which have no QR */
#define KEY_FIXED 7	/* type, class, flags, length of the subnet */
#define KEY_MAX (KEY_FIXED + MSG_SUBNET_MAX + MSG_NAME_MAX)

struct key {
	uint64_t hash;
	size_t len;
	uint8_t data[KEY_MAX];
};

struct cache {
	struct cache_rules rules;
	struct siphash_key key;
	struct lru lru;
	struct flush_list flushes;
	size_t to_sweep; /* buckets that flushes were not compared with yet */
};

void
cache_rules_init(struct cache_rules *rules)
{
	*rules = (struct cache_rules){
		.bytes = CACHE_BYTES,
		.ttl_max = CACHE_TTL_MAX,
		.ttl_negative = CACHE_TTL_NEGATIVE,
		.ttl_failure = CACHE_TTL_FAILURE,
		.ttl_failure_max = CACHE_TTL_FAILURE_TOP,
		.ttl_stale = CACHE_TTL_STALE,
		.serve_stale = true,
		.prefetch = true,
		.answers = true,
	};
}

static struct cache_entry *
entry_of(struct lru_link *link)
{
	return ((struct cache_entry *)link);
}

static size_t
entry_size(const struct lru_link *link)
{
	const struct cache_entry *e = (const struct cache_entry *)link;

	return (sizeof(*e) + e->key_len + e->wire_len + LRU_MALLOC_OVERHEAD +
	    (e->failure != NULL ? FAILURE_SIZE : 0));
}

static void
free_entry(struct lru_link *link)
{
	free(entry_of(link)->failure);
	free(link);
}

struct cache *
cache_new(const struct cache_rules *rules, const struct siphash_key *key)
{
	struct cache *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->rules = *rules;
	c->key = *key;
	if (lru_init(&c->lru, rules->bytes, BYTES_PER_BUCKET, entry_size,
		free_entry) == -1) {
		free(c);
		return (NULL);
	}
	return (c);
}

void
cache_close(struct cache *c)
{
	c->lru.closed = true;
}

bool
cache_free_some(struct cache *c, unsigned max)
{
	return (lru_free_some(&c->lru, max));
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	lru_clear(&c->lru);
	free(c);
}

/*
 * What is XORed into the hash of a name, so that its NXDOMAIN, A and AAAA are
 * in neighbouring buckets. 0 for other types: they are part of what is hashed,
 * so that a client cannot fill the buckets of a name with entries of all
 * types.
 */
static uint64_t
neighbour(uint16_t type)
{
	switch (type) {
	case TYPE_ANY_NAME:
		return (1);
	case MSG_T_A:
		return (2);
	case MSG_T_AAAA:
		return (3);
	default:
		return (0);
	}
}

static void
hash_key(const struct cache *c, struct key *k)
{
	uint64_t near = neighbour(get16(k->data));
	size_t skip = near != 0 ? sizeof(uint16_t) : 0;

	k->hash = siphash24(&c->key, k->data + skip, k->len - skip) ^ near;
}

/* Change the type in a key. */
static void
set_type(const struct cache *c, struct key *k, uint16_t type)
{
	uint64_t old = neighbour(get16(k->data)), near = neighbour(type);

	if (get16(k->data) == type)
		return;
	put16(k->data, type);
	if (old != 0 && near != 0)
		k->hash ^= old ^ near;
	else
		hash_key(c, k);
}

/*
 * type: that of the question, or TYPE_ANY_NAME. subnet: NULL for answers that
 * do not depend on it. below: octets at the start of the name to leave out.
 */
static void
make_key(const struct cache *c, struct key *k, const struct msg_question *q,
    uint16_t type, const struct msg_subnet *subnet, size_t below)
{
	uint16_t flags = q->flags & (uint16_t)~MSG_RD;
	size_t i, n = KEY_FIXED;

	put16(k->data, type);
	put16(k->data + 2, q->class);
	put16(k->data + 4, q->dnssec_ok ? flags | FLAG_DO : flags);
	k->data[6] = subnet != NULL ? subnet->len : 0;
	if (subnet != NULL) {
		memcpy(k->data + n, subnet->data, subnet->len);
		n += subnet->len;
	}
	for (i = below; i < q->name_len; i++)
		k->data[n++] = name_lower(q->name[i]);
	k->len = n;
	hash_key(c, k);
}

/*
 * Whether the next failure of the question counts as the first one again. If
 * it comes earlier, it lasts twice as long as this one. The time is the length
 * of the failure and CACHE_FAILURE_ROW_SECS, because the next failure is noted
 * only after a client has asked again and the upstreams have timed out.
 */
static bool
is_failure_forgotten(const struct cache_entry *e, struct monotime now)
{
	return (e->failure == NULL ||
	    monotime_reached(monotime_add_secs(e->failure->until,
				 e->failure->secs + CACHE_FAILURE_ROW_SECS),
		now));
}

/* Whether neither the reply nor the failure is of any further use. */
static bool
is_dead(const struct cache *c, const struct cache_entry *e,
    struct monotime now)
{
	uint32_t stale = c->rules.serve_stale ? c->rules.ttl_stale : 0;

	if (e->wire_len > 0 &&
	    !monotime_reached(monotime_add_secs(cache_expires_at(e), stale),
		now))
		return (false);
	return (is_failure_forgotten(e, now));
}

static bool
is_flushed(const struct cache *c, const struct cache_entry *e)
{
	struct flush_entry fe = { .stored_at = e->stored_at };

	if (c->flushes.n == 0)
		return (false);
	fe.name = e->data + KEY_FIXED + e->data[KEY_FIXED - 1];
	fe.cut = c->rules.nxdomain_cut && get16(e->data) == TYPE_ANY_NAME;
	if (e->wire_len > 0) {
		fe.wire = e->data + e->key_len;
		fe.len = e->wire_len;
	}
	return (flush_concerns(&c->flushes, &fe));
}

static struct cache_entry *
find_key(struct cache *c, const struct key *k, struct monotime now)
{
	struct cache_entry *e;
	struct lru_link *link;

	LIST_FOREACH(link, lru_bucket(&c->lru, k->hash), chain) {
		e = entry_of(link);
		if (e->hash != (uint32_t)k->hash || e->key_len != k->len ||
		    memcmp(e->data, k->data, k->len) != 0)
			continue;
		if (!is_dead(c, e, now) && !is_flushed(c, e))
			return (e);
		lru_remove(&c->lru, &e->link);
		return (NULL);
	}
	return (NULL);
}

/*
 * The entry for a question with a client subnet is that of the subnet, or one
 * whose scope is 0, which holds for all subnets (RFC 7871, 7.3.1).
 * k: the key of the question without a subnet; its type is set here.
 */
static struct cache_entry *
find_entry(struct cache *c, const struct msg_question *q, struct key *k,
    uint16_t type, size_t below, struct monotime now)
{
	struct cache_entry *e;
	struct key own;

	if (q->subnet.len > 0) {
		make_key(c, &own, q, type, &q->subnet, below);
		if ((e = find_key(c, &own, now)) != NULL)
			return (e);
	}
	set_type(c, k, type);
	e = find_key(c, k, now);
	return (e != NULL && (q->subnet.len == 0 || e->has_scope) ? e : NULL);
}

static struct cache_entry *
find_nxdomain(struct cache *c, const struct msg_question *q, struct key *k,
    bool own_type, size_t below, struct monotime now)
{
	struct cache_entry *e;

	e = find_entry(c, q, k, TYPE_ANY_NAME, below, now);
	return (e != NULL && (!own_type || e->type == q->type) ? e : NULL);
}

static bool
is_fresh(const struct cache_entry *e, struct monotime now)
{
	return (e != NULL && e->wire_len > 0 &&
	    !monotime_reached(cache_expires_at(e), now));
}

static bool
is_failing(const struct cache_entry *e, struct monotime now)
{
	return (e != NULL && e->failure != NULL &&
	    !monotime_reached(e->failure->until, now));
}

/*
 * NXDOMAIN of an ancestor (RFC 8020, 2). *below: octets of the labels below
 * the ancestor.
 */
static struct cache_entry *
find_cut(struct cache *c, const struct msg_question *q, bool own_type,
    struct monotime now, size_t *below)
{
	struct cache_entry *e;
	struct key k;
	size_t off;

	if (!c->rules.nxdomain_cut)
		return (NULL);
	for (off = 0; q->name[off] != 0;) {
		off += (size_t)q->name[off] + 1;
		make_key(c, &k, q, TYPE_ANY_NAME, NULL, off);
		e = find_nxdomain(c, q, &k, own_type, off, now);
		if (is_fresh(e, now)) {
			*below = off;
			return (e);
		}
	}
	return (NULL);
}

static void
use(struct cache *c, struct cache_entry *e, enum cache_verdict verdict,
    const struct msg_question *q, struct cache_hit *hit)
{
	hit->verdict = verdict;
	hit->entry = e;
	hit->replied = verdict != CACHE_FAILED || e->failure->replied;
	hit->len = cache_write_size(hit, q);
	lru_use(&c->lru, &e->link);
}

static struct monotime
prefetch_at(const struct cache_entry *e)
{
	return (monotime_add_ms(e->stored_at,
	    (int64_t)e->life_secs * e->prefetch_permille));
}

static void
use_fresh(struct cache *c, struct cache_entry *e, bool failing,
    const struct msg_question *q, struct monotime now, struct cache_hit *hit)
{
	use(c, e, CACHE_FRESH, q, hit);
	if (e->hits < CACHE_PREFETCH_HITS)
		e->hits++;
	hit->prefetch = c->rules.prefetch && !failing && hit->below == 0 &&
	    (q->flags & MSG_RD) != 0 && e->hits >= CACHE_PREFETCH_HITS &&
	    monotime_reached(prefetch_at(e), now);
	/*
	 * Names below one that does not exist (nxdomain-cut) are rarely asked
	 * for twice: no answers for them in the packet cache.
	 */
	if (failing || hit->below > 0)
		hit->steady_until = now;
	else
		hit->steady_until =
		    c->rules.prefetch ? prefetch_at(e) : cache_expires_at(e);
}

/* The reply that was stored last, of two that have expired. */
static struct cache_entry *
choose_stale(const struct cache *c, struct cache_entry *own,
    struct cache_entry *nxdomain)
{
	struct cache_entry *e = nxdomain;

	if (!c->rules.serve_stale)
		return (NULL);
	if (own != NULL && own->wire_len > 0 &&
	    (e == NULL || e->wire_len == 0 ||
		monotime_reached(e->stored_at, own->stored_at)))
		e = own;
	return (e != NULL && e->wire_len > 0 ? e : NULL);
}

void
cache_find(struct cache *c, const struct msg_question *q, bool own_type,
    struct monotime now, struct cache_hit *hit)
{
	struct cache_entry *own, *nxdomain, *e;
	struct key k;
	bool failing;

	memset(hit, 0, sizeof(*hit));
	if (lru_is_off(&c->lru))
		return;
	make_key(c, &k, q, q->type, NULL, 0);
	own = find_entry(c, q, &k, q->type, 0, now);
	nxdomain = find_nxdomain(c, q, &k, own_type, 0, now);
	failing = is_failing(own, now);
	if (is_fresh(own, now))
		use_fresh(c, own, failing, q, now, hit);
	else if (is_fresh(nxdomain, now))
		use_fresh(c, nxdomain, failing, q, now, hit);
	else if ((e = find_cut(c, q, own_type, now, &hit->below)) != NULL)
		use_fresh(c, e, failing, q, now, hit);
	else if (failing && own->failure->bogus)
		/* Data that now fail validation must not be used. */
		use(c, own, CACHE_FAILED, q, hit);
	else if ((e = choose_stale(c, own, nxdomain)) != NULL) {
		use(c, e, CACHE_STALE, q, hit);
		hit->recheck = failing;
	} else if (failing)
		use(c, own, CACHE_FAILED, q, hit);
	if (failing && own->failure->silence) {
		hit->silence = true;
		hit->asked_at = own->failure->asked_at;
	}
}

void
cache_reserve(struct cache *c, size_t bytes)
{
	c->lru.bytes_max = bytes < c->rules.bytes ? c->rules.bytes - bytes : 0;
	lru_make_room(&c->lru);
}

/* Allocate an entry. NULL when it is too large, or memory is short. */
static struct cache_entry *
new_entry(const struct cache *c, const struct key *k, size_t wire_len,
    struct monotime now)
{
	struct cache_entry *e;
	size_t size = sizeof(*e) + k->len + wire_len;

	if (size + LRU_MALLOC_OVERHEAD > c->rules.bytes / ENTRIES_LEAST ||
	    (e = malloc(size)) == NULL)
		return (NULL);
	memset(e, 0, sizeof(*e));
	e->hash = (uint32_t)k->hash;
	e->key_len = (uint16_t)k->len;
	e->wire_len = (uint16_t)wire_len;
	e->stored_at = now;
	memcpy(e->data, k->data, k->len);
	return (e);
}

/*
 * Not with RD=0, whose reply may lack what would be found with RD=1, and not
 * of meta types other than ANY and the classes NONE and ANY, which have no
 * data (RFC 6895, 3.1 and 3.2).
 */
static bool
may_be_kept(const struct cache *c, const struct msg_question *q)
{
	if (lru_is_off(&c->lru) || (q->flags & MSG_RD) == 0 ||
	    q->class >= CLASS_NONE)
		return (false);
	return (q->type != TYPE_ANY_NAME && q->type != MSG_T_OPT &&
	    (q->type < TYPE_META || q->type >= MSG_T_ANY));
}

static bool
has_answer(const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };

	while (msg_rr_next(m, MSG_ANSWER, &rr))
		if (rr.type == m->qtype || m->qtype == MSG_T_ANY)
			return (true);
	return (false);
}

static uint32_t
lower(uint32_t a, uint32_t b)
{
	return (a < b ? a : b);
}

/*
 * How many seconds a reply may be kept: the lowest TTL of its records and, for
 * a denial, at most the negative TTL of its SOA (RFC 2308, 5). 0: not at all.
 */
static uint32_t
lifetime(const struct cache *c, const struct msg_scan *m, bool *negative)
{
	uint32_t life = c->rules.ttl_max, soa;
	struct msg_rr rr;
	unsigned section;

	for (section = MSG_ANSWER; section < MSG_N_SECTIONS; section++) {
		rr.msg = NULL;
		while (msg_rr_next(m, section, &rr))
			if (rr.type != MSG_T_OPT && rr.type != MSG_T_TSIG)
				life = lower(life, rr.ttl);
	}
	*negative = m->rcode == MSG_NXDOMAIN || !has_answer(m);
	if (!*negative)
		return (life);
	if (!msg_negative_ttl(m, &soa, NULL))
		return (0);
	return (lower(lower(life, soa), c->rules.ttl_negative));
}

/*
 * Returns 0, or -1 when the subnet of the reply is not that of the question
 * (RFC 7871, 7.3).
 */
static int
read_scope(const struct msg_question *q, const struct msg_scan *reply,
    bool *has_scope, uint8_t *scope)
{
	struct msg_subnet subnet;

	*has_scope = q->subnet.len > 0;
	*scope = 0;
	if (!*has_scope)
		return (0);
	msg_subnet_read(reply, &subnet);
	if (subnet.len == 0)
		return (0);
	*scope = subnet.data[CACHE_SCOPE_OFFSET];
	subnet.data[CACHE_SCOPE_OFFSET] = q->subnet.data[CACHE_SCOPE_OFFSET];
	return (subnet.len == q->subnet.len &&
		    memcmp(subnet.data, q->subnet.data, subnet.len) == 0 ?
		0 :
		-1);
}

/* The name exists: remove an expired NXDOMAIN. */
static void
forget_stale_nxdomain(struct cache *c, const struct msg_question *q,
    struct key *k, struct monotime now)
{
	struct cache_entry *e;

	e = find_nxdomain(c, q, k, false, 0, now);
	if (e != NULL && !is_fresh(e, now))
		lru_remove(&c->lru, &e->link);
}

static void
replace(struct cache *c, const struct key *k, struct cache_entry *e,
    struct monotime now)
{
	struct cache_entry *old;

	if ((old = find_key(c, k, now)) != NULL)
		lru_remove(&c->lru, &old->link);
	lru_insert(&c->lru, e->hash, &e->link);
}

void
cache_store(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now, const struct rng *rng)
{
	struct cache_entry *e;
	struct key k;
	uint32_t life;
	uint16_t type = q->type;
	uint8_t scope;
	bool has_scope, negative;

	if (!may_be_kept(c, q) || (reply->flags & MSG_TC) != 0 ||
	    (reply->rcode != MSG_NOERROR && reply->rcode != MSG_NXDOMAIN) ||
	    (life = lifetime(c, reply, &negative)) == 0 ||
	    !msg_ttls_are_apart(reply) ||
	    read_scope(q, reply, &has_scope, &scope) == -1)
		return;
	make_key(c, &k, q, type, NULL, 0);
	if (reply->rcode == MSG_NXDOMAIN && reply->count[MSG_ANSWER] == 0)
		type = TYPE_ANY_NAME;
	else if (reply->rcode == MSG_NOERROR)
		forget_stale_nxdomain(c, q, &k, now);
	if (scope > 0)
		make_key(c, &k, q, type, &q->subnet, 0);
	else
		set_type(c, &k, type);
	if ((e = new_entry(c, &k, cache_copy_size(reply), now)) == NULL)
		return;
	if (cache_copy_reply(reply, e->data + k.len) == 0) {
		free(e);
		return;
	}
	e->type = q->type;
	e->ttl_cap = negative ? life : c->rules.ttl_max;
	e->has_scope = has_scope;
	e->scope = scope;
	e->life_secs = life;
	/* Random, so that replies stored together are not fetched together. */
	e->prefetch_permille = (uint16_t)(900 + rng_below(rng, 51));
	replace(c, &k, e, now);
}

static uint32_t
next_failure(const struct cache *c, const struct cache_entry *e,
    struct monotime now)
{
	if (is_failure_forgotten(e, now))
		return (c->rules.ttl_failure);
	return (lower(e->failure->secs * 2,
	    c->rules.ttl_failure_max > c->rules.ttl_failure ?
		c->rules.ttl_failure_max :
		c->rules.ttl_failure));
}

/* Find or create the entry of a failure. NULL when memory is short. */
static struct cache_entry *
get_failing(struct cache *c, const struct msg_question *q, struct monotime now)
{
	struct cache_failure *failure;
	struct cache_entry *e;
	struct key k;

	make_key(c, &k, q, q->type, NULL, 0);
	e = find_entry(c, q, &k, q->type, 0, now);
	if (e != NULL && e->failure != NULL)
		return (e);
	if ((failure = calloc(1, sizeof(*failure))) == NULL)
		return (NULL);
	if (e != NULL) {
		e->failure = failure;
		lru_grown(&c->lru, FAILURE_SIZE);
		return (e);
	}
	if (q->subnet.len > 0)
		make_key(c, &k, q, q->type, &q->subnet, 0);
	if ((e = new_entry(c, &k, 0, now)) == NULL) {
		free(failure);
		return (NULL);
	}
	e->failure = failure;
	lru_insert(&c->lru, e->hash, &e->link);
	return (e);
}

/*
 * Note a failure that begins now; the caller sets what this leaves at zero.
 * Returns NULL when it is not kept.
 */
static struct cache_failure *
begin_failure(struct cache *c, const struct msg_question *q, bool silence,
    struct monotime now)
{
	struct cache_failure *f;
	struct cache_entry *e;
	uint32_t hold;

	if (!may_be_kept(c, q) || (e = get_failing(c, q, now)) == NULL)
		return (NULL);
	f = e->failure;
	hold = f->secs =
	    silence ? c->rules.ttl_failure : next_failure(c, e, now);
	if (e->wire_len > 0 && hold < CACHE_RECHECK_SECS)
		hold = CACHE_RECHECK_SECS;
	f->until = monotime_add_secs(now, hold);
	f->silence = silence;
	f->replied = false;
	f->bogus = false;
	f->ede.n = 0;
	return (f);
}

void
cache_store_failure(struct cache *c, const struct msg_question *q,
    const struct msg_scan *reply, struct monotime now)
{
	struct cache_failure *f = begin_failure(c, q, false, now);

	if (f == NULL)
		return;
	if (reply != NULL) {
		f->replied = true;
		f->bogus = msg_has_dnssec_error(reply);
		f->rcode = (uint16_t)reply->rcode;
		cache_read_ede(reply, &f->ede);
	}
	lru_make_room(&c->lru);
}

void
cache_store_silence(struct cache *c, const struct msg_question *q,
    struct monotime asked_at, struct monotime now)
{
	struct cache_failure *f = begin_failure(c, q, true, now);

	if (f == NULL)
		return;
	f->asked_at = asked_at;
	lru_make_room(&c->lru);
}

void
cache_flush(struct cache *c, const uint8_t *name, bool below,
    struct monotime now)
{
	if (lru_is_off(&c->lru))
		return;
	flush_add(&c->flushes, name, below, now);
	c->to_sweep = c->lru.mask + 1;
}

static void
sweep(struct cache *c, struct lru_chain *chain)
{
	struct lru_link *link, *next;

	LIST_FOREACH_SAFE(link, chain, chain, next) {
		if (is_flushed(c, entry_of(link)))
			lru_remove(&c->lru, link);
	}
}

bool
cache_flush_some(struct cache *c, unsigned max)
{
	if (lru_is_off(&c->lru))
		c->to_sweep = 0;
	for (; max > 0 && c->to_sweep > 0; max--)
		sweep(c, &c->lru.buckets[--c->to_sweep]);
	if (c->to_sweep == 0)
		c->flushes.n = 0;
	return (c->to_sweep > 0);
}

void
cache_count(const struct cache *c, struct lru_counts *out)
{
	*out = c->lru.counts;
}
