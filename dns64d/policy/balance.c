#include <string.h>

#include "common/siphash.h"

#include "balance.h"
#include "load.h"

#define LOG_BITS 24 /* of the fraction of a logarithm */

static const struct siphash_key no_key = { { 0 } };

void
balance_init(struct balance *b, const struct dns64_policy *policy)
{
	uint8_t data[sizeof(struct in6_addr) + 1];
	const struct pref64 *p;
	size_t i;

	memset(b, 0, sizeof(*b));
	b->policy = policy;
	for (i = 0; i < policy->n_prefixes; i++) {
		p = &policy->prefixes[i];
		memcpy(data, &p->addr, sizeof(p->addr));
		data[sizeof(p->addr)] = p->len;
		b->hash[i] = siphash24(&no_key, data, sizeof(data));
	}
}

void
balance_begin(struct balance_pick *pick, struct balance *balance,
    const struct sockaddr_storage *client, const struct rng *rng)
{
	pick->balance = balance;
	pick->rng = rng;
	pick->client = *client;
	pick->drawn = false;
	pick->counted = false;
}

/* Copy the first len bits of an address; returns how many octets. */
static size_t
copy_bits(uint8_t *out, const void *addr, unsigned len)
{
	size_t n = (len + 7) / 8;

	memcpy(out, addr, n);
	if (len % 8 != 0)
		out[n - 1] &= (uint8_t)(0xff00 >> len % 8);
	return (n);
}

static uint64_t
client_key(const struct dns64_policy *policy,
    const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *sin = (const void *)ss;
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	uint8_t data[sizeof(struct in6_addr)];
	size_t n = 0;

	if (ss->ss_family == AF_INET)
		n = copy_bits(data, &sin->sin_addr, policy->balance_len4);
	else if (ss->ss_family == AF_INET6)
		n = copy_bits(data, &sin6->sin6_addr, policy->balance_len6);
	return (siphash24(&no_key, data, n));
}

static uint64_t
random_key(const struct rng *rng)
{
	uint64_t high = rng_next(rng);

	return (high << 32 | rng_next(rng));
}

static void
draw(struct balance_pick *pick)
{
	struct balance *b = pick->balance;

	pick->drawn = true;
	pick->turn = b->turn++;
	switch (b->policy->balance) {
	case POLICY_BALANCE_ALL:
	case POLICY_BALANCE_ROUND_ROBIN:
		break;
	case POLICY_BALANCE_RANDOM:
		pick->key = random_key(pick->rng);
		break;
	case POLICY_BALANCE_CLIENT_HASH:
	case POLICY_BALANCE_LEAST_LOADED:
		pick->key = client_key(b->policy, &pick->client);
		break;
	}
}

/* --- states --- */

static enum balance_state
state_of(const struct balance *b, int i)
{
	return (b->target[i] != NULL ? b->target[i]->state : BALANCE_UP);
}

/* Of those that are down, leave out what was down long before the last one. */
static size_t
keep_latest(const struct balance *b, int *index, size_t n)
{
	int64_t last = INT64_MIN;
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (b->target[index[i]]->down_ms > last)
			last = b->target[index[i]]->down_ms;
	}
	for (i = 0; i < n; i++) {
		if (last - b->target[index[i]]->down_ms <= BALANCE_TOGETHER_MS)
			index[kept++] = index[i];
	}
	return (kept);
}

/* Keep the prefixes whose translators have the best state among these. */
static size_t
keep_best(const struct balance *b, int *index, size_t n)
{
	enum balance_state best = BALANCE_DOWN;
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (state_of(b, index[i]) < best)
			best = state_of(b, index[i]);
	}
	for (i = 0; i < n; i++) {
		if (state_of(b, index[i]) == best)
			index[kept++] = index[i];
	}
	return (best == BALANCE_DOWN ? keep_latest(b, index, kept) : kept);
}

/* --- weights --- */

static unsigned
load_of(const struct balance *b, int i)
{
	return (b->target[i] != NULL ? b->target[i]->load : 0);
}

/* Of those with these indices, by weight. */
static unsigned
mean_load(const struct balance *b, const int *index, size_t n)
{
	uint64_t sum = 0, weights = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += (uint64_t)b->policy->weight[index[i]] *
		    load_of(b, index[i]);
		weights += b->policy->weight[index[i]];
	}
	return (weights > 0 ? (unsigned)(sum / weights) : 0);
}

/* The weight of a prefix beside others with this mean load; below 2^20. */
static uint64_t
weight_of(const struct balance *b, int i, unsigned mean)
{
	const uint64_t weight = b->policy->weight[i];
	unsigned load = load_of(b, i);

	if (b->policy->balance != POLICY_BALANCE_LEAST_LOADED)
		return (weight);
	/* If all are failing, they are alike. */
	if (load >= LOAD_FAILING && mean < LOAD_FAILING)
		return (0);
	if (load <= mean)
		return (weight * BALANCE_BAND);
	if (load - mean >= BALANCE_BAND)
		return (0);
	return (weight * (BALANCE_BAND - (load - mean)));
}

/* --- the choice --- */

/* Two hashes make a third (the finalizer of splitmix64). */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t z = a ^ b;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31);
}

/*
 * -log2((h + 1) / 2^64), at most 64, with LOG_BITS bits behind the point. In
 * integers, so that machines agree on who is the best.
 */
