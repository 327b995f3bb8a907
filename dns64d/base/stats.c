#include <inttypes.h>

#include "stats.h"

static const struct {
	const char *name;
	const char *help;
} texts[STAT_MAX] = {
#define STATS_TEXT(NAME, name, help) [STAT_##NAME] = { name, help },
	STATS_LIST(STATS_TEXT)
#undef STATS_TEXT
};

void
stats_add(struct stats *sum, const struct stats *s)
{
	unsigned i;

	for (i = 0; i < STAT_MAX; i++)
		sum->n[i] += s->n[i];
}

const char *
stats_name(enum stats_counter what)
{
	return (texts[what].name);
}

const char *
stats_help(enum stats_counter what)
{
	return (texts[what].help);
}

void
stats_print(const struct stats *s, FILE *f)
{
	unsigned i;

	for (i = 0; i < STAT_MAX; i++)
		fprintf(f, "%-18s %12" PRIu64 "  %s\n", texts[i].name, s->n[i],
		    texts[i].help);
}
