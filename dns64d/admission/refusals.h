/*
 * Networks whose clients were refused because nothing allows them, and how
 * often: what an administrator has to know who forgot to allow one. Pure, and
 * bounded: where more networks ask than there is room for, those that ask
 * most are kept (Metwally, Agrawal, El Abbadi: the space-saving algorithm),
 * so that random sources do not wash out the one that keeps asking.
 */
#ifndef DNS64D_ADMISSION_REFUSALS_H
#define DNS64D_ADMISSION_REFUSALS_H

#include <sys/socket.h>

#include <stdint.h>

#include "common/net/addr.h"

#define REFUSALS_NETWORKS 32

/* What stands for the network of a client. */
#define REFUSALS_LEN4 24
#define REFUSALS_LEN6 64

/* n - over queries are certainly of this network. */
struct refusals_entry {
	struct prefix network;
	uint64_t n;
	uint64_t over;
};

typedef void refusals_fn(void *arg);

/* To be embedded; all zero is empty. */
struct refusals {
	struct refusals_entry v[REFUSALS_NETWORKS];
	unsigned n;
	uint64_t queries;   /* of all networks */
	refusals_fn *first; /* called when the first one is noted, or NULL */
	void *arg;
};

/* A query of a client was refused. */
void refusals_note(struct refusals *r, const struct sockaddr_storage *client);

/* Add to a sum what was noted, and forget it; first and arg stay. */
void refusals_move(struct refusals *sum, struct refusals *from);

/*
 * Take out the network that most queries are certainly of. Returns their
 * number; 0 when there is none. What is left in r->queries are others'.
 */
uint64_t refusals_take(struct refusals *r, struct prefix *network);

#endif
