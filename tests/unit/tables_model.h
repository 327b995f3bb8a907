/*
 * The model that check_tables.c compares with the tables: an array for each
 * kind of entry, indexed by key. It shares no code with the tables.
 */
#ifndef TESTS_UNIT_TABLES_MODEL_H
#define TESTS_UNIT_TABLES_MODEL_H

#include "nat64d/tables/session.h"
#include "tests/unit/tables.h"

/* (X',x): hosts, two to a prefix, times ports. Sources are numbered. */
#define NPREFIXES 4
#define NHOSTS (2 * NPREFIXES)
#define NX 4
#define NSOURCES (NHOSTS * NX)

/* (T,t): addresses times slots: 8 ports of the range, one outside. */
#define NADDRS 2
#define FIRST_PORT 1020
#define NDYNAMIC 8
#define NSLOTS (NDYNAMIC + 1)
#define OUTSIDE_PORT 80

/* (Z,z): three addresses times two ports. */
#define NPEERS 6

/* Limits, low enough to be reached. */
#define MAX_BINDINGS 32
#define MAX_SESSIONS 70
#define MAX_PER_BINDING 4
#define MAX_SUBSCRIBERS 3
#define MAX_PORTS 6
#define MAX_OF_SUBSCRIBER 28
#define MAX_QUARANTINED (NDYNAMIC / 2)

#define NONE (-1)

struct model_binding {
	struct bib_entry *e; /* NULL: unbound */
	bool is_static;
	unsigned index;
	unsigned slot;
	unsigned n_sessions;
};

struct model_quarantined {
	int owner; /* NONE: not in quarantine */
	struct monotime until;
	unsigned long since; /* a number that grows with every one */
};

struct model_session {
	struct session *s; /* NULL: none */
	int source;	   /* NONE: stored SYN */
	unsigned cls;
	unsigned prefix;
	struct monotime stamp;
	bool stale; /* a flush has begun since it was added */
};

struct model {
	struct model_binding bindings[L4_NPROTO][NSOURCES];
	int source_of[L4_NPROTO][NADDRS][NSLOTS]; /* or NONE */
	struct model_quarantined quarantined[L4_NPROTO][NADDRS][NSLOTS];
	struct model_session sessions[L4_NPROTO][NADDRS][NSLOTS][NPEERS];
	unsigned paired[NPREFIXES]; /* pool index, while bound */
	unsigned n_bindings[NPREFIXES][L4_NPROTO];
	unsigned n_statics[NPREFIXES][L4_NPROTO]; /* of these */
	unsigned n_sessions[NPREFIXES];
	unsigned n_stale;
	unsigned n_flushes; /* since n_stale was 0 */
	bool flush_again;   /* when n_stale is 0 */
};

/* The tables under test. */
struct tables {
	struct pool4 *pool;
	struct subscribers subs;
	struct slab slab;
	struct bib bibs[L4_NPROTO];
	struct session_table sessions;
};

/* Where the run is. */
struct run {
	unsigned long seed;
	unsigned long step;
	struct monotime now;
};

extern struct model model;
extern struct tables tables;
extern struct run run;
extern const uint16_t model_xs[NX];
extern const uint32_t model_quarantine_secs[L4_NPROTO];
extern const uint32_t model_lifetimes[SESSION_NCLASSES];

/* Everything fails through this: it names the run. */
#define HOLD(cond)                                                       \
	do {                                                             \
		if (!(cond))                                             \
			ck_abort_msg("seed %lu, step %lu: %s", run.seed, \
			    run.step, #cond);                            \
	} while (0)

/* --- keys --- */

unsigned key_prefix(int source);
struct in6_addr key_addr(int source);
struct taddr6 key_in6(int source);
unsigned key_slot(uint16_t port);
struct taddr4 key_out4(unsigned index, unsigned slot);
struct taddr4 key_peer(unsigned peer);
struct tuple4 key_tuple4(unsigned index, unsigned slot, unsigned peer);

/* --- lookups --- */

unsigned model_nbindings(void);
bool model_is_bound(unsigned prefix);
bool model_is_paired(unsigned prefix);
bool model_is_free(unsigned proto, unsigned index, unsigned slot);

/* The lowest quarantined port of a source on an address, or NONE. */
int model_quarantined_of(unsigned proto, unsigned index, int source);

/* Is no free port of the address more to the liking of source? */
bool model_is_best(unsigned proto, unsigned index, int source, unsigned slot);

/* Is the peer's address known to (T,t)? By looking at all there is. */
bool model_has_peer(unsigned proto, unsigned index, unsigned slot,
    unsigned peer);

/* Why a thing must be refused, or REFUSED_NOT; static: errno, or 0. */
enum refused model_refuse_binding(unsigned proto, int source);
enum refused model_refuse_session(unsigned proto, int source);
int model_refuse_static(unsigned proto, int source, unsigned index,
    unsigned slot);

/* --- changes --- */

void model_init(void);
void model_bind(unsigned proto, int source, struct bib_entry *e,
    unsigned index, unsigned slot, bool is_static);
void model_set_static(unsigned proto, int source, bool is_static);
void model_unbind(unsigned proto, int source);
void model_expire_rests(unsigned max);
void model_attach(unsigned proto, struct model_session *m, int source,
    unsigned prefix);
void model_touch(struct model_session *m, unsigned cls);

/* Make all sessions stale; after 255 flushes, not before these have ended. */
void model_flush(void);

/* The session has been removed from the tables. */
void model_forget(struct model_session *m);

/* --- comparison of model and tables; they HOLD --- */

void compare_binding(unsigned proto, int source);
void compare_slot(unsigned proto, unsigned index, unsigned slot);
void compare_session(unsigned proto, unsigned index, unsigned slot,
    unsigned peer);
void compare_all(void);

#endif
