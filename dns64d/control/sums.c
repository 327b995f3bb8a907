#include <string.h>

#include "dns64d/query.h"
#include "dns64d/worker.h"
#include "dns64d/workers.h"
#include "sums.h"

static void
add(void *arg, struct worker *w)
{
	struct sums *s = arg;

	stats_add(&s->stats, &w->stats);
	s->queries += queries_open(w->queries);
}

void
sums_take(struct workers *ws, struct sums *s)
{
	memset(s, 0, sizeof(*s));
	workers_each(ws, add, s);
}
