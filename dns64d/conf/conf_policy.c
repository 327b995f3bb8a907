/*
 * The statements about views and their policies: values and their checks.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/net/pref64.h"

#include "conf.h"
#include "dns64d/wire/name_text.h"

/* The reason for a refusal by policy.c or view.c, from errno. */
static const char *
refusal(void)
{
	return (errno == ENOSPC ? "is one too many" : conf_no_memory());
}

static struct view *
current_view(struct conf *conf)
{
	return (&conf->views.v[conf->in_view ? conf->views.n - 1 : 0]);
}

struct dns64_policy *
conf_policy(struct conf *conf)
{
	return (&current_view(conf)->policy);
}

const char *
conf_begin_view(struct conf *conf, const char *name)
{
	size_t i;

	conf->in_view = true;
	if (*name == '\0')
		return ("is empty");
	for (i = 1; i < conf->views.n; i++) {
		if (strcmp(conf->views.v[i].name, name) == 0)
			return (conf_blame(conf, &conf->view_at[i],
			    "is given twice, first at"));
	}
	if (views_add(&conf->views, name) == NULL)
		return (refusal());
	conf->view_at[conf->views.n - 1] = *conf->here;
	return (NULL);
}

const char *
conf_end_view(struct conf *conf)
{
	const struct view *view = current_view(conf);

	conf->in_view = false;
	/* It is the default view (no name) if the beginning was refused. */
	if (view->name != NULL && view->n_matches == 0)
		return ("has no match: nobody would see it");
	return (NULL);
}

const char *
conf_add_match(struct conf *conf)
{
	return (view_add_match(current_view(conf)) == NULL ? refusal() : NULL);
}

static struct view_match *
current_match(struct conf *conf)
{
	struct view *view = current_view(conf);

	return (
	    view->n_matches == 0 ? NULL : &view->matches[view->n_matches - 1]);
}

const char *
conf_match_from(struct conf *conf, const char *text)
{
	struct view_match *match = current_match(conf);

	return (match == NULL ? NULL : prefix_parse(text, &match->from));
}

const char *
conf_match_on(struct conf *conf, const char *text, unsigned port)
{
	struct view_match *match = current_match(conf);

	if (match == NULL)
		return (NULL);
	return (scoped_addr_parse(text, port, &match->on));
}

const char *
conf_add_exclude(struct conf *conf, int family, const char *text)
{
	struct prefix p;
	const char *why;

	if ((why = prefix_parse_family(text, family, &p)) != NULL)
		return (why);
	if (policy_add_exclude(conf_policy(conf), &p) == -1)
		return (refusal());
	return (NULL);
}

/* The policy for a prefix; the first one of a view removes the default's. */
static struct dns64_policy *
prefix_policy(struct conf *conf)
{
	struct view *view = current_view(conf);

	if (view->name != NULL && !view->own_prefixes) {
		policy_clear_prefixes(&view->policy);
		view->own_prefixes = true;
	}
	return (&view->policy);
}

/* The index of a prefix in the policy, or -1. */
static int
find_pref64(const struct dns64_policy *policy, const struct pref64 *p)
{
	size_t i;

	for (i = 0; i < policy->n_prefixes; i++) {
		if (pref64_equal(&policy->prefixes[i], p))
			return (i);
	}
	return (-1);
}

static size_t
current_index(const struct conf *conf)
{
	return (conf->in_view ? conf->views.n - 1 : 0);
}

