#include <stdlib.h>

#include "common/siphash.h"

#include "dns64d/cache/answers.h"
#include "dns64d/cache/cache.h"
#include "dns64d/conf/conf.h"
#include "generation.h"
#include "dns64d/base/loop.h"
#include "dns64d/policy/translator.h"
#include "dns64d/policy/view.h"

/* Entries of a cache that are freed in one step, of about 0.1 ms. */
#define FREE_MAX 512

/*
 * libevent has queues for a bounded number of durations, for the life of
 * the event base; beyond it, after many reloads, its heap does.
 */
static struct timeval
delay_of(struct event_base *base, unsigned ms)
{
	const struct timeval *common = loop_delay(base, ms);
	struct timeval plain = { ms / 1000, ms % 1000 * 1000 };

	return (common != NULL ? *common : plain);
}

static void
init_view(struct generation_view *gv, const struct view *view,
    struct event_base *base, const struct translators *ts)
{
	const struct dns64_policy *policy = &view->policy;
	size_t i;

	gv->view = view;
	gv->aaaa_delay = delay_of(base, policy->aaaa_deadline_ms);
	gv->a_delay = delay_of(base, policy->a_delay_ms);
	balance_init(&gv->balance, policy);
	for (i = 0; i < policy->n_prefixes; i++)
		gv->balance.target[i] =
		    translators_find(ts, &policy->prefixes[i]);
}

/* What a generation has beside the configuration. */
static void
clear(struct generation *gen)
{
	answers_free(gen->answers);
	cache_free(gen->cache);
	translators_free(gen->translators);
	upstreams_clear(&gen->ups);
	free(gen->views);
	free(gen);
}

/* Nobody outside shall know which names share a bucket. */
static int
make_caches(struct generation *gen, const struct cache_rules *rules)
{
	struct siphash_key key;

	arc4random_buf(&key, sizeof(key));
	gen->cache = cache_new(rules, &key);
	gen->answers =
	    answers_new(rules->answers ? rules->bytes / ANSWERS_SHARE : 0,
		&key);
	if (gen->cache == NULL || gen->answers == NULL)
		return (-1);
	generation_share_memory(gen);
	return (0);
}

struct generation *
generation_new(struct event_base *base, struct conf *conf,
    const struct generation *old)
{
	struct generation *gen;
	struct upstreams_conf ups_conf;
	size_t i;

	if ((gen = calloc(1, sizeof(*gen))) == NULL)
		return (NULL);
	gen->refs = 1;
	conf_upstreams(conf, &ups_conf);
	gen->views = calloc(conf->views.n, sizeof(*gen->views));
	gen->translators = translators_new(base, conf->translators,
	    conf->n_translators, old != NULL ? old->translators : NULL);
	if (make_caches(gen, &conf->each.cache) == -1 || gen->views == NULL ||
	    gen->translators == NULL ||
	    upstreams_init(&gen->ups, &ups_conf,
		old != NULL ? &old->ups : NULL) == -1) {
		clear(gen);
		return (NULL);
	}
	for (i = 0; i < conf->views.n; i++)
		init_view(&gen->views[i], &conf->views.v[i], base,
		    gen->translators);
	gen->conf = conf_ref(conf);
	return (gen);
}

void
generation_share_memory(struct generation *gen)
{
	struct answers_counts counts;

	answers_count(gen->answers, &counts);
	cache_reserve(gen->cache, counts.bytes);
}

void
generation_close_caches(struct generation *gen)
{
	answers_close(gen->answers);
	cache_close(gen->cache);
}

bool
generation_free_some(struct generation *gen)
{
	return (answers_free_some(gen->answers, FREE_MAX) ||
	    cache_free_some(gen->cache, FREE_MAX));
}

struct generation_view *
generation_select(struct generation *gen,
    const struct sockaddr_storage *client, const struct scoped_addr *listener)
{
	const struct views *views = &gen->conf->views;

	return (&gen->views[view_select(views, client, listener) - views->v]);
}

struct generation *
generation_ref(struct generation *gen)
{
	gen->refs++;
	return (gen);
}

void
generation_unref(struct generation *gen)
{
	struct conf *conf;

	if (gen == NULL || --gen->refs > 0)
		return;
	conf = gen->conf;
	clear(gen);
	conf_unref(conf);
}
