/*
 * The part that a translator plays in a pair, of which one node translates and
 * the other one follows it.
 *
 *	ACTIVE	translates
 *	LEAVING	still does, until another node gets the packets; to the core
 *		the same as ACTIVE
 *	STANDBY	translates nothing. A packet is dropped and counted, and
 *		nobody gets an error: the sender's next packet reaches the
 *		active node. Bindings and sessions come from there
 *		(nat64_restore.h), and end when it says so: no timer ends
 *		them here, as the packets that refresh them are not seen here
 *
 * A translator becomes active in one step, however many sessions it has. From
 * then on their lifetimes count anew (session_table.since): so none ends before
 * it would have on the other node (RFC 6146, 4, has minimum lifetimes only).
 *
 * Draining is a wish of the operator: those who spread clients over several
 * translators give this one no new clients. Nothing changes for packets.
 */
#ifndef NAT64D_CORE_NAT64_ROLE_H
#define NAT64D_CORE_NAT64_ROLE_H

#include <stdbool.h>

#include "nat64.h"

/* The numbers are in state files. */
enum nat64_role { NAT64_ROLE_ACTIVE, NAT64_ROLE_LEAVING, NAT64_ROLE_STANDBY };

/*
 * Play another part from now on. To standby, stored SYNs and fragments that
 * wait are forgotten; sessions are still on the fast path until
 * nat64_leave_fast() has returned false, so packets are to have stopped.
 */
void nat64_set_role(struct nat64 *n, enum nat64_role role,
    struct monotime now);
enum nat64_role nat64_role(const struct nat64 *n);

/* "active", "leaving" or "standby"; static. */
const char *nat64_role_name(enum nat64_role role);

/*
 * Ports of the part that this node of a pair gives (nat64d/pool/part.h); of no
 * effect if it is alone. After a start it gives none for
 * restart_quarantine_secs, and for twice as long after becoming active without
 * a complete copy of the other node's tables. What others know of that:
 *
 * nat64_set_copied	all that the other node had has been restored here since
 *			the role became standby
 * nat64_ports_rested	no node of the pair has been active for that time before
 *			the start, or everything was handed over to this process
 * nat64_ports_unknown	the other node may lack bindings of ours: from now on as
 *			after a start
 * nat64_hold_ports	another node is active as well, or no longer
 */
void nat64_set_copied(struct nat64 *n);
void nat64_ports_rested(struct nat64 *n, struct monotime now);
void nat64_ports_unknown(struct nat64 *n, struct monotime now);
void nat64_hold_ports(struct nat64 *n, bool on, struct monotime now);

/* What nat64_hold_ports() said last. */
bool nat64_ports_held(const struct nat64 *n);

/*
 * Sessions of the other node may still come (nat64_restore_late()): meanwhile
 * no host or server is told that a binding or session does not exist.
 */
void nat64_await_copy(struct nat64 *n, bool on);

/* Only kept here, so that it is saved with the state. */
void nat64_set_draining(struct nat64 *n, bool draining);
bool nat64_is_draining(const struct nat64 *n);

/*
 * Take back sessions from the fast path, looking at about max entries. Returns
 * true while some are left. To be called until it returns false, or until the
 * translator is active again. w: all zero at first.
 */
struct nat64_walk;
bool nat64_leave_fast(struct nat64 *n, struct nat64_walk *w, unsigned max);

#endif
