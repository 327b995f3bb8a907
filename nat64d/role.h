/*
 * Which node of a pair translates (nat64d/core/nat64_role.h), as keepalived(8)
 * or an operator decides: by the control socket, or by a file that says
 * "active" or "standby" and is looked at ten times a second.
 *
 *	        activate                       role standby
 *	STANDBY ---------> ACTIVE ------------------------> LEAVING
 *	   ^                  ^     role active                |
 *	   |                  '--------------------------------|
 *	   '---------------------------------------------------'
 *	     everything is published, and no packet has been
 *	     translated for a second; after 30 seconds at the latest
 *
 * LEAVING makes a planned switch without loss possible: the other node has all
 * bindings before it gets the first packet, and what is still on its way to
 * this one is translated here.
 *
 * The role at start, first match:
 *
 *	the file, if it is there and says one
 *	that of the process before (upgrade, restart by a service manager)
 *	standby, if the state file or the configuration says so
 *	active
 *
 * A state file does not make a node active: meanwhile the other one may be.
 */
#ifndef NAT64D_ROLE_H
#define NAT64D_ROLE_H

#include <stdbool.h>

#include "nat64d/core/nat64_role.h"

struct conf;
struct engine;
struct role;

/* Who copies the state between the nodes. Any function may be NULL. */
struct role_ops {
	/* The role has changed; also called by role_attach(). */
	void (*changed)(void *arg, enum nat64_role now);
	/* LEAVING: does the other node have everything, however young? */
	bool (*published)(void *arg);
	/*
	 * STANDBY: NULL when all that the active node has is here, else why
	 * not; a static text.
	 */
	const char *(*incomplete)(void *arg);
	void *arg;
};

/*
 * Give the translator of e its role. resumed: it has that of the process
 * before. Returns NULL with errno. conf is borrowed. To be called after the
 * state is restored.
 */
struct role *role_new(struct engine *e, const struct conf *c, bool resumed);
void role_free(struct role *r);

/* Replaces what was attached before. */
void role_attach(struct role *r, const struct role_ops *ops);

/*
 * Become active at once, or leave, which ends at standby. who: for the log,
 * "the control socket".
 */
void role_activate(struct role *r, const char *who);
void role_leave(struct role *r, const char *who);

/* See nat64_set_draining(); the change is logged. */
void role_drain(struct role *r, bool draining);

/*
 * May the packets of the pair be led to this node? NULL, or why not. That is
 * what keepalived's check asks: an active node, or one at standby with a
 * complete copy.
 */
const char *role_unfit(const struct role *r);

#endif
