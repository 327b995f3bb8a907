/*
 * The canonical form of a configuration: the kinds of statements in a fixed
 * order, lists as they were written, and every setting of each view, also
 * those that it has from the default. Upstreams, listeners and clients are
 * printed where they are read.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <inttypes.h>
#include <stdarg.h>

#include "common/conf/conf_file.h"
#include "common/net/pref64.h"

#include "conf.h"
#include "dns64d/wire/name_text.h"

/* Where to print, and what before each line. */
struct output {
	FILE *f;
	const char *indent;
	const struct conf *conf;
};

/* Print a line, or without a newline in fmt the beginning of one. */
static void __attribute__((__format__(printf, 2, 3)))
print(const struct output *out, const char *fmt, ...)
{
	va_list ap;

	fputs(out->indent, out->f);
	va_start(ap, fmt);
	vfprintf(out->f, fmt, ap);
	va_end(ap);
}

static const char *
yes_no(bool yes)
{
	return (yes ? "yes" : "no");
}

static void
print_translator(const struct output *out, const struct pref64 *prefix)
{
	const struct translator_conf *t;
	size_t i;

	if ((t = conf_find_translator(out->conf, prefix)) == NULL)
		return;
	fprintf(out->f, " translator");
	for (i = 0; i < t->n_urls; i++) {
		fputc(' ', out->f);
		conf_print_string(out->f, t->url[i].text);
	}
	fprintf(out->f, " every %u", t->every_secs);
}

static void
print_rule(const struct output *out, const struct dns64_policy *policy,
    const struct policy_rule *r)
{
	const struct pref64 *prefix = NULL;
	char buf[PREFIX_STRLEN];

	if (r->target != POLICY_TARGET_NONE)
		prefix = &policy->prefixes[r->target];
	print(out, "prefix %s",
	    prefix != NULL ? pref64_print(prefix, buf, sizeof(buf)) : "none");
	/* In "prefix none", the range is mandatory. */
	if (r->range.len > 0 || prefix == NULL)
		fprintf(out->f, " for %s",
		    prefix_print(&r->range, buf, sizeof(buf)));
	if (prefix != NULL)
		print_translator(out, prefix);
	fputc('\n', out->f);
}

static void
print_prefixes(const struct output *out, const struct dns64_policy *policy)
{
	char buf[PREF64_STRLEN];
	size_t i;

	for (i = 0; i < policy->n_rules; i++)
		print_rule(out, policy, &policy->rules[i]);
	for (i = 0; i < policy->n_prefixes; i++) {
		if (!policy_prefix_in_use(policy, i))
			print(out, "prefix %s reverse-only\n",
			    pref64_print(&policy->prefixes[i], buf,
				sizeof(buf)));
	}
}

