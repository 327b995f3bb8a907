/*
 * The policy of one view: its prefixes, rules and exclusions, and what they
 * make of an address.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/ip4class.h"

#include "policy.h"

#define U_OCTET 8 /* bits 64 to 71 are zero (RFC 6052, 2.2) */

/* The default A exclusions. */
static const struct {
	uint32_t addr; /* host order */
	unsigned char len;
} never_synthesised[] = {
	{ 0x00000000, 8 },  /* "this" network */
	{ 0x7f000000, 8 },  /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local */
	{ 0xe0000000, 4 },  /* multicast */
	{ 0xffffffff, 32 }, /* limited broadcast */
};

static struct prefix
mapped_prefix(void)
{
	struct prefix mapped = { .family = AF_INET6, .len = 96 };

	mapped.v6.s6_addr[10] = mapped.v6.s6_addr[11] = 0xff;
	return (mapped);
}

int
policy_init(struct dns64_policy *p)
{
	const struct prefix mapped = mapped_prefix();
	size_t i;

	memset(p, 0, sizeof(*p));
	p->aaaa_deadline_ms = POLICY_AAAA_DEADLINE_MS;
	p->ptr_ttl = POLICY_TTL_PTR;
	p->ipv4only_ttl = POLICY_TTL_IPV4ONLY;
	p->synth_ttl = POLICY_TTL_SYNTH;
	p->balance_len4 = POLICY_BALANCE_LEN4;
	p->balance_len6 = POLICY_BALANCE_LEN6;
	if (policy_add_exclude(p, &mapped) == -1)
		goto fail;
	for (i = 0;
	     i < sizeof(never_synthesised) / sizeof(never_synthesised[0]);
	     i++) {
		struct prefix range = { .family = AF_INET,
			.len = never_synthesised[i].len };

		range.v4.s_addr = htonl(never_synthesised[i].addr);
		if (policy_add_exclude(p, &range) == -1)
			goto fail;
	}
	return (0);
fail:
	policy_clear(p);
	return (-1);
}

void
policy_clear(struct dns64_policy *p)
{
	free(p->rules);
	free(p->exclude_aaaa.v);
	free(p->exclude_a.v);
	memset(p, 0, sizeof(*p));
}

static int
copy_array(void *to, const void *from, size_t n, size_t size)
{
	void *v = NULL;

	if (n > 0) {
		if ((v = calloc(n, size)) == NULL)
			return (-1);
		memcpy(v, from, n * size);
	}
	*(void **)to = v;
	return (0);
}

int
policy_copy(struct dns64_policy *p, const struct dns64_policy *from)
{
	*p = *from;
	p->rules = NULL;
	p->exclude_aaaa.v = p->exclude_a.v = NULL;
	if (copy_array(&p->rules, from->rules, from->n_rules,
		sizeof(*p->rules)) == -1 ||
	    copy_array(&p->exclude_aaaa.v, from->exclude_aaaa.v,
		from->exclude_aaaa.n, sizeof(struct prefix)) == -1 ||
	    copy_array(&p->exclude_a.v, from->exclude_a.v, from->exclude_a.n,
		sizeof(struct prefix)) == -1) {
		policy_clear(p);
		return (-1);
	}
	return (0);
}

void
policy_clear_prefixes(struct dns64_policy *p)
{
	free(p->rules);
	p->rules = NULL;
	p->n_rules = 0;
	p->n_prefixes = 0;
	memset(p->suffix, 0, sizeof(p->suffix));
}

int
policy_add_prefix(struct dns64_policy *p, const struct pref64 *prefix)
{
	size_t i;

	for (i = 0; i < p->n_prefixes; i++)
		if (pref64_equal(&p->prefixes[i], prefix))
			return ((int)i);
	if (i == POLICY_PREFIXES_MAX) {
		errno = ENOSPC;
		return (-1);
	}
	p->prefixes[p->n_prefixes] = *prefix;
	p->weight[p->n_prefixes++] = 1;
	return ((int)i);
}

void
policy_set_weight(struct dns64_policy *p, int index, unsigned weight)
{
	p->weight[index] = weight;
}

/* The first octet behind the IPv4 address; octet 8 is not part of either. */
static size_t
suffix_start(const struct pref64 *prefix)
{
	size_t end = prefix->len / 8u + sizeof(struct in_addr);

	return (prefix->len <= 64 && end >= U_OCTET ? end + 1 : end);
}

const char *
policy_set_suffix(struct dns64_policy *p, int index,
    const struct in6_addr *suffix)
{
	size_t i, start = suffix_start(&p->prefixes[index]);

	if (start == sizeof(*suffix))
		return ("is for a prefix without room for a suffix");
	for (i = 0; i < start; i++)
		if (suffix->s6_addr[i] != 0)
			return ("has bits set before the end of the IPv4 "
				"address");
	p->suffix[index] = *suffix;
	return (NULL);
}

/* array_grow(), with errno ENOSPC at POLICY_RULES_MAX. */
static void *
grow(void *array, size_t n, size_t size)
{
	if (n >= POLICY_RULES_MAX) {
		errno = ENOSPC;
		return (NULL);
	}
	return (array_grow(array, n, size));
}

static bool
same_range4(const struct prefix *a, const struct prefix *b)
{
	return (a->len == b->len && a->v4.s_addr == b->v4.s_addr);
}

