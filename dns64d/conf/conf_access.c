/*
 * The access list, and functions for refusals that all files here use.
 */
#include <errno.h>

#include "common/array.h"
#include "common/net/acl.h"

#include "conf.h"

const char *
conf_no_memory(void)
{
	return ("cannot be stored: out of memory");
}

const char *
conf_blame(struct conf *conf, const struct conf_where *other, const char *why)
{
	conf->other = *other;
	return (why);
}

/* Refuse because of the earlier rule with the opposite verdict. */
static const char *
contrary(struct conf *conf, const struct prefix *p, bool allow)
{
	const struct conf_access *a;

	for (a = conf->access; a < conf->access + conf->n_access; a++) {
		if (a->allow != allow && a->from.len == p->len &&
		    prefix_overlap(&a->from, p))
			return (conf_blame(conf, &a->where,
			    allow ? "is denied at" : "is allowed at"));
	}
	return ("is both allowed and denied");
}

const char *
conf_add_access(struct conf *conf, const char *text, bool allow)
{
	struct conf_access *bigger;
	struct prefix p;
	const char *why;

	if ((why = prefix_parse(text, &p)) != NULL)
		return (why);
	bigger = array_grow(conf->access, conf->n_access, sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	conf->access = bigger;
	if (acl_add(conf->acl, &p, allow) == -1) {
		switch (errno) {
		case EEXIST:
			return (contrary(conf, &p, allow));
		case ENOSPC:
			return ("is one rule too many");
		default:
			return (conf_no_memory());
		}
	}
	conf->access[conf->n_access].from = p;
	conf->access[conf->n_access].where = *conf->here;
	conf->access[conf->n_access++].allow = allow;
	return (NULL);
}
