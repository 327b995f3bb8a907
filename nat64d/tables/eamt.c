#include <arpa/inet.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/octets.h"

#include "eamt.h"

/* An IPv6 address as a number, or the suffix of one. */
struct u128 {
	uint64_t high, low;
};

/* One order of the mappings: by prefix, and a shorter one first. */
struct order {
	const struct eam **maps;
	size_t *around; /* index of the smallest prefix around each; NONE */
};

#define NONE SIZE_MAX

struct eamt {
	size_t n;
	struct eam *maps;
	struct order by4, by6;
};

#define SERVICE4 0xc0000000 /* 192.0.0.0/29 */

bool
eam_is_of_host(const struct eam *m)
{
	return (m->len4 == 32 && ntohl(m->addr4.s_addr) >> 3 == SERVICE4 >> 3);
}

static bool
holds4(const struct eam *m, struct in_addr addr)
{
	return (((addr.s_addr ^ m->addr4.s_addr) &
		    htonl(PREFIX4_MASK(m->len4))) == 0);
}

static bool
holds6(const struct eam *m, const struct in6_addr *addr)
{
	const struct prefix p = { .family = AF_INET6,
		.len = m->len6,
		.v6 = m->addr6 };

	return (prefix_match6(&p, addr));
}

static int
cmp4(const void *pa, const void *pb)
{
	const struct eam *a = *(const struct eam *const *)pa;
	const struct eam *b = *(const struct eam *const *)pb;
	int d = memcmp(&a->addr4, &b->addr4, sizeof(a->addr4));

	return (d != 0 ? d : a->len4 - b->len4);
}

static int
cmp6(const void *pa, const void *pb)
{
	const struct eam *a = *(const struct eam *const *)pa;
	const struct eam *b = *(const struct eam *const *)pb;
	int d = memcmp(&a->addr6, &b->addr6, sizeof(a->addr6));

	return (d != 0 ? d : a->len6 - b->len6);
}

static bool
is_valid(const struct eam *m)
{
	const struct in6_addr first = addr6_prefix(&m->addr6, m->len6);

	return (m->len4 <= 32 && m->len6 <= 128 &&
	    32 - m->len4 <= 128 - m->len6 &&
	    (m->addr4.s_addr & ~htonl(PREFIX4_MASK(m->len4))) == 0 &&
	    IN6_ARE_ADDR_EQUAL(&first, &m->addr6));
}

/* Sort; then find what is around each entry, which comes before it. */
static int
init_order(struct order *o, const struct eamt *t, bool side6)
{
	size_t i, at;

	o->maps = calloc(t->n + 1, sizeof(*o->maps));
	o->around = calloc(t->n + 1, sizeof(*o->around));
	if (o->maps == NULL || o->around == NULL)
		return (-1);
	for (i = 0; i < t->n; i++)
		o->maps[i] = &t->maps[i];
	qsort(o->maps, t->n, sizeof(*o->maps), side6 ? cmp6 : cmp4);
	for (i = 0; i < t->n; i++) {
		at = i == 0 ? NONE : i - 1;
		while (at != NONE &&
		    !(side6 ? holds6(o->maps[at], &o->maps[i]->addr6) :
			      holds4(o->maps[at], o->maps[i]->addr4)))
			at = o->around[at];
		o->around[i] = at;
	}
	return (0);
}

struct eamt *
eamt_new(const struct eam *maps, size_t n)
{
	struct eamt *t;
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_valid(&maps[i])) {
			errno = EINVAL;
			return (NULL);
		}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return (NULL);
	t->n = n;
	t->maps = calloc(n + 1, sizeof(*t->maps));
	if (t->maps == NULL)
		goto fail;
	if (n > 0)
		memcpy(t->maps, maps, n * sizeof(*maps));
	if (init_order(&t->by4, t, false) == -1 ||
	    init_order(&t->by6, t, true) == -1)
		goto fail;
	return (t);

fail:
	eamt_free(t);
	errno = ENOMEM;
	return (NULL);
}

static void
clear_order(struct order *o)
{
	free(o->maps);
	free(o->around);
}

void
eamt_free(struct eamt *t)
{
	if (t == NULL)
		return;
	clear_order(&t->by4);
	clear_order(&t->by6);
	free(t->maps);
	free(t);
}

const struct eam *
eamt_find4(const struct eamt *t, struct in_addr addr)
{
	const struct order *o = &t->by4;
	size_t low = 0, high = t->n, mid, at;

	/* The first entry behind the address. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(&o->maps[mid]->addr4, &addr, sizeof(addr)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	at = low == 0 ? NONE : low - 1;
	while (at != NONE && !holds4(o->maps[at], addr))
		at = o->around[at];
	return (at == NONE ? NULL : o->maps[at]);
}

const struct eam *
eamt_find6(const struct eamt *t, const struct in6_addr *addr)
{
	const struct order *o = &t->by6;
	size_t low = 0, high = t->n, mid, at;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(&o->maps[mid]->addr6, addr, sizeof(*addr)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	at = low == 0 ? NONE : low - 1;
	while (at != NONE && !holds6(o->maps[at], addr))
		at = o->around[at];
	return (at == NONE ? NULL : o->maps[at]);
}

static struct u128
number_of(const struct in6_addr *addr)
{
	const uint8_t *a = addr->s6_addr;

	return ((struct u128){ (uint64_t)get32(a) << 32 | get32(a + 4),
	    (uint64_t)get32(a + 8) << 32 | get32(a + 12) });
}

static uint32_t
suffix_mask(const struct eam *m)
{
	return (~PREFIX4_MASK(m->len4));
}

/* How many bits are behind the IPv4 suffix in an IPv6 address of m. */
static unsigned
bits_behind(const struct eam *m)
{
	return (128U - m->len6 - (32U - m->len4));
}

bool
eamt_4to6(const struct eamt *t, struct in_addr addr, struct in6_addr *out)
{
	const struct eam *m = eamt_find4(t, addr);
	struct u128 a;
	uint64_t suffix;
	unsigned shift;

	if (m == NULL)
		return (false);
	a = number_of(&m->addr6);
	suffix = ntohl(addr.s_addr) & suffix_mask(m);
	shift = bits_behind(m);
	if (shift >= 128)
		suffix = 0; /* it has no bits */
	if (shift >= 64)
		a.high |= suffix << shift % 64;
	else {
		a.low |= suffix << shift;
		if (shift > 0)
			a.high |= suffix >> (64 - shift);
	}
	put32(out->s6_addr, (uint32_t)(a.high >> 32));
	put32(out->s6_addr + 4, (uint32_t)a.high);
	put32(out->s6_addr + 8, (uint32_t)(a.low >> 32));
	put32(out->s6_addr + 12, (uint32_t)a.low);
	return (true);
}

bool
eamt_6to4(const struct eamt *t, const struct in6_addr *addr,
    struct in_addr *out)
{
	const struct eam *m = eamt_find6(t, addr);
	struct u128 a;
	uint64_t suffix;
	unsigned shift;

	if (m == NULL)
		return (false);
	a = number_of(addr);
	shift = bits_behind(m);
	if (shift >= 64)
		suffix = a.high >> shift % 64;
	else {
		suffix = a.low >> shift;
		if (shift > 0)
			suffix |= a.high << (64 - shift);
	}
	out->s_addr =
	    m->addr4.s_addr | htonl((uint32_t)suffix & suffix_mask(m));
	return (true);
}
