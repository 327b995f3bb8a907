/*
 * Statements of which the last one applies, and a warning when one is repeated.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "conf_impl.h"

/* A text of the conf_file, so that its close frees it. */
struct once {
	SLIST_ENTRY(once) next;
	struct conf_where where;
	unsigned block; /* 0: in none */
	char name[];
};

static struct once *
find(const struct conf_file *cf, const char *name, unsigned block)
{
	struct once *o;

	SLIST_FOREACH(o, &cf->onces, next)
		if (o->block == block && strcmp(o->name, name) == 0)
			return (o);
	return (NULL);
}

static void
add(struct conf_file *cf, const char *name, unsigned block)
{
	const size_t size = strlen(name) + 1;
	struct once *o = (void *)conf_text_new(cf, sizeof(*o) + size);

	if (o == NULL)
		return;
	o->where = cf->began;
	o->block = block;
	memcpy(o->name, name, size);
	SLIST_INSERT_HEAD(&cf->onces, o, next);
}

const struct conf_where *
conf_statement_where(const struct conf_file *cf)
{
	return (&cf->began);
}

void
conf_once(struct conf_file *cf, const char *name)
{
	const unsigned block = cf->n_blocks > 0 ? cf->n_blocks_begun : 0;
	char own[CONF_MAX_WORDS];
	struct once *o;

	if (cf->errors != cf->errors_before)
		return;
	if (name == NULL) {
		snprintf(own, sizeof(own), "%.*s",
		    (int)(cf->has_value ? cf->name_len : cf->last_len),
		    cf->words);
		name = own;
	}
	o = find(cf, name, block);
	if (o == NULL) {
		add(cf, name, block);
		return;
	}
	conf_warning_at(cf, &cf->began,
	    "\"%s\" is given again: what %s:%u "
	    "says does not hold",
	    name, o->where.file, o->where.line);
	o->where = cf->began;
}
