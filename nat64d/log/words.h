/*
 * The words of an event in the text of event_text.h, one by one: KEY=VALUE or
 * KEY="VALUE", with blanks between. The text may come from anywhere: what is no
 * such word is passed over.
 */
#ifndef NAT64D_LOG_WORDS_H
#define NAT64D_LOG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Points into the text; no NUL behind either. The quotes are left out. */
struct word {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
	bool quoted;
};

/*
 * The next word of the text between *pos and end, which *pos is moved behind.
 * Returns false when there is none.
 */
bool word_next(const char **pos, const char *end, struct word *w);

bool word_has_key(const struct word *w, const char *key);

#endif
