/*
 * What a server of the Redis protocol has, and the commands that nat64d sends,
 * as https://redis.io/commands describes them: for redis_fake.c. It has no
 * clock of its own.
 */
#ifndef TESTS_UNIT_REDIS_DB_H
#define TESTS_UNIT_REDIS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

struct redis_text {
	char *bytes; /* and a NUL */
	size_t len;
};

struct redis_pair {
	bool on; /* hashes keep the places of fields that have left */
	struct redis_text name;
	struct redis_text value;
};

struct redis_key;

struct redis_db {
	struct redis_key *keys;
	uint64_t last_id; /* of an entry of a stream */
	int64_t now_ms;
};

/*
 * Carry out a command. Returns its answer, which redis_db_free_reply() frees;
 * NULL: it is XREAD, and there is nothing to read yet.
 */
redisReply *redis_db_execute(struct redis_db *db, int argc,
    const struct redis_text *argv);

redisReply *redis_db_reply(int type);
void redis_db_free_reply(redisReply *r);

/* A copy of bytes. */
struct redis_text redis_text_of(const void *bytes, size_t len);

/* Remove all keys whose name has that end, as a server does that is full. */
void redis_db_drop(struct redis_db *db, const char *end);

void redis_db_clear(struct redis_db *db);
void redis_db_copy(struct redis_db *to, const struct redis_db *from);

/*
 * A string, a field of a hash, or the last pair of the last entry of a stream.
 * NULL: there is none.
 */
const struct redis_pair *redis_db_get(struct redis_db *db, const char *key);
const struct redis_pair *redis_db_hget(struct redis_db *db, const char *key,
    const void *field, size_t len);
const struct redis_pair *redis_db_last(struct redis_db *db, const char *key);

#endif
