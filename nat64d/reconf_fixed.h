/*
 * What only a restart can change, because it takes privileges that were given
 * up, or because the tables are made for it.
 */
#ifndef NAT64D_RECONF_FIXED_H
#define NAT64D_RECONF_FIXED_H

#include <stddef.h>

#include "nat64d/conf/conf.h"

/* What was so at the start, and is not seen in the present configuration. */
struct reconf_fixed {
	bool fair_share;    /* shares have been counted */
	bool events;	    /* the event log is open */
	bool collectors;    /* the sandbox lets us connect to collectors */
	bool pcp;	    /* the sandbox lets us serve UDP */
	bool self6_follows; /* the addresses of the host are watched */
};

/*
 * Write into text why old cannot become new without a restart, with the
 * statement and both values. Returns -1 then; 0: it can.
 */
int reconf_fixed_check(const struct reconf_fixed *start,
    const struct conf *old, const struct conf *new, char *text, size_t size);

#endif
