#include <string.h>

#include "nearest.h"

static unsigned
min(unsigned a, unsigned b)
{
	return (a < b ? a : b);
}

/*
 * Optimal string alignment: row i, column j is the distance between the
 * first i letters of a and the first j of b. Three rows are enough, since a
 * swap refers to the row before the last.
 */
unsigned
nearest_distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_MAX + 1];
	unsigned *before, *above, *row;
	size_t na = strlen(a), nb = strlen(b), i, j;

	for (j = 0; j <= nb; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; i <= na; i++) {
		row = rows[i % 3];
		above = rows[(i + 2) % 3];
		before = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (j = 1; j <= nb; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(row[j], above[j] + 1);
			row[j] = min(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
	}
	return (rows[na % 3][nb]);
}

static const char *
only_continuation(const char *word, const char *const *words, size_t n)
{
	const char *found = NULL;
	size_t len = strlen(word), i;

	if (len < 3)
		return (NULL);
	for (i = 0; i < n; i++) {
		if (strncmp(words[i], word, len) != 0)
			continue;
		if (found != NULL)
			return (NULL);
		found = words[i];
	}
	return (found);
}

const char *
nearest_word(const char *word, const char *const *words, size_t n)
{
	const char *found = NULL;
	size_t len = strlen(word), i;
	unsigned best, d;

	if (len == 0 || len > NEAREST_MAX)
		return (NULL);
	/* One more than the largest distance allowed. */
	best = min((unsigned)len / 3, 3) + 1;
	for (i = 0; i < n; i++) {
		if (strlen(words[i]) > NEAREST_MAX)
			continue;
		d = nearest_distance(word, words[i]);
		/* A word in which all letters differ is not similar. */
		if (d < best && d < strlen(words[i])) {
			best = d;
			found = words[i];
		}
	}
	return (found != NULL ? found : only_continuation(word, words, n));
}
