/*
 * GET /v1/translators, and the metrics of translators.
 */
#include "common/net/pref64.h"

#include "dns64d/admin.h"
#include "dns64d/conf/conf.h"
#include "routes.h"
#include "sums.h"
#include "translators.h"

static json_t *
number(uint64_t n)
{
	return (json_integer((json_int_t)n));
}

static json_t *
percent(unsigned thousandths)
{
	return (number((thousandths + 5) / 10));
}

static json_t *
show(const struct translator_conf *conf, const struct sums_translator *t)
{
	const size_t other = 1 - t->active;
	char buf[PREF64_STRLEN];
	json_t *o;

	o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "nat64-prefix", pref64_print(&conf->prefix, buf, sizeof(buf)),
	    "url", conf->url[t->active].text, "state",
	    translator_state_name(t->state), "load-percent", percent(t->load),
	    "share-percent", percent(t->share), "answers", number(t->answers),
	    "sessions", number(t->sessions), "sessions-max",
	    number(t->sessions_max), "polls", number(t->polls), "lost",
	    number(t->lost));
	if (conf->n_urls == 1)
		return (o);
	json_object_set_new(o, "other-url",
	    json_string(conf->url[other].text));
	json_object_set_new(o, "other-state",
	    json_string(pair_node_state_name(t->node[other])));
	return (o);
}

void
get_translators(void *arg, struct httpd_request *rq)
{
	static const char *const none[] = { NULL };
	const struct admin *a = arg;
	struct sums sums;
	json_t *list;
	size_t i;

	if (httpd_only_params(rq, none) == -1)
		return;
	sums_take(a->workers, &sums);
	list = json_array();
	for (i = 0; i < a->conf->n_translators; i++)
		json_array_append_new(list,
		    show(&a->conf->translators[i], &sums.translators[i]));
	httpd_json(rq, 200, json_pack("{s:o}", "translators", list));
}

/* --- metrics --- */

enum value {
	UP,
	DRAINING,
	SESSIONS,
	SESSIONS_MAX,
	ANSWERS,
	POLLS,
	LOST,
	LOAD,
	SHARE,
	NODES,
	N_VALUES
};

static uint64_t
answering(const struct sums_translator *t)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < PAIR_NODES; i++)
		n += t->node[i] == PAIR_NODE_ACTIVE ||
		    t->node[i] == PAIR_NODE_STANDBY;
	return (n);
}

static uint64_t
value_of(const struct sums_translator *t, enum value what)
{
	switch (what) {
	case UP:
		return (t->state == BALANCE_UP);
	case DRAINING:
		return (t->state == BALANCE_DRAINING);
	case SESSIONS:
		return (t->sessions);
	case SESSIONS_MAX:
		return (t->sessions_max);
	case ANSWERS:
		return (t->answers);
	case POLLS:
		return (t->polls);
	case LOST:
		return (t->lost);
	case LOAD:
		return (t->load);
	case SHARE:
		return (t->share);
	case NODES:
		return (answering(t));
	case N_VALUES:
		break;
	}
	return (0);
}

static void
add(struct prom *p, const struct conf *conf, const struct sums *s,
    enum value what)
{
	char prefix[PREF64_STRLEN];
	uint64_t n;
	size_t i;

	for (i = 0; i < conf->n_translators; i++) {
		pref64_print(&conf->translators[i].prefix, prefix,
		    sizeof(prefix));
		n = value_of(&s->translators[i], what);
		/* Ratios: thousandths, printed as millionths. */
		if (what == LOAD || what == SHARE)
			prom_labelled_us(p, "prefix", prefix, n * 1000);
		else
			prom_labelled(p, "prefix", prefix, n);
	}
}

void
translators_add_metrics(struct prom *p, const struct conf *conf,
    const struct sums *s)
{
	static const struct {
		enum prom_type type;
		const char *name, *help;
	} shown[N_VALUES] = {
		[UP] = { PROM_GAUGE, "translator-up",
		    "1: the translator serves and gets clients" },
		[DRAINING] = { PROM_GAUGE, "translator-draining",
		    "1: the translator serves and gets no new clients" },
		[SESSIONS] = { PROM_GAUGE, "translator-sessions",
		    "Sessions of the translator" },
		[SESSIONS_MAX] = { PROM_GAUGE, "translator-sessions-max",
		    "Its limit of sessions" },
		[ANSWERS] = { PROM_COUNTER, "translator-answers",
		    "Answers composed with the prefix of the translator" },
		[POLLS] = { PROM_COUNTER, "translator-polls",
		    "Questions for the metrics of the translator" },
		[LOST] = { PROM_COUNTER, "translator-polls-lost",
		    "Those without an answer" },
		[LOAD] = { PROM_GAUGE, "translator-load-ratio",
		    "Load of the translator as balance counts with it" },
		[SHARE] = { PROM_GAUGE, "translator-share-ratio",
		    "Share of the clients that the translator gets" },
		[NODES] = { PROM_GAUGE, "translator-nodes",
		    "Nodes of the translator that answer: 2 of a pair" },
	};
	int i;

	if (conf->n_translators == 0)
		return;
	for (i = 0; i < N_VALUES; i++) {
		prom_metric(p, shown[i].type, "dns64d", shown[i].name,
		    shown[i].help);
		add(p, conf, s, (enum value)i);
	}
}
