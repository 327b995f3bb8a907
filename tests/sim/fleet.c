#include <sys/socket.h>

#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

#define NUMBER_OCTET 5 /* of a prefix: which translator it is */

/* splitmix64 */
static uint32_t
next_random(void *arg)
{
	uint64_t *seed = arg, z;

	z = *seed += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return ((uint32_t)(z >> 32));
}

/* 2001:db8:N::/96, for all of IPv4. */
static void
add_prefix(struct dns64_policy *policy, size_t number)
{
	const struct prefix all = { .family = AF_INET };
	struct pref64 p = { .len = 96 };

	p.addr.s6_addr[0] = 0x20;
	p.addr.s6_addr[1] = 0x01;
	p.addr.s6_addr[2] = 0x0d;
	p.addr.s6_addr[3] = 0xb8;
	p.addr.s6_addr[NUMBER_OCTET] = (uint8_t)number;
	if (policy_add_rule(policy, &all, policy_add_prefix(policy, &p)) == -1)
		err(1, "rule");
}

void
fleet_resize(struct fleet *f, size_t n_translators)
{
	const enum policy_balance mode = f->policy.balance;
	size_t i;

	policy_clear_prefixes(&f->policy);
	for (i = 0; i < n_translators; i++)
		add_prefix(&f->policy, i);
	f->policy.balance = mode;
	balance_init(&f->balance, &f->policy);
	for (i = 0; i < n_translators; i++)
		f->balance.target[i] = &f->target[i];
}

struct fleet *
fleet_new(enum policy_balance mode, size_t n_clients, size_t n_translators)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (f == NULL || policy_init(&f->policy) == -1)
		err(1, "fleet");
	f->now = calloc(n_clients, 1);
	f->before = calloc(n_clients, 1);
	if (f->now == NULL || f->before == NULL)
		err(1, "clients");
	f->n_clients = n_clients;
	f->rng.next = next_random;
	f->rng.arg = &f->seed;
	f->policy.balance = mode;
	fleet_resize(f, n_translators);
	fleet_ask(f);
	return (f);
}

void
fleet_free(struct fleet *f)
{
	policy_clear(&f->policy);
	free(f->now);
	free(f->before);
	free(f);
}

/* One host of the i-th network. */
static struct sockaddr_storage
client_address(size_t i)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *sin6 = (void *)&ss;
	uint8_t *octets = sin6->sin6_addr.s6_addr;

	octets[0] = 0x2a;
	octets[4] = (uint8_t)(i >> 24);
	octets[5] = (uint8_t)(i >> 16);
	octets[6] = (uint8_t)(i >> 8);
	octets[7] = (uint8_t)i;
	octets[15] = (uint8_t)(i * 7 + 1);
	return (ss);
}

unsigned
fleet_ask_one(struct fleet *f, size_t client)
{
	const struct sockaddr_storage ss = client_address(client);
	const struct in_addr addr4 = { 0x08080808 };
	struct in6_addr out[POLICY_PREFIXES_MAX];
	struct balance_pick pick;

	balance_begin(&pick, &f->balance, &ss, &f->rng);
	if (balance_synthesise(&pick, &f->policy, addr4, out) != 1)
		errx(1, "no single address");
	return (out[0].s6_addr[NUMBER_OCTET]);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/* Fills in max and p99. */
static void
measure(const struct fleet *f, struct fleet_result *r)
{
	double share[POLICY_PREFIXES_MAX], weights = 0;
	size_t count[POLICY_PREFIXES_MAX] = { 0 }, i, n = 0;

	for (i = 0; i < f->n_clients; i++)
		count[f->now[i]]++;
	for (i = 0; i < f->policy.n_prefixes; i++) {
		if (f->target[i].state != BALANCE_UP)
			continue;
		share[n++] = (double)count[i] / f->policy.weight[i];
		weights += f->policy.weight[i];
	}
	qsort(share, n, sizeof(*share), compare);
	r->max = share[n - 1] * weights / (double)f->n_clients;
	r->p99 =
	    share[(n * 99 + 99) / 100 - 1] * weights / (double)f->n_clients;
}

struct fleet_result
fleet_ask(struct fleet *f)
{
	struct fleet_result r = { 0 };
	uint8_t *swap = f->before;
	size_t i, moved = 0, needless = 0;

	f->before = f->now;
	f->now = swap;
	/* Others have asked since. */
	f->balance.turn = rng_next(&f->rng);
	for (i = 0; i < f->n_clients; i++) {
		f->now[i] = (uint8_t)fleet_ask_one(f, i);
		if (f->now[i] == f->before[i])
			continue;
		moved++;
		needless +=
		    !f->involved[f->before[i]] && !f->involved[f->now[i]];
	}
	r.moved = (double)moved / (double)f->n_clients;
	r.needless = (double)needless / (double)f->n_clients;
	memset(f->involved, 0, sizeof(f->involved));
	measure(f, &r);
	return (r);
}
