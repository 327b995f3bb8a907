/*
 * Three arrays that only grow: the octets of the names, the distinct
 * addresses, and the pairs of both. The pairs of a name are a linked list in
 * the order of adding. Two hash tables find the first pair of a name, and an
 * address. References are indices, which take half the memory of pointers.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/siphash.h"

#include "hosts.h"
#include "dns64d/wire/msg_name.h"

#define NONE UINT32_MAX
#define SLOTS_MIN 64

struct pair {
	uint32_t name; /* offset into the names */
	uint32_t addr;
	uint32_t next; /* of the same name, or NONE */
};

struct known_addr {
	struct hosts_addr addr;
	uint32_t name; /* the first one, as in a pair */
};

/*
 * Open addressing with linear probing. The tags are some bits of the hashes:
 * a slot with another tag is skipped without reading what it refers to.
 */
struct index {
	uint32_t *slot; /* indices of pairs or of addresses */
	uint8_t *tag;	/* 0: the slot is free */
	size_t n_slots; /* a power of two; at most three in four are used */
	size_t n_used;
};

#define SLOT_BYTES (sizeof(uint32_t) + sizeof(uint8_t))

struct hosts {
	struct siphash_key key;
	size_t limit;
	uint8_t *names;
	size_t names_len, names_room;
	struct pair *pairs;
	size_t n_pairs, pairs_room;
	struct known_addr *addrs;
	size_t n_addrs, addrs_room;
	uint32_t last_addr; /* added last: often the next one as well */
	struct index by_name, by_addr;
};

struct hosts *
hosts_new(const struct siphash_key *key)
{
	struct hosts *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return (NULL);
	h->key = *key;
	h->limit = SIZE_MAX;
	return (h);
}

static void
index_clear(struct index *x)
{
	free(x->slot);
	free(x->tag);
}

void
hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	index_clear(&h->by_addr);
	index_clear(&h->by_name);
	free(h->addrs);
	free(h->pairs);
	free(h->names);
	free(h);
}

void
hosts_limit(struct hosts *h, size_t bytes)
{
	h->limit = bytes;
}

size_t
hosts_bytes(const struct hosts *h)
{
	return (h->names_len + h->n_pairs * sizeof(*h->pairs) +
	    h->n_addrs * sizeof(*h->addrs) +
	    (h->by_name.n_slots + h->by_addr.n_slots) * SLOT_BYTES);
}

int
hosts_parse_addr(const char *text, struct hosts_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &addr->addr4) == 1)
		addr->family = AF_INET;
	else if (inet_pton(AF_INET6, text, &addr->addr6) == 1)
		addr->family = AF_INET6;
	else
		return (-1);
	return (0);
}

static uint64_t
hash_name(const struct hosts *h, const uint8_t *name)
{
	uint8_t lower[MSG_NAME_MAX];
	size_t i, len = name_length(name);

	for (i = 0; i < len; i++)
		lower[i] = name_lower(name[i]);
	return (siphash24(&h->key, lower, len));
}

static uint64_t
hash_addr(const struct hosts *h, const struct hosts_addr *addr)
{
	return (siphash24(&h->key, &addr->addr6, sizeof(addr->addr6)));
}

static bool
equal_addr(const struct hosts_addr *a, const struct hosts_addr *b)
{
	return (a->family == b->family &&
	    memcmp(&a->addr6, &b->addr6, sizeof(a->addr6)) == 0);
}

static uint8_t
tag_of(uint64_t hash)
{
	return ((uint8_t)((hash >> 57) + 1));
}

/* The index of the first pair of a name, or NONE. */
static uint32_t
find_name(const struct hosts *h, const uint8_t *name, uint64_t hash)
{
	const struct index *x = &h->by_name;
	size_t i, mask = x->n_slots - 1;

	if (x->n_slots == 0)
		return (NONE);
	for (i = (size_t)hash & mask; x->tag[i] != 0; i = (i + 1) & mask) {
		if (x->tag[i] == tag_of(hash) &&
		    name_equal(h->names + h->pairs[x->slot[i]].name, name))
			return (x->slot[i]);
	}
	return (NONE);
}

/* The index of an address, or NONE. */
static uint32_t
find_addr(const struct hosts *h, const struct hosts_addr *addr, uint64_t hash)
{
	const struct index *x = &h->by_addr;
	size_t i, mask = x->n_slots - 1;

	if (x->n_slots == 0)
		return (NONE);
	for (i = (size_t)hash & mask; x->tag[i] != 0; i = (i + 1) & mask) {
		if (x->tag[i] == tag_of(hash) &&
		    equal_addr(&h->addrs[x->slot[i]].addr, addr))
			return (x->slot[i]);
	}
	return (NONE);
}

