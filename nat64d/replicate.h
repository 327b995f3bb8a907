/*
 * Replication: the sessions of the active node are copied to a store
 * (state/publish.h), from which the standby gets them (state/follow.h).
 *
 *	replicate_new()		as root: reads the secrets
 *	replicate_start()	before the sandbox
 *
 * NULL, for "not configured", is allowed everywhere but in the last functions.
 */
#ifndef NAT64D_REPLICATE_H
#define NAT64D_REPLICATE_H

#include "nat64d/conf/conf_replicate.h"
#include "nat64d/state/follow.h"
#include "nat64d/state/publish.h"

struct engine;
struct replicate;
struct role;

/*
 * user: the one that the process will have. A failure ends the process through
 * fatal(). NULL: it is not configured.
 */
struct replicate *replicate_new(const struct replicate_conf *c, uid_t user);

/*
 * Publish or follow, as the role says from now on. e and role are borrowed. A
 * failure ends the process through fatal().
 */
void replicate_start(struct replicate *r, struct engine *e, struct role *role);
void replicate_free(struct replicate *r);

/* Whether the pair drains has changed: let the other node know at once. */
void replicate_tell(struct replicate *r);

/* --- for operators --- */

struct publish_count replicate_published(const struct replicate *r);
struct follow_count replicate_followed(const struct replicate *r);
const struct store *replicate_store(const struct replicate *r);

/* See follower_incomplete(). */
const char *replicate_incomplete(const struct replicate *r);

/* What is wrong now, in words; NULL: nothing. Valid until the next call. */
const char *replicate_problem(const struct replicate *r);

#endif
