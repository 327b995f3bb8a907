/*
 * A hash table of the clients that have items, and for each number of items
 * (level) a list of the clients that have so many.
 */
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "fairness.h"

#define BUCKETS 1024

struct fairness_member {
	LIST_ENTRY(fairness_member) chain;
	TAILQ_ENTRY(fairness_member) peers; /* in the list of its level */
	struct fairness_client key;
	unsigned n;			   /* items, at least 1 */
	TAILQ_HEAD(, fairness_item) items; /* oldest first */
};

LIST_HEAD(chain, fairness_member);
TAILQ_HEAD(level, fairness_member);

struct fairness {
	struct siphash_key key;
	unsigned top; /* highest level that is not empty; 0: all are empty */
	struct chain bucket[BUCKETS];
	struct level level[FAIRNESS_LEVELS + 1];
};

struct fairness_client
fairness_client_of(const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *sin = (const void *)peer;
	const struct sockaddr_in6 *sin6 = (const void *)peer;
	struct fairness_client key = { { 0 } };

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

struct fairness *
fairness_new(const struct siphash_key *key)
{
	struct fairness *c;
	unsigned i;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->key = *key;
	for (i = 0; i <= FAIRNESS_LEVELS; i++)
		TAILQ_INIT(&c->level[i]);
	return (c);
}

void
fairness_free(struct fairness *c)
{
	free(c);
}

static unsigned
level_of(const struct fairness_member *m)
{
	return (m->n < FAIRNESS_LEVELS ? m->n : FAIRNESS_LEVELS);
}

/* Move a client to the level of n items. */
static void
set_count(struct fairness *c, struct fairness_member *m, unsigned n)
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
bucket_of(const struct fairness *c, const struct fairness_client *client)
{
	return (siphash24(&c->key, client, sizeof(*client)) % BUCKETS);
}

static struct fairness_member *
find(const struct fairness *c, const struct fairness_client *client)
{
	struct fairness_member *m;

	LIST_FOREACH(m, &c->bucket[bucket_of(c, client)], chain) {
		if (memcmp(&m->key, client, sizeof(*client)) == 0)
			return (m);
	}
	return (NULL);
}

int
fairness_join(struct fairness *c, struct fairness_item *item,
    const struct fairness_client *client)
{
	struct fairness_member *m = find(c, client);

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
fairness_leave(struct fairness *c, struct fairness_item *item)
{
	struct fairness_member *m = item->member;

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
fairness_count(const struct fairness *c, const struct fairness_client *client)
{
	const struct fairness_member *m = find(c, client);

	return (m != NULL ? m->n : 0);
}

unsigned
fairness_count_of(const struct fairness_item *item)
{
	return (item->member != NULL ? item->member->n : 0);
}

unsigned
fairness_most(const struct fairness *c)
{
	const struct fairness_member *m = TAILQ_FIRST(&c->level[c->top]);

	return (m != NULL ? m->n : 0);
}

struct fairness_item *
fairness_heaviest(const struct fairness *c)
{
	const struct fairness_member *m = TAILQ_FIRST(&c->level[c->top]);

	return (m != NULL ? TAILQ_FIRST(&m->items) : NULL);
}
