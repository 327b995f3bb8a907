/*
 * The simulation: prints a table of who moves and how even the shares are, and
 * how loads follow each other; writes the latter as a picture, too.
 *
 *	fleet [-c clients] [-t translators] [-o file.svg]
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fleet.h"
#include "loads.h"
#include "plot.h"

#define STEPS 1440 /* of 5 seconds: two hours */

static const struct {
	const char *name;
	enum policy_balance mode;
} policies[] = {
	{ "client-hash", POLICY_BALANCE_CLIENT_HASH },
	{ "least-loaded", POLICY_BALANCE_LEAST_LOADED },
	{ "round-robin", POLICY_BALANCE_ROUND_ROBIN },
	{ "random", POLICY_BALANCE_RANDOM },
};

static void
row(const char *policy, const char *event, struct fleet_result r)
{
	printf("%-13s %-26s %7.2f %9.2f %9.3f %9.3f\n", policy, event,
	    100 * r.moved, 100 * r.needless, r.max, r.p99);
	fflush(stdout);
}

static void
set_states(struct fleet *f, size_t from, size_t to, enum balance_state state)
{
	for (; from < to; from++) {
		f->target[from].state = state;
		f->involved[from] = true;
	}
}

static void
resize(struct fleet *f, size_t n)
{
	fleet_resize(f, n);
	f->involved[n - 1] = f->involved[n] = true;
}

static void
set_weight(struct fleet *f, int i, unsigned weight)
{
	policy_set_weight(&f->policy, i, weight);
	f->involved[i] = true;
}

static void
events(const char *name, enum policy_balance mode, size_t clients, size_t n)
{
	struct fleet *f = fleet_new(mode, clients, n);

	row(name, "nothing happens", fleet_ask(f));
	set_states(f, 5, 6, BALANCE_DOWN);
	row(name, "one dies", fleet_ask(f));
	set_states(f, 5, 6, BALANCE_UP);
	row(name, "it comes back", fleet_ask(f));
	set_states(f, 3, 3 + n / 10, BALANCE_DRAINING);
	row(name, "a tenth drains", fleet_ask(f));
	set_states(f, 3, 3 + n / 10, BALANCE_UP);
	row(name, "and comes back", fleet_ask(f));
	resize(f, n + 1);
	row(name, "one joins", fleet_ask(f));
	resize(f, n);
	row(name, "it leaves", fleet_ask(f));
	set_weight(f, 7, 2);
	row(name, "one gets twice the weight", fleet_ask(f));
	set_weight(f, 7, 1);
	fleet_ask(f);
	if (mode == POLICY_BALANCE_LEAST_LOADED) {
		f->target[9].load = 100;
		f->involved[9] = true;
		row(name, "one has 10 % more load", fleet_ask(f));
	}
	fleet_free(f);
}

/* Half of the fleet has three times the capacity of the other half. */
static void
weights(size_t clients, size_t n)
{
	static const char name[] = "client-hash";
	struct fleet *f = fleet_new(POLICY_BALANCE_CLIENT_HASH, clients, n);
	size_t i;

	for (i = 0; i < n; i += 2)
		set_weight(f, (int)i, 3);
	fleet_ask(f);
	set_states(f, 4, 5, BALANCE_DOWN);
	row(name, "weights 3 and 1: one dies", fleet_ask(f));
	set_states(f, 4, 5, BALANCE_UP);
	row(name, "it comes back", fleet_ask(f));
	fleet_free(f);
}

static void
table(size_t clients, size_t n)
{
	size_t i;

	printf("%zu clients, %zu translators\n\n"
	       "moved:     %% of the clients that get another translator\n"
	       "needless:  %% that neither leave nor get one of the event\n"
	       "max, p99:  clients of the fullest translator, and of the one "
	       "that 99 %% do not exceed\n\n",
	    clients, n);
	printf("%-13s %-26s %7s %9s %9s %9s\n", "policy", "event", "moved",
	    "needless", "max/mean", "p99/mean");
	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		events(policies[i].name, policies[i].mode, clients, n);
	weights(clients, n);
}

static void
loads(const char *picture)
{
	struct loads_conf conf = { .n_clients = 60000,
		.n_translators = 20,
		.poll_secs = 5,
		.ttl_secs = 300,
		.session_secs = 240,
		.load = 0.6,
		.extra = 0.2,
		.steps = STEPS,
		.dead_from = STEPS / 3,
		.dead_until = STEPS * 2 / 3 };
	struct loads_result damped, naive;

	loads_run(&conf, &damped);
	conf.naive = true;
	loads_run(&conf, &naive);
	printf(
	    "\nLoad of the fullest and of the emptiest of %zu translators "
	    "over two hours, in %%.\nTTL %u s, sessions of %.0f s; the first "
	    "one has %.0f %% of others; the second one\nis dead from 0:40 to "
	    "1:20.\n",
	    conf.n_translators, conf.ttl_secs, conf.session_secs,
	    100 * conf.extra);
	plot_text(stdout, "least-loaded, as dns64d does it", &damped, STEPS);
	plot_text(stdout, "the least loaded one of the last poll", &naive,
	    STEPS);
	if (picture != NULL)
		plot_svg(picture, &damped, &naive, STEPS);
	loads_clear(&damped);
	loads_clear(&naive);
}

int
main(int argc, char *argv[])
{
	size_t clients = 1000000, translators = 100;
	const char *picture = NULL;
	int c;

	while ((c = getopt(argc, argv, "c:t:o:")) != -1) {
		switch (c) {
		case 'c':
			clients = strtoul(optarg, NULL, 10);
			break;
		case 't':
			translators = strtoul(optarg, NULL, 10);
			break;
		case 'o':
			picture = optarg;
			break;
		default:
			fprintf(stderr,
			    "usage: fleet [-c clients] "
			    "[-t translators] [-o file.svg]\n");
			return (2);
		}
	}
	if (clients == 0 || translators < 20 ||
	    translators >= POLICY_PREFIXES_MAX)
		errx(1, "needs clients, and 20 to %d translators",
		    POLICY_PREFIXES_MAX - 1);
	table(clients, translators);
	loads(picture);
	return (0);
}
