/*
 * The load of a translator as "balance least-loaded" counts with it, from the
 * metrics of one poll after the other. Pure.
 *
 * Clients follow a load only after the TTL of their answers, and sessions end
 * later still. Who follows each value at once sends everybody to and fro, so
 * the load is damped: each poll counts a quarter, and a change of less than
 * one percent is none.
 */
#ifndef DNS64D_POLICY_LOAD_H
#define DNS64D_POLICY_LOAD_H

#include <stdbool.h>

#include "metrics.h"

#define LOAD_FULL 1000	 /* loads are in parts of a thousand */
#define LOAD_FAILING 950 /* from here on new sessions are about to fail */

struct load {
	bool known;
	unsigned last; /* of the last poll */
	unsigned mean; /* weighted mean of the polls */
	unsigned used; /* what is counted with */
};

/*
 * The load that metrics show: the share in use of what is scarcest, sessions
 * or the ports of the pool of a protocol. At most LOAD_FULL.
 */
unsigned load_of_metrics(const struct metrics *m);

/*
 * Take in the metrics of a poll. The first one, and a load of LOAD_FAILING or
 * more, count at once.
 */
void load_observe(struct load *l, const struct metrics *m);

#endif
