/*
 * The canonical form of policies and views: every setting, whether it is the
 * default's or the view's own.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <inttypes.h>
#include <stdarg.h>

#include "common/conf/conf_file.h"
#include "common/net/pref64.h"

#include "conf.h"
#include "dns64d/wire/name_text.h"

struct page {
	FILE *f;
	const char *indent;
	const struct conf *conf;
};

/* A line, or the begin of one when fmt has no newline. */
static void __attribute__((__format__(printf, 2, 3)))
print(const struct page *page, const char *fmt, ...)
{
	va_list ap;

	fputs(page->indent, page->f);
	va_start(ap, fmt);
	vfprintf(page->f, fmt, ap);
	va_end(ap);
}

static const char *
yes_no(bool yes)
{
	return (yes ? "yes" : "no");
}

static void
print_translator(const struct page *page, const struct pref64 *prefix)
{
	const struct translator_conf *t;

	if ((t = conf_find_translator(page->conf, prefix)) == NULL)
		return;
	fprintf(page->f, " translator ");
	conf_print_string(page->f, t->url);
	fprintf(page->f, " every %u", t->every_secs);
}

static void
print_rule(const struct page *page, const struct dns64_policy *policy,
    const struct policy_rule *r)
{
	const struct pref64 *prefix = NULL;
	char buf[PREFIX_STRLEN];

	if (r->target != POLICY_TARGET_NONE)
		prefix = &policy->prefixes[r->target];
	print(page, "prefix %s",
	    prefix != NULL ? pref64_print(prefix, buf, sizeof(buf)) : "none");
	/* "prefix none" does not go without its range. */
	if (r->range.len > 0 || prefix == NULL)
		fprintf(page->f, " for %s",
		    prefix_print(&r->range, buf, sizeof(buf)));
	if (prefix != NULL)
		print_translator(page, prefix);
	fputc('\n', page->f);
}

static void
print_prefixes(const struct page *page, const struct dns64_policy *policy)
{
	char buf[PREF64_STRLEN];
	size_t i;

	for (i = 0; i < policy->n_rules; i++)
		print_rule(page, policy, &policy->rules[i]);
	for (i = 0; i < policy->n_prefixes; i++) {
		if (!policy_prefix_in_use(policy, i))
			print(page, "prefix %s reverse-only\n",
			    pref64_print(&policy->prefixes[i], buf,
				sizeof(buf)));
	}
}

static void
print_suffixes(const struct page *page, const struct dns64_policy *policy)
{
	char prefix[PREF64_STRLEN], suffix[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < policy->n_prefixes; i++) {
		if (IN6_IS_ADDR_UNSPECIFIED(&policy->suffix[i]))
			continue;
		print(page, "suffix %s %s\n",
		    pref64_print(&policy->prefixes[i], prefix, sizeof(prefix)),
		    inet_ntop(AF_INET6, &policy->suffix[i], suffix,
			sizeof(suffix)));
	}
}

static void
print_exclude(const struct page *page, const char *record,
    const struct policy_ranges *list)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	/* The built-in list would otherwise be added to this one. */
	print(page, "exclude %s none\n", record);
	for (i = 0; i < list->n; i++)
		print(page, "exclude %s %s\n", record,
		    prefix_print(&list->v[i], buf, sizeof(buf)));
}

static const char *
dns64_name(enum policy_dns64 dns64)
{
	switch (dns64) {
	case POLICY_DNS64_YES:
		break;
	case POLICY_DNS64_NO:
		return ("no");
	case POLICY_DNS64_IPV6_CLIENTS:
		return ("ipv6-clients");
	}
	return ("yes");
}

static const char *
balance_name(enum policy_balance balance)
{
	switch (balance) {
	case POLICY_BALANCE_ALL:
		break;
	case POLICY_BALANCE_ROUND_ROBIN:
		return ("round-robin");
	case POLICY_BALANCE_RANDOM:
		return ("random");
	case POLICY_BALANCE_CLIENT_HASH:
		return ("client-hash");
	case POLICY_BALANCE_LEAST_LOADED:
		return ("least-loaded");
	}
	return ("all");
}

static void
print_ask(const struct page *page, const struct dns64_policy *policy)
{
	switch (policy->lookups) {
	case POLICY_LOOKUPS_PARALLEL:
		print(page, "ask parallel\n");
		break;
	case POLICY_LOOKUPS_SEQUENTIAL:
		print(page, "ask sequential\n");
		break;
	case POLICY_LOOKUPS_DELAYED:
		print(page, "ask delayed %u\n", policy->a_delay_ms);
		break;
	}
}

static void
print_ptr(const struct page *page, const struct dns64_policy *policy)
{
	char text[NAME_TEXT_MAX];

	if (policy->ptr_mode == POLICY_PTR_CNAME) {
		print(page, "ptr cname\n");
		return;
	}
	print(page, "ptr local \"%s\"\n",
	    name_to_text(policy->ptr_name, text));
}

static void
print_policy(const struct page *page, const struct dns64_policy *policy)
{
	print(page, "dns64 %s\n", dns64_name(policy->dns64));
	print_prefixes(page, policy);
	print_suffixes(page, policy);
	print(page, "balance %s\n", balance_name(policy->balance));
	print_exclude(page, "aaaa", &policy->exclude_aaaa);
	print_exclude(page, "a", &policy->exclude_a);
	print_ask(page, policy);
	print(page, "force %s\n", yes_no(policy->force));
	print(page, "max-synth %u\n", policy->max_synth);
	print(page, "nxdomain %s\n",
	    policy->nxdomain_synth ? "synth" : "pass");
	print(page, "checking-disabled %s\n",
	    policy->cd_synth ? "synth" : "pass");
	print(page, "signed %s\n", policy->leave_signed ? "leave" : "synth");
	print(page, "filter none\n");
	if (policy->filter_a)
		print(page, "filter a\n");
	if (policy->filter_ipv4hint)
		print(page, "filter ipv4hint\n");
	print(page, "tell-synthesised %s\n", yes_no(policy->tell_synthesised));
	print(page, "wkp-non-global %s\n",
	    policy->wkp_non_global ? "allow" : "drop");
	print_ptr(page, policy);
	print(page, "ttl ptr %" PRIu32 "\n", policy->ptr_ttl);
	print(page, "ttl ipv4only %" PRIu32 "\n", policy->ipv4only_ttl);
	print(page, "timeout aaaa %u\n", policy->aaaa_deadline_ms);
}

static void
print_match(const struct page *page, const struct view_match *m)
{
	char buf[PREFIX_STRLEN];

	print(page, "match");
	if (m->from.family != AF_UNSPEC)
		fprintf(page->f, " from %s",
		    prefix_print(&m->from, buf, sizeof(buf)));
	if (m->on.ss.ss_family != AF_UNSPEC)
		conf_print_addr(" on", &m->on, page->f);
	fputc('\n', page->f);
}

void
conf_print_defaults(const struct conf *conf, FILE *f)
{
	const struct page page = { f, "", conf };

	print_policy(&page, &conf->views.v[0].policy);
}

void
conf_print_views(const struct conf *conf, FILE *f)
{
	const struct page page = { f, "\t", conf };
	const struct view *view;
	size_t i, k;

	for (i = 1; i < conf->views.n; i++) {
		view = &conf->views.v[i];
		fprintf(f, "view ");
		conf_print_string(f, view->name);
		fprintf(f, " {\n");
		for (k = 0; k < view->n_matches; k++)
			print_match(&page, &view->matches[k]);
		print_policy(&page, &view->policy);
		fprintf(f, "}\n");
	}
}