static void
print_suffixes(const struct output *out, const struct dns64_policy *policy)
{
	char prefix[PREF64_STRLEN], suffix[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < policy->n_prefixes; i++) {
		if (IN6_IS_ADDR_UNSPECIFIED(&policy->suffix[i]))
			continue;
		print(out, "suffix %s %s\n",
		    pref64_print(&policy->prefixes[i], prefix, sizeof(prefix)),
		    inet_ntop(AF_INET6, &policy->suffix[i], suffix,
			sizeof(suffix)));
	}
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
print_balance(const struct output *out, const struct dns64_policy *policy)
{
	char prefix[PREF64_STRLEN];
	size_t i;

	for (i = 0; i < policy->n_prefixes; i++) {
		if (policy->weight[i] != 1)
			print(out, "weight %s %u\n",
			    pref64_print(&policy->prefixes[i], prefix,
				sizeof(prefix)),
			    policy->weight[i]);
	}
	print(out, "balance %s\n", balance_name(policy->balance));
	print(out, "balance-prefix4 %u\n", policy->balance_len4);
	print(out, "balance-prefix6 %u\n", policy->balance_len6);
}

static void
print_exclude(const struct output *out, const char *record,
    const struct policy_ranges *list)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	/* Without this, the default list would be added to when read again. */
	print(out, "exclude %s none\n", record);
	for (i = 0; i < list->n; i++)
		print(out, "exclude %s %s\n", record,
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

static void
print_ask(const struct output *out, const struct dns64_policy *policy)
{
	switch (policy->lookups) {
	case POLICY_LOOKUPS_PARALLEL:
		print(out, "ask parallel\n");
		break;
	case POLICY_LOOKUPS_SEQUENTIAL:
		print(out, "ask sequential\n");
		break;
	case POLICY_LOOKUPS_DELAYED:
		print(out, "ask delayed %u\n", policy->a_delay_ms);
		break;
	}
}

static void
print_ptr(const struct output *out, const struct dns64_policy *policy)
{
	char text[NAME_TEXT_MAX];

	if (policy->ptr_mode == POLICY_PTR_CNAME) {
		print(out, "ptr cname\n");
		return;
	}
	print(out, "ptr local \"%s\"\n", name_to_text(policy->ptr_name, text));
}

static void
print_policy(const struct output *out, const struct dns64_policy *policy)
{
	print(out, "dns64 %s\n", dns64_name(policy->dns64));
	print_prefixes(out, policy);
	print_suffixes(out, policy);
	print_balance(out, policy);
	print_exclude(out, "aaaa", &policy->exclude_aaaa);
	print_exclude(out, "a", &policy->exclude_a);
	print_ask(out, policy);
	print(out, "force %s\n", yes_no(policy->force));
	print(out, "max-synth %u\n", policy->max_synth);
	print(out, "nxdomain %s\n", policy->nxdomain_synth ? "synth" : "pass");
	print(out, "checking-disabled %s\n",
	    policy->cd_synth ? "synth" : "pass");
	print(out, "signed %s\n", policy->leave_signed ? "leave" : "synth");
	print(out, "filter none\n");
	if (policy->filter_a)
		print(out, "filter a\n");
	if (policy->filter_ipv4hint)
		print(out, "filter ipv4hint\n");
	print(out, "tell-synthesised %s\n", yes_no(policy->tell_synthesised));
	print(out, "wkp-non-global %s\n",
	    policy->wkp_non_global ? "allow" : "drop");
	print_ptr(out, policy);
	print(out, "ttl ptr %" PRIu32 "\n", policy->ptr_ttl);
	print(out, "ttl ipv4only %" PRIu32 "\n", policy->ipv4only_ttl);
	print(out, "ttl synth %" PRIu32 "\n", policy->synth_ttl);
	print(out, "timeout aaaa %u\n", policy->aaaa_deadline_ms);
}

static void
print_match(const struct output *out, const struct view_match *m)
{
	char buf[PREFIX_STRLEN];

	print(out, "match");
	if (m->from.family != AF_UNSPEC)
		fprintf(out->f, " from %s",
		    prefix_print(&m->from, buf, sizeof(buf)));
	if (m->on.ss.ss_family != AF_UNSPEC)
		conf_print_addr(" on", &m->on, out->f);
	fputc('\n', out->f);
}

static void
print_defaults(const struct conf *conf, FILE *f)
{
	const struct output out = { f, "", conf };

	print_policy(&out, &conf->views.v[0].policy);
}

static void
print_views(const struct conf *conf, FILE *f)
{
	const struct output out = { f, "\t", conf };
	const struct view *view;
	size_t i, k;

	for (i = 1; i < conf->views.n; i++) {
		view = &conf->views.v[i];
		fprintf(f, "view ");
		conf_print_string(f, view->name);
		fprintf(f, " {\n");
		for (k = 0; k < view->n_matches; k++)
			print_match(&out, &view->matches[k]);
		print_policy(&out, &view->policy);
		fprintf(f, "}\n");
	}
}

static void
print_string(const char *what, const char *text, FILE *f)
{
	if (text == NULL)
		return;
	fprintf(f, "%s ", what);
	conf_print_string(f, text);
	fputc('\n', f);
}

static void
print_cache(const struct cache_rules *cache, FILE *f)
{
	fprintf(f, "limit cache %zu\n", cache->bytes);
	fprintf(f, "ttl max %" PRIu32 "\n", cache->ttl_max);
	fprintf(f, "ttl negative %" PRIu32 "\n", cache->ttl_negative);
	fprintf(f, "ttl failure %" PRIu32 "\n", cache->ttl_failure);
	fprintf(f, "ttl failure-max %" PRIu32 "\n", cache->ttl_failure_max);
	fprintf(f, "ttl stale %" PRIu32 "\n", cache->ttl_stale);
	fprintf(f, "serve-stale %s\n", yes_no(cache->serve_stale));
	fprintf(f, "prefetch %s\n", yes_no(cache->prefetch));
	fprintf(f, "cache-answers %s\n", yes_no(cache->answers));
	fprintf(f, "nxdomain-cut %s\n", yes_no(cache->nxdomain_cut));
}

void
conf_print(const struct conf *conf, FILE *f)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	conf_print_listeners(conf, f);
	conf_print_upstreams(conf, f);
	for (i = 0; i < conf->n_access; i++)
		fprintf(f, "%s from %s\n",
		    conf->access[i].allow ? "allow" : "deny",
		    prefix_print(&conf->access[i].from, buf, sizeof(buf)));
	print_defaults(conf, f);
	conf_print_clients(conf, f);
	print_cache(&conf->cache, f);
	fprintf(f, "limit queries %u\n", conf->limit_queries);
	fprintf(f, "limit tcp-clients %u\n", conf->limit_tcp_clients);
	fprintf(f, "limit tcp-per-client %u\n", conf->limit_tcp_per_client);
	fprintf(f, "limit tcp-per-upstream %u\n",
	    conf->limit_tcp_per_upstream);
	fprintf(f, "timeout tcp-idle %u\n", conf->tcp_idle_secs);
	fprintf(f, "workers %u\n", conf->workers);
	fprintf(f, "log level %s\n", log_level_name(conf->log_level));
	print_string("user", conf->user, f);
	print_string("pidfile", conf->pidfile, f);
	print_string("dump", conf->dump, f);
	control_conf_print(&conf->control, f);
	metrics_conf_print(&conf->metrics, NULL, f);
	print_views(conf, f);
}