int
policy_add_rule(struct dns64_policy *p, const struct prefix *range, int target)
{
	struct policy_rule *rules;
	size_t i;

	if (range->family != AF_INET ||
	    (target != POLICY_TARGET_NONE &&
		(target < 0 || (size_t)target >= p->n_prefixes))) {
		errno = EINVAL;
		return (-1);
	}
	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].target == target &&
		    same_range4(&p->rules[i].range, range))
			return (0);
	rules = grow(p->rules, p->n_rules, sizeof(*rules));
	if (rules == NULL)
		return (-1);
	p->rules = rules;
	for (i = p->n_rules++; i > 0 && p->rules[i - 1].range.len < range->len;
	     i--)
		p->rules[i] = p->rules[i - 1];
	p->rules[i].range = *range;
	p->rules[i].target = target;
	return (0);
}

int
policy_add_exclude(struct dns64_policy *p, const struct prefix *range)
{
	struct policy_ranges *list;
	struct prefix *v;

	if (range->family != AF_INET && range->family != AF_INET6) {
		errno = EINVAL;
		return (-1);
	}
	list = range->family == AF_INET ? &p->exclude_a : &p->exclude_aaaa;
	if ((v = grow(list->v, list->n, sizeof(*v))) == NULL)
		return (-1);
	list->v = v;
	list->v[list->n++] = *range;
	return (0);
}

void
policy_clear_excludes(struct dns64_policy *p, int family)
{
	struct policy_ranges *list;

	list = family == AF_INET ? &p->exclude_a : &p->exclude_aaaa;
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

int
policy_finish(struct dns64_policy *p)
{
	const struct prefix all = { .family = AF_INET };
	size_t i;
	int index;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].target != POLICY_TARGET_NONE ||
		    p->rules[i].range.len == 0)
			return (0);
	if ((index = policy_add_prefix(p, &pref64_wkp)) == -1)
		return (-1);
	return (policy_add_rule(p, &all, index));
}

const struct prefix *
policy_aaaa_exclusion(const struct dns64_policy *p,
    const struct in6_addr *addr)
{
	size_t i;

	for (i = 0; i < p->exclude_aaaa.n; i++)
		if (prefix_match6(&p->exclude_aaaa.v[i], addr))
			return (&p->exclude_aaaa.v[i]);
	return (NULL);
}

bool
policy_excludes_aaaa(const struct dns64_policy *p, const struct in6_addr *addr)
{
	return (policy_aaaa_exclusion(p, addr) != NULL);
}

static const struct prefix *
a_exclusion(const struct dns64_policy *p, struct in_addr addr4)
{
	size_t i;

	for (i = 0; i < p->exclude_a.n; i++)
		if (prefix_match4(&p->exclude_a.v[i], addr4))
			return (&p->exclude_a.v[i]);
	return (NULL);
}

bool
policy_is_ipv4only(struct in_addr addr4)
{
	uint32_t addr = ntohl(addr4.s_addr);

	return (addr == POLICY_IPV4ONLY_170 || addr == POLICY_IPV4ONLY_171);
}

/* 64:ff9b::/96 must not have non-global addresses (RFC 6052, 3.1). */
static bool
may_carry(const struct dns64_policy *p, const struct pref64 *prefix,
    struct in_addr addr4)
{
	return (p->wkp_non_global || !pref64_is_wkp(prefix) ||
	    !ip4_is_nonglobal(addr4));
}

size_t
policy_targets(const struct dns64_policy *p, struct in_addr addr4, int *out,
    size_t max)
{
	const struct policy_rule *rule;
	bool exempt = policy_is_ipv4only(addr4);
	size_t i, n = 0;
	int len = -1;

	if (!exempt && a_exclusion(p, addr4) != NULL)
		return (0);
	for (i = 0; i < p->n_rules && n < max; i++) {
		rule = &p->rules[i];
		if (rule->range.len < len)
			break;
		if (!prefix_match4(&rule->range, addr4))
			continue;
		len = rule->range.len;
		if (rule->target == POLICY_TARGET_NONE)
			continue;
		if (exempt || may_carry(p, &p->prefixes[rule->target], addr4))
			out[n++] = rule->target;
	}
	return (n);
}

enum policy_reason
policy_explain(const struct dns64_policy *p, struct in_addr addr4,
    const struct prefix **range)
{
	const struct policy_rule *rule = NULL;
	size_t i;
	int target;

	*range = policy_is_ipv4only(addr4) ? NULL : a_exclusion(p, addr4);
	if (*range != NULL)
		return (POLICY_EXCLUDED);
	for (i = 0; i < p->n_rules && rule == NULL; i++)
		if (prefix_match4(&p->rules[i].range, addr4))
			rule = &p->rules[i];
	if (rule == NULL)
		return (POLICY_NO_RULE);
	*range = &rule->range;
	if (policy_targets(p, addr4, &target, 1) > 0)
		return (POLICY_TRANSLATED);
	return (rule->target == POLICY_TARGET_NONE ? POLICY_RULE_NONE :
						     POLICY_NOT_GLOBAL);
}

void
policy_embed(const struct dns64_policy *p, int index, struct in_addr addr4,
    struct in6_addr *out)
{
	size_t i;

	pref64_embed(&p->prefixes[index], addr4, out);
	for (i = suffix_start(&p->prefixes[index]); i < sizeof(*out); i++)
		out->s6_addr[i] = p->suffix[index].s6_addr[i];
}

bool
policy_prefix_in_use(const struct dns64_policy *p, int index)
{
	size_t i;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].target == index)
			return (true);
	return (false);
}

int
policy_extract(const struct dns64_policy *p, const struct in6_addr *addr,
    struct in_addr *out)
{
	const struct pref64 *best = NULL;
	size_t i;

	for (i = 0; i < p->n_prefixes; i++)
		if (pref64_match(&p->prefixes[i], addr) &&
		    (best == NULL || p->prefixes[i].len > best->len))
			best = &p->prefixes[i];
	if (best == NULL)
		return (-1);
	return (pref64_extract(best, addr, out));
}
