/*
 * The canonical form of a configuration: one statement of each kind in a
 * fixed order of kinds, lists in the order in which they were written.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <inttypes.h>

#include "common/conf_file.h"
#include "common/pref64.h"

#include "conf.h"

static void
print_addrs(const char *what, const struct conf_addrs *list, FILE *f)
{
	const struct sockaddr_storage *ss;
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;
	char buf[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < list->n; i++) {
		ss = &list->v[i];
		sin = (const void *)ss;
		sin6 = (const void *)ss;
		fprintf(f, "%s %s", what, inet_ntop(ss->ss_family,
		    ss->ss_family == AF_INET ? (const void *)&sin->sin_addr :
		    (const void *)&sin6->sin6_addr, buf, sizeof(buf)));
		if (ss->ss_family == AF_INET6 && sin6->sin6_scope_id != 0)
			fprintf(f, "%%%" PRIu32, sin6->sin6_scope_id);
		fprintf(f, " port %u\n", sockaddr_port(ss));
	}
}

static void
print_prefixes(const struct dns64_policy *policy, FILE *f)
{
	const struct policy_rule *r;
	char buf[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < policy->n_rules; i++) {
		r = &policy->rules[i];
		fprintf(f, "prefix %s", r->target == POLICY_TARGET_NONE ?
		    "none" : pref64_print(&policy->prefixes[r->target], buf,
		    sizeof(buf)));
		if (r->range.len > 0)
			fprintf(f, " for %s",
			    prefix_print(&r->range, buf, sizeof(buf)));
		fputc('\n', f);
	}
}

static void
print_exclude(const char *record, const struct policy_ranges *list, FILE *f)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	/* The built-in list would otherwise be added to this one. */
	fprintf(f, "exclude %s none\n", record);
	for (i = 0; i < list->n; i++)
		fprintf(f, "exclude %s %s\n", record,
		    prefix_print(&list->v[i], buf, sizeof(buf)));
}

static void
print_ask(const struct dns64_policy *policy, FILE *f)
{
	switch (policy->legs) {
	case POLICY_LEGS_PARALLEL:
		fprintf(f, "ask parallel\n");
		break;
	case POLICY_LEGS_SEQUENTIAL:
		fprintf(f, "ask sequential\n");
		break;
	case POLICY_LEGS_DELAYED:
		fprintf(f, "ask delayed %u\n", policy->a_delay_ms);
		break;
	}
}

static void
print_ptr(const struct dns64_policy *policy, FILE *f)
{
	const uint8_t *label;

	if (policy->ptr_mode == POLICY_PTR_CNAME) {
		fprintf(f, "ptr cname\n");
		return;
	}
	fprintf(f, "ptr local \"");
	for (label = policy->ptr_name; *label > 0; label += 1 + *label)
		fprintf(f, "%.*s.", *label, (const char *)label + 1);
	fprintf(f, "\"\n");
}

static void
print_policy(const struct dns64_policy *policy, FILE *f)
{
	print_prefixes(policy, f);
	print_exclude("aaaa", &policy->exclude_aaaa, f);
	print_exclude("a", &policy->exclude_a, f);
	print_ask(policy, f);
	fprintf(f, "force %s\n", policy->force ? "yes" : "no");
	fprintf(f, "wkp-non-global %s\n",
	    policy->wkp_non_global ? "allow" : "drop");
	print_ptr(policy, f);
	fprintf(f, "ttl ptr %" PRIu32 "\n", policy->ptr_ttl);
	fprintf(f, "ttl ipv4only %" PRIu32 "\n", policy->ipv4only_ttl);
	fprintf(f, "timeout aaaa %u\n", policy->aaaa_deadline_ms);
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

void
conf_print(const struct conf *conf, FILE *f)
{
	char buf[PREFIX_STRLEN];
	size_t i;

	print_addrs("listen on", &conf->listens, f);
	print_addrs("upstream", &conf->upstreams, f);
	for (i = 0; i < conf->n_access; i++)
		fprintf(f, "%s from %s\n",
		    conf->access[i].allow ? "allow" : "deny",
		    prefix_print(&conf->access[i].from, buf, sizeof(buf)));
	print_policy(&conf->policy, f);
	fprintf(f, "limit queries %u\n", conf->limit_queries);
	fprintf(f, "limit tcp-clients %u\n", conf->limit_tcp_clients);
	fprintf(f, "limit tcp-per-client %u\n", conf->limit_tcp_per_client);
	fprintf(f, "timeout tcp-idle %u\n", conf->tcp_idle_secs);
	fprintf(f, "log level %s\n", log_level_name(conf->log_level));
	print_string("user", conf->user, f);
	print_string("pidfile", conf->pidfile, f);
	print_string("dump", conf->dump, f);
}
