/*
 * A hash table of the clients that have anything, and a list of clients for
 * each number of items. Owns the clients; refuses to know what they have.
 */
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "crowd.h"

#define BUCKETS 1024

struct crowd_member {
	LIST_ENTRY(crowd_member) chain;
	TAILQ_ENTRY(crowd_member) peers; /* of its level */
	struct crowd_key key;
	unsigned n;			/* of items, at least one */
	TAILQ_HEAD(, crowd_item) items; /* the oldest first */
};

LIST_HEAD(chain, crowd_member);
TAILQ_HEAD(level, crowd_member);

struct crowd {
	struct siphash_key key;
	unsigned top; /* the highest level that is not empty; 0: all are */
	struct chain bucket[BUCKETS];
	struct level level[CROWD_LEVELS + 1];
};

struct crowd_key
crowd_key_of(const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *sin = (const void *)peer;
	const struct sockaddr_in6 *sin6 = (const void *)peer;
	struct crowd_key key = { { 0 } };

	switch (peer->ss_family) {
	case AF_INET:
		key.data[0] = 4;
		memcpy(key.data + 1, &sin->sin_addr, sizeof(sin->sin_addr));
		break;
	case AF_INET6:
		key.data[0] = 6;
		memcpy(key.data + 1, &sin6->sin6_addr, 8);
		break;
	}
	return (key);
}

struct crowd *
crowd_new(const struct siphash_key *key)
{
	struct crowd *c;
	unsigned i;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->key = *key;
	for (i = 0; i <= CROWD_LEVELS; i++)
		TAILQ_INIT(&c->level[i]);
	return (c);
}

void
crowd_free(struct crowd *c)
{
	free(c);
}

static unsigned
level_of(const struct crowd_member *m)
{
	return (m->n < CROWD_LEVELS ? m->n : CROWD_LEVELS);
}

/* It has n items now. */
static void
set_count(struct crowd *c, struct crowd_member *m, unsigned n)
{
	if (m->n > 0)
		TAILQ_REMOVE(&c->level[level_of(m)], m, peers);
	m->n = n;
	if (n > 0)
		TAILQ_INSERT_TAIL(&c->level[level_of(m)], m, peers);
	if (level_of(m) > c->top)
		c->top = level_of(m);
	while (c->top > 0 && TAILQ_EMPTY(&c->level[c->top]))
		c->top--;
}

static size_t
bucket_of(const struct crowd *c, const struct crowd_key *client)
{
	return (siphash24(&c->key, client, sizeof(*client)) % BUCKETS);
}

static struct crowd_member *
find(const struct crowd *c, const struct crowd_key *client)
{
	struct crowd_member *m;

	LIST_FOREACH(m, &c->bucket[bucket_of(c, client)], chain) {
		if (memcmp(&m->key, client, sizeof(*client)) == 0)
			return (m);
	}
	return (NULL);
}

int
crowd_join(struct crowd *c, struct crowd_item *item,
    const struct crowd_key *client)
{
	struct crowd_member *m = find(c, client);

	item->member = NULL;
	if (m == NULL) {
		if ((m = calloc(1, sizeof(*m))) == NULL)
			return (-1);
		m->key = *client;
		TAILQ_INIT(&m->items);
		LIST_INSERT_HEAD(&c->bucket[bucket_of(c, client)], m, chain);
	}
	item->member = m;
	TAILQ_INSERT_TAIL(&m->items, item, next);
	set_count(c, m, m->n + 1);
	return (0);
}

void
crowd_leave(struct crowd *c, struct crowd_item *item)
{
	struct crowd_member *m = item->member;

	if (m == NULL)
		return;
	item->member = NULL;
	TAILQ_REMOVE(&m->items, item, next);
	set_count(c, m, m->n - 1);
	if (m->n > 0)
		return;
	LIST_REMOVE(m, chain);
	free(m);
}

unsigned
crowd_count(const struct crowd *c, const struct crowd_key *client)
{
	const struct crowd_member *m = find(c, client);

	return (m != NULL ? m->n : 0);
}

unsigned
crowd_count_of(const struct crowd_item *item)
{
	return (item->member != NULL ? item->member->n : 0);
}

unsigned
crowd_most(const struct crowd *c)
{
	const struct crowd_member *m = TAILQ_FIRST(&c->level[c->top]);

	return (m != NULL ? m->n : 0);
}

struct crowd_item *
crowd_heaviest(const struct crowd *c)
{
	const struct crowd_member *m = TAILQ_FIRST(&c->level[c->top]);

	return (m != NULL ? TAILQ_FIRST(&m->items) : NULL);
}
