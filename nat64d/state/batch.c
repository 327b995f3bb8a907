#include <string.h>

#include "batch.h"

/* About so many entries of the stream are kept; each has up to BATCH_MAX. */
#define LOG_LENGTH "20000"

struct command {
	int argc;
	const char *argv[6 + 2 * BATCH_MAX];
	size_t lens[6 + 2 * BATCH_MAX];
};

static void
add(struct command *c, const void *bytes, size_t len)
{
	c->argv[c->argc] = bytes;
	c->lens[c->argc++] = len;
}

static void
add_word(struct command *c, const char *word)
{
	add(c, word, strlen(word));
}

static unsigned
class_of(const uint8_t key[REPLICA_KEY_LEN])
{
	unsigned i, sum = 0;

	for (i = 0; i < REPLICA_KEY_LEN; i++)
		sum = sum * 31 + key[i];
	return (sum % 64);
}

struct batch_value *
batch_place(struct batch *b, const uint8_t key[REPLICA_KEY_LEN], bool is_end)
{
	const uint64_t class = (uint64_t)1 << class_of(key);
	struct batch_value *v;

	/* Ends are sent last: a session that came after one has to wait. */
	if (b->n == BATCH_MAX || (!is_end && (b->ended & class) != 0))
		return (NULL);
	if (is_end)
		b->ended |= class;
	v = &b->values[b->n];
	memcpy(v->key, key, sizeof(v->key));
	v->is_end = is_end;
	return (v);
}

static int
send_state(const struct batch *b, struct store *s, const char *state,
    bool ends)
{
	struct command c = { .argc = 0 };
	unsigned i;

	add_word(&c, ends ? "HDEL" : "HSET");
	add_word(&c, state);
	for (i = 0; i < b->n; i++) {
		const struct batch_value *v = &b->values[i];

		if (v->is_end != ends)
			continue;
		add(&c, v->key, sizeof(v->key));
		if (!ends)
			add(&c, v->value, v->len);
	}
	if (c.argc == 2)
		return (0);
	return (store_send(s, NULL, NULL, c.argc, c.argv, c.lens));
}

static int
send_log(const struct batch *b, struct store *s, const char *log)
{
	struct command c = { .argc = 0 };
	unsigned i;
	int n;

	add_word(&c, "XADD");
	add_word(&c, log);
	add_word(&c, "MAXLEN");
	add_word(&c, "~");
	add_word(&c, LOG_LENGTH);
	add_word(&c, "*");
	n = c.argc;
	for (i = 0; i < b->n; i++) {
		const struct batch_value *v = &b->values[i];

		if (!v->logged)
			continue;
		add(&c, v->key, sizeof(v->key));
		add(&c, v->value, v->len);
	}
	if (c.argc == n)
		return (0);
	return (store_send(s, NULL, NULL, c.argc, c.argv, c.lens));
}

int
batch_send(struct batch *b, struct store *s, const char *state,
    const char *log)
{
	int rc = 0;

	if (send_state(b, s, state, false) == -1 ||
	    send_state(b, s, state, true) == -1 || send_log(b, s, log) == -1)
		rc = -1;
	batch_clear(b);
	return (rc);
}
