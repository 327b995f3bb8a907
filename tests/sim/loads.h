/*
 * The loads of translators over time when clients follow them: each client asks
 * again when the TTL of its answer is over, and makes sessions that last for a
 * while. Compares "balance least-loaded" of dns64d with the choice of whoever
 * had the least load in the last poll.
 */
#ifndef TESTS_SIM_LOADS_H
#define TESTS_SIM_LOADS_H

#include <stdbool.h>
#include <stddef.h>

struct loads_conf {
	size_t n_clients;
	size_t n_translators;
	unsigned poll_secs;
	unsigned ttl_secs;   /* of an answer */
	double session_secs; /* the mean life of a session */
	double load;	     /* of the fleet, 0 to 1 */
	double extra;	     /* load of others, at the first translator */
	unsigned steps;	     /* polls that are simulated */
	unsigned dead_from;  /* the second translator is dead from ... */
	unsigned dead_until; /* ... to this step */
	bool naive;	     /* the least loaded one of the last poll */
};

/* Of each step; arrays of conf->steps. */
struct loads_result {
	double *least; /* load of a translator that is up */
	double *greatest;
	double *moved; /* share of those who asked that changed theirs */
};

/* Ends the program if memory is short. */
void loads_run(const struct loads_conf *conf, struct loads_result *r);

void loads_clear(struct loads_result *r);

#endif