/* Add n, which the index does not have; a slot is free. */
static void
index_put(struct index *x, uint64_t hash, uint32_t n)
{
	size_t i, mask = x->n_slots - 1;

	for (i = (size_t)hash & mask; x->tag[i] != 0; i = (i + 1) & mask)
		;
	x->tag[i] = tag_of(hash);
	x->slot[i] = n;
	x->n_used++;
}

static bool
is_full(const struct index *x)
{
	return (4 * (x->n_used + 1) > 3 * x->n_slots);
}

static size_t
more_slots(const struct index *x)
{
	return (x->n_slots == 0 ? SLOTS_MIN : 2 * x->n_slots);
}

/* How many slots are needed for n of them to be used. */
static size_t
slots_for(size_t n)
{
	size_t slots = SLOTS_MIN;

	while (3 * slots < 4 * n)
		slots *= 2;
	return (slots);
}

/* Change the number of slots, and empty them. */
static int
index_renew(struct index *x, size_t n_slots)
{
	struct index new = { .n_slots = n_slots };

	new.slot = reallocarray(NULL, new.n_slots, sizeof(*new.slot));
	new.tag = calloc(new.n_slots, sizeof(*new.tag));
	if (new.slot == NULL || new.tag == NULL) {
		index_clear(&new);
		return (-1);
	}
	index_clear(x);
	*x = new;
	return (0);
}

/* The first pair of a name has a higher offset than all pairs before it. */
static int
renew_by_name(struct hosts *h, size_t n_slots)
{
	uint32_t i, next_name = 0;

	if (index_renew(&h->by_name, n_slots) == -1)
		return (-1);
	for (i = 0; i < h->n_pairs; i++) {
		if (h->pairs[i].name < next_name)
			continue;
		next_name = h->pairs[i].name + 1;
		index_put(&h->by_name,
		    hash_name(h, h->names + h->pairs[i].name), i);
	}
	return (0);
}

static int
grow_by_name(struct hosts *h)
{
	return (is_full(&h->by_name) ?
		renew_by_name(h, more_slots(&h->by_name)) :
		0);
}

void
hosts_expect(struct hosts *h, size_t names)
{
	size_t bytes = hosts_bytes(h), slots;

	if (names >= NONE - h->by_name.n_used)
		return;
	slots = slots_for(h->by_name.n_used + names);
	if (slots > h->by_name.n_slots && bytes <= h->limit &&
	    SLOT_BYTES * (slots - h->by_name.n_slots) <= h->limit - bytes)
		renew_by_name(h, slots);
}

static int
grow_by_addr(struct hosts *h)
{
	uint32_t i;

	if (!is_full(&h->by_addr))
		return (0);
	if (index_renew(&h->by_addr, more_slots(&h->by_addr)) == -1)
		return (-1);
	for (i = 0; i < h->n_addrs; i++)
		index_put(&h->by_addr, hash_addr(h, &h->addrs[i].addr), i);
	return (0);
}

