/*
 * What a server of the Redis protocol has: see redis_db.h.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"
#include "tests/unit/redis_db.h"

#define PAGE 20 /* fields in an answer to HSCAN */

struct entry {
	uint64_t id;
	unsigned n;
	struct redis_pair *pairs;
};

struct redis_key {
	struct redis_key *next;
	char name[96];
	char type; /* String, Hash, sTream */
	int64_t expires_ms;
	size_t n, max;		  /* places */
	size_t n_on;		  /* fields of a hash */
	struct redis_pair *pairs; /* of a hash; one of a string */
	struct entry *entries;	  /* of a stream */
};

static void *
grow(void *array, size_t n, size_t size)
{
	array = realloc(array, n * size);
	REQUIRE(array != NULL);
	return (array);
}

/* --- keys --- */

struct redis_text
redis_text_of(const void *bytes, size_t len)
{
	struct redis_text t = { malloc(len + 1), len };

	REQUIRE(t.bytes != NULL);
	memcpy(t.bytes, bytes, len);
	t.bytes[len] = '\0';
	return (t);
}

static bool
text_equal(const struct redis_text *a, const void *bytes, size_t len)
{
	return (a->len == len && memcmp(a->bytes, bytes, len) == 0);
}

static void
free_pair(struct redis_pair *p)
{
	free(p->name.bytes);
	free(p->value.bytes);
}

static void
free_key(struct redis_key *k)
{
	size_t i, j;

	for (i = 0; k->pairs != NULL && i < k->n; i++)
		if (k->pairs[i].on)
			free_pair(&k->pairs[i]);
	for (i = 0; k->entries != NULL && i < k->n; i++) {
		for (j = 0; j < k->entries[i].n; j++)
			free_pair(&k->entries[i].pairs[j]);
		free(k->entries[i].pairs);
	}
	free(k->pairs);
	free(k->entries);
	free(k);
}

static void
free_keys(struct redis_key **keys)
{
	struct redis_key *k;

	while ((k = *keys) != NULL) {
		*keys = k->next;
		free_key(k);
	}
}

static struct redis_key *
find(struct redis_db *db, const char *name)
{
	struct redis_key **at = &db->keys, *k;

	while ((k = *at) != NULL)
		if (k->expires_ms != 0 && k->expires_ms <= db->now_ms) {
			*at = k->next;
			free_key(k);
		} else if (strcmp(k->name, name) == 0)
			return (k);
		else
			at = &k->next;
	return (NULL);
}

static struct redis_key *
get(struct redis_db *db, const char *name, char type)
{
	struct redis_key *k = find(db, name);

	if (k == NULL) {
		k = calloc(1, sizeof(*k));
		REQUIRE(k != NULL);
		snprintf(k->name, sizeof(k->name), "%s", name);
		k->type = type;
		k->next = db->keys;
		db->keys = k;
	}
	REQUIRE(k->type == type);
	return (k);
}

static void
remove_key(struct redis_db *db, struct redis_key *k)
{
	struct redis_key **at = &db->keys;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	free_key(k);
}

/* The field, or a free place, or a new one. */
static struct redis_pair *
find_field(struct redis_key *k, const void *name, size_t len)
{
	struct redis_pair *p, *vacant = NULL;
	size_t i;

	for (i = 0; i < k->n; i++) {
		p = &k->pairs[i];
		if (!p->on)
			vacant = p;
		else if (text_equal(&p->name, name, len))
			return (p);
	}
	if (vacant != NULL)
		return (vacant);
	if (k->n == k->max) {
		k->max = k->max * 2 + 16;
		k->pairs = grow(k->pairs, k->max, sizeof(k->pairs[0]));
	}
	p = &k->pairs[k->n++];
	memset(p, 0, sizeof(*p));
	return (p);
}

static struct redis_pair
pair_of(const struct redis_text *name, const struct redis_text *value)
{
	return (
	    (struct redis_pair){ true, redis_text_of(name->bytes, name->len),
		redis_text_of(value->bytes, value->len) });
}

