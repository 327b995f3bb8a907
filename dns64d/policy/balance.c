#include <string.h>

#include "common/siphash.h"

#include "balance.h"

void
balance_init(struct balance *b, const struct dns64_policy *policy)
{
	memset(b, 0, sizeof(*b));
	b->policy = policy;
}

void
balance_begin(struct balance_pick *pick, struct balance *balance,
    const struct sockaddr_storage *client, const struct rng *rng)
{
	pick->balance = balance;
	pick->rng = rng;
	pick->client = *client;
	pick->drawn = false;
}

/* Write the octets of the client's address; returns how many. */
static size_t
client_octets(const struct sockaddr_storage *ss, uint8_t *out)
{
	const struct sockaddr_in *sin = (const void *)ss;
	const struct sockaddr_in6 *sin6 = (const void *)ss;

	switch (ss->ss_family) {
	case AF_INET:
		memcpy(out, &sin->sin_addr, sizeof(sin->sin_addr));
		return (sizeof(sin->sin_addr));
	case AF_INET6:
		memcpy(out, &sin6->sin6_addr, sizeof(sin6->sin6_addr));
		return (sizeof(sin6->sin6_addr));
	default:
		return (0);
	}
}

static uint64_t
hash_weight(const struct sockaddr_storage *client, const struct pref64 *p)
{
	static const struct siphash_key key = { { 0 } };
	uint8_t data[2 * sizeof(struct in6_addr) + 1];
	size_t n = sizeof(p->addr);

	memcpy(data, &p->addr, n);
	data[n++] = p->len;
	n += client_octets(client, data + n);
	return (siphash24(&key, data, n));
}

static unsigned
load_of(const struct balance *b, size_t i)
{
	return (b->target[i] != NULL ? b->target[i]->load : 0);
}

/* The lower the load, the greater; random among equal loads. */
static uint64_t
load_weight(const struct balance *b, size_t i, const struct rng *rng)
{
	uint32_t spare = UINT32_MAX - load_of(b, i);

	return ((uint64_t)spare << 32 | rng_next(rng));
}

static void
draw(struct balance_pick *pick)
{
	struct balance *b = pick->balance;
	const struct dns64_policy *policy = b->policy;
	size_t i;

	pick->drawn = true;
	pick->turn = b->turn++;
	for (i = 0; i < policy->n_prefixes; i++) {
		switch (policy->balance) {
		case POLICY_BALANCE_ALL:
		case POLICY_BALANCE_ROUND_ROBIN:
			return;
		case POLICY_BALANCE_RANDOM:
			pick->weight[i] = rng_next(pick->rng);
			break;
		case POLICY_BALANCE_CLIENT_HASH:
			pick->weight[i] =
			    hash_weight(&pick->client, &policy->prefixes[i]);
			break;
		case POLICY_BALANCE_LEAST_LOADED:
			pick->weight[i] = load_weight(b, i, pick->rng);
			break;
		}
	}
}

static enum balance_state
state_of(const struct balance *b, int i)
{
	return (b->target[i] != NULL ? b->target[i]->state : BALANCE_UP);
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
	return (kept);
}

static int
heaviest(const struct balance_pick *pick, const int *index, size_t n)
{
	int best = index[0];
	size_t i;

	for (i = 1; i < n; i++) {
		if (pick->weight[index[i]] > pick->weight[best])
			best = index[i];
	}
	return (best);
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
		index[0] = index[pick->turn % n];
		break;
	case POLICY_BALANCE_RANDOM:
	case POLICY_BALANCE_CLIENT_HASH:
	case POLICY_BALANCE_LEAST_LOADED:
		index[0] = heaviest(pick, index, n);
		break;
	}
	return (1);
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
	if (pick != NULL && n > 0)
		n = choose(pick, index, n);
	for (i = 0; i < n; i++)
		policy_embed(policy, index[i], addr4, &out[i]);
	return (n);
}
