#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "dns64d/policy/load.h"

#include "fleet.h"
#include "loads.h"

#define LIMIT 1000000 /* sessions of a translator */

struct run {
	const struct loads_conf *conf;
	struct fleet *fleet;
	struct load load[POLICY_PREFIXES_MAX]; /* damped */
	double sessions[POLICY_PREFIXES_MAX];  /* of our clients */
	double rate[POLICY_PREFIXES_MAX];      /* that clients ask for now */
	double weight_sum;
};

/* What a client asks for: a tenth of them has ten times as much. */
static double
client_weight(size_t i)
{
	return (i % 10 == 0 ? 10 : 1);
}

static double
load_of(const struct run *run, size_t i)
{
	double load = run->sessions[i] / LIMIT;

	return (i == 0 ? load + run->conf->extra : load);
}

/* Whoever had the least load in the last poll. */
static unsigned
least_loaded(const struct run *run)
{
	size_t i, best = SIZE_MAX;

	for (i = 0; i < run->conf->n_translators; i++) {
		if (run->fleet->target[i].state != BALANCE_UP)
			continue;
		if (best == SIZE_MAX ||
		    run->load[i].last < run->load[best].last)
			best = i;
	}
	return ((unsigned)best);
}

/* The polls at the beginning of a step. */
static void
poll_all(struct run *run, unsigned step)
{
	const struct loads_conf *conf = run->conf;
	struct balance_target *t;
	struct metrics m = { .up = true, .sessions_max = LIMIT };
	size_t i;

	for (i = 0; i < conf->n_translators; i++) {
		t = &run->fleet->target[i];
		t->state = i == 1 && step >= conf->dead_from &&
			step < conf->dead_until ?
		    BALANCE_DOWN :
		    BALANCE_UP;
		if (t->state == BALANCE_DOWN) {
			run->sessions[i] = 0;
			continue;
		}
		m.sessions = (uint64_t)(load_of(run, i) * LIMIT);
		load_observe(&run->load[i], &m);
		t->load = run->load[i].used;
	}
}

/* Those whose TTL is over ask again. Returns the share that moves. */
static double
ask(struct run *run, unsigned step)
{
	const struct loads_conf *conf = run->conf;
	const size_t turns = conf->ttl_secs / conf->poll_secs;
	size_t i, asked = 0, moved = 0;
	unsigned to;

	for (i = step % turns; i < conf->n_clients; i += turns) {
		to = conf->naive ? least_loaded(run) :
				   fleet_ask_one(run->fleet, i);
		asked++;
		moved += to != run->fleet->now[i];
		run->rate[run->fleet->now[i]] -= client_weight(i);
		run->fleet->now[i] = (uint8_t)to;
		run->rate[to] += client_weight(i);
	}
	return ((double)moved / (double)asked);
}

/* Sessions end, and new ones begin, for the time of a step. */
static void
live(struct run *run)
{
	const struct loads_conf *conf = run->conf;
	const double stay = exp(-(double)conf->poll_secs / conf->session_secs);
	const double all = conf->load * LIMIT * (double)conf->n_translators -
	    conf->extra * LIMIT;
	size_t i;

	for (i = 0; i < conf->n_translators; i++)
		run->sessions[i] = run->sessions[i] * stay +
		    all * run->rate[i] / run->weight_sum * (1 - stay);
}

static void
note(const struct run *run, struct loads_result *r, unsigned step)
{
	double load;
	size_t i;

	r->least[step] = 1;
	r->greatest[step] = 0;
	for (i = 0; i < run->conf->n_translators; i++) {
		if (run->fleet->target[i].state != BALANCE_UP)
			continue;
		load = load_of(run, i);
		if (load < r->least[step])
			r->least[step] = load;
		if (load > r->greatest[step])
			r->greatest[step] = load;
	}
}

void
loads_run(const struct loads_conf *conf, struct loads_result *r)
{
	struct run run = { .conf = conf };
	unsigned step;
	size_t i;

	r->least = calloc(conf->steps, sizeof(*r->least));
	r->greatest = calloc(conf->steps, sizeof(*r->greatest));
	r->moved = calloc(conf->steps, sizeof(*r->moved));
	if (r->least == NULL || r->greatest == NULL || r->moved == NULL)
		err(1, "steps");
	run.fleet = fleet_new(POLICY_BALANCE_LEAST_LOADED, conf->n_clients,
	    conf->n_translators);
	for (i = 0; i < conf->n_clients; i++) {
		run.rate[run.fleet->now[i]] += client_weight(i);
		run.weight_sum += client_weight(i);
	}
	for (step = 0; step < conf->steps; step++) {
		poll_all(&run, step);
		r->moved[step] = ask(&run, step);
		live(&run);
		note(&run, r, step);
	}
	fleet_free(run.fleet);
}

void
loads_clear(struct loads_result *r)
{
	free(r->least);
	free(r->greatest);
	free(r->moved);
}