/* --- commands --- */

static redisReply *
reply(int type, const char *bytes, size_t len, size_t elements)
{
	redisReply *r = calloc(1, sizeof(*r));

	REQUIRE(r != NULL);
	r->type = type;
	r->elements = elements;
	if (bytes != NULL) {
		r->str = redis_text_of(bytes, len).bytes;
		r->len = len;
	}
	if (elements > 0)
		r->element = grow(NULL, elements, sizeof(r->element[0]));
	return (r);
}

void
redis_db_free_reply(redisReply *r)
{
	size_t i;

	for (i = 0; i < r->elements; i++)
		redis_db_free_reply(r->element[i]);
	free(r->element);
	free(r->str);
	free(r);
}

redisReply *
redis_db_reply(int type)
{
	return (reply(type, NULL, 0, 0));
}

static redisReply *
integer(long long value)
{
	redisReply *r = redis_db_reply(REDIS_REPLY_INTEGER);

	r->integer = value;
	return (r);
}

static redisReply *
string(const char *bytes, size_t len)
{
	return (reply(REDIS_REPLY_STRING, bytes, len, 0));
}

static redisReply *
do_get(struct redis_db *db, const struct redis_text *argv)
{
	const struct redis_key *k = find(db, argv[1].bytes);

	if (k == NULL)
		return (reply(REDIS_REPLY_NIL, NULL, 0, 0));
	return (string(k->pairs[0].value.bytes, k->pairs[0].value.len));
}

/* HGET key field */
static redisReply *
do_hget(struct redis_db *db, const struct redis_text *argv)
{
	const struct redis_pair *p =
	    redis_db_hget(db, argv[1].bytes, argv[2].bytes, argv[2].len);

	if (p == NULL)
		return (reply(REDIS_REPLY_NIL, NULL, 0, 0));
	return (string(p->value.bytes, p->value.len));
}

/* Returns true when the field is a new one. */
static bool
put_field(struct redis_key *k, const struct redis_text *name,
    const struct redis_text *value)
{
	struct redis_pair *p = find_field(k, name->bytes, name->len);
	const bool is_new = !p->on;

	if (p->on)
		free_pair(p);
	*p = pair_of(name, value);
	return (is_new);
}

static redisReply *
do_hset(struct redis_db *db, const struct redis_text *argv, int argc)
{
	struct redis_key *k = get(db, argv[1].bytes, 'H');
	int i, n = 0;

	for (i = 2; i < argc; i += 2)
		n += put_field(k, &argv[i], &argv[i + 1]);
	k->n_on += (size_t)n;
	return (integer(n));
}

/* A hash without fields is no key. */
static redisReply *
do_hdel(struct redis_db *db, const struct redis_text *argv, int argc)
{
	struct redis_key *k = find(db, argv[1].bytes);
	struct redis_pair *p;
	int i, n = 0;

	for (i = 2; k != NULL && i < argc; i++) {
		p = find_field(k, argv[i].bytes, argv[i].len);
		if (!p->on)
			continue;
		free_pair(p);
		p->on = false;
		k->n_on--;
		n++;
	}
	if (k != NULL && k->n_on == 0)
		remove_key(db, k);
	return (integer(n));
}

static redisReply *
do_expire(struct redis_db *db, const struct redis_text *argv)
{
	struct redis_key *k = find(db, argv[1].bytes);

	if (k != NULL)
		k->expires_ms = db->now_ms + 1000 * atoi(argv[2].bytes);
	return (integer(k != NULL));
}

