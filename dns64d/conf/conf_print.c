/*
 * The canonical form of a configuration: the kinds of statements in a fixed
 * order, lists as they were written. conf_print_policy.c prints views and
 * their policies.
 */
#include <inttypes.h>

#include "common/conf/conf_file.h"

#include "conf.h"

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
	fprintf(f, "serve-stale %s\n", cache->serve_stale ? "yes" : "no");
	fprintf(f, "prefetch %s\n", cache->prefetch ? "yes" : "no");
	fprintf(f, "cache-answers %s\n", cache->answers ? "yes" : "no");
	fprintf(f, "nxdomain-cut %s\n", cache->nxdomain_cut ? "yes" : "no");
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
	conf_print_defaults(conf, f);
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
	conf_print_views(conf, f);
}
