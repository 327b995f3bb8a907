#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/os/log.h"

#include "engine.h"
#include "replicate.h"
#include "role.h"
#include "secrets.h"
#include "nat64d/state/store.h"

struct replicate {
	struct replicate_conf conf;
	struct secrets secrets;
	struct store *store;
	struct publisher *publisher;
	struct follower *follower;
};

struct replicate *
replicate_new(const struct replicate_conf *c, uid_t user)
{
	char text[SECRETS_TEXT_SIZE];
	struct replicate *r;
	const char *error;

	if (c->n_stores == 0)
		return (NULL);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		fatal("replication");
	r->conf = *c;
	r->conf.key_file = NULL; /* belongs to c */
	error = secrets_read(&r->secrets, c->key_file, user, text);
	if (error != NULL)
		fatalx("replicate key: %s: %s", c->key_file, error);
	return (r);
}

static void
store_ready(void *arg)
{
	struct replicate *r = arg;

	publisher_ready(r->publisher);
	follower_ready(r->follower);
}

static void
store_lost(void *arg)
{
	struct replicate *r = arg;

	publisher_lost(r->publisher);
	follower_lost(r->follower);
}

static struct store *
open_store(struct replicate *r, struct event_base *base)
{
	const struct store_ops ops = { store_ready, store_lost, r };
	struct store_opts opts = { .n_servers = r->conf.n_stores,
		.db = r->conf.db };
	struct store *s;

	memcpy(opts.servers, r->conf.stores, sizeof(opts.servers));
	strlcpy(opts.user, r->secrets.user, sizeof(opts.user));
	strlcpy(opts.password, r->secrets.password, sizeof(opts.password));
	s = store_new(base, &opts, &ops);
	explicit_bzero(&opts, sizeof(opts));
	return (s);
}

/* --- roles --- */

static void
role_changed(void *arg, enum nat64_role now)
{
	struct replicate *r = arg;

	switch (now) {
	case NAT64_ROLE_ACTIVE:
		follower_stop(r->follower);
		publisher_start(r->publisher);
		break;
	case NAT64_ROLE_LEAVING:
		publisher_hurry(r->publisher);
		break;
	case NAT64_ROLE_STANDBY:
		publisher_stop(r->publisher);
		follower_start(r->follower, publisher_epoch(r->publisher));
		break;
	}
}

static bool
is_published(void *arg)
{
	const struct replicate *r = arg;

	return (publisher_is_done(r->publisher));
}

static const char *
incomplete(void *arg)
{
	const struct replicate *r = arg;

	return (follower_incomplete(r->follower));
}

/* --- begin and end --- */

void
replicate_start(struct replicate *r, struct engine *e, struct role *role)
{
	const struct role_ops ops = { role_changed, is_published, incomplete,
		r };
	struct event_base *base = engine_base(e);
	struct replica_seal seal;

	if (r == NULL)
		return;
	memset(&seal, 0, sizeof(seal));
	seal.key = r->secrets.key;
	strlcpy(seal.pair, r->conf.pair, sizeof(seal.pair));
	r->store = open_store(r, base);
	if (r->store != NULL)
		r->publisher = publisher_new(base, engine_nat64(e), r->store,
		    &seal, r->conf.node, r->conf.after_secs);
	if (r->publisher != NULL)
		r->follower =
		    follower_new(base, engine_nat64(e), r->store, &seal);
	explicit_bzero(&seal, sizeof(seal));
	if (r->follower == NULL)
		fatal("replication");
	role_attach(role, &ops);
}

void
replicate_free(struct replicate *r)
{
	if (r == NULL)
		return;
	publisher_free(r->publisher);
	follower_free(r->follower);
	store_free(r->store);
	explicit_bzero(&r->secrets, sizeof(r->secrets));
	free(r);
}

void
replicate_tell(struct replicate *r)
{
	if (r != NULL)
		publisher_tell(r->publisher);
}

struct publish_count
replicate_published(const struct replicate *r)
{
	return (publisher_count(r->publisher));
}

struct follow_count
replicate_followed(const struct replicate *r)
{
	return (follower_count(r->follower));
}

const struct store *
replicate_store(const struct replicate *r)
{
	return (r->store);
}

const char *
replicate_incomplete(const struct replicate *r)
{
	return (follower_incomplete(r->follower));
}

const char *
replicate_problem(const struct replicate *r)
{
	if (publisher_count(r->publisher).rival != 0)
		return ("another node is active as well: one of both must be "
			"standby");
	if (publisher_count(r->publisher).dropped)
		return ("the store has dropped sessions: set maxmemory-policy "
			"noeviction there, and enough memory");
	return (store_problem(r->store));
}