/* HSCAN key cursor COUNT n */
static redisReply *
do_hscan(struct redis_db *db, const struct redis_text *argv)
{
	const struct redis_key *k = find(db, argv[1].bytes);
	const size_t n = k != NULL ? k->n : 0;
	const size_t first = (size_t)atoi(argv[2].bytes);
	const size_t end = first + PAGE < n ? first + PAGE : n;
	redisReply *r = reply(REDIS_REPLY_ARRAY, NULL, 0, 2);
	redisReply *pairs = reply(REDIS_REPLY_ARRAY, NULL, 0, 2 * PAGE);
	char cursor[24];
	size_t i;

	snprintf(cursor, sizeof(cursor), "%zu", end < n ? end : 0);
	pairs->elements = 0;
	for (i = first; i < end; i++) {
		const struct redis_pair *p = &k->pairs[i];

		if (!p->on)
			continue;
		pairs->element[pairs->elements++] =
		    string(p->name.bytes, p->name.len);
		pairs->element[pairs->elements++] =
		    string(p->value.bytes, p->value.len);
	}
	r->element[0] = string(cursor, strlen(cursor));
	r->element[1] = pairs;
	return (r);
}

/* XADD key MAXLEN ~ n * name value ... */
static void
do_xadd(struct redis_db *db, const struct redis_text *argv, int argc)
{
	struct redis_key *k = get(db, argv[1].bytes, 'T');
	struct entry *e;
	int i;

	if (k->n == k->max) {
		k->max = k->max * 2 + 16;
		k->entries = grow(k->entries, k->max, sizeof(k->entries[0]));
	}
	e = &k->entries[k->n++];
	e->id = ++db->last_id;
	e->n = 0;
	e->pairs = grow(NULL, (size_t)argc, sizeof(e->pairs[0]));
	for (i = 6; i < argc; i += 2)
		e->pairs[e->n++] = pair_of(&argv[i], &argv[i + 1]);
}

static redisReply *
reply_entry(const struct entry *e)
{
	redisReply *r = reply(REDIS_REPLY_ARRAY, NULL, 0, 2);
	redisReply *pairs =
	    reply(REDIS_REPLY_ARRAY, NULL, 0, 2 * (size_t)e->n);
	char id[32];
	unsigned i;

	snprintf(id, sizeof(id), "%llu-0", (unsigned long long)e->id);
	for (i = 0; i < e->n; i++) {
		const struct redis_pair *p = &e->pairs[i];

		pairs->element[2 * i] = string(p->name.bytes, p->name.len);
		pairs->element[2 * i + 1] =
		    string(p->value.bytes, p->value.len);
	}
	r->element[0] = string(id, strlen(id));
	r->element[1] = pairs;
	return (r);
}

/* XREVRANGE key + - COUNT 1 */
static redisReply *
do_xrevrange(struct redis_db *db, const struct redis_text *argv)
{
	const struct redis_key *k = find(db, argv[1].bytes);
	redisReply *r = reply(REDIS_REPLY_ARRAY, NULL, 0, k != NULL);

	if (k != NULL)
		r->element[0] = reply_entry(&k->entries[k->n - 1]);
	return (r);
}

/* XREAD COUNT n [BLOCK ms] STREAMS key id; NULL: there is nothing. */
static redisReply *
do_xread(struct redis_db *db, const struct redis_text *argv, int argc)
{
	const struct redis_key *k = find(db, argv[argc - 2].bytes);
	const uint64_t id = strtoull(argv[argc - 1].bytes, NULL, 10);
	const size_t max = (size_t)atoi(argv[2].bytes);
	redisReply *r, *stream, *entries;
	size_t i;

	if (k == NULL)
		return (NULL);
	i = k->n;
	while (i > 0 && k->entries[i - 1].id > id)
		i--;
	if (i == k->n)
		return (NULL);
	r = reply(REDIS_REPLY_ARRAY, NULL, 0, 1);
	stream = reply(REDIS_REPLY_ARRAY, NULL, 0, 2);
	entries = reply(REDIS_REPLY_ARRAY, NULL, 0, max);
	entries->elements = 0;
	for (; i < k->n && entries->elements < max; i++)
		entries->element[entries->elements++] =
		    reply_entry(&k->entries[i]);
	r->element[0] = stream;
	stream->element[0] = string(k->name, strlen(k->name));
	stream->element[1] = entries;
	return (r);
}

