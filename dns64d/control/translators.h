/*
 * What metrics show of translators.
 */
#ifndef DNS64D_CONTROL_TRANSLATORS_H
#define DNS64D_CONTROL_TRANSLATORS_H

#include "common/http/prom.h"

struct conf;
struct sums;

/* Add the metrics of all translators, each with its prefix as the label. */
void translators_add_metrics(struct prom *p, const struct conf *conf,
    const struct sums *s);

#endif
