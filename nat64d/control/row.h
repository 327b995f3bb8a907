/*
 * Entries of the tables as JSON. Members that are leaves of RFC 8512 have their
 * names; nat64ctl(8) says in what they differ.
 */
#ifndef NAT64D_CONTROL_ROW_H
#define NAT64D_CONTROL_ROW_H

#include <jansson.h>

#include "nat64d/core/nat64.h"

/* What is shown of an entry; it stays when the entry goes. */
struct row {
	enum l4proto proto;
	struct taddr6 in6;  /* (X',x) */
	struct taddr4 out4; /* (T,t) */
	bool is_static;
	unsigned n_mappings; /* binding: explicit ones (RFC 6887) */
	uint32_t n_sessions; /* binding */
	struct in6_addr peer6;
	struct taddr4 peer; /* session: (Z,z) */
	int64_t left_secs;  /* session; binding: of the longest mapping */
	uint8_t tcp_state;
	bool inbound;
	bool fast;
	bool gateway;
};

/* The same of a subscriber. */
struct row_subscriber {
	struct subscriber sub;
	struct in_addr addr; /* its pool address */
};

void row_of_binding(struct row *r, const struct nat64 *n,
    const struct bib_entry *e, struct monotime now);
void row_of_session(struct row *r, const struct nat64 *n,
    const struct bib_entry *e, const struct session *s, struct monotime now);

/* NULL: memory is short. */
json_t *row_binding(const struct row *r);
json_t *row_session(const struct row *r);
json_t *row_block(const struct nat64 *n, const struct pool4_block *block);
json_t *row_subscriber(const struct nat64 *n, const struct row_subscriber *r);

#endif
