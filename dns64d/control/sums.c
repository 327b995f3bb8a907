#include <string.h>

#include "dns64d/cache/cache.h"
#include "dns64d/cache/packet_cache.h"
#include "dns64d/conf/conf.h"
#include "dns64d/context.h"
#include "dns64d/query.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "sums.h"

static void
add_servers(struct sums *s, const struct upstreams *ups)
{
	const struct upstream *u;
	size_t i;

	for (i = 0; i < ups->n; i++) {
		u = &ups->v[i];
		s->servers[i].suspect |= u->lost >= UPSTREAM_SUSPECT_LOST;
		s->servers[i].sent += u->n_sent;
		s->servers[i].answered += u->n_answered;
		s->servers[i].lost += u->n_lost;
		s->servers[i].outstanding += u->outstanding;
	}
}

/* In the first view that has the prefix for synthesis; 0: none has. */
static unsigned
share_of(const struct context *ctx, const struct pref64 *prefix)
{
	const struct balance *b;
	size_t i, k;

	for (i = 0; i < ctx->conf->views.n; i++) {
		b = &ctx->views[i].balance;
		for (k = 0; k < b->policy->n_prefixes; k++)
			if (pref64_equal(&b->policy->prefixes[k], prefix) &&
			    policy_prefix_in_use(b->policy, (int)k))
				return (balance_share(b, k));
	}
	return (0);
}

static void
add_translators(struct sums *s, const struct context *ctx)
{
	struct sums_translator *sum;
	struct translator_view t;
	size_t i;

	for (i = 0; translators_look(ctx->translators, i, &t) == 0; i++) {
		sum = &s->translators[i];
		if (s->n_workers == 0) {
			sum->state = t.state;
			sum->active = t.active;
			memcpy(sum->node, t.node, sizeof(sum->node));
			sum->load = t.load;
			sum->share = share_of(ctx, &t.conf->prefix);
			sum->sessions = t.sessions;
			sum->sessions_max = t.sessions_max;
		}
		sum->answers += t.answers;
		sum->polls += t.n_polls;
		sum->lost += t.n_lost;
	}
}

static void
add_lru(struct lru_counts *sum, const struct lru_counts *c)
{
	sum->entries += c->entries;
	sum->bytes += c->bytes;
	sum->evicted += c->evicted;
}

static void
add(void *arg, struct worker *w)
{
	const struct context *ctx = queries_context(w->queries);
	struct lru_counts count;
	struct sums *s = arg;

	stats_add(&s->stats, &w->stats);
	s->queries += queries_open(w->queries);
	add_servers(s, &ctx->ups);
	add_translators(s, ctx);
	s->n_workers++;
	cache_count(ctx->cache, &count);
	add_lru(&s->replies, &count);
	packet_cache_count(ctx->packet_cache, &count);
	add_lru(&s->answers, &count);
	s->cache_bytes_max += ctx->conf->each.cache.bytes;
}

void
sums_take(struct workers *ws, struct sums *s)
{
	memset(s, 0, sizeof(*s));
	workers_each(ws, add, s);
}