/* Make room for a pair, its name (name_len 0: a known one) and address. */
static int
grow(struct hosts *h, size_t name_len, bool addr_is_new)
{
	uint8_t *names;
	struct pair *pairs;
	struct known_addr *addrs;

	names = array_reserve(h->names, &h->names_room,
	    h->names_len + name_len, sizeof(*names));
	if (names != NULL)
		h->names = names;
	pairs = array_reserve(h->pairs, &h->pairs_room, h->n_pairs + 1,
	    sizeof(*pairs));
	if (pairs != NULL)
		h->pairs = pairs;
	addrs = array_reserve(h->addrs, &h->addrs_room, h->n_addrs + 1,
	    sizeof(*addrs));
	if (addrs != NULL)
		h->addrs = addrs;
	if (names == NULL || pairs == NULL || addrs == NULL ||
	    (name_len > 0 && grow_by_name(h) == -1) ||
	    (addr_is_new && grow_by_addr(h) == -1)) {
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

/* What a pair would add to hosts_bytes(). */
static size_t
cost(const struct hosts *h, size_t name_len, bool addr_is_new)
{
	size_t bytes = name_len + sizeof(*h->pairs);

	if (addr_is_new)
		bytes += sizeof(*h->addrs);
	if (name_len > 0 && is_full(&h->by_name))
		bytes += SLOT_BYTES *
		    (more_slots(&h->by_name) - h->by_name.n_slots);
	if (addr_is_new && is_full(&h->by_addr))
		bytes += SLOT_BYTES *
		    (more_slots(&h->by_addr) - h->by_addr.n_slots);
	return (bytes);
}

/* Indices have 32 bits, and the highest is NONE. */
static bool
has_room(const struct hosts *h, size_t name_len, bool addr_is_new)
{
	size_t bytes = hosts_bytes(h);

	return (bytes <= h->limit &&
	    cost(h, name_len, addr_is_new) <= h->limit - bytes &&
	    h->names_len + name_len < NONE && h->n_pairs < NONE);
}

/*
 * Walk over the pairs of a name, which has at least one.
 * Returns 0 with the last one in *last, 1 when addr is among them, or -1
 * when they are too many.
 */
static int
walk(const struct hosts *h, uint32_t pair, uint32_t addr, uint32_t *last)
{
	unsigned n;

	for (n = 1;; n++, pair = h->pairs[pair].next) {
		if (h->pairs[pair].addr == addr)
			return (1);
		if (h->pairs[pair].next == NONE)
			break;
	}
	*last = pair;
	return (n >= HOSTS_ADDRS_MAX ? -1 : 0);
}

/* Returns its offset. The pair that is added next is the name's first. */
static uint32_t
put_name(struct hosts *h, const uint8_t *name, size_t len, uint64_t hash)
{
	uint32_t at = (uint32_t)h->names_len;

	memcpy(h->names + at, name, len);
	h->names_len += len;
	index_put(&h->by_name, hash, (uint32_t)h->n_pairs);
	return (at);
}

/* Returns its index. */
static uint32_t
put_addr(struct hosts *h, const struct hosts_addr *addr, uint32_t name)
{
	uint32_t n = (uint32_t)h->n_addrs;

	h->addrs[h->n_addrs++] = (struct known_addr){ *addr, name };
	index_put(&h->by_addr, hash_addr(h, addr), n);
	return (n);
}

/* The same, after a look at the address that was added last. */
static uint32_t
find_added(const struct hosts *h, const struct hosts_addr *addr)
{
	if (h->n_addrs > 0 && equal_addr(&h->addrs[h->last_addr].addr, addr))
		return (h->last_addr);
	return (find_addr(h, addr, hash_addr(h, addr)));
}

int
hosts_add(struct hosts *h, const uint8_t *name, const struct hosts_addr *addr)
{
	uint64_t name_hash = hash_name(h, name);
	uint32_t first = find_name(h, name, name_hash), last = NONE;
	uint32_t known = find_added(h, addr);
	size_t name_len = first == NONE ? name_length(name) : 0;
	struct pair p = { .next = NONE };

	if (first != NONE) {
		switch (walk(h, first, known, &last)) {
		case 1:
			return (0);
		case -1:
			errno = E2BIG;
			return (-1);
		}
	}
	if (!has_room(h, name_len, known == NONE)) {
		errno = ENOSPC;
		return (-1);
	}
	if (grow(h, name_len, known == NONE) == -1)
		return (-1);
	p.name = first == NONE ? put_name(h, name, name_len, name_hash) :
				 h->pairs[first].name;
	p.addr = known == NONE ? put_addr(h, addr, p.name) : known;
	h->last_addr = p.addr;
	if (last != NONE)
		h->pairs[last].next = (uint32_t)h->n_pairs;
	h->pairs[h->n_pairs++] = p;
	return (0);
}

/* When memory is short the larger array stays. */
static void
array_shrink(void **array, size_t *room, size_t n, size_t size)
{
	void *p;

	if (n == 0 || n == *room ||
	    (p = reallocarray(*array, n, size)) == NULL)
		return;
	*array = p;
	*room = n;
}

void
hosts_finish(struct hosts *h)
{
	void *names = h->names, *pairs = h->pairs, *addrs = h->addrs;

	array_shrink(&names, &h->names_room, h->names_len, sizeof(*h->names));
	array_shrink(&pairs, &h->pairs_room, h->n_pairs, sizeof(*h->pairs));
	array_shrink(&addrs, &h->addrs_room, h->n_addrs, sizeof(*h->addrs));
	h->names = names;
	h->pairs = pairs;
	h->addrs = addrs;
}

const struct hosts_addr *
hosts_next_addr(const struct hosts *h, const uint8_t *name, uint32_t *at)
{
	*at = *at == HOSTS_FIRST ? find_name(h, name, hash_name(h, name)) :
				   h->pairs[*at].next;
	return (*at == NONE ? NULL : &h->addrs[h->pairs[*at].addr].addr);
}

static bool
is_unspecified(const struct hosts_addr *addr)
{
	return (IN6_IS_ADDR_UNSPECIFIED(&addr->addr6));
}

const uint8_t *
hosts_name_of(const struct hosts *h, const struct hosts_addr *addr)
{
	uint32_t n = find_addr(h, addr, hash_addr(h, addr));

	return (n == NONE || is_unspecified(addr) ?
		NULL :
		h->names + h->addrs[n].name);
}