redisReply *
redis_db_execute(struct redis_db *db, int argc, const struct redis_text *argv)
{
	const char *word = argv[0].bytes;

	if (strcmp(word, "GET") == 0)
		return (do_get(db, argv));
	if (strcmp(word, "HGET") == 0)
		return (do_hget(db, argv));
	if (strcmp(word, "HSCAN") == 0)
		return (do_hscan(db, argv));
	if (strcmp(word, "XREVRANGE") == 0)
		return (do_xrevrange(db, argv));
	if (strcmp(word, "XREAD") == 0)
		return (do_xread(db, argv, argc));
	if (strcmp(word, "HSET") == 0)
		return (do_hset(db, argv, argc));
	if (strcmp(word, "HDEL") == 0)
		return (do_hdel(db, argv, argc));
	if (strcmp(word, "EXPIRE") == 0)
		return (do_expire(db, argv));
	if (strcmp(word, "SET") == 0)
		(void)put_field(get(db, argv[1].bytes, 'S'), &argv[0],
		    &argv[2]);
	else if (strcmp(word, "XADD") == 0)
		do_xadd(db, argv, argc);
	else
		ck_abort_msg("the server does not know %s", word);
	return (string("OK", 2));
}

/* --- the whole --- */

static struct redis_pair *
copy_pairs(const struct redis_pair *from, size_t n)
{
	struct redis_pair *to = grow(NULL, n + 1, sizeof(*to));
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = from[i].on ? pair_of(&from[i].name, &from[i].value) :
				     from[i];
	return (to);
}

static struct entry *
copy_entries(const struct entry *from, size_t n)
{
	struct entry *to = grow(NULL, n + 1, sizeof(*to));
	size_t i;

	for (i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].pairs = copy_pairs(from[i].pairs, from[i].n);
	}
	return (to);
}

static struct redis_key *
copy_keys(const struct redis_key *from)
{
	struct redis_key *first = NULL, *k;

	for (; from != NULL; from = from->next) {
		k = grow(NULL, 1, sizeof(*k));
		*k = *from;
		k->max = k->n;
		if (from->pairs != NULL)
			k->pairs = copy_pairs(from->pairs, from->n);
		if (from->entries != NULL)
			k->entries = copy_entries(from->entries, from->n);
		k->next = first;
		first = k;
	}
	return (first);
}

void
redis_db_copy(struct redis_db *to, const struct redis_db *from)
{
	redis_db_clear(to);
	*to = *from;
	to->keys = copy_keys(from->keys);
}

void
redis_db_clear(struct redis_db *db)
{
	free_keys(&db->keys);
}

void
redis_db_drop(struct redis_db *db, const char *end)
{
	struct redis_key **at = &db->keys, *k;
	const size_t len = strlen(end);
	size_t n;

	while ((k = *at) != NULL) {
		n = strlen(k->name);
		if (n < len || strcmp(k->name + n - len, end) != 0) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		free_key(k);
	}
}

const struct redis_pair *
redis_db_get(struct redis_db *db, const char *key)
{
	const struct redis_key *k = find(db, key);

	return (k != NULL ? k->pairs : NULL);
}

const struct redis_pair *
redis_db_hget(struct redis_db *db, const char *key, const void *field,
    size_t len)
{
	const struct redis_key *k = find(db, key);
	size_t i;

	for (i = 0; k != NULL && i < k->n; i++)
		if (k->pairs[i].on &&
		    text_equal(&k->pairs[i].name, field, len))
			return (&k->pairs[i]);
	return (NULL);
}

const struct redis_pair *
redis_db_last(struct redis_db *db, const char *key)
{
	const struct redis_key *k = find(db, key);
	const struct entry *e;

	if (k == NULL || k->n == 0)
		return (NULL);
	e = &k->entries[k->n - 1];
	return (&e->pairs[e->n - 1]);
}
