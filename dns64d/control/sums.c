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
