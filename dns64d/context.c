#include <stdlib.h>

#include "common/siphash.h"

#include "dns64d/cache/packet_cache.h"
#include "dns64d/cache/cache.h"
#include "dns64d/conf/conf.h"
#include "context.h"
#include "dns64d/base/loop.h"
#include "dns64d/policy/translator.h"
#include "dns64d/policy/view.h"

/* Entries of a cache that are freed in one step, which takes about 0.1 ms. */
#define FREE_MAX 512

/*
 * A common timeout (loop.h) if the event base can have one more: their number
 * is bounded and none is freed. After many reloads with different delays it
 * is a plain one.
 */
static struct timeval
delay_of(struct event_base *base, unsigned ms)
{
	const struct timeval *common = loop_delay(base, ms);
	struct timeval plain = { ms / 1000, ms % 1000 * 1000 };

	return (common != NULL ? *common : plain);
}

static void
init_view(struct context_view *cv, const struct view *view,
    struct event_base *base, const struct translators *ts)
{
	const struct dns64_policy *policy = &view->policy;
	size_t i;

	cv->view = view;
	cv->aaaa_delay = delay_of(base, policy->aaaa_deadline_ms);
	cv->a_delay = delay_of(base, policy->a_delay_ms);
	balance_init(&cv->balance, policy);
	for (i = 0; i < policy->n_prefixes; i++)
		cv->balance.target[i] =
		    translators_find(ts, &policy->prefixes[i]);
}

/* Free a context, but not its reference to the configuration. */
static void
clear(struct context *ctx)
{
	packet_cache_free(ctx->packet_cache);
	cache_free(ctx->cache);
	translators_free(ctx->translators);
	upstreams_clear(&ctx->ups);
	free(ctx->views);
	free(ctx);
}

/* The key of the hashes is random, so that no client can fill a bucket. */
static int
make_caches(struct context *ctx, const struct cache_rules *rules)
{
	struct siphash_key key;

	arc4random_buf(&key, sizeof(key));
	ctx->cache = cache_new(rules, &key);
	ctx->packet_cache = packet_cache_new(
	    rules->answers ? rules->bytes / PACKET_CACHE_SHARE : 0, &key);
	if (ctx->cache == NULL || ctx->packet_cache == NULL)
		return (-1);
	context_share_memory(ctx);
	return (0);
}

struct context *
context_new(struct event_base *base, struct conf *conf,
    const struct context *old)
{
	struct context *ctx;
	struct upstreams_conf ups_conf;
	size_t i;

	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return (NULL);
	ctx->refs = 1;
	conf_upstreams(conf, &ups_conf);
	ctx->views = calloc(conf->views.n, sizeof(*ctx->views));
	ctx->translators = translators_new(base, conf->translators,
	    conf->n_translators, old != NULL ? old->translators : NULL);
	if (make_caches(ctx, &conf->each.cache) == -1 || ctx->views == NULL ||
	    ctx->translators == NULL ||
	    upstreams_init(&ctx->ups, &ups_conf,
		old != NULL ? &old->ups : NULL) == -1) {
		clear(ctx);
		return (NULL);
	}
	for (i = 0; i < conf->views.n; i++)
		init_view(&ctx->views[i], &conf->views.v[i], base,
		    ctx->translators);
	ctx->conf = conf_ref(conf);
	return (ctx);
}

void
context_share_memory(struct context *ctx)
{
	struct lru_counts counts;

	packet_cache_count(ctx->packet_cache, &counts);
	cache_reserve(ctx->cache, counts.bytes);
}

static bool
same_rules(const struct cache_rules *a, const struct cache_rules *b)
{
	return (a->bytes == b->bytes && a->ttl_max == b->ttl_max &&
	    a->ttl_negative == b->ttl_negative &&
	    a->ttl_failure == b->ttl_failure &&
	    a->ttl_failure_max == b->ttl_failure_max &&
	    a->ttl_stale == b->ttl_stale && a->serve_stale == b->serve_stale &&
	    a->prefetch == b->prefetch && a->answers == b->answers &&
	    a->nxdomain_cut == b->nxdomain_cut);
}

/* Flush the domains of one of the contexts that have other servers now. */
static void
flush_changed(struct context *ctx, const struct context *old,
    const struct conf *conf)
{
	const struct monotime now = monotime_now();
	const uint8_t *domain;
	size_t i;

	for (i = 0; i < conf->n_routes; i++) {
		domain = conf->routes[i].domain;
		if (!upstreams_same(&ctx->ups, &old->ups, domain))
			cache_flush(ctx->cache, domain, true, now);
	}
}

void
context_keep_cache(struct context *ctx, struct context *old)
{
	struct cache *none = ctx->cache;

	if (!same_rules(&ctx->conf->each.cache, &old->conf->each.cache))
		return;
	ctx->cache = old->cache;
	old->cache = none;
	context_share_memory(ctx);
	flush_changed(ctx, old, old->conf);
	flush_changed(ctx, old, ctx->conf);
}

void
context_close_caches(struct context *ctx)
{
	packet_cache_close(ctx->packet_cache);
	cache_close(ctx->cache);
}

bool
context_free_some(struct context *ctx)
{
	return (packet_cache_free_some(ctx->packet_cache, FREE_MAX) ||
	    cache_free_some(ctx->cache, FREE_MAX));
}

struct context_view *
context_select(struct context *ctx, const struct sockaddr_storage *client,
    const struct scoped_addr *listener)
{
	const struct views *views = &ctx->conf->views;

	return (&ctx->views[view_select(views, client, listener) - views->v]);
}

struct context *
context_ref(struct context *ctx)
{
	ctx->refs++;
	return (ctx);
}

void
context_unref(struct context *ctx)
{
	struct conf *conf;

	if (ctx == NULL || --ctx->refs > 0)
		return;
	conf = ctx->conf;
	clear(ctx);
	conf_unref(conf);
}