/* Note a statement, so that messages can name it. */
static const char *
keep_line(struct conf *conf, const struct conf_prefix_line *line)
{
	struct conf_prefix_line *bigger;

	bigger = array_grow(conf->prefix_lines, conf->n_prefix_lines,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	conf->prefix_lines = bigger;
	bigger[conf->n_prefix_lines] = *line;
	bigger[conf->n_prefix_lines].view = current_index(conf);
	bigger[conf->n_prefix_lines++].where = *conf->here;
	return (NULL);
}

/*
 * Refuse because of an earlier statement of the view: one whose prefix
 * overlaps p or, if p is NULL, one for the same range.
 */
static const char *
blame_line(struct conf *conf, const struct pref64 *p,
    const struct prefix *range, const char *why)
{
	const struct conf_prefix_line *l = conf->prefix_lines;
	size_t i;

	for (i = 0; i < conf->n_prefix_lines; i++, l++) {
		if (l->view != current_index(conf))
			continue;
		if (p != NULL ?
			!l->none && pref64_overlap(&l->prefix, p) :
			!l->reverse_only && l->range.len == range->len &&
			    prefix_overlap(&l->range, range))
			return (conf_blame(conf, &l->where, why));
	}
	return ("contradicts another statement");
}

/*
 * Whether p contains another prefix or is contained in one: then a reverse
 * name would have two IPv4 addresses.
 */
static bool
is_ambiguous(const struct dns64_policy *policy, const struct pref64 *p)
{
	size_t i;

	for (i = 0; i < policy->n_prefixes; i++) {
		if (pref64_overlap(&policy->prefixes[i], p) &&
		    policy->prefixes[i].len != p->len)
			return (true);
	}
	return (false);
}

const char *
conf_parse_range(const char *text, struct prefix *range)
{
	*range = (struct prefix){ .family = AF_INET };
	return (
	    text != NULL ? prefix_parse_family(text, AF_INET, range) : NULL);
}

static const char *
check_rule(struct conf *conf, const struct dns64_policy *policy,
    const struct prefix *range, int target)
{
	const struct policy_rule *r;
	size_t i;

	for (i = 0; i < policy->n_rules; i++) {
		r = &policy->rules[i];
		if (r->range.len != range->len ||
		    !prefix_overlap(&r->range, range))
			continue;
		if (r->target == target)
			return (blame_line(conf,
			    target == POLICY_TARGET_NONE ?
				NULL :
				&policy->prefixes[target],
			    range, "is given twice, first at"));
		if (r->target == POLICY_TARGET_NONE)
			return (blame_line(conf, NULL, range,
			    "is for a range that has none, by"));
		if (target == POLICY_TARGET_NONE)
			return (blame_line(conf, NULL, range,
			    "has a prefix already, by"));
	}
	return (NULL);
}

const char *
conf_add_prefix(struct conf *conf, const char *prefix,
    const struct prefix *range)
{
	struct dns64_policy *policy = prefix_policy(conf);
	struct conf_prefix_line line = { .none = prefix == NULL,
		.range = *range };
	int target = POLICY_TARGET_NONE;
	const char *why;

	if (prefix != NULL) {
		if ((why = pref64_parse(prefix, &line.prefix)) != NULL)
			return (why);
		if (is_ambiguous(policy, &line.prefix))
			return (blame_line(conf, &line.prefix, NULL,
			    "overlaps the prefix of"));
		target = find_pref64(policy, &line.prefix);
		if (target != -1 && !policy_prefix_in_use(policy, target))
			return (blame_line(conf, &line.prefix, NULL,
			    "is reverse-only by"));
		target = policy_add_prefix(policy, &line.prefix);
		if (target == -1)
			return (refusal());
	}
	if ((why = check_rule(conf, policy, range, target)) != NULL)
		return (why);
	if (policy_add_rule(policy, range, target) == -1)
		return (refusal());
	return (keep_line(conf, &line));
}

const char *
conf_add_reverse_prefix(struct conf *conf, const char *prefix)
{
	struct dns64_policy *policy = prefix_policy(conf);
	struct conf_prefix_line line = { .reverse_only = true };
	const char *why;

	if ((why = pref64_parse(prefix, &line.prefix)) != NULL)
		return (why);
	if (is_ambiguous(policy, &line.prefix))
		return (blame_line(conf, &line.prefix, NULL,
		    "overlaps the prefix of"));
	if (find_pref64(policy, &line.prefix) != -1)
		return (blame_line(conf, &line.prefix, NULL,
		    "is given twice, first at"));
	if (policy_add_prefix(policy, &line.prefix) == -1)
		return (refusal());
	return (keep_line(conf, &line));
}

/* Find the prefix of an earlier statement; index is set unless refused. */
static const char *
earlier_prefix(const struct dns64_policy *policy, const char *text, int *index)
{
	struct pref64 p;
	const char *why;

	if ((why = pref64_parse(text, &p)) != NULL)
		return (why);
	*index = find_pref64(policy, &p);
	return (*index == -1 ? "is no prefix of this view" : NULL);
}

const char *
conf_set_weight(struct conf *conf, const char *prefix, unsigned weight)
{
	struct dns64_policy *policy = conf_policy(conf);
	const char *why;
	int index;

	if ((why = earlier_prefix(policy, prefix, &index)) != NULL)
		return (why);
	if (weight > 0)
		policy_set_weight(policy, index, weight);
	return (NULL);
}

const char *
conf_set_suffix(struct conf *conf, const char *prefix, const char *suffix)
{
	struct dns64_policy *policy = conf_policy(conf);
	struct in6_addr addr;
	const char *why;
	int index;

	if ((why = earlier_prefix(policy, prefix, &index)) != NULL)
		return (why);
	if (inet_pton(AF_INET6, suffix, &addr) != 1)
		return ("has a suffix that is no IPv6 address");
	return (policy_set_suffix(policy, index, &addr));
}

const char *
conf_set_ptr_name(struct conf *conf, const char *text)
{
	struct dns64_policy *policy = conf_policy(conf);
	uint8_t wire[POLICY_NAME_MAX];
	size_t len;

	/* 1: the root, which is no host name. */
	if ((len = name_from_text(text, wire)) <= 1)
		return ("is no host name");
	memcpy(policy->ptr_name, wire, len);
	policy->ptr_name_len = len;
	policy->ptr_mode = POLICY_PTR_LOCAL;
	return (NULL);
}

/* One of the first n rules has this target; for_all: for all of IPv4. */
static bool
has_target(const struct dns64_policy *policy, size_t n, int target,
    bool for_all)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (policy->rules[i].target == target &&
		    (!for_all || policy->rules[i].range.len == 0))
			return (true);
	}
	return (false);
}

/* Warns in the order of the rules. */
static void
warn_of_view(const struct view *view)
{
	const struct dns64_policy *policy = &view->policy;
	const char *name = view->name;
	char buf[PREF64_STRLEN];
	size_t i;
	int target;

	if (policy->dns64 == POLICY_DNS64_NO)
		return;
	for (i = 0; i < policy->n_rules; i++) {
		target = policy->rules[i].target;
		if (target == POLICY_TARGET_NONE ||
		    has_target(policy, i, target, false) ||
		    has_target(policy, policy->n_rules, target, true))
			continue;
		log_warn(
		    "prefix %s%s%s is for some IPv4 addresses only: "
		    "clients that discover it (RFC 7050) will use it for all",
		    pref64_print(&policy->prefixes[target], buf, sizeof(buf)),
		    name != NULL ? " of view " : "", name != NULL ? name : "");
	}
}

void
conf_warn(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->views.n; i++)
		warn_of_view(&conf->views.v[i]);
}
