/*
 * The memory of a configuration being read: texts that are valid until its
 * close, and the bound of their total size.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "conf_impl.h"

struct text {
	SLIST_ENTRY(text) next;
	char bytes[];
};

void
conf_stop(struct conf_file *cf, const char *why)
{
	if (!cf->stopped)
		conf_error(cf, "%s", why);
	cf->stopped = true;
}

int
conf_spend(struct conf_file *cf, size_t bytes)
{
	if (bytes > CONF_MAX_TOTAL - cf->total) {
		conf_stop(cf, "configuration too large");
		return (-1);
	}
	cf->total += bytes;
	return (0);
}

char *
conf_text_new(struct conf_file *cf, size_t size)
{
	struct text *t;

	if (conf_spend(cf, sizeof(*t) + size) == -1)
		return (NULL);
	t = malloc(sizeof(*t) + size);
	if (t == NULL) {
		conf_stop(cf, "out of memory");
		return (NULL);
	}
	SLIST_INSERT_HEAD(&cf->texts, t, next);
	return (t->bytes);
}

char *
conf_text_copy(struct conf_file *cf, const char *bytes, size_t len)
{
	char *copy = conf_text_new(cf, len + 1);

	if (copy != NULL) {
		memcpy(copy, bytes, len);
		copy[len] = '\0';
	}
	return (copy);
}

void
conf_text_free(struct conf_file *cf)
{
	struct text *t;

	while ((t = SLIST_FIRST(&cf->texts)) != NULL) {
		SLIST_REMOVE_HEAD(&cf->texts, next);
		free(t);
	}
}
