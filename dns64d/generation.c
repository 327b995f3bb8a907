#include <stdlib.h>

#include "conf.h"
#include "generation.h"
#include "loop.h"

struct generation *
generation_new(struct event_base *base, struct conf *conf,
    const struct generation *old)
{
	struct generation *gen;

	if ((gen = calloc(1, sizeof(*gen))) == NULL)
		return (NULL);
	gen->refs = 1;
	gen->aaaa_delay = loop_delay(base, conf->policy.aaaa_deadline_ms);
	gen->a_delay = loop_delay(base, conf->policy.a_delay_ms);
	if (gen->aaaa_delay == NULL || gen->a_delay == NULL ||
	    upstreams_init(&gen->ups, conf->upstreams.v, conf->upstreams.n,
	    old != NULL ? &old->ups : NULL) == -1) {
		free(gen);
		return (NULL);
	}
	gen->conf = conf;
	return (gen);
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
	if (gen == NULL || --gen->refs > 0)
		return;
	upstreams_clear(&gen->ups);
	conf_free(gen->conf);
	free(gen);
}
