#include <errno.h>

#include <event2/event.h>

#include "common/os/log.h"

#include "dns64d/conf/conf.h"
#include "dns64d/client/frontend.h"
#include "context.h"
#include "query.h"
#include "dns64d/policy/translator.h"
#include "worker.h"

int
worker_init(struct worker *w, bool first,
    const struct siphash_key *cookie_seed)
{
	w->queries = queries_new(&w->stats, cookie_seed);
	if (w->queries == NULL)
		return (-1);
	w->frontend =
	    frontend_new(&w->stats, queries_receive, w->queries, first);
	return (w->frontend != NULL ? 0 : -1);
}

int
worker_listen(struct worker *w, const struct conf *conf)
{
	if (frontend_prepare(w->frontend, conf) == -1)
		return (-1);
	frontend_commit(w->frontend, conf);
	return (0);
}

int
worker_begin(struct worker *w, struct conf *conf)
{
	struct context *ctx;

	if ((w->base = event_base_new()) == NULL ||
	    queries_start(w->queries, w->base) == -1 ||
	    (ctx = context_new(w->base, conf, NULL)) == NULL)
		return (-1);
	queries_use(w->queries, ctx);
	return (0);
}

int
worker_prepare(struct worker *w, struct conf *conf)
{
	w->next = context_new(w->base, conf, queries_context(w->queries));
	if (w->next == NULL) {
		log_err("reload: out of memory");
		return (-1);
	}
	if (frontend_prepare(w->frontend, conf) == -1) {
		if (errno == EACCES)
			log_err("reload: a port below 1024 needs a restart");
		context_unref(w->next);
		w->next = NULL;
		return (-1);
	}
	return (0);
}

void
worker_commit(struct worker *w, bool keep)
{
	if (keep)
		context_keep_cache(w->next, queries_context(w->queries));
	frontend_commit(w->frontend, w->next->conf);
	queries_use(w->queries, w->next);
	w->next = NULL;
}

void
worker_abandon(struct worker *w)
{
	frontend_abandon(w->frontend);
	context_unref(w->next);
	w->next = NULL;
}

void
worker_hurry(struct worker *w)
{
	translators_hurry(queries_context(w->queries)->translators);
}

void
worker_print(const struct worker *w, FILE *f)
{
	queries_print(w->queries, f);
	translators_print(queries_context(w->queries)->translators, f);
}

void
worker_end(struct worker *w)
{
	queries_free(w->queries);
	frontend_free(w->frontend);
}

void
worker_clear(struct worker *w)
{
	if (w->base != NULL)
		event_base_free(w->base);
}
