/*
 * Networks whose clients were refused because no rule matches them, and how
 * often, for the log: the administrator may have forgotten to allow one.
 * Pure. The table has a fixed size. When there are more networks than entries
 * those that ask most are kept (the space-saving algorithm of Metwally,
 * Agrawal and El Abbadi), so that forged random sources do not replace a
 * network that keeps asking.
 */
#ifndef DNS64D_ADMISSION_REFUSALS_H
#define DNS64D_ADMISSION_REFUSALS_H

#include <sys/socket.h>

#include <stdint.h>

#include "common/net/addr.h"

#define REFUSALS_NETWORKS 32

/* Prefix lengths that identify the network of a client. */
#define REFUSALS_LEN4 24
#define REFUSALS_LEN6 64

/* At least n - over queries came from this network. */
struct refusals_entry {
	struct prefix network;
	uint64_t n;
	uint64_t over;
};

typedef void refusals_fn(void *arg);

/* To be embedded; all zero is empty. */
struct refusals {
	struct refusals_entry v[REFUSALS_NETWORKS];
	unsigned n;	    /* entries in use */
	uint64_t queries;   /* of all networks */
	refusals_fn *first; /* called at the first query, or NULL */
	void *arg;
};

/* Count a query that was refused. */
void refusals_note(struct refusals *r, const struct sockaddr_storage *client);

/* Add the counts of from to sum and clear them; first and arg stay. */
void refusals_move(struct refusals *sum, struct refusals *from);

/*
 * Remove the network with the highest certain count, n - over, and subtract
 * that from r->queries. Returns it; 0: there are no networks.
 */
uint64_t refusals_take(struct refusals *r, struct prefix *network);

#endif