static uint64_t
minus_log2(uint64_t h)
{
	uint64_t x, log = 0;
	unsigned zeros = 0, i;

	if (h < UINT64_MAX)
		h++;
	for (; h >> 63 == 0; h <<= 1)
		zeros++;
	/* log2 of x, 1 <= x < 2, with 31 bits behind the point. */
	x = h >> 32;
	for (i = 0; i < LOG_BITS; i++) {
		x = x * x >> 31;
		log <<= 1;
		if (x >> 32 != 0) {
			log |= 1;
			x >>= 1;
		}
	}
	return (((uint64_t)(zeros + 1) << LOG_BITS) - log);
}

/* What a prefix draws for a client. */
struct draw {
	uint64_t hash;
	uint64_t weight;
	uint64_t log; /* of hash; 0: not computed yet */
};

static uint64_t
log_of(struct draw *d)
{
	if (d->log == 0)
		d->log = minus_log2(d->hash);
	return (d->log);
}

/*
 * Whether a is better than b: of numbers with the distribution of -log2(hash)
 * divided by weight, each is the least with the probability of its weight. If
 * the weights are equal, the logarithms need not be known.
 */
static bool
is_better(struct draw *a, struct draw *b)
{
	if (a->weight == b->weight)
		return (a->hash > b->hash);
	return (log_of(a) * b->weight < log_of(b) * a->weight);
}

static int
best_of(const struct balance_pick *pick, const int *index, size_t n)
{
	const struct balance *b = pick->balance;
	const unsigned mean = mean_load(b, index, n);
	struct draw best = { 0, 0, 0 }, now;
	int chosen = index[0];
	size_t i;

	for (i = 0; i < n; i++) {
		now.weight = weight_of(b, index[i], mean);
		if (now.weight == 0)
			continue;
		now.hash = mix(pick->key, b->hash[index[i]]);
		now.log = 0;
		if (best.weight == 0 || is_better(&now, &best)) {
			best = now;
			chosen = index[i];
		}
	}
	return (chosen);
}

/* Each has as many turns in a row as its weight. */
static int
next_of(const struct balance_pick *pick, const int *index, size_t n)
{
	const unsigned *weight = pick->balance->policy->weight;
	uint32_t total = weight[index[0]], turn;
	size_t i;

	for (i = 1; i < n; i++)
		total += weight[index[i]];
	turn = pick->turn % total;
	for (i = 0; turn >= weight[index[i]]; i++)
		turn -= weight[index[i]];
	return (index[i]);
}

/*
 * Of the n prefixes with these indices, n > 0, keep those to be used, in their
 * order. Returns how many were kept.
 */
static size_t
choose(struct balance_pick *pick, int *index, size_t n)
{
	const struct balance *b = pick->balance;

	if (n < 2)
		return (n);
	if (!pick->drawn)
		draw(pick);
	n = keep_best(b, index, n);
	if (n < 2)
		return (n);
	switch (b->policy->balance) {
	case POLICY_BALANCE_ALL:
		return (n);
	case POLICY_BALANCE_ROUND_ROBIN:
		index[0] = next_of(pick, index, n);
		break;
	case POLICY_BALANCE_RANDOM:
	case POLICY_BALANCE_CLIENT_HASH:
	case POLICY_BALANCE_LEAST_LOADED:
		index[0] = best_of(pick, index, n);
		break;
	}
	return (1);
}

/* Once for an answer, however many addresses it has. */
static void
count(struct balance_pick *pick, const int *index, size_t n)
{
	struct balance_target *target;
	size_t i;

	if (pick->counted)
		return;
	pick->counted = true;
	for (i = 0; i < n; i++) {
		target = pick->balance->target[index[i]];
		if (target != NULL)
			target->answers++;
	}
}

bool
balance_is_fixed(const struct balance_pick *pick)
{
	const struct balance *b = pick->balance;
	size_t i;

	if (!pick->drawn)
		return (true);
	for (i = 0; i < b->policy->n_prefixes; i++)
		if (b->target[i] != NULL)
			return (false);
	return (b->policy->balance == POLICY_BALANCE_ALL);
}

size_t
balance_synthesise(struct balance_pick *pick,
    const struct dns64_policy *policy, struct in_addr addr4,
    struct in6_addr *out)
{
	int index[POLICY_PREFIXES_MAX];
	size_t i, n;

	n = policy_targets(policy, addr4, index, POLICY_PREFIXES_MAX);
	if (pick != NULL && n > 0) {
		n = choose(pick, index, n);
		count(pick, index, n);
	}
	for (i = 0; i < n; i++)
		policy_embed(policy, index[i], addr4, &out[i]);
	return (n);
}

unsigned
balance_share(const struct balance *b, size_t index)
{
	uint64_t total = 0, own = 0, weight;
	int kept[POLICY_PREFIXES_MAX];
	unsigned mean;
	size_t i, n = 0;

	for (i = 0; i < b->policy->n_prefixes; i++)
		if (policy_prefix_in_use(b->policy, (int)i))
			kept[n++] = (int)i;
	n = n > 0 ? keep_best(b, kept, n) : 0;
	mean = mean_load(b, kept, n);
	for (i = 0; i < n; i++) {
		weight = weight_of(b, kept[i], mean);
		total += weight;
		if (kept[i] == (int)index)
			own = weight;
	}
	if (b->policy->balance == POLICY_BALANCE_ALL)
		return (own > 0 ? 1000 : 0);
	return (total > 0 ? (unsigned)(own * 1000 / total) : 0);
}
